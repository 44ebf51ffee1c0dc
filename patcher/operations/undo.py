"""The journal as data to be shown, and the way back: which write to undo, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from patcher.api import Client, Settings
from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.documents.notices import Notice
from patcher.errors import InvalidInputError, JournalError, NotFoundError, PatchError, SettingsError
from patcher.guard.undo import UndoPlanner, recorded_plan
from patcher.journal import Entry, Journal
from patcher.operations.read import FORCED, resolve
from patcher.operations.session import (
    OnConflict,
    Options,
    Session,
    journal_of,
    mask_words,
    refuse_other_name,
)
from patcher.operations.write import carry_out, opened, reported
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown
from patcher.resources.model import MODEL
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot


class Remembered(NamedTuple):
    """A journal entry, and what its write was to do; None where that can no longer be told."""

    entry: Entry
    plan: Plan | None

    @property
    def state(self) -> str:
        """How it ended; "unrecorded" where the program ended first."""
        return self.entry.ending.state if self.entry.ending else "unrecorded"

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The entry as a JSON object (README, "History and undo"); credentials masked."""
        intent, ending, plan = self.entry.intent, self.entry.ending, self.plan
        changes: tuple[Change, ...] = plan.changes if plan else ()
        if plan and not show_secrets:
            changes = plan.shown(changes)
        message = ending.message if ending else None
        observed = Snapshot(ending.observed) if ending and ending.observed else None
        return {
            "entry": self.entry.name,
            "begun": self.entry.begun,
            f"{intent.noun}_id": intent.id,
            "name": plan.masks.masked_text(intent.name) if plan and intent.name else intent.name,
            "where": intent.where,
            "state": self.state,
            "message": plan.redacted(message) if plan and message else message,
            "version_before": Snapshot(intent.before).version,
            "version_after": observed.version if observed else None,
            "changes": [change.to_dict() for change in changes],
            "undoes": intent.undoes,
            "run": intent.run,
        }


class History(NamedTuple):
    """What the journal remembers of one kind of resource. ``masks`` say what must not be shown."""

    journal: Journal
    resource: Resource
    masks: Masks

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> History:
        """The journal, and what to mask, as the environment says. Raises SettingsError."""
        masks = Masks(MODEL.shape.opaque, mask_words(environ), _secrets(environ))
        return cls(journal_of(environ), MODEL, masks)

    def one(self, name: str) -> Remembered:
        """The entry of that name. Raises JournalError."""
        return self._remembered(self.journal.entry(name))

    def all(
        self, text: str | None, limit: int | None
    ) -> tuple[list[Remembered], int, list[JournalError]]:
        """The newest entries, how many older ones there are, and why others cannot be read.

        ``text`` is a UUID or a name: of what was written, before that or after; or a run.
        """
        entries, unreadable = self.journal.entries()
        if text is not None and is_run(text):
            entries = [one for one in entries if one.intent.run == text]
        elif text is not None:
            ids = {text.lower()} | {one.intent.id for one in entries if _is_called(one, text)}
            entries = [one for one in entries if one.intent.id in ids]
        shown = entries[:limit]
        return [self._remembered(one) for one in shown], len(entries) - len(shown), unreadable

    def _remembered(self, entry: Entry) -> Remembered:
        try:
            return Remembered(entry, recorded_plan(entry, self.resource, self.masks))
        except PatchError:
            return Remembered(entry, None)


def _secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """The key of the environment, if there is one: the journal can be read without."""
    try:
        return Settings.from_env(environ).secrets
    except SettingsError:
        return frozenset()


def is_entry(text: str) -> bool:
    """Whether a text is the name of a journal entry, and so no model's."""
    return ENTRY.fullmatch(text) is not None


def is_run(text: str) -> bool:
    """Whether a text is the name of a run, and so no model's."""
    return RUN.fullmatch(text) is not None


def _is_called(entry: Entry, text: str) -> bool:
    name = text.removeprefix("name:")
    return name in (entry.intent.name, entry.intent.sent.get("name"))


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


def way_back(session: Session, options: Options) -> UndoPlanner:
    """What plans the undoing of writes in a session."""
    return UndoPlanner(
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
        return resolve(session.client, session.resource, target)
    except NotFoundError:
        name = target.removeprefix(FORCED)
        ids = {one.intent.id for one in here if one.intent.name == name}
        if len(ids) != 1:
            raise
        return ids.pop(), None
