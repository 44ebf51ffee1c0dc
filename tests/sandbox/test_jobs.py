"""Asynchronous jobs."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.sandbox import Sandbox, faults, seed
from tests.sandbox.conftest import Api, ApiFor


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


def test_preview_can_be_a_job(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """An asynchronous preview is a job of the type previewmodel."""
    job = api.post("/api/model-preview?async=true", json=bare).json()["job"]
    polls = [api.get(f"/api/jobs/previewmodel/{job['job_id']}").json()["data"] for _ in range(3)]

    assert polls[-1]["status"] == "done"
    assert polls[-1]["result"]["name"] == "Bare"


def test_a_job_is_conditional_on_the_state_when_it_ends(api_for: ApiFor) -> None:
    """With If-Match, what someone wrote while the job was waiting is not overwritten."""
    with Sandbox(models=1, etags=True) as sandbox:
        api = api_for(sandbox)
        tag = {"If-Match": api.model("GET").headers["ETag"]}
        asked: Any = {"json": seed.contacts(), "params": {"async": "true"}, "headers": tag}
        begun = api.model("PUT", **asked).json()["job"]
        sandbox.write_as_other(seed.CONTACTS, {"name": "Theirs"})
        jobs = [api.get(f"/api/jobs/updatemodel/{begun['job_id']}").json() for _ in range(3)]

        assert jobs[-1]["data"]["status"] == "failed"
        assert sandbox.stored(seed.CONTACTS)["name"] == "Theirs"


def test_the_result_of_a_job_has_the_form_of_the_server(api_for: ApiFor) -> None:
    """As the answer to a request that waits for it has."""
    policies = [seed.POLICY_MODELS]
    document = {key: one for key, one in seed.contacts().items() if key != "policies"}
    with Sandbox(models=1, without_version=True, default_policies=policies) as sandbox:
        api = api_for(sandbox)
        path = start(api, document)
        (*_, last) = [api.get(path).json()["data"] for _ in range(3)]

    assert last["status"] == "done"
    assert "version" not in last["result"]
    assert last["result"]["policies"] == policies


def test_what_cannot_be_a_job_is_answered_at_once(sandbox: Sandbox, api: Api) -> None:
    """No type of a job is documented for a list."""
    sandbox.fault(faults.job(method="GET", forced=True))

    assert api.get("/api/models").json()["data"]


def test_a_scripted_job_replaces_the_plain_one(sandbox: Sandbox, api: Api) -> None:
    """The sandbox keeps no second job, which no one would poll."""
    sandbox.fault(faults.job())
    start(api)
    start(api)

    assert sandbox._endpoints.jobs == {}
