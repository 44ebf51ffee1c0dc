from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from patcher.documents import diff
from patcher.documents.diff import Change, Leaf, _sides, compare, difference, explain, places
from patcher.documents.values import Document, JsonValue, copied, strictly_equal
from tests.documents.rebuilding import apply_changes

from .strategies import LISTS, documents, pairs


@given(documents)
@settings(max_examples=50, deadline=None)
def test_nothing_changed_within_a_document(document: Document) -> None:
    """A document compared with a copy of itself has no changes."""
    assert compare(document, copied(document), LISTS) == ()


@given(pairs())
@settings(max_examples=80, deadline=None)
def test_no_changes_exactly_where_strictly_equal(pair: tuple[Document, Document]) -> None:
    """There are no changes if, and only if, the documents are strictly equal."""
    assert (compare(*pair, LISTS) == ()) == strictly_equal(*pair)


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_changes_make_the_proposed_document(pair: tuple[Document, Document]) -> None:
    """The changes, applied to the base, give the proposed document to the letter."""
    base, proposed = pair

    assert strictly_equal(apply_changes(base, compare(base, proposed, LISTS), LISTS), proposed)


@given(pairs())
@settings(max_examples=40, deadline=None)
def test_changes_are_plain_json(pair: tuple[Document, Document]) -> None:
    """Every change survives a journey through JSON text and still applies."""
    base, proposed = pair
    changes = compare(base, proposed, LISTS)

    read = [Change(**entry) for entry in json.loads(json.dumps([c.to_dict() for c in changes]))]

    assert strictly_equal(apply_changes(base, read, LISTS), proposed)


@given(pairs())
@settings(max_examples=40, deadline=None)
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
@settings(max_examples=80, deadline=None)
def test_deepdiff_sees_every_place_by_itself(pair: tuple[Document, Document]) -> None:
    """deepdiff, given the pruned trees, reports each differing place, and none besides."""
    found = difference(*pair, LISTS)
    if found is None:
        return

    expected = {steps for steps, place in places(found) if isinstance(place, Leaf)}

    assert explain(*_sides(found)).keys() == expected


@given(pairs())
@settings(max_examples=40, deadline=None)
def test_nothing_rests_on_deepdiff_alone(pair: tuple[Document, Document]) -> None:
    """If deepdiff saw nothing at all, the changes would be the same."""
    base, proposed = pair
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "explain", lambda old, new: {})
        without = compare(base, proposed, LISTS)

    assert compare(base, proposed, LISTS) == without


@given(pairs())
@settings(max_examples=40, deadline=None)
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
@settings(max_examples=50, deadline=None)
def test_order_of_keys_changes_nothing(pair: tuple[Document, Document]) -> None:
    """The order of the keys in the proposed document has no influence on what changed."""
    base, proposed = pair
    turned = dict(reversed(proposed.items()))

    assert set(compare(base, proposed, LISTS)) == set(compare(base, turned, LISTS))
