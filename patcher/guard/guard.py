"""The guarded write: what every change goes through, one at a time.

Record what is there, read it again, compare, write once, find out what became of it, record that.
No write ever follows a prompt, a wait or another write without a reading in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final, NamedTuple, Protocol, TypeAlias

from patcher.claims import claim
from patcher.documents.notices import Notice, ignore
from patcher.documents.values import Document, strictly_equal
from patcher.errors import ApiError, ConflictError, JournalError, PatchError
from patcher.guard.accepted import read_fresh
from patcher.guard.outcome import Clock, Settlement, Written
from patcher.guard.overlap import Around
from patcher.guard.store import NotSent, Store, Throttled
from patcher.journal import Ending, Intent, Journal
from patcher.plan import PatchResult, Plan
from patcher.resources.snapshot import Snapshot

REFRESH: Final = "refresh"
"""The option that goes in the body of a write, and is no part of the document."""

ATTEMPTS: Final = 3
"""How often a write that was provably not processed is tried, in all."""

LONGEST_WAIT: Final = 60.0
"""Longest Retry-After, in seconds, that is waited for; a longer one ends the attempt."""


class DeferredSignals(Protocol):
    """Signals that wait while a write is on its way, and from then on."""

    def release(self) -> None:
        """The write was not processed: signals count again.

        Raises InterruptedWriteError if one has come in the meantime.
        """


class _NotDeferred:
    def release(self) -> None:
        """Nothing to let go of."""


Defer: TypeAlias = Callable[[str], AbstractContextManager[DeferredSignals]]


def not_deferred(entry: str) -> AbstractContextManager[DeferredSignals]:  # noqa: ARG001 - it is a Hold
    """Signals do not wait: the caller of a library deals with them."""
    return nullcontext(_NotDeferred())


def _not_kept(snapshot: Snapshot) -> None:
    """No reading is remembered."""


def fresh_key() -> str:
    """A new random Idempotency-Key.

    Never derived from the request and never used twice: the API replays the first outcome of a
    key, so that a second write under it would be answered without being made.
    """
    return os.urandom(24).hex()


class Guard(NamedTuple):
    """The guarded write of one kind of resource.

    Attributes:
        store: the resource behind its API.
        journal: where intents and endings are recorded.
        clock: what waiting goes by.
        settle_timeout: seconds to look for the outcome of an unclear write, or of a job.
        version_step: how far one write moves the version.
        hold: entered, with the journal entry's name, while a write is on its way; a face uses it
            to let signals wait.
        new_key: makes the Idempotency-Key of each write.
        tell: called with a sentence when something is being waited for.
        accept: called with the reading after each write that was seen to take effect.
    """

    store: Store
    journal: Journal
    clock: Clock
    settle_timeout: float = 30.0
    version_step: int = 1
    defer: Defer = not_deferred
    new_key: Callable[[], str] = fresh_key
    tell: Callable[[str], None] = ignore
    accept: Callable[[Snapshot], None] = _not_kept

    def write(self, plan: Plan, *, refresh: bool = False) -> PatchResult:
        """Writes ``plan.proposed`` as the whole resource, if nobody was there first.

        ``refresh`` is the API's option of that name. Returns the result ("applied", or
        "unchanged" without any request). Raises JournalError, ConflictError and ApiError when
        nothing was written, VerificationError when something else is stored or somebody wrote in
        between, OutcomeUnknownError when it cannot be told; each with ``result`` set.
        """
        if plan.is_unchanged:
            return PatchResult.of_plan(plan)
        body = {**plan.proposed, REFRESH: True} if refresh else plan.proposed
        key = self.new_key()
        entry = self.journal.open(self._intent(plan, body, key))
        notices: list[Notice] = []
        observed: Document | None = None
        try:
            if plan.origin.saved_plan is not None:
                claim(self.journal, plan.origin.saved_plan, entry)
            before, written = self._attempt(plan, body, key, entry)
            observed = written.snapshot.raw
            self.accept(written.snapshot)
            notices += [*written.verdict.notices, *written.notices]
            around = Around(plan, before, written.snapshot, self.version_step, entry)
            notices += around.judge(written.verdict, refresh=refresh)
        except PatchError as error:
            state = _ENDINGS.get(error.exit_code, "not-written")
            self._close(entry, Ending(state, error.message, observed), notices)
            error.result = PatchResult.of_error(
                error, plan.resource, plan=plan, notices=tuple(notices), journal_entry=entry
            )
            raise
        self._close(entry, Ending("applied", observed=observed), notices)
        return PatchResult(
            plan.resource,
            "applied",
            plan=plan,
            version_after=written.snapshot.version,
            document=written.verdict.stored,
            notices=tuple(notices),
            journal_entry=entry,
        )

    def _attempt(
        self, plan: Plan, body: Document, key: str, entry: str
    ) -> tuple[Snapshot, Written]:
        """Reads and writes until the write was processed; returns the reading before it."""
        text = _judged_text(plan)
        throttled: Settlement | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                before = self._read_again(plan, text)
            except ConflictError as error:
                if throttled is None or error.fresh is None:
                    raise
                # What moved it may be the write that was said not to be processed.
                return throttled.before, self._found(throttled, error.fresh, error)
            way = self._settlement(plan, before, entry)
            with self.defer(entry) as deferred:
                answer = self._put(way, body, key)
                if isinstance(answer, Written):
                    return before, answer
                deferred.release()
            throttled = way if isinstance(answer, Throttled) and answer.is_sent else throttled
            try:
                pause = self._pause(plan, answer, attempt)
            except ApiError as error:
                if throttled is None or (fresh := throttled.look()) is None:
                    raise
                return throttled.before, self._found(throttled, fresh, error)
            key = self.new_key()
            self.journal.add_key(entry, key)
            self.clock.sleep(pause)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def _settlement(self, plan: Plan, before: Snapshot, entry: str) -> Settlement:
        return Settlement(
            self.store,
            self.clock,
            plan,
            before,
            entry,
            self.settle_timeout,
            self.version_step,
            self.tell,
        )

    def _found(self, throttled: Settlement, fresh: Snapshot, error: PatchError) -> Written:
        """The write that was throttled, as ``fresh`` shows it; raises ``error`` where it does not.

        No further attempt follows. Raises OutcomeUnknownError where it cannot be told.
        """
        written = throttled.unprocessed(fresh)
        if written is None:
            raise error
        return written

    def _put(
        self, settlement: Settlement, body: Document, key: str
    ) -> Written | NotSent | Throttled:
        """Writes once and settles what became of it, unless it was not processed at all."""
        before = settlement.before
        try:
            answer = self.store.replace(before.id or "", body, key, before.etag)
            if isinstance(answer, NotSent | Throttled):
                return answer
            return settlement.settle(answer)
        except PatchError:
            raise
        except Exception as error:
            # A fault of ours, after the write may have begun: no excuse to call it not written.
            reason = f"an internal error ({type(error).__name__})"
            raise settlement.unknown(reason) from error

    def _read_again(self, plan: Plan, judged: bytes | None) -> Snapshot:
        """The resource just before the write; ConflictError if it is not as the plan found it.

        Between this reading and the write somebody else could get in, so what can be found out
        before it, was: ``judged`` is a text that is known to be as the plan found it. A reading
        older than the plan's is stale, and no conflict: it is read again.
        """
        try:
            now = read_fresh(
                lambda: self.store.read(plan.base.id or ""),
                plan.base,
                self.clock,
                plan.resource.noun,
                hint="Run the same command again to work from the present state.",
                tell=self.tell,
            )
        except ApiError as error:
            error.message += " Nothing was written."
            raise
        if judged is not None and now.text == judged:
            return now
        document, _ = plan.resource.document(now, plan.unknown_fields)
        if not now.has_other_version(plan.base) and strictly_equal(document, plan.document):
            return now
        from patcher.plan.conflicts import conflict

        raise conflict(plan, now, document)

    def _pause(self, plan: Plan, answer: NotSent | Throttled, attempt: int) -> float:
        """Seconds until the next attempt; raises when there is to be none."""
        told = answer.retry_after if isinstance(answer, Throttled) else None
        pause = told if told is not None else 0.5 * 2 ** (attempt - 1)
        if attempt < ATTEMPTS and pause <= LONGEST_WAIT:
            return pause
        path = f"{plan.resource.collection}/{plan.base.id}"
        if isinstance(answer, NotSent):
            what = f"{plan.label} could not be sent ({attempt} attempts): {answer.reason}"
            raise ApiError(
                f"{what.rstrip('.')}. Nothing was written.",
                method="PUT",
                path=path,
                hint=answer.hint,
            )
        error = ApiError(
            f"The API takes no more requests for now ({attempt} attempts): "
            f"{plan.redacted(answer.message)} (429). "
            "Nothing was written.",
            status=429,
            method="PUT",
            path=path,
            hint=f"Try again in {told:g} seconds." if told is not None else "Try again later.",
        )
        error.details = plan.redacted_details(answer.details)
        raise error

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

    def _close(self, entry: str, ending: Ending, notices: list[Notice]) -> None:
        """Records the ending. The write is over: failing to record it is a warning."""
        try:
            self.journal.close(entry, ending)
        except JournalError as error:
            text = f"How the write ended could not be recorded: {error.message}"
            notices.append(Notice("ending-not-recorded", "", text))


def _judged_text(plan: Plan) -> bytes | None:
    """The text of the plan's own reading, if it passes the comparison that the next one must."""
    if plan.base.text is None:
        return None
    document, _ = plan.resource.document(plan.base, plan.unknown_fields)
    return plan.base.text if strictly_equal(document, plan.document) else None


_ENDINGS: Final = {5: "unverified", 6: "unknown"}
