"""What became of a write that was not plainly answered: settled by reading, never by resending."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from patcher.documents.masks import MASK
from patcher.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    VerificationError,
)
from patcher.guard.guard import Guard
from patcher.guard.outcome import PATIENCE
from patcher.guard.store import Ambiguous, Answer, Answered, Job, Refused, Throttled
from patcher.journal import Journal
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, FakeClock, MemoryStore, guard_of, plan_of, response

RENAME = {"name": "Clients"}
LOST = Ambiguous("the connection broke")
DECLINED = Ambiguous("internal error (500)", 500, declined=True)


def job(status: str, *later: str | Exception, error: str | None = None) -> Job:
    """A job in ``status`` that goes through ``later`` as it is polled."""
    steps = list(later)

    def poll(left: object) -> Job:
        if not steps:
            return job(status, error=error)
        step = steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return job(step, *steps, error=error)

    return Job("j-1", status, error, poll)


Replace: TypeAlias = Callable[[MemoryStore, dict[str, Any]], Answer]


def written(answer: Answer) -> Callable[[MemoryStore, dict[str, Any]], Answer]:
    """A write that takes effect and is then answered so."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        return answer

    return replace


def unwritten(answer: Answer) -> Callable[[MemoryStore, dict[str, Any]], Answer]:
    """A write that takes no effect and is answered so."""
    return lambda store, body: answer


def mangled(answer: Answer) -> Callable[[MemoryStore, dict[str, Any]], Answer]:
    """A write that leaves something else behind."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({**body, "name": "Neither"})
        return answer

    return replace


def test_a_lost_answer_is_found_to_be_written(tmp_path: Path) -> None:
    """As sent: applied, after one more read and no second write."""
    store = MemoryStore(on_replace=written(LOST))

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert (result.status, result.version_after) == ("applied", 8)
    assert (store.reads, len(store.bodies)) == (2, 1)


def test_a_lost_answer_is_read_as_leniently_as_one_that_came(tmp_path: Path) -> None:
    """What shows and is stored, though with none spelled otherwise, is written: applied."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write({key: value for key, value in body.items() if value != []})
        return LOST

    store = MemoryStore(on_replace=replace)

    result = guard_of(store, tmp_path).write(plan_of(store, {"name": "Clients", "labels": []}))

    assert (result.status, store.reads) == ("applied", 2)


def test_only_who_has_to_wait_is_told_what_for(tmp_path: Path) -> None:
    """Once, and with how long at most; where the first look tells, there is nothing to tell."""
    told: list[str] = []
    for answer in (written(LOST), unwritten(LOST)):
        store = MemoryStore(on_replace=answer)
        guard = replace(guard_of(store, tmp_path), notify=told.append)
        with contextlib.suppress(OutcomeUnknownError):
            guard.write(plan_of(store, RENAME))

    (said,) = told
    assert "up to 30 s" in said


def test_a_lost_answer_with_someone_else_in_between_is_an_overlap(tmp_path: Path) -> None:
    """As sent, but the version moved further than one write explains: exit code 5."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, step=2)
        return LOST

    store = MemoryStore(on_replace=replace)

    with pytest.raises(VerificationError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_lost_request_is_watched_and_then_unknown(tmp_path: Path) -> None:
    """Still as before when the time is up: exit code 6, since it may still land."""
    store = MemoryStore(on_replace=unwritten(LOST))
    clock = FakeClock()

    with pytest.raises(OutcomeUnknownError, match="may still be applied") as caught:
        guard_of(store, tmp_path, clock).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 6
    assert clock.now == pytest.approx(30.0)
    assert store.reads > 10
    (name,) = guard_of(store, tmp_path).journal.names()
    assert caught.value.journal_entry == name
    assert caught.value.result.journal_entry == name


def test_a_late_write_is_waited_for(tmp_path: Path) -> None:
    """A write that lands after the first look is found at a later one: applied."""

    def late(store: MemoryStore) -> None:
        if store.reads == 5:
            store.write(store.bodies[0])

    store = MemoryStore(on_replace=unwritten(LOST), on_read=late)

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"


def test_a_declared_failure_that_left_everything_as_it_was_is_a_refusal(tmp_path: Path) -> None:
    """500 in the API's form, and nothing moves until the time is up: exit code 3."""
    store = MemoryStore(on_replace=unwritten(DECLINED))
    clock = FakeClock()

    with pytest.raises(ApiError, match="internal error") as caught:
        guard_of(store, tmp_path, clock).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 3
    assert clock.now == pytest.approx(30.0)


