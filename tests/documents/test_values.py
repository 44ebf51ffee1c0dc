from __future__ import annotations

import copy
import json
import pickle
from collections import OrderedDict, UserDict, UserList
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.pointers import lookup
from patcher.documents.values import (
    MAX_DEPTH,
    MISSING,
    UUID,
    Document,
    JsonValue,
    bounded,
    checked,
    copied,
    differing,
    extent,
    strictly_equal,
    walk,
)
from patcher.errors import InvalidPatchError
from tests.documents.strategies import documents, nested, pairs, places_in


@given(pairs())
def test_strictly_equal_is_equality_of_json_text(pair: tuple[Document, Document]) -> None:
    """Two values are strictly equal exactly where their sorted JSON texts are the same."""
    first, second = pair

    same = json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)

    assert same == strictly_equal(first, second)
    assert same == strictly_equal(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        (0, False),
        (1, 1.0),
        (0.0, -0.0),
        ("1", 1),
        ("", None),
        ([], {}),
        ("\ud800", "\ud801"),
        ([1], [1, 1]),
        ({"a": None}, {}),
        ({"a": None}, {"b": None}),
        ({"a": MISSING}, {}),
        (2**53 + 1, float(2**53)),
    ],
)
def test_lookalikes_differ(first: JsonValue, second: JsonValue) -> None:
    """Values that Python may hold for equal differ, wherever they stand."""
    for wrapped in (lambda v: v, lambda v: [v], lambda v: {"k": v}, lambda v: {"k": [v, 1]}):
        assert not strictly_equal(wrapped(first), wrapped(second))
        assert not strictly_equal(wrapped(second), wrapped(first))
        assert strictly_equal(wrapped(first), wrapped(copied(first)))


def test_order_of_keys_carries_no_meaning() -> None:
    """Objects are equal in any order of their keys, lists only in theirs."""
    assert strictly_equal({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not strictly_equal([1, 2], [2, 1])


@given(documents)
def test_a_copy_shares_nothing(document: Document) -> None:
    """A copy is strictly equal and has no object or list in common with the original."""
    again = copied(document)

    assert strictly_equal(again, document)
    assert not set(_containers(again)) & set(_containers(document))
    assert strictly_equal(checked(document, what="the document"), document)


@given(documents)
def test_a_walk_comes_by_every_place_from_the_outside_in(document: Document) -> None:
    """It yields each place once, with the value that is there."""
    walked = list(walk(document, ("at",)))

    assert [place for place, _ in walked] == places_in(document, ("at",))
    assert all(lookup({"at": document}, place) is value for place, value in walked)


def _containers(value: JsonValue) -> list[int]:
    if type(value) not in {dict, list}:
        return []
    members = value.values() if type(value) is dict else value
    return [id(value), *(found for member in members for found in _containers(member))]


class Text(str):
    """A text of another type."""

    __slots__ = ()


class Number(int):
    """A number of another type."""


def test_checked_gives_plain_types() -> None:
    """Mappings, sequences, and subclasses of the plain types become plain."""
    value = OrderedDict({Text("a"): (Text("x"), UserList([Number(1)]), UserDict({"b": True}))})

    plain = checked(value, what="the change")

    assert strictly_equal(plain, {"a": ["x", [1], {"b": True}]})
    assert type(next(iter(plain))) is str


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"a": [1, float("nan")]}, "/a/1", "nan is not a JSON number"),
        (float("inf"), "", "inf is not a JSON number"),
        ({"a/b": {1: 2}}, "/a~1b", "a key of type int is not text"),
        ({"~": {None: 2}}, "/~0", "a key of type NoneType is not text"),
        ({"a": b"x"}, "/a", "a value of type bytes is not JSON"),
        ([{1, 2}], "/0", "a value of type set is not JSON"),
        ([MISSING], "/0", "a value of type Missing is not JSON"),
    ],
)
def test_what_json_cannot_say_is_refused(value: Any, path: str, reason: str) -> None:
    """A value that JSON has no text for is refused by its place."""
    with pytest.raises(InvalidPatchError) as caught:
        checked(value, what="The change")

    place = f" at {path}" if path else ""
    assert caught.value.message == f"The change is not valid JSON{place}: {reason}."
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("\ud83d\ude00", "surrogate pair"),
        ({"\ud83d\ude00": 1}, "surrogate pair"),
        ([10**5000], "too many digits"),
        (nested(MAX_DEPTH + 1, 1), "it is nested more than"),
    ],
)
def test_whatever_is_refused_is_called_by_its_name(value: Any, reason: str) -> None:
    """The caller says what it is that was given."""
    with pytest.raises(InvalidPatchError) as caught:
        checked(value, what="The change")

    assert caught.value.message.startswith("The change is not valid JSON")
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("value", "members", "depth"),
    [
        (1, 0, 0),
        ([], 0, 1),
        ({"a": 1}, 1, 1),
        ({"a": [{"b": 1}, {}], "c": {"d": {"e": 1, "f": 2}}}, 6, 3),
        ([[[[1]]], [], {"a": 1}], 1, 4),
        ([{"a": {"b": {}}}, {"c": 1}, 5], 3, 4),
    ],
)
def test_the_extent_of_a_value(value: Any, members: int, depth: int) -> None:
    """The members of all its objects together, and how deep its deepest part is."""
    assert extent(value) == (members, depth)


