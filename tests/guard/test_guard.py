"""The guarded write, step by step, against a store that fails between the lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.documents.values import JsonValue, Tokens
from patcher.errors import (
    ApiError,
    ConflictError,
    InterruptedWriteError,
    JournalError,
    NotFoundError,
    OutcomeUnknownError,
    PatchError,
    StaleReadError,
    VerificationError,
)
from patcher.guard.guard import ATTEMPTS, Guard, fresh_key
from patcher.guard.store import Ambiguous, Answer, Answered, Job, NotSent, Refused, Throttled
from patcher.journal import Journal
from patcher.plan import Origin
from patcher.resources.model import MODEL
from patcher.resources.projection import Member, Rebuilt
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, FakeClock, MemoryStore, guard_of, plan_of, response
from tests.plan.planning import make_plan

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
    told: list[str] = []
    guard = replace(guard_of(store, tmp_path, clock), notify=told.append)

    if is_for_good:
        with pytest.raises(StaleReadError, match="older state of model 'Earlier'") as caught:
            guard.write(plan)
        assert (store.bodies, ending(guard.journal)) == ([], "not-written")
        assert "from the current state" in str(caught.value.hint)
    else:
        assert guard.write(plan).status == "applied"
        assert (store.reads, clock.waits) == (4, [0.1, 0.2, 0.4])
    assert told == ["The API shows an older state than before; reading again"]


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
    """1 that became true in between is someone's change, although Python calls them equal."""
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
    """412 says that someone else was there first: exit code 4, nothing written."""

    def overtake(store: MemoryStore, body: dict[str, Any]) -> Answer:
        document, _ = MODEL.document(store.snapshot())
        store.write({**document, "identifier": "email"}, by="Bo")
        return Refused(412, "it moved")

    store = MemoryStore(on_replace=overtake)

    with pytest.raises(ConflictError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 4
    assert caught.value.message.startswith(
        "The precondition of the write failed: it moved (412). model 'Customers' was changed"
    )


def test_a_failed_precondition_after_the_write_is_found_out(tmp_path: Path) -> None:
    """412 for a write that a proxy sent twice: it is there, so it was not someone else's."""

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

    with pytest.raises(ConflictError, match="Nothing was written") as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert "from the current state" in str(caught.value.hint)


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
def test_someone_else_between_two_attempts_is_a_conflict(tmp_path: Path, answer: Answer) -> None:
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
    ("answer", "words", "hint"),
    [
        (NotSent("no route."), r"could not be sent \(3 attempts\): no route\. Nothing", None),
        (NotSent("no route", "Check it."), "could not be sent", "Check it."),
        (Throttled("busy"), r"for now \(3 attempts\): busy \(429\)\. Nothing", "Try again later."),
    ],
)
def test_three_attempts_are_all(
    tmp_path: Path, answer: Answer, words: str, hint: str | None
) -> None:
    """After three attempts that were not processed it gives up: exit code 3, nothing written."""
    store = MemoryStore(on_replace=lambda store, body: answer)

    with pytest.raises(ApiError, match=words) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert len(store.bodies) == ATTEMPTS
    assert "Nothing was written" in caught.value.message
    assert caught.value.hint == hint


def test_a_long_retry_after_is_not_waited_for(tmp_path: Path) -> None:
    """An hour's Retry-After ends the attempt and is passed on."""
    store = MemoryStore(on_replace=lambda store, body: Throttled("busy", 3600.0))
    clock = FakeClock()

    with pytest.raises(ApiError) as caught:
        guard_of(store, tmp_path, clock).write(plan_of(store, RENAME))

    assert clock.waits == []
    assert "3600" in (caught.value.hint or "")


def test_someone_who_writes_during_the_pause_is_not_overwritten(tmp_path: Path) -> None:
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
    """Two steps for one write: someone wrote in between, exit code 5 with who it was."""

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


class Noted:
    """A member of a resource that notes when it is worked out."""

    def __init__(self, member: Member, events: list[str]) -> None:
        self.member, self.events = member, events
        self.source, self.makes, self.ways = member.source, member.makes, member.ways

    def project(self, items: list[JsonValue], draft: Rebuilt) -> None:
        self.events.append("work")
        self.member.project(items, draft)

    def passed_over(self, items: list[JsonValue]) -> Iterator[tuple[Tokens, JsonValue]]:
        return self.member.passed_over(items)


