"""Credentials, versions, verbs, the published description, and the package's own borders."""

from __future__ import annotations

import ast
import base64
import json
import socket
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from werkzeug.datastructures import Headers

import patcher.sandbox
from patcher.sandbox import Sandbox, seed
from patcher.sandbox.description import Description
from patcher.sandbox.listener import Handler
from patcher.sandbox.messages import Call, RecordedRequest, Reply

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, ApiFor

PACKAGE = Path(patcher.sandbox.__file__).parent


def basic(user: str, password: str) -> str:
    """A Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_bearer_key_is_a_user(api: Api) -> None:
    """The API key belongs to a user of the organization."""
    me = api.get("/api/me").json()["data"]

    assert me["is_user"] is True
    assert (me["is_organization"], me["is_partner"], me["is_system"]) == (False, False, False)
    assert me["organization_id"] == api.sandbox.organization_id
    assert me["email"] == "sandy@example.com"
    assert me["organization_name"] == "Sandbox Organization"


def test_basic_partner_key_acts_in_its_organization(sandbox: Sandbox, api: Api) -> None:
    """The partner key with the organization in front reaches the models, as the organization."""
    api.headers["Authorization"] = basic(sandbox.organization_id, sandbox.partner_key)
    me = api.get("/api/me").json()["data"]

    assert me["is_organization"] is True
    assert "id" not in me
    assert api.model("PUT", json=seed.contacts()).json()["data"]["updated_by"]["type"] == (
        "organization"
    )


def test_bare_partner_key_is_kept_out_of_models(sandbox: Sandbox, api: Api) -> None:
    """A partner key without an organization knows who it is, and gets 403 elsewhere."""
    api.headers["Authorization"] = f"Bearer {sandbox.partner_key}"

    assert api.get("/api/me").json()["data"]["is_partner"] is True
    assert api.model("GET").status_code == 403


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "sandbox-key",
        "Bearer",
        "Bearer wrong",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        basic(seed.fixed_id("elsewhere"), "sandbox-partner-key"),
        basic(seed.ORGANIZATION_ID, "wrong"),
        "Digest sandbox-key",
    ],
)
def test_other_credentials_are_401(api: Api, authorization: str | None) -> None:
    """Anything but a known key is a 401 in the API's error form, and writes nothing."""
    api.headers["Authorization"] = authorization or ""
    answer = api.model("PUT", json={**seed.contacts(), "name": "Intruder"})

    assert answer.status_code == 401
    assert set(answer.json()) == {"key", "message", "metadata", "status"}
    assert api.sandbox.stored(seed.CONTACTS)["name"] == "Contacts"


@pytest.mark.parametrize(
    ("asked", "status", "served"),
    [
        (None, 200, "2025-09-18"),
        ("2025-09-18", 200, "2025-09-18"),
        ("2024-02-08", 200, "2024-02-08"),
        ("2022-12-12", 400, "2025-09-18"),
        ("tomorrow", 400, "2025-09-18"),
    ],
)
def test_every_answer_names_its_version(
    api: Api, asked: str | None, status: int, served: str
) -> None:
    """The version asked for is echoed; an unknown one is a 400; none means the newest."""
    headers = {} if asked is None else {"X-Polytomic-Version": asked}
    answer = api.model("GET", headers=headers)

    assert (answer.status_code, answer.headers["X-Polytomic-Version"]) == (status, served)


@pytest.mark.parametrize("method", ["PATCH", "POST", "OPTIONS", "HEAD"])
def test_other_verbs_are_405(api: Api, method: str) -> None:
    """A verb the endpoint does not have is a 405, and no part of the log is lost."""
    answer = api.model(method)

    assert answer.status_code == 405
    assert answer.headers["X-Polytomic-Version"] == "2025-09-18"
    assert [each.method for each in api.sandbox.requests] == [method]


