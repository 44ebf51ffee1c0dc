"""The verbs: plan a change, make it, apply a plan made before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from patcher.api import Client
from patcher.documents.patches import Patch
from patcher.operations.calls import opened, reported, upon_a_reading
from patcher.operations.reviewing import reviewed
from patcher.operations.session import OnConflict, Options, Session, several
from patcher.operations.writing import carry_out
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown

if TYPE_CHECKING:
    from patcher.plan.saved import SavedPlan


def plan_patch(
    model: str,
    change: object,
    *,
    client: Client | None = None,
    expect_version: int | None = None,
    unknown_fields: OnUnknown = "error",
    allow_all_fields: bool = False,
    preview: bool = False,
    impact: bool = False,
    strict: bool = False,
    accept_older: bool = False,
    literal: Iterable[str] = (),
) -> Plan:
    """What ``change`` would do to a model. Never writes.

    Args:
        model: a UUID, or an exact name (``name:TEXT`` forces a name).
        change: a dict is a merge patch (RFC 7396), a list of operations a JSON Patch (RFC 6902);
            or a Patch. It addresses the writable document, and is never mutated.
        client: the API; by default as the environment variables say.
        expect_version: the version that the model must have.
        unknown_fields: what to do about keys of the model that are not known: "error",
            "carry" or "drop", or key by key: "row_filter=carry,tags=drop".
        allow_all_fields: whether ``fields`` may be emptied, which opens every source field.
        preview: ask the source which fields the change would expose; in ``plan.preview``.
        impact: look for the syncs and models downstream; in ``plan.impact``.
        strict: refuse a change that brings in what the plan would warn of as a fault.
        accept_older: plan on a state older than the one last accepted, as after a restore.
        literal: paths of values that are what they look like, though that is a mask.

    Returns:
        The Plan; ``plan.is_unchanged`` says that there is nothing to do. A preview that was
        refused is in there; patch_model raises ApiError for it.

    Raises:
        InvalidPatchError, ReadOnlyFieldError: the change cannot be applied.
        UnknownFieldError: the model holds what cannot be carried over.
        ConflictError: it has another version than the expected one.
        StaleReadError: the API shows an older state than the one last accepted.
        ApiError: it could not be read.
    """
    options = Options(
        expect_version=expect_version,
        unknown_fields=unknown_fields,
        allow_all_fields=allow_all_fields,
        preview=preview,
        impact=impact,
        strict=strict,
        accept_older=accept_older,
        literal=several(literal, "literal paths"),
    )
    with reported(model):
        patch = Patch.of(change)
        with opened(client) as session:
            return run_plan(session, model, patch, options)


def patch_model(  # noqa: PLR0913 - keywords, each of which says one thing
    model: str,
    change: object,
    *,
    client: Client | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    dry_run: bool = False,
    expect_version: int | None = None,
    run_async: bool = False,
    refresh: bool = False,
    unknown_fields: OnUnknown = "error",
    allow_all_fields: bool = False,
    on_conflict: OnConflict = "fail",
    preview: bool = False,
    impact: bool = False,
    strict: bool = False,
    accept_older: bool = False,
    literal: Iterable[str] = (),
) -> PatchResult:
    """Changes one thing in a model, and loses nothing else: the guarded write.

    Args:
        model: a UUID, or an exact name (``name:TEXT`` forces a name).
        change: a dict is a merge patch (RFC 7396), a list of operations a JSON Patch (RFC 6902);
            or a Patch. It addresses the writable document, and is never mutated.
        client: the API; by default as the environment variables say.
        confirm: called with the Plan before anything is written; False declines. None applies.
        dry_run: stop after the plan; the result's status is "planned".
        expect_version: the version that the model must have.
        run_async: ask the API to write in the background, and follow its job.
        refresh: the API's option of that name.
        unknown_fields: what to do about keys of the model that are not known: "error",
            "carry" or "drop", or key by key: "row_filter=carry,tags=drop".
        allow_all_fields: whether ``fields`` may be emptied, which opens every source field.
        on_conflict: when somebody else wrote in between: "fail", or "rebase", which merges what
            they changed and what the plan changes. ``confirm`` is called again with the plan
            upon theirs; without one it must change and clear just what the first plan did.
        preview: ask the source which fields the change would expose, and write only if it says.
        impact: look for the syncs and models downstream, and after the write ask the syncs again.
        strict: refuse a change that brings in what the plan would warn of as a fault.
        accept_older: plan on a state older than the one last accepted, as after a restore.
        literal: paths of values that are what they look like, though that is a mask.

    Returns:
        The PatchResult: status "applied", "unchanged" (nothing was sent), "planned" or
        "declined".

    Raises:
        InvalidPatchError, ReadOnlyFieldError: the change cannot be applied.
        UnknownFieldError: the model holds what cannot be carried over.
        ConflictError: somebody else wrote first; nothing was written.
        StaleReadError: the API shows an older state than the one last accepted; likewise.
        ApiError, JournalError: refused, not reachable or not recordable; nothing was written.
        VerificationError: written, but not stored as sent, or not the only write.
        OutcomeUnknownError: whether it was written cannot be told.
        Each carries the PatchResult so far in ``result``.
    """
    options = Options(
        expect_version=expect_version,
        run_async=run_async,
        refresh=refresh,
        unknown_fields=unknown_fields,
        allow_all_fields=allow_all_fields,
        on_conflict=on_conflict,
        preview=preview,
        impact=impact,
        strict=strict,
        accept_older=accept_older,
        literal=several(literal, "literal paths"),
    )
    with reported(model):
        patch = Patch.of(change)
        with opened(client) as session:
            return run_patch(session, model, patch, options, confirm=confirm, dry_run=dry_run)


def apply_plan(
    plan: Plan | SavedPlan,
    *,
    client: Client | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    dry_run: bool = False,
    run_async: bool = False,
    refresh: bool = False,
    preview: bool = False,
    impact: bool = False,
    strict: bool = False,
    accept_older: bool = False,
) -> PatchResult:
    """Writes a plan made before, if the model is still as the plan found it.

    ``plan`` is one that was just made, or one that was saved and loaded; the latter is refused
    when it was applied before, and "unchanged" when the model is as it wants it already.
    ``strict`` refuses one that warns of a fault, ``accept_older`` is as for patch_model. Returns
    and raises what patch_model does.
    """
    from patcher.plan.making import refuse_faults
    from patcher.plan.saved import SavedPlan

    made = plan.plan if isinstance(plan, SavedPlan) else upon_a_reading(plan)
    options = Options(
        run_async=run_async,
        refresh=refresh,
        unknown_fields=made.unknown_fields,
        preview=preview,
        impact=impact,
        strict=strict,
        accept_older=accept_older,
    )
    with reported("", made), opened(client) as session:
        if strict:
            refuse_faults(made)
        if isinstance(plan, SavedPlan):
            from patcher.operations.saving import run_saved

            return run_saved(session, plan, options, confirm=confirm, dry_run=dry_run)
        return carry_out(session, made, options, confirm=confirm, dry_run=dry_run)


def rebase(plan: Plan, *, client: Client | None = None, accept_older: bool = False) -> Plan:
    """A plan upon what is there now: what was changed in between stays, and so does the change.

    Never writes. ``accept_older`` is as for patch_model. Raises ConflictError where both made
    something different of the same place, StaleReadError where the API shows an older state than
    the plan's, and InvalidInputError for what a saved plan shows: without its reading there is
    nothing to merge.
    """
    from patcher.plan import conflicts

    plan = upon_a_reading(plan)
    with reported("", plan), opened(client) as session:
        session.refuse_elsewhere(plan.origin)
        now = session.latest(plan.base.id or "", known=plan.base, accept_older=accept_older)
        return conflicts.rebase(plan, now)


def run_plan(session: Session, model: str, patch: Patch, options: Options) -> Plan:
    """plan_patch within a session."""
    with reported(model):
        session.check(patch, options)
        resource_id, listed_as = session.resolve(model)
        return reviewed(session, session.plan(resource_id, patch, options, listed_as), options)


def run_patch(
    session: Session,
    model: str,
    patch: Patch,
    options: Options,
    *,
    confirm: Callable[[Plan], bool] | None = None,
    attended: bool = True,
    dry_run: bool = False,
) -> PatchResult:
    """patch_model within a session; ``attended`` says whether ``confirm`` asks somebody."""
    plan = run_plan(session, model, patch, options)
    with reported(model, plan):
        return carry_out(
            session, plan, options, confirm=confirm, attended=attended, dry_run=dry_run
        )
