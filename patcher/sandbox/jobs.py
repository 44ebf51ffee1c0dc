"""Asynchronous work, and writes that land later than they are answered.

A job is begun by one request and advances each time it is polled. One that goes on alone also
advances when its model is read, since real jobs do not wait for polls.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from patcher.sandbox.messages import NoSuchError, WireError


@dataclass(slots=True)
class _LateWrite:
    model_id: str | None
    reads: int | None
    land: Callable[[], object]


class LateWrites:
    """Postponed writes; each lands after so many reads of its model, or when released."""

    def __init__(self) -> None:
        self._waiting: list[_LateWrite] = []
        self._lagging: dict[str, tuple[str, int | None]] = {}
        self._lock = threading.Lock()

    def postpone(self, model_id: str | None, reads: int | None, land: Callable[[], object]) -> None:
        """Do ``land`` after so many (1 or more) reads of the model; None waits for a release."""
        with self._lock:
            self._waiting.append(_LateWrite(model_id, reads, land))

    def count_read(self, model_id: str) -> None:
        """Count a read of the model, which still showed the old state."""
        with self._lock:
            for write in self._waiting:
                if write.model_id == model_id and write.reads is not None:
                    write.reads -= 1
            due = [write for write in self._waiting if write.reads is not None and write.reads <= 0]
            self._waiting = [write for write in self._waiting if write not in due]
        for write in due:
            write.land()

    def lag(self, model_id: str, text: str, reads: int | None) -> None:
        """Show ``text`` for so many reads of the model; None waits for a release."""
        with self._lock:
            self._lagging[model_id] = (text, reads)

    def lagging(self, model_id: str) -> str | None:
        """The old state that a read of the model shows; None once it is up to date."""
        with self._lock:
            text, left = self._lagging.pop(model_id, (None, 0))
            if text is not None and left != 1:
                self._lagging[model_id] = (text, None if left is None else left - 1)
        return text

    def release(self) -> int:
        """Let every postponed write land now and be visible; how many there were."""
        with self._lock:
            due, self._waiting = self._waiting, []
            self._lagging.clear()
        for write in due:
            write.land()
        return len(due)

    def clear(self) -> None:
        """Drop them: they never land. Reads are up to date again."""
        with self._lock:
            self._waiting.clear()
            self._lagging.clear()


Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class JobScript:
    """How a job goes.

    Attributes:
        polls: it is created, then running, and done at the poll of this number.
        error: with a text it ends as failed, with that text.
        written: whether a job with an ``error`` does its work all the same.
        endless: it stays running.
        alone: it also advances with each read of its model, and ends when the sandbox releases.
    """

    polls: int = 3
    error: str | None = None
    written: bool = False
    endless: bool = False
    alone: bool = False


@dataclass(slots=True)
class AsyncJob:
    """One job; ``work`` takes effect, and yields the result, when the job ends."""

    id: str
    type: str
    work: Work
    script: JobScript
    model_id: str | None = None
    polled: int = 0
    status: Literal["created", "running", "done", "failed"] = "created"
    error: str | None = None
    result: Any = None

    def advance(self) -> None:
        """One more poll. Ended jobs stay as they are."""
        self.polled += 1
        if self.status in ("done", "failed"):
            return
        if self.script.endless or self.polled < self.script.polls:
            self.status = "running"
        else:
            self._end()

    def _end(self) -> None:
        self.error = self.script.error
        if self.error is None or self.script.written:
            try:
                self.result = self.work()
            except WireError as error:
                self.error = error.message
        if self.error is None:
            self.status = "done"
        else:
            self.status, self.result = "failed", None

    def to_dict(self) -> dict[str, Any]:
        """The ``JobResponse`` object."""
        return {
            "job_id": self.id,
            "type": self.type,
            "status": self.status,
            "error": self.error,
            "result": self.result,
        }


class Jobs:
    """All jobs since the start; they do not outlive the process."""

    def __init__(self) -> None:
        self._jobs: dict[str, AsyncJob] = {}
        self._lock = threading.Lock()

    def begin(
        self, type_: str, work: Work, script: JobScript, model_id: str | None = None
    ) -> dict[str, Any]:
        """Start a job on a model; returns it with the status ``created``."""
        job = AsyncJob(str(uuid.uuid4()), type_, work, script, model_id)
        with self._lock:
            self._jobs[job.id] = job
            return job.to_dict()

    def poll(self, type_: str, job_id: str) -> dict[str, Any]:
        """The job, one poll further. Raises NoSuchError, also for another type."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.type != type_:
                raise NoSuchError("job", job_id)
            job.advance()
            return job.to_dict()

    def count_read(self, model_id: str) -> None:
        """Count a read of the model, which still showed the old state."""
        with self._lock:
            for job in self._alone():
                if job.model_id == model_id:
                    job.advance()

    def release(self) -> int:
        """Let the jobs that go on alone end now; how many there were."""
        with self._lock:
            ended = self._alone()
            for job in ended:
                while job.status not in ("done", "failed"):
                    job.advance()
            return len(ended)

    def _alone(self) -> list[AsyncJob]:
        return [
            job
            for job in self._jobs.values()
            if job.script.alone and not job.script.endless and job.status not in ("done", "failed")
        ]

    def clear(self) -> None:
        """Forget every job."""
        with self._lock:
            self._jobs.clear()
