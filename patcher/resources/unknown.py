"""What to do with unknown keys: for all of them, or key by key. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from patcher.errors import SettingsError

Decision: TypeAlias = Literal["error", "carry", "drop"]
"""Stop at an unknown key, send it along, or leave it out."""

OnUnknown: TypeAlias = str
"""A Decision for every unknown key, or for some by name: ``"row_filter=carry,tags=drop"``."""

VARIABLE: Final = "PATCH_MODEL_UNKNOWN_FIELDS"

_DECISIONS: Final[Mapping[str, Decision]] = {one: one for one in get_args(Decision)}


class UnknownKeys(NamedTuple):
    """What is decided of unknown keys: ``by_key``, and of all ``others``."""

    others: Decision = "error"
    by_key: tuple[tuple[str, Decision], ...] = ()

    @classmethod
    def of(cls, text: OnUnknown) -> UnknownKeys:
        """The decisions that a text spells. Raises SettingsError for any other text."""
        found = _parsed(text) if type(text) is str else None
        if found is None:
            raise SettingsError(
                "--unknown-fields (unknown_fields=) is misspelled.",
                hint="Use error, carry or drop, or decide key by key: row_filter=carry,tags=drop",
            )
        return found

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> UnknownKeys:
        """The decisions of PATCH_MODEL_UNKNOWN_FIELDS: key by key, and for no other key.

        Raises SettingsError.
        """
        text = environ.get(VARIABLE, "")
        found = _parsed(text) if text.strip() else cls()
        if found is None or found.others != "error":
            raise SettingsError(
                f"{VARIABLE} is misspelled.",
                hint="Decide key by key, as in row_filter=carry,tags=drop",
            )
        return found

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
    return _parsed(text) is not None


@lru_cache(maxsize=32)
def _parsed(text: str) -> UnknownKeys | None:
    """The decisions that a text spells, or None."""
    others: list[Decision] = []
    by_key: dict[str, Decision] = {}
    for part in text.split(","):
        key, is_named, word = part.strip().rpartition("=")
        decision, key = _DECISIONS.get(word.strip()), key.strip()
        if decision is None or (is_named and (not key or key in by_key)):
            return None
        if is_named:
            by_key[key] = decision
        else:
            others.append(decision)
    if len(others) > 1:
        return None
    return UnknownKeys(others[0] if others else "error", tuple(by_key.items()))
