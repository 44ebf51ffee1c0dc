"""The verb for many: one change, made in each of several models under a guard of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from patcher.api import Client
from patcher.api.pace import Pace
from patcher.documents.patches import Patch
from patcher.documents.where import Condition
from patcher.errors import SettingsError
from patcher.operations.calls import opened
from patcher.operations.runs import Flight, Manner, Overview, Run
from patcher.operations.selection import Selection
from patcher.operations.session import OnConflict, Options, several
from patcher.plan import PatchResult
from patcher.resources.blockers import OnUnknown

MOST_WORKERS: Final = 256


def patch_models(  # noqa: PLR0913 - those of patch_model, and those of a run
    models: Iterable[str] | None,
    change: object,
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
    """Makes one change in many models, each by a guarded write of its own.

    All plans are made before anything is written. Nothing happens before the first result is
    asked for; when the iterator is closed early, nothing new is begun, and what is on its way is
    finished.

    Args:
        models: UUIDs and exact names; None stands for every model.
        change: as for patch_model; it addresses no list by index in more than one model.
        client: the API; by default as the environment variables say.
        where: conditions, ``PATH=VALUE`` or ``PATH~=REGEX``, which all must hold.
        exclude: UUIDs and names of models that are left alone.
        confirm: called with the Overview before anything is written; False declines. None
            applies.
        dry_run: stop after the plans.
        concurrency: how many models are worked on at a time.
        max_rps: how many requests may be sent in a second.
        fail_fast: whether nothing new is begun after the first failure.
        run_async: as for patch_model.
        refresh: as for patch_model.
        unknown_fields: as for patch_model.
        allow_all_fields: as for patch_model.
        on_conflict: as for patch_model; with "rebase" nobody is asked again.
        accept_older: as for patch_model.
        literal: as for patch_model.

    Returns:
        An iterator of PatchResults as they come, one for each model; what failed has the error in
        ``error``, and the status "not-begun" where nothing was done. The name of the run, for
        ``undo --run``, is in ``result.plan.origin.run``.

    Raises:
        InvalidInputError, InvalidPatchError: the arguments cannot be used; at once.
        ApiError, NotFoundError, AmbiguousNameError: the models cannot be told; with the first
            result. Whatever happens to one model is in its result, and not raised.
    """
    options = Options(
        run_async=run_async,
        refresh=refresh,
        unknown_fields=unknown_fields,
        allow_all_fields=allow_all_fields,
        on_conflict=on_conflict,
        accept_older=accept_older,
        literal=several(literal, "literal paths"),
    )
    selection = Selection(
        None if models is None else several(models, "models"),
        tuple(map(Condition.parse, several(where, "conditions"))),
        several(exclude, "models to exclude"),
    )
    manner = Manner(_workers(concurrency), fail_fast=fail_fast, dry_run=dry_run)
    patch, pace = Patch.of(change), Pace(max_rps)

    def results() -> Iterator[PatchResult]:
        with opened(client) as session:
            run = Run.within(session, Flight(), manner, pace, confirm)
            yield from run.patches(selection, patch, options)

    return results()


def _workers(count: int) -> int:
    if type(count) is not int or not 1 <= count <= MOST_WORKERS:
        raise SettingsError(f"The concurrency is a number from 1 to {MOST_WORKERS}.")
    return count
