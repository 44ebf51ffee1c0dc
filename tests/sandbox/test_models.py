"""The models API: what is read, what a write replaces, what is refused."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from patcher.sandbox.seed import COLUMNS, DATA
from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import Api, ApiFor

SERVERS_OWN = {"id", "type", "version", "created_at", "created_by", "updated_at", "updated_by"}


def test_preview_shows_fields_and_stores_nothing(sandbox: Sandbox, api: Api) -> None:
    """A preview answers with the fields the model would expose; nothing is persisted."""
    model = api.post("/api/model-preview", json=seed.orders()).json()["data"]

    assert [field["name"] for field in model["fields"]][-2:] == ["currency", "total_eur"]
    assert "id" not in model
    assert "version" not in model
    assert len(sandbox.ids()) == 3


def test_preview_of_a_broken_query_is_400(api: Api, bare: dict[str, Any]) -> None:
    """A query the source cannot run is a 400 with the source's message."""
    bare["configuration"] = {"query": "select SYNTAXERROR from t"}
    answer = api.post("/api/model-preview", json=bare)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith('ERROR: syntax error at or near "SYNTAXERROR"')


def test_get_shows_fields_and_labels_as_objects(api: Api) -> None:
    """GET shows fields as objects with ids, and labels as objects with id, name and colour."""
    model = api.model("GET").json()["data"]

    assert [field["name"] for field in model["fields"]] == [
        "id", "email", "first_name", "last_name", "company_id", "plan", "is_active",
        "lead_score", "owner_email",
    ]  # fmt: skip
    assert [field["user_added"] for field in model["fields"]] == [False] * 7 + [True] * 2
    assert [each["id"] for each in model["labels"]] == [seed.LABEL_PRODUCTION, seed.LABEL_REVENUE]
    assert {key for each in model["labels"] for key in each} == {"id", "name", "color"}
    assert set(model) == set(seed.contacts()) - {"additional_fields"} | SERVERS_OWN
    assert set(model["fields"][0]) == {
        "id", "name", "label", "description", "type", "remote_type", "unique", "user_added",
        "example", "created_at", "created_by", "updated_at",
    }  # fmt: skip


def test_stored_is_the_document_as_written(sandbox: Sandbox) -> None:
    """The stored document of a model that uses all twelve writable fields is the one written."""
    assert sandbox.stored(seed.CONTACTS) == seed.contacts()
    assert len(seed.contacts()) == 12


def test_put_of_the_same_document_changes_only_version_and_time(sandbox: Sandbox, api: Api) -> None:
    """A PUT of what is stored moves the version by one and the time, and names the caller."""
    before = sandbox.model(seed.CONTACTS)
    answer = api.model("PUT", json=sandbox.stored(seed.CONTACTS)).json()["data"]

    assert answer == sandbox.model(seed.CONTACTS) == api.model("GET").json()["data"]
    assert answer["version"] == before["version"] + 1
    assert answer["updated_at"] > before["updated_at"]
    assert answer["updated_by"] == {
        "id": api.get("/api/me").json()["data"]["id"], "name": "Sandy Box", "type": "user",
    }  # fmt: skip
    moved = {"version", "updated_at", "updated_by"}
    assert {key for key in before if answer[key] != before[key]} == moved


def test_put_of_three_fields_clears_the_rest(
    sandbox: Sandbox, api: Api, bare: dict[str, Any]
) -> None:
    """A PUT of the documented three fields clears or resets the other writable ones, and widens."""
    api.model("PUT", json=bare)
    stored = sandbox.stored(seed.CONTACTS)

    assert set(stored) == {*bare, "fields", "organization_id"}
    assert {key: stored[key] for key in bare} == bare
    assert set(stored["fields"]) == set(COLUMNS)
    assert stored["organization_id"] == sandbox.organization_id


@pytest.mark.parametrize("fields", [None, []], ids=["null", "empty"])
def test_no_fields_means_every_column(
    sandbox: Sandbox, api: Api, bare: dict[str, Any], fields: Any
) -> None:
    """Null or empty fields open the model to every column of the source."""
    api.model("PUT", json={**bare, "fields": fields})

    assert set(sandbox.stored(seed.CONTACTS)["fields"]) >= set(COLUMNS)


def test_enricher_without_fields_opens_them_all(sandbox: Sandbox, api: Api) -> None:
    """An enricher without fields gets every field of the enricher; one without id is a new one."""
    document = seed.contacts()
    del document["enricher"]["fields"], document["enricher"]["enricher_id"]
    api.model("PUT", json=document)
    enricher = sandbox.stored(seed.CONTACTS)["enricher"]

    assert [each["name"] for each in enricher["fields"]] == [*DATA["enrichment_fields"]]
    assert enricher["enricher_id"] != seed.contacts()["enricher"]["enricher_id"]


