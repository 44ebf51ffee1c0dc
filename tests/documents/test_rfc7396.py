"""Merge patches on documents made up at random: what they do, and to whom."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from patcher.documents.mergepatches import WholeDocument
from patcher.documents.patches import Patch
from patcher.documents.shape import Shape
from patcher.documents.values import Document, JsonValue, copied, strictly_equal
from tests.documents.strategies import documents, pairs

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})


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
