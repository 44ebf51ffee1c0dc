"""Files brought to their models: what they would change, and the guarded writes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from patcher.api import Client
from patcher.api.pace import Pace
from patcher.batch.batch import BatchOptions, Target
from patcher.batch.overview import NamedResource, Overview
from patcher.batch.pool import BatchControl
from patcher.documents.wording import ignore
from patcher.errors import InvalidInputError, NotFoundError, PatchError
from patcher.files.baseline import Baseline
from patcher.files.merging import Live, plan_of
from patcher.files.modelfile import ModelFile, Unusable, read_files
from patcher.operations.arguments import OnConflict, Options
from patcher.operations.batch import BatchRun, workers
from patcher.operations.read import projection
from patcher.operations.session import Session, opened
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown

Paths: TypeAlias = "str | os.PathLike[str]"


def run_files(
    run: BatchRun,
    paths: Sequence[Path],
    base: str | None,
    options: Options,
    *,
    looks: bool,
    say: Callable[[str], None] = ignore,
) -> Iterator[PatchResult]:
    """Applies files, or only ``looks`` what they would change.

    ``say`` is called with what else there is to say about the base. Raises InvalidInputError for
    paths or a base that cannot be used.
    """
    files = read_files(paths)
    if not files:
        raise InvalidInputError(
            f"There are no model files in {', '.join(map(str, paths))}.",
            hint="patch-model pull writes them.",
        )
    rebases = None if looks else options.on_conflict == "rebase"
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    with closing(Baseline.choose(base, folder)) as baseline:
        if baseline.note:
            say(baseline.note)
        known = {
            one.id if isinstance(one, ModelFile) else str(one.path): one
            for one in baseline.checked(files)
        }

        def plan(job: Target) -> Plan:
            file = known[job.named.id]
            if isinstance(file, Unusable):
                raise file.error
            try:
                live = live_of(run.session, file, options)
                return plan_of(file, baseline, live, rebases=rebases)
            except PatchError as error:
                raise file.located(error) from None

        jobs = [Target(NamedResource(None, key), file=str(one.path)) for key, one in known.items()]
        yield from run.carry_out_all(jobs, plan, options)


def live_of(session: Session, file: ModelFile, options: Options) -> Live:
    """The model of a file as it is now. Raises NotFoundError where it is gone.

    Its URL is checked before any request, its organization once the model shows its own.
    """
    session.refuse_other_place(f"{file.path} is of", file.header.url)
    try:
        live = read_live(session, file.id, options)
    except NotFoundError as error:
        error.message = f"{file.path}: there is no {session.resource.noun} {file.id} any more."
        error.command_hint = f"If it was deleted on purpose: git rm {shlex.quote(str(file.path))}"
        raise
    header, owner = file.header, live.snapshot.organization
    session.refuse_other_place(f"{file.path} is of", header.url, header.organization, owner)
    return live


def read_live(session: Session, model_id: str, options: Options) -> Live:
    """A model as it is now. Raises ApiError, and StaleReadError for an older state."""
    now = session.latest(model_id, accept_older=options.accept_older)
    found = projection(session, now, options)
    return Live(session.resource, now, found, session.terms(now, options))


def plan_files(
    paths: Iterable[Paths],
    *,
    client: Client | None = None,
    base: str | None = None,
    concurrency: int = 8,
    max_rps: float | None = None,
    unknown_fields: OnUnknown = "error",
    allow_all_fields: bool = False,
    strict: bool = False,
    accept_older: bool = False,
    literal: Iterable[str] = (),
) -> Iterator[PatchResult]:
    """What files, and folders of files, would change in their models. Never writes.

    ``base`` is as for pull_models; the other arguments, the results and the errors are as for
    patch_models. What others changed apart from the files is a warning of the plan.
    """
    options = Options.among(locals())
    how = BatchOptions(workers(concurrency), dry_run=True)
    return _results(paths, client, base, options, how, max_rps=max_rps, looks=True)


def apply_files(  # noqa: PLR0913 - those of patch_models
    paths: Iterable[Paths],
    *,
    client: Client | None = None,
    base: str | None = None,
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
    strict: bool = False,
    accept_older: bool = False,
    literal: Iterable[str] = (),
) -> Iterator[PatchResult]:
    """Brings what files, and folders of files, change to their models, each by a guarded write.

    What was changed since ``base`` (as for pull_models) is written to the model as it is now.
    Where others changed something else, that takes ``on_conflict="rebase"``; where they changed
    the same place, the result has a ConflictError. The other arguments, the results and the errors
    are as for patch_models.
    """
    # The question is about all files together, and so is a dry run.
    options = Options.among(locals(), dry_run=False, confirm=None)
    how = BatchOptions(workers(concurrency), fail_fast=fail_fast, dry_run=dry_run)
    return _results(paths, client, base, options, how, max_rps=max_rps, confirm=confirm)


def _results(
    paths: Iterable[Paths],
    client: Client | None,
    base: str | None,
    options: Options,
    how: BatchOptions,
    *,
    max_rps: float | None,
    confirm: Callable[[Overview], bool] | None = None,
    looks: bool = False,
) -> Iterator[PatchResult]:
    if isinstance(paths, (str, os.PathLike)):
        raise InvalidInputError(
            "The paths are a list, not one path.", hint="Give a list with it: [PATH]."
        )
    named, pace = [Path(one) for one in paths], Pace(max_rps)
    if not named:
        raise InvalidInputError("No file given.")

    def results() -> Iterator[PatchResult]:
        with opened(client) as session:
            run = BatchRun(session, BatchControl(), how, pace, confirm)
            yield from run_files(run, named, base, options, looks=looks)

    return results()
