"""The official SDK, unchanged, against the sandbox: proof that others understand it as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox import Sandbox, seed

polytomic = pytest.importorskip("polytomic")
errors = pytest.importorskip("polytomic.core.api_error")


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Any]:
    """The SDK's client, without its retries."""
    import httpx

    with httpx.Client(trust_env=False, timeout=5) as transport:
        yield polytomic.Polytomic(
            token=sandbox.api_key, base_url=sandbox.url, max_retries=0, httpx_client=transport
        )


def test_identity(sandbox: Sandbox, client: Any) -> None:
    """The SDK knows who it is."""
    assert client.identity.get().data.organization_id == sandbox.organization_id


def test_get(sandbox: Sandbox, client: Any) -> None:
    """The SDK reads a model with its typed members."""
    model = client.models.get(id=seed.CONTACTS).data

    assert (model.name, model.version) == ("Contacts", 1)
    assert model.relations[0].to.model_id == seed.ACCOUNTS
    assert [field.name for field in model.fields if field.user_added] == [
        "lead_score",
        "owner_email",
    ]


def test_create_update_remove(sandbox: Sandbox, client: Any, bare: dict[str, Any]) -> None:
    """The SDK creates, replaces and removes a model."""
    made = client.models.create(**bare, identifier="id").data
    assert made.identifier == "id"
    updated = client.models.update(id=made.id, **{**bare, "name": "Renamed"}).data
    assert (updated.name, updated.version) == ("Renamed", 2)
    assert "identifier" not in sandbox.stored(made.id)

    client.models.delete(id=made.id)
    assert made.id not in sandbox.ids()


def test_update_loses_what_it_is_not_given(
    sandbox: Sandbox, client: Any, bare: dict[str, Any]
) -> None:
    """What the SDK's update invites, three fields, clears the rest: the reason for this project."""
    client.models.update(id=seed.CONTACTS, **bare)

    assert set(seed.contacts()) - set(sandbox.stored(seed.CONTACTS)) == {
        "identifier", "additional_fields", "tracking_columns", "relations", "labels", "policies",
        "enricher",
    }  # fmt: skip


def test_list_all_pages(client: Any, sandbox: Sandbox, bare: dict[str, Any]) -> None:
    """The SDK lists every model when the page token is passed on."""
    for number in range(60):
        sandbox.create({**bare, "name": str(number)})
    found: list[str] = []
    query: dict[str, Any] = {"limit": 50}
    while True:
        page = client.models.list(request_options={"additional_query_parameters": query})
        found += [model.id for model in page.data]
        pagination = page.model_dump().get("pagination") or {}
        if not pagination.get("next_page_token"):
            break
        query = {"limit": 50, "page_token": pagination["next_page_token"]}

    assert len(found) == 63
    assert set(found) == set(sandbox.ids())


def test_preview_and_job(sandbox: Sandbox, client: Any, bare: dict[str, Any]) -> None:
    """The SDK begins an asynchronous preview and polls its job."""
    job = client.models.preview(**bare, async_=True).job
    for _ in range(3):
        polled = client.jobs.get(type=job.type, id=job.job_id).data

    assert polled.status == "done"
    assert polled.result["name"] == "Bare"


def test_errors_are_understood(sandbox: Sandbox, client: Any) -> None:
    """The SDK raises its own error, with the API's error form as its body."""
    sandbox.delete(seed.CONTACTS)
    with pytest.raises(errors.ApiError) as caught:
        client.models.get(id=seed.CONTACTS)

    assert caught.value.status_code == 404
    assert "not found" in str(caught.value.body)


def test_syncs(client: Any) -> None:
    """The SDK lists syncs, reads one with its typed members, and asks what runs."""
    items = client.model_sync.list(limit=50).data
    sync = client.model_sync.get(id=items[-1].id).data

    assert items[-1].model_ids == [seed.CONTACTS]
    assert sync.fields[1].source.field == "plan"
    assert sync.identities.mappings[0].function == "Equality"
    assert client.model_sync.get_status(id=sync.id).data.current_execution is None


def test_sample(sandbox: Sandbox, client: Any) -> None:
    """The SDK reads a sample: base fields under the model's id, the enricher's under its own."""
    (record,) = client.models.sample(id=seed.CONTACTS).data.records
    enricher = sandbox.stored(seed.CONTACTS)["enricher"]
    job = client.models.sample(id=seed.CONTACTS, async_=True).job

    assert record[seed.CONTACTS]["first_name"] == "Ada"
    assert record[enricher["enricher_id"]].keys() == {"phone_number", "job_title"}
    assert job.type == "samplemodel"


def test_what_configures_an_enrichment(client: Any) -> None:
    """The SDK asks for the source's settings and the input fields; other connections have none."""
    source = client.models.get_enrichment_source(id=seed.ENRICHMENT).data
    inputs = client.models.post(seed.ENRICHMENT, configuration={"region": "eu"}).data

    assert source.items["region"].items == ["eu", "us"]
    assert ["email"] in inputs
    for ask in (client.models.get_enrichment_source, client.models.post):
        with pytest.raises(errors.ApiError) as caught:
            ask(seed.WAREHOUSE)
        assert caught.value.status_code == 404


def test_connections_and_policies_can_be_read(sandbox: Sandbox, client: Any) -> None:
    """The SDK finds what a model refers to, one by one and in the list."""
    model = sandbox.model(seed.CONTACTS)
    connection = client.connections.get(id=model["connection_id"]).data
    policies = [client.permissions.policies.get(id=one).data for one in model["policies"]]

    assert (connection.name, connection.type.id) == ("Warehouse", model["type"])
    assert connection.id in [one.id for one in client.connections.list().data]
    assert [one.name for one in policies] == ["Models", "Marketing only"]
    assert policies == client.permissions.policies.list().data
    for read in (client.connections.get, client.permissions.policies.get):
        with pytest.raises(errors.ApiError) as caught:
            read(id=seed.CONTACTS)
        assert caught.value.status_code == 404
