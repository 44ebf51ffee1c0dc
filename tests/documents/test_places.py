"""Setting and clearing a place reaches that place and no other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.patches import Patch
from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.set_unset import Assign, Unset
from patcher.documents.shape import Shape
from patcher.documents.values import Document, Tokens, copied, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.strategies import documents, keys, values

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})


def _places(value: Any, at: Tokens = ()) -> list[Tokens]:
    found = [at] if at else []
    members: Any = ()
    if type(value) is dict:
        members = value.items()
    elif type(value) is list:
        members = enumerate(value)
    for key, member in members:
        found += _places(member, (*at, str(key)))
    return found


placed = documents.filter(bool).flatmap(
    lambda one: st.tuples(st.just(one), st.sampled_from(_places(one)))
)


def _applied(step: Assign | Unset, document: Document) -> Document:
    before = copied(document)
    applied = Patch((step,)).apply(document, BARE)
    assert strictly_equal(document, before)
    assert applied.notices == ()
    return applied.document


@given(placed, values)
def test_setting_a_value_changes_no_other(drawn: tuple[Document, Tokens], value: Any) -> None:
    """Every place that is not above or below it holds what it held."""
    document, place = drawn
    changed = _applied(Assign(place, value), document)

    assert strictly_equal(lookup(changed, place), value)
    for other in _places(document):
        if other != place[: len(other)] and place != other[: len(place)]:
            assert lookup(changed, other) is lookup(document, other)


@given(placed)
def test_setting_a_value_to_itself_changes_nothing(drawn: tuple[Document, Tokens]) -> None:
    """Neither does putting back what was changed."""
    document, place = drawn
    value = lookup(document, place)

    assert strictly_equal(_applied(Assign(place, value), document), document)
    assert strictly_equal(
        _applied(Assign(place, value), _applied(Assign(place, "other"), document)), document
    )


@given(placed)
def test_clearing_a_place_takes_one_member_away(drawn: tuple[Document, Tokens]) -> None:
    """A list closes the gap, in order; an object has one key less; nothing else moves."""
    document, place = drawn
    before = lookup(document, place[:-1])
    after = lookup(_applied(Unset(place), document), place[:-1])

    if type(before) is dict:
        assert strictly_equal(after, {k: v for k, v in before.items() if k != place[-1]})
    else:
        at = int(place[-1])
        assert strictly_equal(after, before[:at] + before[at + 1 :])


@given(documents, st.lists(keys, min_size=1, max_size=3), values)
def test_what_is_set_at_a_new_key_can_be_cleared_again(
    document: Document, below: list[str], value: Any
) -> None:
    """The objects that were created on the way go with the first of them."""
    document.pop("new", None)
    below = [key for key in below if key != "-"]
    changed = _applied(Assign(("new", *below), value), document)

    assert strictly_equal(lookup(changed, ("new", *below)), value)
    assert strictly_equal(_applied(Unset(("new",)), changed), document)


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        ({"l": []}, "/l/0", "There is no /l/0: the list has 0 items, counted from 0."),
        ({"l": [1]}, "/l/1", "There is no /l/1: the list has 1 item, counted from 0."),
        ({"l": [1]}, "/l/01", '/l is a list of 1, and "01" is not an index.'),
        ({"l": [1]}, "/l/0/a", "/l/0 is a number, so that nothing can be set below it."),
        ({"l": [[]]}, "/l/0/-/-", "In /l/0/-/- the - must come last: it appends a whole member."),
        ({}, "/a/-", "There is no list at /a yet."),
    ],
)
def test_a_list_is_never_filled_up(document: Document, pointer: str, said: str) -> None:
    """A member that is not there is not made up, and neither is the list."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch.set(pointer, 1).apply(document, BARE)

    assert caught.value.message == said
    assert pointer.startswith(str(caught.value.path))


@given(placed)
def test_a_value_is_not_in_the_message_of_what_stands_in_the_way(
    drawn: tuple[Document, Tokens],
) -> None:
    """The kind of what is there is named, and not what it is."""
    document, place = drawn
    spoiled = _applied(Assign(place, "do-not-print-me"), document)
    with pytest.raises(InvalidPatchError) as caught:
        Patch.set(f"{pointer_to(place)}/x", 1).apply(spoiled, BARE)

    assert "is text" in caught.value.message
    assert "do-not-print-me" not in f"{caught.value.message} {caught.value.hint}"
