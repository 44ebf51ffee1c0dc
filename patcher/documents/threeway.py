"""Three-way merge of documents: a base and two changed versions of it.

Documents are merged, never operations rerun: a list that one side replaced keeps an item that the
other side added. Objects are merged key by key, keyed lists item by item, any other list and
every scalar as one value. A place that both sides changed differently is a collision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patcher.documents.pointers import list_above, lookup, pointer_to
from patcher.documents.shape import MemberKey, Shape, items_by_key
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, copied, strictly_equal


class Collision(NamedTuple):
    """One place that the two sides changed differently; MISSING where a side has no value.

    ``path`` is a JSON Pointer into the merged document; for a list item that yours removed, into
    the base, so that two may be equal. ``only_read`` says that yours does not change the place,
    but depends on it.
    """

    path: str
    base: JsonValue
    yours: JsonValue
    theirs: JsonValue
    only_read: bool = False

    def to_dict(self) -> dict[str, JsonValue]:
        """The collision as JSON output prints it, without missing values."""
        sides = {"base": self.base, "yours": self.yours, "theirs": self.theirs}
        present = {name: value for name, value in sides.items() if value is not MISSING}
        return {"path": self.path, **present, "touched": self.only_read}


class Merged(NamedTuple):
    """The merged document, a copy with yours where they collide, and the collisions."""

    document: Document
    collisions: tuple[Collision, ...]


def merge(
    base: Document,
    yours: Document,
    theirs: Document,
    shape: Shape,
    read_paths: Iterable[Tokens] = (),
) -> Merged:
    """Merges the changes of both sides.

    ``read_paths`` are places that yours depends on without changing them, such as the ``from`` and
    ``test`` paths of a JSON Patch: a change of theirs there is a collision too.
    """
    theirs = shape.respelled(theirs, base)
    yours = shape.respelled(shape.respelled(yours, theirs), base)
    found = _Merge(shape).objects(base, yours, theirs, ())
    document: Document = copied(found.value)
    unique: dict[tuple[str, bool], Collision] = {}
    for one in (
        *found.collisions,
        *_on_both_lists(document, yours, theirs, shape),
        *_pulled_away(base, yours, theirs, read_paths),
    ):
        # One index can be that of a removed item of the base, and of a merged item.
        unique.setdefault((one.path, one.yours is MISSING), Collision(*map(copied, one)))
    return Merged(document, tuple(unique.values()))


class _Found(NamedTuple):
    """A merged value, MISSING where it is removed, and the collisions in it."""

    value: JsonValue
    collisions: tuple[Collision, ...] = ()

    def collisions_at(self, step: str) -> Iterator[Collision]:
        """The collisions with their paths from the container above."""
        above = pointer_to((step,))
        return (one._replace(path=above + one.path) for one in self.collisions)


class _Merge:
    """One merge. ``at`` is the kind of place: below a list no list is keyed."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def values(self, at: Tokens, base: JsonValue, yours: JsonValue, theirs: JsonValue) -> _Found:
        if strictly_equal(base, yours):
            return _Found(theirs)
        if strictly_equal(base, theirs) or strictly_equal(yours, theirs):
            return _Found(yours)
        if {type(base), type(yours), type(theirs)} == {dict}:
            return self.objects(base, yours, theirs, at)
        found = self._lists(base, yours, theirs, at)
        return found or _Found(yours, (Collision("", base, yours, theirs),))

    def objects(self, base: Document, yours: Document, theirs: Document, at: Tokens) -> _Found:
        merged: Document = {}
        collisions: list[Collision] = []
        # Theirs is the current state, so its order stays; keys of the others follow.
        for key in dict.fromkeys((*theirs, *yours, *base)):
            sides = (one.get(key, MISSING) for one in (base, yours, theirs))
            found = self.values((*at, key), *sides)
            if found.value is not MISSING:
                merged[key] = found.value
            collisions += found.collisions_at(key)
        return _Found(merged, tuple(collisions))

    def _lists(
        self, base: JsonValue, yours: JsonValue, theirs: JsonValue, at: Tokens
    ) -> _Found | None:
        """The lists merged item by item; None where that is impossible."""
        keyed, is_widening = self._shape.lists.get(at), at in self._shape.widening
        if keyed is None:
            return None
        if base is MISSING and not is_widening:
            base = []
        before, ours, their = (items_by_key(value, keyed) for value in (base, yours, theirs))
        if before is None or ours is None or their is None:
            return None
        if is_widening and not (before and ours and their):
            return None  # an empty list means everything, and has no items to merge
        found = {
            key: self.values((*at, "-"), *(one.get(key, MISSING) for one in (before, ours, their)))
            for key in {**their, **ours, **before}
        }
        present = {key for key, one in found.items() if one.value is not MISSING}
        if is_widening and not present:
            return None
        order = _order(list(before), list(ours), list(their), present)
        if order is None:
            return None
        index = {key: str(i) for keys in (before, order) for i, key in enumerate(keys)}
        collisions = (each for key, one in found.items() for each in one.collisions_at(index[key]))
        return _Found([found[key].value for key in order], tuple(collisions))


