"""What somebody may have meant."""

from __future__ import annotations

import pytest

from patcher.documents.suggestions import closest, did_you_mean


@pytest.mark.parametrize(
    ("word", "meant"),
    [("nmae", "name"), ("NAME", "name"), ("lable", "Label"), ("zzz", None), ("", None)],
)
def test_the_closest_candidate_in_whatever_case(word: str, meant: str | None) -> None:
    """A misspelling is recognized, and nothing is suggested where nothing is like it."""
    assert closest(word, ["name", "Label", "policies"]) == meant


def test_the_question() -> None:
    """It quotes the candidate safely, and is not asked about the word itself."""
    assert did_you_mean("na\x1bme", ["na\x1bmes"]) == r'Did you mean "na\u001bmes"?'
    assert did_you_mean("name", ["name"]) is None
    assert did_you_mean("x", []) is None


def test_a_word_of_any_length_is_answered_at_once() -> None:
    """The comparison is quadratic, so what is far too long is not compared."""
    assert closest("a" * 10**6, ["a" * 10**6, "b"]) is None


def test_a_word_of_two_hundred_characters_is_still_compared() -> None:
    """On either side; one more is not."""
    word = "a" * 200

    assert closest(word, [word]) == word
    assert closest(word, [word + "a"]) is None
    assert closest(word + "a", [word]) is None
