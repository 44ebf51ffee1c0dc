"""What is agreed to is what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import patcher
from patcher.plan import Plan
from patcher.sandbox import Sandbox, seed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of its own for each test."""
    with Sandbox(models=3) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[patcher.Client]:
    """A client of the sandbox."""
    with patcher.Client(sandbox.url, sandbox.api_key) as connected:
        yield connected


def altering(alter: Callable[[Plan], Any]) -> Callable[[Plan], bool]:
    """A confirmation that does something to the plan, and agrees."""

    def confirm(plan: Plan) -> bool:
        alter(plan)
        return True

    return confirm


ALTERATIONS: dict[str, Callable[[Plan], Any]] = {
    "another value": lambda plan: plan.proposed.update(name="Mine"),
    "a member less": lambda plan: plan.proposed.pop("policies"),
    "one deep inside": lambda plan: plan.proposed["configuration"]["session"].clear(),
    "another type of the same value": lambda plan: plan.proposed["configuration"].update(
        timeout_seconds=300.0
    ),
    "no JSON": lambda plan: plan.proposed.update(name=float("nan")),
    "no JSON at all": lambda plan: plan.proposed.update(name={1, 2}),
    "what it is based on": lambda plan: plan.document.update(name="Mine"),
    "what an undo would restore": lambda plan: plan.base.raw.update(name="Mine"),
}


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS)
def test_a_plan_that_its_confirmation_alters_is_not_written(
    alter: Callable[[Plan], Any], sandbox: Sandbox, client: patcher.Client
) -> None:
    """A callback that writes into the plan is refused: exit 2, nothing sent."""
    with pytest.raises(patcher.InvalidInputError, match="while it was being confirmed") as caught:
        patcher.patch_model(seed.CONTACTS, {"name": "New"}, client=client, confirm=altering(alter))

    assert (caught.value.exit_code, sandbox.puts()) == (2, [])


@pytest.mark.parametrize("verb", ["edit", "undo", "saved"])
def test_no_way_to_a_write_is_without_that(
    verb: str, sandbox: Sandbox, client: patcher.Client, tmp_path: Any
) -> None:
    """An edit, an undo and a saved plan are held to what was shown, too."""
    confirm = altering(ALTERATIONS["another value"])
    patcher.patch_model(seed.CONTACTS, {"identifier": "email"}, client=client)
    plan = patcher.plan_patch(seed.CONTACTS, {"identifier": "id"}, client=client)
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.reset_requests()

    def edited() -> None:
        with patcher.edit_model(seed.CONTACTS, client=client, confirm=confirm) as document:
            document["identifier"] = "id"

    verbs: dict[str, Callable[[], object]] = {
        "edit": edited,
        "undo": lambda: patcher.undo(seed.CONTACTS, client=client, confirm=confirm),
        "saved": lambda: patcher.apply_plan(saved, client=client, confirm=confirm),
    }
    with pytest.raises(patcher.InvalidInputError, match="while it was being confirmed"):
        verbs[verb]()

    assert sandbox.puts() == []


def test_a_plan_that_was_altered_since_it_was_made_is_not_applied(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Between plan_patch and apply_plan the same holds: it would do other than it shows."""
    plan = patcher.plan_patch(seed.CONTACTS, {"name": "New"}, client=client)
    plan.proposed.pop("policies")

    with pytest.raises(patcher.InvalidInputError, match="altered since it was made"):
        patcher.apply_plan(plan, client=client)

    assert sandbox.puts() == []


def test_a_confirmation_that_only_looks_is_fine(sandbox: Sandbox, client: patcher.Client) -> None:
    """Whatever it reads, its answer counts."""
    seen: list[Any] = []

    def look(plan: Plan) -> bool:
        seen.append((plan.to_dict(), plan.shown(plan.changes), repr(plan)))
        return len(seen) > 1

    first = patcher.patch_model(seed.CONTACTS, {"name": "New"}, client=client, confirm=look)
    second = patcher.patch_model(seed.CONTACTS, {"name": "New"}, client=client, confirm=look)

    assert (first.status, second.status, len(sandbox.puts())) == ("declined", "applied", 1)
