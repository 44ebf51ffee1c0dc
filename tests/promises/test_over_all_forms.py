"""The main scenarios against every form in which a server may store and show a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import patcher
from patcher.documents.diff import compare
from patcher.documents.masks import MASK
from patcher.documents.patches import Patch
from patcher.documents.values import Document
from patcher.resources.model import MODEL
from tests.sandbox import Sandbox, faults, seed

ODD: dict[str, Any] = {
    "light_lists": True,
    "echo_blanks": True,
    "json_examples": True,
    "new_keys": True,
    "new_field_ids": True,
    "order": "sorted",
    "default_policies": [seed.POLICY_MARKETING],
}
FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    **{name: {name: value} for name, value in ODD.items()},
    "redaction": {"redaction": MASK},
    "all at once": {**ODD, "etags": True, "without_version": True},
}
WARNED = {
    "order-not-kept",
    "field-id-changed",
    "overlap-undetectable",
    "example-as-text",
    "known-faults",
}
"""What may be said of a plain change, by the form."""

QUERY = "select id from t"
RENAME = {"name": "Clients"}


@pytest.fixture(scope="module", params=FORMS)
def server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A server of each form, for all scenarios."""
    with Sandbox(**FORMS[request.param]) as running:
        yield running


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unclear write is looked at once."""
    monkeypatch.setattr("patcher.operations.session.DEFAULT_SETTLE_TIMEOUT", 0.0)


@pytest.fixture
def client(server: Sandbox) -> Iterator[patcher.Client]:
    """A client of the server."""
    with patcher.Client(server.url, server.api_key) as connected:
        yield connected


@pytest.fixture
def model(server: Sandbox) -> Iterator[str]:
    """A new model that uses all twelve writable members, without a value to be redacted."""
    document = seed.contacts()
    del document["configuration"]["session"], document["enricher"]["configuration"]["api_key"]
    model_id = server.create(document)
    server.reset_requests()
    yield model_id
    server.delete(model_id)
    server.reset()


def codes(result: patcher.PatchResult) -> set[str]:
    """What is warned of, but for what the form alone is to blame for."""
    return {notice.code for notice in result.warnings} - WARNED


def differing(document: Document, other: Document) -> list[str]:
    """Where two documents differ, whatever the order of the lists that have none."""
    changes = compare(document, other, MODEL.shape.lists)
    return [change.path for change in changes if change.kind != "reordered"]


def replaced(**members: Any) -> list[Document]:
    """A change that replaces members whole."""
    return [{"op": "add", "path": f"/{key}", "value": value} for key, value in members.items()]


def test_a_change_costs_nothing_and_is_undone(
    server: Sandbox, client: patcher.Client, model: str
) -> None:
    """Planned, written, found unchanged, taken back: each is what it is on the plainest server."""
    before = server.stored(model)
    change = {**RENAME, "configuration": {"query": QUERY}}

    planned = patcher.plan_patch(model, change, client=client)
    assert {one.path for one in planned.changes} == {"/name", "/configuration/query"}
    assert server.puts() == []
    written = patcher.patch_model(model, change, client=client)
    after = server.stored(model)
    again = patcher.patch_model(model, change, client=client)
    undone = patcher.undo(model, client=client)

    configuration = {**before["configuration"], "query": QUERY}
    assert differing(after, {**before, **RENAME, "configuration": configuration}) == []
    assert (written.status, again.status, undone.status) == ("applied", "unchanged", "applied")
    assert codes(written) | codes(undone) == set()
    assert differing(server.stored(model), before) == []


def test_the_document_that_is_shown_is_no_change(
    server: Sandbox, client: patcher.Client, model: str
) -> None:
    """Read and given back whole, or left as it is in an edit: nothing is written."""
    document = patcher.plan_patch(model, {}, client=client).document
    change = Patch.document(document)

    assert patcher.patch_model(model, change, client=client).status == "unchanged"
    with patcher.edit_model(model, client=client) as edited:
        assert edited == document
    assert server.puts() == []
    with patcher.edit_model(model, client=client) as edited:
        edited["configuration"]["query"] = QUERY
    assert server.stored(model)["configuration"]["query"] == QUERY


def test_a_saved_plan_is_applied_once(
    server: Sandbox, client: patcher.Client, model: str, tmp_path: Path
) -> None:
    """Applied, and found applied already, though the server stored more than was sent."""
    change = replaced(**{"configuration/query": QUERY}, enricher=enricher(), name="Clients")
    plan = patcher.plan_patch(model, change, client=client)
    saved = patcher.save_plan(plan, tmp_path / "plan.json")

    assert patcher.apply_plan(saved, client=client).status == "applied"
    again = patcher.apply_plan(saved, client=client)

    assert (again.status, len(server.puts(model))) == ("unchanged", 1)
    assert "already-applied" in codes(again)


def test_both_changes_stand(server: Sandbox, client: patcher.Client, model: str) -> None:
    """Somebody writes between the plan and the write: rebased, with nothing of theirs lost."""
    before = server.stored(model)
    theirs = {"identifier": "email", "labels": [seed.LABEL_REVENUE]}
    server.fault(faults.concurrent_write(theirs, "before", method="GET", kind="model", nth=2))

    result = patcher.patch_model(model, RENAME, client=client, on_conflict="rebase")

    assert result.status == "applied"
    assert differing(server.stored(model), {**before, **RENAME, **theirs}) == []


def test_many_models_are_chosen_by_what_they_hold(
    server: Sandbox, client: patcher.Client, model: str
) -> None:
    """A condition on the configuration finds the model, wherever the list leaves it out."""
    other = server.create({**seed.accounts(), "name": "Other"})

    results = list(
        patcher.patch_models(
            None, RENAME, client=client, where=["configuration.warehouse=REPORTING_WH"]
        )
    )
    server.delete(other)

    assert [result.status for result in results] == ["applied"]
    assert server.stored(model)["name"] == "Clients"


def test_a_lost_answer_is_settled(server: Sandbox, client: patcher.Client, model: str) -> None:
    """The write took effect and its answer did not come: a reading proves it."""
    server.fault(faults.drop_after())

    result = patcher.patch_model(model, RENAME, client=client)

    assert (result.status, len(server.puts(model))) == ("applied", 1)


def enricher() -> Document:
    """An enricher as few as it can be: the server fills in the rest."""
    fields = [{"name": "phone_number"}, {"name": "employees"}]
    return {
        "connection_id": seed.ENRICHMENT,
        "configuration": {},
        "fields": fields,
        "mappings": {},
    }


FILLED: dict[str, tuple[Any, set[str]]] = {
    "new enricher": (replaced(enricher=enricher()), {"server-added", "server-default"}),
    "new enricher field": (
        [{"op": "add", "path": "/enricher/fields/-", "value": {"name": "employees"}}],
        {"server-added"},
    ),
    "enricher without its id": ({"enricher": {"enricher_id": None}}, {"server-default"}),
    "without organization": ({"organization_id": None}, {"server-default"}),
    "without policies": ({"policies": None}, set()),
    "new configuration": (replaced(configuration={"query": QUERY}), set()),
    "no tracking columns": (replaced(configuration={"query": QUERY}, tracking_columns=None), set()),
}


@pytest.mark.parametrize("case", FILLED)
def test_what_the_server_fills_in_is_a_warning_there_and_back(
    server: Sandbox, client: patcher.Client, model: str, case: str
) -> None:
    """Written and undone with exit code 0: what was not sent is said, and nothing is blamed."""
    change, expected = FILLED[case]
    before = server.stored(model)

    written = patcher.patch_model(model, change, client=client)
    undone = patcher.undo(model, client=client)

    assert written.status == "applied"
    assert undone.status in {"applied", "unchanged"}
    assert codes(written) >= expected
    assert differing(server.stored(model), before) == []


@pytest.mark.parametrize("case", ["new enricher", "enricher without its id"])
def test_what_the_server_fills_in_proves_no_write(
    server: Sandbox, client: patcher.Client, model: str, case: str
) -> None:
    """The answer is lost, and what is there could be somebody else's: exit code 6."""
    change, _ = FILLED[case]
    server.fault(faults.drop_after())
    with pytest.raises(patcher.OutcomeUnknownError) as caught:
        patcher.patch_model(model, change, client=client)

    assert caught.value.exit_code == 6
    assert len(server.puts(model)) == 1


def test_a_credential_that_is_hidden_has_to_be_given() -> None:
    """It stops the write, unless the change gives the value; whether it is stored is open."""
    with (
        Sandbox(models=3, redaction=MASK) as server,
        patcher.Client(server.url, server.api_key) as client,
    ):
        with pytest.raises(patcher.UnknownFieldError, match="/configuration/password"):
            patcher.patch_model(seed.ORDERS, RENAME, client=client)
        change = {**RENAME, "configuration": {"password": "hunter3"}}
        result = patcher.patch_model(seed.ORDERS, change, client=client)

        assert result.status == "applied"
        assert "hidden-by-server" in codes(result)
        assert server.stored(seed.ORDERS)["configuration"]["password"] == "hunter3"
        server.fault(faults.drop_after())
        with pytest.raises(patcher.OutcomeUnknownError):
            patcher.patch_model(
                seed.ORDERS,
                {"configuration": {"password": "hunter4"}},
                client=client,
            )
