"""The guarded write, step by step, against a store that fails between the lines."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.errors import (
    ApiError,
    ConflictError,
    InterruptedWriteError,
    JournalError,
    NotFoundError,
    OutcomeUnknownError,
    StaleReadError,
    VerificationError,
)
from patcher.guard import Ambiguous, Answer, Answered, Guard, NotSent, Refused, Throttled
from patcher.guard.guard import ATTEMPTS, fresh_key
from patcher.journal import Journal
from patcher.plan import make_plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, FakeClock, MemoryStore, guard_of, plan_of, response

RENAME = {"name": "Clients"}


def ending(journal: Journal) -> str:
    """The state in the journal's only entry; "open" when it has no ending."""
    (name,) = journal.names()
    entry = journal.entry(name)
    return entry.ending.state if entry.ending else "open"


def test_a_write_carries_everything_and_is_verified(tmp_path: Path) -> None:
    """The body is the whole document with one thing changed; one read, one write."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)

    result = guard_of(store, tmp_path).write(plan)

    assert (result.status, result.exit_code) == ("applied", 0)
    assert (result.version_before, result.version_after) == (7, 8)
    assert store.bodies == [{**plan.document, "name": "Clients"}]
    assert (store.reads, len(store.keys)) == (1, 1)
    assert result.document == plan.proposed
    assert ending(guard_of(store, tmp_path).journal) == "applied"


def test_an_unchanged_plan_touches_nothing(tmp_path: Path) -> None:
    """No change, no write: not even a read, nor a journal entry."""
    store = MemoryStore()

    result = guard_of(store, tmp_path).write(plan_of(store, {"name": "Customers"}))

    assert result.status == "unchanged"
    assert (store.reads, store.bodies) == (0, [])
    assert guard_of(store, tmp_path).journal.names() == ()


def test_the_intent_is_on_disk_before_the_second_read_and_the_write(tmp_path: Path) -> None:
    """When the write begins, the journal already holds what was there and what is sent."""
    seen: list[Any] = []
    guard = guard_of(MemoryStore(), tmp_path)

    def look(store: MemoryStore, *rest: Any) -> None:
        (name,) = guard.journal.names()
        seen.append(guard.journal.entry(name))

    store = MemoryStore(on_read=look, on_replace=look)
    plan = plan_of(store, RENAME)
    Guard(store, guard.journal, FakeClock()).write(plan)

    assert len(seen) == 2
    assert seen[0].intent.before == response()
    assert seen[1].intent.sent == store.bodies[0]
    assert seen[1].intent.keys == (store.keys[0],)
    assert seen[1].ending is None


def test_without_a_journal_nothing_is_sent(tmp_path: Path) -> None:
    """A journal that cannot be written stops everything, with exit code 3."""
    (tmp_path / "journal").write_text("a file where the folder should be")
    store = MemoryStore()

    with pytest.raises(JournalError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 3
    assert (store.reads, store.bodies) == (0, [])


@pytest.mark.parametrize(
    "theirs",
    [
        {"version": 8},
        {"name": "Theirs"},
        {"policies": []},
        {"configuration": {"query": "SELECT 2"}},
    ],
    ids=["version", "name", "policies", "configuration"],
)
def test_a_change_in_between_is_a_conflict(tmp_path: Path, theirs: dict[str, Any]) -> None:
    """The second read finds another version or other content: nothing is sent, exit code 4."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)
    store.raw |= theirs

    with pytest.raises(ConflictError) as caught:
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []
    assert (caught.value.exit_code, caught.value.expected) == (4, 7)
    assert caught.value.base == plan.document
    assert "Bo" in caught.value.message
    assert caught.value.result.status == "conflict"
    assert ending(guard_of(store, tmp_path).journal) == "not-written"


@pytest.mark.parametrize("is_for_good", [False, True])
def test_an_older_state_before_the_write_is_stale_and_no_conflict(
    tmp_path: Path, is_for_good: bool
) -> None:
    """It is read again; what stays older than the plan is refused, and nothing is sent."""
    store, clock = MemoryStore(), FakeClock()
    plan, now = plan_of(store, RENAME), store.raw
    past = {**now, "version": now["version"] - 1, "name": "Earlier"}

    def lag(store: MemoryStore) -> None:
        store.raw = past if is_for_good or store.reads < 4 else now

    store.on_read = lag
    guard = guard_of(store, tmp_path, clock)

    if is_for_good:
        with pytest.raises(StaleReadError, match="older state"):
            guard.write(plan)
        assert (store.bodies, ending(guard.journal)) == ([], "not-written")
    else:
        assert guard.write(plan).status == "applied"
        assert (store.reads, clock.waits) == (4, [0.1, 0.2, 0.4])


