"""``plan --out``, ``plan --show`` and ``apply --plan``, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patcher.sandbox import Sandbox, seed
from tests.cli.conftest import Command
from tests.cli.terminal import Terminal


@pytest.fixture
def file(sandbox: Sandbox, patch_model: Command, tmp_path: Path) -> Path:
    """A plan that renames, in a file."""
    path = tmp_path / "rename.json"
    assert patch_model("plan", "Contacts", "--set", "name=Clients", "--out", str(path)).code == 0
    return path


def test_a_plan_is_saved_and_the_way_on_is_named(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """The diff is shown as ever; standard error says where the plan is and how to apply it."""
    path = tmp_path / "a plan.json"

    planned = patch_model("plan", "Contacts", "--set", "name=Clients", "--out", str(path))

    assert (planned.code, sandbox.puts()) == (0, [])
    assert '"Clients"' in planned.out
    assert f"patch-model apply --plan '{path}'" in planned.err


def test_a_saved_plan_is_shown_without_the_api(
    sandbox: Sandbox, patch_model: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stale or not, no credentials and no request are needed to look at it."""
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    sandbox.reset_requests()
    monkeypatch.delenv("POLYTOMIC_API_KEY")

    shown = patch_model("plan", "--show", str(file))
    as_json = patch_model("plan", "--show", str(file), "-o", "json", "--exit-code")

    assert (shown.code, as_json.code, sandbox.requests) == (0, 1, [])
    assert '+ "Clients"' in shown.out
    assert "upon version 1" in shown.err
    assert json.loads(as_json.out)["changes"][0]["path"] == "/name"


def test_a_saved_plan_is_asked_about_and_applied(sandbox: Sandbox, file: Path) -> None:
    """On a terminal it is shown and asked about like any other change."""
    terminal = Terminal("apply", "--plan", str(file))
    terminal.wait_for("Write this? [y/N]")
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_applied_again_it_says_so(sandbox: Sandbox, patch_model: Command, file: Path) -> None:
    """The second time nothing is left to do: exit 0, one object, nothing sent."""
    patch_model("apply", "--plan", str(file), "--yes")
    sandbox.reset_requests()

    again = patch_model("apply", "--plan", str(file), "--yes", "-o", "json")

    result = json.loads(again.out)
    assert (again.code, result["status"], sandbox.puts()) == (0, "unchanged", [])
    assert result["warnings"][0]["code"] == "already-applied"


def test_a_stale_plan_shows_the_drift(sandbox: Sandbox, patch_model: Command, file: Path) -> None:
    """What moved is on the screen: exit 4, nothing sent."""
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    stale = patch_model("apply", "--plan", str(file), "--yes")

    assert (stale.code, sandbox.puts()) == (4, [])
    assert "Bo Other" in stale.err
    assert '+ "email"' in stale.err
    assert "stale" in stale.err


@pytest.mark.parametrize(
    "more",
    [
        ("Contacts",),
        ("--set", "name=x"),
        ("--expect-version", "1"),
        ("--on-conflict", "rebase"),
        ("--unknown-fields", "carry"),
        ("--allow-all-fields",),
    ],
)
def test_a_saved_plan_takes_nothing_else(
    sandbox: Sandbox, patch_model: Command, file: Path, more: tuple[str, ...]
) -> None:
    """MODEL, CHANGE and what the plan has settled are refused beside it: exit 2, nothing sent."""
    sandbox.reset_requests()

    refused = patch_model("apply", "--plan", str(file), "--yes", *more)

    assert (refused.code, sandbox.requests) == (2, [])
    assert "takes no" in refused.err


@pytest.mark.parametrize("more", [("Contacts",), ("--set", "name=x"), ("--out", "other.json")])
def test_showing_a_plan_takes_nothing_else(
    sandbox: Sandbox, patch_model: Command, file: Path, more: tuple[str, ...]
) -> None:
    """What would make another plan is refused beside --show."""
    assert patch_model("plan", "--show", str(file), *more).code == 2


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_without_a_plan_there_must_be_a_model(patch_model: Command, command: str) -> None:
    """Leaving out MODEL is a usage error."""
    refused = patch_model(command, "--set", "name=x")

    assert refused.code == 2
    assert "Missing argument 'MODEL'" in refused.err


def test_a_failure_is_one_object_too(
    patch_model: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Under -o json a plan that cannot be read is an object with the error."""
    path = tmp_path / "no.json"

    refused = patch_model("apply", "--plan", str(path), "--yes", "-o", "json")

    assert refused.code == 2
    assert json.loads(refused.out)["error"]["type"] == "InvalidInputError"
