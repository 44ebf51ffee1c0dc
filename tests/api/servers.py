"""Servers on this machine that misbehave below HTTP, or just say what they are told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Script = Callable[[socket.socket, bytes], None]


@contextmanager
def serving(script: Script, certificate: Path | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A server that hands each connection's first request to ``script``, and then closes.

    With a ``certificate`` (and its key) it speaks TLS. Gives its URL, and the requests as they
    came; a connection that closes before one is an empty request.
    """
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def meet(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if context is not None:
                connection.settimeout(10)
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                request = read_request(connection)
                seen.append(request)
                script(connection, request)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=meet, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def conversing(answers: Callable[[bytes], Iterator[bytes]]) -> Script:
    """A script that answers each request on a connection, piece by piece, until it closes."""

    def script(connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while request:
            for piece in answers(request):
                connection.sendall(piece)
            request = read_request(connection)

    return script


def read_request(connection: socket.socket) -> bytes:
    """One request, head and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for row in head.split(b"\r\n"):
        if row.lower().startswith(b"content-length:"):
            length = int(row.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> Script:
    """A script that answers every request the same."""

    def script(connection: socket.socket, request: bytes) -> None:
        fixed = f"Content-Length: {len(body)}\r\nConnection: close\r\n"
        head = f"HTTP/1.1 {status}\r\n{fixed}{headers}\r\n"
        connection.sendall(head.encode() + body)

    return script


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
