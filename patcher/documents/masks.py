"""Masks credentials in documents, changes and texts.

A value is masked because of its key, never because of what it looks like, and always as a whole:
the mask has one width, and hides the keys and the number of items too. Only opaque objects (those
with a foreign schema) have such keys. In an HTTP header and the like, {"name": "Authorization",
"value": ...}, the key is a value itself. Copies of a credential elsewhere are masked too, also
within a longer text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from shlex import quote
from typing import Final

from patcher.documents.diff import Change
from patcher.documents.jsontext import dump
from patcher.documents.pointers import is_of_kind, lookup, path_to, pointer_to, shown, tokens_of
from patcher.documents.spellings import Copies, bare, fits, hidden_keys, is_mask
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, entries, walk
from patcher.errors import InvalidPatchError

MASK: Final = "********"
MASK_BEFORE: Final = f"{MASK} (before)"
MASK_AFTER: Final = f"{MASK} (after)"

DEFAULT_WORDS: Final = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "private_key",
    "credential",
    "authorization",
    "bearer",
)

_SHORTEST_CREDENTIAL: Final = 4
_SHORTEST_IN_A_PAIR: Final = 8

_OURS: Final = frozenset({MASK, MASK_BEFORE, MASK_AFTER})
_SCALARS: Final = (str, int, float)


@dataclass(frozen=True, slots=True)
class Masks:
    """Which values are masked: those in ``places`` under a key that looks like a credential's.

    Such a key contains one of DEFAULT_WORDS or ``words``, compared by letters and digits only, in
    any case and script: api_key is in apiKey, X-API-KEY and my.apikeys. That masks max_tokens
    too, which is the safe mistake.

    Attributes:
        places: the opaque objects.
        words: further words; after construction all words, normalized, without empty ones.
        secrets: texts that are masked everywhere, such as the API key.
        literal: places whose value only looks like a mask.
        hidden: places of credentials in the documents given to ``on``.
        credentials: the masked texts in these documents, except those too short to recognize.
    """

    places: tuple[Tokens, ...] = ()
    words: tuple[str, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    literal: frozenset[Tokens] = frozenset()
    hidden: frozenset[Tokens] = frozenset()
    credentials: frozenset[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", _in_full(self.words))
        object.__setattr__(self, "credentials", self.credentials | self.secrets)

    def on(self, *documents: Document) -> Masks:
        """These masks with the credentials of ``documents``, to mask them wherever they are."""
        hidden: set[Tokens] = set()
        credentials: set[str] = set()
        for document in documents:
            for place in self.places:
                value = lookup(document, place, None)
                if type(value) in _SCALARS:
                    _collect(value, credentials, _SHORTEST_CREDENTIAL)
                self._look(value, place, hidden, credentials)
        return replace(self, hidden=frozenset(hidden), credentials=frozenset(credentials))

    def is_opaque(self, place: Tokens) -> bool:
        """Whether a place is in one of the opaque objects, or is one."""
        return any(place[: len(one)] == one for one in self.places)

    def is_masked_place(self, place: Tokens) -> bool:
        """Whether the value at ``place`` must not be shown."""
        return self.masked_from(place) is not None

    def masked_from(self, place: Tokens) -> Tokens | None:
        """The outermost masked place at or above ``place``; None where it may be shown."""
        above = [len(one) for one in self.places if place[: len(one)] == one]
        for end in range(min(above, default=len(place)) + 1, len(place) + 1):
            if fits(place[end - 1], self.words) or place[:end] in self.hidden:
                return place[:end]
        return None

    def shown_place(self, place: Tokens) -> Tokens:
        """``place``, or the masked place that it is in, whose keys are hidden."""
        return self.masked_from(place) or place

    def masked_change(self, change: Change) -> Change:
        """``change`` as it may be shown.

        A change below a masked key becomes a change of that key's value, so that its path reveals
        nothing.
        """
        place = tokens_of(change.path)
        masked = self.masked_from(place)
        if masked is not None and masked != place:
            return Change(pointer_to(masked), "changed", MASK_BEFORE, MASK_AFTER)
        if change.kind == "reordered" and (masked or self.is_opaque(place)):
            # The identities are values, and their keys are unknown here.
            return Change(change.path, "changed", MASK_BEFORE, MASK_AFTER)
        old, new = self.masked_value(change.old, place), self.masked_value(change.new, place)
        if change.kind == "changed" and (masked or old == new):
            # Keep the two sides different, although the difference is masked.
            old = self._masked_by(MASK_BEFORE, change.old, place)
            new = self._masked_by(MASK_AFTER, change.new, place)
        return Change(change.path, change.kind, old, new)

    def masked_changes(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """``changes`` as they may be shown; those below one masked key become one."""
        return tuple(dict.fromkeys(map(self.masked_change, changes)))

    def masked_value(self, value: JsonValue, place: Tokens = ()) -> JsonValue:
        """A copy of a document, or of the value at a place of it, as it may be shown.

        Null stays null.
        """
        return self._masked_by(MASK, value, place)

    def masked_text(self, text: str) -> str:
        """A text of the document, such as its name, with credentials masked."""
        return Copies(self.credentials, MASK).masked(text)

    def redacted(self, text: str) -> str:
        """A foreign ``text`` with credentials masked; a long text is cut.

        Credentials are found in every usual encoding, and where the end of the text cuts them off,
        and so are unknown ones in connection strings.
        """
        return Copies(self.credentials, MASK).redacted(text, self.words)

    def find(self, value: JsonValue, place: Tokens = ()) -> tuple[Tokens, ...]:
        """The places in ``value``, which is at ``place``, that have a mask instead of a value.

        That is one of our masks anywhere, also as a key, and in opaque places a foreign one: under
        a credential's key any usual mask, elsewhere six mask characters or more.
        """
        found = self._find(value, place, is_hidden=self.is_masked_place(place))
        return tuple(one for one in found if not self._is_literal(one))

    def refuse(self, value: JsonValue, place: Tokens = ()) -> None:
        """Raises InvalidPatchError for the first mask in ``value`` or its ``place``.

        A mask was copied from a diff, a report or a response; written, it would replace the
        credential.
        """
        as_keys = (place[:end] for end, key in enumerate(place, 1) if key in _OURS)
        for found in chain(as_keys, self.find(value, place)):
            raise InvalidPatchError(
                f"There is a mask at {shown(found)}: a mask must never be written as a value.",
                path=pointer_to(found),
                hint="Give the value itself, or leave its key out of the change to keep what is "
                f"there. If it is not a mask: --literal {quote(path_to(found))}",
            )

    def _is_literal(self, place: Tokens) -> bool:
        """Whether the value at a place only looks like a mask; ``-`` is any index."""
        return any(is_of_kind(one, place) for one in self.literal)

    def _find(self, value: JsonValue, at: Tokens, *, is_hidden: bool) -> Iterator[Tokens]:
        if type(value) is str:
            if value in _OURS or (self.is_opaque(at) and is_mask(value, is_hidden=is_hidden)):
                yield at
            return
        hidden = self._hidden_keys(value, at)
        for key, member in entries(value):
            if type(value) is dict and key in _OURS:
                yield (*at, key)
            else:
                yield from self._find(member, (*at, key), is_hidden=is_hidden or key in hidden)

    def _hidden_keys(self, value: JsonValue, at: Tokens) -> frozenset[str]:
        """The keys of ``value``, which is at ``at``, whose values are credentials."""
        return hidden_keys(value, self.words) if self.is_opaque(at) else frozenset()

    def _look(
        self, value: JsonValue, at: Tokens, hidden: set[Tokens], credentials: set[str]
    ) -> None:
        """Collects what is masked in ``value``, whose keys are shown."""
        keys = hidden_keys(value, self.words)
        hidden.update((*at, key) for key in keys)
        shortest = _SHORTEST_IN_A_PAIR if type(value) is list else _SHORTEST_CREDENTIAL
        for key, member in entries(value):
            if key in keys:
                _collect(member, credentials, shortest)
            elif type(member) is dict or type(member) is list:
                self._look(member, (*at, key), hidden, credentials)

    def _masked_by(self, mask: str, value: JsonValue, place: Tokens) -> JsonValue:
        if self.is_masked_place(place):
            return _hidden(value, mask)
        return self._masked(value, place, Copies(self.credentials, mask))

    def _masked(self, value: JsonValue, at: Tokens, copies: Copies) -> JsonValue:
        """A masked copy of ``value``, whose place is shown."""
        if at in self.places and type(value) in _SCALARS:
            return copies.mask  # a scalar where an object should be has no keys
        if type(value) is str:
            return copies.masked(value)
        if type(value) is list or type(value) is dict:
            hidden = self._hidden_keys(value, at)
            masked = {
                key: _hidden(member, copies.mask)
                if key in hidden
                else self._masked(member, (*at, key), copies)
                for key, member in entries(value)
            }
            return masked if type(value) is dict else list(masked.values())
        is_number = type(value) in (int, float)
        return copies.mask if is_number and dump(value) in copies.known else value


@lru_cache(maxsize=32)
def _in_full(words: tuple[str, ...]) -> tuple[str, ...]:
    """DEFAULT_WORDS and ``words``, normalized for comparison with keys."""
    return tuple(word for word in dict.fromkeys(map(bare, (*DEFAULT_WORDS, *words))) if word)


def _collect(value: JsonValue, found: set[str], shortest: int) -> None:
    """Adds the texts and numbers in ``value`` that are long enough to be recognized."""
    for _, one in walk(value):
        if type(one) in _SCALARS:
            text = one if type(one) is str else dump(one)
            if len(text) >= shortest and not set(text) <= set(MASK):
                found.add(text)


def _hidden(value: JsonValue, mask: str) -> JsonValue:
    return value if value is None or value is MISSING else mask
