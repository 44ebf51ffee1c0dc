"""One model: plan a change, make it, rebase its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from patcher.api import Client
from patcher.documents.patches import Patch, PatchLike
from patcher.documents.values import strictly_equal
from patcher.errors import ConflictError, DeclinedError, InvalidInputError, VerificationError
from patcher.operations.arguments import OnConflict, Options
from patcher.operations.read import read_base
from patcher.operations.session import Session, opened, reported
from patcher.plan import PatchResult, Plan, make_plan
from patcher.resources.blockers import OnUnknown
from patcher.resources.snapshot import Snapshot


def own_plan(plan: object) -> Plan:
    """``plan`` itself, made on a snapshot by plan_patch.

    Raises InvalidInputError for anything else, and for the plan within a SavedPlan, which lacks
    its credentials and its snapshot.
    """
    if not isinstance(plan, Plan):
        raise InvalidInputError(
            f"Expected a Plan, got a {type(plan).__name__}.", hint="plan_patch makes one."
        )
    document, _ = plan.resource.document(plan.base, plan.unknown_fields)
    if not strictly_equal(document, plan.document):
        raise InvalidInputError(
            "This plan comes from a saved one, without its credentials and its snapshot.",
            hint="Give the SavedPlan itself to apply_plan, or create a new plan with plan_patch.",
        )
    return plan


REBASES: Final = 3
"""Maximum automatic rebases without a prompt."""

CONFIRMED_REBASES: Final = 10
"""Maximum rebases when ``confirm`` agrees each time: it may be a program that never gives up."""


def carry_out(session: Session, plan: Plan, options: Options) -> PatchResult:
    """Confirms a plan and writes it; where someone else wrote first, rebases it if so asked.

    A rebased plan is confirmed again. Without a person to confirm it, it must change and clear
    what the first plan did. Returns and raises what patch_model does.
    """
    with reported("", plan):
        session.refuse_elsewhere(plan.origin)
        attended = options.attended and options.confirm is not None
        rebases = CONFIRMED_REBASES if attended else REBASES
        first = plan = _approved(session, plan, options)
        while not options.dry_run and not plan.is_unchanged:
            if options.confirm is not None and not options.confirm(plan):
                declined = DeclinedError(f"{plan.label} was not written: declined.")
                return PatchResult.of_error(declined, plan.resource, plan=plan)
            try:
                return _with_aftermath(session, session.write(plan, options))
            except VerificationError as error:
                # The write happened, and the syncs read what is stored now.
                error.result = error.result and _with_aftermath(session, error.result)
                raise
            except ConflictError as error:
                if options.on_conflict != "rebase" or not rebases or error.report is None:
                    raise
                from patcher.plan import conflicts

                rebases -= 1
                rebased = conflicts.rebase(plan, theirs(session, plan, error))
                if not attended:
                    conflicts.refuse_other_than(first, rebased)
                plan = _approved(session, rebased, options)
        return PatchResult.of_plan(plan)


def _approved(session: Session, plan: Plan, options: Options) -> Plan:
    """The plan with what else was asked about it. Raises ApiError for a preview that failed."""
    if not (options.preview or options.impact or plan.preview is not None):
        return plan
    from patcher.operations.impact import refusal, reviewed

    plan = reviewed(session, plan, options)
    error = refusal(plan)
    if error is not None:
        raise error
    return plan


def _with_aftermath(session: Session, result: PatchResult) -> PatchResult:
    """The result with the state of the syncs after the write, if the plan has an impact."""
    if result.plan is None or result.plan.impact is None:
        return result
    from patcher.operations.impact import looked_after

    return looked_after(session, result)


def theirs(session: Session, plan: Plan, error: ConflictError) -> Snapshot:
    """The snapshot that a conflict found, or a fresh one where it found none."""
    if error.fresh is None:
        return session.latest(plan.base.id or "", known=plan.base)
    found: Snapshot = error.fresh
    session.accepted.accept(session.client.settings.url, found)
    return found


def plan_patch(
    model: str,
    change: PatchLike,
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
    """Works out what ``change`` would do to a model. Never writes.

    Args:
        model: a UUID or an exact name (``name:TEXT`` forces a name).
        change: a dict (a merge patch, RFC 7396), a list of operations (a JSON Patch, RFC 6902) or
            a Patch. It addresses the writable document and is never mutated.
        client: the API; by default Client.from_env().
        expect_version: the version that the model must have.
        unknown_fields: what to do with unknown keys of the model: "error", "carry" or "drop", or
            key by key: "row_filter=carry,tags=drop".
        allow_all_fields: allow ``fields`` to be emptied, which exposes every source field.
        preview: ask the source which fields the change would expose (``plan.preview``).
        impact: find the syncs and models that depend on the model (``plan.impact``).
        strict: treat new warnings about the document as errors.
        accept_older: accept a state older than the one last accepted, as after a restore.
        literal: paths of values that look like masks and are not.

    Returns:
        The Plan. ``plan.is_unchanged`` says whether there is nothing to do. A preview that was
        refused is in the plan; patch_model raises ApiError for it.

    Raises:
        InvalidPatchError, ReadOnlyFieldError: the change cannot be applied.
        UnknownFieldError: the model holds what a write cannot carry.
        ConflictError: the model does not have the expected version.
        StaleReadError: the API shows an older state than the one last accepted.
        ApiError: the model could not be read.
    """
    options = Options.among(locals())
    with reported(model):
        patch = Patch.of(change)
        with opened(client) as session:
            return run_plan(session, model, patch, options)


def patch_model(  # noqa: PLR0913 - keywords, each of which says one thing
    model: str,
    change: PatchLike,
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
    """Changes one thing in a model without losing the rest.

    Reads the model, applies the change, confirms the plan, reads again, and writes the whole
    model only if nothing moved in between.

    Args:
        model: a UUID or an exact name (``name:TEXT`` forces a name).
        change: a dict (a merge patch, RFC 7396), a list of operations (a JSON Patch, RFC 6902) or
            a Patch. It addresses the writable document and is never mutated.
        client: the API; by default Client.from_env().
        confirm: called with the Plan before anything is written; False declines. None applies.
        dry_run: stop after the plan; the result's status is "planned".
        expect_version: the version that the model must have.
        run_async: let the API write in the background, and wait for its job.
        refresh: ask the API to refresh the model's source fields.
        unknown_fields: what to do with unknown keys of the model: "error", "carry" or "drop", or
            key by key: "row_filter=carry,tags=drop".
        allow_all_fields: allow ``fields`` to be emptied, which exposes every source field.
        on_conflict: when someone else wrote in between: "fail", or "rebase", which merges both
            changes. ``confirm`` is called again with the rebased plan; without it, the rebased
            plan must change and clear exactly what the first plan did.
        preview: ask the source which fields the change would expose; write only if it answers.
        impact: find the syncs and models that depend on the model; ask the syncs again afterwards.
        strict: treat new warnings about the document as errors.
        accept_older: accept a state older than the one last accepted, as after a restore.
        literal: paths of values that look like masks and are not.

    Returns:
        The PatchResult: status "applied", "unchanged" (nothing was sent), "planned" or
        "declined".

    Raises:
        InvalidPatchError, ReadOnlyFieldError: the change cannot be applied.
        UnknownFieldError: the model holds what a write cannot carry.
        ConflictError: someone else wrote first; nothing was written.
        StaleReadError: the API shows an older state than the one last accepted; nothing was
            written.
        ApiError, JournalError: refused, unreachable or not recordable; nothing was written.
        VerificationError: written, but not stored as sent, or not the only write.
        OutcomeUnknownError: the model may or may not have been written.
        Each carries the PatchResult so far in ``result``.
    """
    options = Options.among(locals())
    with reported(model):
        patch = Patch.of(change)
        with opened(client) as session:
            return run_patch(session, model, patch, options)


def rebase(plan: Plan, *, client: Client | None = None, accept_older: bool = False) -> Plan:
    """The plan merged with what others changed since it was made. Never writes.

    ``accept_older`` is as for patch_model. Raises ConflictError where both changed the same place
    differently, StaleReadError where the API shows an older state than the plan's, and
    InvalidInputError for the plan within a SavedPlan, which has no snapshot to merge with.
    """
    plan = own_plan(plan)
    with reported("", plan), opened(client) as session:
        session.refuse_elsewhere(plan.origin)
        now = session.latest(plan.base.id or "", known=plan.base, accept_older=accept_older)
        from patcher.plan import conflicts

        return conflicts.rebase(plan, now)


def run_plan(session: Session, model: str, patch: Patch, options: Options) -> Plan:
    """plan_patch within a session."""
    with reported(model):
        session.check(patch, options)
        base = read_base(session, model, options)
        plan = make_plan(session.resource, base, patch, session.terms(base, options))
        if options.preview or options.impact:
            from patcher.operations.impact import reviewed

            plan = reviewed(session, plan, options)
        return plan


def run_patch(session: Session, model: str, patch: Patch, options: Options) -> PatchResult:
    """patch_model within a session."""
    return carry_out(session, run_plan(session, model, patch, options), options)