def test_the_same_text_again_goes_straight_to_the_write(tmp_path: Path) -> None:
    """What the first reading's text means was found out before the second one."""
    events: list[str] = []

    def read(store: MemoryStore) -> None:
        events.append("read")

    def write(store: MemoryStore, body: dict[str, Any]) -> Answer | None:
        events.append("write")
        return None

    members = tuple(Noted(one, events) for one in MODEL.members)
    store = MemoryStore(has_texts=True, on_read=read, on_replace=write)
    plan = make_plan(MODEL._replace(members=members), store.snapshot(), Patch.of(RENAME))
    guard_of(store, tmp_path).write(plan)

    assert "work" in events[: events.index("read")]
    assert events[events.index("read") : events.index("write")] == ["read"]


@pytest.mark.parametrize("theirs", [{"name": "Buyers"}, {"version": 8}, {"policies": []}])
def test_another_text_is_compared_in_full(tmp_path: Path, theirs: dict[str, Any]) -> None:
    """Whatever differs in it, and a version alone, is a conflict."""
    store = MemoryStore(has_texts=True)
    plan = plan_of(store, RENAME)
    store.raw.update(theirs)

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []


def test_another_spelling_of_the_same_is_no_conflict(tmp_path: Path) -> None:
    """Keys in another order are another text, and the same model."""
    store = MemoryStore(has_texts=True)
    plan = plan_of(store, RENAME)
    store.raw = dict(reversed(store.raw.items()))

    assert guard_of(store, tmp_path).write(plan).status == "applied"


def test_a_number_of_another_type_is_a_conflict(tmp_path: Path) -> None:
    """1 and 1.0 are equal to Python and neither the same text nor the same value."""
    store = MemoryStore(response(configuration={"limit": 1}), has_texts=True)
    plan = plan_of(store, RENAME)
    store.raw["configuration"]["limit"] = 1.0

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)


def test_readings_without_a_text_are_compared_in_full(tmp_path: Path) -> None:
    """No text on either side is not the same text on both."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)
    store.raw["identifier"] = "phone"

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)


class LiveStore(MemoryStore):
    """A store whose readings are its very own object."""

    def snapshot(self) -> Snapshot:
        return super().snapshot()._replace(raw=self.raw)


def test_a_store_that_gives_its_own_object_is_not_believed(tmp_path: Path) -> None:
    """Not the object counts but the text: one that was changed in place is another reading."""
    store = LiveStore(has_texts=True)
    plan = plan_of(store, RENAME)
    store.on_read = lambda store: store.raw.update(identifier="phone")

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []


PATH = f"/api/models/{ID}"
TOKEN = "s3cr3t-token"


def failed(store: MemoryStore, folder: Path, clock: FakeClock | None = None) -> PatchError:
    """The error that a rename of the store's model ends in."""
    with pytest.raises(PatchError) as caught:
        guard_of(store, folder, clock).write(plan_of(store, RENAME))
    return caught.value


def answering(answer: Answer) -> MemoryStore:
    """A store that writes nothing and answers so."""
    return MemoryStore(on_replace=lambda store, body: answer)


def leaving(answer: Answer, **members: Any) -> MemoryStore:
    """A store that writes something else, and answers so."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, **members})
        return answer

    return MemoryStore(on_replace=replace)


def job(status: str, error: str | None = None) -> Job:
    """A job that stays as it is."""
    return Job("j-1", status, error, lambda left: job(status, error))


def test_an_intent_holds_all_that_is_known_before_the_write(tmp_path: Path) -> None:
    """What is written, where, on what, with which body, under which terms."""
    store = MemoryStore()
    plan = make_plan(
        MODEL,
        Snapshot(response()),
        Patch.of(RENAME),
        unknown_fields="drop",
        origin=Origin("https://api.test", saved_plan="p1", undoes="@0123456789ab", run="run-1"),
    )

    result = guard_of(store, tmp_path).write(plan, refresh=True)

    intent = Journal(tmp_path / "journal").entry(str(result.journal_entry)).intent
    assert intent._asdict() == {
        "noun": "model",
        "id": ID,
        "name": "Customers",
        "where": "https://api.test",
        "before": response(),
        "sent": {**plan.proposed, "refresh": True},
        "keys": tuple(store.keys),
        "unknown_fields": "drop",
        "saved_plan": "p1",
        "undoes": "@0123456789ab",
        "run": "run-1",
    }


def test_an_ending_holds_what_was_seen(tmp_path: Path) -> None:
    """After a success the reading, after a failure the message, and where nothing was seen none."""
    store = MemoryStore()
    done = guard_of(store, tmp_path).write(plan_of(store, RENAME))
    journal = Journal(tmp_path / "journal")
    ending = journal.entry(str(done.journal_entry)).ending
    assert ending is not None
    assert (ending.state, ending.message, ending.observed) == ("applied", None, store.raw)

    error = failed(answering(Refused(422, "no such column")), tmp_path)
    ending = journal.entry(error.result.journal_entry).ending
    assert ending is not None
    assert (ending.state, ending.message, ending.observed) == ("not-written", error.message, None)


@pytest.mark.parametrize("refresh", [False, True])
def test_the_option_goes_with_the_body_and_not_with_the_plan(tmp_path: Path, refresh: bool) -> None:
    """``refresh`` is sent where it was asked for, and never becomes part of the document."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)

    result = guard_of(store, tmp_path).write(plan, refresh=refresh)

    assert store.bodies == [{**plan.proposed, "refresh": True} if refresh else plan.proposed]
    assert "refresh" not in plan.proposed
    assert (result.plan, result.resource) == (plan, MODEL)


