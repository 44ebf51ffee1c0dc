"""Which part of one document is the same part of another, and which of those differ.

The strict half of the diff. Two documents are walked side by side, in one pass: members of
objects are paired by key, members of keyed lists by their identity, and those of every other list
by position, after the common beginning and end. What is strictly equal is dropped at once, so that
what follows costs in proportion to the difference and not to the documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from patcher.documents.identity import KeyedList, ListKeys, MemberKey, keys_of
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, strictly_equal

_Pair: TypeAlias = "tuple[int | None, int | None]"

Step: TypeAlias = "str | _Pair"
"""From a value to a member: an object's key, or a list's index in the base and in the proposed
document, None where the member is not there."""

Steps: TypeAlias = tuple[Step, ...]


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

    members: dict[Step, Branch | Leaf]
    order: Order | None = None


def difference(base: Document, proposed: Document, lists: ListKeys) -> Branch | None:
    """What differs between two documents, or None where they are strictly equal."""
    return _Walk(lists).objects(base, proposed, ())


def places(found: Branch | Leaf | Order, at: Steps = ()) -> Iterator[tuple[Steps, Leaf | Order]]:
    """Every difference with the way to it, in the order to be shown."""
    if not isinstance(found, Branch):
        yield at, found
        return
    if found.order is not None:
        yield at, found.order
    for step, member in found.members.items():
        yield from places(member, (*at, step))


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
        members: dict[Step, Branch | Leaf] = {}
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
        members: dict[Step, Branch | Leaf] = {}
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
