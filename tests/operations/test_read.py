"""Reading models: by name, by condition from lists that may be light, the list and a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import patcher
from patcher.api import Client
from patcher.operations import Session
from patcher.operations.read import read_model, summaries
from tests.sandbox import Sandbox, faults, seed

CHANGE = {"identifier": "email"}
CHOSEN = {"name": "Chosen"}


VERBS: dict[str, Callable[[str, Client], object]] = {
    "plan": lambda name, client: patcher.plan_patch(name, CHANGE, client=client),
    "patch": lambda name, client: patcher.patch_model(name, CHANGE, client=client),
    "edit": lambda name, client: patcher.edit_model(name, client=client).__enter__(),
    "get": lambda name, client: read_model(Session(client), name).raw,
    "many": lambda name, client: raised(
        list(patcher.patch_models([name, "Orders"], CHANGE, client=client))
    ),
}


def raised(results: list[patcher.PatchResult]) -> None:
    """Raises the error of the first result that has one."""
    raise next(one.error for one in results if one.error)


@pytest.mark.parametrize("verb", VERBS)
def test_a_model_that_was_renamed_since_it_was_listed_is_another_one(
    sandbox: Sandbox,
    client: Client,
    verb: str,
) -> None:
    """What the name stands for by now may be another model: exit 4, with both names."""
    renamed = faults.concurrent_write(
        {"name": "Archive"}, method="GET", kind="model", path=seed.CONTACTS
    )
    sandbox.fault(renamed)

    with pytest.raises(patcher.ConflictError, match="'Contacts' is now called 'Archive'") as caught:
        VERBS[verb]("Contacts", client)

    assert caught.value.exit_code == 4
    assert seed.CONTACTS in (caught.value.hint or "")
    assert sandbox.puts(seed.CONTACTS) == []


def test_an_id_stands_for_a_model_whatever_its_name(
    sandbox: Sandbox,
    client: Client,
) -> None:
    """Asked for by id, it is renamed all the same."""
    sandbox.fault(faults.concurrent_write({"name": "Archive"}, method="GET", kind="model"))

    assert patcher.patch_model(seed.CONTACTS, CHANGE, client=client).status == "applied"


def test_an_undo_by_name_holds_to_the_name(
    sandbox: Sandbox,
    client: Client,
) -> None:
    """Renamed while it was looked up: refused; by its earlier name the journal finds it still."""
    patcher.patch_model(seed.CONTACTS, CHANGE, client=client)
    renamed = faults.concurrent_write(
        {"name": "Archive"}, method="GET", kind="model", path=seed.CONTACTS
    )
    sandbox.fault(renamed)

    with pytest.raises(patcher.ConflictError, match="'Contacts' is now called 'Archive'"):
        patcher.undo("Contacts", client=client, on_conflict="rebase")

    assert patcher.undo("Contacts", client=client, on_conflict="rebase").status == "applied"


@pytest.fixture
def long(sandbox: Sandbox) -> tuple[str, str]:
    """Two models of one name, the first on the second page of the list, the second on the first."""
    twin = {**seed.contacts(), "name": "Twin"}
    first = sandbox.create(twin)
    for number in range(60):
        sandbox.create({**twin, "name": f"Other {number}"})
    return first, sandbox.create(twin)


@pytest.mark.parametrize("name", ["Twin", "Changed"])
def test_a_list_that_moves_while_it_is_read_is_read_again(
    sandbox: Sandbox,
    client: Client,
    long: tuple[str, str],
    name: str,
) -> None:
    """A model that is written then is on no page; a name that two were seen to have is refused."""
    moved = faults.concurrent_write(
        {"name": name}, method="GET", kind="models", nth=2, model_id=long[0]
    )
    sandbox.fault(moved)

    if name == "Twin":
        with pytest.raises(patcher.AmbiguousNameError) as caught:
            patcher.plan_patch("Twin", CHANGE, client=client)
        assert set(caught.value.candidates) == set(long)
    else:
        assert patcher.plan_patch("Twin", CHANGE, client=client).base.id == long[1]
        assert patcher.plan_patch("Changed", CHANGE, client=client).base.id == long[0]


def test_a_name_that_two_had_one_after_the_other_is_ambiguous(
    sandbox: Sandbox,
    client: Client,
    long: tuple[str, str],
) -> None:
    """The one on the first page loses the name to another while the second page is read."""
    for model_id, name in ((long[1], "Was twin"), (seed.ORDERS, "Twin"), (long[0], "Not")):
        sandbox.fault(
            faults.concurrent_write(
                {"name": name}, method="GET", kind="models", nth=2, model_id=model_id
            )
        )

    with pytest.raises(patcher.AmbiguousNameError) as caught:
        patcher.plan_patch("Twin", CHANGE, client=client)

    assert {long[1], seed.ORDERS} <= set(caught.value.candidates)


def test_a_list_that_never_rests_is_read_three_times(
    sandbox: Sandbox,
    client: Client,
    long: tuple[str, str],
) -> None:
    """Then what was seen on any page counts."""
    sandbox.fault(
        faults.concurrent_write(
            {"identifier": "email"}, method="GET", kind="models", every=True, model_id=seed.ORDERS
        )
    )
    sandbox.reset_requests()

    found = summaries(Session(client))

    assert sorted(one.id for one in found) == sorted(sandbox.ids())
    assert len(sandbox.requests) == 3 * (2 + 1)


def test_a_list_of_one_page_costs_one_request(sandbox: Sandbox, client: Client) -> None:
    """It cannot move while it is read; of several pages the first item is looked at again."""
    summaries(Session(client))

    assert len(sandbox.requests) == 1


def light(sandbox: Sandbox, *keys: str) -> None:
    """Has every list lack these keys of its items."""
    sandbox.fault(faults.lightness(keys, method="GET", kind="models", every=True))
    sandbox.reset_requests()


def chosen(client: Client, models: list[str] | None = None, **options: Any) -> set[str]:
    """The ids of the models that are chosen, by a plan that writes nothing."""
    results = patcher.patch_models(models, CHOSEN, client=client, dry_run=True, **options)
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
        assert patcher.plan_patch("Contacts", CHOSEN, client=client).base.id == seed.CONTACTS
        with pytest.raises(patcher.NotFoundError, match="Contact"):
            patcher.plan_patch("Contact", CHOSEN, client=client)


def test_a_name_in_a_light_list_can_be_ambiguous(sandbox: Sandbox, client: Client) -> None:
    """Two have it, as the models themselves say."""
    sandbox.write_as_other(seed.ORDERS, {"name": "Contacts"})
    light(sandbox, "name")

    with pytest.raises(patcher.AmbiguousNameError):
        patcher.plan_patch("Contacts", CHOSEN, client=client)


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
    light(sandbox, "version")

    assert {one.version for one in summaries(Session(client))} == {None}
    assert reads(sandbox) == 0


def test_models_are_listed_with_type_and_connection(sandbox: Sandbox, client: Client) -> None:
    """Each model is there once, the last written first, as a frozen summary."""
    patcher.patch_model(seed.CONTACTS, CHANGE, client=client)

    found = patcher.list_models(client=client)

    assert found[0].id == seed.CONTACTS
    assert (found[0].name, found[0].version) == ("Contacts", 2)
    assert found[0].connection_id == sandbox.stored(seed.CONTACTS)["connection_id"]
    assert {one.id for one in found} == set(sandbox.ids())
    assert found[0].to_dict()["updated_at"] == found[0].updated_at


def test_models_are_listed_by_condition(sandbox: Sandbox, client: Client) -> None:
    """Conditions choose as they do for a change of many models, from light lists too."""
    light(sandbox, "configuration")

    found = patcher.list_models(client=client, where=["configuration.query~=orders"])

    assert seed.ORDERS in {one.id for one in found} < set(sandbox.ids())
    with pytest.raises(patcher.InvalidInputError):
        patcher.list_models(client=client, where=["name"])


def test_a_document_is_what_a_change_addresses(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """get_model returns the body of an update; what blocks one is in it, and warned of."""
    raw = sandbox.stored(seed.CONTACTS)
    document = patcher.get_model("Contacts", client=client)
    unchanged = patcher.plan_patch("Contacts", patcher.Patch.document(document), client=client)
    sandbox.write_as_other(seed.CONTACTS, {"configuration": {"password": "********"}})
    blocked = patcher.get_model("Contacts", client=client)

    assert document["configuration"] == raw["configuration"]
    assert unchanged.is_unchanged
    assert blocked["configuration"]["password"] == "********"
    assert [one.levelname for one in caplog.records if one.levelname != "DEBUG"] == ["WARNING"]
    assert "password" in caplog.text
