"""Values that a write cannot send as the API shows them, and what to do with unknown keys.

A blocker is judged after the patch: setting its place, or replacing the list that holds it,
settles it. Leaving it out does not: the author may not have known of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from patcher.documents import jsontext
from patcher.documents.pointers import lookup, pointer_to, shown
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, strictly_equal
from patcher.documents.wording import first_few
from patcher.errors import SettingsError, UnknownFieldError

Decision: TypeAlias = Literal["error", "carry", "drop"]
"""Stop at an unknown key, send it along, or leave it out."""

OnUnknown: TypeAlias = str
"""A Decision for every unknown key, or for some by name: ``"row_filter=carry,tags=drop"``."""

VARIABLE: Final = "PATCH_MODEL_UNKNOWN_FIELDS"

_DECISIONS: Final[Mapping[str, Decision]] = {one: one for one in get_args(Decision)}


class UnknownKeys(NamedTuple):
    """What to do with unknown keys: ``by_key``, and with all ``others``."""

    others: Decision = "error"
    by_key: Mapping[str, Decision] = MappingProxyType({})

    @classmethod
    def of(cls, text: OnUnknown) -> UnknownKeys:
        """Parses decisions. Raises SettingsError."""
        found = _parsed(text) if type(text) is str else None
        if found is None:
            raise SettingsError(
                "The decision on unknown keys is not valid.",
                hint="Use error, carry or drop, or one for each key: row_filter=carry,tags=drop",
            )
        return found

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> UnknownKeys:
        """Parses PATCH_MODEL_UNKNOWN_FIELDS, which holds decisions key by key only.

        Raises SettingsError.
        """
        text = environ.get(VARIABLE, "")
        found = _parsed(text) if text.strip() else cls()
        if found is None or found.others != "error":
            raise SettingsError(
                f"{VARIABLE} is not valid.",
                hint="Use one decision for each key, for example: row_filter=carry,tags=drop",
            )
        return found

    def __str__(self) -> str:
        named = [f"{key}={decision}" for key, decision in self.by_key.items()]
        return ",".join([self.others, *named] if self.others != "error" or not named else named)

    def of_key(self, key: str) -> Decision:
        """What to do with one unknown key."""
        return self.by_key.get(key, self.others)

    def then(self, later: UnknownKeys) -> UnknownKeys:
        """These decisions, overridden by those of ``later``."""
        if later.others != "error":
            return later
        return UnknownKeys(self.others, {**self.by_key, **later.by_key})


def is_unknown_fields(text: str) -> bool:
    """Whether a text is valid for --unknown-fields."""
    return _parsed(text) is not None


@lru_cache(maxsize=32)
def _parsed(text: str) -> UnknownKeys | None:
    """The decisions in a text, or None where it is not valid."""
    found: dict[str, Decision] = {}  # the one on all others at ""
    for part in text.split(","):
        key, sign, word = part.strip().rpartition("=")
        decision, key = _DECISIONS.get(word.strip()), key.strip()
        if decision is None or key in found or bool(sign) != bool(key):
            return None
        found[key] = decision
    return UnknownKeys(found.pop("", "error"), found)


_SHOWN: Final = 5


class Blocker(NamedTuple):
    """A value that cannot be sent as it is; the document has it as the API shows it.

    Attributes:
        place: where it is in the writable document.
        reason: what is wrong with it, in a few words.
        ways: the options that settle it, as typed into a shell.
        holder: the outermost list that holds it, if one does.
        is_unknown: whether it is an unknown key that could be sent along.
    """

    place: Tokens
    reason: str
    ways: tuple[str, ...]
    holder: Tokens | None = None
    is_unknown: bool = False

    @property
    def note(self) -> str:
        """The comment on it in a document to be edited."""
        return f"{self.describe()} can't be written as it is. Use {one_of(self.ways)}."

    def describe(self) -> str:
        """The place and the reason."""
        return f"{shown(self.place)} ({self.reason})"


def one_of(options: Sequence[str]) -> str:
    """Alternatives as a list for a sentence: "a, b or c"."""
    if len(options) < 2:
        return "".join(options)
    return f"{', '.join(options[:-1])} or {options[-1]}"


def unsettled(
    blockers: Sequence[Blocker], document: Document, proposed: Document, named: Sequence[Tokens]
) -> list[Blocker]:
    """The blockers of ``document`` that a change to ``proposed``, writing ``named``, leaves.

    A value that is still there blocks, whatever index it has now. One that is gone blocks unless
    one of ``named`` accounts for it: its place, a place within it or within its list, or a place
    above it whose new value has that place, or is a list or a scalar.
    """
    there = {one.place for one in still_there(blockers, document, proposed)}
    return [
        one
        for one in blockers
        if one.place in there or not any(_settles(place, one, proposed) for place in named)
    ]


def still_there(
    blockers: Iterable[Blocker], document: Document, proposed: Document
) -> list[Blocker]:
    """The blockers of ``document`` whose values ``proposed`` has too."""
    counts: dict[tuple[Tokens, Tokens], Counter[str]] = {}
    left: list[Blocker] = []
    for one in blockers:
        raw = lookup(document, one.place)
        if one.holder is None:
            if strictly_equal(raw, lookup(proposed, one.place)):
                left.append(one)
            continue
        below = one.place[len(one.holder) + 1 :]
        if (one.holder, below) not in counts:
            counts[one.holder, below] = _counted(lookup(proposed, one.holder), below)
        count, key = counts[one.holder, below], jsontext.canonical(raw)
        if count[key]:
            count[key] -= 1
            left.append(one)
    return left


def refusal(noun: str, blockers: Sequence[Blocker], proposed: Document) -> UnknownFieldError:
    """The error for a resource with blockers."""
    listed = first_few((one.describe() for one in blockers), _SHOWN, "; ")
    by_ways: dict[tuple[str, ...], list[str]] = {}
    for one in blockers[:_SHOWN]:
        by_ways.setdefault(one.ways, []).append(shown(one.place))
    if len(by_ways) == 1:
        hint = f"Use {one_of(blockers[0].ways)}."
    else:
        hint = " ".join(f"For {', '.join(at)}: {one_of(ways)}." for ways, at in by_ways.items())
    if any(lookup(proposed, one.place) is MISSING for one in blockers):
        hint += " Leaving it out of a document or an edit does not remove it; null does."
    return UnknownFieldError(
        f"This {noun} can't be written as it is: {listed}.",
        paths=[pointer_to(one.place) for one in blockers],
        hint=hint,
    )


def _counted(members: JsonValue, below: Tokens) -> Counter[str]:
    """How often each value is in a list, at the same place within its items."""
    found = (lookup(one, below) for one in (members if type(members) is list else ()))
    return Counter(jsontext.canonical(one) for one in found if one is not MISSING)


def _settles(place: Tokens, blocker: Blocker, proposed: Document) -> bool:
    """Whether a change that writes ``place`` accounts for a blocker that is gone."""
    if blocker.place[: len(place)] == place:
        return _decides(lookup(proposed, place), blocker.place[len(place) :])
    above = blocker.place if blocker.holder is None else blocker.holder
    return place[: len(above)] == above


def _decides(value: JsonValue, below: Tokens) -> bool:
    """Whether a new value decides a place below it: an object without the key does not."""
    for token in below:
        if type(value) is not dict:
            return True
        if token not in value:
            return False
        value = value[token]
    return True
