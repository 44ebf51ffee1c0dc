"""The changes between two documents."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from deepdiff import DeepDiff
from hypothesis import given

from patcher.documents import diff
from patcher.documents.diff import Change, compare, deepdiff, difference, explain
from patcher.documents.shape import KeyedList, ListKeys
from patcher.documents.values import MAX_DEPTH, Document, JsonValue, copied, strictly_equal
from tests.documents.rebuilding import apply_changes
from tests.documents.strategies import LISTS, documents, named, nested, pairs


def shown(base: Document, proposed: Document) -> list[dict[str, Any]]:
    changes = compare(base, proposed, LISTS)
    assert strictly_equal(apply_changes(base, changes, LISTS), proposed)
    return [change.to_dict() for change in changes]


# Exactness

LOOKALIKES: list[tuple[JsonValue, JsonValue]] = [
    (1, True),
    (0, False),
    (1, 1.0),
    (0.0, -0.0),
    (0, -0.0),
    ("1", 1),
    ("", None),
    (None, False),
    ([], {}),
    ([], None),
    ({}, None),
    ("-0.0", -0.0),
    (10**400, 10**400 + 1),
    (2**53, float(2**53)),
    ("\ud800", "\ud801"),
    ("e\u0301", "é"),
    ("a\nb", "a\r\nb"),
    ("a\nb", "a\\nb"),
]


@pytest.mark.parametrize(("old", "new"), LOOKALIKES)
@pytest.mark.parametrize("as_list", [False, True])
def test_lookalikes_are_changes(old: JsonValue, new: JsonValue, *, as_list: bool) -> None:
    """Values that Python or deepdiff take for equal are a change, in objects and in lists."""
    base = {"x": [old, 7] if as_list else old}
    proposed = {"x": [new, 7] if as_list else new}

    path = "/x/0" if as_list else "/x"

    expected = [Change(path, "changed", old, new)]
    assert expected == list(compare(base, proposed, {}))
    assert expected != [Change(path, "changed", new, new)]


@pytest.mark.parametrize(("old", "new"), LOOKALIKES)
def test_lookalikes_are_changes_in_members(old: JsonValue, new: JsonValue) -> None:
    """They are in members of keyed lists, and at the end of lists of different length."""
    assert shown({"named": named("a", v=old)}, {"named": named("a", v=new)}) == [
        {"path": "/named/0/v", "kind": "changed", "old": old, "new": new}
    ]
    assert [c["kind"] for c in shown({"x": [old]}, {"x": ["9", new]})] == ["changed", "added"]


@pytest.mark.parametrize(("old", "new"), LOOKALIKES)
def test_deepdiff_sees_lookalikes(old: JsonValue, new: JsonValue) -> None:
    """The values that deepdiff would take for equal are shown to it as others."""
    found = difference({"x": [old], "y": 1}, {"x": [new], "y": 2}, {})

    assert explain(found) == {("x", (0, 0)): "changed", ("y",): "changed"}


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("", "/"),
        ("__private", "/__private"),
        ("__", "/__"),
        ("a/b", "/a~1b"),
        ("a~b", "/a~0b"),
        ("~1", "/~01"),
        ("a'b\"c", "/a'b\"c"),
        ("root['a']", "/root['a']"),
        ("0", "/0"),
        ("\ud800", "/\ud800"),
        ("a\nb", "/a\nb"),
    ],
)
def test_any_key_has_its_pointer(key: str, path: str) -> None:
    """Keys of any text are found when added, removed and changed, and named by RFC 6901."""
    assert shown({}, {key: 1}) == [{"path": path, "kind": "added", "new": 1}]
    assert shown({key: 1}, {}) == [{"path": path, "kind": "removed", "old": 1}]
    assert shown({key: {key: 1}}, {key: {key: 2}}) == [
        {"path": path + path, "kind": "changed", "old": 1, "new": 2}
    ]


@pytest.mark.parametrize("by", ["object", "list", "both"])
def test_deep_documents(by: str) -> None:
    """The deepest document that is accepted can be compared and rebuilt."""
    base = {"a": nested(MAX_DEPTH - 3, [1, {"x": 0.0}], by=by)}
    proposed = {"a": nested(MAX_DEPTH - 3, [2, {"x": -0.0}, 3], by=by)}

    changes = compare(base, proposed, {})

    assert [change.kind for change in changes] == ["changed", "changed", "added"]
    assert strictly_equal(apply_changes(base, changes, {}), proposed)


def test_deepdiff_sees_keys_that_look_private() -> None:
    """By default it passes over what begins with two underscores."""
    old, new = {"__a": 1, "b": 1, "__c": 1}, {"__a": 2, "b": 2, "__d": 1}

    assert explain(difference(old, new, {})) == {
        ("__a",): "changed",
        ("b",): "changed",
        ("__c",): "removed",
        ("__d",): "added",
    }
    assert deepdiff({"__a": 1}, {"__a": 2})["values_changed"]


def test_what_is_equal_differs_nowhere() -> None:
    """Two equal documents that share nothing have no difference at all, and no empty one."""
    one = {"o": {"p": [1, {"q": []}]}, "named": named("a", v={"x": 1}), "texts": ["a"]}

    assert difference(one, copied(one), LISTS) == []
    assert difference({"l": [[1], {}]}, {"l": [[1], {}]}, {}) == []


def test_changes_of_a_keyed_list_are_in_the_order_of_their_members() -> None:
    """What goes and what changed stand by their index in the base, what comes by its own."""
    base = {"named": named("a", "b", "c", v=1)}
    proposed = {"named": [*named("a", v=2), *named("n", v=1), *named("c", v=2), *named("z", v=1)]}

    paths = [(change["kind"], change["path"]) for change in shown(base, proposed)]

    assert paths == [
        ("changed", "/named/0/v"),
        ("removed", "/named/1"),
        ("added", "/named/1"),
        ("changed", "/named/2/v"),
        ("added", "/named/3"),
    ]


# Objects


def test_an_object_is_taken_apart_to_its_leaves() -> None:
    """However little of an object stays, each of its keys is a change of its own."""
    base = {"x": {"a": 1, "b": 2, "c": {"d": 3}}}
    proposed = {"x": {"c": {"e": 4}, "f": 5}}

    assert shown(base, proposed) == [
        {"path": "/x/a", "kind": "removed", "old": 1},
        {"path": "/x/b", "kind": "removed", "old": 2},
        {"path": "/x/c/d", "kind": "removed", "old": 3},
        {"path": "/x/c/e", "kind": "added", "new": 4},
        {"path": "/x/f", "kind": "added", "new": 5},
    ]


@pytest.mark.parametrize("new", [[{"a": 1}], "text", None, 1])
def test_an_object_that_becomes_something_else_is_one_change(new: JsonValue) -> None:
    """An object against a list or a scalar is one change with both whole values."""
    old = {"a": {"b": 1}}

    assert shown({"x": old}, {"x": new}) == [
        {"path": "/x", "kind": "changed", "old": old, "new": new}
    ]


def test_null_is_a_value() -> None:
    """A key with null and no key are different, and null is shown."""
    assert shown({"a": None}, {}) == [{"path": "/a", "kind": "removed", "old": None}]
    assert shown({}, {"a": None}) == [{"path": "/a", "kind": "added", "new": None}]


def test_base_order_first_then_what_is_new() -> None:
    """Changes come in the order of the base document's keys, then the new keys in theirs."""
    base = {"z": 1, "named": named("a", "b", "c"), "a": 1}
    proposed = {"new": 1, "a": 2, "named": named("x", "a", v=1), "z": 2, "also": 1}

    assert [change.path for change in compare(base, proposed, LISTS)] == [
        "/z",
        "/named/1/v",
        "/named/0",
        "/named/1",
        "/named/2",
        "/a",
        "/new",
        "/also",
    ]


