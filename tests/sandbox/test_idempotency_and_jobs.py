"""Idempotency keys, asynchronous jobs, previews."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import requests

from patcher.sandbox import Gate, Sandbox, faults, seed

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, ApiFor

KEY = {"Idempotency-Key": "a-key_0123"}


def test_a_used_key_replays_its_first_outcome(sandbox: Sandbox, api: Api) -> None:
    """The second use of a key gets the first answer, whatever it sends, and writes nothing."""
    first = api.model("PUT", json={**seed.contacts(), "name": "One"}, headers=KEY)
    second = api.model("PUT", json={**seed.contacts(), "name": "Two"}, headers=KEY)

    assert second.content == first.content
    assert sandbox.stored(seed.CONTACTS)["name"] == "One"
    assert sandbox.model(seed.CONTACTS)["version"] == 2


@pytest.mark.parametrize("refusal", ["404", "500"])
def test_errors_are_replayed_too(sandbox: Sandbox, api: Api, refusal: str) -> None:
    """An error is an outcome: the key can never succeed afterwards."""
    target = str(uuid.uuid4()) if refusal == "404" else seed.CONTACTS
    if refusal == "500":
        sandbox.fault(faults.status_before(500))
    first = api.model("PUT", target, json=seed.contacts(), headers=KEY)
    second = api.model("PUT", json=seed.contacts(), headers=KEY)

    assert first.status_code == second.status_code == int(refusal)
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


def test_a_key_in_flight_is_409(sandbox: Sandbox, api: Api, api_for: ApiFor) -> None:
    """While the first request is being processed, a second one with its key gets 409."""
    gate = Gate()
    sandbox.fault(faults.hold(gate))
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(api_for(sandbox).model, "PUT", json=seed.contacts(), headers=KEY)
        assert gate.wait_reached()
        second = api.model("PUT", json=seed.contacts(), headers=KEY)
        gate.release()

        assert (second.status_code, first.result().status_code) == (409, 200)
    assert second.json()["key"] == "idempotency_key_in_flight"


def test_a_key_is_forgotten_after_a_day(api_for: ApiFor) -> None:
    """After 24 hours a key is a new key."""
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    with Sandbox(models=1, now=lambda: now) as sandbox:
        api = api_for(sandbox)
        api.model("PUT", json=seed.contacts(), headers=KEY)
        now += timedelta(hours=23, minutes=59)
        assert api.model("PUT", json=seed.contacts(), headers=KEY).json()["data"]["version"] == 2
        now += timedelta(minutes=1)
        assert api.model("PUT", json=seed.contacts(), headers=KEY).json()["data"]["version"] == 3


@pytest.mark.parametrize("key", ["short", "k" * 256, "with space", "dotted.key"])
def test_malformed_keys_are_refused(sandbox: Sandbox, api: Api, key: str) -> None:
    """A key of the wrong length or alphabet is a 400, and nothing is written."""
    answer = api.model("PUT", json=seed.contacts(), headers={"Idempotency-Key": key})

    assert answer.status_code == 400
    assert sandbox.model(seed.CONTACTS)["version"] == 1


def start(api: Api, document: dict[str, Any] | None = None) -> str:
    """Begin an asynchronous PUT; gives the path its job is polled at."""
    answer = api.model("PUT", json=document or seed.contacts(), params={"async": "true"}).json()
    assert set(answer) == {"job"}
    assert answer["job"]["type"] == "updatemodel"
    assert (answer["job"]["status"], answer["job"]["error"]) == ("created", None)
    assert answer["job"]["result"] is None
    return f"/api/jobs/updatemodel/{answer['job']['job_id']}"


def test_a_job_writes_when_it_is_done(sandbox: Sandbox, api: Api) -> None:
    """An asynchronous write lands at the third poll, whose result is the model."""
    path = start(api, {**seed.contacts(), "name": "Async"})
    seen = []
    for _ in range(3):
        assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"
        seen.append(api.get(path).json()["data"])

    assert [each["status"] for each in seen] == ["running", "running", "done"]
    assert seen[-1]["result"] == sandbox.model(seed.CONTACTS)
    assert seen[-1]["result"]["name"] == "Async"
    assert api.get(path).json()["data"] == seen[-1]
    assert sandbox.model(seed.CONTACTS)["version"] == 2


@pytest.mark.parametrize("written", [False, True])
def test_a_job_can_fail_before_or_after_its_write(
    sandbox: Sandbox, api: Api, written: bool
) -> None:
    """A failing job tells its error, and leaves the write done or not."""
    sandbox.fault(faults.job(polls=1, error="source timed out", written=written))
    job = api.get(start(api)).json()["data"]

    assert (job["status"], job["error"], job["result"]) == ("failed", "source timed out", None)
    assert sandbox.model(seed.CONTACTS)["version"] == (2 if written else 1)


def test_a_job_can_run_for_ever(sandbox: Sandbox, api: Api) -> None:
    """An endless job is running at every poll, and writes nothing."""
    sandbox.fault(faults.job(endless=True))
    path = start(api)

    assert {api.get(path).json()["data"]["status"] for _ in range(9)} == {"running"}
    assert sandbox.model(seed.CONTACTS)["version"] == 1


def test_a_job_fails_when_its_model_is_gone(sandbox: Sandbox, api: Api) -> None:
    """A job whose work is refused fails with the refusal's message."""
    sandbox.fault(faults.job(polls=1))
    path = start(api)
    sandbox.delete(seed.CONTACTS)

    assert api.get(path).json()["data"]["error"] == f"model {seed.CONTACTS} not found"


