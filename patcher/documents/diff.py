"""What differs between two documents, place by place; the one owner of deepdiff.

Two halves. A strict walk decides what differs: two documents side by side, in one pass, with keys
of objects paired by name, items of keyed lists by their identity, and those of other lists by
position after the common beginning and end. What is strictly equal is dropped at once, so that
the rest costs in proportion to the difference. deepdiff alone takes [1] for [True], -0.0 for 0.0
and an item put first in a list for a change of every later one, and needs seconds for some
thousand items. What is left after the walk, two small trees, goes to deepdiff, which tells what
kind of difference each place is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from patcher.documents.pointers import pointer_to
from patcher.documents.shape import KeyedList, ListKeys, MemberKey, keys_of
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, copied, strictly_equal

if TYPE_CHECKING:
    from deepdiff import DeepDiff

Kind: TypeAlias = Literal["added", "removed", "changed", "reordered"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Change:
    """One difference between two documents.

    Attributes:
        path: a JSON Pointer (RFC 6901). ``removed`` and ``changed`` index the lists of the base
            document, ``added`` those of the proposed one, all at once; ``reordered`` names the
            list.
        kind: what happened there.
        old: the value in the base document, MISSING where ``added``.
        new: the value in the proposed document, MISSING where ``removed``. Where ``reordered``,
            ``old`` and ``new`` are the members that both documents have, in either order: texts
            by themselves, objects by the value they are keyed by, or by an object of those
            values where they are several.

    Two changes are equal where their values are strictly equal.
    """

    path: str
    kind: Kind
    old: JsonValue = MISSING
    new: JsonValue = MISSING

    def __repr__(self) -> str:
        return f"Change({self.path!r}, {self.kind!r})"  # a value may be a credential

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Change):
            return NotImplemented
        return (
            (self.path, self.kind) == (other.path, other.kind)
            and strictly_equal(self.old, other.old)
            and strictly_equal(self.new, other.new)
        )

    def __hash__(self) -> int:
        return hash((self.path, self.kind))

    def to_dict(self) -> dict[str, Any]:
        """The change as the JSON faces print it, without what there is not."""
        values = {"old": self.old, "new": self.new}
        present = {name: value for name, value in values.items() if value is not MISSING}
        return {"path": self.path, "kind": self.kind, **present}


_Pair: TypeAlias = "tuple[int | None, int | None]"

Key: TypeAlias = "str | _Pair"
"""An object's key, or a list item's indices in the base and the proposed document (or None)."""

KeyPath: TypeAlias = tuple[Key, ...]
"""The way from a document to a value in it."""


class Leaf(NamedTuple):
    """Two values that differ and are not taken apart further; MISSING where there is none."""

    old: JsonValue
    new: JsonValue


class Order(NamedTuple):
    """The members that a list has on both sides, by identity, in either order."""

    old: list[JsonValue]
    new: list[JsonValue]


class Branch(NamedTuple):
    """Two objects, or two lists, that differ: the differing members, in the order to be shown."""

    members: dict[Key, Branch | Leaf]
    order: Order | None = None


def difference(base: Document, proposed: Document, lists: ListKeys) -> Branch | None:
    """What differs between two documents, or None where they are strictly equal."""
    return _Walk(lists).objects(base, proposed, ())


def places(
    found: Branch | Leaf | Order, at: KeyPath = ()
) -> Iterator[tuple[KeyPath, Leaf | Order]]:
    """Every difference with the way to it, in the order to be shown."""
    if not isinstance(found, Branch):
        yield at, found
        return
    if found.order is not None:
        yield at, found.order
    for key, member in found.members.items():
        yield from places(member, (*at, key))


def _identity(member: JsonValue, keyed: KeyedList) -> JsonValue:
    if not keyed.by:
        return member
    if len(keyed.by) == 1:
        return member[keyed.by[0]]
    return {name: member[name] for name in keyed.by}


class _Walk:
    """One walk. ``at`` is the place as far as a keyed list can be there, else None."""

    def __init__(self, lists: ListKeys) -> None:
        self._lists = lists

    def values(self, old: JsonValue, new: JsonValue, at: Tokens | None) -> Branch | Leaf | None:
        if old is new:
            return None
        kind = type(old)
        if kind is type(new):
            if kind is dict:
                return self.objects(old, new, at)
            if kind is list:
                return self.lists(old, new, at)
        return None if strictly_equal(old, new) else Leaf(old, new)

    def objects(self, old: Document, new: Document, at: Tokens | None) -> Branch | None:
        members: dict[Key, Branch | Leaf] = {}
        for key, value in old.items():
            if key in new:
                below = None if at is None else (*at, key)
                found = self.values(value, new[key], below)
                if found is not None:
                    members[key] = found
            else:
                members[key] = Leaf(value, MISSING)
        members.update((key, Leaf(MISSING, new[key])) for key in new if key not in old)
        return Branch(members) if members else None

    def lists(self, old: list[JsonValue], new: list[JsonValue], at: Tokens | None) -> Branch | None:
        keyed = None if at is None else self._lists.get(at)
        if keyed is not None:
            old_keys, new_keys = keys_of(old, keyed), keys_of(new, keyed)
            if old_keys is not None and old_keys == new_keys and not keyed.by:
                return None  # the same texts in the same order
            if old_keys is not None and new_keys is not None:
                return self._by_identity(old, new, keyed, old_keys, new_keys)
        return self._by_position(old, new)

    def _by_identity(
        self,
        old: list[JsonValue],
        new: list[JsonValue],
        keyed: KeyedList,
        old_keys: list[MemberKey],
        new_keys: list[MemberKey],
    ) -> Branch | None:
        members: dict[_Pair, Branch | Leaf] = {}
        unpaired = {key: index for index, key in enumerate(new_keys)}
        # Two lists of numbers: a pair per member would set the garbage collector to work.
        befores: list[int] = []
        afters: list[int] = []
        for before, key in enumerate(old_keys):
            after = unpaired.pop(key, None)
            if after is None:
                members[before, None] = Leaf(old[before], MISSING)
                continue
            befores.append(before)
            afters.append(after)
            # Compared first, since most are equal and that is the quicker way to see it.
            found = None
            if not strictly_equal(old[before], new[after]):
                found = self.values(old[before], new[after], None)
            if found is not None:
                members[before, after] = found
        members.update(((None, after), Leaf(MISSING, new[after])) for after in unpaired.values())
        order = None
        if (in_order := sorted(afters)) != afters:
            order = Order(
                [_identity(old[index], keyed) for index in befores],
                [_identity(new[index], keyed) for index in in_order],
            )
        if not members and order is None:
            return None
        in_shown_order = sorted(members.items(), key=_shown_index)
        return Branch(dict(in_shown_order), order)

    def _by_position(self, old: list[JsonValue], new: list[JsonValue]) -> Branch | None:
        start, ends = 0, (len(old), len(new))
        first: Branch | Leaf | None = None
        # Without a surplus there is nothing to gain from the common beginning and end.
        if len(old) != len(new):
            while start < min(ends) and first is None:
                first = self.values(old[start], new[start], None)
                start += first is None
            ends = _without_common_end(old, new, start)
        members: dict[Key, Branch | Leaf] = {}
        for index in range(start, min(ends)):
            # What stopped the common beginning is not walked a second time: a list in a list in
            # a list would double that at every level.
            found = first if first is not None and index == start else None
            found = found or self.values(old[index], new[index], None)
            if found is not None:
                members[index, index] = found
        for index in range(min(ends), ends[0]):
            members[index, None] = Leaf(old[index], MISSING)
        for index in range(min(ends), ends[1]):
            members[None, index] = Leaf(MISSING, new[index])
        return Branch(members) if members else None


def _without_common_end(old: list[JsonValue], new: list[JsonValue], start: int) -> tuple[int, int]:
    old_end, new_end = len(old), len(new)
    while min(old_end, new_end) > start and strictly_equal(old[old_end - 1], new[new_end - 1]):
        old_end, new_end = old_end - 1, new_end - 1
    return old_end, new_end


def _shown_index(item: tuple[_Pair, Branch | Leaf]) -> tuple[int, bool]:
    """The index that will be shown; at the same one, what goes is before what comes."""
    before, after = item[0]
    return (before, False) if before is not None else (after or 0, True)


__all__ = ["Change", "Kind", "compare"]


def compare(
    base: Document, proposed: Document, lists: ListKeys, *, explained: bool = True
) -> tuple[Change, ...]:
    """Every change that makes ``proposed`` of ``base``; none only where they are strictly equal.

    Members of the lists in ``lists`` are paired by identity, wherever they stand; those of any
    other list, and of one with a member without identity or with the same identity twice, by
    position after the common beginning and end. Objects are taken apart down to their leaves; a
    member that comes or goes is one change. In the order of the base document, what is new in an
    object after what was there. Neither document is altered, or shared with the changes.
    ``explained`` asks deepdiff what kind of change each place is; without it the walk says so.
    """
    found = difference(base, proposed, lists)
    if found is None:
        return ()
    differing = list(places(found))
    # One place explains itself, and is the most common change; deepdiff costs a tenth of a patch.
    kinds = explain(*_sides(found)) if explained and len(differing) > 1 else {}
    changes: list[Change] = []
    for keys, place in differing:
        # The walk is the judge: a place that deepdiff passed over is a change all the same.
        kind: Kind = "reordered" if isinstance(place, Order) else kinds.get(keys) or _kind(place)
        side = 1 if kind == "added" else 0
        path = pointer_to(tuple(s if isinstance(s, str) else str(s[side]) for s in keys))
        changes.append(Change(path, kind, copied(place.old), copied(place.new)))
    return tuple(changes)


def explain(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> dict[KeyPath, Kind]:
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


def deepdiff(old: Document, new: Document) -> DeepDiff:
    """The DeepDiff of two documents, in which every key counts."""
    from deepdiff import DeepDiff

    return DeepDiff(old, new, ignore_private_variables=False)


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
    for key, member in branch.members.items():
        before, after = _sides(member) if isinstance(member, Branch) else _visible(member)
        if before is not MISSING:
            old[key] = before
        if after is not MISSING:
            new[key] = after
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
