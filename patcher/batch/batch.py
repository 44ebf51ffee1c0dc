"""A batch: plans everything, shows it, and writes what was shown, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from patcher.batch.overview import NamedResource, Overview, Refusal, Summary
from patcher.batch.pool import BatchControl, Pool, Unfinished, interrupted
from patcher.batch.spool import Slot, Spool
from patcher.documents.wording import ignore
from patcher.errors import DeclinedError, InterruptedWriteError, OutcomeUnknownError, PatchError
from patcher.plan import PatchResult, Plan
from patcher.resources.resource import Resource


class Target(NamedTuple):
    """One resource of a run.

    ``entry`` is the journal entry to undo, if any, ``listed_as`` the name by which the resource
    was found, or None, ``file`` its file, if any.
    """

    named: NamedResource
    entry: str = ""
    listed_as: str | None = None
    file: str = ""


class BatchOptions(NamedTuple):
    """The options of a run.

    Attributes:
        workers: how many resources are processed at a time.
        fail_fast: whether nothing new is begun after the first failure.
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


@dataclass(slots=True)
class Batch:
    """A run over many resources of one kind.

    Attributes:
        resource: the kind of resource.
        plan: reads a target's resource and returns its plan; it writes nothing.
        write: the guarded write of a plan, without a prompt.
        spool: stores the plans between the overview and the write.
        control: stops the run.
        options: the options of the run.
    """

    resource: Resource
    plan: Callable[[Target], Plan]
    write: Callable[[Plan], PatchResult]
    spool: Spool
    control: BatchControl
    options: BatchOptions

    def run(
        self, targets: Collection[Target], confirm: Callable[[Overview], bool] | None
    ) -> Iterator[PatchResult]:
        """Yields the result of each target, as it is done.

        Every plan is made before anything is written, and ``confirm`` is asked about all of them
        at once; None agrees. A target whose plan is refused does not keep the others from being
        written, unless the options say to fail fast.
        """
        overview = Overview(self.spool, len(targets), show_secrets=self.options.show_secrets)
        yield from self._plans(targets, overview)
        planned = overview.planned()
        self.options.show(overview)
        if self.control.is_stopped:
            yield from map(self._not_begun, planned)
        elif self.options.dry_run:
            yield from (PatchResult.of_plan(self.spool.plan(slot)) for slot in planned)
        elif planned and confirm is not None and not confirm(overview):
            no = DeclinedError("Declined. Nothing was written.")
            yield from (self._of_error(no, self.spool.plan(slot)) for slot in planned)
        else:
            yield from self._writes(planned)

    def _plans(self, targets: Collection[Target], overview: Overview) -> Iterator[PatchResult]:
        """Makes the plans; yields the results of those with nothing left to do."""
        self.options.watch("plan", 0, overview.total)
        pool = Pool(partial(self._planned, overview), self.options.workers, self.control)
        outcomes = pool.run(iter(targets), finishes=False)
        for count, (position, target, result) in enumerate(outcomes, 1):
            if isinstance(result, Unfinished):
                stopped = self._of_error(interrupted(), None, target.named.id)
                yield replace(stopped, status="not-begun")
                continue
            if isinstance(result, Summary):
                overview.add(position, result)
            else:
                overview.unchanged += result.status == "unchanged"
                error = result.error
                if error is not None:
                    facts = (error.message, error.command_hint, error.report, target.file)
                    overview.refused.append(Refusal(target.named, *facts))
                yield result
            self.options.watch("plan", count, overview.total)

    def _planned(self, overview: Overview, target: Target) -> PatchResult | Summary:
        """Stores the plan of a target, or returns its result where nothing is left to do."""
        plan: Plan | None = None
        try:
            plan = self.plan(target)
            return PatchResult.of_plan(plan) if plan.is_unchanged else overview.store(plan)
        except Exception as error:  # noqa: BLE001 - one must not end the others
            return self._failed(error, plan, target.named.id)

    def _writes(self, planned: list[Slot]) -> Iterator[PatchResult]:
        """Writes the plans as they were shown; yields the result of each."""
        self.options.watch("write", 0, len(planned))
        pool = Pool(self._written, self.options.workers, self.control)
        for count, (_, slot, result) in enumerate(pool.run(iter(planned), finishes=True), 1):
            if isinstance(result, Unfinished):
                yield self._not_begun(slot, result.entry)
            else:
                yield result
            self.options.watch("write", count, len(planned))

    def _written(self, slot: Slot) -> PatchResult:
        """Writes one plan."""
        plan: Plan | None = None
        try:
            plan = self.spool.plan(slot)
            return self.write(plan)
        except Exception as error:  # noqa: BLE001 - one must not end the others
            return self._failed(error, plan)

    def _failed(self, error: Exception, plan: Plan | None, target: str = "") -> PatchResult:
        """Returns the result of an error; stops the run if it is to fail fast."""
        if not isinstance(error, PatchError):
            error = PatchError(
                f"Internal error: {type(error).__name__}.",
                hint="This is a bug in patch-model; please report it.",
            )
        result = error.result or self._of_error(error, plan, target)
        if isinstance(error, InterruptedWriteError):
            return replace(result, status="not-begun")
        if self.options.fail_fast:
            self.control.stop()
        return result

    def _not_begun(self, slot: Slot, entry: str | None = None) -> PatchResult:
        """The result of a write that was not begun, or under ``entry`` not waited for."""
        plan = self.spool.plan(slot)
        if entry is None:
            return replace(self._of_error(interrupted(), plan), status="not-begun")
        error = OutcomeUnknownError(
            f"Outcome unknown: {plan.label} may or may not have been written: the run was stopped "
            "during the write.",
            journal_entry=entry,
            hint=f"Check it before you write again. Journal entry {entry} has the state before "
            "the write.",
        )
        return replace(self._of_error(error, plan), journal_entry=entry)

    def _of_error(self, error: PatchError, plan: Plan | None, target: str = "") -> PatchResult:
        return PatchResult.of_error(error, self.resource, target=target, plan=plan)
