"""What each tool does: reading, planning, writing, undoing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest

import patcher
from patcher.documents.patches import Patch
from patcher.documents.values import strictly_equal
from patcher.journal import Journal
from patcher.mcp.agent import Agent as Tools
from patcher.mcp.tools import tools
from patcher.operations import Session
from tests.mcp.conftest import Agent
from tests.sandbox import faults, seed


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The properties that a change of the name lost or altered."""
    kept = [key for key in before if key != "name"]
    return [key for key in kept if not strictly_equal(before[key], after.get(key))]


def test_three_documented_fields_lose_eight_and_a_plan_loses_none(agent: Agent) -> None:
    """The comparison: the API's own example, and the same wish through the tools."""
    by_put, by_plan = agent.new_model(), agent.new_model()
    before = agent.sandbox.stored(by_put)
    body = {key: before[key] for key in ("connection_id", "configuration")} | {"name": "Clients"}
    with patcher.Client(agent.sandbox.url, agent.sandbox.api_key) as client:
        client.put("/api/models", by_put, body, idempotency_key=f"bare-{by_put}")

    done = agent.call("apply_plan", **agent.plan(by_plan, "name=Clients").plan)

    assert len(before) == 12
    assert len(lost(before, agent.sandbox.stored(by_put))) == 8
    assert lost(before, agent.sandbox.stored(by_plan)) == []
    assert (done.data["status"], done.is_error) == ("applied", False)


def test_models_are_listed_filtered_and_paged(agent: Agent) -> None:
    """The list as text and as JSON, all of it or what fits the conditions."""
    some = agent.call("list_models", where=["name~=^(Acc|Ord|Cont)", "policies~=.*"])
    page = agent.call("list_models", limit=1, offset=1)
    one = agent.call("list_models", where=["name=Accounts"])

    assert {"Orders", "Accounts"} <= {one["name"] for one in some.data["models"]}
    assert [len(page.data["models"]), page.data["total"]] == [1, len(agent.sandbox.ids())]
    assert "Shown: 1, from offset 1." in page.text
    assert [row["name"] for row in one.data["models"]] == ["Accounts"]
    assert f"| {seed.ACCOUNTS}  Accounts" in one.text


def test_a_model_is_read_with_its_credentials_masked(agent: Agent) -> None:
    """The whole document, or one value of it; the mask in the place of each credential."""
    whole = agent.call("get_model", model="Contacts")
    one = agent.call("get_model", model="Contacts", path="/configuration/warehouse")
    secret = agent.call("get_model", model="Contacts", path="configuration.session")

    assert whole.data["document"]["identifier"] == "id"
    assert whole.data["version"] == 1
    assert '|   "identifier": "id",' in whole.text
    assert one.data["value"] == "REPORTING_WH"
    assert secret.data["value"]["api_token"] == "********"


def test_a_long_text_is_read_in_pieces(agent: Agent) -> None:
    """A query of any length can be read whole; an answer stays bounded."""
    query = "select " + ", ".join(f"column_{i}" for i in range(3000))
    document = agent.sandbox.stored(seed.CONTACTS)["configuration"]
    model = agent.new_model(configuration={**document, "query": query})
    pieces, start = [], 0
    while start < len(query):
        reply = agent.call("get_model", model=model, path="configuration.query", offset=start)
        pieces.append(reply.data["value"])
        start = reply.data["end"]
        assert len(reply.text) < 16_000

    whole = agent.call("get_model", model=model)

    assert "".join(pieces) == query
    assert "characters in all" in whole.data["document"]["configuration"]["query"]
    assert len(whole.text) + len(json.dumps(whole.data)) < 30_000


def test_a_place_that_is_not_there_is_an_error(agent: Agent) -> None:
    """A path without a value, and a model that does not exist, with what to do."""
    path = agent.call("get_model", model="Contacts", path="configuration.nosuch")
    model = agent.call("get_model", model="Contcats")

    assert (path.is_error, path.data["exit_code"]) == (True, 2)
    assert (model.is_error, model.data["exit_code"]) == (True, 3)
    assert "Did you mean 'Contacts'?" in model.text


