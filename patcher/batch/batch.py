"""A batch: plan everything, show it, and write what was shown, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from patcher.batch.overview import NamedResource, Overview, Planned, Refusal, Sketch
from patcher.batch.pool import BatchControl, Left, Pool, interrupted
from patcher.batch.spool import Spool
from patcher.documents.notices import ignore
from patcher.errors import DeclinedError, InterruptedWriteError, OutcomeUnknownError, PatchError
from patcher.plan import PatchResult, Plan
from patcher.resources.resource import Resource


class Target(NamedTuple):
    """One resource of a run.

    ``entry`` is the journal entry that is to be taken back, if any, ``listed_as`` the name by
    which the resource was found, or None.
    """

    named: NamedResource
    entry: str = ""
    listed_as: str | None = None


Numbered: TypeAlias = tuple[int, Target]


class BatchOptions(NamedTuple):
    """How a run goes about it.

    Attributes:
        workers: how many resources are worked on at a time.
        fail_fast: whether nothing new is begun after the first that fails.
        dry_run: whether it ends with the plans.
        show_secrets: whether the overview shows the values of credentials.
        watch: called with "plan" or "write", how many are done, and how many there are.
        show: called with the overview, once all plans are made.
    """

    workers: int = 8
    fail_fast: bool = False
    dry_run: bool = False
    show_secrets: bool = False
    watch: Callable[[str, int, int], None] = ignore
    show: Callable[[Overview], None] = ignore


class Batch(NamedTuple):
    """A run over many resources of one kind.

    Attributes:
        resource: which kind.
        plan: reads the resource of a job and works its plan out; it writes nothing.
        write: the guarded write of a plan, which asks nobody.
        spool: where plans are between the overview and the write.
        flight: what is on its way, and how it is stopped.
        manner: how it goes about it.
    """

    resource: Resource
    plan: Callable[[Target], Plan]
    write: Callable[[Plan], PatchResult]
    spool: Spool
    control: BatchControl
    options: BatchOptions

    def run(
        self, jobs: Collection[Target], confirm: Callable[[Overview], bool] | None
    ) -> Iterator[PatchResult]:
        """The result of each job, as it is done.

        Every plan is made before anything is written, and ``confirm`` is asked about all of them
        at once; None agrees. A job whose plan is refused does not keep the others from being
        written, unless the manner is to fail fast.
        """
        overview = Overview(self.spool, len(jobs), show_secrets=self.options.show_secrets)
        yield from self._plans(jobs, overview)
        planned = overview.planned()
        self.options.show(overview)
        if self.control.is_stopped:
            yield from map(self._not_begun, planned)
        elif self.options.dry_run:
            yield from (PatchResult.of_plan(self.spool.plan(one.kept)) for one in planned)
        elif planned and confirm is not None and not confirm(overview):
            no = DeclinedError("The answer was no. Nothing was written.")
            yield from (self._of_error(no, self.spool.plan(one.kept)) for one in planned)
        else:
            yield from self._writes(planned)

    def _plans(self, jobs: Collection[Target], overview: Overview) -> Iterator[PatchResult]:
        """Makes the plans; the results of those with which nothing is left to do."""

        def plan(numbered: Numbered) -> PatchResult | Sketch:
            return self._planned(numbered[1], overview)

        self.options.watch("plan", 0, overview.total)
        pool: Pool[Numbered, PatchResult | Sketch] = Pool(plan, self.options.workers, self.control)
        for count, done in enumerate(pool.run(iter(enumerate(jobs)), finishes=False), 1):
            position, job = done.work
            if isinstance(done, Left):
                result = self._of_error(interrupted(), None, job.named.id)
                yield replace(result, status="not-begun")
                continue
            if isinstance(done.result, Sketch):
                overview.add(position, done.result)
            else:
                overview.unchanged += done.result.status == "unchanged"
                error = done.result.error
                if error is not None:
                    overview.refused.append(Refusal(job.named, error.message, error.hint))
                yield done.result
            self.options.watch("plan", count, overview.total)

    def _planned(self, job: Target, overview: Overview) -> PatchResult | Sketch:
        """The plan of a job, put away, or its result where nothing is left to do."""
        plan: Plan | None = None
        try:
            plan = self.plan(job)
            return PatchResult.of_plan(plan) if plan.is_unchanged else overview.sketch(plan)
        except Exception as error:  # noqa: BLE001 - one must not end the others
            return self._failed(error, plan, job.named.id)

    def _writes(self, planned: list[Planned]) -> Iterator[PatchResult]:
        """Writes the plans as they were shown; the result of each."""
        self.options.watch("write", 0, len(planned))
        pool: Pool[Planned, PatchResult] = Pool(self._written, self.options.workers, self.control)
        for count, done in enumerate(pool.run(iter(planned), finishes=True), 1):
            if isinstance(done, Left):
                yield self._not_begun(done.work, done.entry)
            else:
                yield done.result
            self.options.watch("write", count, len(planned))

    def _written(self, planned: Planned) -> PatchResult:
        """The result of writing one plan."""
        plan: Plan | None = None
        try:
            plan = self.spool.plan(planned.kept)
            return self.write(plan)
        except Exception as error:  # noqa: BLE001 - one must not end the others
            return self._failed(error, plan)

    def _failed(self, error: Exception, plan: Plan | None, target: str = "") -> PatchResult:
        """The result of an error; stops the run where the first one is to."""
        if not isinstance(error, PatchError):
            error = PatchError(
                f"Internal error: {type(error).__name__}.",
                hint="This is a fault of patch-model; please report it.",
            )
        result = error.result or self._of_error(error, plan, target)
        if isinstance(error, InterruptedWriteError):
            return replace(result, status="not-begun")
        if self.options.fail_fast:
            self.control.stop()
        return result

    def _not_begun(self, planned: Planned, entry: str | None = None) -> PatchResult:
        """The result of a write that was not begun, or under ``entry`` not waited for."""
        plan = self.spool.plan(planned.kept)
        if entry is None:
            return replace(self._of_error(interrupted(), plan), status="not-begun")
        error = OutcomeUnknownError(
            f"The write of {plan.label} was on its way and was not waited for; whether it took "
            "effect is not known.",
            journal_entry=entry,
            hint=f"What was there before is in the journal entry {entry}. Look at it before you "
            "write again.",
        )
        return replace(self._of_error(error, plan), journal_entry=entry)

    def _of_error(self, error: PatchError, plan: Plan | None, target: str = "") -> PatchResult:
        return PatchResult.of_error(error, self.resource, target=target, plan=plan)
