"""HTTP in and out: a threaded server that keeps connections alive and can misbehave on purpose.

The servers of the standard library and of Werkzeug cannot send a wrong Content-Length or a reset,
nor end the connections that are open; hence this one.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.serving import DechunkedInput

from patcher.sandbox.messages import RecordedRequest, Reply

_HOST = "127.0.0.1"
_JOIN_SECONDS = 5.0
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Handler(BaseHTTPRequestHandler):
    """One connection: any number of requests, each answered in one piece."""

    server: Listener
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave together
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Answer one request."""
        reply = self.server.answer(self._read_request())
        if reply.reset:
            self._reset_connection()
        else:
            self._send(reply)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = answer  # noqa: N815

    def handle(self) -> None:
        """Answer requests until either side closes the connection."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def handle_expect_100(self) -> bool:
        """``100 Continue`` must not wait in the buffer."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def log_message(self, *_: object) -> None:
        """Print nothing: requests are recorded."""

    def _read_request(self) -> RecordedRequest:
        """The request; its body is read to the end, so that the next request can follow."""
        url = urlsplit(self.path)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = DechunkedInput(self.rfile).read()  # type: ignore[arg-type]  # reads only
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return RecordedRequest(
            method=self.command,
            path=unquote(url.path),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=Headers(self.headers.items()),
            body_bytes=body,
        )

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        promised = dict(reply.headers).get("Content-Length")
        if promised is None:
            self.send_header("Content-Length", str(len(reply.body)))
        elif promised != str(len(reply.body)):
            self.close_connection = True  # the reader waits for bytes that never come
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    def _reset_connection(self) -> None:
        """Close so that the peer gets a reset instead of an orderly end of the stream."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        socket.close(self.connection.detach())


class Listener(ThreadingTCPServer):
    """Listens on a loopback port in a thread of its own; can end its connections.

    Args:
        answer: returns the reply to a request; called by many threads at once.
        port: 0 picks a free one.

    Raises:
        OSError: the port is in use.
    """

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[RecordedRequest], Reply], port: int) -> None:
        self.answer = answer
        self._open: dict[threading.Thread, socket.socket] = {}
        self._stopping = False
        super().__init__((_HOST, port), Handler)
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{_HOST}:{self.server_address[1]}"

    def stop(self) -> None:
        """Stop listening, end every connection, and wait for requests being answered."""
        self._stopping = True
        # A connection ends the wait for one at once, without polling.
        with (
            contextlib.suppress(OSError),
            socket.create_connection((_HOST, self.server_address[1])),
        ):
            pass
        self._thread.join()
        self.server_close()
        open_now = list(self._open.items())
        for _, connection in open_now:
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)
        for thread, _ in open_now:
            thread.join(_JOIN_SECONDS)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse what arrives while the server stops."""
        return not self._stopping

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own."""
        arguments = (request, client_address)
        thread = threading.Thread(target=self._converse, args=arguments, daemon=True)
        self._open[thread] = request
        thread.start()

    def _converse(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            del self._open[threading.current_thread()]

    def _serve(self) -> None:
        while not self._stopping:
            self.handle_request()
