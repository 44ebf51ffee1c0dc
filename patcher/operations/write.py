"""The verbs for one model: plan a change, make it, apply a plan made before.

From a plan to a result: confirm, write, and where it was asked for, rebase and start over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from patcher.api import Client
from patcher.documents.patches import Patch
from patcher.documents.values import strictly_equal
from patcher.errors import (
    ConflictError,
    DeclinedError,
    InvalidInputError,
    PatchError,
    VerificationError,
)
from patcher.operations.impact import approved, looked_after, reviewed
from patcher.operations.read import resolve
from patcher.operations.session import OnConflict, Options, Session, several
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot

if TYPE_CHECKING:
    from patcher.plan.saved import SavedPlan


def failed(error: PatchError, target: str = "", plan: Plan | None = None) -> PatchResult:
    """The result of a change that ended with ``error``, before or after there was a plan."""
    return PatchResult.of_error(error, MODEL, target=target, plan=plan)


def upon_a_reading(plan: object) -> Plan:
    """``plan`` itself, which is upon a reading, as one that was just made is.

    Raises InvalidInputError for anything else: what a saved plan shows has neither its credentials
    nor its reading, and so it could be written, but not be merged or undone.
    """
    if not isinstance(plan, Plan):
        raise InvalidInputError(
            f"This takes a Plan, and not a {type(plan).__name__}.",
            hint="plan_patch makes one.",
        )
    document, _ = plan.resource.document(plan.base, plan.unknown_fields)
    if not strictly_equal(document, plan.document):
        raise InvalidInputError(
            "This plan is what a saved one shows, without its credentials and its reading.",
            hint="Give apply_plan the SavedPlan itself; for anything else make a plan anew, with "
            "plan_patch, upon what is there now.",
        )
    return plan


@contextmanager
def opened(client: Client | None) -> Iterator[Session]:
    """A session as the environment says; a client that was made for it is closed again."""
    session = Session.from_env(client)
    try:
        yield session
    finally:
        if client is None:
            session.client.close()


@contextmanager
def reported(model: str, plan: Plan | None = None) -> Iterator[None]:
    """Sees to it that every error carries a result."""
    if not isinstance(model, str):
        raise InvalidInputError(
            f"A model cannot be named by a {type(model).__name__}.",
            hint="Give its UUID or its name, as text.",
        )
    try:
        yield
    except PatchError as error:
        if error.result is None:
            error.result = failed(error, model, plan)
        raise


REBASES: Final = 3
"""How often a change is put upon somebody else's, when nobody is asked."""

CONFIRMED_REBASES: Final = 10
"""How often, when ``confirm`` agrees each time: it may be a program, which never gives up."""


def carry_out(
    session: Session,
    plan: Plan,
    options: Options,
    *,
    confirm: Callable[[Plan], bool] | None = None,
    attended: bool = True,
    dry_run: bool = False,
) -> PatchResult:
    """Writes a plan under the guard, once ``confirm`` has agreed to it.

    When somebody else wrote first and ``options`` want a rebase, the plan is put upon theirs and
    confirmed anew, until there have been too many of them. Where nobody is asked (``confirm`` is
    None, or not ``attended``), that goes on only if it changes and clears what the first plan did.
    Returns and raises what patch_model does.
    """
    session.refuse_elsewhere(plan.origin)
    attended = attended and confirm is not None
    plan = approved(session, plan, options)
    first, rebases, most = plan, 0, CONFIRMED_REBASES if attended else REBASES
    while not dry_run and not plan.is_unchanged:
        if confirm is not None and not confirm(plan):
            declined = DeclinedError(f"{plan.label} was not written: the answer was no.")
            return PatchResult.of_error(declined, plan.resource, plan=plan)
        try:
            return looked_after(session, session.write(plan, options))
        except VerificationError as error:
            # It is written, if not as intended, and they read what is stored.
            error.result = error.result and looked_after(session, error.result)
            raise
        except ConflictError as error:
            if options.on_conflict != "rebase" or rebases == most or error.report is None:
                raise
            rebases += 1
            plan = rebased(session, plan, error, shown=None if attended else first)
            plan = approved(session, plan, options)
    return PatchResult.of_plan(plan)


def theirs(session: Session, plan: Plan, error: ConflictError) -> Snapshot:
    """The reading that a conflict found, or what is there now where it found none."""
    if error.fresh is None:
        return session.latest(plan.base.id or "", known=plan.base)
    found: Snapshot = error.fresh
    session.accepted.accept(session.client.settings.url, found)
    return found


def rebased(session: Session, plan: Plan, error: ConflictError, shown: Plan | None = None) -> Plan:
    """``plan`` upon what the conflict found, or upon what is there now where it found nothing.

    Raises ConflictError where both sides changed the same, and where it is no longer what
    ``shown`` was.
    """
    from patcher.plan.conflicts import rebase, refuse_other_than

    upon_theirs = rebase(plan, theirs(session, plan, error))
    if shown is not None:
        refuse_other_than(shown, upon_theirs)
    return upon_theirs


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
    from patcher.plan.making import refuse_findings
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
            refuse_findings(made)
        if isinstance(plan, SavedPlan):
            from patcher.operations.saved import run_saved

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
        resource_id, listed_as = resolve(session.client, session.resource, model)
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