def test_unknown_and_read_only_keys_are_ignored(sandbox: Sandbox, api: Api) -> None:
    """Keys a write cannot carry change nothing and are no error."""
    document = sandbox.stored(seed.CONTACTS)
    extra = {"version": 99, "id": str(uuid.uuid4()), "created_at": "never", "filters": [1]}
    answer = api.model("PUT", json={**document, **extra})

    assert answer.status_code == 200
    assert answer.json()["data"]["version"] == 2
    assert sandbox.stored(seed.CONTACTS) == document


def test_a_field_that_keeps_its_name_keeps_its_id(sandbox: Sandbox, api: Api) -> None:
    """Ids of fields survive writes; a field of an unheard-of name becomes a column."""
    document = sandbox.stored(seed.CONTACTS)
    before = {field["name"]: field["id"] for field in sandbox.model(seed.CONTACTS)["fields"]}
    document["fields"] = ["email", "brand_new"]
    document["additional_fields"][0]["label"] = "Score"
    fields = {
        each["name"]: each for each in api.model("PUT", json=document).json()["data"]["fields"]
    }

    assert list(fields) == ["email", "brand_new", "lead_score", "owner_email"]
    assert fields["email"]["id"] == before["email"]
    assert fields["lead_score"]["id"] == before["lead_score"]
    assert fields["lead_score"]["label"] == "Score"
    assert fields["brand_new"]["type"] == "string"


def test_configuration_is_returned_unchanged(api: Api) -> None:
    """Key order, nested nulls, big integers, floats and lone surrogates survive a write."""
    text = (
        '{"z": {"b": null, "a": [null, {}]}, "a": 123456789012345678901234567890, "f": 1.0, '
        '"e": -0.0, "t": true, "s": "\\ud800 \\u001b \\u00e9", "": ""}'
    )
    head = f'{{"name": "N", "connection_id": "{seed.WAREHOUSE}", "configuration": '
    answer = api.model("PUT", data=head + text + "}").text
    fetched = api.model("GET").text

    compact = json.dumps(json.loads(text), separators=(",", ":"))
    assert f'"configuration":{compact},' in answer
    assert f'"configuration":{compact},' in fetched


def test_create_get_delete(sandbox: Sandbox, api: Api, bare: dict[str, Any]) -> None:
    """A created model is at version 1 under a new id, and gone once deleted."""
    made = api.post("/api/models", json=bare).json()["data"]
    assert made["version"] == 1
    assert api.model("GET", made["id"]).json()["data"] == made
    assert sandbox.ids()[-1] == made["id"]

    gone = api.model("DELETE", made["id"])
    assert (gone.status_code, gone.content) == (200, b"")
    assert made["id"] not in sandbox.ids()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_model_is_404(api: Api, bare: dict[str, Any], method: str) -> None:
    """A model that does not exist is a 404 in the API's error form."""
    missing = str(uuid.uuid4())
    answer = api.model(method, missing, json=bare if method == "PUT" else None)

    assert answer.status_code == 404
    assert answer.json() == {
        "key": "not_found", "message": f"model {missing} not found",
        "metadata": {"id": missing}, "status": 404,
    }  # fmt: skip


def test_thirty_two_writers_lose_no_write(sandbox: Sandbox, api_for: ApiFor) -> None:
    """Concurrent PUTs each count: the version ends exactly as far as there were writes."""
    document = sandbox.stored(seed.CONTACTS)

    def write(number: int) -> list[str]:
        api = api_for(sandbox)
        return [
            api.model("PUT", json={**document, "name": f"{number}"}).json()["data"]["updated_at"]
            for _ in range(3)
        ]

    with ThreadPoolExecutor(32) as threads:
        stamps = [stamp for each in threads.map(write, range(32)) for stamp in each]

    assert sandbox.model(seed.CONTACTS)["version"] == 1 + 96
    assert len(set(stamps)) == 96


def test_a_preview_may_show_the_whole_source(api_for: ApiFor, bare: dict[str, Any]) -> None:
    """In its other mode a preview shows every column of the source, but for missing ones."""
    body = {**bare, "configuration": {"query": "select id, plan, seats from t"}, "fields": ["id"]}
    with Sandbox(previews="source", missing_columns=["seats"]) as sandbox:
        shown = api_for(sandbox).post("/api/model-preview", json=body).json()["data"]["fields"]

    assert [field["name"] for field in shown] == ["id", "plan"]
