"""A relay in front of the sandbox, that cuts connections between an answer and the next request.

The sandbox itself can only misbehave once a request has reached it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from tests.api.servers import read_request

CERTIFICATE: Final = Path(__file__).with_name("loopback.pem")
"""A certificate of polytomic.test and 127.0.0.1 with its key, which is for nothing but tests."""

HOST: Final = "polytomic.test"
"""The host that the tunnel is asked for; nobody looks it up."""

Way: TypeAlias = Literal["plain", "tls", "tunnel"]
"""How a client reaches the sandbox: over http, over https, or so by way of a proxy."""

Welcome: TypeAlias = Literal["served", "reset", "refused", "closed"]
"""How a connection is met: served; reset at once, which is in the middle of the TLS handshake;
refused by the proxy, as a tunnel; or not at all, since nobody listens any more."""

_LINGER_ZERO = struct.pack("ii", 1, 0)


class Relay:
    """Passes requests and answers on, one at a time, until it is told to cut.

    ``interim`` is sent before each answer.
    """

    def __init__(self, target: str, way: Way, interim: bytes = b"") -> None:
        address = urlsplit(target)
        self._target = (address.hostname or "", address.port or 0)
        self._way = way
        self._interim = interim
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(CERTIFICATE)
        self._answers: int | None = None
        self._then: list[Welcome] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: dict[threading.Thread, socket.socket] = {}
        self._begin()

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop_listening()
        for thread, connection in list(self._open.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    def environment(self) -> dict[str, str]:
        """The variables that lead the command to the relay."""
        if self._way == "plain":
            return {"POLYTOMIC_DEPLOYMENT_URL": f"http://127.0.0.1:{self.port}"}
        trust = {"REQUESTS_CA_BUNDLE": str(CERTIFICATE)}
        if self._way == "tls":
            return {"POLYTOMIC_DEPLOYMENT_URL": f"https://127.0.0.1:{self.port}", **trust}
        return {
            "POLYTOMIC_DEPLOYMENT_URL": f"https://{HOST}",
            "https_proxy": f"http://127.0.0.1:{self.port}",
            **trust,
        }

    def cut(self, answers: int | None, then: Sequence[Welcome]) -> None:
        """After so many more answers the connection ends; those after it are met as told."""
        self._answers, self._then = answers, list(then)
        if answers == 0 and "closed" in then:
            self._stop_listening()

    def mend(self) -> None:
        """From now on everybody is served again."""
        self._answers, self._then = None, []
        self._stop_listening()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._meet, args=(connection,), daemon=True)
            self._open[thread] = connection
            thread.start()

    def _meet(self, connection: socket.socket) -> None:
        welcome = self._then.pop(0) if self._answers == 0 and self._then else "served"
        with contextlib.suppress(OSError), connection:
            if welcome == "reset":
                connection.recv(1)  # of the handshake
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
                return
            if self._way == "tunnel":
                read_request(connection)  # the CONNECT
                if welcome == "refused":
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    return
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if self._way == "plain":
                self._serve(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    self._open[threading.current_thread()] = secure
                    self._serve(secure)
        del self._open[threading.current_thread()]

    def _serve(self, connection: socket.socket) -> None:
        with socket.create_connection(self._target) as server:
            while request := read_request(connection):
                server.sendall(request)
                answer = read_request(server)
                if self._answers is not None:
                    self._answers -= 1
                if self._answers == 0:
                    _cork(connection)
                    if "closed" in self._then:
                        self._stop_listening()
                connection.sendall(self._interim + answer)
                if self._answers == 0:
                    return

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if threading.current_thread() not in self._open:
            self._thread.join(5)


def _cork(connection: socket.socket) -> None:
    """Has what is sent from now on leave together with the end of the connection.

    So nobody can send a further request in between, and the connection is known to be gone.
    """
    option = getattr(socket, "TCP_CORK", None) or getattr(socket, "TCP_NOPUSH", None)
    if option is not None:
        connection.setsockopt(socket.IPPROTO_TCP, option, 1)
