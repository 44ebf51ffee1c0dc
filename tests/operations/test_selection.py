"""Choosing models from a list whose items may be lighter than the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import patcher
from patcher.api import Client
from patcher.operations import Session
from patcher.sandbox import Sandbox, faults, seed

CHANGE = {"name": "Chosen"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with the realistic models and a few others."""
    with Sandbox(models=6) as running:
        yield running


def light(sandbox: Sandbox, *keys: str) -> None:
    """Has every list lack these keys of its items."""
    sandbox.fault(faults.lightness(keys, method="GET", kind="models", every=True))
    sandbox.reset_requests()


def chosen(client: Client, models: list[str] | None = None, **options: Any) -> set[str]:
    """The ids of the models that are chosen, by a plan that writes nothing."""
    results = patcher.patch_models(models, CHANGE, client=client, dry_run=True, **options)
    return {one.plan.base.id or "" for one in results if one.plan}


def reads(sandbox: Sandbox) -> int:
    """How many single models were read."""
    return sum(one.path.startswith("/api/models/") for one in sandbox.requests)


@pytest.mark.parametrize("where", ["configuration.query~=plan", "configuration.database=crm"])
def test_what_the_list_lacks_is_read_in_the_models(
    sandbox: Sandbox, client: Client, where: str
) -> None:
    """The same models are chosen as from a full list, for one more request a model."""
    expected = chosen(client, where=[where])
    light(sandbox, "configuration")

    assert chosen(client, where=[where]) == expected
    assert reads(sandbox) == len(sandbox.ids()) + len(expected)


def test_only_what_is_left_in_doubt_is_read(sandbox: Sandbox, client: Client) -> None:
    """A condition that the list answers spares the others a look."""
    light(sandbox, "configuration")
    where = ["name=Contacts", "configuration.query~=."]

    assert chosen(client, where=where) == {seed.CONTACTS}
    assert reads(sandbox) == 1 + 1, "once to choose it, and once to plan"


def test_what_is_excluded_or_not_named_is_not_read(sandbox: Sandbox, client: Client) -> None:
    """Only those that may be chosen are looked at."""
    light(sandbox, "configuration")
    where = ["configuration.query~=."]

    chosen(client, [seed.CONTACTS, seed.ORDERS], where=where, exclude=[seed.ORDERS])

    assert reads(sandbox) == 1 + 1


def test_a_required_value_that_is_null_is_not_there(sandbox: Sandbox, client: Client) -> None:
    """Every model has a configuration, so null says only that the list leaves it out."""
    expected = chosen(client, where=["configuration.query~=."])
    nothing = {"configuration": None}
    sandbox.fault(faults.growth(nothing, method="GET", kind="models", every=True))

    assert chosen(client, where=["configuration.query~=."]) == expected != set()


def test_what_an_object_of_the_list_lacks_is_read(sandbox: Sandbox, client: Client) -> None:
    """The configuration of the list may have fewer keys than that of the model."""
    expected = chosen(client, where=["configuration.query~=."])
    partly = {"configuration": {"database": "crm"}}
    sandbox.fault(faults.growth(partly, method="GET", kind="models", every=True))

    assert chosen(client, where=["configuration.query~=."]) == expected != set()


def test_additional_fields_are_where_the_list_has_fields(sandbox: Sandbox, client: Client) -> None:
    """What the document takes from another key is in doubt when that key is missing."""
    where = ["additional_fields~=."]
    expected = chosen(client, where=where)
    sandbox.reset_requests()
    chosen(client, where=where)
    assert reads(sandbox) == len(expected) > 0
    light(sandbox, "fields")

    assert chosen(client, where=where) == expected


def test_a_model_that_goes_meanwhile_is_not_chosen(sandbox: Sandbox, client: Client) -> None:
    """It was listed, and is not there when it is looked at."""
    light(sandbox, "configuration")
    sandbox.fault(faults.delete(method="GET", kind="model", path=seed.CONTACTS))

    found = chosen(client, where=["configuration.query~=."])

    assert seed.ORDERS in found
    assert seed.CONTACTS not in found


def test_a_model_that_cannot_be_looked_at_stops_the_run(sandbox: Sandbox, client: Client) -> None:
    """Whether it is meant cannot be known, so nothing is begun."""
    light(sandbox, "configuration")
    sandbox.fault(faults.status_before(403, method="GET", kind="model", path=seed.CONTACTS))

    with pytest.raises(patcher.ApiError):
        chosen(client, where=["configuration.query~=."])


@pytest.mark.parametrize("exclude", [False, True])
def test_a_name_that_the_list_lacks_is_read(
    sandbox: Sandbox, client: Client, exclude: bool
) -> None:
    """Models are found, and left out, by names that only they themselves have."""
    light(sandbox, "name")

    if exclude:
        assert chosen(client, exclude=["Contacts"]) == {*sandbox.ids()} - {seed.CONTACTS}
    else:
        assert chosen(client, ["Contacts", "Orders"]) == {seed.CONTACTS, seed.ORDERS}
        assert patcher.plan_patch("Contacts", CHANGE, client=client).base.id == seed.CONTACTS
        with pytest.raises(patcher.NotFoundError, match="Contact"):
            patcher.plan_patch("Contact", CHANGE, client=client)


def test_a_name_in_a_light_list_can_be_ambiguous(sandbox: Sandbox, client: Client) -> None:
    """Two have it, as the models themselves say."""
    sandbox.write_as_other(seed.ORDERS, {"name": "Contacts"})
    light(sandbox, "name")

    with pytest.raises(patcher.AmbiguousNameError):
        patcher.plan_patch("Contacts", CHANGE, client=client)


def test_relations_that_the_list_lacks_are_read(sandbox: Sandbox, client: Client) -> None:
    """Models with relations here are found in a light list as in a full one."""

    def related() -> set[str | None]:
        change = patcher.Patch.remove("fields", "id")
        plan = patcher.plan_patch(seed.ACCOUNTS, change, client=client, impact=True)
        assert plan.impact is not None
        assert plan.impact.models is not None
        return {one.name for one in plan.impact.models}

    expected = related()
    light(sandbox, "relations")
    assert related() == expected == {"Contacts", "Orders"}
    sandbox.fault(faults.status_before(403, method="GET", kind="model", path=seed.ORDERS))
    plan = patcher.plan_patch(
        seed.ACCOUNTS, patcher.Patch.remove("fields", "id"), client=client, impact=True
    )

    assert "impact-incomplete" in [one.code for one in plan.warnings]
    assert any(seed.ORDERS in one.what for one in (plan.impact.unread if plan.impact else ()))


def test_a_session_lists_models_as_they_are(sandbox: Sandbox, client: Client) -> None:
    """Listing alone reads no model: it shows what the list has."""
    from patcher.operations.read import summaries

    light(sandbox, "version")

    assert {one["version"] for one in summaries(Session.from_env(client))} == {None}
    assert reads(sandbox) == 0