# Size


@pytest.mark.parametrize("lists", [LISTS, {}])
def test_one_insert_in_front_of_very_many(lists: ListKeys) -> None:
    """A member put first among 20 000 is exactly one change, keyed or not."""
    members = [{"name": f"n{i}", "label": f"l{i}", "type": "text"} for i in range(20_000)]

    changes = compare({"named": members}, {"named": [{"name": "x"}, *copied(members)]}, lists)

    assert changes == (Change("/named/0", "added", new={"name": "x"}),)


def test_very_many_in_another_order() -> None:
    """20 000 members turned around are one change, and are found again."""
    base = {"named": [{"name": f"n{i}", "label": f"l{i}"} for i in range(20_000)]}
    proposed = {"named": copied(base["named"][::-1])}

    assert [change["kind"] for change in shown(base, proposed)] == ["reordered"]


def test_lists_within_lists_are_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of different length, one in the other, are not compared twice at every level."""
    calls = []

    def counted(first: JsonValue, second: JsonValue) -> bool:
        calls.append(first)
        return strictly_equal(first, second)

    monkeypatch.setattr("patcher.documents.diff.strictly_equal", counted)
    old: JsonValue = 1
    new: JsonValue = 2
    for _ in range(12):
        old, new = [old, "end"], [new, "more", "end"]

    assert difference({"x": old}, {"x": new}, {})
    assert len(calls) < 50


def test_long_texts_are_not_diffed_by_line() -> None:
    """Texts of several lines are hidden from deepdiff, which would diff them in square time."""
    asked: list[JsonValue] = []

    class Noted(DeepDiff):
        def __init__(self, *sides: JsonValue, **options: Any) -> None:
            asked.extend(sides)
            super().__init__(*sides, **options)

    found = difference({"x": "a\nb", "y": "a"}, {"x": "a", "y": "a\nc"}, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deepdiff.DeepDiff", Noted)
        kinds = explain(found)

    assert kinds == {("x",): "changed", ("y",): "changed"}
    assert asked
    assert "\\n" not in repr(asked)


def test_changes_that_nobody_sees_are_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an explanation deepdiff is not asked, and the changes are the same."""
    base: Document = {"a": 1, "b": [1], "c": "x"}
    proposed: Document = {"a": True, "b": [1, 2], "d": "x"}
    shown = compare(base, proposed, {})
    monkeypatch.setattr(diff, "explain", None)

    assert compare(base, proposed, {}, explained=False) == shown
    assert len(shown) == 4