def _order(
    base: list[MemberKey], yours: list[MemberKey], theirs: list[MemberKey], present: set[MemberKey]
) -> list[MemberKey] | None:
    """The identities in ``present``, in order; None where both sides reordered differently.

    The order is that of the side that reordered, else of theirs; items that only the other side has
    are inserted at their places there.
    """
    we_reordered, they_reordered = _reorders(base, yours), _reorders(base, theirs)
    if we_reordered and they_reordered and _reorders(yours, theirs):
        return None
    if we_reordered and not they_reordered:
        return _woven(yours, theirs, present)
    return _woven(theirs, yours, present)


def _reorders(one: list[MemberKey], other: list[MemberKey]) -> bool:
    """Whether the items that both have are in a different order."""
    in_one, in_other = set(one), set(other)
    return [key for key in one if key in in_other] != [key for key in other if key in in_one]


def _woven(
    frame: list[MemberKey], other: list[MemberKey], present: set[MemberKey]
) -> list[MemberKey]:
    """``frame`` with what only ``other`` has: after the same item as there, or at the end."""
    woven = [key for key in frame if key in present]
    known = set(woven)
    last = max((i for i, key in enumerate(other) if key in known), default=-1)
    position = 0
    for i, key in enumerate(other):
        if key in known:
            position = woven.index(key) + 1
        elif key in present:
            if i > last:
                woven.append(key)
            else:
                woven.insert(position, key)
                position += 1
    return woven


def _on_both_lists(
    merged: Document, yours: Document, theirs: Document, shape: Shape
) -> Iterator[Collision]:
    """Names that are in two alternative lists only after the merge."""
    for place, other in shape.alternatives.items():
        if place > other:
            continue  # each pair occurs in both directions
        here, there = (
            [_named(one, at, shape) for one in (merged, yours, theirs)] for at in (place, other)
        )
        known = (here[1].keys() & there[1].keys()) | (here[2].keys() & there[2].keys())
        for name, (index, _) in here[0].items():
            if name in there[0] and name not in known:
                _, ours = (there[1] | here[1]).get(name, (0, MISSING))
                _, their = (there[2] | here[2]).get(name, (0, MISSING))
                yield Collision(pointer_to((*place, str(index))), MISSING, ours, their)


def _named(document: Document, place: Tokens, shape: Shape) -> dict[str, tuple[int, JsonValue]]:
    """The items of a keyed list that are identified by one text, by that text, with their index."""
    items = lookup(document, place, None)
    keys = map(shape.lists[place].key_of, items if type(items) is list else ())
    return {key: (i, items[i]) for i, key in enumerate(keys) if type(key) is str}


def _pulled_away(
    base: Document, yours: Document, theirs: Document, read_paths: Iterable[Tokens]
) -> Iterator[Collision]:
    """Places that yours depends on and theirs changed."""
    for place in read_paths:
        whole = list_above(base, place) or place  # indices may have shifted
        sides = (lookup(one, whole, MISSING) for one in (base, yours, theirs))
        yield from _moved(whole, *sides)


def _moved(
    place: Tokens, base: JsonValue, yours: JsonValue, theirs: JsonValue
) -> Iterator[Collision]:
    """The places at or below this one that theirs changed and yours did not change alike."""
    if strictly_equal(base, theirs) or strictly_equal(yours, theirs):
        return
    if {type(base), type(yours), type(theirs)} == {dict}:
        for key in dict.fromkeys((*base, *yours, *theirs)):
            sides = (one.get(key, MISSING) for one in (base, yours, theirs))
            yield from _moved((*place, key), *sides)
    else:
        yield Collision(pointer_to(place), base, yours, theirs, only_read=True)
