"""Applies a diff to its base, so that a test can see that the diff says everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from patcher.documents.diff import Change
from patcher.documents.pointers import tokens_of
from patcher.documents.shape import KeyedList, ListKeys, MemberKey
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, copied, strictly_equal
from patcher.errors import InvalidPatchError


def apply_changes(base: Document, changes: Sequence[Change], lists: ListKeys) -> Document:
    """The document that ``changes`` make of ``base``, which itself is not altered.

    With what ``compare`` said of two documents, this is the second one, strictly. Raises
    InvalidPatchError for changes that are not about ``base``: a place that is not there, or that
    holds something else.
    """
    before, after = _Node(), _Node()
    for change in changes:
        (after if change.kind == "added" else before).put(change)
    rebuilt: Document = _Rebuilding(lists).value(base, before, after, ())
    return rebuilt


@dataclass(slots=True)
class _Node:
    """The changes at and below one place."""

    change: Change | None = None
    below: dict[str, _Node] = field(default_factory=dict)

    def put(self, change: Change) -> None:
        node = self
        for token in tokens_of(change.path):
            node = node.below.setdefault(token, _Node())
        if node.change is not None or not _is_whole(change):
            raise _unfit(change.path)
        node.change = change

    def removes(self, value: JsonValue) -> bool:
        """Whether the change here takes ``value`` away."""
        if self.change is None or self.change.kind != "removed":
            return False
        if self.below or not strictly_equal(value, self.change.old):
            raise _unfit(self.change.path)
        return True

    def brought(self) -> JsonValue:
        """The value that the change here brings."""
        if self.below:
            raise _unfit(self.first().path)
        return copied(self.first().new)

    def members(self, count: int) -> dict[int, _Node]:
        """What is below, by index in a list of ``count`` members."""
        indices = {str(index): index for index in range(count)} if self.below else {}
        for token, node in self.below.items():
            if token not in indices:
                raise _unfit(node.first().path)
        return {indices[token]: node for token, node in self.below.items()}

    def first(self) -> Change:
        """Any change at or below the place, which has one."""
        node = self
        while node.change is None:
            node = next(iter(node.below.values()))
        return node.change


def _is_whole(change: Change) -> bool:
    """Whether the change has the values that its kind needs."""
    if change.kind == "reordered":
        return type(change.old) is list and type(change.new) is list
    return (change.kind == "added" or change.old is not MISSING) and (
        change.kind == "removed" or change.new is not MISSING
    )


_NOTHING = _Node()


class _Rebuilding:
    """Rebuilds values from the changes by base place (``before``) and by proposed (``after``)."""

    def __init__(self, lists: ListKeys) -> None:
        self._lists = lists

    def value(self, value: JsonValue, before: _Node, after: _Node, at: Tokens | None) -> JsonValue:
        if after.change is not None:
            raise _unfit(after.change.path)
        if before.change is not None and before.change.kind == "changed":
            if before.below or after.below or not strictly_equal(value, before.change.old):
                raise _unfit(before.change.path)
            return copied(before.change.new)
        if type(value) is list:
            return self._list(value, before, after, at)
        if before.change is not None:
            raise _unfit(before.change.path)
        if type(value) is dict:
            return self._object(value, before, after, at)
        if before.below or after.below:
            raise _unfit((before if before.below else after).first().path)
        return value

    def _object(self, value: Document, before: _Node, after: _Node, at: Tokens | None) -> Document:
        for key in before.below.keys() - value.keys():
            raise _unfit(before.below[key].first().path)
        rebuilt: Document = {}
        for key, member in value.items():
            was, becomes = before.below.get(key, _NOTHING), after.below.get(key, _NOTHING)
            if not was.removes(member):
                rebuilt[key] = self.value(member, was, becomes, None if at is None else (*at, key))
        for key, node in after.below.items():
            if node.change is not None and key not in value:
                rebuilt[key] = node.brought()
            elif key not in rebuilt:
                raise _unfit(node.first().path)
        return rebuilt

    def _list(
        self, value: list[JsonValue], before: _Node, after: _Node, at: Tokens | None
    ) -> list[JsonValue]:
        was = before.members(len(value))
        kept = [i for i, member in enumerate(value) if not was.get(i, _NOTHING).removes(member)]
        if before.change is not None:
            kept = self._reordered(value, kept, before.change, at)
        brought = sum(node.change is not None for node in after.below.values())
        becomes = after.members(len(kept) + brought)
        left = iter(kept)
        rebuilt: list[JsonValue] = []
        for index in range(len(kept) + brought):
            node = becomes.get(index, _NOTHING)
            if node.change is not None:
                rebuilt.append(node.brought())
            else:
                old = next(left)
                rebuilt.append(self.value(value[old], was.get(old, _NOTHING), node, None))
        return rebuilt

    def _reordered(
        self, value: list[JsonValue], kept: list[int], change: Change, at: Tokens | None
    ) -> list[int]:
        """The indices in ``kept``, in the order that ``change`` gives them."""
        keyed = None if at is None else self._lists.get(at)
        if keyed is None or change.kind != "reordered":
            raise _unfit(change.path)
        by_key = {keyed.key_of(value[index]): index for index in kept}
        old = [by_key.get(_identity_key(identity, keyed)) for identity in change.old]
        new = [by_key.get(_identity_key(identity, keyed)) for identity in change.new]
        ordered = [index for index in new if index is not None]
        if old != kept or sorted(ordered) != kept or len(ordered) != len(new):
            raise _unfit(change.path)
        return ordered


def _unfit(path: str) -> InvalidPatchError:
    return InvalidPatchError("The change does not fit the document.", path=path)


def _identity_key(identity: JsonValue, keyed: KeyedList) -> MemberKey | None:
    """The key of the list item that a reordering calls ``identity``, if any."""
    return keyed.key_of({keyed.by[0]: identity} if len(keyed.by) == 1 else identity)