def test_where_there_is_nothing_to_explain_deepdiff_is_not_loaded() -> None:
    """The import of deepdiff is paid for only when more than one place differs."""
    program = (
        "import sys\n"
        "from patcher.documents.diff import compare\n"
        "compare({'a': [1]}, {'a': [1]}, {})\n"
        "print('deepdiff' in sys.modules)\n"
        "compare({'a': [1]}, {'a': [2]}, {})\n"
        "print('deepdiff' in sys.modules)\n"
        "compare({'a': [1, 2]}, {'a': [2, 1]}, {})\n"
        "print('deepdiff' in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["False", "False", "True"]


def test_a_change_equals_changes_alone() -> None:
    """A change is no tuple of its parts."""
    assert Change("/a", "added", new=1) != ("/a", "added")


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


@given(documents)
def test_nothing_changed_within_a_document(document: Document) -> None:
    """A document compared with a copy of itself has no changes."""
    assert compare(document, copied(document), LISTS) == ()


@given(pairs())
def test_no_changes_exactly_where_strictly_equal(pair: tuple[Document, Document]) -> None:
    """There are no changes if, and only if, the documents are strictly equal."""
    assert (compare(*pair, LISTS) == ()) == strictly_equal(*pair)


@given(pairs())
def test_changes_make_the_proposed_document(pair: tuple[Document, Document]) -> None:
    """The changes, applied to the base, give the proposed document to the letter."""
    base, proposed = pair

    assert strictly_equal(apply_changes(base, compare(base, proposed, LISTS), LISTS), proposed)


@given(pairs())
def test_changes_are_plain_json(pair: tuple[Document, Document]) -> None:
    """Every change survives a journey through JSON text and still applies."""
    base, proposed = pair
    changes = compare(base, proposed, LISTS)

    read = [Change(**entry) for entry in json.loads(json.dumps([c.to_dict() for c in changes]))]

    assert strictly_equal(apply_changes(base, read, LISTS), proposed)


@given(pairs())
def test_arguments_are_neither_altered_nor_shared(pair: tuple[Document, Document]) -> None:
    """Neither document is altered, and altering one afterwards does not alter the changes."""
    base, proposed = pair
    kept = copied(base), copied(proposed)
    changes = compare(base, proposed, LISTS)
    result = apply_changes(base, changes, LISTS)
    assert strictly_equal(base, kept[0])
    assert strictly_equal(proposed, kept[1])

    for document in (base, proposed, result):
        _wreck(document)

    assert strictly_equal(apply_changes(kept[0], changes, LISTS), kept[1])


def _wreck(value: JsonValue) -> None:
    members = list(value.values()) if type(value) is dict else value
    if type(value) in {dict, list}:
        for member in members:
            _wreck(member)
        value.clear()


@given(pairs())
def test_deepdiff_sees_every_place_by_itself(pair: tuple[Document, Document]) -> None:
    """deepdiff, given the pruned trees, reports each differing place, and none besides."""
    found = difference(*pair, LISTS)

    expected = {one.keys for one in found if one.kind != "reordered"}

    assert explain(found).keys() == expected


@given(pairs())
def test_nothing_rests_on_deepdiff_alone(pair: tuple[Document, Document]) -> None:
    """If deepdiff saw nothing at all, the changes would be the same."""
    base, proposed = pair
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "explain", lambda differing: {})
        without = compare(base, proposed, LISTS)

    assert compare(base, proposed, LISTS) == without


@given(pairs())
def test_the_other_way_round(pair: tuple[Document, Document]) -> None:
    """What one direction adds the other removes, and the number of changes is the same."""
    base, proposed = pair
    forth, back = compare(base, proposed, LISTS), compare(proposed, base, LISTS)

    def count(changes: tuple[Change, ...], kind: str) -> int:
        return sum(change.kind == kind for change in changes)

    assert count(forth, "added") == count(back, "removed")
    assert count(forth, "changed") == count(back, "changed")
    assert count(forth, "reordered") == count(back, "reordered")


@given(pairs())
def test_order_of_keys_changes_nothing(pair: tuple[Document, Document]) -> None:
    """The order of the keys in the proposed document has no influence on what changed."""
    base, proposed = pair
    turned = dict(reversed(proposed.items()))

    assert set(compare(base, proposed, LISTS)) == set(compare(base, turned, LISTS))