@pytest.mark.parametrize(
    "change",
    [
        {"set": ["name=Clients"]},
        {"merge_patch": '{"name": "Clients"}'},
        {"json_patch": '[{"op": "replace", "path": "/name", "value": "Clients"}]'},
    ],
)
def test_every_form_of_change_makes_the_same_plan(agent: Agent, change: dict[str, Any]) -> None:
    """Items, a merge patch and a JSON Patch; the plan is whole in the text and in the JSON."""
    model = agent.new_model(name="Before")
    plan = agent.plan(model, **change)

    (only,) = plan.data["changes"]
    assert only == {"path": "/name", "kind": "changed", "old": "Before", "new": "Clients"}
    assert plan.data["summary"] == "1 change, 9 preserved: /name"
    for part in (plan.data["plan_id"], plan.data["summary"], '+ "Clients"', "Preserved"):
        assert part in plan.text
    assert agent.sandbox.puts() == []
    assert agent.sandbox.model(model)["version"] == 1


def test_a_whole_document_and_removals(agent: Agent) -> None:
    """A document must have every key; unset removes a value, and the plan shows it as cleared."""
    model = agent.new_model()
    with patcher.Client(agent.sandbox.url, agent.sandbox.api_key) as client:
        document = patcher.get_model(model, client=client)
    cleared = agent.plan(model, unset=["identifier"])
    whole = agent.call("plan_change", model=model, document=json.dumps({"name": "x"}))
    secret = document["configuration"]["session"]["api_token"]
    same = agent.call("plan_change", model=model, document=json.dumps(document))

    assert cleared.data["cleared"] == ["/identifier"]
    assert whole.data["exit_code"] == 2
    assert (same.data["status"], "plan_id" in same.data) == ("unchanged", False)
    assert secret not in same.text


def test_items_of_lists_are_added_and_removed(agent: Agent) -> None:
    """The same items as on the command line."""
    plan = agent.plan(agent.new_model(), "fields+=phone", "fields-=plan")

    assert {change["path"] for change in plan.data["changes"]} == {"/fields/5", "/fields/6"}


def test_an_at_sign_is_a_text(agent: Agent) -> None:
    """No tool reads a file: in every form of change an @ is part of the value."""
    plan = agent.plan(agent.new_model(), "name=@/etc/hostname")
    refused = agent.call("plan_change", model="Contacts", set=["name:=@/etc/hostname"])
    whole = agent.call("plan_change", model="Contacts", merge_patch="@/etc/hostname")

    assert plan.data["changes"][0]["new"] == "@/etc/hostname"
    assert (refused.data["exit_code"], whole.data["exit_code"]) == (2, 2)
    assert "FILE" not in refused.text + whole.text


def test_a_mask_is_never_written(agent: Agent) -> None:
    """The mask that get_model shows is refused as a value, in any form of change."""
    model = agent.new_model()
    shown = agent.call("get_model", model=model).data["document"]
    merge = {"configuration": shown["configuration"] | {"warehouse": "W2"}}
    for change in (
        {"merge_patch": json.dumps(merge)},
        {"document": json.dumps(shown)},
        {"set": ["configuration.session.api_token=********"]},
    ):
        reply = agent.call("plan_change", model=model, **change)
        assert (reply.is_error, reply.data["exit_code"]) == (True, 2)
        assert "plan_id" not in reply.data


@pytest.mark.parametrize(
    "patch",
    [
        '{"name": "a", "name": "b"}',
        '{"configuration": {"limit": NaN}}',
        '{"configuration": {"limit": 0.1000000000000000055511151231257827}}',
        "null",
        "yes",
        "[]",
    ],
)
def test_a_merge_patch_is_read_strictly(agent: Agent, patch: str) -> None:
    """Duplicate keys, NaN, rounding, and what is no object are refused by name."""
    reply = agent.call("plan_change", model="Contacts", merge_patch=patch)

    assert (reply.is_error, reply.data["exit_code"]) == (True, 2)
    assert "merge_patch" in reply.text


def test_only_one_form_of_change(agent: Agent) -> None:
    """None, and two at once, are refused."""
    none = agent.call("plan_change", model="Contacts")
    two = agent.call("plan_change", model="Contacts", set=["name=a"], merge_patch="{}")
    wrong = agent.call("plan_change", model="Contacts", json_patch="{}")

    assert [none.data["exit_code"], two.data["exit_code"], wrong.data["exit_code"]] == [2, 2, 2]


