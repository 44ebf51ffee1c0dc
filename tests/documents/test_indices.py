"""Indices mean something else in each document, and are refused for several."""

from __future__ import annotations

import pytest

from patcher.documents.patches import Patch, refuse_indices
from patcher.errors import InvalidPatchError
from patcher.resources.model import MODEL

DOCUMENT = {"configuration": {"hosts": ["a", "b"], "by_number": {"0": "x"}}, "fields": ["id"]}


@pytest.mark.parametrize(
    "patch",
    [
        Patch.json_patch([{"op": "remove", "path": "/fields/0"}]),
        Patch.json_patch([{"op": "replace", "path": "/additional_fields/2/label", "value": "x"}]),
        Patch.json_patch([{"op": "test", "path": "/labels/1", "value": "x"}]),
        Patch.json_patch([{"op": "copy", "from": "/policies/0", "path": "/policies/-"}]),
        Patch.set("relations.0.from", "x"),
        Patch.unset("enricher.fields.3"),
        Patch.set("name", "x") + Patch.unset("fields.0"),
    ],
)
def test_an_index_into_a_known_list_is_refused(patch: Patch) -> None:
    """The shape alone tells, before any document is read."""
    with pytest.raises(InvalidPatchError, match="by its index"):
        refuse_indices(patch, MODEL.shape)


def test_an_index_into_another_list_is_refused_where_it_is_one() -> None:
    """In somebody else's part of the document the document itself tells."""
    patch = Patch.json_patch([{"op": "replace", "path": "/configuration/hosts/0", "value": "x"}])
    refuse_indices(patch, MODEL.shape)

    with pytest.raises(InvalidPatchError, match="/configuration/hosts/0"):
        refuse_indices(patch, MODEL.shape, DOCUMENT)


@pytest.mark.parametrize(
    "patch",
    [
        Patch.json_patch([{"op": "add", "path": "/fields/-", "value": "x"}]),
        Patch.json_patch([{"op": "replace", "path": "/configuration/by_number/0", "value": 1}]),
        Patch.json_patch([{"op": "test", "path": "", "value": {}}]),
        Patch.set("configuration.by_number.0", "x"),
        Patch.add("fields", "x") + Patch.remove("fields", "0"),
        Patch.merge({"configuration": {"hosts": {"0": "x"}}}),
    ],
)
def test_what_is_no_index_is_not_refused(patch: Patch) -> None:
    """The end of a list, a key that is a number, a member by value: the same in every document."""
    refuse_indices(patch, MODEL.shape, DOCUMENT)

    assert patch.steps