def test_what_was_seen_after_a_write_is_accepted(tmp_path: Path) -> None:
    """Stored as sent or not, it is what no later reading may be older than."""
    seen: list[Snapshot] = []
    store = MemoryStore()
    guard = replace(guard_of(store, tmp_path), accept=seen.append)

    guard.write(plan_of(store, RENAME))

    def otherwise(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, "name": "Other"})
        return Answered(store.snapshot())

    store.on_replace = otherwise
    with pytest.raises(VerificationError):
        guard.write(plan_of(store, {"name": "Again"}))

    assert [one.version for one in seen] == [8, 9]


def test_a_value_of_another_type_is_a_conflict(tmp_path: Path) -> None:
    """1 that became true in between is somebody's change, although Python calls them equal."""
    store = MemoryStore(response(configuration={"flag": 1}))
    plan = plan_of(store, RENAME)
    store.raw["configuration"]["flag"] = True

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []


def test_only_a_new_time_is_no_conflict(tmp_path: Path) -> None:
    """updated_at may move by itself; version and content are what counts."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)
    store.raw["updated_at"] = "2026-01-02T00:00:01Z"

    assert guard_of(store, tmp_path).write(plan).status == "applied"


def test_an_unknown_key_in_the_second_read_stops(tmp_path: Path) -> None:
    """The API may grow between two requests; the model is not as the plan found it."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)
    store.raw["retention"] = 30

    with pytest.raises(ConflictError, match="/retention"):
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []


def test_the_strong_etag_of_the_second_read_goes_with_the_write(tmp_path: Path) -> None:
    """Where the API sends an ETag, If-Match closes the last gap."""
    store = MemoryStore(etag='"v7"')

    guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert store.if_match == ['"v7"']


