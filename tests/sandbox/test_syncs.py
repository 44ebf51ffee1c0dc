"""The syncs API: lists, single syncs, status, problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import Sandbox, faults, seed
from tests.sandbox.conftest import Api, ApiFor, plain_sync

SYNCS = "/api/syncs"


def one(api: Api, sync_id: str) -> dict[str, Any]:
    """What GET shows of a sync."""
    shown: dict[str, Any] = api.get(f"{SYNCS}/{sync_id}").json()["data"]
    return shown


def test_realistic_models_come_with_their_syncs(sandbox: Sandbox, api: Api) -> None:
    """Where the three realistic models are, so are four syncs, the last written listed first."""
    items = api.get(SYNCS).json()["data"]

    assert [item["name"] for item in items] == [
        "Renewal reminders", "Orders to Sheets", "Accounts to HubSpot", "Contacts to Salesforce",
    ]  # fmt: skip
    assert [item["id"] for item in reversed(items)] == sandbox.syncs.ids()
    assert items[-1]["model_ids"] == [seed.CONTACTS]
    assert "problems" not in one(api, seed.CONTACTS_TO_SALESFORCE)


def test_fewer_models_have_no_syncs() -> None:
    """A sandbox without all of the realistic models has no syncs that would refer to them."""
    with Sandbox(models=2) as sandbox:
        assert sandbox.syncs.ids() == []


def test_list_items_are_light(api: Api) -> None:
    """The list shows what a sync is and when it runs, but neither mappings nor filters."""
    item = api.get(SYNCS).json()["data"][-1]

    assert item["schedule"] == {"frequency": "hourly", "minute": "15"}
    assert (item["target_connection_id"], item["target_object"]) == (
        seed.SALESFORCE,
        "Contact",
    )
    assert {"fields", "identities", "model_filters", "target"} & set(item) == set()


def test_the_older_version_lists_whole_syncs(api: Api) -> None:
    """As of 2024-02-08 the items of the list are the syncs themselves."""
    headers = {"X-Polytomic-Version": "2024-02-08"}
    item = api.get(SYNCS, headers=headers).json()["data"][-1]

    assert item == one(api, seed.CONTACTS_TO_SALESFORCE)


def test_all_pages_hold_every_sync_once(sandbox: Sandbox, api: Api) -> None:
    """Paging by token shows every sync once, at most fifty a page."""
    made = {sandbox.syncs.create(plain_sync(number)) for number in range(101)}
    found: list[str] = []
    sizes, token = [], None
    while True:
        query = {"limit": 500, **({"page_token": token} if token else {})}
        answer = api.get(SYNCS, params=query).json()
        sizes.append(len(answer["data"]))
        found += [item["id"] for item in answer["data"]]
        token = answer["pagination"].get("next_page_token")
        if not token:
            break

    assert sizes == [50, 50, 5]
    assert len(found) == len(set(found))
    assert set(found) == made | set(sandbox.syncs.ids())


def test_lists_can_be_filtered(sandbox: Sandbox, api: Api) -> None:
    """The list takes the documented filters, also across what would be several pages."""
    for number in range(120):
        sandbox.syncs.create(plain_sync(number))

    def names(**query: Any) -> list[str]:
        return [item["name"] for item in api.get(SYNCS, params=query).json()["data"]]

    assert names(active="false", mode="replace") == ["Orders to Sheets"]
    assert names(mode="create") == ["Renewal reminders"]
    assert names(target_connection_id=seed.SHEETS) == ["Orders to Sheets"]
    assert len(names(active="true", mode="update")) == 50


def test_both_spellings_of_identities_and_filters(sandbox: Sandbox, api: Api) -> None:
    """GET shows identities and filters in the newer spelling and in the deprecated one."""
    target = {
        "field": "Status", "function": "Equality", "label": "A",
        "value_source": {"model_id": seed.CONTACTS, "field": "plan"},
    }  # fmt: skip
    sandbox.syncs.merge(seed.CONTACTS_TO_SALESFORCE, {"target_filters": {"conditions": [target]}})
    shown = one(api, seed.CONTACTS_TO_SALESFORCE)
    ids = {field["name"]: field["id"] for field in sandbox.model(seed.CONTACTS)["fields"]}

    assert shown["identity"] == shown["identities"]["mappings"][0]
    assert shown["filters"] == [
        {
            "field_type": "Model", "function": "True", "label": "A",
            "field": {"model_id": seed.CONTACTS, "field": "is_active"},
            "field_id": ids["is_active"],
        },
        {
            "field_type": "Target", "function": "Equality", "label": "A", "field_id": "Status",
            "value_field": {"model_id": seed.CONTACTS, "field": "plan"},
        },
    ]  # fmt: skip


def test_a_dropped_field_is_a_problem(sandbox: Sandbox, api: Api) -> None:
    """A reference to a field that is gone is a problem, by name and by id, with its path."""
    sandbox.write_as_other(seed.CONTACTS, {"fields": ["id", "email", "is_active"]})
    found = one(api, seed.CONTACTS_TO_SALESFORCE)["problems"]

    assert [(each["path"], each["severity"]) for each in found] == [
        ("fields[1].source", "error"),
        ("overrides[0].field_id", "error"),
    ]
    assert found[0]["message"] == "field plan of model Contacts not found"


def test_a_deleted_model_is_a_problem(sandbox: Sandbox, api: Api) -> None:
    """A sync whose model is gone says so for each reference, and is there all the same."""
    sandbox.delete(seed.ORDERS)
    found = one(api, seed.ORDERS_TO_SHEETS)["problems"]

    assert {each["code"] for each in found} == {"unknown_model"}
    assert len(found) == 2


def test_an_enriched_field_can_be_referred_to(sandbox: Sandbox, api: Api) -> None:
    """The fields of a model's enricher are there for its syncs."""
    source = {"model_id": seed.CONTACTS, "field": "job_title"}
    made = sandbox.syncs.create(plain_sync(1, fields=[{"source": source, "target": "Title"}]))

    assert "problems" not in one(api, made)


