"""Places in documents made up at random."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.pointers import (
    index_of,
    lookup,
    obstacle,
    parse_path,
    path_to,
    pointer_to,
    tokens_of,
)
from patcher.documents.values import MAX_DEPTH, MISSING, Tokens
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
