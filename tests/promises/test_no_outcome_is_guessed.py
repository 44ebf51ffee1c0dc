"""Promises 5 and 6: no outcome is guessed, and no change is no write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import patcher
from patcher.api import Client, Settings
from patcher.documents.patches import Patch
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.verbs import run_patch
from patcher.sandbox import Fault, Sandbox, faults, seed
from tests.guard.memory import FakeClock

RENAME = {"name": "Customers"}


@pytest.fixture
def patch(sandbox: Sandbox, tmp_path: Any) -> Callable[..., patcher.PatchResult]:
    """patch_model with a clock that does not wait and a timeout of a fraction of a second."""

    def run(change: object = RENAME, **options: Any) -> patcher.PatchResult:
        settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}", timeout=0.3)
        with Client(settings=settings, sleep=lambda seconds: None) as client:
            journal = Journal(tmp_path / "journal")
            session = Session(client, journal, clock=FakeClock(), settle_timeout=5.0)
            return run_patch(session, seed.CONTACTS, Patch.of(change), Options(**options))

    return run


WRITTEN: dict[str, Fault] = {
    "answer lost": faults.drop_after(),
    "408 after": faults.status_after(408),
    "409 after": faults.status_after(409),
    "500 after": faults.status_after(500),
    "502 after": faults.status_after(502, "html"),
    "503 after": faults.status_after(503, "empty"),
    "504 after": faults.status_after(504),
    "slow after": faults.slow(30, "after"),
    "html": faults.garbage("html"),
    "truncated": faults.garbage("truncated"),
    "cut short": faults.garbage("cut short"),
    "a replay": faults.replay(written=True),
    "another model": faults.another_model(),
    "late": faults.late_write(reads=3, status=504),
    "late, reset": faults.late_write(reads=2, status=None),
}


@pytest.mark.parametrize("fault", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_write_that_happened_is_found_out(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult], fault: Fault
) -> None:
    """However the answer goes astray, reading settles it: applied, and sent once."""
    sandbox.fault(fault)

    assert patch().status == "applied"
    assert len(sandbox.puts()) == 1
    assert sandbox.stored(seed.CONTACTS)["name"] == "Customers"


UNKNOWN: dict[str, Fault] = {
    "reset before": faults.drop_before(),
    "408 before": faults.status_before(408),
    "409 before": faults.status_before(409),
    "502 before": faults.status_before(502, "html"),
    "503 before": faults.status_before(503),
    "504 before": faults.status_before(504),
    "500 in no form": faults.status_before(500, "html"),
    "404 in no form": faults.status_before(404, "html"),
    "429 in no form": faults.status_before(429, "html"),
    "slow before": faults.slow(30, "before"),
    "a replay": faults.replay(written=False),
    "never lands": faults.late_write(reads=None, status=504),
}


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_write_that_may_still_land_is_unknown(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult], fault: Fault
) -> None:
    """Not written so far, and no proof that it will not be: exit code 6, and sent once."""
    sandbox.fault(fault)

    with pytest.raises(patcher.OutcomeUnknownError) as caught:
        patch()

    assert caught.value.exit_code == 6
    assert caught.value.journal_entry
    assert len(sandbox.puts()) == 1


REFUSED: dict[str, Fault] = {
    "400": faults.status_before(400),
    "403": faults.status_before(403),
    "404": faults.status_before(404),
    "422": faults.status_before(422),
    "500": faults.status_before(500),
    **{
        f"redirect {n}": faults.redirect(n, "http://127.0.0.1:9/")
        for n in (301, 302, 303, 307, 308)
    },
}


@pytest.mark.parametrize("fault", REFUSED.values(), ids=REFUSED.keys())
def test_a_write_that_was_refused_is_said_to_be(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult], fault: Fault
) -> None:
    """The API's own refusal, or a declared failure that left all as it was: exit code 3."""
    sandbox.fault(fault)
    before = sandbox.stored(seed.CONTACTS)

    with pytest.raises(patcher.ApiError) as caught:
        patch()

    assert caught.value.exit_code == 3
    assert len(sandbox.puts()) == 1
    assert sandbox.stored(seed.CONTACTS) == before


def test_a_redirect_is_named(sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]) -> None:
    """The hint says where the server points, since the address is what needs mending."""
    sandbox.fault(faults.redirect(308, "https://other.example/api"))

    with pytest.raises(patcher.ApiError) as caught:
        patch()

    assert "https://other.example/api" in (caught.value.hint or "")


