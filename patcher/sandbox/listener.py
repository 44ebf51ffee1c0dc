"""HTTP in and out: the API's URL map in a Flask application, on a threaded server.

The server keeps connections alive and can misbehave on purpose. Werkzeug's own handler closes the
connection after each response and cannot send a wrong Content-Length or a reset; hence this one.
"""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from patcher.sandbox.messages import Call, RecordedRequest, Reply, error_body
from patcher.sandbox.pipeline import Pipeline, RequestLog, with_version

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

RESET_MARK = "patcher.sandbox.reset"
"""Key in the WSGI environment that tells the listener to tear the connection down."""

PATHS = (
    ("me", "/api/me", "/api/me", ("GET",)),
    ("models", "/api/models", "/api/models", ("GET", "POST")),
    ("model", "/api/models/<id>", "/api/models/{id}", ("GET", "PUT", "DELETE")),
    ("preview", "/api/model-preview", "/api/model-preview", ("POST",)),
    ("syncs", "/api/syncs", "/api/syncs", ("GET",)),
    ("sync", "/api/syncs/<id>", "/api/syncs/{id}", ("GET",)),
    ("status", "/api/syncs/<id>/status", "/api/syncs/{id}/status", ("GET",)),
    ("sample", "/api/models/<id>/sample", "/api/models/{id}/sample", ("GET",)),
    ("connections", "/api/connections", "/api/connections", ("GET",)),
    ("connection", "/api/connections/<id>", "/api/connections/{id}", ("GET",)),
    (
        "enrichment",
        "/api/connections/<id>/modelsync/enrichment-source",
        "/api/connections/{id}/modelsync/enrichment-source",
        ("GET",),
    ),
    (
        "inputs",
        "/api/enrichment/<connection_id>/inputfields",
        "/api/enrichment/{connection_id}/inputfields",
        ("POST",),
    ),
    ("policies", "/api/permissions/policies", "/api/permissions/policies", ("GET",)),
    ("policy", "/api/permissions/policies/<id>", "/api/permissions/policies/{id}", ("GET",)),
    ("job", "/api/jobs/<type>/<id>", "/api/jobs/{type}/{id}", ("GET",)),
)
"""Kind, Flask rule, path template of the description, verbs."""


def build_app(pipeline: Pipeline, log: RequestLog) -> Flask:
    """The API as a WSGI application."""
    app = Flask("patcher.sandbox", static_folder=None)
    app.url_map.merge_slashes = False
    for kind, rule, template, methods in PATHS:
        app.add_url_rule(
            rule,
            endpoint=kind,
            view_func=_view(pipeline, kind, template),
            methods=methods,
            provide_automatic_options=False,
        )

    @app.before_request
    def record() -> None:
        log.add(recorded())

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        return to_response(with_version(_refusal(error), recorded()))

    return app


def _view(pipeline: Pipeline, kind: str, template: str) -> Any:
    def view(**arguments: str) -> Response:
        if request.method == "HEAD":  # Flask adds it to every GET; the API does not have it
            raise MethodNotAllowed
        return to_response(pipeline.handle(Call(recorded(), kind, template, arguments)))

    return view


def recorded() -> RecordedRequest:
    """The request being handled, as plain data."""
    return RecordedRequest(
        method=request.method,
        path=request.path,
        query=request.args.to_dict(),
        headers=Headers(list(request.headers.items())),
        body_bytes=request.get_data(),
    )


def to_response(reply: Reply) -> Response:
    """A reply as Flask sends it; a reset is a mark for the listener, which owns the socket."""
    if reply.reset:
        request.environ[RESET_MARK] = True
        return Response(status=500)
    response = Response(reply.body, reply.status)
    response.headers.clear()
    for name, value in reply.headers:
        response.headers[name] = value
    return response


def _refusal(error: HTTPException) -> Reply:
    status = error.code or 500
    key = error.name.lower().replace(" ", "_")
    allow = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    return Reply.of(error_body(status, key, str(error.description)), status, allow)


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
