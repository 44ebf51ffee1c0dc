"""The history of writes, and undoing one of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from patcher.api import Client, Settings
from patcher.api.settings import DEFAULT_URL
from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.documents.wording import Notice
from patcher.errors import InvalidInputError, JournalError, NotFoundError, PatchError, SettingsError
from patcher.guard.undo import UndoPlanner, recorded_plan
from patcher.journal import Entry, Journal
from patcher.operations.arguments import OnConflict, Options
from patcher.operations.read import FORCED, resolve
from patcher.operations.session import (
    Session,
    journal_of,
    logger,
    masks_from,
    opened,
    refuse_other_name,
    reported,
)
from patcher.operations.write import carry_out
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One write in the journal on this machine. Nothing in it shows a credential but ``record``.

    Attributes:
        record: the journal entry itself, with the documents.
        plan: the plan of the write; None where it can no longer be rebuilt.
    """

    record: Entry
    plan: Plan | None

    def __repr__(self) -> str:
        return f"HistoryEntry({self.entry!r}, {self.record.intent.id!r}, {self.state!r})"

    @property
    def entry(self) -> str:
        """The entry's name, as undo takes it."""
        return self.record.name

    @property
    def begun(self) -> str:
        """When the write began (ISO 8601, UTC)."""
        return self.record.begun

    @property
    def state(self) -> str:
        """How the write ended; "unrecorded" where the program ended first."""
        return self.record.ending.state if self.record.ending else "unrecorded"

    @property
    def name(self) -> str | None:
        """The name before the write."""
        name = self.record.intent.name
        return self.plan.masks.masked_text(name) if self.plan and name else name

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the write changed."""
        return self.plan.shown(self.plan.changes) if self.plan else ()

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The entry as a JSON object (docs/json.md); credentials masked."""
        intent, ending, plan = self.record.intent, self.record.ending, self.plan
        message = ending.message if ending else None
        observed = Snapshot(ending.observed) if ending and ending.observed else None
        changes = plan.changes if plan and show_secrets else self.changes
        return {
            "entry": self.entry,
            "begun": self.begun,
            f"{intent.noun}_id": intent.id,
            "name": self.name,
            "url": intent.where,
            "where": intent.where,
            "state": self.state,
            "message": plan.redacted(message) if plan and message else message,
            "version_before": Snapshot(intent.before).version,
            "version_after": observed.version if observed else None,
            "changes": [change.to_dict() for change in changes],
            "undoes": intent.undoes,
            "run": intent.run,
        }


def history(model: str | None = None, *, limit: int | None = None) -> tuple[HistoryEntry, ...]:
    """The writes made from this machine, the newest first.

    The API is not asked. The ``patcher`` logger warns of entries that cannot be read.

    Args:
        model: a model's UUID or name (before or after a write), an entry, or a run; None for all.
        limit: how many to return at most; None for all.

    Raises JournalError for an entry that does not exist or cannot be read.
    """
    journal = History.from_env(os.environ)
    if model is not None and ENTRY.fullmatch(model):
        return (journal.one(model),)
    found, _, unreadable = journal.all(model, limit)
    for error in unreadable:
        logger.warning("%s", error.message)
    return tuple(found)