def test_a_declared_failure_whose_write_lands_late_is_found_out(tmp_path: Path) -> None:
    """500, as before at the first look, and written at the third: applied, and not "refused"."""
    store = MemoryStore(on_replace=unwritten(DECLINED))

    def land(store: MemoryStore) -> None:
        if store.reads == 4:
            store.write(store.bodies[0])

    store.on_read = land

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"


def test_a_declared_failure_after_the_write_is_found_out(tmp_path: Path) -> None:
    """500 although it was written: applied, as the second look shows."""
    store = MemoryStore(on_replace=written(DECLINED))

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"


def test_a_job_that_cannot_be_followed_is_watched(tmp_path: Path) -> None:
    """Whatever keeps a job from being polled, the resource itself shows whether it has ended."""
    answer = job("running", ApiError("unreachable"))
    store = MemoryStore(on_replace=unwritten(answer))

    def land(store: MemoryStore) -> None:
        if store.reads == 4:
            store.write(store.bodies[0])

    store.on_read = land

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"


def test_a_model_that_is_deleted_after_a_lost_answer_is_named(tmp_path: Path) -> None:
    """Whether it was written before it was deleted cannot be told, but that it was deleted can."""

    def read(store: MemoryStore) -> None:
        if store.bodies:
            raise NotFoundError("gone", status=404)

    store = MemoryStore(on_read=read, on_replace=written(LOST))

    with pytest.raises(OutcomeUnknownError, match="deleted"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


@pytest.mark.parametrize("moved", ["version", "updated_at"])
def test_a_refusal_needs_version_and_time_to_be_as_before(tmp_path: Path, moved: str) -> None:
    """Content as before under another version or time is no proof: exit code 6."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.raw[moved] = {"version": 8, "updated_at": "2026-02-02T00:00:00Z"}[moved]
        return DECLINED

    store = MemoryStore(on_replace=replace)

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_something_else_stored_after_a_lost_answer_is_unknown(tmp_path: Path) -> None:
    """Neither as before nor as sent: exit code 6 with the place, and who wrote last."""
    store = MemoryStore(on_replace=mangled(LOST))

    with pytest.raises(OutcomeUnknownError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    facts = "(version 7 became 8, last written by Me at 2026-01-02T00:00:01Z)"
    assert facts in caught.value.message
    assert "/name" in caught.value.message


def test_a_label_without_an_id_after_a_lost_answer_is_unknown(tmp_path: Path) -> None:
    """What was not sent proves nothing: exit code 6, naming it."""

    def grow(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.raw["labels"] = [{}]
        return LOST

    store = MemoryStore(response(labels=[ID]), on_replace=grow)

    with pytest.raises(OutcomeUnknownError, match="/labels"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


@pytest.mark.parametrize(
    "answer", [LOST, job("failed"), job("running")], ids=["lost", "failed", "running"]
)
@pytest.mark.parametrize(
    "added",
    [
        {"organization_id": ID},
        {"tracking_columns": ["id"]},
        {"configuration": {"query": "x", "api_token": MASK}},
    ],
    ids=["filled", "added", "hidden"],
)
def test_what_the_server_adds_or_hides_proves_no_write(
    tmp_path: Path, answer: Answer, added: dict[str, Any]
) -> None:
    """It excuses an answer; where a reading alone has to prove the write, it is exit code 6."""
    change = {"name": "Clients", "configuration": {"query": "x"}}

    def add(answer: Answer | None) -> MemoryStore:
        def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
            store.write({**body, **added})
            return answer or Answered(store.snapshot())

        return MemoryStore(on_replace=replace)

    store = add(None)
    assert guard_of(store, tmp_path).write(plan_of(store, change)).status == "applied"
    lost = add(answer)
    with pytest.raises(OutcomeUnknownError) as caught:
        guard_of(lost, tmp_path).write(plan_of(lost, change))
    assert len(lost.bodies) == 1
    assert isinstance(answer, Job) or next(iter(added)) in caught.value.message


def test_an_unreadable_resource_after_a_lost_answer_is_unknown(tmp_path: Path) -> None:
    """When it cannot be read either: exit code 6, saying so."""

    def down(store: MemoryStore) -> None:
        if store.bodies:
            raise ApiError("GET: no connection.")

    store = MemoryStore(on_replace=written(LOST), on_read=down)

    with pytest.raises(OutcomeUnknownError, match="cannot be read"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_growing_response_after_a_lost_answer_is_unknown(tmp_path: Path) -> None:
    """A reading that holds something unknown proves neither: exit code 6."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        store.raw["labels"] = [{}]
        return LOST

    store = MemoryStore(on_replace=replace)

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_the_time_to_settle_can_be_chosen(tmp_path: Path) -> None:
    """A settle timeout of zero looks once and does not wait."""
    store = MemoryStore(on_replace=unwritten(LOST))
    clock = FakeClock()
    guard = Guard(store, Journal(tmp_path / "journal"), clock, settle_timeout=0)

    with pytest.raises(OutcomeUnknownError):
        guard.write(plan_of(store, RENAME))

    assert (store.reads, clock.waits) == (2, [])


def test_a_job_is_followed_to_its_end_and_its_result_read(tmp_path: Path) -> None:
    """A done job is verified against a reading of its own; each wait for it is announced."""
    store = MemoryStore(on_replace=written(job("created", "running", "done")))
    clock = FakeClock()
    told: list[str] = []
    guard = replace(guard_of(store, tmp_path, clock), notify=told.append)

    result = guard.write(plan_of(store, RENAME))

    assert result.status == "applied"
    assert (store.reads, len(clock.waits)) == (2, 2)
    assert told[0] == "Waiting for the API's job (up to 30 s)"
    assert len(told) == 2


def test_a_done_job_that_wrote_nothing_is_reported(tmp_path: Path) -> None:
    """Done, yet nothing of it is stored: exit code 5."""
    store = MemoryStore(on_replace=unwritten(job("done")))

    with pytest.raises(VerificationError, match="/name"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_done_job_whose_result_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    """Done, but unreadable: exit code 6 with the job's id."""

    def down(store: MemoryStore) -> None:
        if store.bodies:
            raise ApiError("GET: no connection.")

    store = MemoryStore(on_replace=written(job("done")), on_read=down)

    with pytest.raises(OutcomeUnknownError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.job_id == "j-1"


@pytest.mark.parametrize("status", ["done", "failed"])
def test_an_unreadable_end_of_a_job_is_unknown(tmp_path: Path, status: str) -> None:
    """Whatever the job says, without a reading the outcome is unknown."""

    def down(store: MemoryStore) -> None:
        if store.bodies:
            raise ApiError("GET: no connection.")

    store = MemoryStore(on_replace=unwritten(job(status)), on_read=down)

    with pytest.raises(OutcomeUnknownError, match="read"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


def test_a_failed_job_that_left_everything_as_it_was_is_a_refusal(tmp_path: Path) -> None:
    """Failed and as before: exit code 3 with the job's own error."""
    store = MemoryStore(on_replace=unwritten(job("running", "failed", error="no such table")))

    said = "API's job to write model 'Customers' failed: no such table. Nothing was written"
    with pytest.raises(ApiError, match=said) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.exit_code == 3


def test_a_failed_job_that_wrote_all_the_same_is_a_warning(tmp_path: Path) -> None:
    """Failed, but stored as sent: applied, with a warning."""
    store = MemoryStore(on_replace=written(job("failed")))

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert result.status == "applied"
    assert [notice.code for notice in result.notices] == ["job-failed-but-written"]


def test_a_failed_job_that_left_a_part_of_it_is_reported(tmp_path: Path) -> None:
    """Failed, in our own name, and some of what was sent is there: exit code 5."""
    store = MemoryStore(on_replace=mangled(job("failed", error="half way")))

    with pytest.raises(VerificationError, match="half way"):
        guard_of(store, tmp_path).write(plan_of(store, {"name": "Clients", "identifier": "phone"}))


@pytest.mark.parametrize("is_unknown", [False, True], ids=["ours", "whose it is is unknown"])
def test_a_failed_job_that_left_nothing_of_it_is_unknown(
    tmp_path: Path, *, is_unknown: bool
) -> None:
    """In our own name and with no trace of what was sent: not written is not said, nor written."""
    store = MemoryStore(on_replace=mangled(job("failed", error="half way")))
    store.myself = None if is_unknown else store.myself

    with pytest.raises(OutcomeUnknownError, match="half way") as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert caught.value.job_id == "j-1"


def overtaken(answer: Answer, by: str = "Bo", step: int = 1, **theirs: Any) -> Replace:
    """Someone else writes ``theirs``, and the write itself is answered so and not made."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        document, _ = MODEL.document(Snapshot(store.raw))
        store.write({**document, **theirs}, by=by, step=step)
        return answer

    return replace


@pytest.mark.parametrize("theirs", [{"identifier": "email"}, {"name": "Theirs"}])
def test_a_job_that_failed_while_someone_else_wrote_is_a_conflict(
    tmp_path: Path, theirs: dict[str, Any]
) -> None:
    """As when its precondition fails: exit code 4 with the job's reason, and not written."""
    answer = job("running", "failed", error="precondition failed")
    store = MemoryStore(on_replace=overtaken(answer, **theirs))
    guard = guard_of(store, tmp_path)

    with pytest.raises(ConflictError, match="precondition failed") as caught:
        guard.write(plan_of(store, RENAME))

    assert [change.path for change in caught.value.report.theirs] == [f"/{one}" for one in theirs]
    (name,) = guard.journal.names()
    assert guard.journal.entry(name).ending.state == "not-written"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change", [{"step": 2}, {"step": 0}, {"by": "Me"}, {"name": "Clients", "identifier": "i"}]
)
def test_a_job_that_failed_is_in_doubt_where_theirs_may_be_ours(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """More than one write, no version, our own name, or a part of what was sent: exit code 6."""
    theirs = {"identifier": "email", **change}
    store = MemoryStore(on_replace=overtaken(job("failed", error="no"), **theirs))

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


@pytest.mark.parametrize("wrote", [True, False])
def test_a_job_that_never_ends_is_settled_by_reading(tmp_path: Path, wrote: bool) -> None:
    """At the deadline: as sent is applied, anything else exit code 6 with the job's id."""
    answer = job("running")
    store = MemoryStore(on_replace=written(answer) if wrote else unwritten(answer))
    clock = FakeClock()
    guard = guard_of(store, tmp_path, clock)

    if wrote:
        assert guard.write(plan_of(store, RENAME)).status == "applied"
    else:
        with pytest.raises(OutcomeUnknownError, match="j-1 is still running") as caught:
            guard.write(plan_of(store, RENAME))
        assert caught.value.job_id == "j-1"
    assert clock.now == pytest.approx(30.0)


@pytest.mark.parametrize("wrote", [True, False])
def test_a_job_that_cannot_be_followed_is_settled_by_reading(tmp_path: Path, wrote: bool) -> None:
    """A failed poll: as sent is applied, anything else exit code 6 with the job's id."""
    answer = job("running", ApiError("GET /api/jobs: no connection."))
    store = MemoryStore(on_replace=written(answer) if wrote else unwritten(answer))
    guard = guard_of(store, tmp_path)

    if wrote:
        assert guard.write(plan_of(store, RENAME)).status == "applied"
    else:
        with pytest.raises(OutcomeUnknownError, match="cannot be followed") as caught:
            guard.write(plan_of(store, RENAME))
        assert caught.value.job_id == "j-1"


def test_a_job_followed_into_something_else_is_unknown(tmp_path: Path) -> None:
    """A job out of sight that left neither: exit code 6."""
    store = MemoryStore(on_replace=mangled(job("running", ApiError("gone"))))

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


@pytest.mark.parametrize("wrote", [True, False])
def test_a_new_order_is_believed_only_when_it_is_seen(tmp_path: Path, wrote: bool) -> None:
    """A reorder that never arrived is not taken for one that did, whatever else has moved."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        if wrote:
            store.write(body)
        else:
            store.raw["version"] = 8
        return LOST

    store = MemoryStore(on_replace=replace)
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {"fields": ["phone", "email"]})

    if wrote:
        assert guard.write(plan).status == "applied"
    else:
        with pytest.raises(OutcomeUnknownError, match="does not show"):
            guard.write(plan)


def lagging(store: MemoryStore, *looks: int) -> None:
    """After the write the looks show these of the states that there were, the last one for good.

    States are counted from the one before the write, which is 0; -1 is the one before that.
    """
    older = {**store.raw, "version": 6, "name": "Clients", "updated_at": "2026-01-01T00:00:00Z"}
    states = {-1: older, 0: store.raw}
    write, pending = store.write, list(looks)

    def noted(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        states[max(states) + 1] = store.raw

    def snapshot() -> Snapshot:
        if not store.bodies:
            return Snapshot(copy.deepcopy(store.raw))
        look = pending.pop(0) if len(pending) > 1 else pending[0]
        return Snapshot(copy.deepcopy(states[look]))

    store.write = noted  # type: ignore[method-assign]
    store.snapshot = snapshot  # type: ignore[method-assign]


def test_what_was_seen_is_not_taken_back_by_an_older_reading(tmp_path: Path) -> None:
    """A new state, and then again the one before the write: no refusal, but exit code 6."""
    store = MemoryStore(on_replace=overtaken(DECLINED, identifier="email"))
    plan = plan_of(store, RENAME)
    lagging(store, 1, 0)

    with pytest.raises(OutcomeUnknownError, match="version 7 became 8"):
        guard_of(store, tmp_path).write(plan)


def test_of_two_new_states_the_later_one_counts(tmp_path: Path) -> None:
    """By their versions, in whichever order they are read."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        document, _ = MODEL.document(Snapshot(store.raw))
        for name in ("First", "Second"):
            store.write({**document, "name": name}, by="Bo")
        return LOST

    for looks in ((1, 2), (2, 1)):
        store = MemoryStore(on_replace=replace)
        plan = plan_of(store, RENAME)
        lagging(store, *looks)

        with pytest.raises(OutcomeUnknownError, match="version 7 became 9"):
            guard_of(store, tmp_path).write(plan)


def test_without_versions_and_times_the_last_new_state_counts(tmp_path: Path) -> None:
    """Where no order is told, both being new, it is the one that was read last."""
    raw = {**response(), "version": None, "updated_at": None}
    states = [{**raw, "identifier": "email"}, {**raw, "name": "Clients"}]
    store = MemoryStore(raw, on_replace=lambda store, body: LOST)

    def read(store: MemoryStore) -> None:
        if store.bodies:
            store.raw = states.pop(0) if len(states) > 1 else states[0]

    store.on_read = read

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"


def test_without_versions_and_times_what_was_seen_stays_seen_too(tmp_path: Path) -> None:
    """Where no order is told, another content than before is the later one."""
    raw = response()
    for key in ("version", "updated_at"):
        raw[key] = None
    store = MemoryStore(raw)

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.raw = {**raw, "identifier": "email"}
        return DECLINED

    def read(store: MemoryStore) -> None:
        if store.reads == 3:
            store.raw = raw

    store.on_replace, store.on_read = replace, read

    with pytest.raises(OutcomeUnknownError, match="it has changed"):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))


@pytest.mark.parametrize("answer", [LOST, DECLINED, job("failed"), job("running")])
def test_a_reading_older_than_the_write_proves_nothing(tmp_path: Path, answer: Answer) -> None:
    """What is to be written stood there once: a replica that still shows it is no proof."""
    store = MemoryStore(on_replace=unwritten(answer))
    plan = plan_of(store, RENAME)
    lagging(store, -1)

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan)


def test_a_result_that_lags_behind_its_job_is_waited_for(tmp_path: Path) -> None:
    """A job is done, and the first looks show what was before it: applied, without a warning."""
    store = MemoryStore(on_replace=written(job("done")))
    plan = plan_of(store, RENAME)
    lagging(store, -1, 0, 0, 1)

    result = guard_of(store, tmp_path).write(plan)

    assert (result.status, result.notices) == ("applied", ())


PRECONDITION = Refused(412, "it moved")
THROTTLED = Throttled("slow down", 1.0)


def twice(answer: Answer, by: str = "Bo", step: int = 1, **theirs: Any) -> Replace:
    """A write that takes effect, is written over with ``theirs``, and is then answered so."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        if theirs:
            store.write({**body, **theirs}, by=by, step=step)
        return answer

    return replace


@pytest.mark.parametrize("answer", [PRECONDITION, THROTTLED])
@pytest.mark.parametrize("theirs", [{"identifier": "email"}, {"name": "Theirs"}, {"fields": ["x"]}])
def test_a_write_that_was_delivered_twice_and_written_over_is_unknown(
    tmp_path: Path, answer: Answer, theirs: dict[str, Any]
) -> None:
    """The first delivery acted, and the second one's answer says that it did not: exit code 6."""
    store = MemoryStore(on_replace=twice(answer, **theirs))
    guard = guard_of(store, tmp_path)

    with pytest.raises(OutcomeUnknownError, match="delivered it twice"):
        guard.write(plan_of(store, {"name": "Clients", "policies": []}))

    assert len(store.bodies) == 1
    (name,) = guard.journal.names()
    assert guard.journal.entry(name).ending.state == "unknown"  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", [PRECONDITION, THROTTLED])
@pytest.mark.parametrize(
    ("change", "theirs"),
    [
        ({"name": "Clients", "identifier": "phone"}, {"name": "Theirs", "identifier": "phone"}),
        ({"fields": ["phone", "email"]}, {"fields": ["phone", "email"], "identifier": "i"}),
        ({"name": "Clients", "fields": ["phone", "email"]}, {"fields": ["phone", "email"]}),
        ({"policies": []}, {"policies": [], "name": "Theirs"}),
        ({"configuration": {"limit": 5}}, {"configuration": {"limit": "5"}}),
        ({"labels": []}, {"name": "Theirs"}),
    ],
    ids=[
        "a part",
        "an order",
        "an order as a part",
        "a removal",
        "spelled otherwise",
        "nothing to see",
    ],
)
def test_a_part_of_what_was_sent_cannot_be_called_not_written(
    tmp_path: Path, answer: Answer, change: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """Not on a server that counts no writes either: exit code 6, and no second PUT."""
    store = MemoryStore(on_replace=overtaken(answer, step=0, **theirs))

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, change))

    assert len(store.bodies) == 1


