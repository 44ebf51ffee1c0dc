"""Rebase: what somebody else changed stays, and so does what the change was meant to do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import patcher
from patcher.operations.session import journal_of
from tests.sandbox import Sandbox, faults, seed


def meanwhile(
    sandbox: Sandbox, changes: dict[str, Any], nth: int = 2, *, every: bool = False
) -> None:
    """Somebody else's write, just before the second reading."""
    fault = faults.concurrent_write(
        changes, "before", method="GET", kind="model", nth=nth, every=every
    )
    sandbox.fault(fault)


def test_a_disjoint_change_is_put_upon_theirs(sandbox: Sandbox, client: patcher.Client) -> None:
    """Both stand, one write is sent, and the result says what happened."""
    before = sandbox.stored(seed.CONTACTS)
    meanwhile(sandbox, {"identifier": "email"})

    result = patcher.patch_model(
        seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase"
    )

    assert sandbox.stored(seed.CONTACTS) == {**before, "name": "Clients", "identifier": "email"}
    assert len(sandbox.puts()) == 1
    assert (result.status, result.version_before, result.version_after) == ("applied", 2, 3)
    assert "rebased" in [notice.code for notice in result.warnings]


def test_a_list_that_was_replaced_keeps_a_member_that_they_added(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """The operations are not run again: a replaced list does not swallow their member."""
    policies = sandbox.stored(seed.CONTACTS)["policies"]
    theirs, ours = "0" * 8 + policies[0][8:], "1" * 8 + policies[0][8:]
    meanwhile(sandbox, {"policies": [*policies, theirs]})

    patcher.patch_model(
        seed.CONTACTS, {"policies": [policies[0], ours]}, client=client, on_conflict="rebase"
    )

    assert sandbox.stored(seed.CONTACTS)["policies"] == [policies[0], theirs, ours]


def test_an_overlap_is_refused_with_all_that_one_needs(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Nothing is sent; the report says who, when, yours, theirs and both."""
    meanwhile(sandbox, {"name": "Buyers", "identifier": "email"})

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase")

    report = caught.value.report
    assert sandbox.puts() == []
    assert report.author == "Bo Other"
    assert report.changed_at
    assert [one.path for one in report.yours] == ["/name"]
    assert sorted(one.path for one in report.theirs) == ["/identifier", "/name"]
    assert [one[:4] for one in report.both] == [("/name", "Contacts", "Clients", "Buyers")]
    error = caught.value.result.to_dict()["error"]
    assert error["conflict"]["changed_by"] == "Bo Other"
    assert error["conflict"]["both"][0]["yours"] == "Clients"


@pytest.mark.parametrize(
    ("theirs", "offers"), [({"identifier": "email"}, True), ({"name": "B"}, False)]
)
def test_a_plain_conflict_offers_a_rebase_where_it_would_work(
    sandbox: Sandbox, client: patcher.Client, theirs: dict[str, Any], offers: bool
) -> None:
    """The way out that is named is one that works."""
    meanwhile(sandbox, theirs)

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)

    assert ("--on-conflict rebase" in (caught.value.command_hint or "")) is offers


def test_the_same_change_by_both_needs_no_write(sandbox: Sandbox, client: patcher.Client) -> None:
    """What they did already is not done again: unchanged, nothing sent."""
    meanwhile(sandbox, {"name": "Clients"})

    result = patcher.patch_model(
        seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase"
    )

    assert (result.status, sandbox.puts()) == ("unchanged", [])


def test_unasked_it_goes_on_only_with_what_was_shown(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Where they did half of it, the rest differs from the plan: refused, nothing sent."""
    meanwhile(sandbox, {"name": "Clients"})

    with pytest.raises(patcher.ConflictError, match="differs from the plan"):
        patcher.patch_model(
            seed.CONTACTS,
            {"name": "Clients", "identifier": "email"},
            client=client,
            on_conflict="rebase",
        )

    assert sandbox.puts() == []


def test_a_member_that_moved_in_its_list_is_still_the_same(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Their new first field moves every index, and changes nothing about what was shown."""
    fields = sandbox.stored(seed.CONTACTS)["fields"]
    meanwhile(sandbox, {"fields": ["zero", *fields]})

    result = patcher.patch_model(
        seed.CONTACTS, patcher.Patch.remove("fields", "plan"), client=client, on_conflict="rebase"
    )

    assert result.status == "applied"
    left = [name for name in fields if name != "plan"]
    assert sandbox.stored(seed.CONTACTS)["fields"] == ["zero", *left]


def test_asked_again_the_new_plan_is_shown(sandbox: Sandbox, client: patcher.Client) -> None:
    """Confirm gets the plan upon theirs; its no declines, and nothing is sent."""
    meanwhile(sandbox, {"name": "Clients"})
    seen: list[list[str]] = []

    def confirm(plan: patcher.Plan) -> bool:
        seen.append([change.path for change in plan.changes])
        return len(seen) == 1

    result = patcher.patch_model(
        seed.CONTACTS,
        {"name": "Clients", "identifier": "email"},
        client=client,
        confirm=confirm,
        on_conflict="rebase",
    )

    assert (result.status, sandbox.puts()) == ("declined", [])
    assert [sorted(paths) for paths in seen] == [["/identifier", "/name"], ["/identifier"]]


def test_a_confirm_that_always_agrees_gives_up_as_well(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A program that is asked may never say no: after ten times it is a conflict, unwritten."""
    for nth in range(2, 30):
        meanwhile(sandbox, {"identifier": f"i{nth}"}, nth)
    asked: list[patcher.Plan] = []

    def confirm(plan: patcher.Plan) -> bool:
        asked.append(plan)
        return True

    with pytest.raises(patcher.ConflictError):
        patcher.patch_model(
            seed.CONTACTS,
            {"name": "Clients"},
            client=client,
            confirm=confirm,
            on_conflict="rebase",
        )

    assert (len(asked), sandbox.puts()) == (11, [])
    notes = [notice for notice in asked[2].warnings if notice.code == "rebased"]
    assert ["2 became 3" in notice.message for notice in notes] == [False, True]


def test_a_model_that_never_rests_is_given_up(sandbox: Sandbox, client: patcher.Client) -> None:
    """Unasked, a change is put upon somebody else's three times, and then it is a conflict."""
    for nth in range(2, 8):
        meanwhile(sandbox, {"identifier": f"i{nth}"}, nth)

    with pytest.raises(patcher.ConflictError):
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase")

    assert sandbox.puts() == []


def test_what_a_json_patch_tests_must_hold_upon_theirs(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A test that they pulled the ground from under is a conflict, although nothing overlaps."""
    meanwhile(sandbox, {"identifier": "email"})

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(
            seed.CONTACTS,
            [
                {"op": "test", "path": "/identifier", "value": "id"},
                {"op": "replace", "path": "/name", "value": "Clients"},
            ],
            client=client,
            on_conflict="rebase",
        )

    [one] = caught.value.report.both
    assert (one.path, one.only_read) == ("/identifier", True)
    assert caught.value.report.theirs_alone == ()
    assert "which your change tests or copies" in (caught.value.hint or "")


def test_what_each_changed_alone_is_told_apart_from_what_both_did(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Indices of the base and of the merge do not mix: nothing is said twice or left out."""
    first, second = sandbox.stored(seed.CONTACTS)["additional_fields"]
    theirs = [{**first, "label": "Theirs"}, {**second, "label": "Also theirs"}]
    meanwhile(sandbox, {"additional_fields": theirs, "identifier": "email"})

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(
            seed.CONTACTS,
            {"additional_fields": [second], "name": "Clients"},
            client=client,
            on_conflict="rebase",
        )

    report = caught.value.report
    assert [(one.path, one.base) for one in report.both] == [("/additional_fields/0", first)]
    alone = [(change.path, change.new) for change in report.theirs_alone]
    assert alone == [("/identifier", "email"), ("/additional_fields/0/label", "Also theirs")]
    assert [(change.path, change.new) for change in report.yours_alone] == [("/name", "Clients")]


@pytest.mark.parametrize("side", ["base", "yours", "theirs"])
@pytest.mark.parametrize("where", ["both", "moved", "yours", "theirs"])
def test_credentials_are_masked_in_the_report(
    sandbox: Sandbox, client: patcher.Client, where: str, side: str
) -> None:
    """No value of it is shown, under its key or wherever it has been put, by whomever."""
    before = sandbox.stored(seed.CONTACTS)
    known = before["configuration"]["session"]["api_token"]
    secrets = {"base": known, "yours": "our-secret", "theirs": "their-secret"}
    token = {who: {"configuration": {"session": {"api_token": s}}} for who, s in secrets.items()}
    copy = {"identifier": secrets[side]}
    pairs: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "both": (token["theirs"], token["yours"]),
        "moved": (token["theirs"] | copy, token["yours"] | {"identifier": "other"}),
        "yours": ({"name": "B"} | token["theirs"], {"name": "C"} | token["yours"] | copy),
        "theirs": ({"name": "B"} | token["theirs"] | copy, {"name": "C"} | token["yours"]),
    }
    theirs, yours = pairs[where]
    meanwhile(sandbox, theirs)

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(seed.CONTACTS, yours, client=client, on_conflict="rebase")

    error = caught.value
    said = repr(error.result.to_dict()["error"]) + repr(error.report)
    assert [one.path for one in error.report.both] != []
    assert not [secret for secret in secrets.values() if secret in said]
    for change in (*error.report.yours_alone, *error.report.theirs_alone):
        assert not {change.old, change.new} & set(secrets.values())
    for one in error.report.both:
        assert not set(one[1:4]) & set(secrets.values())


def test_a_masked_key_that_both_went_below_is_one_collision(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """What is under it is told as a whole, there before and there after, with no way below."""
    sandbox.write_as_other(seed.CONTACTS, {"configuration": {"secret": {"a": "aaaa", "b": "bbbb"}}})
    meanwhile(sandbox, {"configuration": {"secret": {"a": "cccc", "b": "dddd"}}})

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(
            seed.CONTACTS,
            {"configuration": {"secret": {"a": None, "b": "eeee"}}},
            client=client,
            on_conflict="rebase",
        )

    [one] = caught.value.report.both
    assert one[:4] == ("/configuration/secret", "********", "********", "********")


def test_an_expected_version_and_a_rebase_contradict_each_other(client: patcher.Client) -> None:
    """Only one of the two can be meant: refused before any request."""
    with pytest.raises(patcher.SettingsError, match="combined with a rebase"):
        patcher.patch_model(
            "Contacts", {"name": "x"}, client=client, expect_version=1, on_conflict="rebase"
        )


def test_an_unknown_way_to_meet_a_conflict_is_refused(client: patcher.Client) -> None:
    """on_conflict is one of two words."""
    with pytest.raises(patcher.SettingsError, match="on_conflict"):
        patcher.patch_model("Contacts", {"name": "x"}, client=client, on_conflict="merge")  # type: ignore[arg-type]


def test_a_precondition_that_failed_over_theirs_is_rebased() -> None:
    """A 412 says that somebody was faster: what is there then is what the change is put upon."""
    with Sandbox(models=1, etags=True) as strict, patcher.Client(strict.url, strict.api_key) as own:
        strict.fault(faults.concurrent_write({"identifier": "email"}, method="PUT"))

        result = patcher.patch_model(
            seed.CONTACTS, {"name": "Clients"}, client=own, on_conflict="rebase"
        )

        stored = strict.stored(seed.CONTACTS)
        assert [notice.code for notice in result.warnings] == ["rebased"]
        assert (stored["name"], stored["identifier"]) == ("Clients", "email")
        assert len(strict.puts()) == 2


def test_a_precondition_that_failed_over_nothing_is_not_rebased(
    sandbox: Sandbox, client: patcher.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is as it was read, so there is nothing to merge, and no reason to send it again."""
    monkeypatch.setattr("patcher.guard.outcome.PATIENCE", 0.1)
    sandbox.fault(faults.status_before(412))

    with pytest.raises(patcher.ConflictError, match="unchanged, yet"):
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase")

    assert len(sandbox.puts()) == 1


@pytest.mark.parametrize("status", [412, 429])
@pytest.mark.parametrize("theirs", [{"identifier": "email"}, {"name": "Theirs"}])
def test_a_write_that_was_delivered_twice_is_not_rebased_upon_itself(
    sandbox: Sandbox, client: patcher.Client, status: int, theirs: dict[str, Any]
) -> None:
    """The first delivery acted, and somebody wrote on top: unknown, and never "no changes"."""
    sandbox.fault(faults.concurrent_write(theirs, "after", method="PUT"))
    sandbox.fault(faults.status_after(status, method="PUT"))

    with pytest.raises(patcher.OutcomeUnknownError) as caught:
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase")

    entry = journal_of(os.environ).entry(str(caught.value.journal_entry))
    assert entry.ending is not None
    assert entry.ending.state == "unknown"
    assert len(sandbox.puts()) == 1


def test_a_model_deleted_in_between_is_gone(sandbox: Sandbox, client: patcher.Client) -> None:
    """There is nothing to put the change upon: the API's own error."""
    sandbox.fault(faults.delete(method="GET", kind="model", nth=2))

    with pytest.raises(patcher.NotFoundError):
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase")

    assert sandbox.puts() == []


def test_a_plan_can_be_put_upon_the_present_state(sandbox: Sandbox, client: patcher.Client) -> None:
    """Rebase gives the plan upon what is there now, without writing."""
    plan = patcher.plan_patch(seed.CONTACTS, {"name": "Clients"}, client=client)
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    upon = patcher.rebase(plan, client=client)
    patcher.apply_plan(upon, client=client)

    stored = sandbox.stored(seed.CONTACTS)
    assert (upon.base.version, stored["name"], stored["identifier"]) == (2, "Clients", "email")


def test_content_that_moved_under_one_version_is_said_to_have(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """The warning claims no version that became another where it did not move."""
    plan = patcher.plan_patch(seed.CONTACTS, {"name": "Clients"}, client=client)
    other = {**client.read_raw("/api/models", seed.CONTACTS)[0], "identifier": "email"}
    sandbox.fault(faults.raw_body(json.dumps({"data": other}), method="GET"))

    upon = patcher.rebase(plan, client=client)

    [notice] = upon.warnings
    assert "with the same version" in notice.message


def test_what_the_change_itself_warns_about_stays_with_it(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A rebased plan has the warnings of the first one, and that it was rebased."""
    change = patcher.Patch.set("name", "Clients") + patcher.Patch.unset("configuration.nothing")
    plan = patcher.plan_patch(seed.CONTACTS, change, client=client)
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    upon = patcher.rebase(plan, client=client)

    assert [notice.code for notice in upon.warnings] == ["nothing-to-unset", "rebased"]


def test_a_view_of_a_saved_plan_is_not_rebased(
    sandbox: Sandbox, client: patcher.Client, tmp_path: Path
) -> None:
    """Without its credentials and its reading there is nothing to merge: refused, and said why."""
    plan = patcher.plan_patch(seed.CONTACTS, {"name": "Clients"}, client=client)
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    with pytest.raises(patcher.InvalidInputError, match="comes from a saved one") as caught:
        patcher.rebase(saved.plan, client=client)

    assert "plan_patch" in (caught.value.hint or "")


def test_a_change_of_version_alone_is_said_to_be_one(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Somebody wrote and nothing is different: the conflict says so, and a rebase goes on."""
    meanwhile(sandbox, {"identifier": "id"})
    with pytest.raises(patcher.ConflictError, match="its content is the same"):
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)
    sandbox.reset_requests()
    meanwhile(sandbox, {"identifier": "id"})

    result = patcher.patch_model(
        seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase"
    )

    assert result.status == "applied"


def test_a_list_that_cannot_be_keyed_keeps_its_indices(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """With a policy in it twice there is no identity to go by, and the rebase goes on."""
    policies = sandbox.stored(seed.CONTACTS)["policies"]
    sandbox.write_as_other(seed.CONTACTS, {"policies": [policies[0], policies[0]]})
    meanwhile(sandbox, {"identifier": "email"})

    result = patcher.patch_model(
        seed.CONTACTS, patcher.Patch.unset("/policies/1"), client=client, on_conflict="rebase"
    )

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS)["policies"] == [policies[0]]