def test_status_says_what_runs(sandbox: Sandbox, api: Api) -> None:
    """The status shows the execution that runs, and then the one that ran last."""
    path = f"{SYNCS}/{seed.ORDERS_TO_SHEETS}/status"
    assert api.get(path).json()["data"] == {}
    sandbox.run_sync(seed.ORDERS_TO_SHEETS)
    assert api.get(path).json()["data"]["current_execution"]["status"] == "running"
    sandbox.run_sync(seed.ORDERS_TO_SHEETS, running=False)
    sandbox.run_sync(seed.ORDERS_TO_SHEETS, running=False)

    status = api.get(path).json()["data"]
    assert set(status) == {"last_execution"}
    assert status["last_execution"]["status"] == "completed"


@pytest.mark.parametrize("path", ["", "/status"])
def test_an_unknown_sync_is_404(sandbox: Sandbox, api: Api, path: str) -> None:
    """A sync that was never there, or is deleted, is a 404 in the API's error form."""
    sandbox.syncs.delete(seed.RENEWALS)
    answer = api.get(f"{SYNCS}/{seed.RENEWALS}{path}")

    assert (answer.status_code, answer.json()["key"]) == (404, "not_found")
    for act in (sandbox.syncs.shown, sandbox.syncs.delete, sandbox.run_sync):
        with pytest.raises(KeyError):
            act(seed.RENEWALS)


def test_syncs_survive_a_restart(tmp_path: Path) -> None:
    """Syncs in a file are there again after a restart, with what was changed."""
    with Sandbox(models=3, db=tmp_path / "syncs.db") as first:
        first.syncs.merge(seed.RENEWALS, {"active": False})
        before = [first.syncs.shown(each) for each in first.syncs.ids()]
    with Sandbox(models=3, db=tmp_path / "syncs.db") as second:
        assert [second.syncs.shown(each) for each in second.syncs.ids()] == before
        added = second.syncs.shown(second.syncs.create(plain_sync(1)))

    assert added["updated_at"] > max(each["updated_at"] for each in before)


def test_syncs_can_be_scripted(sandbox: Sandbox, api: Api) -> None:
    """Syncs can be made, changed, run and deleted, and the API shows it."""
    made = sandbox.syncs.create(plain_sync(7))
    sandbox.syncs.merge(made, {"name": "Renamed"})
    sandbox.run_sync(made, running=True)

    assert made in sandbox.syncs.ids()
    assert one(api, made)["name"] == "Renamed"
    assert "current_execution" in api.get(f"{SYNCS}/{made}/status").json()["data"]
    sandbox.syncs.delete(made)
    assert api.get(f"{SYNCS}/{made}").status_code == 404


def test_faults_meet_syncs(sandbox: Sandbox, api: Api) -> None:
    """A fault can be scripted for the list, for one sync and for its status."""
    for kind in ("syncs", "sync", "status"):
        sandbox.fault(faults.status_before(403, method="GET", kind=kind))
    one_path = f"{SYNCS}/{seed.RENEWALS}"

    assert [api.get(path).status_code for path in (SYNCS, one_path, f"{one_path}/status")] == [
        403, 403, 403,
    ]  # fmt: skip


def test_syncs_see_the_ids_that_the_model_shows(api_for: ApiFor) -> None:
    """Where each write gives every field a new ID, a reference by the old one is broken."""
    with Sandbox(models=3, new_field_ids=True) as sandbox:
        before = {one["id"] for one in sandbox.model(seed.CONTACTS)["fields"]}
        sandbox.write_as_other(seed.CONTACTS, {"name": "X"})
        after = {one["id"] for one in sandbox.model(seed.CONTACTS)["fields"]}
        shown = str(api_for(sandbox).get("/api/syncs/" + seed.CONTACTS_TO_SALESFORCE).json())

        assert before.isdisjoint(after)
        assert any(one in shown for one in after)


def test_a_scripted_answer_is_checked_against_the_description(api_for: ApiFor) -> None:
    """So that no test rests on a form that the API cannot have."""
    with Sandbox(models=3) as sandbox:
        sandbox.run_sync(seed.CONTACTS_TO_SALESFORCE)
        sandbox._executions[seed.CONTACTS_TO_SALESFORCE]["current_execution"]["status"] = 5
        answer = api_for(sandbox).get(f"/api/syncs/{seed.CONTACTS_TO_SALESFORCE}/status")

    assert answer.status_code == 500
    assert answer.json()["key"] == "sandbox_response_violates_description"
