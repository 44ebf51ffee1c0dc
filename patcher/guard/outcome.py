"""Finds out the outcome of a write: from its answer, or by reading where that proves nothing.

Never by sending it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from patcher.backoff import TimeLeft, attempts, pauses, time_left
from patcher.documents.wording import Notice, first_few
from patcher.errors import ApiError, ConflictError, NotFoundError, OutcomeUnknownError, PatchError
from patcher.guard.overlap import AfterWrite, has_trace
from patcher.guard.store import Ambiguous, Answered, Job, Refused
from patcher.guard.verification import EXCUSES, is_as_before, proves, verify
from patcher.plan import Plan
from patcher.resources.snapshot import Snapshot

if TYPE_CHECKING:
    from patcher.guard.guard import Guard

PATIENCE: Final = 5.0
"""For how many seconds a state is read again that a replica which lags behind may show."""


@dataclass(slots=True)
class SentWrite:
    """One write that was sent, and how its outcome is found out.

    Attributes:
        guard: what sent it.
        plan: what was sent.
        before: the last snapshot before the write.
        entry: the journal's record of the write.
    """

    guard: Guard
    plan: Plan
    before: Snapshot
    entry: str

    def settle(self, answer: Answered | Job | Refused | Ambiguous) -> AfterWrite:
        """Returns the write if it took effect.

        Raises ApiError (refused, nothing written), ConflictError (its precondition failed),
        VerificationError (a failed job that left something else behind) and OutcomeUnknownError.
        """
        try:
            return self._settled(answer)
        except PatchError as error:
            details = None if isinstance(answer, Answered) else answer.details
            error.details = error.details or self.plan.redacted_details(details)
            raise

    def _settled(self, answer: Answered | Job | Refused | Ambiguous) -> AfterWrite:
        if isinstance(answer, Refused):
            if answer.status == 412:
                return self._precondition_failed(answer)
            said = self.plan.redacted(answer.message)
            raise self.not_written(
                f"The API refused to write {self.plan.label}: {said} ({answer.status}).",
                status=answer.status,
                key=answer.key,
                hint="Fix the problem above and run the command again.",
            )
        if isinstance(answer, Job):
            return self._follow(answer)
        if isinstance(answer, Answered):
            snapshot = answer.snapshot
            if snapshot.id == self.before.id and snapshot.is_newer_than(self.before):
                return self._after(snapshot)
            answer = Ambiguous(
                "the response describes a different resource or an older version of it"
            )
        return self._watch(answer, time_left(self.guard.clock, self.guard.settle_timeout))

    def _precondition_failed(self, answer: Refused) -> AfterWrite:
        """Decides whether someone else's write made the precondition fail, or this very one.

        RFC 9110, section 13.1.1: a proxy that sent the write twice gets this for the second. The
        present state shows which it was. Raises ConflictError.
        """
        said = f"{self.plan.redacted(answer.message)} (412)"
        now = self.first_look(PATIENCE, moved=True)
        if written := self.unprocessed(now):
            return written
        what = f"The precondition of the write failed: {said}."
        if now is not None and self._has_moved(now):
            raise self._conflict(now, what)
        hint = "Run the same command again to work from the current state."
        if now is not None:
            what = f"{self.plan.label} is unchanged, yet the precondition of the write failed: "
            what += f"{said}."
            hint = (
                "Something between here and the API alters ETags, as a proxy that compresses "
                "responses may do, so that If-Match never matches. Make it leave ETags alone, or "
                "pass an address that bypasses it (--url)."
            )
        raise ConflictError(
            f"{what} Nothing was written.",
            expected=self.before.version,
            base=self.plan.document,
            hint=hint,
        )

    def _watch(self, answer: Ambiguous, left: TimeLeft, job: Job | None = None) -> AfterWrite:
        """Reads until the outcome is clear or the time is up; ``job`` may still be writing."""
        found, is_untouched = "", False
        for now, unread in self._looks(left):
            has_moved = now is not None and self._has_moved(now)
            is_untouched = now is not None and not unread and not has_moved
            if now is None:
                found = unread
            elif not has_moved:
                found = "not visible yet; it may still be applied"
            else:
                after = self._after(now)
                if written := self._shown_by(after):
                    return written
                found = self._moved_on(after)
        reason = self.plan.redacted(answer.reason)
        if is_untouched and answer.declined:
            raise self.not_written(
                f"The API did not write {self.plan.label}: {reason}. It is unchanged.",
                status=answer.status,
                hint=answer.hint,
            )
        raise self.unknown(f"{reason.rstrip('.')}; {found}", job)

    def _moved_on(self, found: AfterWrite) -> str:
        """Compares a snapshot that does not prove the write with what was sent."""
        return f"it has changed{self._facts(found.after)}, and {_compared(found)}"

    def _facts(self, now: Snapshot) -> str:
        """Who made another state so, as far as its snapshot shows, in brackets."""
        written = f"last written{now.last_write}" if now.last_write else ""
        facts = ", ".join(filter(None, (now.version_change(self.before), written)))
        return f" ({facts})" if facts else ""

    def _follow(self, job: Job) -> AfterWrite:
        """Polls a job to its end, then reads what it left."""
        left, pause = time_left(self.guard.clock, self.guard.settle_timeout), pauses()
        while job.status not in ("done", "failed"):
            if left() <= 0:
                return self._watch(Ambiguous(f"job {job.id} is still {job.status}"), left, job)
            self.guard.notify(f"Waiting for the API's job (up to {left():.0f} s)")
            self.guard.clock.sleep(min(next(pause), left()))
            try:
                job = job.poll(left)
            except PatchError as error:
                why = f"job {job.id} cannot be followed: {error.message}"
                return self._watch(Ambiguous(why), left, job)
        within = min(PATIENCE, left())
        if job.status == "failed":
            try:
                return self._failed(job, within)
            except PatchError as error:
                error.details = self.plan.redacted_details(job.details)
                raise
        now = self.first_look(within, moved=True)
        if now is None:
            raise self.unknown(f"job {job.id} is done, but the result cannot be read", job)
        return self._after(now)

    def _failed(self, job: Job, within: float) -> AfterWrite:
        """Returns the write of a failed job if all of it is stored as sent, and else raises.

        Someone else's write may have left anything there, and the job nothing. Only a part of
        what was sent, under our own name, proves that the job wrote it.
        """
        why = self.plan.redacted(job.error or "no reason given")
        now = self.first_look(within)
        if now is None:
            raise self.unknown(f"job {job.id} failed ({why}), and what it left cannot be read", job)
        what = f"The API's job to write {self.plan.label} failed"
        if not self._has_moved(now):
            raise self.not_written(f"{what}: {why}.")
        found = self._after(now)
        if written := self._shown_by(found):
            text = f"Job {job.id} failed ({why}), but what was sent is stored."
            notice = Notice("job-failed-but-written", "", text)
            return replace(written, notices=(notice, *written.notices))
        trace = has_trace(self.plan, found.verdict.stored)
        is_ours = self._is_ours(now)
        if trace and is_ours and found.verdict.differences:
            raise found.error(
                f"{what} ({why}), and what is stored is neither the state before nor what was "
                f"sent{self._facts(now)}. Either the job or someone else's write left it so.",
            )
        if not trace and is_ours is False and found.is_alone:
            raise self._conflict(now, f"{what}: {why}.")
        raise self.unknown(f"job {job.id} failed ({why}); {self._moved_on(found)}", job)

    def unprocessed(self, now: Snapshot | None) -> AfterWrite | None:
        """Judges a write that was answered as not processed (412, 429) by a later snapshot.

        The answer is about one delivery, and a proxy may have made two. Returns the write where
        it is stored as sent after all, and None where it is not written: as before, or one write
        further with nothing of it; also where nothing can be read. Raises OutcomeUnknownError for
        anything else.
        """
        if now is None or not self._has_moved(now) or self.before.is_newer_than(now):
            return None
        found = self._after(now)
        if written := self._shown_by(found):
            return written
        # Without versions that count, someone's write over all of ours leaves nothing to go by.
        is_theirs = found.is_alone or found.is_blind
        if not is_theirs or has_trace(self.plan, found.verdict.stored):
            raise self.unknown(
                f"the API said it was not processed, yet {self._moved_on(found)}. "
                "A proxy may have delivered it twice"
            )
        return None

    def _shown_by(self, found: AfterWrite) -> AfterWrite | None:
        """Returns the write if a snapshot alone, without an answer, proves that it took effect."""
        if not proves(self.plan, found.verdict):
            return None
        if self._is_ours(found.after):
            return found
        text = (
            f"No answer came: that {self.plan.label} was written is known from a read alone. If "
            "someone else wrote the same, this write may still be applied, over later changes."
        )
        return replace(found, notices=(Notice("proved-by-reading", "", text),))

    def _after(self, now: Snapshot) -> AfterWrite:
        """Compares a later snapshot with the one before the write and with what was sent."""
        verdict = verify(self.plan, self.before, now)
        return AfterWrite(self.plan, self.before, now, self.guard.version_step, self.entry, verdict)

    def not_written(
        self,
        what: str,
        *,
        status: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> ApiError:
        """Returns the error for a write that the API did not make; ``what`` says so."""
        path = f"{self.plan.resource.collection}/{self.before.id}"
        message = f"{what} Nothing was written."
        return ApiError(message, status=status, method="PUT", path=path, key=key, hint=hint)

    def unknown(self, reason: str, job: Job | None = None) -> OutcomeUnknownError:
        """Returns the error for a write whose outcome cannot be found out."""
        return OutcomeUnknownError(
            f"Outcome unknown: {self.plan.label} may or may not have been written: {reason}.",
            journal_entry=self.entry,
            job_id=job.id if job else None,
            hint="Check it before you write again. Journal entry "
            f"{self.entry} has the state before the write. A longer --settle-timeout waits longer "
            "for the outcome.",
        )

    def _is_ours(self, now: Snapshot) -> bool | None:
        """Whether it was last written under our own name; None where that is not known."""
        if now.author_id is None:
            return None
        me = self.guard.store.me(time_left(self.guard.clock, PATIENCE))
        return None if me is None else now.author_id == me

    def _has_moved(self, now: Snapshot) -> bool:
        return not is_as_before(self.plan, self.before, now)

    def _conflict(self, now: Snapshot, what: str) -> ConflictError:
        """Returns the error for a write that someone else's preceded; ``what`` says what failed."""
        from patcher.plan.conflicts import conflict

        error = conflict(self.plan, now, self._after(now).verdict.stored)
        error.message = f"{what} {error.message}"
        return error

    def _looks(self, left: TimeLeft) -> Iterator[tuple[Snapshot | None, str]]:
        """Yields the latest state seen so far, at longer and longer intervals, at least once.

        Not every replica shows a new state at once: what was seen stays seen, whatever an older
        snapshot shows later. The text says why the last look showed nothing that counts; it is
        empty where it did.
        """
        latest, text = None, "Checking whether the write succeeded (up to {:.0f} s)"
        notify = self.guard.notify
        for _ in attempts(self.guard.clock, left, lambda rest: notify(text.format(rest))):
            now, unread = self._glance(left)
            if now is not None and self.before.is_newer_than(now):
                now, unread = None, "only an earlier state of it can be read"
            if now is not None and not (latest and self._precedes(now, latest)):
                latest = now
            yield latest, unread

    def _precedes(self, now: Snapshot, seen: Snapshot) -> bool:
        """Whether ``now`` is the earlier state; by content where neither version nor time tells."""
        if seen.is_newer_than(now) or now.is_newer_than(seen):
            return seen.is_newer_than(now)
        return self._has_moved(seen) and not self._has_moved(now)

    def first_look(self, within: float, *, moved: bool = False) -> Snapshot | None:
        """Returns the first state that can be read; with ``moved``, one that differs, if any.

        Looks for ``within`` seconds, at least once.
        """
        found = None
        for found, _ in self._looks(time_left(self.guard.clock, within)):
            if found is not None and (not moved or self._has_moved(found)):
                break
        return found

    def _glance(self, left: TimeLeft) -> tuple[Snapshot | None, str]:
        """Returns the present state, or None and why it cannot be read."""
        try:
            return self.guard.store.read(self.before.id or "", left), ""
        except NotFoundError:
            return None, "it has been deleted"
        except PatchError:
            return None, "it cannot be read at the moment"


def _compared(found: AfterWrite) -> str:
    """Compares what is stored with what was sent, where it does not prove the write."""
    paths = first_few(change.path for change in found.plan.shown(found.verdict.differences))
    if paths:
        return f"differs from what was sent in {paths}"
    excused = first_few(notice.path for notice in found.verdict.notices if notice.code in EXCUSES)
    if excused:
        return f"holds what was sent, but the server added or hides {excused}, so it proves nothing"
    return "does not show whether this write changed it"
