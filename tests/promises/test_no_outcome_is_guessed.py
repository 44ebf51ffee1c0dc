"""Promises 5 and 6: no outcome is guessed, and no change is no write.

How each command ends, fault by fault, is in tests/faults; here is what its rows do not say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import patcher
from patcher.api import Client, Settings
from patcher.documents.patches import Patch
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.write import run_patch
from tests.guard.memory import FakeClock
from tests.sandbox import Sandbox, faults, seed

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


def test_a_throttled_write_is_made_after_a_fresh_read(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """429 is not processed: wait as told, read again, write under a new key."""
    sandbox.fault(faults.status_before(429, headers={"Retry-After": "2"}))

    assert patch().status == "applied"
    assert [one.method for one in sandbox.requests] == ["GET", "GET", "PUT", "GET", "PUT"]
    keys = [put.headers["Idempotency-Key"] for put in sandbox.puts()]
    assert len(set(keys)) == 2


def test_an_asynchronous_write_is_followed(
    sandbox: Sandbox, patch: Callable[..., patcher.PatchResult]
) -> None:
    """--async: the job is polled to its end and its result read and verified."""
    result = patch(run_async=True)

    assert (result.status, result.version_after) == ("applied", 2)
    assert sandbox.puts()[0].args.to_dict() == {"async": "true"}
    assert sum("/api/jobs/updatemodel/" in one.path for one in sandbox.requests) >= 2


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