def test_other_paths_are_404(api: Api) -> None:
    """A path the API does not have is a 404 in its error form."""
    assert api.get("/api/models/").json()["status"] == 404


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"configuration": []}, "/configuration"),
        ({"connection_id": "warehouse"}, "/connection_id"),
        ({"labels": ["not-a-uuid"]}, "/labels/0"),
        ({"identifier": None}, "/identifier"),
        ({"enricher": None}, "/enricher"),
        ({"additional_fields": [{"name": "x"}]}, "/additional_fields/0"),
        ({"fields": [{"name": "id"}]}, "/fields/0"),
        ({"refresh": None}, "/refresh"),
    ],
)
def test_requests_are_checked_against_the_description(
    sandbox: Sandbox, api: Api, change: dict[str, Any], named: str
) -> None:
    """A body that violates the description is a 400 that names the place, and writes nothing."""
    answer = api.model("PUT", json={**seed.contacts(), **change})

    assert answer.status_code == 400
    assert answer.json()["metadata"] == {"pointer": named}
    assert sandbox.model(seed.CONTACTS)["version"] == 1


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "null", '{"name": NaN}', "[1e400]"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: str) -> None:
    """What is not a JSON object, or not finite, is a 400."""
    assert api.model("PUT", data=body).status_code == 400


@pytest.mark.parametrize("missing", ["name", "connection_id", "configuration"])
def test_required_fields_are_required(api: Api, bare: dict[str, Any], missing: str) -> None:
    """Without one of the three required fields a model is neither created nor replaced."""
    del bare[missing]

    assert api.post("/api/models", json=bare).status_code == 400
    assert missing in api.model("PUT", json=bare).json()["message"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/models", {"limit": "many"}),
        (f"/api/models/{seed.CONTACTS}", {"async": "perhaps"}),
        ("/api/models/not-a-uuid", {}),
        ("/api/jobs/unknown/" + seed.CONTACTS, {}),
        ("/api/jobs/updatemodel/7", {}),
    ],
)
def test_parameters_are_checked(api: Api, path: str, query: dict[str, str]) -> None:
    """Path and query parameters that violate the description are a 400."""
    assert api.get(path, params=query).status_code == 400


def get_call() -> Call:
    """A GET of one model."""
    request = RecordedRequest("GET", "/api/models/x", {}, Headers(), b"")
    return Call(request, "model", "/api/models/{id}", {"id": str(uuid.uuid4())})


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ({"id": "no-uuid"}, "/data/id"),
        ({"version": "1"}, "/data/version"),
        ({"updated_at": "yesterday"}, "/data/updated_at"),
        ({"identifier": None}, "/data/identifier"),
        ({"policies": ["UUID"]}, "/data/policies/0"),
        ({"fields": [{"id": seed.CONTACTS}, {"id": "UUID"}]}, "/data/fields/1/id"),
    ],
)
def test_responses_are_checked_against_the_description(model: Any, named: str) -> None:
    """An answer that violates the description is found, also next to ones that looked alike."""
    description = Description()
    good = Reply.of(
        {"data": {"policies": [str(uuid.uuid4())], "fields": [{"id": str(uuid.uuid4())}]}}
    )
    assert description.violation(get_call(), good) is None

    violation = description.violation(get_call(), Reply.of({"data": model}))
    assert violation is not None
    assert violation.startswith(f"{named}: ")


def test_a_bug_of_the_sandbox_is_a_500_that_says_so(sandbox: Sandbox, api: Api) -> None:
    """Should the sandbox itself answer against the description, it says that this is its bug."""
    weird = sandbox.create({**seed.accounts(), "tracking_columns": [7]})
    answer = api.model("GET", weird)

    assert answer.status_code == 500
    assert answer.json()["key"] == "sandbox_response_violates_description"


