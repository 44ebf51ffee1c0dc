"""The way back: what would undo a write that the journal remembers.

Not called ``undo``, which is the name of the public verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.diff import compare
from patcher.documents.masks import Masks
from patcher.documents.values import MISSING, Document, strictly_equal
from patcher.errors import (
    ConflictError,
    InvalidInputError,
    JournalError,
    OutcomeUnknownError,
    UnknownFieldError,
)
from patcher.guard import REFRESH
from patcher.guard.overlap import Around
from patcher.guard.verification import is_as_before, is_in_place, proves, verify
from patcher.journal import Ending, Entry, Journal
from patcher.plan import Origin, Plan, Terms, propose
from patcher.plan.conflicts import conflict
from patcher.plan.rebasing import rebase
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

WRITTEN: Final = frozenset({"applied", "unverified"})
"""The states of an entry whose write took effect."""


def recorded_plan(entry: Entry, resource: Resource, masks: Masks) -> Plan:
    """What the write of an entry was to do, as it was planned.

    Raises UnknownFieldError or InvalidPatchError where this version cannot read the record.
    """
    intent = entry.intent
    sent = _document_sent(entry)
    terms = Terms(
        masks=masks,
        unknown_fields=intent.unknown_fields,
        allow_all_fields=True,
        restored=frozenset(sent),
        origin=Origin(intent.where, saved_plan=intent.saved_plan, undoes=intent.undoes),
    )
    return propose(resource, Snapshot(intent.before), sent, terms)


def _document_sent(entry: Entry) -> Document:
    return {key: value for key, value in entry.intent.sent.items() if key != REFRESH}


def is_open_or_written(entry: Entry) -> bool:
    """Whether a write took effect, or may still; one that did not leaves nothing to take back."""
    return entry.ending is None or entry.ending.state != "not-written"


def entries_of(run: str, journal: Journal) -> Iterator[Entry]:
    """The entries of a run, in no particular order, one at a time.

    An entry that cannot be read is passed over unless it names the run; then JournalError is
    raised.
    """
    mark = jsontext.dump(run).encode()
    for name in journal.names():
        # Most entries are of something else, and parsing all of them would take its time.
        if mark in (journal.folder / f"{name.removeprefix('@')}.intent.json").read_bytes():
            entry = journal.entry(name)
            if entry.intent.run == run:
                yield entry


class WayBack(NamedTuple):
    """Plans the undoing of writes to one kind of resource.

    ``read`` gives the resource of an id as it is now. ``terms`` are those of the plans that it
    makes; ``rebases`` says whether they may be put upon
    what somebody else wrote since. ``version_step`` is how far one write moves the version.
    """

    read: Callable[[str], Snapshot]
    journal: Journal
    resource: Resource
    terms: Terms
    rebases: bool = False
    version_step: int = 1

    def plan(self, entry: Entry) -> Plan:
        """The plan that takes the write of ``entry`` back.

        What the write left is judged by the outcome that was observed, not by the document that
        was sent: the server may store it in a way of its own. What somebody else wrote over it at
        the same time is no part of it. Raises InvalidInputError when there is nothing to undo,
        ConflictError when somebody else has written since, and what making a plan does.
        """
        live = self.read(entry.intent.id)
        observed = self._observed(entry, live)
        terms = self._terms(entry)
        target, _ = self.resource.document(Snapshot(entry.intent.before), terms.unknown_fields)
        found, _ = self.resource.document(live, terms.unknown_fields)
        back = self._without_theirs(entry, propose(self.resource, observed, target, terms))
        has_moved = live.has_other_version(observed) or not strictly_equal(found, back.document)
        if not has_moved:
            return propose(self.resource, live, target, terms)
        if is_in_place(back, verify(back, observed, live)):
            return propose(self.resource, live, found, terms)
        if not self.rebases:
            raise conflict(back, live, found)
        return rebase(back, live)

    def _without_theirs(self, entry: Entry, back: Plan) -> Plan:
        """``back`` from what was sent, where what was observed holds somebody else's write, too."""
        if entry.ending is None or entry.ending.state != "unverified":
            return back
        made = self._recorded(entry)
        around = Around(made, made.base, back.base, self.version_step, entry.name)
        if around.is_alone or verify(made, made.base, back.base).is_as_sent:
            return back
        changes = compare(made.proposed, back.proposed, self.resource.shape.lists)
        return replace(back, document=made.proposed, changes=changes)

    def _observed(self, entry: Entry, live: Snapshot) -> Snapshot:
        """What the write of an entry left behind; where nobody saw it, what is there now."""
        ending = entry.ending
        if ending is not None and ending.state == "not-written":
            raise InvalidInputError(
                f"{entry.name} was not written, so there is nothing to undo: {ending.message}",
                hint="patch-model history shows what was.",
            )
        if ending is not None and ending.observed is not None:
            return Snapshot(ending.observed)
        plan = self._recorded(entry)
        if is_as_before(plan, plan.base, live):
            raise InvalidInputError(
                f"{entry.name} is not written so far, so there is nothing to undo.",
                hint="Its outcome was not seen, and it may still land: look again later. To take "
                "back an earlier write all the same, name its entry, as patch-model history lists "
                "it.",
            )
        verdict = verify(plan, plan.base, live)
        if verdict.is_as_sent and not proves(plan, verdict):
            raise OutcomeUnknownError(
                f"How {entry.name} ended was not seen, and whether what {plan.label} holds now is "
                "its doing cannot be told. Nothing was written.",
                journal_entry=entry.name,
                hint=f"patch-model history {entry.name} shows what it was to do; put there by "
                f"hand what you want of it: patch-model edit {plan.base.id}",
            )
        if not verdict.is_as_sent:
            raise ConflictError(
                f"How {entry.name} ended was not seen, and {plan.label} now holds neither what was "
                "there before nor what was sent. Nothing was written.",
                expected=plan.base.version,
                found=live.version,
                hint=f"patch-model history {entry.name} shows what it was to do. To take back an "
                "earlier write, name its entry, as patch-model history lists it.",
            )
        self.journal.close(entry.name, Ending("applied", observed=live.raw))
        return live

    def _recorded(self, entry: Entry) -> Plan:
        """What the write of ``entry`` was to do; an undo, with what it was to take back."""
        plan = recorded_plan(entry, self.resource, self.terms.masks)
        if entry.intent.undoes is None:
            return plan
        undone = self.journal.tried(entry.intent.undoes)
        if isinstance(undone, JournalError):
            return plan
        return replace(plan, terms=plan.terms._replace(undone=_document_sent(undone)))

    def _terms(self, entry: Entry) -> Terms:
        """Unknown members go as they went with the write, unless it was said otherwise.

        Those that the write left out, and so cleared, come back; where that cannot be, a warning
        says so.
        """
        intent, before = entry.intent, Snapshot(entry.intent.before)
        unknown_fields, notices = self.terms.unknown_fields, self.terms.notices
        if unknown_fields == "error":
            unknown_fields = intent.unknown_fields
            if unknown_fields == "drop":
                try:
                    self.resource.document(before, "carry")
                    unknown_fields = "carry"
                except UnknownFieldError:
                    notices = (*notices, *self.resource.document(before, "drop")[1])
        target, _ = self.resource.document(before, unknown_fields)
        return self.terms._replace(
            unknown_fields=unknown_fields,
            notices=notices,
            restored=frozenset(target),
            undone=_document_sent(entry),
            mentioned=frozenset(
                key
                for key in target.keys() | intent.sent.keys()
                if not strictly_equal(target.get(key, MISSING), intent.sent.get(key, MISSING))
            ),
            origin=self.terms.origin._replace(undoes=entry.name),
        )
