"""Idempotency keys, versions, the log and the latency."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import requests

from patcher.sandbox import server
from patcher.sandbox.messages import Call, Reply
from tests.sandbox import Gate, Sandbox, faults, seed
from tests.sandbox.conftest import Api, ApiFor

KEY = {"Idempotency-Key": "a-key_0123"}


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

    assert (get.method, get.path) == ("GET", f"/api/models/{seed.CONTACTS}")
    assert (get.args.to_dict(), get.get_data()) == ({"x": "1"}, b"")
    assert put.json == bare
    assert put.headers["idempotency-key"] == "key-12345"
    assert sandbox.puts(seed.CONTACTS) == [put]
    assert len(sandbox.puts()) == 2
    sandbox.reset_requests()
    assert sandbox.requests == []


@pytest.mark.parametrize(("work", "slept"), [(4.0, [15.0, 11.0]), (20.0, [15.0, 0.0])])
def test_latency_is_exact(monkeypatch: pytest.MonkeyPatch, work: float, slept: list[float]) -> None:
    """An answer comes the latency after its request, however long the work in between took."""
    now, pauses = [0.0], list[float]()

    class Working(Sandbox):
        """Takes its time to answer, on a clock of its own."""

        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            pauses.append(timeout)
            now[0] += timeout
            return False

        def process(self, call: Call) -> Reply:
            now[0] += work
            return super().process(call)

    monkeypatch.setattr(server, "monotonic", lambda: now[0])
    with Working(models=1, latency=30) as sandbox:
        requests.get(
            f"{sandbox.url}/api/me",
            headers={"Authorization": f"Bearer {sandbox.api_key}"},
            timeout=5,
        )

    assert pauses == slept


def test_a_used_key_replays_its_first_outcome(sandbox: Sandbox, api: Api) -> None:
    """The second use of a key gets the first answer, whatever it sends, and writes nothing."""
    first = api.model("PUT", json={**seed.contacts(), "name": "One"}, headers=KEY)
    second = api.model("PUT", json={**seed.contacts(), "name": "Two"}, headers=KEY)

    assert second.content == first.content
    assert sandbox.stored(seed.CONTACTS)["name"] == "One"
    assert sandbox.model(seed.CONTACTS)["version"] == 2


def test_errors_are_replayed_too(sandbox: Sandbox, api: Api) -> None:
    """An error is an outcome: the key can never succeed afterwards."""
    first = api.model("PUT", str(uuid.uuid4()), json=seed.contacts(), headers=KEY)
    second = api.model("PUT", json=seed.contacts(), headers=KEY)

    assert first.status_code == second.status_code == 404
    assert sandbox.model(seed.CONTACTS)["version"] == 1


def test_a_lost_answer_is_replayed(sandbox: Sandbox, api: Api) -> None:
    """The outcome of a write whose answer was lost is there for a second use of the key."""
    sandbox.fault(faults.drop_after())
    with pytest.raises(requests.ConnectionError):
        api.model("PUT", json=seed.contacts(), headers=KEY)

    assert api.model("PUT", json=seed.contacts(), headers=KEY).json()["data"]["version"] == 2
    assert sandbox.model(seed.CONTACTS)["version"] == 2


@pytest.mark.parametrize(
    "fault", [faults.drop_before(), faults.status_before(429), faults.status_before(502, "html")]
)
def test_a_request_the_api_never_saw_leaves_the_key_free(
    sandbox: Sandbox, api: Api, fault: faults.Fault
) -> None:
    """A key is not used up by a request that was lost, throttled or stopped at a gateway."""
    sandbox.fault(fault)
    with suppress(requests.ConnectionError):
        assert api.model("PUT", json=seed.contacts(), headers=KEY).status_code in (429, 502)

    assert api.model("PUT", json=seed.contacts(), headers=KEY).status_code == 200


def test_a_key_in_flight_is_409(api_for: ApiFor) -> None:
    """While the first request is being processed, a second one with its key gets 409."""
    gate = Gate()

    class Slow(Sandbox):
        """Processes a request when it is let."""

        def process(self, call: Call) -> Reply:
            gate.pass_through()
            return super().process(call)

    with Slow(models=1) as sandbox, ThreadPoolExecutor(1) as thread:
        sandbox._gates.append(gate)
        first = thread.submit(api_for(sandbox).model, "PUT", json=seed.contacts(), headers=KEY)
        assert gate.wait_reached()
        second = api_for(sandbox).model("PUT", json=seed.contacts(), headers=KEY)
        gate.release()

        assert (second.status_code, first.result().status_code) == (409, 200)
    assert second.json()["key"] == "idempotency_key_in_flight"


@pytest.mark.parametrize("key", ["short", "k" * 256, "with space", "dotted.key"])
def test_malformed_keys_are_refused(sandbox: Sandbox, api: Api, key: str) -> None:
    """A key of the wrong length or alphabet is a 400, and nothing is written."""
    answer = api.model("PUT", json=seed.contacts(), headers={"Idempotency-Key": key})

    assert answer.status_code == 400
    assert sandbox.model(seed.CONTACTS)["version"] == 1
