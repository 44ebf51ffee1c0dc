"""Finds out the outcome of a write: from its answer, or by reading where that proves nothing.

Never by sending it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from patcher.backoff import Clock, TimeLeft, attempts, pauses, time_left
from patcher.documents.wording import Notice, first_few, ignore
from patcher.errors import ApiError, ConflictError, NotFoundError, OutcomeUnknownError, PatchError
from patcher.guard.overlap import OverlapCheck, has_trace
from patcher.guard.store import Ambiguous, Answered, Job, Refused, Store
from patcher.guard.verification import EXCUSES, Verdict, is_as_before, proves, verify
from patcher.plan import Plan
from patcher.resources.snapshot import Snapshot

PATIENCE: Final = 5.0
"""For how many seconds a state is read again that a replica which lags behind may show."""


class Written(NamedTuple):
    """The write took effect; ``snapshot`` is the first one after it."""

    snapshot: Snapshot
    verdict: Verdict
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class SentWrite:
    """One write that was sent, and how its outcome is found out.

    Attributes:
        store: the resource behind its API.
        clock: the time that waiting goes by.
        plan: what was sent.
        before: the last snapshot before the write.
        entry: the journal's record of the write.
        timeout: how many seconds to look for the outcome.
        version_step: how far one write moves the version.
        notify: called with a sentence when a first look does not show the outcome.
    """

    store: Store
    clock: Clock
    plan: Plan
    before: Snapshot
    entry: str
    timeout: float
    version_step: int = 1
    notify: Callable[[str], None] = ignore

    def settle(self, answer: Answered | Job | Refused | Ambiguous) -> Written:
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

    def _settled(self, answer: Answered | Job | Refused | Ambiguous) -> Written:
        if isinstance(answer, Refused):
            if answer.status == 412:
                return self._precondition_failed(answer)
            raise self._refusal(answer)
        if isinstance(answer, Job):
            return self._follow(answer)
        if isinstance(answer, Answered):
            snapshot = answer.snapshot
            if snapshot.id == self.before.id and snapshot.is_newer_than(self.before):
                return Written(snapshot, verify(self.plan, self.before, snapshot))
            answer = Ambiguous(
                "the response describes a different resource or an older version of it"
            )
        return self._watch(answer)

    def _precondition_failed(self, answer: Refused) -> Written:
        """Decides whether someone else's write made the precondition fail, or this very one.

        RFC 9110, section 13.1.1: a proxy that sent the write twice gets this for the second. The
        present state shows which it was. Raises ConflictError.
        """
        said = f"{self.plan.redacted(answer.message)} (412)"
        now = self._first_look(time_left(self.clock, PATIENCE), moved=True)
        written = None if now is None else self.unprocessed(now)
        if written is not None:
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

    def _refusal(self, answer: Refused) -> ApiError:
        said = self.plan.redacted(answer.message)
        return ApiError(
            f"The API refused to write {self.plan.label}: {said} ({answer.status}). "
            "Nothing was written.",
            status=answer.status,
            method="PUT",
            path=self._path,
            key=answer.key,
            hint="Fix the problem above and run the command again.",
        )

    def _watch(self, answer: Ambiguous) -> Written:
        """Reads until the outcome is clear or the time is up."""
        found, is_untouched = "", False
        for now, unread in self._looks(time_left(self.clock, self.timeout)):
            has_moved = now is not None and self._has_moved(now)
            is_untouched = now is not None and not unread and not has_moved
            if now is None:
                found = unread
            elif not has_moved:
                found = "not visible yet; it may still be applied"
            elif written := self.shown_by(now):
                return written
            else:
                found = self._moved_on(now)
        reason = self.plan.redacted(answer.reason)
        if is_untouched and answer.declined:
            raise ApiError(
                f"The API did not write {self.plan.label}: {reason}. Nothing was written, as "
                "reading it again confirmed.",
                status=answer.status,
                method="PUT",
                path=self._path,
                hint=answer.hint,
            )
        raise self.unknown(f"{reason.rstrip('.')}; {found}")

    def _moved_on(self, now: Snapshot) -> str:
        """Compares a snapshot that does not prove the write with what was sent."""
        verdict = verify(self.plan, self.before, now)
        return f"it has changed{self._facts(now)}, and {_compared(self.plan, verdict)}"

    def _facts(self, now: Snapshot) -> str:
        """Who made another state so, as far as its snapshot shows, in brackets."""
        facts = [f"last written{now.last_write}"] if now.last_write else []
        if now.has_other_version(self.before):
            was = self.before.shown_version
            facts.insert(0, f"version {was} became {now.shown_version}")
        return f" ({', '.join(facts)})" if facts else ""

    def _follow(self, job: Job) -> Written:
        """Polls a job to its end, then reads what it left."""
        left, pause = time_left(self.clock, self.timeout), pauses()
        while job.status not in ("done", "failed"):
            if left() <= 0:
                return self._unfinished(job, f"job {job.id} is still {job.status}", left)
            self.notify(f"Waiting for the API's job (up to {left():.0f} s)")
            self.clock.sleep(min(next(pause), left()))
            try:
                job = job.poll(left)
            except PatchError as error:
                why = f"job {job.id} cannot be followed: {error.message.rstrip('.')}"
                return self._unfinished(job, why, left)
        within = time_left(self.clock, min(PATIENCE, left()))
        if job.status == "failed":
            try:
                return self._failed(job, within)
            except PatchError as error:
                error.details = self.plan.redacted_details(job.details)
                raise
        now = self._first_look(within, moved=True)
        if now is None:
            raise self.unknown(f"job {job.id} is done, but the result cannot be read", job)
        return Written(now, verify(self.plan, self.before, now))

    def _failed(self, job: Job, left: TimeLeft) -> Written:
        """Returns the write of a failed job if all of it is stored as sent, and else raises.

        Someone else's write may have left anything there, and the job nothing. Only a part of
        what was sent, under our own name, proves that the job wrote it.
        """
        why = self.plan.redacted(job.error or "no reason given")
        now = self._first_look(left)
        if now is None:
            raise self.unknown(f"job {job.id} failed ({why}), and what it left cannot be read", job)
        what = f"The API's job to write {self.plan.label} failed"
        if not self._has_moved(now):
            message = f"{what}: {why}. Nothing was written."
            raise ApiError(message, method="PUT", path=self._path)
        written = self.shown_by(now)
        if written is not None:
            text = f"Job {job.id} failed ({why}), but what was sent is stored."
            notice = Notice("job-failed-but-written", "", text)
            return written._replace(notices=(notice, *written.notices))
        overlap, verdict = self.overlap(now), verify(self.plan, self.before, now)
        trace = has_trace(self.plan, verdict.stored)
        is_ours = self._is_ours(now)
        if trace and is_ours and verdict.differences:
            raise overlap.error(
                verdict,
                f"{what} ({why}), and what is stored is neither the state before nor what was "
                f"sent{self._facts(now)}. Either the job or someone else's write left it so.",
            )
        if not trace and is_ours is False and overlap.is_alone:
            raise self._conflict(now, f"{what}: {why}.")
        raise self.unknown(f"job {job.id} failed ({why}); {self._moved_on(now)}", job)

    def _unfinished(self, job: Job, reason: str, left: TimeLeft) -> Written:
        """Returns what a job that cannot be followed to its end has written by the deadline."""
        for now, _ in self._looks(left):
            if now is not None and self._has_moved(now):
                written = self.shown_by(now)
                if written is not None:
                    return written
        raise self.unknown(reason, job)

    def unprocessed(self, now: Snapshot) -> Written | None:
        """Judges a write that was answered as not processed (412, 429) by a later snapshot.

        The answer is about one delivery, and a proxy may have made two. Returns the write where
        it is stored as sent after all, and None where it is not written: as before, or one write
        further with nothing of it. Raises OutcomeUnknownError for anything else.
        """
        if not self._has_moved(now) or self.before.is_newer_than(now):
            return None
        written = self.shown_by(now)
        if written is not None:
            return written
        overlap = self.overlap(now)
        # Without versions that count, someone's write over all of ours leaves nothing to go by.
        is_theirs = overlap.is_alone or overlap.is_blind
        stored = verify(self.plan, self.before, now).stored
        if not is_theirs or has_trace(self.plan, stored):
            raise self.unknown(
                f"the API said it was not processed, yet {self._moved_on(now)}. "
                "A proxy may have delivered it twice"
            )
        return None

    def shown_by(self, now: Snapshot) -> Written | None:
        """Returns the write if a snapshot alone, without an answer, proves that it took effect."""
        written = Written(now, verify(self.plan, self.before, now))
        if not proves(self.plan, written.verdict):
            return None
        if self._is_ours(now):
            return written
        text = (
            f"No answer came: that {self.plan.label} was written is known from a read alone. If "
            "someone else wrote the same, this write may still be applied, over later changes."
        )
        return written._replace(notices=(Notice("proved-by-reading", "", text),))

    def overlap(self, now: Snapshot) -> OverlapCheck:
        """Compares a later snapshot with the one before the write."""
        return OverlapCheck(self.plan, self.before, now, self.version_step, self.entry)

    def look(self) -> Snapshot | None:
        """Returns the present state, without a wait; None where it cannot be read."""
        return self._glance(time_left(self.clock, 0))[0]

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
        author = now.author_id
        me = self.store.me(time_left(self.clock, PATIENCE)) if author is not None else None
        return None if me is None else author == me

    def _has_moved(self, now: Snapshot) -> bool:
        return not is_as_before(self.plan, self.before, now)

    def _conflict(self, now: Snapshot, what: str) -> ConflictError:
        """Returns the error for a write that someone else's preceded; ``what`` says what failed."""
        from patcher.plan.conflicts import conflict

        error = conflict(self.plan, now, verify(self.plan, self.before, now).stored)
        error.message = f"{what} {error.message}"
        return error

    def _looks(self, left: TimeLeft) -> Iterator[tuple[Snapshot | None, str]]:
        """Yields the latest state seen so far, at longer and longer intervals, at least once.

        Not every replica shows a new state at once: what was seen stays seen, whatever an older
        snapshot shows later. The text says why the last look showed nothing that counts; it is
        empty where it did.
        """
        latest, text = None, "Checking whether the write succeeded (up to {:.0f} s)"
        for _ in attempts(self.clock, left, lambda rest: self.notify(text.format(rest))):
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

    def _first_look(self, left: TimeLeft, *, moved: bool = False) -> Snapshot | None:
        """Returns the first state that can be read; with ``moved``, one that differs, if any."""
        found = None
        for found, _ in self._looks(left):
            if found is not None and (not moved or self._has_moved(found)):
                break
        return found

    def _glance(self, left: TimeLeft) -> tuple[Snapshot | None, str]:
        """Returns the present state, or None and why it cannot be read."""
        try:
            return self.store.read(self.before.id or "", left), ""
        except NotFoundError:
            return None, "it has been deleted"
        except PatchError:
            return None, "it cannot be read at the moment"

    @property
    def _path(self) -> str:
        return f"{self.plan.resource.collection}/{self.before.id}"


def _compared(plan: Plan, verdict: Verdict) -> str:
    """Compares what is stored with what was sent, where it does not prove the write."""
    paths = first_few(change.path for change in plan.shown(verdict.differences))
    if paths:
        return f"differs from what was sent in {paths}"
    excused = first_few(notice.path for notice in verdict.notices if notice.code in EXCUSES)
    if excused:
        return f"holds what was sent, but the server added or hides {excused}, so it proves nothing"
    return "does not show whether this write changed it"
