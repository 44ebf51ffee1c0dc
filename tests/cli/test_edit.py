"""The guarded manual edit: what only a terminal, a signal or a script shows of it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.scripted import (
    BROKEN,
    RENAME,
    ScriptedEditor,
    acting,
    assert_kept,
    edit,
    kept,
    others_set,
    resume_command,
    state,
)
from tests.cli.terminal import Terminal
from tests.sandbox import Gate, Sandbox, faults, seed

QUESTION = "[y]es, [e]dit again, [N]o:"


def test_an_edit_is_shown_asked_about_and_written(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """What was saved is shown as a diff, written on yes, and leaves nothing in the folder."""
    before = sandbox.stored(seed.CONTACTS)
    editor.does(RENAME)
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for(QUESTION)
    terminal.type("what\n")
    terminal.wait_for_times(QUESTION, 2)
    terminal.type("y\n")

    code, screen = terminal.finish(), terminal.screen

    assert code == 0, screen
    assert sandbox.stored(seed.CONTACTS) == {**before, "name": "Clients"}
    assert screen.index('"Clients"') < screen.index(QUESTION) < screen.index("version 1 -> 2")
    assert kept(state()) == []


def test_ended_while_nothing_was_saved_the_text_is_kept(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A signal may reach us and not the editor under a wrapper: what is saved later has a base."""
    editor.does("echo editing; cat > /dev/null")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.signal(signal.SIGTERM)

    assert terminal.finish() == 130
    path = assert_kept(terminal.screen, holds="name: Contacts")
    assert terminal.screen.rstrip().endswith(f"--resume {path}")


