"""The guarded write that every change goes through.

Records the state before the write, reads it again, compares, writes once, finds out the outcome
and records it. No write ever follows a prompt, a wait or another write without a read in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from patcher.backoff import Clock, pauses
from patcher.claims import claim
from patcher.documents.values import Document
from patcher.documents.wording import Notice, ignore
from patcher.errors import ApiError, ConflictError, JournalError, PatchError
from patcher.guard.accepted import read_fresh
from patcher.guard.outcome import SentWrite
from patcher.guard.overlap import AfterWrite
from patcher.guard.store import NotSent, Store, Throttled
from patcher.journal import Ending, Intent, Journal
from patcher.plan import PatchResult, Plan
from patcher.resources.snapshot import Snapshot

REFRESH: Final = "refresh"
"""The option that goes in the body of a write without being part of the document."""

ATTEMPTS: Final = 3
"""Maximum number of attempts at a write that was provably not processed."""

LONGEST_WAIT: Final = 60.0
"""Longest Retry-After, in seconds, that is waited for; a longer one ends the write."""

Defer: TypeAlias = Callable[[str], AbstractContextManager[Callable[[], None]]]
"""Defers signals while the write under a journal entry is on its way.

The function that it yields is called when the write was not processed: signals count again. It
raises InterruptedWriteError if one arrived in the meantime.
"""


def not_deferred(entry: str) -> AbstractContextManager[Callable[[], None]]:  # noqa: ARG001
    """Defers no signals: the caller of a library handles them."""
    return nullcontext(ignore)


def fresh_key() -> str:
    """Returns a new random Idempotency-Key.

    Never derived from the request and never used twice: the API replays the first outcome of a
    key, so a second write under it would be answered without being made.
    """
    return os.urandom(24).hex()


@dataclass(slots=True)
class Guard:
    """The guarded write of one kind of resource.

    Attributes:
        store: the resource behind its API.
        journal: where intents and endings are recorded.
        clock: the time that waiting goes by.
        settle_timeout: how many seconds to look for the outcome of an unclear write, or of a job.
        version_step: how far one write moves the version.
        defer: entered, with the journal entry's name, while a write is on its way, so that
            signals wait for its outcome.
        new_key: makes the Idempotency-Key of each write.
        notify: called with a sentence before a wait.
        accept: called with the snapshot after each write that took effect.
    """

    store: Store
    journal: Journal
    clock: Clock
    settle_timeout: float = 30.0
    version_step: int = 1
    defer: Defer = not_deferred
    new_key: Callable[[], str] = fresh_key
    notify: Callable[[str], None] = ignore
    accept: Callable[[Snapshot], None] = ignore

    def write(self, plan: Plan, *, refresh: bool = False) -> PatchResult:
        """Writes ``plan.proposed`` as the whole resource, unless someone else got there first.

        ``refresh`` is the API's option of that name. Returns the result ("applied", or
        "unchanged" without any request). Raises JournalError, ConflictError and ApiError when
        nothing was written, VerificationError when something else is stored or someone wrote in
        between, OutcomeUnknownError when the outcome is unknown; each with ``result`` set.
        """
        if plan.is_unchanged:
            return PatchResult.of_plan(plan)
        body = {**plan.proposed, REFRESH: True} if refresh else plan.proposed
        key = self.new_key()
        entry = self.journal.open(self._intent(plan, body, key), before=plan.base.text)
        notices: list[Notice] = []
        observed: Snapshot | None = None
        try:
            if plan.origin.saved_plan is not None:
                claim(self.journal, plan.origin.saved_plan, entry)
            written = self._attempt(plan, body, key, entry)
            observed = written.after
            self.accept(observed)
            notices += [*written.verdict.notices, *written.notices]
            notices += written.judge(refresh=refresh)
        except PatchError as error:
            state = _ENDINGS.get(error.exit_code, "not-written")
            self._close(entry, Ending(state, error.message), observed, notices)
            failed = PatchResult.of_error(error, plan.resource, plan=plan)
            error.result = replace(failed, notices=tuple(notices), journal_entry=entry)
            raise
        self._close(entry, Ending("applied"), observed, notices)
        return PatchResult(
            plan.resource,
            "applied",
            plan=plan,
            version_after=written.after.version,
            document=written.verdict.stored,
            notices=tuple(notices),
            journal_entry=entry,
        )

    def _attempt(self, plan: Plan, body: Document, key: str, entry: str) -> AfterWrite:
        """Reads and writes until the write was processed."""
        throttled: SentWrite | None = None
        for attempt, usual in zip(range(1, ATTEMPTS + 1), pauses(0.5), strict=False):
            try:
                sent = SentWrite(self, plan, self._read_again(plan), entry)
            except ConflictError as error:
                # What moved it may be the write that was reported as not processed.
                if throttled and (late := throttled.unprocessed(error.fresh)):
                    return late
                raise
            with self.defer(entry) as release:
                answer = self._put(sent, body, key)
                if isinstance(answer, AfterWrite):
                    return answer
                release()
            throttled = sent if isinstance(answer, Throttled) and answer.is_sent else throttled
            try:
                pause = _pause(sent, answer, attempt, usual)
            except ApiError:
                if throttled and (late := throttled.unprocessed(throttled.first_look(0))):
                    return late
                raise
            key = self.new_key()
            self.journal.add_key(entry, key)
            self.clock.sleep(pause)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def _put(self, sent: SentWrite, body: Document, key: str) -> AfterWrite | NotSent | Throttled:
        """Sends the write once and finds out its outcome, unless it was not processed at all."""
        before = sent.before
        try:
            answer = self.store.replace(before.id or "", body, key, before.etag)
            if isinstance(answer, NotSent | Throttled):
                return answer
            return sent.settle(answer)
        except PatchError:
            raise
        except Exception as error:
            # An internal error after the write may have begun must not pass for "not written".
            raise sent.unknown(f"an internal error ({type(error).__name__})") from error

    def _read_again(self, plan: Plan) -> Snapshot:
        """Reads the resource just before the write; ConflictError if the plan found another state.

        Keep this path short: another writer can slip in between this read and the PUT. So the text
        that the plan was made on is not compared in full. A snapshot older than the plan's is
        stale, not a conflict, and is read again.
        """
        try:
            now = read_fresh(
                lambda: self.store.read(plan.base.id or ""),
                plan.base,
                self.clock,
                plan.resource.noun,
                hint="Run the same command again to work from the current state.",
                notify=self.notify,
            )
        except ApiError as error:
            error.message += " Nothing was written."
            raise
        if now.text is not None and now.text == plan.base.text:
            return now
        document, _ = plan.resource.document(now, plan.unknown_fields)
        if plan.is_on(now, document):
            return now
        from patcher.plan.conflicts import conflict

        raise conflict(plan, now, document)

    def _intent(self, plan: Plan, body: Document, key: str) -> Intent:
        return Intent(
            noun=plan.resource.noun,
            id=plan.base.id or "",
            name=plan.base.name,
            where=plan.origin.url,
            before=plan.base.raw,
            sent=body,
            keys=(key,),
            unknown_fields=plan.unknown_fields,
            saved_plan=plan.origin.saved_plan,
            undoes=plan.origin.undoes,
            run=plan.origin.run,
        )

    def _close(
        self, entry: str, ending: Ending, observed: Snapshot | None, notices: list[Notice]
    ) -> None:
        """Records the ending. The write is over, so failing to record it is only a warning."""
        known = None
        if observed is not None:
            ending, known = ending._replace(observed=observed.raw), observed.text
        try:
            self.journal.close(entry, ending, observed=known)
        except JournalError as error:
            text = f"The outcome of the write could not be recorded: {error.message}"
            notices.append(Notice("ending-not-recorded", "", text))


def _pause(sent: SentWrite, answer: NotSent | Throttled, attempt: int, usual: float) -> float:
    """Returns the seconds until the next attempt; raises ApiError when there is none."""
    asked = answer.retry_after if isinstance(answer, Throttled) else None
    pause = usual if asked is None else asked
    if attempt < ATTEMPTS and pause <= LONGEST_WAIT:
        return pause
    plan = sent.plan
    if isinstance(answer, NotSent):
        what = f"{plan.label} could not be sent ({attempt} attempts): {answer.reason}"
        raise sent.not_written(f"{what.rstrip('.')}.", hint=answer.hint)
    error = sent.not_written(
        f"The API accepts no more requests for now ({attempt} attempts): "
        f"{plan.redacted(answer.message)} (429).",
        status=429,
        hint="Try again later." if asked is None else f"Try again in {asked:g} seconds.",
    )
    error.details = plan.redacted_details(answer.details)
    raise error


_ENDINGS: Final = {5: "unverified", 6: "unknown"}
