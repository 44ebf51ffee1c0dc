"""From a plan to a result: confirm, write, and where it was asked for, rebase and start over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from patcher.errors import ConflictError, DeclinedError, VerificationError
from patcher.operations.reviewing import approved, looked_after
from patcher.operations.session import Options, Session
from patcher.plan import PatchResult, Plan
from patcher.resources.snapshot import Snapshot

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