def test_the_command_to_resume_says_again_what_was_said(
    sandbox: Sandbox, editor: ScriptedEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where and how, as far as it was on the command line: pasted, it works."""
    sandbox.fault(faults.growth({"new_key": 1}, every=True, method="GET"))
    monkeypatch.delenv("POLYTOMIC_DEPLOYMENT_URL")
    editor.does(RENAME)
    options = ("--url", sandbox.url, "--unknown-fields", "carry", "--allow-all-fields")
    _, screen = edit("Contacts", *options, answers=("n\n",))

    command = resume_command(screen)
    resumed = Terminal(*command)
    resumed.wait_for(QUESTION)
    resumed.type("\x04")

    assert resumed.finish() == 1, resumed.screen
    assert set(options) <= set(command)
    assert sandbox.puts() == []
    assert_kept(resumed.screen, holds="name: Clients")


def test_what_was_typed_while_the_editor_ran_is_no_answer(
    sandbox: Sandbox, editor: ScriptedEditor, tmp_path: Path
) -> None:
    """Keys that were meant for the editor do not write anything."""
    editor.does(f"{RENAME}; echo Editing; while [ ! -e '{tmp_path}/closed' ]; do sleep 0.05; done")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("Editing")
    terminal.type("y\n")
    terminal.wait_for("y\n")
    (tmp_path / "closed").touch()
    terminal.wait_for("[N]o:")
    terminal.type("n\n")

    assert terminal.finish() == 1
    assert sandbox.puts() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_question_keeps_the_text(
    sandbox: Sandbox, editor: ScriptedEditor, number: int
) -> None:
    """Interrupted while asked: exit 130, nothing written, the text kept."""
    editor.does(RENAME)
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for(QUESTION)
    terminal.signal(number)

    assert (terminal.finish(), sandbox.puts()) == (130, [])
    assert_kept(terminal.screen, holds="name: Clients")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_editor_is_open_keeps_the_text(
    sandbox: Sandbox, editor: ScriptedEditor, number: int
) -> None:
    """Ended from outside while the editor runs: the editor is ended, and its text kept."""
    editor.does(f"{RENAME}; echo editing; cat > /dev/null")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.signal(number)

    assert (terminal.finish(), sandbox.puts()) == (130, [])
    assert_kept(terminal.screen, holds="name: Clients")


def test_a_terminal_that_is_gone_after_the_editor_keeps_the_text(
    sandbox: Sandbox,
    editor: ScriptedEditor,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without one to ask on nothing is written, as in an apply, and the text is kept."""
    editor.does(RENAME)
    monkeypatch.setattr("patcher.cli.console.can_ask", lambda: not editor.visits)
    done = patch_model("edit", "Contacts", "-o", "json")

    assert (done.code, sandbox.puts()) == (2, [])
    assert json.loads(done.out)["exit_code"] == 2
    assert "No terminal to ask on" in done.err
    assert_kept(done.err, holds="name: Clients")


def test_ctrl_c_belongs_to_the_editor_while_it_runs(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """An editor that takes an interrupt for itself goes on, and so does the edit."""
    editor.does(f"trap 'echo still here' INT; {RENAME}; echo editing; until read line; do :; done")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.type("\x03")
    terminal.wait_for("still here")
    terminal.type("\n")
    terminal.wait_for(QUESTION)
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_killed_outright_the_text_can_still_be_resumed(
    sandbox: Sandbox, editor: ScriptedEditor, tmp_path: Path
) -> None:
    """After SIGKILL the text and what it is based on are on disk, and --resume takes them."""
    editor.does(f"{RENAME}; echo editing; cat > /dev/null")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.signal(signal.SIGKILL)
    killed = terminal.finish()
    editor.does(":")
    _, said = edit("Contacts")
    (text,) = (path for path in kept(state()) if not path.name.startswith("."))

    code, screen = edit("Contacts", "--resume", str(text), answers=("y\n",))

    assert (killed, code) == (-signal.SIGKILL, 0), screen
    assert resume_command(said) == ["edit", seed.CONTACTS, "--resume", str(text)]
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"
    assert kept(state()) == []


def test_after_a_failed_precondition_an_interrupt_still_counts(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Asked again after a 412 over someone's write, Ctrl-C ends the edit: 130, the text kept."""
    editor.does(RENAME)
    sandbox.fault(faults.concurrent_write({"identifier": "email"}, method="PUT"))
    sandbox.fault(faults.status_before(412))
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for(QUESTION)
    terminal.type("y\n")
    terminal.wait_for_times(QUESTION, 2)
    terminal.signal(signal.SIGINT)

    assert terminal.finish() == 130
    assert_kept(terminal.screen, holds="name: Clients")


def test_a_second_signal_during_the_write_keeps_the_text(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Who gives up waiting for the outcome still has the text: exit 6."""
    editor.does(RENAME)
    gate = Gate()
    sandbox.fault(faults.hold(gate, "before"))
    terminal = Terminal("edit", "Contacts", "--yes")
    assert gate.wait_reached(20)
    terminal.signal(signal.SIGTERM)
    terminal.wait_for("waiting for its outcome")
    terminal.signal(signal.SIGTERM)
    code = terminal.finish()
    gate.release()

    assert code == 6
    assert_kept(terminal.screen, holds="name: Clients")


@pytest.mark.parametrize(("option", "code"), [("fail", 4), ("rebase", 0)])
def test_resuming_unattended_is_a_three_way_affair_too(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command, option: str, code: int
) -> None:
    """Without anybody to ask, what came in between stops it, or is merged where that was said."""
    editor.does(f"{RENAME}; exit 1")
    failed = patch_model("edit", "Contacts", "--yes")
    path = assert_kept(failed.err, holds="name: Clients")
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    done = patch_model("edit", "Contacts", "--yes", "--resume", str(path), "--on-conflict", option)

    stored = sandbox.stored(seed.CONTACTS)
    assert done.code == code, done.err
    assert stored["identifier"] == "email"
    assert stored["name"] == ("Contacts" if code else "Clients")
    assert path.exists() is bool(code)


def test_resuming_what_is_there_already_is_nothing_to_do(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command
) -> None:
    """A text that says what the model is by now, as after a write that landed late: exit 0."""
    editor.does(f"{RENAME}; exit 1")
    failed = patch_model("edit", "Contacts", "--yes")
    path = assert_kept(failed.err, holds="name: Clients")
    sandbox.write_as_other(seed.CONTACTS, {"name": "Clients"})

    done = patch_model("edit", seed.CONTACTS, "--yes", "--resume", str(path))

    assert (done.code, sandbox.puts()) == (0, []), done.err
    assert "No changes" in done.out
    assert not path.exists()


def test_without_editor_and_terminal_it_is_refused(
    sandbox: Sandbox, process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No editor set and no terminal: exit 2, and how to set one."""
    monkeypatch.delenv("EDITOR", raising=False)

    refused = process("edit", "Contacts", "--yes")

    assert (refused.code, sandbox.puts()) == (2, [])
    assert "EDITOR" in refused.err
    assert kept(state()) == []


def test_without_a_terminal_yes_must_be_said_before_anybody_edits(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command
) -> None:
    """Nobody to ask and no --yes: refused before the editor opens, so that no work is lost."""
    refused = patch_model("edit", "Contacts")

    assert (refused.code, editor.visits) == (2, 0)
    assert "--yes" in refused.err


def test_a_scripted_edit_goes_through_with_yes(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """Without a terminal, --yes writes what the editor saved, and JSON is one object."""
    editor.does(f"{RENAME}; echo noise")

    done = process("edit", "Contacts", "--yes", "-o", "json")

    assert done.code == 0, done.err
    assert json.loads(done.out)["status"] == "applied"
    assert "noise" in done.err
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_a_scripted_edit_that_is_invalid_stops_at_once(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command
) -> None:
    """With nobody to fix the text it is not opened again: exit 2, kept."""
    editor.does(BROKEN)

    done = patch_model("edit", "Contacts", "--yes", "-o", "json")

    assert (done.code, editor.visits) == (2, 1)
    assert json.loads(done.out)["error"]["type"] == "InvalidPatchError"
    assert_kept(done.err, holds="fields: [")


@pytest.mark.parametrize(("option", "code"), [("fail", 4), ("rebase", 0)])
def test_a_scripted_edit_meets_a_change_as_its_option_says(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command, option: str, code: int
) -> None:
    """Unattended, --on-conflict decides: stop and keep the text, or rebase it on theirs."""
    editor.does(RENAME)
    with acting(others_set(sandbox, "identifier", "email")):
        done = patch_model("edit", "Contacts", "--yes", "--on-conflict", option)

    stored = sandbox.stored(seed.CONTACTS)
    assert done.code == code, done.err
    assert stored["identifier"] == "email"
    assert stored["name"] == ("Contacts" if code else "Clients")
    if code:
        assert_kept(done.err, holds="name: Clients")


def test_a_scripted_edit_that_collides_is_kept(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command
) -> None:
    """Unattended, a collision stops even under --on-conflict rebase: exit 4, kept."""
    editor.does(RENAME)
    with acting(others_set(sandbox, "name", "Buyers")):
        done = patch_model("edit", "Contacts", "--yes", "--on-conflict", "rebase")

    assert done.code == 4
    assert sandbox.stored(seed.CONTACTS)["name"] == "Buyers"
    assert_kept(done.err, holds="name: Clients")
    assert "Resume it on a terminal" in done.err
    assert "Run the same command again" not in done.err


def test_a_failure_says_in_json_what_it_was_about(
    sandbox: Sandbox, editor: ScriptedEditor, patch_model: Command
) -> None:
    """The plan that could not be carried out is in the one object, and what collided."""
    editor.does(RENAME)
    with acting(others_set(sandbox, "name", "Buyers")):
        done = patch_model("edit", "Contacts", "--yes", "-o", "json")

    result = json.loads(done.out)
    assert (done.code, result["status"], result["name"]) == (4, "conflict", "Contacts")
    assert [change["path"] for change in result["changes"]] == ["/name"]
    assert result["error"]["conflict"]["both"][0]["theirs"] == "Buyers"


def test_the_editor_gets_the_terminal_back(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """An editor that crashes with the terminal in raw mode leaves it usable."""
    editor.does("stty raw -echo; kill -KILL $$")

    terminal = Terminal("edit", "Contacts")
    code = terminal.finish()

    assert code == 1
    assert os.environ["EDITOR"]
    assert "SIGKILL" in terminal.screen
