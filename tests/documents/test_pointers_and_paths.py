"""Places in documents made up at random."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import parse_set, parse_unset
from patcher.documents.pointers import (
    index_of,
    lookup,
    obstacle,
    parse_path,
    path_to,
    pointer_to,
    shown,
    tokens_of,
)
from patcher.documents.values import MAX_DEPTH, MISSING, Tokens
from patcher.documents.visible import is_unseen
from patcher.errors import InvalidPatchError
from tests.documents.strategies import documents, keys


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
        assert not any(map(is_unseen, path))
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