@pytest.mark.parametrize("by", ["object", "list", "both"])
def test_too_deep_nesting_is_refused(by: str) -> None:
    """Nesting is accepted down to MAX_DEPTH, and refused below, however deep."""
    deepest = nested(MAX_DEPTH, 1, by=by)

    assert strictly_equal(checked(deepest, what="The change"), deepest)
    for depth in (MAX_DEPTH + 1, 50_000):
        with pytest.raises(InvalidPatchError, match="more than 200 levels deep"):
            checked(nested(depth, 1, by=by), what="The change")


def test_no_value_is_not_null() -> None:
    """MISSING is none of the JSON values, and says its name."""
    assert not strictly_equal(MISSING, None)
    assert strictly_equal(MISSING, MISSING)
    assert repr(MISSING) == "MISSING"


def test_the_missing_value_stays_one() -> None:
    """A pickled or copied MISSING is MISSING, since it is told apart by identity."""
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING  # noqa: S301 - our own
    assert copy.deepcopy(MISSING) is MISSING


@given(documents)
def test_what_is_short_enough_is_shown_whole(document: Document) -> None:
    """With room for all of it, a value from elsewhere stays as it is, and is a copy."""
    assert strictly_equal(bounded(document, str, 10**9), document)


@given(documents, st.integers(0, 200))
def test_no_more_than_the_bound_is_shown(document: Document, size: int) -> None:
    """However a value is made, what is shown of it has a bound, and its kind stays."""
    shown = bounded({"": document, "more": ["x" * 500] * 50}, str, size)

    assert len(json.dumps(shown, ensure_ascii=False)) < 12 * size + 400
    assert type(shown) is dict
    assert "..." in json.dumps(shown)


def test_every_text_of_a_value_from_elsewhere_passes_through() -> None:
    """Keys, too."""
    assert bounded({"a": ["b", {"c": 1}]}, str.upper) == {"A": ["B", {"C": 1}]}


@pytest.mark.parametrize(
    ("value", "size", "shown"),
    [
        (["a" * 10, "b", "c"], 30, ["a" * 10, "..."]),
        (["a" * 10, "b", "c"], 31, ["a" * 10, "...", "..."]),
        (["a" * 10, "b", "c"], 60, ["a" * 10, "b", "c"]),
        ({"k": "a" * 10, "l": "b"}, 31, {"k": "a" * 10, "...": "..."}),
        ({"k": "a" * 10, "l": "b"}, 43, {"k": "a" * 10, "l": "b"}),
        ({"k": "a" * 10, "l": 1, "m": 2}, 32, {"k": "a" * 10, "l": 1, "...": "..."}),
        ("a" * 20, 20, "a" * 10 + "..."),
        ("a" * 20, 30, "a" * 20),
        (1, 0, 1),
    ],
)
def test_what_is_cut_ends_in_an_ellipsis(value: JsonValue, size: int, shown: JsonValue) -> None:
    """A text is cut at the bound; of a list or an object what comes after it is left out."""
    assert bounded(value, str, size) == shown


@pytest.mark.parametrize(("one", "other"), [({"a": None}, {}), ({"a": 1}, {"a": 1.0})])
def test_a_key_differs_where_its_value_or_its_presence_does(one: Document, other: Document) -> None:
    """Null is not absent, and 1 is not 1.0."""
    assert differing({**one, "b": 2}, {**other, "b": 2}) == {"a"}
    assert differing(other, one) == {"a"}


def test_a_key_takes_the_room_of_its_characters() -> None:
    """Of an object about as many characters are shown as of a list of the same texts."""
    document = {f"k{number}": number for number in range(1000)}

    shown = bounded(document, str)

    assert 280 < len(shown) < 310  # of ten for each value, and three or four for its key


def test_a_uuid_is_one_in_either_case() -> None:
    """32 digits in five groups, and nothing around them."""
    text = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"

    assert UUID.fullmatch(text)
    assert UUID.fullmatch(text.upper())
    for other in (text[1:], f"{text}0", f"{{{text}}}", text.replace("-", ""), f"g{text[1:]}"):
        assert not UUID.fullmatch(other)
