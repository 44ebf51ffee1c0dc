"""Control routes under ``/sandbox/``: the same scripting as in Python, over HTTP.

They need no credentials; the sandbox listens on loopback only.

======  ===================  ====================================================================
POST    /sandbox/faults      ``{"fault": "drop_after", "nth": 2, ...}``: a constructor's name and
                             its keyword arguments
POST    /sandbox/release     open gates, land late writes, end jobs that go on alone
GET     /sandbox/requests    what arrived, credentials left out
DELETE  /sandbox/requests    forget what arrived
DELETE  /sandbox/reset       forget faults, jobs, keys, late writes and requests
GET     /sandbox/models      ids of all models
GET     /sandbox/models/ID   one model, in the PUT form
PATCH   /sandbox/models/ID   somebody else's change, merged (RFC 7396)
GET     /sandbox/syncs       ids of all syncs
POST    /sandbox/syncs       store a new sync; its id
PATCH   /sandbox/syncs/ID    somebody else's change, merged (RFC 7396)
DELETE  /sandbox/syncs/ID    somebody else deletes it
PUT     /sandbox/syncs/ID    ``{"running": true}``: have it run from now on, or no longer
======  ===================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from patcher.sandbox.errors import WireError, bad_request, no_such_model
from patcher.sandbox.faults import CONSTRUCTORS
from patcher.sandbox.messages import RecordedRequest, Reply, loads
from patcher.sandbox.routes import CONTROL_PREFIX, to_response

if TYPE_CHECKING:
    from patcher.sandbox.server import Sandbox

View = Callable[..., Any]


def add_routes(app: Flask, sandbox: Sandbox) -> None:
    """Add the control routes to the application."""

    def add(method: str, path: str, act: View) -> None:
        def view(**arguments: str) -> Response:
            try:
                reply = Reply.of({"data": act(**arguments)})
            except KeyError as error:
                reply = Reply.of_error(no_such_model(str(error.args[0])))
            except WireError as error:
                reply = Reply.of_error(error)
            return to_response(reply)

        app.add_url_rule(
            CONTROL_PREFIX + path,
            f"{method} {path}",
            view,
            methods=[method],
            provide_automatic_options=False,
        )

    add("POST", "faults", lambda: _script(sandbox))
    add("POST", "release", sandbox.release)
    add("GET", "requests", lambda: [_shown(each) for each in sandbox.requests])
    add("DELETE", "requests", sandbox.reset_requests)
    add("DELETE", "reset", sandbox.reset)
    add("GET", "models", sandbox.ids)
    add("GET", "models/<model_id>", sandbox.stored)
    add("PATCH", "models/<model_id>", lambda model_id: _write(sandbox, model_id))
    add("GET", "syncs", sandbox.sync_ids)
    add("POST", "syncs", lambda: sandbox.create_sync(_given()))
    add("PATCH", "syncs/<sync_id>", lambda sync_id: sandbox.write_sync_as_other(sync_id, _given()))
    add("DELETE", "syncs/<sync_id>", sandbox.delete_sync)
    add(
        "PUT",
        "syncs/<sync_id>",
        lambda sync_id: sandbox.run_sync(sync_id, running=bool(_given().get("running"))),
    )


def _script(sandbox: Sandbox) -> str:
    given = dict(loads(request.get_data()))
    name = str(given.pop("fault", None))
    if name not in CONSTRUCTORS:
        raise bad_request(f"no fault is called {name}", known=sorted(CONSTRUCTORS))
    try:
        fault = CONSTRUCTORS[name](**given)
    except TypeError as error:
        raise bad_request(str(error)) from error
    sandbox.fault(fault)
    return name


def _given() -> dict[str, Any]:
    given = loads(request.get_data())
    if not isinstance(given, dict):
        raise bad_request("the body must be an object")
    return given


def _write(sandbox: Sandbox, model_id: str) -> None:
    sandbox.write_as_other(model_id, loads(request.get_data()))


def _shown(recorded: RecordedRequest) -> dict[str, Any]:
    return {
        "method": recorded.method,
        "path": recorded.path,
        "query": recorded.query,
        "headers": {
            name: value for name, value in recorded.headers.items() if name != "Authorization"
        },
        "body": recorded.body_bytes.decode("utf-8", "replace"),
    }
