"""Scripted asynchronous work, and writes that land later than they are answered.

A job is begun by one request and advances each time it is polled. One that goes on alone also
advances when its model is read, since real jobs do not wait for polls. A write that lands late is
such a job, of which no one is told.
"""

from __future__ import annotations

import json
import math
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patcher.sandbox.endpoints import AsyncJob
from patcher.sandbox.messages import NoSuchError, WireError

Work = Callable[[], str]
"""Takes effect, and returns the result as JSON text."""


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

    polls: float = 3
    error: str | None = None
    written: bool = False
    endless: bool = False
    alone: bool = False


@dataclass(slots=True)
class ScriptedJob(AsyncJob):
    """One job that goes as its script says."""

    script: JobScript = JobScript()
    model_id: str | None = None

    def advance(self) -> None:
        """One more poll. Ended jobs stay as they are."""
        self.polled += 1
        if self.status in ("done", "failed"):
            return
        if self.script.endless or self.polled < self.script.polls:
            self.status = "running"
        else:
            self.end()

    def end(self) -> None:
        """Does the work, unless the script says that it fails before."""
        self.error = self.script.error
        if self.error is None or self.script.written:
            try:
                self.result = json.loads(self.work())
            except WireError as error:
                self.error = error.message
        if self.error is None:
            self.status = "done"
        else:
            self.status, self.result = "failed", None


class Jobs:
    """All jobs and late writes since the start; they do not outlive the process."""

    def __init__(self) -> None:
        self._jobs: dict[str, ScriptedJob] = {}
        self._lock = threading.RLock()  # a late write may begin a job

    def begin(
        self, type_: str, work: Work, script: JobScript, model_id: str | None = None
    ) -> dict[str, Any]:
        """Start a job on a model; returns it with the status ``created``."""
        job = ScriptedJob(str(uuid.uuid4()), type_, work, script=script, model_id=model_id)
        with self._lock:
            self._jobs[job.id] = job
            return job.to_dict()

    def postpone(self, model_id: str | None, reads: int | None, land: Work) -> None:
        """Do ``land`` after so many (1 or more) reads of the model; None waits for a release."""
        polls = math.inf if reads is None else reads
        self.begin("late write", land, JobScript(polls, alone=True), model_id)

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

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def release(self) -> int:
        """Let late writes land and the jobs that go on alone end now; how many there were."""
        with self._lock:
            ended = self._alone()
            for job in ended:
                job.end()
            return len(ended)

    def _alone(self) -> list[ScriptedJob]:
        return [
            job
            for job in self._jobs.values()
            if job.script.alone and not job.script.endless and job.status not in ("done", "failed")
        ]

    def clear(self) -> None:
        """Forget every job; writes that are still to land never do."""
        with self._lock:
            self._jobs.clear()
