"""Finding out what became of a write: from its answer, and where that proves nothing, by reading.

Never by sending it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol

from patcher.documents.notices import Notice
from patcher.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    PatchError,
    VerificationError,
)
from patcher.guard.overlap import last_written, listed
from patcher.guard.store import Ambiguous, Answered, Job, Refused, Store
from patcher.guard.verification import EXCUSES, Verdict, is_as_before, proves, verify
from patcher.plan import Plan
from patcher.resources.snapshot import Snapshot

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0

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


def untold(text: str) -> None:
    """Nobody is told what is being waited for."""


class Settlement(NamedTuple):
    """One write on its way: what was sent, upon which reading, and how long to wait for news.

    ``tell`` is called with a sentence when it takes longer than a first look.
    """

    store: Store
    clock: Clock
    plan: Plan
    before: Snapshot
    entry: str
    timeout: float
    tell: Callable[[str], None] = untold

    def settle(self, answer: Answered | Job | Refused | Ambiguous) -> Written:
        """What became of the write.

        Raises ApiError (refused, nothing written), ConflictError (its precondition failed),
        VerificationError (a failed job that left something else behind) and OutcomeUnknownError.
        """
        if isinstance(answer, Refused):
            if answer.status == 412:
                return self._overtaken(answer)
            raise self._refusal(answer)
        if isinstance(answer, Job):
            return self._follow(answer)
        if isinstance(answer, Answered):
            snapshot = answer.snapshot
            if snapshot.id == self.before.id and snapshot.is_newer_than(self.before):
                return self._written(snapshot)
            answer = Ambiguous("the answer shows another resource, or an earlier state of it")
        return self._watch(answer)

    def _overtaken(self, answer: Refused) -> Written:
        """Its precondition failed: because of somebody else's write, or of this very one.

        RFC 9110, section 13.1.1: a proxy that sent the write twice gets this for the second. What
        is there says which it was. Raises ConflictError.
        """
        now = self._look()
        written = None if now is None else self.shown_by(now)
        if written is not None:
            return written
        raise ConflictError(
            f"{self.plan.label} changed while it was being written: "
            f"{self.plan.redacted(answer.message)} (412). Nothing was written.",
            expected=self.before.version,
            base=self.plan.document,
            hint="Run the same command again to work from the present state.",
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
        for now, unread in self._looks(self.clock.monotonic() + self.timeout):
            is_untouched = now is not None and is_as_before(self.plan, self.before, now)
            if now is None:
                found = unread
            elif is_untouched:
                found = "it is not written so far, and may still land"
            elif proves(self.plan, (written := self._written(now)).verdict):
                return written
            else:
                found = f"it has moved on{self._facts(now)}, and {_compared(self.plan, written)}"
        if is_untouched and answer.declined:
            raise self._declined(answer)
        reason = self.plan.redacted(answer.reason).rstrip(".")
        raise self.unknown(f"{reason}; {found}")

    def _facts(self, now: Snapshot) -> str:
        """What a reading of another state tells of who made it so, in brackets."""
        facts = [last_written(now)] if last_written(now) else []
        if now.has_other_version(self.before):
            was = self.before.shown_version
            facts.insert(0, f"version {was} became {now.shown_version}")
        return f" ({', '.join(facts)})" if facts else ""

    def _follow(self, job: Job) -> Written:
        """Polls a job to its end, then reads what it left."""
        deadline = self.clock.monotonic() + self.timeout
        pause = _FIRST_PAUSE
        while job.status not in ("done", "failed"):
            left = deadline - self.clock.monotonic()
            if left <= 0:
                return self._unfinished(job, f"job {job.id} is still {job.status}", deadline)
            self.clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                job = job.poll()
            except PatchError as error:
                why = f"job {job.id} cannot be followed: {error.message.rstrip('.')}"
                return self._unfinished(job, why, deadline)
        return self._done(job) if job.status == "done" else self._failed(job)

    def _done(self, job: Job) -> Written:
        now = self._look()
        if now is None:
            raise self.unknown(f"job {job.id} is done, but the result cannot be read", job)
        return self._written(now)

    def _failed(self, job: Job) -> Written:
        why = self.plan.redacted(job.error or "no reason given")
        now = self._look()
        if now is None:
            raise self.unknown(f"job {job.id} failed ({why}), and what it left cannot be read", job)
        if is_as_before(self.plan, self.before, now):
            raise ApiError(
                f"The API's job to write {self.plan.label} failed: {why}. Nothing was written.",
                method="PUT",
                path=self._path,
            )
        written = self._written(now)
        if proves(self.plan, written.verdict):
            text = f"Job {job.id} failed ({why}), yet what was sent is what is stored."
            return Written(now, written.verdict, (Notice("job-failed-but-written", "", text),))
        if written.verdict.is_as_sent:
            found = _compared(self.plan, written)
            raise self.unknown(f"job {job.id} failed ({why}), and what is stored {found}", job)
        raise VerificationError(
            f"The API's job to write {self.plan.label} failed ({why}), and what is stored is "
            f"neither what was there before nor what was sent{self._facts(now)}. The job may have "
            "left it so, or somebody else wrote it at the same time.",
            sent=self.plan.proposed,
            stored=written.verdict.stored,
            differences=self.plan.shown(written.verdict.differences),
            version_before=self.before.version,
            version_after=now.version,
            hint=LOOK,
        )

    def _unfinished(self, job: Job, reason: str, deadline: float) -> Written:
        """What it has written so far, or has by the deadline; there is no more to hear of it."""
        for now, _ in self._looks(deadline):
            if now is not None and not is_as_before(self.plan, self.before, now):
                written = self.shown_by(now)
                if written is not None:
                    return written
        raise self.unknown(reason, job)

    def shown_by(self, now: Snapshot) -> Written | None:
        """The write, if a reading alone, without an answer, proves that it took effect."""
        written = self._written(now)
        return written if proves(self.plan, written.verdict) else None

    def _looks(self, deadline: float) -> Iterator[tuple[Snapshot | None, str]]:
        """What is there, at longer and longer intervals, until the time is up; once at least."""
        pause = _FIRST_PAUSE
        while True:
            yield self._glance()
            left = deadline - self.clock.monotonic()
            if left <= 0:
                return
            if pause == _FIRST_PAUSE:
                self.tell(f"Looking for what became of the write, {left:.0f} s at most")
            self.clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _look(self) -> Snapshot | None:
        return self._glance()[0]

    def _glance(self) -> tuple[Snapshot | None, str]:
        """What is there now, or None and why."""
        try:
            return self.store.read(self.before.id or ""), ""
        except NotFoundError:
            return None, "it is not there any more"
        except PatchError:
            return None, "it cannot be read at the moment"

    def _written(self, snapshot: Snapshot) -> Written:
        return Written(snapshot, verify(self.plan, self.before, snapshot))

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


def _compared(plan: Plan, written: Written) -> str:
    """How what is stored compares with what was sent, where it does not prove the write."""
    verdict = written.verdict
    paths = listed(change.path for change in plan.shown(verdict.differences))
    if paths:
        return f"differs from what was sent in {paths}"
    excused = listed(notice.path for notice in verdict.notices if notice.code in EXCUSES)
    if excused:
        return f"holds what was sent, but the server added or hides {excused}, so it proves nothing"
    return "does not show whether by this write"
