"""``--strict`` and the warnings that it turns into refusals, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import patcher
from tests.cli.conftest import Command
from tests.cli.scripted import ScriptedEditor
from tests.sandbox import Sandbox

DROP = ("Contacts", "--remove", "fields=plan")


def test_a_fault_is_warned_of_and_written_all_the_same(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Without --strict a fault is a warning on standard error."""
    done = patch_model("apply", *DROP, "--yes")

    assert done.code == 0
    assert 'Warning: /tracking_columns/1 is "plan", which is not in /fields' in done.err
    assert len(sandbox.puts()) == 1


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_strict_refuses_and_writes_nothing(
    sandbox: Sandbox, patch_model: Command, command: str
) -> None:
    """With --strict it is exit code 2, with the place and the way out; also in JSON."""
    options = ("--yes",) if command == "apply" else ()
    done = patch_model(command, *DROP, "--strict", *options, "-o", "json")

    assert done.code == 2
    assert "--strict refuses" in done.err
    assert "--remove tracking_columns=plan" in done.err
    assert json.loads(done.out)["error"]["type"] == "InvalidPatchError"
    assert sandbox.puts() == []


def test_strict_lets_a_change_pass_that_brings_no_fault_in(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """What the model has had all along is a note, and no reason to refuse."""
    patch_model("apply", *DROP, "--yes")
    done = patch_model("apply", "Contacts", "--set", "name=Customers", "--strict", "--yes")

    assert done.code == 0
    assert "Note: Existing problem" in done.err
    assert "Warning" not in done.err


def test_a_saved_plan_is_judged_when_it_is_shown_and_applied(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """--strict goes with --show and --plan: the file has not settled it."""
    file = str(tmp_path / "plan.json")
    assert patch_model("plan", *DROP, "--out", file).code == 0

    shown = patch_model("plan", "--show", file, "--strict")
    refused = patch_model("apply", "--plan", file, "--strict", "--yes")

    assert (shown.code, refused.code) == (2, 2)
    assert sandbox.puts() == []
    assert patch_model("apply", "--plan", file, "--yes").code == 0


def test_an_edit_and_an_undo_can_be_strict(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The text of a refused edit is kept; an undo that brings a fault back is refused."""
    editor = ScriptedEditor(tmp_path)
    editor.does("sed -i '0,/^  - plan$/{/^  - plan$/d}' \"$1\"")
    monkeypatch.setenv("EDITOR", editor.setting)
    edited = patch_model("edit", "Contacts", "--yes", "--strict")

    patch_model("apply", *DROP, "--yes")
    patch_model("apply", "Contacts", "--remove", "tracking_columns=plan", "--yes")
    undone = patch_model("undo", "Contacts", "--strict", "--yes")

    assert edited.code == 2
    assert "--resume" in edited.err
    assert undone.code == 2
    assert "tracking_columns" in undone.err
    assert len(sandbox.puts()) == 2


def test_the_python_verbs_can_be_strict(sandbox: Sandbox) -> None:
    """Each verb that plans takes ``strict``; a plan in hand is judged when it is applied."""
    change = patcher.Patch.remove("fields", "plan")
    made = patcher.plan_patch("Contacts", change)

    with pytest.raises(patcher.InvalidPatchError):
        patcher.plan_patch("Contacts", change, strict=True)
    with pytest.raises(patcher.InvalidPatchError):
        patcher.patch_model("Contacts", change, strict=True)
    with pytest.raises(patcher.InvalidPatchError) as refused:
        patcher.apply_plan(made, strict=True)
    with pytest.raises(patcher.InvalidPatchError):
        with patcher.edit_model("Contacts", strict=True) as document:
            document["fields"].remove("plan")

    assert refused.value.result.plan is made
    assert sandbox.puts() == []


def test_a_rebase_is_judged_anew(sandbox: Sandbox, patch_model: Command) -> None:
    """Their change and yours are sound alone; together they are refused under --strict."""
    mine = patcher.plan_patch("Contacts", {"identifier": "plan"}, strict=True)
    patch_model("apply", "Contacts", "--set", "tracking_columns:=[]", "--yes")
    patch_model("apply", "Contacts", "--remove", "fields=plan", "--yes")

    with pytest.raises(patcher.InvalidPatchError, match="/identifier"):
        patcher.rebase(mine)
