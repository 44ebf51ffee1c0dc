"""The shape of a document, and the identity of list items."""

from __future__ import annotations

import pytest
from hypothesis import given

from patcher.documents.shape import KeyedList, Shape, identified, items_by_key, keys_of
from patcher.documents.values import Document, JsonValue, Tokens, copied, strictly_equal
from tests.documents.strategies import values


def test_known_members_come_first_in_their_order_and_the_others_as_they_came() -> None:
    """So that what is sent and shown is always in the order of the request."""
    shape = Shape(("a", "b", "c"), required=frozenset(), server_owned=frozenset(), lists={})

    assert list(shape.ordered({"z": 1, "c": 2, "y": 3, "a": 4})) == ["a", "c", "z", "y"]


TEXTS = KeyedList()
NAMED = KeyedList(("name",))
LINKS = KeyedList(("from", "to"))


@pytest.mark.parametrize(
    ("keyed", "member"),
    [
        (TEXTS, 1),
        (TEXTS, None),
        (TEXTS, True),
        (TEXTS, ["a"]),
        (TEXTS, {"a": 1}),
        (NAMED, "a"),
        (NAMED, {}),
        (NAMED, {"name": None}),
        (NAMED, {"name": 1}),
        (NAMED, {"name": ["a"]}),
        (NAMED, {"name": {"id": 1}}),
        (LINKS, {"from": "a"}),
        (LINKS, {"from": "a", "to": {"x": None}}),
        (LINKS, {"from": 1, "to": "a"}),
    ],
)
def test_members_without_identity(keyed: KeyedList, member: JsonValue) -> None:
    """A member whose key is missing or is no text has no identity, nor has its list."""
    assert keyed.key_of(member) is None
    assert keys_of([member], keyed) is None


@pytest.mark.parametrize(
    ("keyed", "members"),
    [
        (TEXTS, ["a", "b", "A", "", " a", "\ud800", "e\u0301", "é"]),
        (NAMED, [{"name": "a"}, {"name": "b", "x": 1}, {"name": ""}, {"name": {"id": "a"}}]),
        (
            LINKS,
            [
                {"from": "a", "to": "b"},
                {"from": "b", "to": "a"},
                {"from": "a", "to": {"b": "c"}},
                {"from": "a", "to": {"c": "b"}},
                {"from": "a", "to": {"b": {"c": "d"}}},
                {"from": "a", "to": {}},
                {"from": "object", "to": {"b": "d"}},
            ],
        ),
    ],
)
def test_different_members_have_different_identities(
    keyed: KeyedList, members: list[JsonValue]
) -> None:
    """Members that differ in what they are keyed by can be told apart."""
    keys = keys_of(members, keyed)

    assert keys is not None
    assert keys == [keyed.key_of(member) for member in members]


def test_the_rest_of_a_member_is_no_part_of_its_identity() -> None:
    """Members with the same key are the same member, in any order of their keys."""
    first = {"from": "a", "to": {"x": "1", "y": "2"}, "label": 1}
    second = {"label": 2, "to": {"y": "2", "x": "1"}, "from": "a"}

    assert LINKS.key_of(first) == LINKS.key_of(second)


@pytest.mark.parametrize(
    ("keyed", "members"),
    [(TEXTS, ["a", "b", "a"]), (NAMED, [{"name": "a"}, {"name": "a", "x": 1}])],
)
def test_the_same_identity_twice_is_none(keyed: KeyedList, members: list[JsonValue]) -> None:
    """A list in which an identity is there twice has no identities at all."""
    assert keys_of(members, keyed) is None


def test_an_empty_list_is_keyed() -> None:
    """An empty list has identities: none of them is missing or there twice."""
    assert keys_of([], NAMED) == []


@given(values, values)
def test_identities_are_equal_only_where_strictly_equal(
    first: JsonValue, second: JsonValue
) -> None:
    """Two identities are equal exactly where the values they are made of are."""
    for keyed in (TEXTS, NAMED):
        key, same, other = (
            keyed.key_of({"name": value} if keyed.by else value)
            for value in (first, copied(first), second)
        )
        assert key == same
        if key is not None and other is not None:
            assert (key == other) == strictly_equal(first, second)


def test_items_by_their_identities() -> None:
    """In the order of the list; none for what has no identities."""
    items = [{"name": "b", "x": 1}, {"name": "a"}]

    assert list((items_by_key(items, KeyedList(("name",))) or {}).items()) == [
        ("b", items[0]),
        ("a", items[1]),
    ]
    assert items_by_key(["a", "a"], TEXTS) is items_by_key("a", TEXTS) is None


KEYED = {("links",): LINKS, ("names",): NAMED, ("inner", "texts"): TEXTS}
DOCUMENT: Document = {
    "links": [{"from": "a", "to": "b"}, {"from": "c", "to": "d"}],
    "names": [{"name": "a"}, {}],
    "inner": {"texts": ["x", "y"], "list": [1]},
}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (("links", "1"), (1, ("c", "d"))),
        (("links", "0", "from"), (1, ("a", "b"))),
        (("inner", "texts", "1"), (2, "y")),
        (("links",), None),
        (("inner", "texts"), None),
        (("inner", "list", "0"), None),
        # An item without a name has no identity, nor has its list.
        (("names", "0"), None),
        (("nowhere", "0"), None),
        ((), None),
    ],
)
def test_a_place_is_in_an_item_with_an_identity(
    place: Tokens, found: tuple[int, object] | None
) -> None:
    """The depth of the item's index, and the values by which the item is known."""
    assert identified(DOCUMENT, place, KEYED) == found


ONE = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"
LABELLED = Shape(
    ("labels", "links"),
    required=frozenset(),
    server_owned=frozenset(),
    lists={},
    uuids=frozenset({("labels", "-"), ("links", "-", "to")}),
)


@pytest.mark.parametrize(
    ("value", "respelled"),
    [
        ([ONE.upper(), "x", 1], [ONE, "x", 1]),
        ({"-": ONE.upper()}, {"-": ONE.upper()}),
        (ONE.upper(), ONE.upper()),
        (None, None),
    ],
)
def test_a_uuid_is_respelled_only_where_uuids_are(value: JsonValue, respelled: JsonValue) -> None:
    """A value of another type than the place has stays as it is."""
    document: Document = {"labels": value, "links": [{"to": ONE.upper()}, "x"], "other": "abc"}
    known: Document = {"labels": [ONE], "links": [{"to": ONE}]}

    assert LABELLED.respelled(document, known) == {
        "labels": respelled,
        "links": [{"to": ONE}, "x"],
        "other": "abc",
    }
