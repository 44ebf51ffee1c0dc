"""Finding a model by its name: the one that was asked for, or none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import patcher
from patcher.api import Client
from patcher.operations import Session
from patcher.operations.read import raw_model, summaries
from patcher.sandbox import Sandbox, faults, seed

CHANGE = {"identifier": "email"}


VERBS: dict[str, Callable[[str, Client], object]] = {
    "plan": lambda name, client: patcher.plan_patch(name, CHANGE, client=client),
    "patch": lambda name, client: patcher.patch_model(name, CHANGE, client=client),
    "edit": lambda name, client: patcher.edit_model(name, client=client).__enter__(),
    "get": lambda name, client: raw_model(Session.from_env(client), name),
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

    found = summaries(Session.from_env(client))

    assert sorted(one["id"] for one in found) == sorted(sandbox.ids())
    assert len(sandbox.requests) == 3 * (2 + 1)


def test_a_list_of_one_page_costs_one_request(sandbox: Sandbox, client: Client) -> None:
    """It cannot move while it is read; of several pages the first item is looked at again."""
    summaries(Session.from_env(client))

    assert len(sandbox.requests) == 1