def test_a_failed_precondition_is_a_conflict(tmp_path: Path) -> None:
    """412 says that somebody else was there first: exit code 4, nothing written."""
    store = MemoryStore(on_replace=lambda store, body: Refused(412, "precondition failed"))

    with pytest.raises(ConflictError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 4


def test_a_failed_precondition_after_the_write_is_found_out(tmp_path: Path) -> None:
    """412 for a write that a proxy sent twice: it is there, so it was not somebody else's."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        return Refused(412, "precondition failed")

    store = MemoryStore(on_replace=replace)

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"
    assert len(store.bodies) == 1


def test_a_failed_precondition_that_cannot_be_looked_into_is_a_conflict(tmp_path: Path) -> None:
    """412, and then nothing can be read: exit code 4, as the answer alone says."""

    def read(store: MemoryStore) -> None:
        if store.bodies:
            raise ApiError("unreachable")

    store = MemoryStore(on_read=read, on_replace=lambda store, body: Refused(412, "failed"))

    with pytest.raises(ConflictError, match="Nothing was written"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_throttled_write_that_was_processed_is_not_made_again(tmp_path: Path) -> None:
    """429 after the write: the reading before the next attempt shows it, and there is none."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        return Throttled("slow down", 5.0)

    store = MemoryStore(on_replace=replace)

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert (result.status, result.version_before, result.version_after) == ("applied", 7, 8)
    assert len(store.bodies) == 1


@pytest.mark.parametrize("answer", [NotSent("refused"), Throttled("slow down", 5.0)])
def test_somebody_else_between_two_attempts_is_a_conflict(tmp_path: Path, answer: Answer) -> None:
    """Another's write while an attempt waits for the next: exit code 4, and no second PUT."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, "name": "Theirs"})
        return answer

    store = MemoryStore(on_replace=replace)

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert len(store.bodies) == 1


def test_a_model_that_goes_before_the_second_attempt_is_not_written(tmp_path: Path) -> None:
    """What cannot be read again is not written, and the error says that it was not."""

    def read(store: MemoryStore) -> None:
        if store.bodies:
            raise NotFoundError("gone", status=404)

    store = MemoryStore(on_read=read, on_replace=lambda store, body: NotSent("refused"))

    with pytest.raises(NotFoundError, match="Nothing was written"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_refusal_is_final(tmp_path: Path) -> None:
    """A 4xx in the API's form means that nothing was written: exit code 3 with its message."""
    store = MemoryStore(on_replace=lambda store, body: Refused(422, "no such column", "invalid"))

    with pytest.raises(ApiError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert "no such column" in caught.value.message
    assert (caught.value.status, caught.value.key) == (422, "invalid")
    assert len(store.bodies) == 1
    assert caught.value.result.status == "failed"


def test_a_write_that_was_not_sent_is_tried_again_after_a_fresh_read(tmp_path: Path) -> None:
    """Provably unsent: read again, then once more under a new key."""
    answers: list[Answer | None] = [NotSent("refused"), Throttled("slow down", 5.0), None]
    store = MemoryStore(on_replace=lambda store, body: answers.pop(0))
    clock = FakeClock()
    guard = guard_of(store, tmp_path, clock)

    result = guard.write(plan_of(store, RENAME))

    assert result.status == "applied"
    assert store.reads == 3
    assert len(set(store.keys)) == 3
    assert clock.waits == [0.5, 5.0]
    (name,) = guard.journal.names()
    assert guard.journal.entry(name).intent.keys == tuple(store.keys)


@pytest.mark.parametrize(
    ("answer", "words"), [(NotSent("no route."), "could not be sent"), (Throttled("busy"), "429")]
)
def test_three_attempts_are_all(tmp_path: Path, answer: Answer, words: str) -> None:
    """After three attempts that were not processed it gives up: exit code 3, nothing written."""
    store = MemoryStore(on_replace=lambda store, body: answer)

    with pytest.raises(ApiError, match=words) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert len(store.bodies) == ATTEMPTS
    assert "Nothing was written" in caught.value.message


def test_a_long_retry_after_is_not_waited_for(tmp_path: Path) -> None:
    """An hour's Retry-After ends the attempt and is passed on."""
    store = MemoryStore(on_replace=lambda store, body: Throttled("busy", 3600.0))
    clock = FakeClock()

    with pytest.raises(ApiError) as caught:
        guard_of(store, tmp_path, clock).write(plan_of(store, RENAME))

    assert clock.waits == []
    assert "3600" in (caught.value.hint or "")


def test_somebody_who_writes_during_the_pause_is_not_overwritten(tmp_path: Path) -> None:
    """No write follows a wait without a read in between."""

    def busy(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.raw |= {"name": "Theirs", "version": 8}
        return Throttled("busy", 1.0)

    store = MemoryStore(on_replace=busy)

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert len(store.bodies) == 1


def test_what_is_stored_otherwise_than_sent_is_reported(tmp_path: Path) -> None:
    """The answer is compared with what was sent: a dropped policy is exit code 5, and named."""

    def forgetful(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, "policies": ["0a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a222"]})
        return Answered(Snapshot(store.raw))

    store = MemoryStore(on_replace=forgetful)

    with pytest.raises(VerificationError, match="/policies") as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 5
    assert (caught.value.version_before, caught.value.version_after) == (7, 8)
    assert caught.value.result.status == "unverified"
    journal = guard_of(store, tmp_path).journal
    (name,) = journal.names()
    assert ending(journal) == "unverified"
    assert journal.entry(name).ending.observed == store.raw  # type: ignore[union-attr]


def test_a_version_that_moved_too_far_is_an_overlap(tmp_path: Path) -> None:
    """Two steps for one write: somebody wrote in between, exit code 5 with who it was."""

    def overlapping(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, step=2)
        return Answered(Snapshot(store.raw))

    store = MemoryStore(on_replace=overlapping)

    with pytest.raises(VerificationError, match="someone else wrote") as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.version_after == 9


def test_with_refresh_a_further_version_is_a_warning(tmp_path: Path) -> None:
    """A refresh may write too, so that the version proves nothing; it is said, and sent."""

    def refreshing(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, step=2)
        return Answered(Snapshot(store.raw))

    store = MemoryStore(on_replace=refreshing)

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME), refresh=True)

    assert [notice.code for notice in result.notices] == ["version-moved-further"]
    assert store.bodies[0]["refresh"] is True


def test_a_known_step_of_the_version_is_respected(tmp_path: Path) -> None:
    """Where one write moves the version by two, two is no overlap."""

    def two_steps(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, step=2)
        return Answered(Snapshot(store.raw))

    store = MemoryStore(on_replace=two_steps)
    guard = Guard(store, Journal(tmp_path / "journal"), FakeClock(), version_step=2)

    assert guard.write(plan_of(store, RENAME)).status == "applied"


@pytest.mark.parametrize("missing", [False, True], ids=["same", "none"])
def test_a_version_that_does_not_move_is_a_warning(tmp_path: Path, missing: bool) -> None:
    """Without a moving version an overlap cannot be seen; the content was compared all the same."""
    raw = response()
    if missing:
        del raw["version"]

    def still(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, step=0)
        return Answered(Snapshot(store.raw))

    store = MemoryStore(raw, on_replace=still)

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert result.status == "applied"
    assert [notice.code for notice in result.notices] == ["overlap-undetectable"]


