from __future__ import annotations

from collections.abc import Callable

import pytest

from patcher.documents.diff import compare
from patcher.documents.shape import KeyedList, ListKeys
from patcher.documents.values import Document, JsonValue

from .strategies import named
from .test_diff import shown


def test_a_member_put_first_is_one_change() -> None:
    """A member put first in a keyed list changes none of the later ones."""
    base = {"named": named("a", "b", v=1)}
    proposed = {"named": [{"name": "x"}, *named("a", "b", v=1)]}

    assert shown(base, proposed) == [{"path": "/named/0", "kind": "added", "new": {"name": "x"}}]


def test_a_changed_member_is_named_by_its_base_index() -> None:
    """A change in a keyed member is shown at its leaf, by the index in the base document."""
    base = {"named": named("a", "b", label="old")}
    proposed = {"named": [*named("x", "y"), {"name": "a", "label": "old"}, *named("b", label="!")]}

    assert {"path": "/named/1/label", "kind": "changed", "old": "old", "new": "!"} in shown(
        base, proposed
    )


def test_a_key_added_in_a_member_is_named_by_its_proposed_index() -> None:
    """What is added within a keyed member is shown by the index in the proposed document."""
    base = {"named": named("a", "b")}
    proposed = {"named": [{"name": "x"}, {"name": "a"}, {"name": "b", "v": 1}]}

    assert shown(base, proposed) == [
        {"path": "/named/0", "kind": "added", "new": {"name": "x"}},
        {"path": "/named/2/v", "kind": "added", "new": 1},
    ]


@pytest.mark.parametrize(
    ("place", "old", "new", "identities"),
    [
        ("texts", ["a", "b"], ["b", "a"], (["a", "b"], ["b", "a"])),
        ("named", named("a", "b"), named("b", "a"), (["a", "b"], ["b", "a"])),
        (
            "links",
            [{"from": "a", "to": {"k": "x"}, "n": 1}, {"from": "a", "to": "y", "n": 2}],
            [{"from": "a", "to": "y", "n": 2}, {"from": "a", "to": {"k": "x"}, "n": 1}],
            (
                [{"from": "a", "to": {"k": "x"}}, {"from": "a", "to": "y"}],
                [{"from": "a", "to": "y"}, {"from": "a", "to": {"k": "x"}}],
            ),
        ),
    ],
)
def test_another_order_is_one_change(
    place: str, old: JsonValue, new: JsonValue, identities: tuple[JsonValue, JsonValue]
) -> None:
    """Another order of a keyed list is one change, with both orders by identity."""
    assert shown({place: old}, {place: new}) == [
        {"path": f"/{place}", "kind": "reordered", "old": identities[0], "new": identities[1]}
    ]


def test_order_is_that_of_the_members_both_have() -> None:
    """Members that came or went have no part in the two orders."""
    base = {"texts": ["gone", "a", "b", "c"]}
    proposed = {"texts": ["c", "new", "a", "b"]}

    assert shown(base, proposed) == [
        {"path": "/texts", "kind": "reordered", "old": ["a", "b", "c"], "new": ["c", "a", "b"]},
        {"path": "/texts/0", "kind": "removed", "old": "gone"},
        {"path": "/texts/1", "kind": "added", "new": "new"},
    ]


def test_coming_and_going_is_no_other_order() -> None:
    """A list in which members only come and go is not reordered."""
    base = {"texts": ["a", "b", "c"]}

    assert {c["kind"] for c in shown(base, {"texts": ["x", "b", "y", "c"]})} == {"added", "removed"}


@pytest.mark.parametrize(
    "twice", [named("a", "a", "b"), [*named("a", "b"), 7], [*named("a", "b"), {"name": 1}]]
)
@pytest.mark.parametrize("backwards", [False, True])
def test_without_clear_identity_a_list_is_compared_in_order(
    twice: list[JsonValue], *, backwards: bool
) -> None:
    """With an identity missing or there twice, on either side, position decides."""
    pair = {"named": named("b", "a", "c")}, {"named": twice}

    kinds = {change["kind"] for change in shown(*(reversed(pair) if backwards else pair))}

    assert kinds in ({"changed"}, {"changed", "added"}, {"changed", "removed"})


# Other lists


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([1, 2, 3], [0, 1, 2, 3], [("/x/0", "added")]),
        ([1, 2, 3], [1, 2, 3, 4], [("/x/3", "added")]),
        ([1, 2, 3], [1, 3], [("/x/1", "removed")]),
        ([1, 1], [1, 1, 1], [("/x/2", "added")]),
        ([1, 2, 3], [1, 9, 3], [("/x/1", "changed")]),
        ([1, 2, 3, 4], [1, 9, 4], [("/x/1", "changed"), ("/x/2", "removed")]),
        ([1, {"a": 1}, 3], [1, {"a": 2}, 8, 3], [("/x/1/a", "changed"), ("/x/2", "added")]),
        ([[1], [2]], [[1], [2, 3]], [("/x/1/1", "added")]),
        ([1, 2], [2, 1], [("/x/0", "changed"), ("/x/1", "changed")]),
        ([[[1]], 2], [[[3]], 2, 2], [("/x/0/0/0", "changed"), ("/x/1", "added")]),
        ([], [[]], [("/x/0", "added")]),
    ],
)
def test_other_lists_are_compared_in_order(
    old: JsonValue, new: JsonValue, expected: list[tuple[str, str]]
) -> None:
    """Between the common beginning and end, a list without identities is compared by position."""
    changes = shown({"x": old}, {"x": new})

    assert expected == [(change["path"], change["kind"]) for change in changes]


@pytest.mark.parametrize(
    ("wrap", "kinds"),
    [
        (lambda inner: {"outer": {"inner": inner}}, ["reordered"]),
        (lambda inner: {"inner": inner}, ["changed", "changed"]),
        (lambda inner: {"outer": {"named": inner}}, ["changed", "changed"]),
        (lambda inner: {"x": {"outer": {"inner": inner}}}, ["changed", "changed"]),
        (lambda inner: {"outer": [{"inner": inner}]}, ["changed", "changed"]),
        (lambda inner: {"x": [{"named": inner}]}, ["changed", "changed"]),
    ],
)
def test_a_list_is_keyed_at_its_place_only(
    wrap: Callable[[JsonValue], Document], kinds: list[str]
) -> None:
    """A list is keyed at the very place that says so, and not where only its name is the same."""
    changes = shown(wrap(named("a", "b")), wrap(named("b", "a")))

    assert kinds == [change["kind"] for change in changes]


def test_a_list_within_a_list_is_not_keyed() -> None:
    """Only places made of object keys can be keyed lists: an index is not a key."""
    lists: ListKeys = {("x", "0"): KeyedList()}

    changes = compare({"x": [["a", "b"]]}, {"x": [["b", "a"]]}, lists)

    assert [change.kind for change in changes] == ["changed", "changed"]
