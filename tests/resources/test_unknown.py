"""Decisions about unknown keys, as they are spelled."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.errors import SettingsError
from patcher.resources.blockers import UnknownKeys, is_unknown_fields

VARIABLE = "PATCH_MODEL_UNKNOWN_FIELDS"


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("error", "error"),
        ("carry", "carry"),
        ("drop", "drop"),
        ("row_filter=carry,tags=drop", "row_filter=carry,tags=drop"),
        (" row_filter = carry , tags=drop ", "row_filter=carry,tags=drop"),
        ("a=b=carry", "a=b=carry"),
        ("drop,tags=carry", "drop,tags=carry"),
    ],
)
def test_a_decision_is_one_word_or_one_for_each_key(text: str, spelled: str) -> None:
    """What is read is spelled again as what it means."""
    assert str(UnknownKeys.of(text)) == spelled
    assert UnknownKeys.of(spelled) == UnknownKeys.of(text)
    assert is_unknown_fields(text)


BAD: tuple[Any, ...] = (
    "",
    "keep",
    "Carry",
    "row_filter",
    "row_filter=",
    "=carry",
    "row_filter=keep",
    "row_filter=carry,",
    "row_filter=carry,row_filter=drop",
    "row_filter:carry",
    "carry,drop",
    None,
    True,
    {"row_filter": "carry"},
)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_spelling_is_refused(text: Any) -> None:
    """It is never taken for another decision, and the message shows how it is spelled."""
    with pytest.raises(SettingsError) as caught:
        UnknownKeys.of(text)

    assert caught.value.exit_code == 2
    assert "row_filter=carry,tags=drop" in str(caught.value.hint)
    assert not isinstance(text, str) or not is_unknown_fields(text)


@pytest.mark.parametrize("text", [*filter(None, BAD[:11]), "carry", "drop", "drop,tags=carry"])
def test_the_environment_decides_key_by_key_only(text: str) -> None:
    """What holds for good holds for no key that nobody has looked at."""
    with pytest.raises(SettingsError, match=VARIABLE):
        UnknownKeys.from_env({VARIABLE: text})


def test_an_empty_variable_decides_nothing() -> None:
    """As one that is not there."""
    assert UnknownKeys.from_env({VARIABLE: " "}) == UnknownKeys.from_env({}) == UnknownKeys()


@pytest.mark.parametrize(
    ("first", "later", "both"),
    [
        ("a=carry", "error", "a=carry"),
        ("a=carry", "b=drop", "a=carry,b=drop"),
        ("a=carry", "a=drop", "a=drop"),
        ("a=carry", "drop", "drop"),
        ("drop", "a=carry", "drop,a=carry"),
    ],
)
def test_the_later_decision_counts(first: str, later: str, both: str) -> None:
    """Key by key; a word for all keys replaces everything."""
    assert str(UnknownKeys.of(first).then(UnknownKeys.of(later))) == both
