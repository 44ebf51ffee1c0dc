"""Computes the plan that undoes a journalled write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from patcher.documents.diff import compare
from patcher.documents.masks import Masks
from patcher.documents.pointers import lookup
from patcher.documents.steps import replaced
from patcher.documents.values import MISSING, Document, Tokens, differing, strictly_equal
from patcher.errors import ConflictError, InvalidInputError, JournalError, OutcomeUnknownError
from patcher.guard.guard import REFRESH
from patcher.guard.overlap import AfterWrite
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
    """Returns the plan of a write as it was made, from the journal's record.

    Raises UnknownFieldError or InvalidPatchError where this version cannot read the record.
    """
    intent = entry.intent
    sent = _document_sent(entry)
    before = Snapshot(intent.before)
    masks = as_sent(masks, sent)
    found = resource.projection(before, intent.unknown_fields, masks)
    terms = Terms(
        masks=masks,
        unknown_fields=intent.unknown_fields,
        allow_all_fields=True,
        restored=frozenset(sent),
        origin=Origin(
            intent.where, before.organization, saved_plan=intent.saved_plan, undoes=intent.undoes
        ),
        named=tuple(one.place for one in found.blockers),
        written_keys=differing(found.document, sent),
    )
    return propose(resource, before, sent, terms)


def as_sent(masks: Masks, sent: Document) -> Masks:
    """Returns ``masks`` with whatever was sent accepted as literal, although it may look masked."""
    return replace(masks, literal=masks.literal | frozenset(masks.find(sent)))


def _document_sent(entry: Entry) -> Document:
    return {key: value for key, value in entry.intent.sent.items() if key != REFRESH}


@dataclass(slots=True)
class UndoPlanner:
    """Plans the undoing of writes to one kind of resource.

    Attributes:
        read: returns the present state of a resource by its id.
        journal: the records of the writes.
        resource: the kind of resource.
        terms: go with each plan.
        rebases: whether a plan may be merged with what someone else wrote since.
        version_step: how far one write moves the version.
    """

    read: Callable[[str], Snapshot]
    journal: Journal
    resource: Resource
    terms: Terms
    rebases: bool = False
    version_step: int = 1

    def plan(self, entry: Entry) -> Plan:
        """Returns the plan that undoes the write of ``entry``.

        It starts from the observed outcome, not from the document that was sent, since the server
        may store that differently; someone else's overlapping write is not undone with it. Raises
        InvalidInputError when there is nothing to undo, ConflictError when someone else has
        written since, and what making a plan raises.
        """
        live = self.read(entry.intent.id)
        observed = self._observed(entry, live)
        before, terms = self._terms(entry, live)
        found = self.resource.projection(live, terms.unknown_fields, terms.masks)
        left = self.resource.projection(observed, terms.unknown_fields, terms.masks)
        target = self._target(entry, before, left, found)
        terms = terms._replace(named=tuple(one.place for one in left.blockers))
        back = self._without_theirs(entry, propose(self.resource, observed, target, terms))
        if back.is_on(live, found.document):
            return propose(self.resource, live, target, terms)
        if is_in_place(back, verify(back, observed, live)):
            return propose_edited(self.resource, live, found.document, terms)
        if not self.rebases:
            raise conflict(back, live, found.document)
        # A hidden value may be another one by now and must not be replaced unseen.
        return rebase(replace(back, terms=terms._replace(named=())), live)

    def _target(
        self, entry: Entry, before: Projection, left: Projection, found: Projection
    ) -> Document:
        """Returns the state before the write; what of it cannot be sent stays as it is now.

        A value hidden now is the one that was sent, if the write was the last one, and alone.
        """
        now = found.document
        is_alone = entry.ending is None or entry.ending.state == "applied"
        if is_alone and strictly_equal(left.document, now):
            for one in found.blockers:
                now = _with_part(now, one.holder or one.place, entry.intent.sent)
        target = before.document
        for one in before.blockers:
            target = _with_part(target, one.holder or one.place, now)
        return target

    def _without_theirs(self, entry: Entry, back: Plan) -> Plan:
        """Bases ``back`` on what was sent where the outcome holds someone else's write, too."""
        if entry.ending is None or entry.ending.state != "unverified":
            return back
        made = self._recorded(entry)
        verdict = verify(made, made.base, back.base)
        left = AfterWrite(made, made.base, back.base, self.version_step, entry.name, verdict)
        if left.is_alone or verdict.is_as_sent:
            return back
        changes = compare(made.proposed, back.proposed, self.resource.shape.lists)
        return replace(back, document=made.proposed, changes=changes)

    def _observed(self, entry: Entry, live: Snapshot) -> Snapshot:
        """Returns the state that a write left; the present one where none was observed."""
        ending = entry.ending
        if ending is not None and ending.state == "not-written":
            raise InvalidInputError(
                f"{entry.name} was not written, so there is nothing to undo: {ending.message}",
                hint="patch-model history lists the writes.",
            )
        if ending is not None and ending.observed is not None:
            return Snapshot(ending.observed)
        plan = self._recorded(entry)
        if is_as_before(plan, plan.base, live):
            raise InvalidInputError(
                f"{entry.name} is not visible yet, so there is nothing to undo.",
                hint="It may still be applied: try again later. To undo an earlier write anyway, "
                "name its entry, as patch-model history lists it.",
            )
        verdict = verify(plan, plan.base, live)
        if verdict.is_as_sent and not proves(plan, verdict):
            raise OutcomeUnknownError(
                f"Outcome unknown: {plan.label} holds what {entry.name} sent, but it may or may "
                "not have been written by it. Nothing was written now.",
                journal_entry=entry.name,
                hint=f"patch-model history {entry.name} shows the change. To undo it by hand: "
                f"patch-model edit {plan.base.id}",
            )
        if not verdict.is_as_sent:
            raise ConflictError(
                f"The outcome of {entry.name} is unknown, and {plan.label} now holds neither the "
                "state before it nor what was sent. Nothing was written.",
                expected=plan.base.version,
                found=live.version,
                hint=f"patch-model history {entry.name} shows the change. To undo an earlier "
                "write, name its entry, as patch-model history lists it.",
            )
        self.journal.close(entry.name, Ending("applied", observed=live.raw))
        return live

    def _recorded(self, entry: Entry) -> Plan:
        """Returns the plan of the write of ``entry``; of an undo, with what it was to undo."""
        plan = recorded_plan(entry, self.resource, self.terms.masks)
        if entry.intent.undoes is None:
            return plan
        undone = self.journal.tried(entry.intent.undoes)
        if isinstance(undone, JournalError):
            return plan
        return replace(plan, terms=plan.terms._replace(undone=_document_sent(undone)))

    def _terms(self, entry: Entry, live: Snapshot) -> tuple[Projection, Terms]:
        """Returns what was there before the write, and the terms of the undo.

        Unknown keys go as they did with the write by default. Those that the write left out, and so
        cleared, come back. A warning names what cannot.
        """
        intent, before = entry.intent, Snapshot(entry.intent.before)
        origin = self.terms.origin
        unknown_fields = self.terms.unknown_fields
        decided = UnknownKeys.of(unknown_fields)
        if decided.others == "error":
            keys = {
                one.place[-1] for one in self.resource.projection(before).blockers if one.is_unknown
            }
            carried = UnknownKeys(by_key=dict.fromkeys(sorted(keys), "carry"))
            decided = UnknownKeys.of(intent.unknown_fields).then(carried).then(decided)
            unknown_fields = str(decided)
        masks = as_sent(self.terms.masks, intent.sent)
        found = self.resource.projection(before, unknown_fields, masks)
        terms = self.terms._replace(
            masks=masks,
            unknown_fields=unknown_fields,
            notices=(*self.terms.notices, *map(not_undoable, found.blockers)),
            restored=frozenset(found.document),
            undone=_document_sent(entry),
            written_keys=differing(found.document, intent.sent),
            origin=origin._replace(
                organization=origin.organization or live.organization, undoes=entry.name
            ),
        )
        return found, terms


def _with_part(document: Document, place: Tokens, source: Document) -> Document:
    """Returns a copy of ``document`` with ``place`` as it is in ``source``, where possible."""
    value = lookup(source, place)
    if lookup(document, place[:-1]) is MISSING or strictly_equal(lookup(document, place), value):
        return document
    return replaced(document, place, value)
