"""What a write leaves behind: the facts in the journal, in the result and in each error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.errors import (
    ApiError,
    ConflictError,
    OutcomeUnknownError,
    PatchError,
    VerificationError,
)
from patcher.guard import Ambiguous, Answer, Answered, Guard, Job, NotSent, Refused, Throttled
from patcher.guard.guard import fresh_key
from patcher.guard.overlap import last_written
from patcher.journal import Journal
from patcher.plan import Origin, make_plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, FakeClock, MemoryStore, guard_of, plan_of, response

RENAME = {"name": "Clients"}
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
    """What is written, where, upon what, with which body, under which terms."""
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
def test_what_was_never_sent_is_not_seen_in_what_somebody_else_wrote(
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
    for store, why in ((moving(0), "did not move"), (gone, "no version"), (come, "no version")):
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


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"updated_by": {"name": "Bo"}, "updated_at": "t"}, "last written by Bo at t"),
        ({"updated_by": {"name": "Bo"}}, "last written by Bo"),
        ({"updated_at": "t"}, "last written at t"),
        ({}, ""),
    ],
)
def test_who_wrote_last_is_told_as_far_as_it_is_known(raw: dict[str, Any], words: str) -> None:
    """By whom, when, both or neither."""
    assert last_written(Snapshot(raw)) == words


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
