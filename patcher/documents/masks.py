"""What of a document looks like a credential, and must not be shown.

A value is masked for the key it stands under, never for what it looks like, and always as a whole:
the mask has one width, and of an object or a list under such a key neither the members' names nor
their number is shown. Only objects whose content belongs to somebody else's schema hold such keys.
An HTTP header and its like, {"name": "Authorization", "value": ...}, has its key beside the value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from patcher.documents.changes import Change
from patcher.documents.pointers import lookup, pointer_to, shown, tokens_of
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, copied
from patcher.errors import InvalidPatchError

MASK: Final = "********"
MASK_BEFORE: Final = f"{MASK} (before)"
MASK_AFTER: Final = f"{MASK} (after)"

DEFAULT_WORDS: Final = (
    "password",
    "secret",
    "token",
    "api_key",
    "private_key",
    "passphrase",
    "credential",
    "authorization",
)

_KEY_MEMBERS: Final = frozenset({"name", "key"})
_VALUE_MEMBER: Final = "value"

_SHORTEST_CREDENTIAL: Final = 4

_EVERY_MASK: Final = frozenset({MASK, MASK_BEFORE, MASK_AFTER})


@dataclass(frozen=True, slots=True)
class Masks:
    """Which values are masked: those in ``places`` under a key that looks like a credential.

    A key does when it holds one of DEFAULT_WORDS or of ``words``, compared by letters and digits
    alone, in whatever case: api_key is in apiKey, X-API-KEY and my.apikeys. That masks max_tokens
    as well, which is the safe mistake. Afterwards ``words`` are all of them, in that form; a word
    without a letter or digit is dropped. ``paired`` are the places of values whose key stands
    beside them, in the documents that ``upon`` was given.
    """

    places: tuple[Tokens, ...] = ()
    words: tuple[str, ...] = ()
    paired: frozenset[Tokens] = frozenset()

    def __post_init__(self) -> None:
        words = dict.fromkeys(map(_bare, (*DEFAULT_WORDS, *self.words)))
        object.__setattr__(self, "words", tuple(word for word in words if word))

    def upon(self, *documents: Document) -> Masks:
        """These masks, for ``documents``, in which a place tells what stands beside it."""
        found = (
            pair
            for document in documents
            for place in self.places
            for pair in self._pairs(lookup(document, place, None), place)
        )
        return replace(self, paired=frozenset(found))

    def is_masked_place(self, place: Tokens) -> bool:
        """Whether what stands at ``place`` must not be shown."""
        return self.masked_from(place) is not None

    def masked_change(self, change: Change) -> Change:
        """``change`` as it may be shown.

        One below a masked key becomes a change of all that stands under that key, so that not
        even its path tells what is in there.
        """
        place = tokens_of(change.path)
        masked = self.masked_from(place)
        if masked is None:
            return self._masked_inside(change, place)
        if masked != place:
            return Change(pointer_to(masked), "changed", MASK_BEFORE, MASK_AFTER)
        if change.kind in {"added", "removed"}:
            return Change(change.path, change.kind, _hidden(change.old), _hidden(change.new))
        old, new = _hidden(change.old, MASK_BEFORE), _hidden(change.new, MASK_AFTER)
        return Change(change.path, "changed", old, new)

    def masked_changes(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """``changes`` as they may be shown; those below the same masked key become one."""
        return tuple(dict.fromkeys(map(self.masked_change, changes)))

    def masked_document(self, document: Document) -> Document:
        """A copy of ``document`` as it may be shown; null stays null."""
        masked: Document = self.masked_value(document, ())
        return masked

    def masked_value(self, value: JsonValue, place: Tokens) -> JsonValue:
        """A copy of the value at ``place`` of a document, as it may be shown."""
        if self.is_masked_place(place):
            return _hidden(value)
        return self._masked(value, _below(self.places, place))

    def shown_place(self, place: Tokens) -> Tokens:
        """``place``, or the masked one that it is in, since not even the way below is shown."""
        return self.masked_from(place) or place

    def shown_value(
        self, value: JsonValue, place: Tokens, credentials: frozenset[str]
    ) -> JsonValue:
        """A copy of the value at ``place`` as it may be shown, without any of ``credentials``."""
        return _without(self.masked_value(value, place), credentials)

    def credentials(self, document: Document) -> frozenset[str]:
        """The texts under masked keys in ``document``, but for those too short to be told apart."""
        found: set[str] = set()
        for place in self.places:
            self._collect(lookup(document, place, None), found, is_masked=False)
        return frozenset(text for text in found if len(text) >= _SHORTEST_CREDENTIAL)

    def without(self, changes: Iterable[Change], credentials: frozenset[str]) -> tuple[Change, ...]:
        """``changes`` with a mask wherever a value is one of ``credentials``."""
        if not credentials:
            return tuple(changes)
        return tuple(
            Change(
                one.path, one.kind, _without(one.old, credentials), _without(one.new, credentials)
            )
            for one in changes
        )

    def redacted(self, text: str, credentials: frozenset[str]) -> str:
        """Somebody else's ``text`` with a mask in place of each of ``credentials``.

        One is found in every usual spelling, and where the end of the text cuts it off; so is
        what a data source's connection string holds, of which nobody here knows.
        """
        from patcher.documents.spellings import redacted

        return redacted(text, credentials, MASK, self._is_credential)

    def _collect(self, value: JsonValue, found: set[str], *, is_masked: bool) -> None:
        if type(value) is str and is_masked:
            found.add(value)
        elif type(value) is list:
            for member in value:
                self._collect(member, found, is_masked=is_masked)
        elif type(value) is dict:
            for key, member in value.items():
                hidden = is_masked or self._hides(value, key)
                self._collect(member, found, is_masked=hidden)

    def _pairs(self, value: JsonValue, at: Tokens) -> Iterator[Tokens]:
        """The places in ``value`` of members whose key stands beside them."""
        if type(value) is list:
            for index, member in enumerate(value):
                yield from self._pairs(member, (*at, str(index)))
        elif type(value) is dict:
            for key, member in value.items():
                if self._is_paired(value, key):
                    yield (*at, key)
                else:
                    yield from self._pairs(member, (*at, key))

    def masked_from(self, place: Tokens) -> Tokens | None:
        """The outermost masked place that ``place`` is, or is in; None where it may be shown."""
        ends = (
            end
            for opaque in self.places
            if place[: len(opaque)] == opaque
            for end in range(len(opaque) + 1, len(place) + 1)
            if self._is_credential(place[end - 1]) or place[:end] in self.paired
        )
        end = min(ends, default=None)
        return None if end is None else place[:end]

    def _masked_inside(self, change: Change, place: Tokens) -> Change:
        below = _below(self.places, place)
        if change.kind == "reordered" and () in below:
            # The identities are values, and no longer say under which key they stood.
            return Change(change.path, "changed", MASK_BEFORE, MASK_AFTER)
        old, new = self._masked(change.old, below), self._masked(change.new, below)
        return Change(change.path, change.kind, old, new)

    def _masked(self, value: JsonValue, places: tuple[Tokens, ...]) -> JsonValue:
        """A copy of ``value``, whose opaque parts are at ``places``; () is all of it."""
        if not places:
            return copied(value)
        if type(value) is list:
            return [self._masked(m, _below(places, (str(i),))) for i, m in enumerate(value)]
        if type(value) is not dict:
            return value
        return {
            key: _hidden(member)
            if () in places and self._hides(value, key)
            else self._masked(member, _below(places, (key,)))
            for key, member in value.items()
        }

    def _hides(self, members: Document, key: str) -> bool:
        """Whether what stands under ``key`` in an object must not be shown."""
        return self._is_credential(key) or self._is_paired(members, key)

    def _is_paired(self, members: Document, key: str) -> bool:
        """Whether ``key`` is the value of an object whose name looks like a credential's key."""
        return key.lower() == _VALUE_MEMBER and any(
            name.lower() in _KEY_MEMBERS and type(text) is str and self._is_credential(text)
            for name, text in members.items()
        )

    def _is_credential(self, key: str) -> bool:
        bare = _bare(key)
        return any(word in bare for word in self.words)


