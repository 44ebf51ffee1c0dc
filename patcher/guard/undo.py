"""The way back: what would undo a write that the journal remembers.

Not called ``undo``, which is the name of the public verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from patcher.documents import jsontext
from patcher.documents.diff import compare
from patcher.documents.masks import Masks
from patcher.documents.pointers import lookup
from patcher.documents.steps import replaced
from patcher.documents.values import MISSING, Document, Tokens, strictly_equal
from patcher.errors import ConflictError, InvalidInputError, JournalError, OutcomeUnknownError
from patcher.guard import REFRESH
from patcher.guard.overlap import Around
from patcher.guard.verification import is_as_before, is_in_place, proves, verify
from patcher.journal import Ending, Entry, Journal
from patcher.plan import Origin, Plan, Terms, propose, propose_edited
from patcher.plan.conflicts import conflict, rebase
from patcher.plan.making import not_undoable
from patcher.resources.blockers import UnknownKeys
from patcher.resources.projection import Projection
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot


def recorded_plan(entry: Entry, resource: Resource, masks: Masks) -> Plan:
    """What the write of an entry was to do, as it was planned.

    Raises UnknownFieldError or InvalidPatchError where this version cannot read the record.
    """
    intent = entry.intent
    sent = _document_sent(entry)
    before = Snapshot(intent.before)
    masks = as_sent(masks, sent)
    settled = resource.projection(before, intent.unknown_fields, masks).blockers
    terms = Terms(
        masks=masks,
        unknown_fields=intent.unknown_fields,
        allow_all_fields=True,
        restored=frozenset(sent),
        origin=Origin(intent.where, saved_plan=intent.saved_plan, undoes=intent.undoes),
        named=tuple(one.place for one in settled),
    )
    return propose(resource, before, sent, terms)


def as_sent(masks: Masks, sent: Document) -> Masks:
    """``masks``, to which what was sent is what it looks like: it was said to be, or it is now."""
    return replace(masks, literal=masks.literal | frozenset(masks.find(sent)))


def _document_sent(entry: Entry) -> Document:
    return {key: value for key, value in entry.intent.sent.items() if key != REFRESH}


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
    makes; ``rebases`` says whether they may be merged with what someone else wrote since.
    ``version_step`` is how far one write moves the version.
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
        found = self.resource.projection(live, terms.unknown_fields, terms.masks)
        left = self.resource.projection(observed, terms.unknown_fields, terms.masks)
        target = self._target(entry, left, found, terms)
        terms = terms._replace(named=tuple(one.place for one in left.blockers))
        back = self._without_theirs(entry, propose(self.resource, observed, target, terms))
        has_moved = live.has_other_version(observed) or not strictly_equal(
            found.document, back.document
        )
        if not has_moved:
            return propose(self.resource, live, target, terms)
        if is_in_place(back, verify(back, observed, live)):
            return propose_edited(self.resource, live, found.document, terms)
        if not self.rebases:
            raise conflict(back, live, found.document)
        # What is hidden may be another value by now, and is not to be replaced unseen.
        return rebase(replace(back, terms=terms._replace(named=())), live)

    def _target(self, entry: Entry, left: Projection, found: Projection, terms: Terms) -> Document:
        """What was there before, but for what cannot be sent: that stays as it is now.

        What is hidden now is what was sent, where the write was the last one, and alone.
        """
        now = found.document
        is_alone = entry.ending is None or entry.ending.state == "applied"
        if is_alone and strictly_equal(left.document, now):
            for one in found.blockers:
                now = _with_part(now, one.holder or one.place, entry.intent.sent)
        before = self.resource.projection(
            Snapshot(entry.intent.before), terms.unknown_fields, terms.masks
        )
        target = before.document
        for one in before.blockers:
            target = _with_part(target, one.holder or one.place, now)
        return target

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

        Those that the write left out, and so cleared, come back. A warning names what cannot.
        """
        intent, before = entry.intent, Snapshot(entry.intent.before)
        unknown_fields = self.terms.unknown_fields
        decided = UnknownKeys.of(unknown_fields)
        if decided.others == "error":
            keys = {
                one.place[-1] for one in self.resource.projection(before).blockers if one.is_unknown
            }
            carried = UnknownKeys(by_key=tuple((key, "carry") for key in sorted(keys)))
            decided = UnknownKeys.of(intent.unknown_fields).then(carried).then(decided)
            unknown_fields = str(decided)
        masks = as_sent(self.terms.masks, intent.sent)
        target = self.resource.projection(before, unknown_fields, masks)
        document = target.document
        return self.terms._replace(
            masks=masks,
            unknown_fields=unknown_fields,
            notices=(*self.terms.notices, *map(not_undoable, target.blockers)),
            restored=frozenset(document),
            undone=_document_sent(entry),
            written_keys=frozenset(
                key
                for key in document.keys() | intent.sent.keys()
                if not strictly_equal(document.get(key, MISSING), intent.sent.get(key, MISSING))
            ),
            origin=self.terms.origin._replace(undoes=entry.name),
        )


def _with_part(document: Document, place: Tokens, source: Document) -> Document:
    """A copy of ``document`` in which ``place`` is as it is in ``source``, where it can be."""
    value = lookup(source, place)
    if lookup(document, place[:-1]) is MISSING or strictly_equal(lookup(document, place), value):
        return document
    changed: Document = replaced(document, place, value)
    return changed