@pytest.mark.parametrize("answer", [PRECONDITION, THROTTLED])
@pytest.mark.parametrize("theirs", [{"identifier": "email"}, {"name": "Theirs"}])
def test_one_write_with_nothing_of_ours_is_a_conflict(
    tmp_path: Path, answer: Answer, theirs: dict[str, Any]
) -> None:
    """One step of the version, and nothing of what was sent: it was theirs, exit code 4."""
    store = MemoryStore(on_replace=overtaken(answer, **theirs))

    with pytest.raises(ConflictError) as caught:
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert [change.path for change in caught.value.report.theirs] == [f"/{one}" for one in theirs]
    assert caught.value.fresh.version == 8


@pytest.mark.parametrize("seconds", [1.0, 3600.0])
def test_the_last_429_is_looked_into_as_well(tmp_path: Path, seconds: float) -> None:
    """Before it is said that nothing was written, what is there is read."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        if seconds > 60 or len(store.bodies) == 3:
            store.write(body)
        return Throttled("slow down", seconds)

    store = MemoryStore(on_replace=replace)

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).status == "applied"


def test_a_precondition_that_fails_over_nothing_names_the_cause(tmp_path: Path) -> None:
    """412, and the model stays as it was read: exit code 4, and no rebase has anything to merge."""
    store = MemoryStore(etag='"v7-gzip"', on_replace=unwritten(PRECONDITION))
    clock = FakeClock()

    with pytest.raises(ConflictError, match="unchanged") as caught:
        guard_of(store, tmp_path, clock).write(plan_of(store, RENAME))

    assert "ETag" in str(caught.value.hint)
    assert caught.value.report is None
    assert clock.now == pytest.approx(5.0)


def test_a_precondition_that_fails_over_what_lags_behind_is_waited_for(tmp_path: Path) -> None:
    """412, and only the third look shows what they wrote: a conflict with their change."""
    store = MemoryStore(on_replace=overtaken(PRECONDITION, identifier="email"))
    plan = plan_of(store, RENAME)
    lagging(store, 0, 0, 1)

    with pytest.raises(ConflictError) as caught:
        guard_of(store, tmp_path).write(plan)

    assert [change.path for change in caught.value.report.theirs] == ["/identifier"]


@pytest.mark.parametrize("answer", [LOST, job("running"), job("failed"), PRECONDITION, THROTTLED])
@pytest.mark.parametrize("by", ["Me", "Bo", "nobody known"])
def test_what_only_a_reading_proves_is_said_to_be_so(
    tmp_path: Path, answer: Answer, by: str
) -> None:
    """Equal is no proof: in our own name it is ours, in any other or none a warning."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body, by=by)
        return answer

    store = MemoryStore(on_replace=replace)
    if by == "nobody known":
        store.myself = None

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    warned = [notice for notice in result.notices if notice.code == "proved-by-reading"]
    assert (result.status, len(warned)) == ("applied", by != "Me")
    for notice in warned:
        assert notice.path == ""
        assert "No answer came" in notice.message


