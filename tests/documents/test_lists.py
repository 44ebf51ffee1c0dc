"""Members of lists: what is added can be removed, and nothing else goes with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.lists import AddItem, RawText, RemoveItem
from patcher.documents.patches import Applied, Patch
from patcher.documents.shape import Shape
from patcher.documents.values import copied, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.strategies import LISTS, named, named_members, names, values

SHAPE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists=LISTS)
fresh_texts = st.lists(names, max_size=4, unique=True)
fresh_objects = st.lists(named_members, max_size=4, unique_by=lambda one: str(one["name"]))


def _applied(step: AddItem | RemoveItem, document: Any) -> Applied:
    before = copied(document)
    applied = Patch((step,)).apply(document, SHAPE)
    assert strictly_equal(document, before)
    return applied


@given(fresh_texts, st.text(min_size=2))
def test_a_text_that_was_added_can_be_removed(members: list[str], text: str) -> None:
    """It goes to the end, and removing it leaves the list as it was; as typed or as a value."""
    document = {"texts": members}
    for given_one in (text, RawText(text)):
        added = _applied(AddItem(("texts",), given_one), document).document
        assert added["texts"] == [*members, text]
        again = _applied(AddItem(("texts",), given_one), added)
        assert strictly_equal(again.document, added)
        assert [one.code for one in again.notices] == ["already-there"]
        gone = _applied(RemoveItem(("texts",), given_one), added)
        assert strictly_equal(gone.document, document)
        assert gone.notices == ()


@given(fresh_objects, st.dictionaries(st.sampled_from("xyz"), values, max_size=2))
def test_an_object_that_was_added_can_be_removed_by_name_and_by_value(
    members: list[Any], rest: Any
) -> None:
    """The name is enough, and the whole member does as well."""
    document, member = {"named": members}, {**rest, "name": "new"}
    added = _applied(AddItem(("named",), RawText(json.dumps(member))), document).document

    assert strictly_equal(added["named"], [*members, member])
    for given_one in ("new", RawText("new"), member, RawText(json.dumps(member))):
        gone = _applied(RemoveItem(("named",), given_one), added)
        assert strictly_equal(gone.document, document)


@pytest.mark.parametrize(
    ("there", "given_one"), [(1, True), (True, 1), (1, 1.0), (0.0, -0.0), ({"a": 1}, {"a": True})]
)
def test_members_are_told_apart_by_kind(there: Any, given_one: Any) -> None:
    """What Python holds for the same member is another one."""
    document = {"opaque": [there, {}]}

    added = _applied(AddItem(("opaque",), given_one), document)
    gone = _applied(RemoveItem(("opaque",), given_one), document)

    assert strictly_equal(added.document, {"opaque": [there, {}, given_one]})
    assert [one.code for one in gone.notices] == ["not-there"]
    assert strictly_equal(gone.document, document)


def test_a_member_without_a_name_is_not_quoted() -> None:
    """Where nothing tells members apart, one that is there already is just that member."""
    applied = _applied(AddItem(("opaque",), {"a": 1}), {"opaque": [{"a": 1}]})

    assert [one.to_dict() for one in applied.notices] == [
        {
            "code": "already-there",
            "path": "/opaque",
            "message": "/opaque already has it.",
        }
    ]


def test_a_list_within_a_list_has_members_too() -> None:
    """The way there may lead over an index; what is beside it stays the very same."""
    document = {"l": [{"m": ["a"]}, {"m": ["b"]}]}

    applied = _applied(AddItem(("l", "1", "m"), "c"), document).document
    assert applied == {"l": [{"m": ["a"]}, {"m": ["b", "c"]}]}
    assert applied["l"][0] is document["l"][0]
    assert _applied(RemoveItem(("l", "0", "m"), "a"), document).document["l"][0] == {"m": []}


def test_a_name_that_several_members_have_is_not_guessed() -> None:
    """Among members told apart by more than one key, the first may not be enough."""
    links = [{"from": "a", "to": "x"}, {"from": "a", "to": "y"}, {"from": "b", "to": "x"}]
    with pytest.raises(InvalidPatchError, match="/links has 2 such items"):
        _applied(RemoveItem(("links",), "a"), {"links": links})

    assert _applied(RemoveItem(("links",), "b"), {"links": links}).document["links"] == links[:2]


def test_the_callers_member_is_copied_on_the_way_in_and_out() -> None:
    """Neither the caller nor the result reaches the step."""
    member: Any = {"name": "x", "l": [1]}
    patch = Patch.add("named", member) + Patch.remove("named", {"name": "y", "l": [1]})
    member["l"].append(2)
    document = {"named": named("y", l=[1])}
    first = patch.apply(document, SHAPE).document
    first["named"][0]["l"].append(3)

    assert patch.apply(document, SHAPE).document == {"named": [{"name": "x", "l": [1]}]}


def test_a_typed_uuid_is_found_in_any_case() -> None:
    """The letters of a UUID have no case, in text and within JSON as well."""
    known = "248df4b7-aa70-47b8-a036-33ac447e668d"
    shape = SHAPE._replace(uuids=frozenset({("texts", "-"), ("opaque", "-", "id")}))
    document = {"texts": [known], "opaque": [{"id": known}]}

    for place, text in (("texts", known.upper()), ("opaque", f'{{"id": "{known.upper()}"}}')):
        step = RemoveItem((place,), RawText(text))
        assert Patch((step,)).apply(document, shape).document[place] == []
