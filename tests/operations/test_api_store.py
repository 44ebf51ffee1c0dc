"""The API as the guard's store: what is read, and what is not worked out twice."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence

import pytest

from patcher import Client, patch_model
from patcher.api import Settings
from patcher.api.transport import Exchange
from patcher.documents import jsontext
from patcher.documents.patches import Patch
from patcher.errors import ApiError, PatchError
from patcher.guard.guard import fresh_key
from patcher.guard.store import Ambiguous, Answered, NotSent
from patcher.operations.api_store import ApiStore
from patcher.operations.arguments import Options
from patcher.operations.session import Session
from patcher.operations.write import run_plan
from patcher.resources.model import MODEL
from tests.api.servers import Script, answer, serving
from tests.guard.memory import FakeClock
from tests.sandbox import Sandbox, faults, seed


def test_nothing_is_parsed_between_the_second_reading_and_the_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unchanged model comes as the same text again, and the write follows at once."""
    events: list[str] = []
    parse = jsontext.parse

    def noted(text: str | bytes, *, what: str) -> object:
        events.append("parse")
        return parse(text, what=what)

    def observe(exchange: Exchange) -> None:
        events.append(exchange.method)

    monkeypatch.setattr(jsontext, "parse", noted)
    with Sandbox(models=1) as sandbox:
        settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")
        with Client(settings=settings, observe=observe) as client:
            result = patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)

    assert result.status == "applied"
    assert events == ["GET", "parse", "GET", "PUT", "parse"]


def test_a_known_text_of_another_model_is_none() -> None:
    """The answer that is known of one model is no answer for another one."""
    with Sandbox(models=2) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        known = ApiStore(client, MODEL).read(seed.CONTACTS)
        assert known.text is not None
        sandbox.fault(faults.raw_body(b'{"data":%b}' % known.text, method="GET"))

        with pytest.raises(ApiError, match="another resource"):
            ApiStore(client, MODEL, known=known).read(seed.ORDERS)


@pytest.mark.parametrize("form", [b'{"data":%b}', b' {\n "data" : %b }\n', b'{"\\u0064ata":%b}'])
def test_the_text_of_a_resource_is_known_where_it_is_all_there_is(form: bytes) -> None:
    """However the envelope is spelled, the text is the resource's own."""
    text = b'{"id": "%b", "name": ":}{"}' % seed.CONTACTS.encode()
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(faults.raw_body(form % text, method="GET"))

        found = ApiStore(client, MODEL).read(seed.CONTACTS)

    assert json.loads(found.text or b"") == found.raw == json.loads(text)


def test_a_resource_in_a_larger_envelope_is_compared_by_value() -> None:
    """Where a response holds more than the resource, nothing passes for its text."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        text = ApiStore(client, MODEL).read(seed.CONTACTS).text or b""
        body = b'{"data":%b,"meta":{"request":"r-1"}}' % text
        sandbox.fault(faults.raw_body(body, method="*", every=True))

        read = ApiStore(client, MODEL).read(seed.CONTACTS)
        again = ApiStore(client, MODEL, known=read).read(seed.CONTACTS)
        written = ApiStore(client, MODEL).replace(
            seed.CONTACTS, MODEL.document(read)[0], fresh_key(), None
        )

    assert isinstance(written, Answered)
    assert read.text is again.text is written.snapshot.text is None
    assert read.raw == again.raw == written.snapshot.raw


def test_who_we_are_is_what_our_writes_are_by() -> None:
    """The id of GET /api/me is the one that updated_by shows after a write of ours."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)
        store = ApiStore(client, MODEL)

        assert store.me() == store.read(seed.CONTACTS).author_id is not None


@pytest.mark.parametrize("status", [403, 404, 500])
def test_who_we_are_may_not_be_known(status: int) -> None:
    """A key that may not ask, or a server that does not answer: nobody, and no error."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(faults.status_before(status, method="GET", every=True))

        assert ApiStore(client, MODEL).me() is None


@pytest.mark.parametrize("body", [b"{}", b'{"data": []}', b'{"data": {"id": 5}}', b"<html>"])
def test_who_we_are_needs_an_id(body: bytes) -> None:
    """A partner's key has none, and whatever else comes is none."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(faults.raw_body(body, method="GET"))

        assert ApiStore(client, MODEL).me() is None


