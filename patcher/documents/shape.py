"""What a kind of document looks like, as far as patches, diffs and merges need to know."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from patcher.documents.identity import ListKeys
from patcher.documents.values import Document, Tokens


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
    """

    members: tuple[str, ...]
    required: frozenset[str]
    server_owned: frozenset[str]
    lists: ListKeys
    widening: frozenset[Tokens] = frozenset()
    opaque: tuple[Tokens, ...] = ()
    alternatives: Mapping[Tokens, Tokens] = MappingProxyType({})

    def ordered(self, document: Document) -> Document:
        """``document`` with its members in the order of ``members``, any other ones after them."""
        order = {key: i for i, key in enumerate(self.members)}
        last = len(order)
        return {key: document[key] for key in sorted(document, key=lambda k: order.get(k, last))}
