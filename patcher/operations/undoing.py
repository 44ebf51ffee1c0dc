"""The way back as a verb: which write is meant, and its undoing under the guard."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from patcher.api import Client
from patcher.documents.notices import Notice
from patcher.errors import InvalidInputError, JournalError, NotFoundError
from patcher.guard.undo import WayBack
from patcher.journal import Entry
from patcher.operations.calls import opened, reported
from patcher.operations.lookup import FORCED, refuse_other_name
from patcher.operations.session import OnConflict, Options, Session
from patcher.operations.writing import carry_out
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown
from patcher.resources.snapshot import Snapshot

ENTRY: Final = re.compile(r"@[0-9a-f]{12}")
"""What the name of a journal entry looks like."""

RUN: Final = re.compile(r"run-[0-9a-f]{12}")
"""What the name of a run looks like."""


def undo(
    entry: str,
    *,
    client: Client | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    dry_run: bool = False,
    on_conflict: OnConflict = "fail",
    run_async: bool = False,
    refresh: bool = False,
    unknown_fields: OnUnknown = "error",
    allow_all_fields: bool = False,
    accept_older: bool = False,
    strict: bool = False,
) -> PatchResult:
    """Takes a write back, as a guarded write of its own, which can be undone as well.

    Args:
        entry: a journal entry (``@`` and 12 hex digits), or a model by UUID or name: its last
            write.
        client: the API; by default as the environment variables say.
        confirm: called with the Plan before anything is written; False declines.
        dry_run: stop after the plan.
        on_conflict: when somebody else wrote since: "fail", or "rebase".
        run_async: ask the API to write in the background, and follow its job.
        refresh: the API's option of that name.
        unknown_fields: as for patch_model; by default what was done for the write.
        allow_all_fields: whether ``fields`` may be emptied, which opens every source field.
        accept_older: as for patch_model.
        strict: refuse if going back brings in what the plan would warn of as a fault.

    Returns and raises what patch_model does. ConflictError when the model is no longer what the
    write left, unless a rebase finds that what was changed since is something else;
    InvalidInputError when there is nothing to undo.
    """
    options = Options(
        run_async=run_async,
        refresh=refresh,
        unknown_fields=unknown_fields,
        allow_all_fields=allow_all_fields,
        accept_older=accept_older,
        on_conflict=on_conflict,
        strict=strict,
    )
    with reported(entry), opened(client) as session:
        return run_undo(session, entry, options, confirm=confirm, dry_run=dry_run)


def run_undo(
    session: Session,
    target: str,
    options: Options,
    *,
    confirm: Callable[[Plan], bool] | None = None,
    attended: bool = True,
    dry_run: bool = False,
) -> PatchResult:
    """``undo`` within a session."""
    with reported(target):
        way = way_back(session, options)
        entry, listed_as, notices = _entry(session, target)
        plan = way.plan(entry)
        refuse_other_name(session.resource, plan.base, listed_as)
        plan = replace(plan, warnings=(*plan.warnings, *notices))
    with reported(target, plan):
        return carry_out(
            session, plan, options, confirm=confirm, attended=attended, dry_run=dry_run
        )


def way_back(session: Session, options: Options) -> WayBack:
    """What plans the undoing of writes in a session."""
    return WayBack(
        lambda resource_id: session.latest(resource_id, accept_older=options.accept_older),
        session.journal,
        session.resource,
        session.terms(Snapshot({}), options),
        rebases=options.on_conflict == "rebase",
        version_step=session.version_step,
    )


def _entry(session: Session, target: str) -> tuple[Entry, str | None, list[Notice]]:
    """The write that is meant, the name the API lists its resource under, and what is not known.

    The name is None where the resource was not found by one. Raises InvalidInputError for no write.
    """
    url = session.client.settings.url
    if ENTRY.fullmatch(target):
        entry = session.journal.entry(target)
        if entry.intent.where != url:
            raise InvalidInputError(
                f"{target} was written to {entry.intent.where}, and this is {url}.",
                hint=f"Say --url {entry.intent.where}, with credentials for it.",
            )
        return entry, None, []
    entries, unreadable = session.journal.entries()
    here = [one for one in entries if one.intent.where == url]
    model_id, listed_as = _resolved(session, target, here)
    for entry in here:
        if entry.intent.id == model_id and entry.may_be_written:
            return entry, listed_as, [_unreadable(error) for error in unreadable]
    raise InvalidInputError(
        f"The journal knows of no write to {session.resource.noun} {target!r}.",
        hint="patch-model history shows what it knows, and what it cannot read.",
    )


def _unreadable(error: JournalError) -> Notice:
    text = f"{error.message} A later write may be in there."
    return Notice("entry-unreadable", "", text)


def _resolved(session: Session, target: str, here: list[Entry]) -> tuple[str, str | None]:
    """The id of a model by its name; one that the very write gave another name is known, too.

    And the name, where it is in the API's list.
    """
    try:
        return session.resolve(target)
    except NotFoundError:
        name = target.removeprefix(FORCED)
        ids = {one.intent.id for one in here if one.intent.name == name}
        if len(ids) != 1:
            raise
        return ids.pop(), None
