"""Reports conflicts with writes since a plan was made, and rebases a plan onto a newer snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from patcher.documents.diff import Change, compare
from patcher.documents.masks import Masks
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.shape import identified
from patcher.documents.threeway import Collision, merge
from patcher.documents.values import MISSING, Document, JsonValue
from patcher.documents.wording import Notice, first_few
from patcher.errors import ConflictError
from patcher.plan.making import propose
from patcher.plan.plan import Plan
from patcher.resources.snapshot import Snapshot


class Conflict(NamedTuple):
    """Who changed what since a plan was made, credentials masked.

    ``yours`` and ``theirs`` are each side's changes of the plan's base document, ``both`` the
    places that both changed differently. ``yours_alone`` is what yours changes in theirs outside
    of those places, ``theirs_alone`` the reverse. ``author`` and ``changed_at`` say who wrote last
    and when, if known.
    """

    yours: tuple[Change, ...]
    theirs: tuple[Change, ...]
    both: tuple[Collision, ...]
    yours_alone: tuple[Change, ...]
    theirs_alone: tuple[Change, ...]
    author: str | None
    changed_at: str | None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON output prints it, without missing values."""
        return {
            "changed_by": self.author,
            "changed_at": self.changed_at,
            "yours": [change.to_dict() for change in self.yours],
            "theirs": [change.to_dict() for change in self.theirs],
            "both": [one.to_dict() for one in self.both],
        }


def conflict(
    plan: Plan, fresh: Snapshot, document: Document, why: str = "", hint: str | None = None
) -> ConflictError:
    """The error for a resource that changed since the plan's base.

    ``document`` is the writable document of the snapshot ``fresh``; ``why`` and ``hint`` say more
    than the changes show.
    """
    report = _report(plan, fresh, document)
    return ConflictError(
        f"{plan.label} was changed{fresh.last_write} since it was read "
        f"({_facts(plan, fresh, report)}). {why}Nothing was written.",
        expected=plan.base.version,
        found=fresh.version,
        base=plan.document,
        current=document,
        report=report,
        fresh=fresh,
        hint=hint or _way_out(plan, report),
    )


def _report(plan: Plan, fresh: Snapshot, document: Document) -> Conflict:
    shape = plan.resource.shape
    base, yours = plan.document, plan.proposed
    masks = plan.terms.masks.on(base, yours, document)
    merged = merge(base, yours, document, shape, plan.terms.read_paths)
    mirrored = merge(base, document, yours, shape)
    only_read = [tokens_of(one.path) for one in merged.collisions if one.only_read]
    theirs_alone = (
        change
        for change in compare(yours, merged.document, shape.lists)
        if not any(tokens_of(change.path)[: len(place)] == place for place in only_read)
    )
    return Conflict(
        yours=masks.masked_changes(plan.changes),
        theirs=masks.masked_changes(compare(base, document, shape.lists)),
        both=_shown_collisions(merged.collisions, masks, (base, yours, document)),
        yours_alone=masks.masked_changes(compare(document, mirrored.document, shape.lists)),
        theirs_alone=masks.masked_changes(theirs_alone),
        author=fresh.author,
        changed_at=fresh.updated_at,
    )


def _shown_collisions(
    collisions: Iterable[Collision], masks: Masks, documents: tuple[Document, ...]
) -> tuple[Collision, ...]:
    """Collisions of documents with credentials masked; those below one masked key become one."""
    found: dict[tuple[str, bool], Collision] = {}
    for one in collisions:
        place = tokens_of(one.path)
        masked = masks.shown_place(place)
        sides: Iterable[JsonValue] = (one.base, one.yours, one.theirs)
        if masked != place:
            sides = (lookup(each, masked, MISSING) for each in documents)
        base, yours, theirs = (masks.masked_value(value, masked) for value in sides)
        shown = Collision(pointer_to(masked), base, yours, theirs, one.only_read)
        found.setdefault((shown.path, shown.yours is MISSING), shown)
    return tuple(found.values())


def _facts(plan: Plan, fresh: Snapshot, report: Conflict) -> str:
    paths = first_few(change.path for change in report.theirs)
    content = f"{paths} changed" if paths else "its content is the same"
    return ", ".join(filter(None, (fresh.version_change(plan.base), content)))


def _way_out(plan: Plan, report: Conflict) -> str:
    clashes = [one.path for one in report.both if not one.only_read]
    only_read = [one.path for one in report.both if one.only_read]
    if clashes and plan.origin.undoes:
        return (
            f"{first_few(clashes)} changed again since. Edit it by hand: patch-model edit "
            f"{plan.base.id}. To see what the write replaced: patch-model history "
            f"{plan.origin.undoes}"
        )
    if clashes:
        return (
            f"You both changed {first_few(clashes)}. Run the same command again to see your "
            "change of the current state, and apply it if it is right."
        )
    if only_read:
        return (
            f"They changed {first_few(only_read)}, which your change tests or copies. Check the "
            "current state, and make the change again."
        )
    return "The changes don't overlap: add --on-conflict rebase to keep both."


def rebase(plan: Plan, fresh: Snapshot) -> Plan:
    """Rebases ``plan`` onto the snapshot ``fresh`` (three-way merge), keeping both changes.

    The documents are merged; the operations of the change are not run again. Raises ConflictError
    where both sides changed a place differently, and what make_plan raises where the result cannot
    be written.
    """
    resource = plan.resource
    document, _ = resource.document(fresh, plan.unknown_fields)
    merged = merge(plan.document, plan.proposed, document, resource.shape, plan.terms.read_paths)
    if merged.collisions:
        raise conflict(plan, fresh, document)
    notices = plan.terms.notices
    if not plan.is_on(fresh, document):
        notices = (*notices, _rebased(plan, fresh))
    return propose(resource, fresh, merged.document, plan.terms._replace(notices=notices))


def _rebased(plan: Plan, fresh: Snapshot) -> Notice:
    moved = fresh.version_change(plan.base) or "with the same version"
    by = f" by {fresh.author}" if fresh.author else ""
    text = f"{plan.label} was changed{by} in between ({moved}); both are kept."
    return Notice("rebased", "", text)


def refuse_other_than(shown: Plan, now: Plan) -> None:
    """Raises ConflictError unless ``now`` changes and clears exactly what ``shown`` does.

    Items of keyed lists are compared by identity, whatever their index. A plan that has nothing
    left to do is not refused.
    """
    is_same = set(shown.cleared) == set(now.cleared) and _effects(shown) == _effects(now)
    if not is_same and not now.is_unchanged:
        raise conflict(
            shown,
            now.base,
            now.document,
            "After a rebase your change differs from the plan you saw. ",
            "Run the same command again to see the new plan.",
        )


def _effects(plan: Plan) -> set[Change]:
    """The changes, with identities of list items instead of indices in their paths."""
    found: set[Change] = set()
    for change in plan.changes:
        document = plan.proposed if change.kind == "added" else plan.document
        place = tokens_of(change.path)
        if item := identified(document, place, plan.resource.shape.lists):
            depth, key = item
            place = (*place[:depth], repr(key), *place[depth + 1 :])
        found.add(replace(change, path=pointer_to(place)))
    return found