def test_the_result_of_an_error_holds_the_plan_and_the_entry(tmp_path: Path) -> None:
    """Whoever catches the error can show what was to be done, and find the record."""
    store = leaving(Ambiguous("broken"), name="Neither")
    plan = plan_of(store, RENAME)
    with pytest.raises(OutcomeUnknownError) as caught:
        guard_of(store, tmp_path).write(plan)

    result = caught.value.result
    (entry,) = Journal(tmp_path / "journal").names()
    assert (result.plan, result.journal_entry, result.error) == (plan, entry, caught.value)
    assert (result.status, result.resource) == ("unknown", MODEL)
    assert entry in str(caught.value.hint)
    assert caught.value.job_id is None


def test_notices_of_the_comparison_are_on_the_error_as_well(tmp_path: Path) -> None:
    """What the server did besides is not lost because something else went wrong."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, "name": "x"})
        store.raw["fields"].reverse()
        return Answered(Snapshot(store.raw))

    error = failed(MemoryStore(on_replace=replace), tmp_path)

    assert [notice.code for notice in error.result.notices] == ["order-not-kept"]


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (NotSent("no route"), None, "no route"),
        (Throttled("busy"), 429, "busy"),
        (Refused(422, "no such column", "bad"), 422, "no such column"),
        (Ambiguous("failed (500)", 500, declined=True, hint="Ask."), 500, "failed (500)"),
        (job("failed", "no such table"), None, "no such table"),
    ],
)
def test_a_refusal_names_the_request(
    tmp_path: Path, answer: Answer, status: int | None, said: str
) -> None:
    """Method, path and status are facts of the error, and what the API said is in it."""
    error = failed(answering(answer), tmp_path)

    assert isinstance(error, ApiError)
    assert (error.method, error.path, error.status) == ("PUT", PATH, status)
    assert said in error.message
    assert "Nothing was written" in error.message
    assert error.exit_code == 3


def test_the_way_on_from_a_refusal(tmp_path: Path) -> None:
    """A hint of the answer is passed on, a wait is told, and else it is said what to mend."""
    declined = Ambiguous("failed", 500, declined=True, hint="Ask them.")
    assert failed(answering(declined), tmp_path).hint == "Ask them."
    assert "12 seconds" in str(failed(answering(Throttled("busy", 12.0)), tmp_path).hint)
    assert "later" in str(failed(answering(Throttled("busy")), tmp_path).hint)
    assert "Fix" in str(failed(answering(Refused(422, "no", "key")), tmp_path).hint)


def test_a_failed_precondition_tells_what_was_expected(tmp_path: Path) -> None:
    """The version that was read and the document that was compared, and how to go on."""
    store = answering(Refused(412, "it moved"))
    plan = plan_of(store, RENAME)
    with pytest.raises(ConflictError) as caught:
        guard_of(store, tmp_path).write(plan)

    assert caught.value.expected == 7
    assert caught.value.base == plan.document
    assert "it moved" in caught.value.message


def test_a_wait_of_a_minute_is_waited_for_and_a_longer_one_is_not(tmp_path: Path) -> None:
    """The longest Retry-After that anybody has patience for."""
    for seconds, waits in ((60.0, [60.0, 60.0]), (60.5, [])):
        clock = FakeClock()
        failed(answering(Throttled("busy", seconds)), tmp_path, clock)
        assert clock.waits == waits


def test_the_pauses_between_attempts_double(tmp_path: Path) -> None:
    """Half a second, then a whole one; how many attempts there were is told."""
    clock = FakeClock()

    error = failed(answering(NotSent("no route")), tmp_path, clock)

    assert clock.waits == [0.5, 1.0]
    assert "3 attempts" in error.message


def test_signals_are_held_in_the_name_of_the_entry(tmp_path: Path) -> None:
    """From just before the write to its outcome, and once for every attempt."""
    events: list[str] = []
    answers: list[Answer | None] = [NotSent("no route"), None]

    @contextmanager
    def defer(entry: str) -> Iterator[Callable[[], None]]:
        events.append(entry)
        yield lambda: events.append("released")
        events.append("end")

    store = MemoryStore(on_replace=lambda store, body: answers.pop(0))
    store.on_read = lambda store: events.append("read")
    guard = Guard(store, Journal(tmp_path / "journal"), FakeClock(), defer=defer)
    entry = guard.write(plan_of(store, RENAME)).journal_entry

    assert events == ["read", entry, "released", "end", "read", entry, "end"]


def test_a_key_has_a_hundred_and_ninety_two_bits() -> None:
    """As text that the API takes, and that nobody guesses."""
    assert len(fresh_key()) == 48


def test_every_request_is_about_the_resource_of_the_plan(tmp_path: Path) -> None:
    """The readings before and after the write as well as the write itself."""
    store = leaving(Ambiguous("broken"))
    guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert store.ids == [ID] * 3


def test_a_reading_that_fails_before_the_write_says_why_and_that_nothing_was_written(
    tmp_path: Path,
) -> None:
    """Both in one message."""

    def down(store: MemoryStore) -> None:
        raise ApiError("GET: no connection.")

    error = failed(MemoryStore(on_read=down), tmp_path)

    assert error.message == "GET: no connection. Nothing was written."


@pytest.mark.parametrize("answer", [NotSent("no route"), Throttled("a pause", 1.0, is_sent=False)])
def test_what_was_never_sent_is_not_seen_in_what_someone_else_wrote(
    tmp_path: Path, answer: Answer
) -> None:
    """The same document by another hand is a conflict: nothing of ours was stored."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, by="Bo")
        return answer

    store = MemoryStore(on_replace=replace)

    assert isinstance(failed(store, tmp_path), ConflictError)
    assert len(store.bodies) == 1


