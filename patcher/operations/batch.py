"""Many models: one change in each of them, or undoing a whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from patcher.api import Client
from patcher.api.pace import Pace
from patcher.batch.batch import Batch, BatchOptions, Target
from patcher.batch.overview import NamedResource, Overview
from patcher.batch.pool import BatchControl
from patcher.batch.spool import Spool
from patcher.documents.jsontext import quoted
from patcher.documents.patches import Patch, PatchLike, refuse_indices
from patcher.documents.wording import Notice
from patcher.errors import ApiError, ConflictError, InvalidInputError, SettingsError
from patcher.operations.arguments import OnConflict, Options
from patcher.operations.read import Selection, holds, select
from patcher.operations.session import Session, opened
from patcher.operations.undo import RUN, way_back
from patcher.operations.write import carry_out
from patcher.plan import PatchResult, Plan, make_plan
from patcher.resources.blockers import OnUnknown

TRIES: Final = 5
"""Maximum attempts for one resource while the API asks for pauses."""

T = TypeVar("T")


class BatchRun:
    """One run over many resources, stopped by ``control``.

    ``pace`` spaces its requests; ``confirm`` is called with the overview before anything is
    written, and None agrees.
    """

    def __init__(
        self,
        session: Session,
        control: BatchControl,
        batch_options: BatchOptions,
        pace: Pace,
        confirm: Callable[[Overview], bool] | None = None,
    ) -> None:
        self.session = session.for_batch(pace, control)
        self._control = control
        self._batch_options = batch_options
        self._confirm = confirm

    def patches(
        self, selection: Selection, patch: Patch, options: Options
    ) -> Iterator[PatchResult]:
        """Makes one change in all selected resources: patch_models."""
        session = self.session
        if options.preview or options.impact:
            raise InvalidInputError(
                f"{'Preview' if options.preview else 'Impact'} is for one model at a time.",
                hint="Look at one of them first: patch-model plan MODEL ... --preview --impact",
            )
        session.check(patch, options)
        chosen = select(session, selection, options)
        is_one, new_name = len(chosen) == 1, _new_name(patch)
        if not is_one:
            _refuse_what_is_for_one(session, patch, options)

        def plan(job: Target) -> Plan:
            base = session.expected(job.named.id, options, job.listed_as)
            # The overview asks deepdiff what kind of change each is, once for those with the same.
            terms = session.terms(base, options)._replace(explained=False)
            made = make_plan(session.resource, base, patch, terms)
            if not holds(session, selection.where, made.document):
                raise ConflictError(
                    f"{made.label} changed since it was listed, and no longer matches the "
                    "conditions. Nothing was written.",
                    found=made.base.version,
                )
            if not is_one:
                refuse_indices(patch, session.resource.shape, made.document)
                made = _with_shared_name(made, new_name, len(chosen))
            return made

        yield from self.carry_out_all(chosen, plan, options)

    def undoing(self, name: str, options: Options) -> Iterator[PatchResult]:
        """Undoes all writes of a run. Raises InvalidInputError where none are recorded."""
        session = self.session
        way = way_back(session, options)

        def plan(job: Target) -> Plan:
            return way.plan(session.journal.entry(job.entry))

        yield from self.carry_out_all(_written(session, name), plan, options)

    def carry_out_all(
        self, jobs: list[Target], make: Callable[[Target], Plan], options: Options
    ) -> Iterator[PatchResult]:
        """Makes the plan of each, and writes what ``confirm`` agrees to."""
        session = self.session

        def plan(job: Target) -> Plan:
            return self._patiently(lambda: make(job))

        def write(made: Plan) -> PatchResult:
            return self._patiently(lambda: carry_out(session, made, options))

        with Spool(session.journal.folder.parent, session.resource, session.masks) as spool:
            batch = Batch(session.resource, plan, write, spool, self._control, self._batch_options)
            yield from batch.run(jobs, self._confirm)

    def _patiently(self, do: Callable[[], T]) -> T:
        """Retries while the API asks for pauses: an ApiError means that nothing was written."""
        for _ in range(TRIES - 1):
            try:
                return do()
            except ApiError as error:  # noqa: PERF203 - a try costs nothing compared with a request
                if error.status != 429 or not self.session.client.pause_left:
                    raise
        return do()


def _new_name(patch: Patch) -> str | None:
    """The name that a change gives to every resource, or None."""
    writes = (write for step in patch.steps for write in step.writes())
    names = [value for place, value in writes if place == ("name",) and type(value) is str]
    return names[-1] if names else None


def _with_shared_name(plan: Plan, name: str | None, count: int) -> Plan:
    """A plan with a warning where ``count`` resources would have the same name."""
    if plan.is_unchanged or name is None or plan.proposed.get("name") != name:
        return plan
    called = quoted(plan.masks.masked_text(name))
    text = f"{count} {plan.resource.noun}s would have the same name, {called}."
    return replace(plan, warnings=(*plan.warnings, Notice("same-name", "/name", text)))


def _written(session: Session, run: str) -> list[Target]:
    """The writes of a run that were, or may have been, made; the newest first."""
    if not RUN.fullmatch(run):
        raise InvalidInputError(
            f"{run!r} is not a run.",
            hint="A run is run- and 12 hex digits; patch-model history shows them.",
        )
    found = []
    for entry in session.journal.of_run(run):
        session.refuse_other_place(f"{run} was written to", entry.intent.where)
        target = Target(NamedResource(entry.intent.name, entry.intent.id), entry.name)
        found.append((entry.sequence, entry.name, target, entry.may_be_written))
    if not found:
        raise InvalidInputError(
            f"No writes recorded for {run}.", hint="patch-model history lists the recorded writes."
        )
    newest_first = sorted(found, key=lambda one: one[:2], reverse=True)
    return [target for _, _, target, counts in newest_first if counts]


def _refuse_what_is_for_one(session: Session, patch: Patch, options: Options) -> None:
    refuse_indices(patch, session.resource.shape)
    if options.expect_version is not None:
        raise InvalidInputError(
            "An expected version is for one model, and several are selected.",
            hint="Leave out --expect-version. Each model is written only if it is as shown.",
        )


MOST_WORKERS: Final = 256


def patch_models(  # noqa: PLR0913 - those of patch_model, and those of a run
    models: Iterable[str] | None,
    change: PatchLike,
    *,
    client: Client | None = None,
    where: Iterable[str] = (),
    exclude: Iterable[str] = (),
    confirm: Callable[[Overview], bool] | None = None,
    dry_run: bool = False,
    concurrency: int = 8,
    max_rps: float | None = None,
    fail_fast: bool = False,
    run_async: bool = False,
    refresh: bool = False,
    unknown_fields: OnUnknown = "error",
    allow_all_fields: bool = False,
    on_conflict: OnConflict = "fail",
    accept_older: bool = False,
    literal: Iterable[str] = (),
) -> Iterator[PatchResult]:
    """Makes one change in many models; lazy, nothing happens before a result is requested.

    All plans are made before anything is written, and each model is written safely by itself. An
    iterator that is closed early starts nothing new, and finishes what is in progress.

    Args:
        models: UUIDs and exact names; None selects every model.
        change: as for patch_model; with several models, it can't address a list by index.
        client: the API; by default Client.from_env().
        where: conditions, ``PATH=VALUE`` or ``PATH~=REGEX``, which all must hold.
        exclude: UUIDs and names of models to leave out.
        confirm: called with the Overview before anything is written; False declines. None
            applies.
        dry_run: stop after the plans.
        concurrency: how many models are processed at a time.
        max_rps: maximum requests per second.
        fail_fast: start nothing new after the first failure.
        run_async: as for patch_model.
        refresh: as for patch_model.
        unknown_fields: as for patch_model.
        allow_all_fields: as for patch_model.
        on_conflict: as for patch_model; a rebased plan is not confirmed again.
        accept_older: as for patch_model.
        literal: as for patch_model.

    Returns:
        An iterator of PatchResults in the order of completion, one for each model. A failure is in
        ``error``, and the status is "not-begun" where nothing was done. The name of the run, for
        ``undo --run``, is ``result.plan.origin.run``.

    Raises:
        InvalidInputError, InvalidPatchError: the arguments cannot be used; at once.
        ApiError, NotFoundError, AmbiguousNameError: the models cannot be determined; with the
            first result. What happens to one model is in its result, not raised.
    """
    options = Options.among(locals(), dry_run=False, confirm=None)
    selection = Selection.of(models, where, exclude)
    batch_options = BatchOptions(workers(concurrency), fail_fast=fail_fast, dry_run=dry_run)
    patch, pace = Patch.of(change), Pace(max_rps)

    def results() -> Iterator[PatchResult]:
        with opened(client) as session:
            run = BatchRun(session, BatchControl(), batch_options, pace, confirm)
            yield from run.patches(selection, patch, options)

    return results()


def workers(count: int) -> int:
    """A number of models to work on at a time. Raises SettingsError."""
    if type(count) is not int or not 1 <= count <= MOST_WORKERS:
        raise SettingsError(f"The concurrency must be from 1 to {MOST_WORKERS}.")
    return count
