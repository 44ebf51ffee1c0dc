"""Places: JSON Pointers as RFC 6901 has them, and dotted paths."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.pointers import (
    index_of,
    kind_of,
    lookup,
    obstacle,
    parse_path,
    path_to,
    pointer_to,
    shown,
    tokens_of,
)
from patcher.documents.values import MAX_DEPTH, MISSING
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import keys

PLACES = st.lists(keys, max_size=4).map(tuple)
RFC_6901 = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5} | {
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_standard(pointer: str, value: Any) -> None:
    """RFC 6901, section 5."""
    assert lookup(RFC_6901, tokens_of(pointer)) == value
    assert pointer_to(tokens_of(pointer)) == pointer


@given(PLACES)
def test_pointers_and_paths_lead_back_to_their_place(place: tuple[str, ...]) -> None:
    """Writing a place and reading it again gives the same place, in either form."""
    assert tokens_of(pointer_to(place)) == place
    if place:
        assert parse_path(path_to(place)) == place


@given(st.text() | st.text(alphabet="/~01.\\=:a"))
def test_any_text_at_all_is_a_place_or_refused(text: str) -> None:
    """Nothing but our own error leaves the parsers."""
    for parse in (tokens_of, parse_path):
        try:
            place = parse(text)
        except PatchError:
            continue
        assert all(isinstance(token, str) for token in place)


@pytest.mark.parametrize("text", ["a", "~0", "/~2", "/a~", "/~", "/a/~x/b", "/a" * (MAX_DEPTH + 1)])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    """A pointer is empty or begins with a slash, and ~ comes with 0 or 1."""
    with pytest.raises(InvalidPatchError):
        tokens_of(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name", ("name",)),
        ("a.b.0", ("a", "b", "0")),
        (r"a\.b.c\=d.e\:f.g\\h", ("a.b", "c=d", "e:f", "g\\h")),
        ("a~1b", ("a~1b",)),
        ("/a.b/c", ("a.b", "c")),
        ("/a~1b/~0", ("a/b", "~")),
        ("/", ("",)),
        ("a/b", ("a/b",)),
    ],
)
def test_a_path_is_a_pointer_if_it_begins_with_a_slash_and_dotted_if_not(
    text: str, place: tuple[str, ...]
) -> None:
    """In a dotted path a backslash keeps a sign within a key."""
    assert parse_path(text) == place


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "The path is empty.", "configuration.query"),
        (".", 'The path "." has an empty part.', "configuration.query"),
        ("a..b", 'The path "a..b" has an empty part.', "/configuration/query"),
        (".a", 'The path ".a" has an empty part.', "configuration.query"),
        ("a.", 'The path "a." has an empty part.', "configuration.query"),
        (r"a\b", "is followed by none of", "for a backslash within a key"),
        (r"a\X", "is followed by none of", "for a backslash within a key"),
        ("a\\", "is followed by none of", "for a backslash within a key"),
        ("a." * 300 + "a", f"A path has more than {MAX_DEPTH} parts.", "None"),
    ],
)
def test_what_is_no_path_is_refused(text: str, said: str, hint: str) -> None:
    """Empty parts and stray backslashes are slips."""
    with pytest.raises(InvalidPatchError) as caught:
        parse_path(text)

    assert said in caught.value.message
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ((), ""),
        (("a", "b.c"), r"a.b\.c"),
        (("/x",), "/~1x"),
        (("/x", "y"), "/~1x/y"),
        (("x", "/y"), "x./y"),
        (("a", ""), "/a/"),
    ],
)
def test_a_path_is_dotted_where_dots_can_say_it(place: tuple[str, ...], path: str) -> None:
    """A key that begins with a slash, or is empty, takes a pointer."""
    assert path_to(place) == path


@pytest.mark.parametrize(
    "token", ["00", "01", "-1", "+1", "1e0", " 1", "1 ", "1_0", "\u0661", "", "1\n"]
)
def test_only_plain_numbers_are_indices(token: str) -> None:
    """RFC 6901, section 4: digits without a leading zero, and ASCII ones."""
    assert index_of(token) is None
    assert lookup([[1, 2]] * 12, (token,)) is MISSING


def test_an_index_beyond_all_lists_is_an_index() -> None:
    """However many digits it has, more than the interpreter converts too."""
    assert index_of("12") == 12
    assert index_of("9" * 10_000) is not None
    assert lookup([1], ("9" * 10_000,), "none") == "none"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (("a", "0", "b"), None),
        ((), None),
        (("x", "y"), "there is nothing at /x"),
        (("a", "1"), "/a is a list of 1, counted from 0"),
        (("a", "z"), '/a is a list, and "z" is not an index'),
        (("t", "0"), "/t is text"),
        (("n", "a"), "/n is null"),
        (("\x1b", "a"), r"there is nothing at /\u001b"),
    ],
)
def test_why_there_is_nothing_at_a_place(place: tuple[str, ...], reason: str | None) -> None:
    """The first thing on the way that is not as expected is named."""
    document = {"a": [{"b": 1}], "t": "text", "n": None}

    assert obstacle(document, place) == reason
    assert (lookup(document, place) is MISSING) == (reason is not None)


def test_values_have_names_for_their_kinds() -> None:
    """In the words of JSON, as a sentence needs them."""
    each: tuple[Any, ...] = (None, True, 1, 1.5, "a", [], {})
    named = [kind_of(value) for value in each]

    assert named == ["null", "a boolean", "a number", "a number", "text", "a list", "an object"]
    assert shown(()) == "the whole document"
