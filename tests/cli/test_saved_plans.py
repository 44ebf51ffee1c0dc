"""``plan --out``, ``plan --show`` and ``apply --plan``, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.terminal import Terminal
from tests.sandbox import Sandbox, seed


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
    assert "from version 1" in shown.err
    assert json.loads(as_json.out)["changes"][0]["path"] == "/name"


def test_a_saved_plan_is_asked_about_and_applied(sandbox: Sandbox, file: Path) -> None:
    """On a terminal it is shown and asked about like any other change."""
    terminal = Terminal("apply", "--plan", str(file))
    terminal.wait_for("[y/N]")
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
        ("--base", "fail"),  # a branch may be called as another option's default
        ("--base", "error"),
    ],
)
def test_a_saved_plan_takes_nothing_else(
    sandbox: Sandbox, patch_model: Command, file: Path, more: tuple[str, ...]
) -> None:
    """MODEL, CHANGE and what the plan has settled are refused beside it: exit 2, nothing sent."""
    sandbox.reset_requests()

    refused = patch_model("apply", "--plan", str(file), "--yes", *more)

    assert (refused.code, sandbox.requests) == (2, [])
    assert "combined" in refused.err


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


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_plan_that_cannot_be_saved_is_one_object_too(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path, output: str
) -> None:
    """A change of a credential: exit 2, no file, and under -o json the failure and nothing else."""
    path = tmp_path / "plan.json"
    change = "configuration.session.api_token=new-token"

    refused = patch_model("plan", "Contacts", "--set", change, "--out", str(path), "-o", output)

    assert (refused.code, path.exists(), sandbox.puts()) == (2, False, [])
    assert "patch-model apply" in refused.err
    assert "new-token" not in refused.out + refused.err
    if output == "json":
        result = json.loads(refused.out)
        assert (result["status"], result["name"]) == ("failed", "Contacts")
        assert result["error"]["type"] == "InvalidInputError"


def test_a_plan_without_changes_is_saved_too(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """There is nothing to do, now or when it is applied: exit 0 each time, nothing sent."""
    path = str(tmp_path / "plan.json")

    planned = patch_model("plan", "Contacts", "--set", "name=Contacts", "--out", path)
    shown = patch_model("plan", "--show", path, "--exit-code")
    applied = patch_model("apply", "--plan", path, "--yes")

    assert (planned.code, shown.code, applied.code, sandbox.puts()) == (0, 0, 0, [])
    assert "No changes" in shown.out


def test_a_dry_run_shows_and_stops(sandbox: Sandbox, patch_model: Command, file: Path) -> None:
    """The plan is looked at upon what is there, and nothing is sent; a stale one is refused."""
    tried = patch_model("apply", "--plan", str(file), "--dry-run", "-o", "json")
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    stale = patch_model("apply", "--plan", str(file), "--dry-run")

    assert (tried.code, json.loads(tried.out)["status"]) == (0, "planned")
    assert (stale.code, sandbox.puts()) == (4, [])


def test_without_a_terminal_a_saved_plan_needs_yes(
    sandbox: Sandbox, patch_model: Command, file: Path
) -> None:
    """A review is no confirmation: nobody there to ask is exit 2."""
    refused = patch_model("apply", "--plan", str(file))

    assert (refused.code, sandbox.puts()) == (2, [])
    assert "--yes" in refused.err


@pytest.mark.parametrize("words", [("", "warehouse"), ("warehouse", "")])
def test_other_mask_words_do_not_alter_what_a_plan_does(
    sandbox: Sandbox,
    patch_model: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, str],
) -> None:
    """PATCH_MODEL_MASK may be another when the plan is applied; what was sealed is filled in."""
    path = tmp_path / "plan.json"
    before = sandbox.stored(seed.CONTACTS)
    monkeypatch.setenv("PATCH_MODEL_MASK", words[0])
    patch_model("plan", "Contacts", "--set", "name=Clients", "--out", str(path))
    monkeypatch.setenv("PATCH_MODEL_MASK", words[1])

    applied = patch_model("apply", "--plan", str(path), "--yes")

    assert applied.code == 0
    assert ("REPORTING_WH" in path.read_text()) is (words[0] == "")
    assert sandbox.stored(seed.CONTACTS) == {**before, "name": "Clients"}


def test_a_plan_for_another_api_names_the_way(
    sandbox: Sandbox, patch_model: Command, file: Path
) -> None:
    """Exit 2, before any request to either, with the address to say."""
    sandbox.reset_requests()
    with Sandbox(models=1) as other:
        refused = patch_model("apply", "--plan", str(file), "--yes", "--url", other.url)
        assert other.requests == []

    assert (refused.code, sandbox.requests) == (2, [])
    assert f"--url {sandbox.url}" in refused.err


def test_somebody_else_s_undo_is_drift(
    sandbox: Sandbox,
    patch_model: Command,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same content under another version, written from another machine: exit 4."""
    monkeypatch.setenv("PATCH_MODEL_STATE_DIR", str(tmp_path / "another machine"))
    sandbox.write_as_other(seed.CONTACTS, {"name": "Clients"})
    sandbox.write_as_other(seed.CONTACTS, {"name": "Contacts"})

    stale = patch_model("apply", "--plan", str(file), "--yes")

    assert (stale.code, sandbox.puts()) == (4, [])
    assert "version 1 became 3" in stale.err
