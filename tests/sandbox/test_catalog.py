"""The columns that a query selects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        ({"query": "select c.id, plan as tier\n from t"}, ["id"]),
        ({"query": "SELECT\n  ID, id, x.plan FROM t"}, ["id", "plan"]),
        ({"query": "select count(*) as n, id from t"}, ["id", "plan", "nowhere"]),
        ({"query": 5}, ["id", "plan", "nowhere"]),
        ({"table": "public.contacts"}, ["id", "plan", "nowhere"]),
    ],
)
def test_a_preview_believes_a_plain_query(
    api: Api, bare: dict[str, Any], configuration: Any, found: list[str]
) -> None:
    """A preview shows the listed fields that a plain query selects; of other sources, all."""
    body = {**bare, "configuration": configuration, "fields": ["id", "plan", "nowhere"]}
    shown = api.post("/api/model-preview", json=body).json()["data"]["fields"]

    assert [field["name"] for field in shown] == found
