"""Looking at what was written, without the API: the journal as data to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from patcher.api import Settings
from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.errors import JournalError, PatchError, SettingsError
from patcher.guard.undo import recorded_plan
from patcher.journal import Entry, Journal
from patcher.operations.session import journal_of, mask_words
from patcher.operations.undoing import ENTRY, RUN
from patcher.plan import Plan
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