def test_requests_are_recorded(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """The log holds method, path, query, headers and body of each request, in order."""
    api.model("GET", params={"x": "1"})
    api.model("PUT", json=bare, headers={"Idempotency-Key": "key-12345"})
    api.model("PUT", seed.ORDERS, json=bare)
    get, put, _ = sandbox.requests

    assert (get.method, get.path, get.query) == ("GET", f"/api/models/{seed.CONTACTS}", {"x": "1"})
    assert (get.body_bytes, get.body_json) == (b"", None)
    assert put.body_json == bare
    assert put.headers["idempotency-key"] == "key-12345"
    assert sandbox.puts(seed.CONTACTS) == [put]
    assert len(sandbox.puts()) == 2
    sandbox.reset_requests()
    assert sandbox.requests == []


def test_connections_are_kept_alive(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of one session share one connection, also after a refusal of a large body."""
    ports: list[int] = []
    read = Handler._read_request

    def noting(handler: Handler) -> Any:
        ports.append(handler.client_address[1])
        return read(handler)

    monkeypatch.setattr(Handler, "_read_request", noting)
    for _ in range(3):
        api.model("GET")
        api.model("PATCH", data=b"x" * 100_000)

    assert (len(ports), len(set(ports))) == (6, 1)


def test_chunked_bodies_are_read(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """A body without a Content-Length is read to its end."""
    answer = api.model("PUT", data=iter([json.dumps(bare).encode()]))

    assert answer.status_code == 200
    assert sandbox.requests[0].body_json == bare


def test_closed_is_closed(api_for: ApiFor) -> None:
    """After closing, which may be done twice, nobody answers, not even on an old connection."""
    sandbox = Sandbox(models=1)
    api = api_for(sandbox)
    assert api.model("GET").status_code == 200
    sandbox.close()
    sandbox.close()

    assert sandbox.wait(0) is True
    with pytest.raises(requests.ConnectionError):
        api.model("GET")


def test_a_taken_port_is_an_os_error(sandbox: Sandbox) -> None:
    """A port in use is an OSError, with nothing printed and nothing left open."""
    port = int(sandbox.url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port)


@pytest.mark.parametrize(("work", "slept"), [(4.0, [15.0, 11.0]), (20.0, [15.0])])
def test_latency_is_exact(
    monkeypatch: pytest.MonkeyPatch, api_for: ApiFor, work: float, slept: list[float]
) -> None:
    """An answer comes the latency after its request, however long the work in between took."""
    now, pauses = [0.0], list[float]()
    with Sandbox(models=1, latency=30) as sandbox:
        pipeline, reply = sandbox._pipeline, sandbox._pipeline._reply

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            now[0] += seconds

        def working(call: Any) -> Any:
            now[0] += work
            return reply(call)

        monkeypatch.setattr(pipeline, "_monotonic", lambda: now[0])
        monkeypatch.setattr(pipeline, "_pause", pause)
        monkeypatch.setattr(pipeline, "_reply", working)
        api_for(sandbox).model("GET")

    assert pauses == slept


def test_the_sandbox_imports_nothing_of_the_rest() -> None:
    """Built from the documentation alone: no module imports the package around it."""
    for module in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, module.name
                name = node.module or ""
                inside = name.split(".")[:2] == ["patcher", "sandbox"]
                assert inside or not name.startswith("patcher"), module.name
            elif isinstance(node, ast.Import):
                assert not any(each.name.startswith("patcher") for each in node.names), module.name


def test_public_names_are_what_they_say() -> None:
    """Every public name exists, and the list is sorted."""
    names = patcher.sandbox.__all__

    assert names == sorted(names)
    assert all(hasattr(patcher.sandbox, name) for name in names)


def test_nothing_is_printed() -> None:
    """A sandbox, used and closed, prints nothing at all."""
    code = (
        "import urllib.request, patcher.sandbox as s\n"
        "with s.Sandbox(models=1) as b:\n"
        "    r = urllib.request.Request(b.url + '/api/me')\n"
        "    r.add_header('Authorization', 'Bearer ' + b.api_key)\n"
        "    assert urllib.request.urlopen(r).status == 200\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_expect_continue_is_honoured(sandbox: Sandbox, bare: dict[str, Any]) -> None:
    """A client that waits for ``100 Continue`` before its body gets it, and then its answer."""
    body = json.dumps(bare).encode()
    head = (
        f"PUT /api/models/{seed.CONTACTS} HTTP/1.1\r\nHost: sandbox\r\n"
        f"Authorization: Bearer {sandbox.api_key}\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
