"""Documents without their credentials: a mask in the place of each, and a digest to know it by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.masks import MASK, Masks
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.steps import replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens

COST: Final = 2**14
"""How slow a digest is (scrypt's n): passwords can be guessed, so many a second and no more."""


class Seal(NamedTuple):
    """The digests of what has been masked in a document, by JSON Pointer, and their salt."""

    salt: bytes
    digests: Mapping[str, str]

    def opened(self, live: Document, *others: Seal) -> dict[str, JsonValue]:
        """The values of ``live`` that are known by a digest of this seal, or of the others'."""
        places = {place for seal in (self, *others) for place in seal.digests}
        values = (lookup(live, tokens_of(place), MISSING) for place in sorted(places))
        return {digest(one, self.salt): one for one in values if one is not MISSING}

    def restored(self, document: Document, known: Mapping[str, JsonValue]) -> Document:
        """``document`` with each known value in its place again."""
        for place, found in self.digests.items():
            if found in known:
                document = replaced(document, tokens_of(place), known[found])
        return document


def sealed(
    document: Document, masks: Masks, credentials: frozenset[str], salt: bytes
) -> tuple[Document, Seal]:
    """``document`` without values under masked keys, and without texts that are such a value."""
    masked: Document = masks.shown_value(document, (), credentials)
    places = list(_masked_places(document, masked, ()))
    digests = {pointer_to(place): digest(lookup(document, place), salt) for place in places}
    return masked, Seal(salt, digests)


def digest(value: JsonValue, salt: bytes) -> str:
    """What a value is known by; slow on purpose."""
    text = jsontext.canonical(value).encode("ascii")
    return hashlib.scrypt(text, salt=salt, n=COST, r=8, p=1, dklen=32).hex()


def _masked_places(value: JsonValue, masked: JsonValue, at: Tokens) -> Iterator[Tokens]:
    if masked == MASK and value != MASK:
        yield at
    elif type(value) is dict:
        for key, member in value.items():
            yield from _masked_places(member, masked[key], (*at, key))
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from _masked_places(member, masked[index], (*at, str(index)))