def model(version: int, name: str = "Contacts") -> bytes:
    """The answer to a GET or a PUT of a small model at that version."""
    raw = {
        "id": seed.CONTACTS,
        "name": name,
        "version": version,
        "connection_id": "19be6d87-7676-5582-8f6a-6fc7b1a81dd0",
        "configuration": {"table": "t"},
        "fields": [{"name": "id"}],
    }
    return json.dumps({"data": raw}).encode()


def served(versions: Sequence[int]) -> tuple[Script, list[str]]:
    """A server that closes each connection, its GETs at these versions; and what it was asked."""
    asked: list[str] = []

    def script(connection: socket.socket, request: bytes) -> None:
        is_put = request.startswith(b"PUT")
        if request:
            asked.append("PUT" if is_put else "GET")
        version = versions[min(len(asked), len(versions)) - 1]
        answer(model(2, "Customers") if is_put else model(version))(connection, request)

    return script, asked


@pytest.mark.parametrize(
    ("slow", "versions", "asked", "code"),
    [
        (9.0, (1, 1), ["GET", "GET", "PUT"], 0),
        (-1.0, (1, 1, 1), ["GET", "GET", "GET", "PUT"], 0),
        (-1.0, (1, 1, 2, 2), ["GET", "GET", "GET", "GET"], 4),
    ],
    ids=["in time", "slow", "slow, and it moved"],
)
def test_connecting_counts_as_part_of_the_gap(
    slow: float,
    versions: tuple[int, ...],
    asked: list[str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it took long, the model is read again on the way, and a write that is late not sent."""
    monkeypatch.setattr("patcher.operations.api_store.SLOW_CONNECTING", slow)
    script, seen = served(versions)

    with serving(script) as (url, _), Client(url, "key") as client:
        session = Session(client, clock=FakeClock())
        plan = run_plan(session, seed.CONTACTS, Patch.merge({"name": "Customers"}), Options())
        try:
            ended = session.write(plan, Options()).exit_code
        except PatchError as error:
            ended = error.exit_code

    assert (seen[: len(asked)], ended) == (asked, code)
    assert seen.count("PUT") == asked.count("PUT")


def test_a_slow_connection_and_an_unreadable_model_send_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be read again is not written; the answer says so, and is proof of not sent."""
    monkeypatch.setattr("patcher.operations.api_store.SLOW_CONNECTING", -1.0)
    gone = answer(b"", status="404 Not Found")
    with serving(gone) as (url, requests), Client(url, "key") as client:
        found = ApiStore(client, MODEL).replace(seed.CONTACTS, {}, "k", None)

    assert isinstance(found, NotSent)
    assert "could not be read again" in found.reason
    assert not any(request.startswith(b"PUT") for request in requests)


def test_every_reading_asks_caches_for_a_fresh_answer() -> None:
    """A copy that a cache has kept is nothing to plan a write on, or to judge one by."""
    with serving(answer(model(1))) as (url, requests), Client(url, "key") as client:
        ApiStore(client, MODEL).read(seed.CONTACTS)

    assert b"\r\nCache-Control: no-cache\r\n" in requests[0]


@pytest.mark.parametrize(
    ("fault", "run_async", "is_final"),
    [
        (faults.status_before(303, "empty", {"Location": "/x"}), False, True),
        (faults.status_before(303, "empty", {"Location": "/x"}), True, False),
        (faults.status_before(307, "empty", {"Location": "/x"}), True, True),
        (faults.status_before(409), False, True),
        (faults.status_before(409), True, False),
        (faults.status_before(503), False, False),
        (faults.status_before(502, body="html"), False, False),
        (faults.status_before(200, body="html"), False, False),
        (faults.status_before(200, body="message"), False, False),
    ],
)
def test_an_answer_that_proves_nothing_is_ambiguous(
    fault: faults.Fault, run_async: bool, is_final: bool
) -> None:
    """Only a redirect, or a 409 in the API's form, says itself that nothing was written."""
    with Sandbox(models=3) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(fault)
        store = ApiStore(client, MODEL, run_async=run_async)
        found = store.replace(seed.CONTACTS, sandbox.stored(seed.CONTACTS), 9 * "k", None)

    assert isinstance(found, Ambiguous)
    assert found.declined == is_final