def test_an_answer_about_another_resource_proves_nothing(tmp_path: Path) -> None:
    """A success with another id is looked into by reading, and settled by what is stored."""

    def confused(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        return Answered(Snapshot({**store.raw, "id": "11111111-aa70-47b8-a036-33ac447e668d"}))

    store = MemoryStore(on_replace=confused)

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"
    assert store.reads == 2


def test_a_replayed_answer_proves_nothing(tmp_path: Path) -> None:
    """A success that shows the state before the write is not believed: exit code 6."""
    store = MemoryStore()
    store.on_replace = lambda store, body: Answered(Snapshot(response(name="Clients")))

    with pytest.raises(OutcomeUnknownError, match="not visible yet"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert len(store.bodies) == 1


def test_an_ending_that_cannot_be_recorded_is_a_warning(tmp_path: Path) -> None:
    """Once it is written, it is written: the result stands and the missing record is named."""
    folder = tmp_path / "journal"

    def break_journal(store: MemoryStore, body: dict[str, Any]) -> None:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    store = MemoryStore(on_replace=break_journal)

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert result.status == "applied"
    assert [notice.code for notice in result.notices] == ["ending-not-recorded"]


def test_a_signal_counts_again_once_nothing_was_processed(tmp_path: Path) -> None:
    """Interrupted between two attempts: nothing is sent again, exit code 130."""

    def interrupted() -> None:
        raise InterruptedWriteError("Interrupted. Nothing was written.")

    store = MemoryStore(on_replace=lambda store, body: NotSent("refused"))
    guard = replace(guard_of(store, tmp_path), defer=lambda entry: nullcontext(interrupted))

    with pytest.raises(InterruptedWriteError) as caught:
        guard.write(plan_of(store, RENAME))

    assert (caught.value.exit_code, len(store.bodies)) == (130, 1)


def test_a_resource_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    """Deleted between plan and write: exit code 3, nothing written."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)

    def gone(store: MemoryStore) -> None:
        raise NotFoundError("GET: no such model (404).", status=404)

    store.on_read = gone

    with pytest.raises(NotFoundError) as caught:
        guard_of(store, tmp_path).write(plan)

    assert (caught.value.exit_code, store.bodies) == (3, [])


def test_an_ambiguous_answer_never_leads_to_a_second_write(tmp_path: Path) -> None:
    """Whatever is unclear is settled by reading alone."""
    store = MemoryStore(on_replace=lambda store, body: Ambiguous("reset"))

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert len(store.bodies) == 1


def test_keys_are_random_and_fit_the_api() -> None:
    """Idempotency keys are never the same and have the form that the API asks for."""
    keys = {fresh_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{8,255}", key) for key in keys)


def test_carried_unknown_members_are_compared_too(tmp_path: Path) -> None:
    """Under carry an unknown member is part of the body, and of the comparison after it."""
    store = MemoryStore(response(retention={"days": 30}))
    plan = make_plan(MODEL, Snapshot(dict(store.raw)), Patch.of(RENAME), unknown_fields="carry")

    result = guard_of(store, tmp_path).write(plan)

    assert result.status == "applied"
    assert store.bodies[0]["retention"] == {"days": 30}


def test_an_answer_with_a_label_that_was_not_sent_is_not_as_sent(tmp_path: Path) -> None:
    """Written, but the answer has a label without an id: exit code 5, naming it."""

    def growing(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        return Answered(Snapshot({**store.raw, "labels": [{}]}))

    store = MemoryStore(response(labels=[ID]), on_replace=growing)

    with pytest.raises(VerificationError, match="/labels"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_fault_of_ours_after_the_write_began_is_an_unknown_outcome(tmp_path: Path) -> None:
    """Whatever breaks in the program itself, a write that may have happened is not denied."""

    def breaking(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        raise UnicodeError("a fault")

    store = MemoryStore(on_replace=breaking)

    with pytest.raises(OutcomeUnknownError, match="UnicodeError") as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.journal_entry in guard_of(store, tmp_path).journal.names()
    assert ending(guard_of(store, tmp_path).journal) == "unknown"


def test_differences_are_on_the_error_and_masked(tmp_path: Path) -> None:
    """Exit code 5 shows sent against stored, credentials excepted."""

    def forgetful(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, "configuration": {"query": "SELECT 2", "api_token": "other-token"}})
        return Answered(Snapshot(store.raw))

    store = MemoryStore(on_replace=forgetful)

    with pytest.raises(VerificationError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    shown = caught.value.result.to_dict()["error"]["differences"]
    assert {one["path"]: one["new"] for one in shown} == {
        "/configuration/query": "SELECT 2",
        "/configuration/api_token": "******** (after)",
    }


def test_a_credential_that_the_api_repeats_is_not_passed_on(tmp_path: Path) -> None:
    """A message of the API's is shown without the credentials of the document."""
    refusal = Refused(422, "no access with s3cr3t-token, it says")
    store = MemoryStore(on_replace=lambda store, body: refusal)

    with pytest.raises(ApiError, match="no access with") as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert "s3cr3t-token" not in caught.value.message
