"""HTTP in and out: a threaded server that keeps connections alive and can misbehave on purpose.

Werkzeug's own server ends each connection after one response, and cannot reset it, nor send less
than it promises; so only its reading of requests is used.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from io import BytesIO
from socketserver import ThreadingTCPServer
from typing import Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_input_stream

from patcher.sandbox.messages import Reply

_HOST = "127.0.0.1"
_JOIN_SECONDS = 5
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Handler(WSGIRequestHandler):
    """One connection: any number of requests, each answered in one piece."""

    server: Listener  # type: ignore[assignment]  # what is used of one, it has
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave together
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request of any method."""
        environ = self.make_environ()
        try:
            body = get_input_stream(environ).read()
        except ClientDisconnected:
            self.close_connection = True
            return
        # What is recorded must not keep the connection.
        del environ["werkzeug.socket"]
        environ["wsgi.input"] = BytesIO(body)
        reply = self.server.answer(Request(environ))
        if reply.reset:
            self._reset_connection()
        else:
            self._send(reply)

    def handle_expect_100(self) -> bool:
        """``100 Continue`` must not wait in the buffer."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def finish(self) -> None:
        """End the connection; what could not be sent is not sent when it is closed, either."""
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log(self, *_: object) -> None:
        """Print nothing: requests are recorded."""

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        length = str(len(reply.body))
        headers = {"Content-Length": length, **dict(reply.headers)}
        for name, value in headers.items():
            self.send_header(name, value)
        if headers["Content-Length"] != length:
            self.close_connection = True  # the reader waits for bytes that never come
        self.end_headers()
        self.wfile.write(reply.body)

    def _reset_connection(self) -> None:
        """Close so that the peer gets a reset instead of an orderly end of the stream."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        socket.close(self.connection.detach())


class Listener(ThreadingTCPServer):
    """Listens on a loopback port in a thread of its own; can end its connections.

    ``url`` is its base URL.

    Args:
        answer: returns the reply to a request; called by many threads at once.
        port: 0 picks a free one.

    Raises:
        OSError: the port is in use.
    """

    allow_reuse_address = True
    request_queue_size = 256
    # What werkzeug's handler asks of its server.
    multithread = True
    multiprocess = False
    ssl_context = None

    def __init__(self, answer: Callable[[Request], Reply], port: int) -> None:
        self.answer = answer
        self._open: dict[socket.socket, threading.Thread] = {}
        self._stopping = False
        super().__init__((_HOST, port), Handler)
        self.url = f"http://{_HOST}:{self.server_address[1]}"
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end every connection, and wait for requests being answered."""
        self._stopping = True
        # A connection ends the wait for one at once, without polling.
        with contextlib.suppress(OSError):
            socket.create_connection((_HOST, self.server_address[1])).close()
        self._thread.join()
        self.server_close()
        open_now = list(self._open.items())
        for connection, _ in open_now:
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)
        for _, thread in open_now:
            thread.join(_JOIN_SECONDS)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse what arrives while the server stops."""
        return not self._stopping

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own, which keeps no program from ending."""
        arguments = (request, client_address)
        thread = threading.Thread(target=self.process_request_thread, args=arguments, daemon=True)
        self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that has ended or is refused."""
        super().shutdown_request(request)
        self._open.pop(request, None)

    def _serve(self) -> None:
        while not self._stopping:
            self.handle_request()