def test_a_preview_asks_the_source_and_writes_nothing(agent: Agent) -> None:
    """Which fields would be exposed, and who depends on the model; the plan stays as it is."""
    plan = agent.plan(seed.CONTACTS, "fields-=plan")
    seen = agent.call("preview_change", plan_id=plan.data["plan_id"])
    other = agent.call("preview_change", plan_id="plan-000000000000")

    assert seen.data["preview"]["state"] == "done"
    assert "Downstream" in seen.text
    assert seen.plan == plan.plan
    assert agent.sandbox.puts() == []
    assert other.data["exit_code"] == 2


def test_what_only_the_source_knows_is_named(agent: Agent) -> None:
    """A plan says what is unknown, in the words of the tools; a source that refuses says why."""
    model = agent.new_model()
    plan = agent.plan(model, "configuration.query=select nosuch from nowhere")
    agent.sandbox.fault(faults.status_before(422, kind="preview", method="POST"))
    refused = agent.call("preview_change", plan_id=plan.data["plan_id"])

    assert "Unknown without preview_change:" in plan.text
    assert plan.data["needs_preview"][0] == "/fields"
    assert "--preview" not in plan.text
    assert (refused.is_error, refused.data["preview"]["state"]) == (False, "refused")


def test_a_spent_plan_answers_with_its_outcome(agent: Agent) -> None:
    """An agent that calls again after a timeout learns the outcome, and writes nothing."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    first = agent.call("apply_plan", **plan)
    again = agent.call("apply_plan", **plan)

    assert (first.data["status"], again.data["status"]) == ("applied", "applied")
    assert again.data["journal_entry"] == first.data["journal_entry"]
    assert "used up" in again.text
    assert len(agent.sandbox.puts(model)) == 1
    assert len(agent.questions) == 1


def test_another_process_answers_from_the_journal(agent: Agent) -> None:
    """A client that starts a process for each call learns the outcome of an earlier one."""
    plan = agent.plan(agent.new_model(), "name=Clients").plan
    done = agent.call("apply_plan", **plan)
    with patcher.Client(agent.sandbox.url, agent.sandbox.api_key) as client:
        session = Session(client, Journal(agent.folder / "state" / "journal"))
        other = Tools(session, lambda text, masks: Patch(()), read_only=False, yes=False)
        found = other.spent(plan["plan_id"])

    jsonschema.validate(found.data, tools(read_only=False)["apply_plan"].tool["outputSchema"])
    assert (found.data["status"], found.is_error) == ("applied", False)
    assert found.data["journal_entry"] == done.data["journal_entry"]
    assert "earlier process" in found.text


def test_the_arguments_are_those_of_the_plan(agent: Agent) -> None:
    """Dialogs show the arguments, so another model or summary writes nothing; the ID stays."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    for wrong in ({"model": "Orders"}, {"summary": "nothing of importance"}):
        reply = agent.call("apply_plan", **{**plan, **wrong})
        assert (reply.is_error, reply.data["exit_code"]) == (True, 2)
        assert agent.questions == []

    assert agent.call("apply_plan", **{**plan, "model": model}).data["status"] == "applied"


def test_an_id_that_was_never_shown_is_refused(agent: Agent) -> None:
    """It may come from another process: the error says so."""
    reply = agent.call("apply_plan", plan_id="plan-0123456789ab", model="x", summary="y")

    assert (reply.is_error, reply.data["exit_code"]) == (True, 2)
    assert "process" in reply.text
    assert agent.questions == []


def test_a_write_is_undone_by_a_plan(agent: Agent) -> None:
    """The undo is planned, shown and applied as every change is."""
    model = agent.new_model()
    before = agent.sandbox.stored(model)
    done = agent.call("apply_plan", **agent.plan(model, "name=Clients", unset=["labels"]).plan)
    undo = agent.call("plan_undo", target=done.data["journal_entry"])
    undone = agent.call("apply_plan", **undo.plan)
    listed = agent.call("history", target=model)
    one = agent.call("history", target=done.data["journal_entry"])

    assert undone.data["status"] == "applied"
    assert strictly_equal(agent.sandbox.stored(model), before)
    assert [row["state"] for row in listed.data["entries"]] == ["applied", "applied"]
    assert listed.data["entries"][0]["undoes"] == done.data["journal_entry"]
    assert one.data["entries"][0]["changes"] == ["/name", "/labels"]
    assert "patch-model undo" not in one.text


