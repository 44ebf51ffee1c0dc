"""Rebase: what somebody else changed stays, and so does what the change was meant to do."""

from __future__ import annotations

from typing import Any

import pytest

import patcher
from patcher.sandbox import Sandbox, faults, seed


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
    assert [tuple(one) for one in report.both] == [("/name", "Contacts", "Clients", "Buyers")]
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

    assert ("--on-conflict rebase" in (caught.value.hint or "")) is offers


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
    """Where they did half of it, the rest is no longer what was shown: refused, nothing sent."""
    meanwhile(sandbox, {"name": "Clients"})

    with pytest.raises(patcher.ConflictError, match="no longer what was shown"):
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

    assert [one.path for one in caught.value.report.both] == ["/identifier"]


def test_credentials_are_masked_in_the_report(sandbox: Sandbox, client: patcher.Client) -> None:
    """Neither the old, nor yours, nor theirs is shown, wherever theirs has been put."""
    place = "configuration.session.api_token"
    theirs = {
        "configuration": {"session": {"api_token": "their-secret"}},
        "identifier": "their-secret",
    }
    meanwhile(sandbox, theirs)

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.patch_model(
            seed.CONTACTS,
            patcher.Patch.set(place, "our-secret") + patcher.Patch.set("identifier", "our-secret"),
            client=client,
            on_conflict="rebase",
        )

    said = repr(caught.value.result.to_dict()) + caught.value.message
    assert [one.path for one in caught.value.report.both] != []
    assert "secret" not in said
    assert "tok_live" not in said


def test_an_expected_version_and_a_rebase_contradict_each_other(client: patcher.Client) -> None:
    """Only one of the two can be meant: refused before any request."""
    with pytest.raises(patcher.SettingsError, match="contradict"):
        patcher.patch_model(
            "Contacts", {"name": "x"}, client=client, expect_version=1, on_conflict="rebase"
        )


def test_an_unknown_way_to_meet_a_conflict_is_refused(client: patcher.Client) -> None:
    """on_conflict is one of two words."""
    with pytest.raises(patcher.SettingsError, match="on_conflict"):
        patcher.patch_model("Contacts", {"name": "x"}, client=client, on_conflict="merge")  # type: ignore[arg-type]


def test_a_precondition_that_failed_is_rebased_upon_a_new_reading(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A 412 says that somebody was faster, but not how: the model is read again."""
    sandbox.fault(faults.status_before(412))

    result = patcher.patch_model(
        seed.CONTACTS, {"name": "Clients"}, client=client, on_conflict="rebase"
    )

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


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


def test_a_change_of_version_alone_is_said_to_be_one(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Somebody wrote and nothing is different: the conflict says so, and a rebase goes on."""
    meanwhile(sandbox, {"identifier": "id"})
    with pytest.raises(patcher.ConflictError, match="its content is what it was"):
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
