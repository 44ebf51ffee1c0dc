"""What to do with unknown keys: for all of them, or key by key. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from patcher.documents.jsontext import quoted
from patcher.errors import SettingsError

Decision: TypeAlias = Literal["error", "carry", "drop"]
"""Stop at an unknown key, send it along, or leave it out."""

OnUnknown: TypeAlias = str
"""A Decision for every unknown key, or for some by name: ``"row_filter=carry,tags=drop"``."""

_DECISIONS: Final[Mapping[str, Decision]] = {one: one for one in get_args(Decision)}


class UnknownKeys(NamedTuple):
    """What is decided of unknown keys: ``by_key``, and of all ``others``."""

    others: Decision = "error"
    by_key: tuple[tuple[str, Decision], ...] = ()

    @classmethod
    def of(cls, text: OnUnknown) -> UnknownKeys:
        """The decisions that a text spells. Raises SettingsError for any other text."""
        if not isinstance(text, str):
            raise _misspelled(f"a {type(text).__name__}")
        return _parsed(text)

    def __str__(self) -> str:
        named = [f"{key}={decision}" for key, decision in self.by_key]
        return ",".join([self.others, *named] if self.others != "error" or not named else named)

    def of_key(self, key: str) -> Decision:
        """What to do with one unknown key."""
        return dict(self.by_key).get(key, self.others)

    def then(self, later: UnknownKeys) -> UnknownKeys:
        """These decisions, with those of ``later`` before them."""
        if later.others != "error":
            return later
        return UnknownKeys(self.others, tuple({**dict(self.by_key), **dict(later.by_key)}.items()))


def is_unknown_fields(text: str) -> bool:
    """Whether a text spells decisions."""
    try:
        _parsed(text)
    except SettingsError:
        return False
    return True


@lru_cache(maxsize=32)
def _parsed(text: str) -> UnknownKeys:
    others: list[Decision] = []
    by_key: dict[str, Decision] = {}
    for part in text.split(","):
        key, is_named, word = part.strip().rpartition("=")
        decision = _DECISIONS.get(word.strip())
        if decision is None or (is_named and (not key.strip() or key.strip() in by_key)):
            raise _misspelled(quoted(text))
        if is_named:
            by_key[key.strip()] = decision
        else:
            others.append(decision)
    if len(others) > 1:
        raise _misspelled(quoted(text))
    return UnknownKeys(others[0] if others else "error", tuple(by_key.items()))


def _misspelled(given: str) -> SettingsError:
    return SettingsError(
        f"unknown_fields cannot be {given}.",
        hint="It is error, carry or drop, or key by key: row_filter=carry,tags=drop.",
    )
