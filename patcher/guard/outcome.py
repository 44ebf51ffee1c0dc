"""Finding out what became of a write: from its answer, and where that proves nothing, by reading.

Never by sending it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol, TypeAlias

from patcher.documents.notices import Notice, ignore
from patcher.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    PatchError,
    VerificationError,
)
from patcher.guard.overlap import Around, has_trace, last_written, listed
from patcher.guard.store import Ambiguous, Answered, Job, Refused, Store
from patcher.guard.verification import EXCUSES, Verdict, is_as_before, proves, verify
from patcher.plan import Plan
from patcher.resources.snapshot import Snapshot

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0

PATIENCE: Final = 5.0
"""For how many seconds a state is read again that may be a replica's that lags behind."""

Left: TypeAlias = Callable[[], float]
"""How many seconds are left."""

LOOK: Final = (
    "Look at the present state (patch-model get) and decide; what was there before the write is in "
    "the journal."
)


class Clock(Protocol):
    """Time, as far as waiting needs it."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""

    def sleep(self, seconds: float) -> None:
        """Returns after that many seconds."""


class Written(NamedTuple):
    """The write took effect; ``snapshot`` is the first reading after it."""

    snapshot: Snapshot
    verdict: Verdict
    notices: tuple[Notice, ...] = ()


class Settlement(NamedTuple):
    """One write on its way: what was sent, upon which reading, and how long to wait for news.

    ``version_step`` is how far one write moves the version. ``tell`` is called with a sentence
    when it takes longer than a first look.
    """

    store: Store
    clock: Clock
    plan: Plan
    before: Snapshot
    entry: str
    timeout: float
    version_step: int = 1
    tell: Callable[[str], None] = ignore

    def settle(self, answer: Answered | Job | Refused | Ambiguous) -> Written:
        """What became of the write.

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
                return self._overtaken(answer)
            raise self._refusal(answer)
        if isinstance(answer, Job):
            return self._follow(answer)
        if isinstance(answer, Answered):
            snapshot = answer.snapshot
            if snapshot.id == self.before.id and snapshot.is_newer_than(self.before):
                return Written(snapshot, verify(self.plan, self.before, snapshot))
            answer = Ambiguous("the answer shows another resource, or an earlier state of it")
        return self._watch(answer)

    def _overtaken(self, answer: Refused) -> Written:
        """Its precondition failed: because of somebody else's write, or of this very one.

        RFC 9110, section 13.1.1: a proxy that sent the write twice gets this for the second. What
        is there says which it was. Raises ConflictError.
        """
        said = f"{self.plan.redacted(answer.message)} (412)"
        now = self._first_look(self._until(PATIENCE), moved=True)
        written = None if now is None else self.unprocessed(now)
        if written is not None:
            return written
        what = f"The precondition of the write failed: {said}."
        if now is not None and self._has_moved(now):
            raise self._conflict(now, what)
        hint = "Run the same command again to work from the present state."
        if now is not None:
            what = (
                f"{self.plan.label} is exactly as it was read, yet its precondition failed: {said}."
            )
            hint = (
                "Something between here and the API alters ETags, as a proxy that compresses "
                "answers may do, so that If-Match never matches. Have it leave them alone, or use "
                "an address that leads around it (--url)."
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
            hint="Nothing was lost; mend what the message names and run the command again.",
        )

    def _watch(self, answer: Ambiguous) -> Written:
        """Reads until it is clear what happened, or the time is up."""
        found, is_untouched = "", False
        for now, unread in self._looks(self._until(self.timeout)):
            has_moved = now is not None and self._has_moved(now)
            is_untouched = now is not None and not unread and not has_moved
            if now is None:
                found = unread
            elif not has_moved:
                found = "it is not written so far, and may still land"
            elif written := self.shown_by(now):
                return written
            else:
                found = self._moved_on(now)
        if is_untouched and answer.declined:
            raise self._declined(answer)
        reason = self.plan.redacted(answer.reason).rstrip(".")
        raise self.unknown(f"{reason}; {found}")

    def _moved_on(self, now: Snapshot) -> str:
        """How a reading that does not prove the write compares with what was sent."""
        verdict = verify(self.plan, self.before, now)
        return f"it has moved on{self._facts(now)}, and {_compared(self.plan, verdict)}"

    def _facts(self, now: Snapshot) -> str:
        """What a reading of another state tells of who made it so, in brackets."""
        facts = [last_written(now)] if last_written(now) else []
        if now.has_other_version(self.before):
            was = self.before.shown_version
            facts.insert(0, f"version {was} became {now.shown_version}")
        return f" ({', '.join(facts)})" if facts else ""

    def _follow(self, job: Job) -> Written:
        """Polls a job to its end, then reads what it left."""
        left = self._until(self.timeout)
        pause = _FIRST_PAUSE
        while job.status not in ("done", "failed"):
            if left() <= 0:
                return self._unfinished(job, f"job {job.id} is still {job.status}", left)
            self.clock.sleep(min(pause, left()))
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                job = job.poll(left)
            except PatchError as error:
                why = f"job {job.id} cannot be followed: {error.message.rstrip('.')}"
                return self._unfinished(job, why, left)
        within = self._until(min(PATIENCE, left()))
        if job.status == "done":
            return self._done(job, within)
        try:
            return self._failed(job, within)
        except PatchError as error:
            error.details = self.plan.redacted_details(job.details)
            raise

    def _done(self, job: Job, left: Left) -> Written:
        now = self._first_look(left, moved=True)
        if now is None:
            raise self.unknown(f"job {job.id} is done, but the result cannot be read", job)
        return Written(now, verify(self.plan, self.before, now))

    def _failed(self, job: Job, left: Left) -> Written:
        """What a job left that says it failed. Raises unless all of it is stored as sent.

        Somebody else's write may have left anything there, and the job nothing. Only a part of
        what was sent, in our own name, says that the job wrote it.
        """
        why = self.plan.redacted(job.error or "no reason given")
        now = self._first_look(left)
        if now is None:
            raise self.unknown(f"job {job.id} failed ({why}), and what it left cannot be read", job)
        what = f"The API's job to write {self.plan.label} failed: {why}."
        if not self._has_moved(now):
            raise ApiError(f"{what} Nothing was written.", method="PUT", path=self._path)
        written = self.shown_by(now)
        if written is not None:
            text = f"Job {job.id} failed ({why}), yet what was sent is what is stored."
            notice = Notice("job-failed-but-written", "", text)
            return written._replace(notices=(notice, *written.notices))
        verdict = verify(self.plan, self.before, now)
        trace = has_trace(self.plan, verdict.stored)
        is_ours = self._is_ours(now)
        if trace and is_ours and verdict.differences:
            raise VerificationError(
                f"The API's job to write {self.plan.label} failed ({why}), and what is stored is "
                f"neither what was there before nor what was sent{self._facts(now)}. The job may "
                "have left it so, or somebody else wrote it at the same time.",
                sent=self.plan.proposed,
                stored=verdict.stored,
                differences=self.plan.shown(verdict.differences),
                version_before=self.before.version,
                version_after=now.version,
                hint=LOOK,
            )
        if not trace and is_ours is False and self._around(now).is_alone:
            raise self._conflict(now, what)
        raise self.unknown(f"job {job.id} failed ({why}); {self._moved_on(now)}", job)

    def _unfinished(self, job: Job, reason: str, left: Left) -> Written:
        """What it has written so far, or has by the deadline; there is no more to hear of it."""
        for now, _ in self._looks(left):
            if now is not None and self._has_moved(now):
                written = self.shown_by(now)
                if written is not None:
                    return written
        raise self.unknown(reason, job)

    def unprocessed(self, now: Snapshot) -> Written | None:
        """What a reading shows of a write that was answered as not processed (412, 429).

        The answer speaks of one delivery, and a proxy may have made two. Returns the write where
        it is stored as sent after all, and None where it is not written: as before, or one write
        further with nothing of it. Raises OutcomeUnknownError for anything else.
        """
        if not self._has_moved(now) or self.before.is_newer_than(now):
            return None
        written = self.shown_by(now)
        if written is not None:
            return written
        around = self._around(now)
        # Where the version does not count, a write over all of ours leaves nothing to go by.
        is_theirs = around.is_alone or around.is_blind
        stored = verify(self.plan, self.before, now).stored
        if not is_theirs or has_trace(self.plan, stored):
            raise self.unknown(
                f"it was answered as not processed, yet {self._moved_on(now)}. "
                "A proxy may have delivered it twice"
            )
        return None

    def shown_by(self, now: Snapshot) -> Written | None:
        """The write, if a reading alone, without an answer, proves that it took effect."""
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

    def _is_ours(self, now: Snapshot) -> bool | None:
        """Whether it was last written in our own name; None where that is not known."""
        author = now.author_id
        me = self.store.me(self._until(PATIENCE)) if author is not None else None
        return None if me is None else author == me

    def _around(self, now: Snapshot) -> Around:
        return Around(self.plan, self.before, now, self.version_step, self.entry)

    def _has_moved(self, now: Snapshot) -> bool:
        return not is_as_before(self.plan, self.before, now)

    def _conflict(self, now: Snapshot, what: str) -> ConflictError:
        """The error for a write that somebody else's went before; ``what`` is how that came out."""
        from patcher.plan.conflicts import conflict

        error = conflict(self.plan, now, verify(self.plan, self.before, now).stored)
        error.message = f"{what} {error.message}"
        return error

    def _looks(self, left: Left) -> Iterator[tuple[Snapshot | None, str]]:
        """The furthest state that was seen, at longer and longer intervals, until the time is up.

        Once at least. Not every replica shows it at once: what was seen stays seen, whatever an
        older reading shows after it. The text says why the last look showed nothing, or nothing
        that counts; it is empty where it did.
        """
        pause, furthest = _FIRST_PAUSE, None
        while True:
            now, unread = self._glance(left)
            if now is not None and self.before.is_newer_than(now):
                now, unread = None, "only an earlier state of it can be read"
            if now is not None and not (furthest and self._goes_before(furthest, now)):
                furthest = now
            yield furthest, unread
            rest = left()
            if rest <= 0:
                return
            if pause == _FIRST_PAUSE:
                self.tell(f"Looking for what became of the write, {rest:.0f} s at most")
            self.clock.sleep(min(pause, rest))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _goes_before(self, seen: Snapshot, now: Snapshot) -> bool:
        """Whether ``seen`` is the later state; where it does not say, one that has moved is."""
        if seen.is_newer_than(now) or now.is_newer_than(seen):
            return seen.is_newer_than(now)
        return self._has_moved(seen) and not self._has_moved(now)

    def look(self) -> Snapshot | None:
        """What is there now, without a wait; None where it cannot be read."""
        return self._glance(self._until(0))[0]

    def _first_look(self, left: Left, *, moved: bool = False) -> Snapshot | None:
        """The first state that can be read; with ``moved``, that is not as before, if there is."""
        found = None
        for found, _ in self._looks(left):
            if found is not None and (not moved or self._has_moved(found)):
                break
        return found

    def _glance(self, left: Left) -> tuple[Snapshot | None, str]:
        """What is there now, or None and why."""
        try:
            return self.store.read(self.before.id or "", left), ""
        except NotFoundError:
            return None, "it is not there any more"
        except PatchError:
            return None, "it cannot be read at the moment"

    def _until(self, seconds: float) -> Left:
        """What is left of so many seconds from now."""
        end = self.clock.monotonic() + seconds
        return lambda: end - self.clock.monotonic()

    def _declined(self, answer: Ambiguous) -> ApiError:
        return ApiError(
            f"The API did not write {self.plan.label}: {self.plan.redacted(answer.reason)}. "
            "Nothing was written; it was watched to make sure.",
            status=answer.status,
            method="PUT",
            path=self._path,
            hint=answer.hint,
        )

    def unknown(self, reason: str, job: Job | None = None) -> OutcomeUnknownError:
        """The error for a write of which nothing can be told."""
        return OutcomeUnknownError(
            f"Whether {self.plan.label} was written cannot be told: {reason}.",
            journal_entry=self.entry,
            job_id=job.id if job else None,
            hint="Look at it before you write again; what was there before is in the journal "
            f"entry {self.entry}. A longer --settle-timeout waits longer for an answer.",
        )

    @property
    def _path(self) -> str:
        return f"{self.plan.resource.collection}/{self.before.id}"


def _compared(plan: Plan, verdict: Verdict) -> str:
    """How what is stored compares with what was sent, where it does not prove the write."""
    paths = listed(change.path for change in plan.shown(verdict.differences))
    if paths:
        return f"differs from what was sent in {paths}"
    excused = listed(notice.path for notice in verdict.notices if notice.code in EXCUSES)
    if excused:
        return f"holds what was sent, but the server added or hides {excused}, so it proves nothing"
    return "does not show whether by this write"
