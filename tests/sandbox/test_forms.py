"""The forms in which a server may store and show a model: the plain ones, and others."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import ApiFor

NEW = {**seed.contacts(), "name": "New"}
AUDIT = {"id", "created_at", "created_by", "updated_at"}


@pytest.mark.parametrize("step", [0, 1, 2])
def test_version_step(api_for: ApiFor, step: int) -> None:
    """The version moves by the step with each write, 0 included."""
    with Sandbox(models=1, version_step=step) as sandbox:
        assert api_for(sandbox).model("PUT", json=NEW).json()["data"]["version"] == 1 + step


def test_a_version_of_some_members_only(api_for: ApiFor) -> None:
    """A write that changes none of them leaves the version, and is a write all the same."""
    with Sandbox(models=1, version_of=["fields"]) as sandbox:
        api = api_for(sandbox)
        before = sandbox.model(seed.CONTACTS)
        sandbox.write_as_other(seed.CONTACTS, {"name": "Clients"})
        renamed = api.get(f"/api/models/{seed.CONTACTS}").json()["data"]
        sandbox.write_as_other(seed.CONTACTS, {"fields": ["id"]})

        assert (renamed["name"], renamed["version"]) == ("Clients", 1)
        assert renamed["updated_at"] > before["updated_at"]
        assert sandbox.model(seed.CONTACTS)["version"] == 2


def test_without_version(api_for: ApiFor) -> None:
    """Answers may have no version at all."""
    with Sandbox(models=1, without_version=True) as sandbox:
        assert "version" not in api_for(sandbox).model("GET").json()["data"]


def test_sorted_order(api_for: ApiFor) -> None:
    """The server may answer lists in an order of its own, which is not how they were written."""
    with Sandbox(models=1, order="sorted") as sandbox:
        document = {**seed.contacts(), "tracking_columns": ["plan", "email"]}
        model = api_for(sandbox).model("PUT", json=document).json()["data"]

        assert model["tracking_columns"] == ["email", "plan"]
        names = [field["name"] for field in model["fields"]]
        assert names == sorted(names)
        assert sandbox.stored(seed.CONTACTS) == document


def test_new_field_ids(api_for: ApiFor) -> None:
    """The server may give all fields new ids with every write."""
    with Sandbox(models=1, new_field_ids=True) as sandbox:
        before = {field["id"] for field in sandbox.model(seed.CONTACTS)["fields"]}
        after = api_for(sandbox).model("PUT", json=seed.contacts()).json()["data"]["fields"]

        assert before.isdisjoint(field["id"] for field in after)


def test_default_policies(api_for: ApiFor, bare: dict[str, Any]) -> None:
    """The server may attach a built-in policy where a write names none."""
    with Sandbox(models=1, default_policies=[seed.POLICY_MODELS]) as sandbox:
        answer = api_for(sandbox).model("PUT", json=bare).json()["data"]

        assert answer["policies"] == [seed.POLICY_MODELS]


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