def test_a_throttled_write_is_made_after_a_fresh_read(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """429 is not processed: wait as told, read again, write under a new key."""
    sandbox.fault(faults.status_before(429, headers={"Retry-After": "2"}))

    assert patch().status == "applied"
    assert [one.method for one in sandbox.requests] == ["GET", "GET", "PUT", "GET", "PUT"]
    keys = [put.headers["Idempotency-Key"] for put in sandbox.puts()]
    assert len(set(keys)) == 2


def test_a_deleted_model_is_not_written(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """Deleted just before the write: the API's 404 says so, and nothing is guessed."""
    sandbox.fault(faults.delete())

    with pytest.raises(patcher.ApiError) as caught:
        patch()

    assert caught.value.status == 404


def test_an_asynchronous_write_is_followed(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """--async: the job is polled to its end and its result read and verified."""
    result = patch(run_async=True)

    assert (result.status, result.version_after) == ("applied", 2)
    assert sandbox.puts()[0].query == {"async": "true"}
    assert sum("/api/jobs/updatemodel/" in one.path for one in sandbox.requests) >= 2


def test_a_job_where_a_model_was_expected_is_followed(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """A server that answers with a job unasked is understood."""
    sandbox.fault(faults.job(polls=2, forced=True))

    assert patch().status == "applied"


def test_a_failed_job_gives_its_own_reason(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """A job that failed and wrote nothing: exit code 3 with the job's words."""
    sandbox.fault(faults.job(polls=1, error="relation does not exist", written=False))

    with pytest.raises(patcher.ApiError, match="relation does not exist"):
        patch(run_async=True)


def test_a_job_without_end_is_unknown(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """A job that never ends: exit code 6 with its id."""
    sandbox.fault(faults.job(endless=True))

    with pytest.raises(patcher.OutcomeUnknownError) as caught:
        patch(run_async=True)

    assert caught.value.job_id


def test_every_write_has_a_key_of_its_own(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """The same change made twice is two requests with two keys, so that neither is a replay."""
    patch({"name": "A"})
    patch({"name": "B"})

    first, second = (put.headers["Idempotency-Key"] for put in sandbox.puts())
    assert first != second


def test_three_requests_for_a_patch_and_one_for_a_plan(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A guarded patch of a UUID is GET, GET, PUT; a plan, and a change that is none, one GET."""
    patcher.patch_model(seed.CONTACTS, RENAME, client=client)
    assert [one.method for one in sandbox.requests] == ["GET", "GET", "PUT"]

    sandbox.reset_requests()
    patcher.plan_patch(seed.CONTACTS, {"name": "X"}, client=client)
    assert [one.method for one in sandbox.requests] == ["GET"]

    sandbox.reset_requests()
    assert patcher.patch_model(seed.CONTACTS, RENAME, client=client).status == "unchanged"
    assert [one.method for one in sandbox.requests] == ["GET"]


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (1, 1.0), ([1], [True]), ("", None), (0.0, -0.0), ({}, [])]
)
def test_a_change_of_type_is_a_change(
    sandbox: Sandbox, client: patcher.Client, old: Any, new: Any
) -> None:
    """What Python calls equal and JSON does not is written, and not taken for a no-op."""
    operation = {"op": "add", "path": "/configuration/value"}
    patcher.patch_model(seed.CONTACTS, [{**operation, "value": old}], client=client)

    result = patcher.patch_model(seed.CONTACTS, [{**operation, "value": new}], client=client)

    assert result.status == "applied"
    assert [change.kind for change in result.plan.changes] == ["changed"]  # type: ignore[union-attr]


def test_another_order_of_keys_is_no_change(sandbox: Sandbox, client: patcher.Client) -> None:
    """The order of an object's members carries no meaning; that of a list's does."""
    stored = sandbox.stored(seed.CONTACTS)
    turned = dict(reversed(stored["configuration"].items()))
    same = [{"op": "replace", "path": "/configuration", "value": turned}]
    other = {"fields": stored["fields"][::-1]}

    assert patcher.patch_model(seed.CONTACTS, same, client=client).status == "unchanged"
    assert patcher.patch_model(seed.CONTACTS, other, client=client).status == "applied"
