"""Documents without their credentials: a mask in the place of each, and a digest to know it by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.masks import MASK, Masks
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.steps import replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens
from patcher.errors import InvalidInputError

_MOST: Final = 64
"""How many texts are digested at most; each takes a while, on purpose."""

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


def sealed(document: Document, masks: Masks, salt: bytes) -> tuple[Document, Seal]:
    """``document`` without values under masked keys, and without texts that hold such a value.

    ``masks`` know the credentials that count. Raises InvalidInputError where they are too many to
    be told by digests.
    """
    masked: Document = _without_holders(document, masks.masked_document(document))
    places = list(_masked_places(document, masked, ()))
    if len(places) > _MOST:
        raise InvalidInputError(
            f"This plan cannot be saved: a credential's text is in more than {_MOST} places of the "
            "document.",
            hint="Apply the change directly, with patch-model apply.",
        )
    digests = {pointer_to(place): digest(lookup(document, place), salt) for place in places}
    return masked, Seal(salt, digests)


def refuse_telling_keys(paths: Iterable[Tokens], masks: Masks, free: Iterable[Tokens]) -> None:
    """Raises InvalidInputError where a key in one of ``paths`` holds a credential's text.

    Only below the ``free`` places can keys be anything. One that is masked for itself (password,
    say) tells nothing.
    """
    starts = tuple(free)
    for path in paths:
        for end, token in enumerate(path, 1):
            if masks.masked_text(token) == token:
                continue
            is_free = any(len(start) < end and path[: len(start)] == start for start in starts)
            if is_free and masks.masked_from(path) != path[:end]:
                raise InvalidInputError(
                    "This plan cannot be saved: a key holds a credential's text, and so would the "
                    "file.",
                    hint="Apply the change directly, with patch-model apply.",
                )


def keys_of(value: JsonValue, at: Tokens = ()) -> Iterator[Tokens]:
    """The places of all members of objects in ``value``."""
    if type(value) is dict:
        for key, member in value.items():
            yield (*at, key)
            yield from keys_of(member, (*at, key))
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from keys_of(member, (*at, str(index)))


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


def _without_holders(value: JsonValue, shown: JsonValue) -> JsonValue:
    """``shown``, with one mask for each text of ``value`` of which a part is masked in it."""
    if type(value) is not type(shown):
        return shown
    if type(value) is str:
        return value if value == shown else MASK
    if type(value) is dict:
        return {key: _without_holders(member, shown[key]) for key, member in value.items()}
    if type(value) is list:
        return [_without_holders(*both) for both in zip(value, shown, strict=True)]
    return value
