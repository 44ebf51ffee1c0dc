"""Compares two documents; the only module that imports deepdiff.

A strict walk decides what differs: it pairs keys of objects by name, items of keyed lists by
identity, and those of other lists by position after the common beginning and end. deepdiff alone
would treat [1] as [True] and -0.0 as 0.0, report an item inserted at the front of a list as a
change of every item, and need seconds for a few thousand items. It gets only the differing values,
and says what kind of difference each is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from patcher.documents.pointers import pointer_to
from patcher.documents.shape import KeyedList, ListKeys, keys_of
from patcher.documents.values import MISSING, Document, JsonValue, copied, strictly_equal

if TYPE_CHECKING:
    from deepdiff import DeepDiff

Kind: TypeAlias = Literal["added", "removed", "changed", "reordered"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Change:
    """One difference between two documents; compared strictly.

    Attributes:
        path: a JSON Pointer (RFC 6901). List indices are those of the base document for
            ``removed`` and ``changed``, of the proposed one for ``added``; ``reordered`` has the
            path of the list.
        kind: what happened there.
        old: the value in the base document, MISSING where ``added``.
        new: the value in the proposed document, MISSING where ``removed``. For ``reordered``,
            ``old`` and ``new`` are the identities of the items that both lists have, in either
            order: a text, or an object of the identifying values where there are several.
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
        return strictly_equal(self.to_dict(), other.to_dict())

    def __hash__(self) -> int:
        return hash((self.path, self.kind))

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON output prints it, without missing values."""
        values = {"old": self.old, "new": self.new}
        present = {name: value for name, value in values.items() if value is not MISSING}
        return {"path": self.path, "kind": self.kind, **present}


_Pair: TypeAlias = "tuple[int | None, int | None]"

Key: TypeAlias = "str | _Pair"
"""An object's key, or a list item's indices in the base and the proposed document (or None)."""

KeyPath: TypeAlias = tuple[Key, ...]
"""The way from a document to a value in it."""


class Difference(NamedTuple):
    """A change with the way to it instead of its path."""

    keys: KeyPath
    kind: Kind
    old: JsonValue
    new: JsonValue


def difference(base: Document, proposed: Document, lists: ListKeys) -> list[Difference]:
    """Every difference with the way to it, in the order to be shown; none if strictly equal."""
    return _Walk(lists).objects(base, proposed, ())


def _identity(item: JsonValue, keyed: KeyedList) -> JsonValue:
    if not keyed.by:
        return item
    if len(keyed.by) == 1:
        return item[keyed.by[0]]
    return {name: item[name] for name in keyed.by}


class _Walk:
    """One walk. No keyed list is below another list: there ``keys`` are not only texts."""

    def __init__(self, lists: Mapping[Any, KeyedList]) -> None:
        self._lists = lists

    def values(self, old: JsonValue, new: JsonValue, keys: KeyPath) -> list[Difference]:
        if old is new:
            return []
        kind = type(old)
        if kind is type(new):
            if kind is dict:
                return self.objects(old, new, keys)
            if kind is list:
                return self.lists(old, new, keys)
        return [] if strictly_equal(old, new) else [Difference(keys, "changed", old, new)]

    def objects(self, old: Document, new: Document, keys: KeyPath) -> list[Difference]:
        found: list[Difference] = []
        for key, value in old.items():
            if key in new:
                found += self.values(value, new[key], (*keys, key))
            else:
                found.append(_removed((*keys, key), value))
        found += [_added((*keys, key), new[key]) for key in new if key not in old]
        return found

    def lists(self, old: list[JsonValue], new: list[JsonValue], keys: KeyPath) -> list[Difference]:
        keyed = self._lists.get(keys)
        found = None if keyed is None else self._by_identity(old, new, keyed, keys)
        return self._by_position(old, new, keys) if found is None else found

    def _by_identity(
        self, old: list[JsonValue], new: list[JsonValue], keyed: KeyedList, keys: KeyPath
    ) -> list[Difference] | None:
        """The differences of two keyed lists; None where the items have no identities."""
        old_keys, new_keys = keys_of(old, keyed), keys_of(new, keyed)
        if old_keys is None or new_keys is None:
            return None
        if old_keys == new_keys and not keyed.by:
            return []  # the same texts in the same order
        found: list[Difference] = []
        unpaired = {key: index for index, key in enumerate(new_keys)}
        # Two lists of numbers: a list of pairs would cost time in the garbage collector.
        befores: list[int] = []
        afters: list[int] = []
        for before, key in enumerate(old_keys):
            after = unpaired.pop(key, None)
            if after is None:
                found.append(_removed((*keys, (before, None)), old[before]))
                continue
            befores.append(before)
            afters.append(after)
            # Compared first: most are equal, and this is the faster test.
            if not strictly_equal(old[before], new[after]):
                found += self.values(old[before], new[after], (*keys, (before, after)))
        found += [_added((*keys, (None, i)), new[i]) for i in unpaired.values()]
        found.sort(key=lambda one: _shown_index(one.keys[len(keys)]))
        if (in_order := sorted(afters)) == afters:
            return found
        was = [_identity(old[index], keyed) for index in befores]
        now = [_identity(new[index], keyed) for index in in_order]
        return [Difference(keys, "reordered", was, now), *found]

    def _by_position(
        self, old: list[JsonValue], new: list[JsonValue], keys: KeyPath
    ) -> list[Difference]:
        start, ends = 0, (len(old), len(new))
        first: list[Difference] = []
        # Lists of equal length need no search for their common beginning and end.
        if len(old) != len(new):
            while start < min(ends) and not first:
                first = self.values(old[start], new[start], (*keys, (start, start)))
                start += not first
            while min(ends) > start and strictly_equal(old[ends[0] - 1], new[ends[1] - 1]):
                ends = ends[0] - 1, ends[1] - 1
        found: list[Difference] = []
        for i in range(start, min(ends)):
            # The first difference is not computed twice: in nested lists that would double at
            # every level.
            is_known = bool(first) and i == start
            found += first if is_known else self.values(old[i], new[i], (*keys, (i, i)))
        found += [_removed((*keys, (i, None)), old[i]) for i in range(min(ends), ends[0])]
        found += [_added((*keys, (None, i)), new[i]) for i in range(min(ends), ends[1])]
        return found


def _added(keys: KeyPath, value: JsonValue) -> Difference:
    return Difference(keys, "added", MISSING, value)


def _removed(keys: KeyPath, value: JsonValue) -> Difference:
    return Difference(keys, "removed", value, MISSING)


def _shown_index(pair: Any) -> tuple[int, bool]:
    """Sorts by the index that is shown; at the same index, removed before added."""
    before, after = pair
    return (before, False) if before is not None else (after, True)


def compare(
    base: Document, proposed: Document, lists: ListKeys, *, explained: bool = True
) -> tuple[Change, ...]:
    """Every change from ``base`` to ``proposed``; none only where they are strictly equal.

    Items of the lists in ``lists`` are paired by identity; those of any other list, or of one with
    missing or duplicate identities, by position after the common beginning and end. Objects are
    compared down to their leaves; an added or removed item or key is one change. The order is that
    of the base document, with new keys of an object at its end. The changes are copies. Unless
    ``explained``, the walk alone says what kind of change each is, without deepdiff.
    """
    differing = difference(base, proposed, lists)
    # One difference explains itself; deepdiff would cost a tenth of the time of a patch.
    kinds = explain(differing) if explained and len(differing) > 1 else {}
    changes: list[Change] = []
    for keys, seen, old, new in differing:
        # The walk decides what differs, even where deepdiff misses it.
        kind = kinds.get(keys, seen)
        side = 1 if kind == "added" else 0
        path = pointer_to(tuple(s if isinstance(s, str) else str(s[side]) for s in keys))
        changes.append(Change(path, kind, copied(old), copied(new)))
    return tuple(changes)


def explain(differing: list[Difference]) -> dict[KeyPath, Kind]:
    """The kind of difference that deepdiff sees at each place.

    It gets two objects of only what differs, by the way to it. By default it reports an object as a
    whole when fewer than a third of its keys are on both sides.
    """
    from deepdiff import DeepDiff

    sides: tuple[dict[KeyPath, JsonValue], dict[KeyPath, JsonValue]] = {}, {}
    for keys, kind, old, new in differing:
        for side, value in zip(sides, _visible(old, new), strict=True):
            if value is not MISSING and kind != "reordered":
                side[keys] = value
    seen = DeepDiff(*sides, view="tree", threshold_to_diff_deeper=0)
    return {
        level.path(output_format="list")[0]: kind
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


def _visible(old: JsonValue, new: JsonValue) -> tuple[JsonValue, JsonValue]:
    """The two values, or 0 and 1 where deepdiff would see no difference or be slow.

    It compares with ==, so that 0.0 equals -0.0, and diffs texts line by line, which can take
    quadratic time.
    """
    if type(old) is type(new) and (old == new or (type(old) is str and "\n" in old + new)):
        return 0, 1
    return old, new