class History:
    """The journal's writes; ``masks`` are the credentials."""

    def __init__(self, journal: Journal, masks: Masks) -> None:
        self.journal = journal
        self._masks = masks

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> History:
        """The journal and the masks that the environment names. Raises SettingsError."""
        try:
            secrets = Settings.from_env(environ, url=DEFAULT_URL).secrets  # at whatever address
        except SettingsError:
            secrets = frozenset()  # the journal can be read without a key
        return cls(journal_of(environ), masks_from(environ, secrets))

    def one(self, name: str) -> HistoryEntry:
        """The entry of that name. Raises JournalError."""
        return self._rebuilt(self.journal.entry(name))

    def last(self) -> HistoryEntry | None:
        """The newest entry that was written, or may have been; None without one."""
        entries, _ = self.journal.entries()
        return next((self._rebuilt(one) for one in entries if one.may_be_written), None)

    def all(
        self, text: str | None, limit: int | None
    ) -> tuple[list[HistoryEntry], int, list[JournalError]]:
        """The newest entries, how many older ones there are, and why others cannot be read.

        ``text`` is a UUID, a name before or after a write, or a run.
        """
        entries, unreadable = self.journal.entries()
        if text is not None and RUN.fullmatch(text):
            entries = [one for one in entries if one.intent.run == text]
        elif text is not None:
            name = text.removeprefix(FORCED)
            intents = [one.intent for one in entries]
            ids = {one.id for one in intents if name in (one.name, one.sent.get("name"))}
            ids.add(text.lower())
            entries = [one for one in entries if one.intent.id in ids]
        shown = entries[:limit]
        return [self._rebuilt(one) for one in shown], len(entries) - len(shown), unreadable

    def _rebuilt(self, entry: Entry) -> HistoryEntry:
        try:
            return HistoryEntry(entry, recorded_plan(entry, MODEL, self._masks))
        except PatchError:
            return HistoryEntry(entry, None)


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
    """Undoes a write by a safe write of its own, which can be undone as well.

    Args:
        entry: a journal entry (``@`` and 12 hex digits), or the UUID or name of a model, for its
            last write.
        client: the API; by default Client.from_env().
        confirm: as for patch_model.
        dry_run: as for patch_model.
        on_conflict: when someone else wrote since: "fail", or "rebase", which keeps their change
            where both can stand.
        run_async: as for patch_model.
        refresh: as for patch_model.
        unknown_fields: as for patch_model; by default as for the write.
        allow_all_fields: as for patch_model.
        accept_older: as for patch_model.
        strict: as for patch_model.

    Returns and raises what patch_model does. Raises ConflictError where the model changed since
    the write, and InvalidInputError where there is nothing to undo.
    """
    options = Options.among(locals())
    with reported(entry), opened(client) as session:
        return run_undo(session, entry, options)


def run_undo(session: Session, target: str, options: Options) -> PatchResult:
    """``undo`` within a session."""
    return carry_out(session, undo_plan(session, target, options), options)


def undo_plan(session: Session, target: str, options: Options) -> Plan:
    """The plan that undoes a write, of an entry or the last one to a model."""
    with reported(target):
        way = way_back(session, options)
        entry, listed_as, notices = _entry(session, target)
        plan = way.plan(entry)
        refuse_other_name(session.resource, plan.base, listed_as)
        return replace(plan, warnings=(*plan.warnings, *notices))


def way_back(session: Session, options: Options) -> UndoPlanner:
    """Plans undos within a session."""
    return UndoPlanner(
        lambda resource_id: session.latest(resource_id, accept_older=options.accept_older),
        session.journal,
        session.resource,
        session.terms(Snapshot({}), options),
        rebases=options.on_conflict == "rebase",
        version_step=session.version_step,
    )


def _entry(session: Session, target: str) -> tuple[Entry, str | None, list[Notice]]:
    """The write to undo, the name by which its resource was found (or None), and notices.

    Raises InvalidInputError where there is none.
    """
    if ENTRY.fullmatch(target):
        entry = session.journal.entry(target)
        session.refuse_other_place(f"{target} was written to", entry.intent.where)
        return entry, None, []
    entries, unreadable = session.journal.entries()
    here = [one for one in entries if one.intent.where == session.client.settings.url]
    model_id, listed_as = _resolved(session, target, here)
    for entry in here:
        if entry.intent.id == model_id and entry.may_be_written:
            texts = [f"{error.message} A later write may be in there." for error in unreadable]
            return entry, listed_as, [Notice("entry-unreadable", "", text) for text in texts]
    raise InvalidInputError(
        f"No writes recorded for {session.resource.noun} {target!r}.",
        hint="patch-model history lists the recorded writes, and entries that cannot be read.",
    )


def _resolved(session: Session, target: str, here: list[Entry]) -> tuple[str, str | None]:
    """The id of a model by its name, now or before a recorded write; and the name it has now."""
    try:
        return resolve(session.client, session.resource, target)
    except NotFoundError:
        name = target.removeprefix(FORCED)
        ids = {one.intent.id for one in here if one.intent.name == name}
        if len(ids) != 1:
            raise
        return ids.pop(), None