def test_an_overlap_of_more_than_five_places_is_cut(tmp_path: Path) -> None:
    """The first five are named, and that there are more."""
    members = {"identifier": "i", "tracking_columns": ["a"], "labels": ["l"], "policies": []}

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        changed = {"configuration": {"query": "x", "api_token": TOKEN, **dict.fromkeys("abc", 1)}}
        store.write({**body, **members, **changed})
        return Answered(Snapshot(store.raw))

    before = {"query": "SELECT 1", "api_token": TOKEN, **dict.fromkeys("abc", 2)}
    store = MemoryStore(
        response(configuration=before, identifier="x", tracking_columns=["b"], labels=["m"]),
        on_replace=replace,
    )
    plan = plan_of(store, RENAME)
    with pytest.raises(VerificationError) as caught:
        guard_of(store, tmp_path).write(plan)

    paths = [change.path for change in caught.value.differences]
    assert len(paths) > 5
    assert f"{', '.join(paths[:5])} and {len(paths) - 5} more" in caught.value.message
    assert paths[5] not in caught.value.message
    assert caught.value.sent == plan.proposed
    assert caught.value.stored is not None
    assert caught.value.stored["identifier"] == "i"


def test_just_five_places_are_named_without_a_word_of_more(tmp_path: Path) -> None:
    """Nothing is said to be left out that is not."""

    def replace(here: MemoryStore, body: dict[str, Any]) -> Answer:
        here.write({**body, "configuration": dict.fromkeys("abcde", 1)})
        return Answered(Snapshot(here.raw))

    store = MemoryStore(response(configuration=dict.fromkeys("abcde", 2)), on_replace=replace)
    error = failed(store, tmp_path)

    assert "/configuration/e" in error.message
    assert " more" not in error.message


