"""The outline of a kind of document, and the identity of list items.

A resource declares which of its lists are keyed, and by what. Everything that compares, merges or
addresses items uses these declarations.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from patcher.documents.pointers import is_of_kind, lookup, of_kind
from patcher.documents.values import UUID, Document, JsonValue, Tokens

MemberKey: TypeAlias = Hashable
"""The identity of an item in its list."""


class KeyedList(NamedTuple):
    """How the items of a list are identified.

    ``by`` are the keys that together identify an object; empty for a list of texts, which are
    their own identities.
    """

    by: tuple[str, ...] = ()

    def key_of(self, member: JsonValue) -> MemberKey | None:
        """The identity of an item, or None where it has none.

        An identity is text, or an object or tuple of identities (a relation's ``to``), so that two
        are equal only where they are strictly equal.
        """
        if not self.by:
            return member if type(member) is str else None
        if type(member) is not dict:
            return None
        if len(self.by) == 1:
            return _frozen(member.get(self.by[0]))
        parts = tuple(_frozen(member.get(name)) for name in self.by)
        return None if None in parts else parts


ListKeys: TypeAlias = Mapping[Tokens, KeyedList]
"""The keyed lists of a document, by their place in it."""


def keys_of(members: list[JsonValue], keyed: KeyedList) -> list[MemberKey] | None:
    """The identities of all items in order, or None when one has none or two are the same.

    None means that the list must be compared by position.
    """
    if not keyed.by:
        # A set of types is faster than a test of each item.
        is_sound = set(map(type, members)) <= {str} and len(set(members)) == len(members)
        return list(members) if is_sound else None
    keys = [keyed.key_of(member) for member in members]
    distinct = set(keys)
    return keys if len(distinct) == len(keys) and None not in distinct else None


def items_by_key(value: JsonValue, keyed: KeyedList) -> dict[MemberKey, JsonValue] | None:
    """The items of a list by identity, in order; None for a list without (see ``keys_of``)."""
    keys = keys_of(value, keyed) if type(value) is list else None
    return None if keys is None else dict(zip(keys, value, strict=True))


def identified(document: Document, place: Tokens, lists: ListKeys) -> tuple[int, MemberKey] | None:
    """The depth of the first index in a place that is of a keyed list, and the item's identity."""
    for depth in range(1, len(place)):
        keyed = lists.get(place[:depth])
        items = items_by_key(lookup(document, place[:depth], None), keyed) if keyed else None
        if items is not None:
            return depth, list(items)[int(place[depth])]
    return None


def _frozen(value: JsonValue) -> MemberKey | None:
    if type(value) is str:
        return value
    if type(value) is dict:
        parts = tuple((key, _frozen(value[key])) for key in sorted(value))
        return None if any(part is None for _, part in parts) else ("object", parts)
    return None


class Shape(NamedTuple):
    """The outline of a writable document.

    Attributes:
        members: its top-level keys, in the order in which they are sent and shown.
        required: those that every document has.
        server_owned: top-level keys of the response that are never sent.
        lists: the keyed lists, by place; one keyed by nothing is a list of texts.
        widening: lists whose absence or emptiness means "everything".
        opaque: objects with a foreign schema; their values are compared strictly, and their
            credentials masked.
        alternatives: the other list that an item missing from a list may be in.
        uuids: places that hold a UUID ("-" stands for each list item); its case has no meaning.
        blank_texts: top-level texts where empty means absent.
    """

    members: tuple[str, ...]
    required: frozenset[str]
    server_owned: frozenset[str]
    lists: ListKeys
    widening: frozenset[Tokens] = frozenset()
    opaque: tuple[Tokens, ...] = ()
    alternatives: Mapping[Tokens, Tokens] = MappingProxyType({})
    uuids: frozenset[Tokens] = frozenset()
    blank_texts: frozenset[str] = frozenset()

    def ordered(self, document: Document) -> Document:
        """``document`` with its keys in the order of ``members``, others after them."""
        known = {key: document[key] for key in self.members if key in document}
        return known | document

    def without_nulls(self, document: Document) -> Document:
        """``document`` less the nulls at its top, which mean removal; a required key stays."""
        kept = self.required
        return {key: one for key, one in document.items() if one is not None or key in kept}

    def respelled(self, value: JsonValue, known: Document, at: Tokens = ()) -> JsonValue:
        """``value``, which is at place ``at``, with its UUIDs in the case they have in ``known``.

        Only UUIDs at the same place count, in any item of a list. Others stay as they are.
        """
        for place in self.uuids:
            if is_of_kind(at, place[: len(at)]):
                texts = (text for _, text in of_kind(known, place) if type(text) is str)
                spellings = {text.lower(): text for text in texts if UUID.fullmatch(text)}
                if spellings:
                    value = _respelled(value, place[len(at) :], spellings)
        return value


def _respelled(value: JsonValue, place: Tokens, spellings: Mapping[str, str]) -> JsonValue:
    if not place:
        return spellings.get(value.lower(), value) if type(value) is str else value
    if place[0] == "-" and type(value) is list:
        return [_respelled(item, place[1:], spellings) for item in value]
    if place[0] != "-" and type(value) is dict and place[0] in value:
        return {**value, place[0]: _respelled(value[place[0]], place[1:], spellings)}
    return value