def test_where_no_author_is_shown_nobody_is_asked_who_we_are(tmp_path: Path) -> None:
    """A state without an author is a warning at once: our own name would prove nothing."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answer:
        store.write(body)
        del store.raw["updated_by"]
        return LOST

    store = MemoryStore(on_replace=replace)

    result = guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert [notice.code for notice in result.notices] == ["proved-by-reading"]
    assert store.asked == 0


@pytest.mark.parametrize("answer", [None, Refused(422, "no"), DECLINED])
def test_who_we_are_is_asked_only_where_nothing_else_proves_it(
    tmp_path: Path, answer: Answer | None
) -> None:
    """An answer with the model in it needs no proof, and what is not written has none."""
    store = MemoryStore(on_replace=lambda store, body: answer)

    with contextlib.suppress(ApiError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert store.asked == 0


def test_looks_are_given_the_time_that_is_left(tmp_path: Path) -> None:
    """A look may wait within the settle timeout, and not beyond it; so may a job's poll."""
    lefts: list[float] = []

    def poll(left: Callable[[], float]) -> Job:
        lefts.append(left())
        raise ApiError("unreachable")

    store = MemoryStore(on_replace=unwritten(Job("j-1", "running", None, poll)))
    read = store.read

    def noted(resource_id: str, left: Callable[[], float] | None = None) -> Snapshot:
        if left is not None:
            lefts.append(left())
        return read(resource_id, left)

    store.read = noted  # type: ignore[method-assign]

    with pytest.raises(OutcomeUnknownError):
        guard_of(store, tmp_path).write(plan_of(store, RENAME))

    assert lefts[:3] == pytest.approx([29.9, 29.9, 29.8])
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[-1] == pytest.approx(0.0)


def test_who_we_are_is_asked_within_a_few_seconds(tmp_path: Path) -> None:
    """The question has a time of its own, whatever the settle timeout is."""
    lefts: list[float] = []
    store = MemoryStore(on_replace=written(LOST))

    def me(left: Callable[[], float] | None = None) -> str:
        assert left is not None
        lefts.append(left())
        return "me"

    store.me = me  # type: ignore[method-assign]

    assert guard_of(store, tmp_path).write(plan_of(store, RENAME)).notices == ()
    assert lefts == [PATIENCE]