@pytest.mark.parametrize(
    "answer",
    [
        Refused(422, f"no access with {TOKEN}"),
        Refused(412, f"no access with {TOKEN}"),
        Throttled(f"no access with {TOKEN}"),
        Ambiguous(f"no access with {TOKEN}", 500, declined=True),
        Ambiguous(f"no access with {TOKEN}"),
        job("failed", f"no access with {TOKEN}"),
    ],
)
def test_no_error_repeats_a_credential(tmp_path: Path, answer: Answer) -> None:
    """Whatever the API quotes of the model in its answer, in all of them."""
    error = failed(answering(answer), tmp_path)

    assert "no access with" in error.message
    assert TOKEN not in f"{error.message} {error.hint} {json.dumps(error.result.to_dict())}"


WORDS = {"errors": [{"field": "fields[2]", "near": f"x {TOKEN} y"}], "api_key": "k-1234567"}


@pytest.mark.parametrize(
    "answer",
    [
        Refused(422, "no", details=WORDS),
        Refused(412, "no", details=WORDS),
        Throttled("no", details=WORDS),
        Ambiguous("no", 500, declined=True, details=WORDS),
        Ambiguous("no", details=WORDS),
        job("failed", "no")._replace(details=WORDS),
        Job("j-1", "running", None, lambda left: job("failed", "no")._replace(details=WORDS)),
    ],
)
def test_what_the_api_says_besides_its_message_is_in_the_error(
    tmp_path: Path, answer: Answer
) -> None:
    """Of every answer, without the model's credentials and what looks like one by its key."""
    error = failed(answering(answer), tmp_path)

    expected = {"errors": [{"field": "fields[2]", "near": "x ******** y"}], "api_key": "********"}
    assert error.details == expected
    assert error.result.to_dict()["error"]["details"] == expected


def test_an_error_without_further_words_has_none(tmp_path: Path) -> None:
    """Nothing is made up where the API says no more, or nothing in it."""
    without: tuple[dict[str, Any] | None, ...] = (None, {})
    for details in without:
        error = failed(answering(Refused(422, "no", details=details)), tmp_path)
        assert error.details is None


def test_a_failed_job_that_left_something_else_tells_both_sides(tmp_path: Path) -> None:
    """What was sent, what is stored, where they differ, and the versions around it."""
    store = leaving(job("failed", "half way"), connection_id="other")
    plan = plan_of(store, RENAME)
    with pytest.raises(VerificationError) as caught:
        guard_of(store, tmp_path).write(plan)

    error = caught.value
    assert (error.version_before, error.version_after) == (7, 8)
    assert error.sent == plan.proposed
    assert error.stored == {**plan.proposed, "connection_id": "other"}
    assert [change.path for change in error.differences] == ["/connection_id"]
    assert "patch-model get" in str(error.command_hint)


@pytest.mark.parametrize("status", ["done", "failed", "running"])
def test_a_job_of_which_nothing_can_be_told_is_named(tmp_path: Path, status: str) -> None:
    """Its id is a fact of the error, so that it can be asked about."""

    def down(store: MemoryStore) -> None:
        if store.bodies:
            raise ApiError("GET: no connection.")

    store = MemoryStore(on_replace=lambda store, body: job(status), on_read=down)
    error = failed(store, tmp_path)

    assert isinstance(error, OutcomeUnknownError)
    assert error.job_id == "j-1"
    assert "j-1" in error.message


def test_the_looks_at_an_unclear_write_become_rarer(tmp_path: Path) -> None:
    """A tenth of a second first, then twice as long each time, and never more than two."""
    clock = FakeClock()

    failed(answering(Ambiguous("broken")), tmp_path, clock)

    assert clock.waits[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0])
    assert set(clock.waits[5:-1]) == {2.0}
    assert sum(clock.waits) == pytest.approx(30.0)


def test_a_failure_that_cannot_be_recorded_is_told_as_well(tmp_path: Path) -> None:
    """The error is the write's; that the journal is gone comes with it."""
    folder = tmp_path / "journal"

    def break_journal(store: MemoryStore, body: dict[str, Any]) -> Answer:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        return Refused(422, "no such column")

    error = failed(MemoryStore(on_replace=break_journal), tmp_path)

    assert "no such column" in error.message
    assert [notice.code for notice in error.result.notices] == ["ending-not-recorded"]
    assert "could not be recorded" in error.result.notices[0].message


def noticed(folder: Path, store: MemoryStore, *, refresh: bool = False) -> list[tuple[str, ...]]:
    """The notices of a rename that is applied."""
    result = guard_of(store, folder).write(plan_of(store, RENAME), refresh=refresh)
    return [tuple(notice) for notice in result.notices]


