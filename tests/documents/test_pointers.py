"""JSON Pointers and dotted paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import parse_set, parse_unset
from patcher.documents.pointers import (
    index_of,
    is_of_kind,
    item_to,
    kind_of,
    list_above,
    lookup,
    obstacle,
    of_kind,
    overlap,
    parse_path,
    path_to,
    pointer_to,
    shown,
    tokens_of,
)
from patcher.documents.values import MAX_DEPTH, MISSING, Tokens
from patcher.documents.wording import has_unseen
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, keys

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
    with pytest.raises(InvalidPatchError) as caught:
        tokens_of(text)

    assert ("~0 for ~" in str(caught.value.hint)) is (text.startswith("/") and "~" in text)


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
        (r"a\b", "is not followed by one of", "for a backslash"),
        (r"a\X", "is not followed by one of", "for a backslash"),
        ("a\\", "is not followed by one of", "for a backslash"),
        ("a." * 300 + "a", f"A path has more than {MAX_DEPTH} parts.", "None"),
    ],
)
def test_what_is_no_path_is_refused(text: str, said: str, hint: str) -> None:
    """Empty parts and stray backslashes are slips."""
    with pytest.raises(InvalidPatchError) as caught:
        parse_path(text)

    assert said in caught.value.message
    assert hint in str(caught.value.command_hint)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ((), ""),
        (("a", "b.c"), r"a.b\.c"),
        (("/x",), "/~1x"),
        (("/x", "y"), "/~1x/y"),
        (("x", "/y"), "x./y"),
        (("a", ""), "/a/"),
        (("-x", "y"), "/-x/y"),
        (("x", "-y", "-"), "x.-y.-"),
        (("x+",), r"x\+"),
        (("x-",), r"x\-"),
        ((" x ",), r"\u0020x\u0020"),
        (("x y",), "x y"),
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
        (("a", "1"), "/a is a list of 1, and indices start at 0"),
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


def _places(value: Any, at: Tokens = ()) -> Iterator[tuple[Tokens, Any]]:
    """Every place in a value, with what is there."""
    yield at, value
    if type(value) is dict:
        for key, member in value.items():
            yield from _places(member, (*at, key))
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from _places(member, (*at, str(index)))


@given(documents)
def test_every_place_of_a_document_has_a_pointer_and_a_path(document: Any) -> None:
    """Either leads to the very value that is there, and nothing is in the way."""
    for place, value in _places(document):
        assert lookup(document, tokens_of(pointer_to(place))) is value
        assert obstacle(document, place) is None
        if place:
            assert lookup(document, parse_path(path_to(place))) is value


# What a path has to be careful about, and what can be anywhere.
odd_keys = st.text(
    st.sampled_from("\\\\=:+-./~u0041 @\"'a\u0430\u200b\t\n\ufe0f\ud800\U000e0041")
    | st.characters(),
    max_size=8,
)


@given(st.lists(odd_keys | keys, min_size=1, max_size=4).map(tuple))
def test_every_path_that_is_shown_can_be_typed(place: Tokens) -> None:
    """As PATH of --set, with either operator, and of --unset; pointers and dotted paths alike."""
    for path in (shown(place), path_to(place)):
        assert not any(map(has_unseen, path))
        assert parse_set(f"{path}=x=y", str).place == place
        assert parse_set(f"{path}:=1", str).place == place
        assert parse_unset(path).place == place


@pytest.mark.parametrize(
    ("typed", "place", "value"),
    [
        (r"/configuration/a\=b=1", ("configuration", "a=b"), "1"),
        (r"/configuration/a\\=b=1", ("configuration", "a\\"), "b=1"),
        (r"/configuration/a\\\=b=1", ("configuration", r"a\=b"), "1"),
        (r"/configuration/a\:=1", ("configuration", "a:"), "1"),
        (r"/configuration/a\+=1", ("configuration", "a+"), "1"),
        (r"/configuration/a\-=1", ("configuration", "a-"), "1"),
        (r"/configuration/-=1", ("configuration", "-"), "1"),
        (r"/configuration/C:\new\table=1", ("configuration", r"C:\new\table"), "1"),
        (r"/configuration/a\u0430=1", ("configuration", "a\u0430"), "1"),
        (r"/configuration/a\\u0430=1", ("configuration", r"a\u0430"), "1"),
        (r"/configuration/\ud83d\ude00=1", ("configuration", "\U0001f600"), "1"),
        (r"configuration.a\=b\:\+\-\u0430=1", ("configuration", "a=b:+-\u0430"), "1"),
        (r"configuration.a+=1", ("configuration", "a+"), "1"),
    ],
)
def test_a_backslash_escapes_what_would_end_a_path(typed: str, place: Tokens, value: str) -> None:
    """In pointers only right before it, so that a backslash in a key stays what it is."""
    step = parse_set(typed, str)

    assert (step.place, step.value) == (place, value)


@given(documents, st.lists(keys | st.sampled_from("01-"), max_size=3).map(tuple))
def test_there_is_an_obstacle_exactly_where_there_is_nothing(document: Any, place: Tokens) -> None:
    """What explains an absence agrees with what looks a value up."""
    assert (obstacle(document, place) is None) == (lookup(document, place) is not MISSING)


@given(st.integers(0, 10**17) | st.integers(-20, 20), st.text(max_size=3))
def test_an_index_is_a_number_as_it_is_written(number: int, text: str) -> None:
    """RFC 6901, section 4: exactly the decimal notation without sign or leading zero."""
    assert index_of(str(number)) == (number if number >= 0 else None)
    assert (index_of(text) is not None) == (text.isascii() and text.isdigit() and text == _as(text))


def _as(text: str) -> str:
    return str(int(text))


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/~01", ("~1",)),
        ("/~10", ("/0",)),
        ("/~0~1", ("~/",)),
        ("//", ("", "")),
        ("/a/", ("a", "")),
        ("/%20\\", ("%20\\",)),
    ],
)
def test_a_tilde_is_resolved_last(pointer: str, place: Tokens) -> None:
    """RFC 6901, section 4: ~01 is ~1 and not a slash; no other escapes exist."""
    assert tokens_of(pointer) == place
    assert pointer_to(place) == pointer


@pytest.mark.parametrize("make", [lambda n: "/a" * n, lambda n: ".".join("a" * n)])
def test_a_path_is_as_deep_as_a_document_may_be(make: Any) -> None:
    """The limit itself is allowed."""
    assert len(parse_path(make(MAX_DEPTH))) == MAX_DEPTH
    with pytest.raises(InvalidPatchError, match="more than 200 parts"):
        parse_path(make(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("place", "operator", "value", "item"),
    [
        (("name",), "=", "X", "name=X"),
        (("name",), "=", "", "name="),
        (("name",), "=", "a b", "name='a b'"),
        (("a b", "c"), ":=", "1", "'a b.c:=1'"),
    ],
)
def test_an_item_is_quoted_for_a_shell(place: Tokens, operator: str, value: str, item: str) -> None:
    """The value alone is in quotes where the path needs none."""
    assert item_to(place, operator, value) == item


DOCUMENT = {"l": [{"a": "x"}, {"b": 1}, 5], "o": {"-": 2, "a": [[3]]}}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ((), [((), DOCUMENT)]),
        (("l", "-", "a"), [(("l", "0", "a"), "x")]),
        (("o", "a", "-", "-"), [(("o", "a", "0", "0"), 3)]),
        (("l", "0", "a"), []),
        (("o", "-"), []),
        (("x",), []),
    ],
)
def test_a_kind_of_place_stands_for_every_item_of_a_list(
    kind: Tokens, found: list[tuple[Tokens, Any]]
) -> None:
    """In an object "-" is no index, and an index is no kind."""
    assert list(of_kind(DOCUMENT, kind)) == found


@pytest.mark.parametrize(
    ("place", "kind", "is_one"),
    [
        (("l", "0"), ("l", "-"), True),
        (("l", "-"), ("l", "-"), True),
        (("l", "a"), ("l", "-"), False),
        (("l", "-"), ("l", "0"), False),
        (("l", "0"), ("m", "-"), False),
        (("l",), ("l", "-"), False),
        (("l", "0", "a"), ("l", "-"), False),
        ((), (), True),
    ],
)
def test_a_place_is_of_a_kind(place: Tokens, kind: Tokens, *, is_one: bool) -> None:
    """Step by step, and as long as it."""
    assert is_of_kind(place, kind) is is_one


@pytest.mark.parametrize(
    ("place", "above"),
    [
        (("l", "0", "a"), ("l",)),
        (("o", "a", "0", "0"), ("o", "a")),
        (("l",), None),
        (("o", "b"), None),
    ],
)
def test_the_outermost_list_above_a_place(place: Tokens, above: Tokens | None) -> None:
    """The place itself, if it is a list, is not above itself."""
    assert list_above(DOCUMENT, place) == above


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (("l", "3"), None),
        (("l", "-"), None),
        (("l", "0"), None),
        (("o", "new"), None),
        (("l", "4"), "/l is a list of 3, and indices start at 0"),
        (("l", "x"), '/l is a list, and "x" is not an index'),
        (("l", "2", "a"), "/l/2 is a number"),
        (("n", "a"), "there is nothing at /n"),
    ],
)
def test_where_there_is_room_for_a_value(place: Tokens, reason: str | None) -> None:
    """In any object, and in a list up to the end."""
    assert obstacle(DOCUMENT, place, adding=True) == reason


@pytest.mark.parametrize("text", ["\\u00E9", "\\u00e9"])
def test_an_escape_has_its_digits_in_either_case(text: str) -> None:
    """As in JSON."""
    assert parse_path(text) == ("é",)


@pytest.mark.parametrize(
    ("one", "other", "is_overlap"),
    [
        ("", "/a", True),
        ("/a", "/a", True),
        ("/a", "/a/b/c", True),
        ("/a/b", "/a/c", False),
        ("/a", "/ab", False),
    ],
)
def test_two_places_overlap_where_one_is_within_the_other(
    one: str, other: str, *, is_overlap: bool
) -> None:
    """Whichever comes first."""
    assert overlap(tokens_of(one), tokens_of(other)) is is_overlap
    assert overlap(tokens_of(other), tokens_of(one)) is is_overlap
