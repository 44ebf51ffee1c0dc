"""What a kind of document looks like, as far as patches, diffs and merges need to know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from patcher.documents.identity import ListKeys
from patcher.documents.values import Document, JsonValue, Tokens

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Shape(NamedTuple):
    """The outline of a writable document.

    Attributes:
        members: its top-level keys, in the order in which they are sent and shown.
        required: those without which there is no document.
        server_owned: top-level keys of the response that are never sent.
        lists: the keyed lists, by place; one keyed by nothing is a list of texts.
        widening: lists whose absence or emptiness means "everything".
        opaque: objects whose content belongs to somebody else's schema; values in there are
            compared to the letter, and the credentials among them are masked.
        alternatives: where a member not found in a list may be instead (list to other list).
        uuids: places that hold a UUID ("-" stands for each list item), whose letters have no case.
    """

    members: tuple[str, ...]
    required: frozenset[str]
    server_owned: frozenset[str]
    lists: ListKeys
    widening: frozenset[Tokens] = frozenset()
    opaque: tuple[Tokens, ...] = ()
    alternatives: Mapping[Tokens, Tokens] = MappingProxyType({})
    uuids: frozenset[Tokens] = frozenset()

    def ordered(self, document: Document) -> Document:
        """``document`` with its members in the order of ``members``, any other ones after them."""
        order = {key: i for i, key in enumerate(self.members)}
        last = len(order)
        return {key: document[key] for key in sorted(document, key=lambda k: order.get(k, last))}

    def respelled(self, value: JsonValue, known: Document, at: Tokens = ()) -> JsonValue:
        """``value``, which is at a place, with the spelling that a UUID has in ``known``.

        A UUID counts as known only at the same place, in any item of a list. What ``known`` does
        not have stays as it is.
        """
        for place in self.uuids:
            if _is_within(place, at):
                spellings = {text.lower(): text for text in _uuids(known, place)}
                if spellings:
                    value = _respelled(value, place[len(at) :], spellings)
        return value

    def is_uuid(self, place: Tokens) -> bool:
        """Whether a place holds a UUID."""
        return any(len(one) == len(place) and _is_within(one, place) for one in self.uuids)


def _is_within(kind: Tokens, place: Tokens) -> bool:
    """Whether a kind of place, with "-" for each list item, is at or within a place."""
    return len(place) <= len(kind) and all(
        step == one or (one == "-" and step.isdecimal())
        for one, step in zip(kind, place, strict=False)
    )


def _uuids(value: JsonValue, place: Tokens) -> Iterator[str]:
    if not place:
        if type(value) is str and _UUID.fullmatch(value):
            yield value
    elif place[0] == "-":
        for item in value if type(value) is list else ():
            yield from _uuids(item, place[1:])
    elif type(value) is dict and place[0] in value:
        yield from _uuids(value[place[0]], place[1:])


def _respelled(value: JsonValue, place: Tokens, spellings: Mapping[str, str]) -> JsonValue:
    if not place:
        is_known = type(value) is str and value in spellings.values()
        return value if is_known or type(value) is not str else spellings.get(value.lower(), value)
    if place[0] == "-":
        if type(value) is not list:
            return value
        return [_respelled(item, place[1:], spellings) for item in value]
    if type(value) is not dict or place[0] not in value:
        return value
    return {**value, place[0]: _respelled(value[place[0]], place[1:], spellings)}