def moving(step: int, **members: Any) -> MemoryStore:
    """A store whose version moves so far with a write."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, step=step)
        store.raw.update(members)
        return Answered(Snapshot(store.raw))

    return MemoryStore(on_replace=replace)


def test_a_version_that_tells_nothing_is_said_to(tmp_path: Path) -> None:
    """Whether it did not move, or is missing before the write, after it, or both."""
    gone = moving(0, version=None, updated_at="2026-02-02T00:00:00Z")
    come = moving(0, version=8)
    del come.raw["version"]
    odd = moving(0, version="eight", updated_at="2026-02-03T00:00:00Z")
    for store, why in (
        (moving(0), "did not move"),
        (gone, "no version"),
        (come, "no version"),
        (odd, "not an integer"),
    ):
        ((code, path, message),) = noticed(tmp_path, store)
        assert (code, path) == ("overlap-undetectable", "")
        assert why in message


def test_what_a_refresh_may_have_done_is_said(tmp_path: Path) -> None:
    """With both versions; it is about the whole of the model."""
    ((code, path, message),) = noticed(tmp_path, moving(2), refresh=True)

    assert (code, path) == ("version-moved-further", "")
    assert "from 7 to 9" in message
    assert "refresh" in message


def test_an_ending_that_is_not_recorded_is_about_no_place(tmp_path: Path) -> None:
    """And tells why it could not be."""
    folder = tmp_path / "journal"

    def break_journal(store: MemoryStore, body: dict[str, Any]) -> None:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    ((code, path, message),) = noticed(tmp_path, MemoryStore(on_replace=break_journal))

    assert (code, path) == ("ending-not-recorded", "")
    assert "could not be recorded" in message
    assert "cannot be written" in message


@pytest.mark.parametrize("unknown_fields", ["carry", "drop"])
def test_a_reading_of_the_same_text_is_judged_under_the_plans_own_terms(
    tmp_path: Path, unknown_fields: Any
) -> None:
    """What is unknown goes as it was planned, and stops nothing a second time."""
    store = MemoryStore(response(retention=30), has_texts=True)
    base = store.read(ID)
    plan = make_plan(MODEL, base, Patch.of(RENAME), unknown_fields=unknown_fields)

    guard_of(store, tmp_path).write(plan)

    assert ("retention" in store.bodies[0]) == (unknown_fields == "carry")


def test_an_unclear_reason_is_one_sentence_with_what_was_found(tmp_path: Path) -> None:
    """A full stop at its end does not come twice, and one within it stays."""
    error = failed(answering(Ambiguous("a proxy (v. 1) broke.")), tmp_path)

    assert ": a proxy (v. 1) broke; not visible yet" in error.message


def test_a_state_of_which_nothing_is_known_is_told_without_brackets(tmp_path: Path) -> None:
    """Where neither version nor author nor time tells anything, nothing is made up."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.raw["name"] = "Neither"
        for key in ("updated_at", "updated_by"):
            store.raw.pop(key, None)
        return Ambiguous("broken")

    raw = response()
    for key in ("updated_at", "updated_by"):
        del raw[key]
    error = failed(MemoryStore(raw, on_replace=replace), tmp_path)

    assert "it has changed, and differs" in error.message


def test_a_job_is_asked_about_ever_more_rarely(tmp_path: Path) -> None:
    """As an unclear write is looked at."""
    clock = FakeClock()

    failed(answering(job("running")), tmp_path, clock)

    assert clock.waits[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0])


def test_a_job_that_failed_although_it_wrote_is_a_notice_of_no_place(tmp_path: Path) -> None:
    """Which job it is, why it failed, and that it is stored all the same."""
    ((code, path, message),) = noticed(tmp_path, leaving(job("failed", "half way")))

    assert (code, path) == ("job-failed-but-written", "")
    assert "j-1 failed (half way)" in message


def test_why_a_job_cannot_be_followed_is_part_of_one_sentence(tmp_path: Path) -> None:
    """Its own full stop does not come before ours, and what stands before it stays."""

    def poll(left: object) -> Job:
        raise ApiError("...no connection.")

    error = failed(answering(Job("j-1", "running", None, poll)), tmp_path)

    assert "j-1 cannot be followed: ...no connection" in error.message
    assert ".." not in error.message.split("...no connection")[1]
