"""Paths to calls: the URL map of the API, and the Flask application around it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from patcher.sandbox.messages import Call, RecordedRequest, Reply, error_body
from patcher.sandbox.pipeline import Pipeline, RequestLog, with_version

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
