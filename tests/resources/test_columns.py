"""Where a document speaks of its source's columns."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.resources.findings import Columns
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from patcher.sandbox import seed

assert MODEL.columns is not None
COLUMNS: Columns = MODEL.columns


def test_every_place_that_names_a_column_is_found() -> None:
    """Fields, identifier, tracking columns, relations and additional fields all name columns."""
    found = [("/".join(place), name) for place, name in COLUMNS.references(seed.contacts())]

    assert found[7:] == [
        ("identifier", "id"),
        ("tracking_columns/0", "email"),
        ("tracking_columns/1", "plan"),
        ("relations/0/from", "company_id"),
        ("additional_fields/0/name", "lead_score"),
        ("additional_fields/1/name", "owner_email"),
    ]
    assert [name for _, name in found[:7]] == seed.contacts()["fields"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"fields": None, "identifier": "", "tracking_columns": {}, "relations": [5, {}]},
        {"fields": [5, None, ""], "additional_fields": [{"name": 5}], "identifier": ["id"]},
    ],
)
def test_what_is_not_well_formed_names_nothing(document: dict[str, Any]) -> None:
    """A document that breaks its schema is looked at as far as it goes."""
    assert list(COLUMNS.references(document)) == []


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"name": "New"}, ()),
        ({"fields": ["id"]}, ()),
        ({"fields": []}, ("fields",)),
        ({"fields": None}, ("fields",)),
        (
            {"configuration": {"table": "t"}},
            ("fields", "identifier", "tracking_columns", "relations", "additional_fields"),
        ),
        ({"connection_id": "x", "fields": [], "identifier": None, "tracking_columns": [],
          "relations": [], "additional_fields": []}, ("fields",)),
    ],
)  # fmt: skip
def test_only_another_source_leaves_columns_in_doubt(
    change: dict[str, Any], doubt: tuple[str, ...]
) -> None:
    """Another query, table or connection puts all that names columns in doubt; else nothing is."""
    before = seed.contacts()

    assert COLUMNS.in_doubt(before, {**before, **change}) == doubt


@pytest.mark.parametrize("fields", [None, {}, 5])
def test_a_reading_without_fields_exposes_nothing(fields: Any) -> None:
    """What is no list of fields exposes none."""
    assert COLUMNS.exposed_now(Snapshot({"fields": fields})) == {}


def test_a_reading_exposes_what_has_a_name() -> None:
    """Names come with their ids, where they have one."""
    fields = [{"name": "a", "id": "1"}, {"name": "b", "id": 5}, {"name": 5}, "c"]

    assert COLUMNS.exposed_now(Snapshot({"fields": fields})) == {"a": "1", "b": None}