def test_a_plan_that_is_there_already_writes_nothing(agent: Agent) -> None:
    """Someone else made the same change: said as such, and the ID can still be asked about."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    agent.sandbox.write_as_other(model, {"name": "Clients"})
    reply = agent.call("apply_plan", **plan)

    assert (reply.data["status"], reply.is_error) == ("unchanged", False)
    assert "already-applied" in {one["code"] for one in reply.data["warnings"]}
    assert agent.questions == []


def test_two_calls_at_once_do_not_mix(agent: Agent) -> None:
    """Each gets the answer of its own plan, and each plan is written once."""
    models = [agent.new_model(name=f"Model {i}") for i in range(4)]

    def change(model: str) -> tuple[str, str]:
        plan = agent.plan(model, f"identifier=of {model}")
        done = agent.call("apply_plan", **plan.plan)
        return plan.data["model_id"], done.data["changes"][0]["new"]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(change, models))

    assert found == [(model, f"of {model}") for model in models]
    assert [agent.sandbox.stored(model)["identifier"] for model in models] == [
        f"of {model}" for model in models
    ]


def test_one_plan_in_two_calls_at_once_is_written_once(agent: Agent) -> None:
    """The second learns that the first is asked or written, or its outcome."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: agent.call("apply_plan", **plan), range(4)))

    statuses = {one.data["status"] for one in replies}
    assert "applied" in statuses
    assert statuses <= {"applied", "asking", "writing", "open"}
    assert len(agent.sandbox.puts(model)) == 1


def test_unknown_and_wrong_arguments_are_refused(agent: Agent) -> None:
    """Never dropped in silence; a value is not repeated, for it may be a password."""
    for arguments, words in (
        ({"model": "Contacts", "sett": ["a=b"]}, 'Did you mean "set"?'),
        ({"model": "Contacts", "set": "name=hunter9"}, "a list of texts"),
        ({"model": "Contacts", "set": ["name=a"], "allow_all_fields": "yes"}, "true or false"),
        ({"model": "Contacts", "set": ["name=a"], "expect_version": 1.5}, "a whole number"),
        ({"set": ["name=a"]}, "model is required"),
        ({"model": None, "set": ["name=a"]}, "model: expected text"),
    ):
        reply = agent.call("plan_change", **arguments)
        assert (reply.is_error, reply.data["exit_code"]) == (True, 2)
        assert words in reply.text
        assert "hunter9" not in reply.text
    assert "1 to 200" in agent.call("list_models", limit=0).text


def test_what_an_update_cannot_carry_is_named(agent: Agent) -> None:
    """An unknown key: get_model warns of it, a plan is refused, and an option is the way out."""
    model = agent.new_model()
    agent.sandbox.fault(faults.growth({"row_filter": "x > 1"}, method="GET", every=True))
    try:
        shown = agent.call("get_model", model=model)
        refused = agent.call("plan_change", model=model, set=["name=a"])
        dropped = agent.plan(model, "name=a", unknown_fields="row_filter=drop")
    finally:
        agent.sandbox.reset()

    assert "row_filter" in shown.data["warnings"][0]["message"]
    assert "| Warning: " in shown.text
    assert (refused.is_error, refused.data["exit_code"]) == (True, 2)
    assert 'unknown_fields="carry"' in refused.text
    assert "--" not in refused.text + shown.text
    assert "dropped" in {one["code"] for one in dropped.data["warnings"]}


def test_options_of_a_change(agent: Agent) -> None:
    """A version that must hold, and a change that would expose every field."""
    model = agent.new_model()
    version = agent.call("plan_change", model=model, set=["name=a"], expect_version=7)
    fields = agent.call("plan_change", model=model, set=["fields:=[]"])
    allowed = agent.plan(model, "fields:=[]", allow_all_fields=True)

    assert version.data["exit_code"] == 4
    assert fields.data["exit_code"] == 2
    assert "allow_all_fields=true" in fields.text
    assert allowed.data["cleared"] == ["/fields"]