def find_masks(value: JsonValue) -> list[Tokens]:
    """The places in ``value`` that hold a mask, as a value or as a key."""
    return list(_find_masks(value, ()))


def refuse_masks(value: JsonValue, place: Tokens = ()) -> None:
    """Raises InvalidPatchError, naming the first one, when ``value`` or its ``place`` has one.

    A mask comes from a diff or a report that somebody copied; written, it would replace the
    credential.
    """
    as_keys = (place[:end] for end, key in enumerate(place, 1) if key in _EVERY_MASK)
    for found in chain(as_keys, _find_masks(value, place)):
        raise InvalidPatchError(
            f"There is a mask at {shown(found)}: a mask must never be written as a value.",
            path=pointer_to(found),
            hint="Give the value itself, or leave its key out of the change to keep what is there.",
        )


def _find_masks(value: JsonValue, at: Tokens) -> Iterator[Tokens]:
    if type(value) is str and value in _EVERY_MASK:
        yield at
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from _find_masks(member, (*at, str(index)))
    elif type(value) is dict:
        for key, member in value.items():
            if key in _EVERY_MASK:
                yield (*at, key)
            else:
                yield from _find_masks(member, (*at, key))


def _without(value: JsonValue, credentials: frozenset[str]) -> JsonValue:
    if type(value) is str:
        return MASK if value in credentials else value
    if type(value) is list:
        return [_without(member, credentials) for member in value]
    if type(value) is dict:
        return {key: _without(member, credentials) for key, member in value.items()}
    return value


def _hidden(value: JsonValue, mask: str = MASK) -> JsonValue:
    return value if value is None or value is MISSING else mask


def _below(places: tuple[Tokens, ...], step: Tokens) -> tuple[Tokens, ...]:
    """``places`` as seen from ``step``: () where that is in one of them."""
    inside = any(step[: len(place)] == place for place in places)
    if inside:
        return ((),)
    return tuple(place[len(step) :] for place in places if place[: len(step)] == step)


def _bare(text: str) -> str:
    """Letters and digits only, all lower, full-width and other variants of a letter as itself."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded))
