"""What differs between two documents, place by place; the one owner of deepdiff.

Two halves. The strict walk in alignment.py decides what differs: deepdiff alone holds [1] for
[True] and 0.0 for -0.0, takes a member put first in a list for a change of every later one, and
costs seconds on some thousand members. What is left after it, two small trees, goes to deepdiff,
which tells what kind of difference each place is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patcher.documents.alignment import Branch, Leaf, Order, Steps, difference, places
from patcher.documents.changes import Change, Kind
from patcher.documents.identity import ListKeys
from patcher.documents.pointers import pointer_to
from patcher.documents.values import MISSING, Document, JsonValue, copied

__all__ = ["Change", "Kind", "compare"]


def compare(base: Document, proposed: Document, lists: ListKeys) -> tuple[Change, ...]:
    """Every change that makes ``proposed`` of ``base``; none only where they are strictly equal.

    Members of the lists in ``lists`` are paired by identity, wherever they stand; those of any
    other list, and of one with a member without identity or with the same identity twice, by
    position after the common beginning and end. Objects are taken apart down to their leaves; a
    member that comes or goes is one change. In the order of the base document, what is new in an
    object after what was there. Neither document is altered, or shared with the changes.
    """
    found = difference(base, proposed, lists)
    if found is None:
        return ()
    differing = list(places(found))
    # One place explains itself, and is the most common change; deepdiff costs a tenth of a patch.
    kinds = explain(*_sides(found)) if len(differing) > 1 else {}
    changes: list[Change] = []
    for steps, place in differing:
        # The walk is the judge: a place that deepdiff passed over is a change all the same.
        kind: Kind = "reordered" if isinstance(place, Order) else kinds.get(steps) or _kind(place)
        side = 1 if kind == "added" else 0
        path = pointer_to(tuple(s if isinstance(s, str) else str(s[side]) for s in steps))
        changes.append(Change(path, kind, copied(place.old), copied(place.new)))
    return tuple(changes)


def explain(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> dict[Steps, Kind]:
    """What kind of difference deepdiff sees at each place of two small trees.

    The trees hold only what differs, and objects in the place of lists, with the pair of indices
    for a key. By default deepdiff passes over keys that begin with two underscores, and reports
    an object as one whole when fewer than a third of its keys are on both sides.
    """
    from deepdiff import DeepDiff

    seen = DeepDiff(
        old, new, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0
    )
    return {
        tuple(level.path(output_format="list")): kind
        for report, kind in _KINDS.items()
        for level in seen.get(report, ())
    }


_KINDS: Mapping[str, Kind] = {
    "dictionary_item_added": "added",
    "dictionary_item_removed": "removed",
    "values_changed": "changed",
    "type_changes": "changed",
}


def _sides(branch: Branch) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The two trees that deepdiff is to explain."""
    old: dict[Any, Any] = {}
    new: dict[Any, Any] = {}
    for step, member in branch.members.items():
        before, after = _sides(member) if isinstance(member, Branch) else _visible(member)
        if before is not MISSING:
            old[step] = before
        if after is not MISSING:
            new[step] = after
    return old, new


def _visible(leaf: Leaf) -> tuple[JsonValue, JsonValue]:
    """The two values, or stand-ins where deepdiff would see no difference, or look for too long.

    It compares with ==, for which 0.0 is -0.0, and diffs texts line by line, which can take time
    in the square of their length.
    """
    old, new = leaf.old, leaf.new
    if type(old) is type(new) and (old == new or (type(old) is str and "\n" in old + new)):
        return 0, 1
    return old, new


def _kind(leaf: Leaf) -> Kind:
    if leaf.old is MISSING:
        return "added"
    return "removed" if leaf.new is MISSING else "changed"
