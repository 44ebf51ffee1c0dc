from __future__ import annotations

import pytest

from patcher.documents.diff import Change
from patcher.documents.rebuilding import apply_changes
from patcher.documents.values import JsonValue
from patcher.errors import InvalidPatchError

from .strategies import LISTS

BASE = {
    "name": "x",
    "flag": 1,
    "config": {"a": {"b": 1}, "list": [1, [2]]},
    "texts": ["a", "b", "c"],
    "named": [{"name": "a", "v": 1}, {"name": "b", "v": 2}],
}

UNFIT = {
    "changed, not there": [Change("/nothing", "changed", 1, 2)],
    "changed, not there deeper": [Change("/config/a/x/y", "changed", 1, 2)],
    "changed, another value there": [Change("/name", "changed", "y", "z")],
    "changed, another type there": [Change("/flag", "changed", True, 2)],
    "changed, below a text": [Change("/name/0", "changed", "x", "z")],
    "changed without a new value": [Change("/name", "changed", "x")],
    "removed, not there": [Change("/nothing", "removed", 1)],
    "removed, another value there": [Change("/texts/0", "removed", "b")],
    "removed, the whole document": [Change("", "removed", BASE)],
    "added, there already": [Change("/name", "added", new="y")],
    "added, a list there already": [Change("/texts", "added", new=[])],
    "added without a value": [Change("/new", "added")],
    "added below nothing": [Change("/new/key", "added", new=1)],
    "added, below a text": [Change("/name/x", "added", new=1)],
    "added beyond the end": [Change("/texts/4", "added", new="z")],
    "added at no index": [Change("/texts/-", "added", new="z")],
    "added at a padded index": [Change("/texts/01", "added", new="z")],
    "added at a foreign digit": [Change("/texts/\u0661", "added", new="z")],
    "added at a huge index": [Change("/texts/" + "9" * 5000, "added", new="z")],
    "added as the whole document": [Change("", "added", new={})],
    "added below what is added": [
        Change("/texts/0", "added", new={}),
        Change("/texts/0/x", "added", new=1),
    ],
    "removed beyond the end": [Change("/texts/3", "removed", "d")],
    "twice": [Change("/name", "changed", "x", "y"), Change("/name", "changed", "x", "z")],
    "below what is removed": [
        Change("/config/a", "removed", {"b": 1}),
        Change("/config/a/b", "changed", 1, 2),
    ],
    "below what is changed": [
        Change("/config", "changed", BASE["config"], 1),
        Change("/config/x", "added", new=2),
    ],
    "reordered, no list": [Change("/name", "reordered", ["x"], ["x"])],
    "reordered, no object": [Change("/config", "reordered", [], [])],
    "reordered, not keyed": [Change("/config/list", "reordered", [1, 2], [2, 1])],
    "reordered, other members": [Change("/texts", "reordered", ["a", "b"], ["b", "a"])],
    "reordered, another order there": [
        Change("/texts", "reordered", ["b", "a", "c"], ["c", "b", "a"])
    ],
    "reordered, one lost": [Change("/texts", "reordered", ["a", "b", "c"], ["b", "a"])],
    "reordered, one twice": [Change("/texts", "reordered", ["a", "b", "c"], ["b", "a", "a"])],
    "reordered, one unknown": [
        Change("/texts", "reordered", ["a", "b", "c"], ["b", "a", "c", "d"])
    ],
    "reordered, no identities": [Change("/named", "reordered", [1, 2], [2, 1])],
    "reordered without orders": [Change("/texts", "reordered", 1, 2)],
    "reordered without an old order": [Change("/texts", "reordered", 1, ["a", "b", "c"])],
    "reordered without a new order": [Change("/texts", "reordered", ["a", "b", "c"], 1)],
    "removed and added in one": [
        Change("/name", "removed", "x"),
        Change("/name", "added", new="y"),
    ],
}


@pytest.mark.parametrize("changes", UNFIT.values(), ids=UNFIT.keys())
def test_changes_of_another_document_are_refused(changes: list[Change]) -> None:
    """Changes that are not about the document are refused, naming a place and no value."""
    with pytest.raises(InvalidPatchError) as caught:
        apply_changes(BASE, changes, LISTS)

    assert caught.value.path in {change.path for change in changes}
    assert caught.value.message == "The change does not fit the document."


@pytest.mark.parametrize(("first", "second"), [(1, True), (0.0, -0.0), ([1], [1.0])])
def test_changes_are_equal_only_with_strictly_equal_values(
    first: JsonValue, second: JsonValue
) -> None:
    """Two changes are the same only where their values have the same types, too."""
    assert Change("/a", "added", new=first) == Change("/a", "added", new=first)
    assert Change("/a", "added", new=first) != Change("/a", "added", new=second)
    assert Change("/a", "removed", old=first) != Change("/a", "added", new=first)
    assert Change("/a", "removed", old=first) != Change("/b", "removed", old=first)
    assert Change("/a", "added", new=first) != "/a"
    assert len({Change("/a", "added", new=first), Change("/a", "added", new=first)}) == 1
