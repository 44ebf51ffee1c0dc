"""The HTTP side: a threaded server with keep-alive that can also misbehave on purpose.

Werkzeug's own handler closes the connection after each response and cannot send a wrong
Content-Length or a reset; hence the one below.
"""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from patcher.sandbox.routes import RESET_MARK

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

BACKLOG = 256
_JOIN_SECONDS = 5.0
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Handler(WSGIRequestHandler):
    """One connection: any number of requests, each answered in one piece."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave together
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request through the application."""
        self.environ = environ = self._read_request()
        status, headers, body = self._ask_application(environ)
        if environ.get(RESET_MARK):
            self._reset_connection()
        else:
            self._send(status, headers, body)

    def handle_expect_100(self) -> bool:
        """``100 Continue`` must not wait in the buffer."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        """Say nothing: requests are recorded, not printed."""

    def _read_request(self) -> WSGIEnvironment:
        """The WSGI environment; the body is read whole, so that the next request can follow."""
        environ = self.make_environ()
        source = environ["wsgi.input"]
        chunked = environ.get("wsgi.input_terminated", False)
        body = source.read() if chunked else source.read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return environ

    def _ask_application(
        self, environ: WSGIEnvironment
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
        ) -> Any:
            started.append((status, headers))

        chunks = self.server.app(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        return (*started[-1], body)

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        promised = {name.lower(): value for name, value in headers}.get("content-length")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if promised is None:
            self.send_header("Content-Length", str(len(body)))
        elif promised != str(len(body)):
            self.close_connection = True  # the reader waits for bytes that never come
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _reset_connection(self) -> None:
        """Close so that the peer gets a reset, and not an orderly end of the stream."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        socket.close(self.connection.detach())


class Listener(ThreadedWSGIServer):
    """Listens on a port of its own thread; knows its connections, so that it can end them.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        self._open: dict[threading.Thread, socket.socket] = {}
        self._open_lock = threading.Lock()
        # Werkzeug prints and exits when it cannot bind, so the socket is bound here.
        with socket.create_server((host, port), backlog=BACKLOG) as bound:
            super().__init__(host, port, app, Handler, fd=bound.fileno())
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens; answers from the moment it is made, once started."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Answer requests in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end every connection, and wait for requests being answered."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._open_lock:
            open_now = dict(self._open)
        for connection in open_now.values():
            _hang_up(connection)
        for thread in open_now:
            thread.join(_JOIN_SECONDS)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection, in a thread of its own."""
        thread = threading.current_thread()
        with self._open_lock:
            self._open[thread] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                del self._open[thread]

    def _serve(self) -> None:
        self.serve_forever(poll_interval=0.005)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may have ended by itself
        connection.shutdown(socket.SHUT_RDWR)
