"""Renames are told from a member that goes while another comes."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.patches import Patch, Renamed, renames
from patcher.resources.model import MODEL

DOCUMENT: dict[str, Any] = {
    "name": "Contacts",
    "connection_id": "248df4b7-aa70-47b8-a036-33ac447e668d",
    "configuration": {"parts": ["x", "y"]},
    "fields": ["id", "email", "plan"],
    "additional_fields": [{"name": "score", "label": "Score", "type": "number"}],
    "relations": [{"from": "id", "to": {"model_id": "m", "field": "id"}}],
}
FIELDS, ADDED = ("fields",), ("additional_fields",)


def found(patch: Patch) -> tuple[Renamed, ...]:
    """What a patch says to be called otherwise."""
    return renames(patch.steps, DOCUMENT, MODEL.shape)


def operation(op: str, path: str, **more: Any) -> dict[str, Any]:
    """One operation of a JSON Patch."""
    return {"op": op, "path": path, **more}


@pytest.mark.parametrize(
    ("patch", "renamed"),
    [
        (Patch.set("fields.2", "tier"), [Renamed(FIELDS, "plan", "tier")]),
        (Patch.set("/additional_fields/0/name", "rank"), [Renamed(ADDED, "score", "rank")]),
        (
            Patch.json_patch([operation("replace", "/fields/1", value="mail")]),
            [Renamed(FIELDS, "email", "mail")],
        ),
        (
            Patch.set("fields.2", "a") + Patch.set("fields.2", "b"),
            [Renamed(FIELDS, "plan", "a"), Renamed(FIELDS, "a", "b")],
        ),
        (
            Patch.json_patch(
                [operation("remove", "/fields/0"), operation("replace", "/fields/1", value="tier")]
            ),
            [Renamed(FIELDS, "plan", "tier")],
        ),
    ],
)
def test_another_name_in_the_place_of_a_member_is_a_rename(
    patch: Patch, renamed: list[Renamed]
) -> None:
    """A change that writes another name where one stood says that it is the same member."""
    assert list(found(patch)) == renamed


@pytest.mark.parametrize(
    "patch",
    [
        Patch.merge({"fields": ["id", "email", "tier"]}),
        Patch.remove("fields", "plan") + Patch.add("fields", "tier"),
        Patch.json_patch(
            [operation("remove", "/fields/2"), operation("add", "/fields/2", value="tier")]
        ),
        Patch.json_patch([operation("move", "/fields/0", **{"from": "/fields/2"})]),
        Patch.set("fields.2", "plan"),
        Patch.set("fields.-", "tier"),
        Patch.set("additional_fields.0.label", "Rank"),
        Patch.set("/relations/0/from", "email"),
        Patch.set("/configuration/parts/0", "z"),
        Patch.set("name", "Customers"),
    ],
)
def test_one_that_goes_while_another_comes_is_no_rename(patch: Patch) -> None:
    """Two lists alone say nothing, nor do moves, nor members that are not known by one text."""
    assert found(patch) == ()


def test_a_list_that_is_made_or_replaced_whole_is_none() -> None:
    """Where there was no list before the write, nothing in it can have been renamed."""
    patch = Patch.unset("fields") + Patch.json_patch([operation("add", "/fields", value=["x"])])
    patch += Patch.set("fields.0", "y")

    assert found(patch) == (Renamed(FIELDS, "x", "y"),)
    assert found(Patch.json_patch([operation("add", "/labels", value=[])])) == ()
    first = Patch.json_patch([operation("add", "/labels", value=["a"])])
    assert found(first + Patch.set("labels.-", "b")) == ()


def test_a_member_without_a_name_is_none() -> None:
    """A member that has no identity is not followed."""
    document = {**DOCUMENT, "additional_fields": [{"label": "Score"}]}
    patch = Patch.set("/additional_fields/0/name", "rank")

    assert renames(patch.steps, document, MODEL.shape) == ()
