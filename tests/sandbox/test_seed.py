"""The models and syncs to begin with."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import Api, ApiFor

SYNCS = "/api/syncs"


def one(api: Api, sync_id: str) -> dict[str, Any]:
    """What GET shows of a sync."""
    shown: dict[str, Any] = api.get(f"{SYNCS}/{sync_id}").json()["data"]
    return shown


def test_new_ids_at_each_start() -> None:
    """Models and syncs have others in the next sandbox, and refer to each other by them."""
    named = list(vars(seed).values())
    fixed = {value for value in named if isinstance(value, str)}
    with Sandbox(models=4, fixed_ids=False) as one, Sandbox(models=4, fixed_ids=False) as other:
        contacts, accounts, orders, _ = one.ids()
        models = {model_id: one.stored(model_id) for model_id in one.ids()}
        syncs = {sync_id: one.syncs.shown(sync_id) for sync_id in one.syncs.ids()}
        assert not {*one.ids(), *one.syncs.ids()} & {*other.ids(), *other.syncs.ids()}

    assert not {*models, *syncs} & fixed
    assert models[contacts]["relations"][0]["to"]["model_id"] == accounts
    assert models[orders]["relations"][0]["to"]["model_id"] == accounts
    text = json.dumps(list(syncs.values()))
    assert contacts in text
    assert not any(model_id in text for model_id in (seed.CONTACTS, seed.ACCOUNTS, seed.ORDERS))
    assert next(iter(syncs)) in json.dumps(list(syncs.values())[-1]["schedule"])


def test_seeded_models_are_valid_and_always_the_same() -> None:
    """Seeding gives as many models as asked, with the same valid ids and documents each time."""
    once, again = list(seed.documents(25)), list(seed.documents(25))

    assert once == again
    assert len({model_id for model_id, _ in once}) == 25
    assert [str(uuid.UUID(model_id)) for model_id, _ in once] == [each for each, _ in once]


@pytest.mark.parametrize("model_id", [each for each, _ in seed.documents(6)])
def test_seeded_models_round_trip(api_for: ApiFor, model_id: str) -> None:
    """Each seeded model can be written back as it is."""
    with Sandbox(models=6) as sandbox:
        stored = sandbox.stored(model_id)

        assert api_for(sandbox).model("PUT", model_id, json=stored).status_code == 200
        assert sandbox.stored(model_id) == stored


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
