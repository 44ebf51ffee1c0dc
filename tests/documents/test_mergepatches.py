"""Merge patches (RFC 7396), and documents that are given whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from patcher.documents.mergepatches import MergePatch, WholeDocument
from patcher.documents.patches import Patch
from patcher.documents.shape import Shape
from patcher.documents.values import MISSING, Document, JsonValue, copied, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.strategies import documents, pairs
from tests.documents.vectors.merge_patch import CASES, EXAMPLE

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})


def _merged(document: Document, patch: Document) -> Document:
    return Patch.merge(patch).apply(document, BARE).document


@pytest.mark.parametrize(("target", "patch", "expected"), [*CASES, EXAMPLE])
def test_the_examples_of_the_standard(target: Any, patch: Any, expected: Any) -> None:
    """RFC 7396, section 3 and appendix A, strictly; neither argument is mutated."""
    before = copied(target), copied(patch)

    assert strictly_equal(_merged(target, patch), expected)
    assert (target, patch) == before


@pytest.mark.parametrize(
    ("patch", "kind"),
    [(["c"], "a list"), ("bar", "text"), (1, "a number"), (None, "null"), (True, "a boolean")],
)
def test_a_patch_that_is_no_object_is_refused(patch: Any, kind: str) -> None:
    """In RFC 7396 it would replace the whole document."""
    with pytest.raises(InvalidPatchError, match=f"must be an object, not {kind}") as caught:
        MergePatch(patch)

    assert caught.value.message.startswith("A merge patch ")

    assert caught.value.path == ""
    assert '{"name":' in str(caught.value.command_hint)


@pytest.mark.parametrize(
    ("make", "what"), [(MergePatch, "A merge patch"), (WholeDocument, "A whole document")]
)
def test_what_json_cannot_say_is_refused_with_its_place(make: Any, what: str) -> None:
    """Which of the two it is, and where in it."""
    with pytest.raises(InvalidPatchError, match=f"{what} is not valid JSON at /a/0") as caught:
        make({"a": [float("nan")]})

    assert caught.value.path == "/a/0"


@pytest.mark.parametrize(
    ("patch", "places"),
    [
        ({"o": {"gone": None}}, ["/o/gone"]),
        ({"o": {"x": None, "none": None, "gone": None}, "a": None}, ["/o/gone"]),
        ({"o": None}, []),
        ({"o": {"gone": 1}}, []),
    ],
)
def test_a_null_that_a_merge_patch_removes_is_warned_of(patch: Any, places: list[str]) -> None:
    """RFC 7396 cannot keep a null: a document that is given back as a patch loses each."""
    document = {"a": 1, "o": {"gone": None, "x": 1}}
    notices = Patch.merge(patch).apply(document, BARE).notices

    assert [one.path for one in notices if one.code == "null-removed"] == places
    assert all("--document" in one.message for one in notices)


@given(documents, documents)
def test_merging_twice_is_merging_once(document: Document, patch: Document) -> None:
    """A merge patch says what is to be, and so is idempotent; it mutates nothing."""
    before = copied(document), copied(patch)
    once = _merged(document, patch)

    assert strictly_equal(_merged(once, patch), once)
    assert strictly_equal(document, before[0])
    assert strictly_equal(patch, before[1])


def test_the_result_shares_nothing_with_the_patch() -> None:
    """Changing the result leaves the patch as it was, so that it can be applied again."""
    patch = Patch.merge({"a": {"b": [1]}})
    patch.apply({}, BARE).document["a"]["b"].append(2)

    assert patch.apply({}, BARE).document == {"a": {"b": [1]}}


def test_the_leaves_of_a_merge_patch_are_what_it_writes() -> None:
    """Null is a removal, and an empty object is a leaf, since it can replace a value."""
    patch = MergePatch({"a": {"b": 1, "c": None, "d": {}}, "e": [{"f": None}]})

    assert list(patch.writes()) == [
        (("a", "b"), 1),
        (("a", "c"), MISSING),
        (("a", "d"), {}),
        (("e",), [{"f": None}]),
    ]


def test_a_whole_document_replaces_everything() -> None:
    """Null at the top removes a member; deeper it is a value."""
    given = {"a": None, "b": {"x": None}, "c": 1}
    applied = Patch.document(given).apply({"a": 1, "b": {"y": 2}}, BARE)

    assert applied.document == {"b": {"x": None}, "c": 1}
    assert list(WholeDocument(given).writes()) == [
        (("a",), MISSING),
        (("b",), {"x": None}),
        (("c",), 1),
    ]


def test_a_whole_document_may_leave_nothing_out() -> None:
    """What it does not name would be lost by omission; all of it is named at once."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch.document({"b": 1}).apply({"a": 1, "b": 2, "c": 3}, BARE)

    assert "leaves out /a, /c." in caught.value.message
    assert caught.value.path == "/a"
    assert "--merge" in str(caught.value.command_hint)


def _without_nulls(value: JsonValue) -> JsonValue:
    """A value without members that are null, which no merge patch can make."""
    if type(value) is dict:
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return value


def _patch_between(first: Document, second: Document) -> Document:
    """The merge patch that leads from one document without nulls to another."""
    patch: Document = {key: None for key in first if key not in second}
    for key, value in second.items():
        other = first.get(key)
        if type(value) is dict and type(other) is dict:
            patch[key] = _patch_between(other, value)
        elif key not in first or not strictly_equal(value, other):
            patch[key] = value
    return patch


@given(pairs())
def test_a_merge_patch_leads_from_any_document_to_any_other(
    pair: tuple[Document, Document],
) -> None:
    """RFC 7396, section 1: all but null can be said, and whatever is not named stays."""
    first, second = map(_without_nulls, pair)
    patch = _patch_between(first, second)
    before = copied(first)

    assert strictly_equal(Patch.merge(patch).apply(first, BARE).document, second)
    assert strictly_equal(first, before)


@given(documents)
def test_a_merge_patch_leaves_no_null_of_its_own(document: Document) -> None:
    """Onto nothing, it makes itself without its nulls, at whatever depth."""
    merged = Patch.merge(document).apply({}, BARE).document

    assert strictly_equal(merged, _without_nulls(document))


def test_nulls_of_the_document_and_in_lists_stay() -> None:
    """Only a null of the patch's own objects removes: others are values."""
    document = {"a": {"b": None, "c": {"d": None}}, "e": [None]}
    patch = {"a": {"c": {"f": [None, {"g": None}]}}}

    assert Patch.merge(patch).apply(document, BARE).document == {
        "a": {"b": None, "c": {"d": None, "f": [None, {"g": None}]}},
        "e": [None],
    }


def test_a_whole_document_is_copied_on_the_way_in_and_out() -> None:
    """Neither the caller nor the result reaches the patch, and there is nothing it depends on."""
    given_one: dict[str, Any] = {"a": [1], "b": None}
    step = WholeDocument(given_one)
    given_one["a"].append(2)
    first = step.apply({}, BARE, [])
    first["a"].append(3)

    assert step.apply({}, BARE, []) == {"a": [1]}
    assert list(step.reads()) == []
