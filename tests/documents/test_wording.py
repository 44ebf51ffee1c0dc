"""Parts of sentences that all messages share."""

from __future__ import annotations

import pytest

from patcher.documents.wording import (
    closest,
    counted,
    did_you_mean,
    first_few,
    has_unseen,
    spelled,
    spelled_pointer,
    typed_pointer,
)


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


def test_a_number_agrees_with_its_noun() -> None:
    """Only one is singular; an irregular plural is given."""
    assert [counted(n, "change") for n in (0, 1, 2)] == ["0 changes", "1 change", "2 changes"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_a_long_list_is_cut_and_the_rest_is_counted() -> None:
    """A list that fits is shown whole."""
    assert first_few(["/a", "/b"], 2) == "/a, /b"
    assert first_few(map(str, range(7))) == "0, 1, 2, 3, 4 and 2 more"
    assert first_few("abc", 1, "; ") == "a and 2 more"
    assert first_few([]) == ""


def test_a_word_of_any_length_is_answered_at_once() -> None:
    """The comparison is quadratic, so what is far too long is not compared."""
    assert closest("a" * 10**6, ["a" * 10**6, "b"]) is None


def test_a_word_of_two_hundred_characters_is_still_compared() -> None:
    """On either side; one more is not."""
    word = "a" * 200

    assert closest(word, [word]) == word
    assert closest(word, [word + "a"]) is None
    assert closest(word + "a", [word]) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, \u00e9 and \U0001f600", None),
        (" a  b", None),
        ("a ", r"a\u0020"),
        ("a  ", r"a \u0020"),
        ("tab\t", r"tab\t"),
        ("a\u200bb", r"a\u200bb"),
        ("\u3164x", r"\u3164x"),
        ("\u2800", r"\u2800"),
        ("\U000e0041", r"\udb40\udc41"),
        ("\ud800", r"\ud800"),
        # A backslash is doubled where it would read as an escape, and before one.
        (r"a\b", r"a\\b"),
        (r"a\u0041", r"a\\u0041"),
        (r"a\u00Ab", r"a\\u00Ab"),
        (r"a\u004", None),
        (r"a\U0041", None),
        ("a\\\n", r"a\\\n"),
        ("a\\\\\n", r"a\\\\\n"),
        ("a\\ ", r"a\\\u0020"),
        ("a\\", None),
        ("\\", None),
        ("a\t\\", "a\\t\\"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str | None) -> None:
    """So that a line shows which text it is; what is seen stays as it is."""
    assert spelled(text) == (text if shown is None else shown)
    assert has_unseen(text) == any(map(has_unseen, text))


def test_further_characters_are_escaped_where_that_is_asked_for() -> None:
    """Also those that can be seen, as where a text differs from a lookalike."""
    assert spelled("abc", {1}) == r"a\u0062c"
    assert spelled(r"a\nb", {3}) == r"a\\n\u0062"


@pytest.mark.parametrize(
    ("pointer", "typed"),
    [
        # What ends a path, where it would end this one.
        ("/a=b", r"/a\=b"),
        ("/a:", r"/a\:"),
        ("/a+", r"/a\+"),
        ("/a-", r"/a\-"),
        ("/-", "/-"),
        ("/a:b+c-d", "/a:b+c-d"),
        # What cannot be seen.
        ("/a ", r"/a\u0020"),
        ("/a  b", r"/a \u0020b"),
        ("/ a", "/ a"),
        ("/a\tX", r"/a\u0009X"),
        ("/\u3164", r"/\u3164"),
        ("/a\U000e0041", r"/a\udb40\udc41"),
        ("/\U0001f600", "/\U0001f600"),
        ("/\ud800", r"/\ud800"),
        # A backslash is doubled before one of these, and before what reads as an escape.
        (r"/a\b", r"/a\b"),
        (r"/a\:b", r"/a\:b"),
        (r"/a\u00Ab", r"/a\\u00Ab"),
        (r"/a\U00AB", r"/a\U00AB"),
        (r"/a\u004", r"/a\u004"),
        (r"/a\\u0041", r"/a\\\\u0041"),
        (r"/a\\\u0041\b", r"/a\\\\\\u0041\b"),
        (r"/a\=", r"/a\\\="),
        (r"/a\\=b", r"/a\\\\\=b"),
        ("/a\\:", r"/a\\\:"),
        ("/a\\ ", r"/a\\\u0020"),
        ("/\\\u3164=", r"/\\\u3164\="),
        ("/a\\", "/a\\\\"),
        ("/a\\\\", "/a\\\\\\\\"),
    ],
)
def test_a_pointer_is_typed_as_it_is_shown(pointer: str, typed: str) -> None:
    """What would end the path or could not be seen is escaped, and is read again as it was."""
    assert spelled_pointer(pointer) == typed
    assert typed_pointer(typed) == pointer


@pytest.mark.parametrize(
    ("typed", "pointer"),
    [
        (r"/a\u00AB", "/a\xab"),
        (r"/\ud83d\ude00", "/\U0001f600"),
        (r"/a\\\u00e9", "/a\\\xe9"),
        (r"/a\\\\\u00e9", "/a\\\\\xe9"),
        (r"/a\\=b", r"/a\=b"),
        ("/a\\", "/a\\"),
        (r"/C:\new", r"/C:\new"),
    ],
)
def test_more_can_be_typed_than_is_shown(typed: str, pointer: str) -> None:
    """Any character by its number, and a backslash at the end that is not doubled."""
    assert typed_pointer(typed) == pointer


def test_a_further_character_of_a_pointer_is_typed_by_its_number() -> None:
    """As where two pointers look alike; a backslash before it is doubled."""
    assert spelled_pointer("/abc", {2}) == r"/a\u0062c"
    assert spelled_pointer("/a\\b", {3}) == r"/a\\\u0062"
