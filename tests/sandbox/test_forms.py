"""The forms in which a server may store and show a model: the plain ones, and others."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from patcher.sandbox import Sandbox, seed
from tests.sandbox.conftest import ApiFor

AUDIT = {"id", "created_at", "created_by", "updated_at"}


def test_a_server_fills_in_what_an_enricher_leaves_out(api_for: ApiFor) -> None:
    """An id, and what it knows of each field; ids and times of a field are its own to give."""
    given = {"connection_id": seed.ENRICHMENT, "configuration": {}, "mappings": {}}
    fields = [{"name": "employees", "id": str(uuid.uuid4())}, {"name": "odd", "label": "Mine"}]
    with Sandbox(models=1) as sandbox:
        api = api_for(sandbox)
        body = {**seed.contacts(), "enricher": {**given, "fields": fields}}
        shown = api.model("PUT", json=body).json()["data"]["enricher"]
        again = api.model("PUT", json={**body, "enricher": shown}).json()["data"]["enricher"]

    assert str(uuid.UUID(shown["enricher_id"])) == shown["enricher_id"]
    employees, odd = shown["fields"]
    assert employees["label"] == "Employees"
    assert employees["type"] == "number"
    assert employees["id"] != fields[0]["id"]
    assert odd["label"] == "Mine"
    assert odd.keys() >= AUDIT | {"type", "remote_type"}
    assert again == shown


def test_a_server_fills_in_the_organization(api_for: ApiFor) -> None:
    """A model without one is the caller's own organization's."""
    body = {key: value for key, value in seed.contacts().items() if key != "organization_id"}
    with Sandbox(models=1) as sandbox:
        shown = api_for(sandbox).model("PUT", json=body).json()["data"]

        assert shown["organization_id"] == sandbox.organization_id


def test_light_lists_hold_no_content(api_for: ApiFor) -> None:
    """An item has identity and history, and the model itself has the rest."""
    with Sandbox(models=3, light_lists=True) as sandbox:
        (first, *_) = api_for(sandbox).get("/api/models").json()["data"]
        model = sandbox.model(first["id"])

    assert first.items() <= model.items()
    assert first.keys() >= {"id", "name", "type", "version", "connection_id", "updated_at"}
    assert not first.keys() & {"configuration", "fields", "identifier", "policies", "labels"}


def test_blanks_are_echoed_into_the_configuration(api_for: ApiFor) -> None:
    """Keys that were left out are there, blank, and the tracking columns are there twice."""
    with Sandbox(models=1, echo_blanks=True) as sandbox:
        body = {**seed.contacts(), "configuration": {"query": "select 1"}}
        shown = api_for(sandbox).model("PUT", json=body).json()["data"]["configuration"]

    assert shown == {"query": "select 1", "table": "", "tracking_columns": ["email", "plan"]}


@pytest.mark.parametrize(
    ("example", "value"), [("87", 87), ("true", True), ('["a"]', ["a"]), ("Ada", "Ada"), ("", "")]
)
def test_examples_are_answered_as_json(api_for: ApiFor, example: str, value: Any) -> None:
    """Where the text is JSON; what is stored is the text."""
    added = [{"name": "score", "label": "Score", "type": "number", "example": example}]
    with Sandbox(models=1, json_examples=True) as sandbox:
        body = {**seed.contacts(), "additional_fields": added}
        shown = api_for(sandbox).model("PUT", json=body).json()["data"]["fields"][-1]

        assert shown["example"] == value
        assert sandbox.stored(seed.CONTACTS)["additional_fields"] == added


def test_new_keys_are_in_fields_and_labels() -> None:
    """Read-only ones, of which the description says nothing; a user-added field has none."""
    with Sandbox(models=1) as plain, Sandbox(models=1, new_keys=True) as newer:
        old, new = plain.model(seed.CONTACTS), newer.model(seed.CONTACTS)

    assert new["fields"][0].keys() - old["fields"][0].keys() == {"is_primary_key"}
    assert new["fields"][-1] == old["fields"][-1] | {"id": new["fields"][-1]["id"]} | {
        key: new["fields"][-1][key] for key in ("created_at", "updated_at")
    }
    assert new["labels"][0].keys() - old["labels"][0].keys() == {"description", "uses"}


def test_credentials_are_redacted_in_answers_alone() -> None:
    """In either configuration and at any depth; what is stored is what was written."""
    with Sandbox(models=3, redaction="******") as sandbox:
        shown = sandbox.model(seed.CONTACTS)
        stored = sandbox.stored(seed.CONTACTS)

    assert shown["configuration"]["session"] == {"role": "READER", "api_token": "******"}
    assert shown["enricher"]["configuration"] == {"region": "eu", "api_key": "******"}
    assert stored == seed.contacts()


def test_new_ids_at_each_start() -> None:
    """Models and syncs have others in the next sandbox, and refer to each other by them."""
    named = list(vars(seed).values())
    fixed = {value for value in named if isinstance(value, str)}
    with Sandbox(models=4, fixed_ids=False) as one, Sandbox(models=4, fixed_ids=False) as other:
        contacts, accounts, orders, _ = one.ids()
        models = {model_id: one.stored(model_id) for model_id in one.ids()}
        syncs = {sync_id: one.sync(sync_id) for sync_id in one.sync_ids()}
        assert not {*one.ids(), *one.sync_ids()} & {*other.ids(), *other.sync_ids()}

    assert not {*models, *syncs} & fixed
    assert models[contacts]["relations"][0]["to"]["model_id"] == accounts
    assert models[orders]["relations"][0]["to"]["model_id"] == accounts
    text = json.dumps(list(syncs.values()))
    assert contacts in text
    assert not any(model_id in text for model_id in (seed.CONTACTS, seed.ACCOUNTS, seed.ORDERS))
    assert next(iter(syncs)) in json.dumps(list(syncs.values())[-1]["schedule"])