def test_a_job_is_found_under_its_type_only(api: Api) -> None:
    """A job polled under another type, or one that never was, is a 404."""
    path = start(api)

    assert api.get(path.replace("updatemodel", "createmodel")).status_code == 404
    assert api.get(f"/api/jobs/updatemodel/{uuid.uuid4()}").status_code == 404


def test_a_job_can_go_on_alone(sandbox: Sandbox, api: Api) -> None:
    """A job that nobody polls moves with each reading of its model, and ends with a release."""
    sandbox.fault(faults.job(polls=2, alone=True))
    start(api, {**seed.contacts(), "name": "Alone"})
    api.model("GET")
    assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"
    api.model("GET")
    assert sandbox.stored(seed.CONTACTS)["name"] == "Alone"

    sandbox.fault(faults.job(polls=9, alone=True))
    job = start(api)
    sandbox.fault(faults.job(endless=True, alone=True))
    start(api)
    assert (sandbox.release(), sandbox.release()) == (1, 0)
    assert api.get(job).json()["data"]["status"] == "done"


def test_create_can_be_a_job(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """An asynchronous create makes the model when its job is done."""
    sandbox.fault(faults.job(polls=1, method="POST"))
    job = api.post("/api/models?async=true", json=bare).json()["job"]
    assert len(sandbox.ids()) == 3
    result = api.get(f"/api/jobs/createmodel/{job['job_id']}").json()["data"]["result"]

    assert sandbox.model(result["id"]) == result


def test_a_job_can_come_unasked(sandbox: Sandbox, api: Api) -> None:
    """A forced job is answered where a model was expected."""
    sandbox.fault(faults.job(forced=True))

    assert set(api.model("PUT", json=seed.contacts()).json()) == {"job"}


def test_preview_shows_fields_and_stores_nothing(sandbox: Sandbox, api: Api) -> None:
    """A preview answers with the fields the model would expose; nothing is persisted."""
    model = api.post("/api/model-preview", json=seed.orders()).json()["data"]

    assert [field["name"] for field in model["fields"]][-2:] == ["currency", "total_eur"]
    assert "id" not in model
    assert "version" not in model
    assert len(sandbox.ids()) == 3


def test_preview_can_be_a_job(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """An asynchronous preview is a job of the type previewmodel."""
    job = api.post("/api/model-preview?async=true", json=bare).json()["job"]
    polls = [api.get(f"/api/jobs/previewmodel/{job['job_id']}").json()["data"] for _ in range(3)]

    assert polls[-1]["status"] == "done"
    assert polls[-1]["result"]["name"] == "Bare"


def test_preview_of_a_broken_query_is_400(api: Api, bare: dict[str, Any]) -> None:
    """A query the source cannot run is a 400 with the source's message."""
    bare["configuration"] = {"query": "select SYNTAXERROR from t"}
    answer = api.post("/api/model-preview", json=bare)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith('ERROR: syntax error at or near "SYNTAXERROR"')
