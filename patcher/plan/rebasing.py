"""A plan upon a later reading: what both sides changed, merged. Pure."""

from __future__ import annotations

from patcher.documents.diff import Change
from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.shape import ListKeys, keys_of
from patcher.documents.threeway import merge
from patcher.documents.values import Document, Tokens, strictly_equal
from patcher.plan.conflicts import conflict, outgrown
from patcher.plan.making import propose
from patcher.plan.plan import Plan
from patcher.resources.snapshot import Snapshot


def rebase(plan: Plan, fresh: Snapshot) -> Plan:
    """``plan`` upon the reading ``fresh``: what has changed in between stays, and so does yours.

    The three documents are merged; the operations of the change are not run again. Raises
    ConflictError where both sides made something different of the same place, and what make_plan
    does where the result cannot be written.
    """
    resource = plan.resource
    document, _ = resource.document(fresh, plan.unknown_fields)
    merged = merge(plan.document, plan.proposed, document, resource.shape, plan.terms.touched)
    if merged.collisions:
        raise conflict(plan, fresh, document)
    notices = plan.terms.notices
    if fresh.has_other_version(plan.base) or not strictly_equal(document, plan.document):
        notices = (*notices, _rebased(plan, fresh))
    return propose(resource, fresh, merged.document, plan.terms._replace(notices=notices))


def _rebased(plan: Plan, fresh: Snapshot) -> Notice:
    by = f" by {fresh.author}" if fresh.author else ""
    moved = "although its version did not move"
    if fresh.has_other_version(plan.base):
        moved = f"version {plan.base.shown_version} became {fresh.shown_version}"
    text = f"{plan.label} was changed{by} in between ({moved}); both are kept."
    return Notice("rebased", "", text)


def refuse_other_than(shown: Plan, now: Plan) -> None:
    """Raises ConflictError unless ``now`` changes and clears just what ``shown`` did.

    Members of keyed lists are the same wherever they stand in their list. A plan that has nothing
    left to do is not refused.
    """
    is_same = set(shown.cleared) == set(now.cleared) and _effects(shown) == _effects(now)
    if not is_same and not now.is_unchanged:
        raise outgrown(shown, now)


def _effects(plan: Plan) -> dict[tuple[str, str], Change]:
    """The changes, each with the identities of list members in its path instead of indices."""
    found: dict[tuple[str, str], Change] = {}
    for change in plan.changes:
        document = plan.proposed if change.kind == "added" else plan.document
        place = _identified(document, tokens_of(change.path), plan.resource.shape.lists)
        path = pointer_to(place)
        found[path, change.kind] = Change(path, change.kind, change.old, change.new)
    return found


def _identified(document: Document, place: Tokens, lists: ListKeys) -> Tokens:
    """``place`` with the identity of a keyed list's member in the place of its index."""
    for depth in range(1, len(place)):
        keyed = lists.get(place[:depth])
        members = lookup(document, place[:depth], None)
        keys = keys_of(members, keyed) if keyed and type(members) is list else None
        if keys is not None:
            return (*place[:depth], repr(keys[int(place[depth])]), *place[depth + 1 :])
    return place
