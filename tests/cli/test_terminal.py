"""On a real (pseudo-)terminal: the question, the colours, the signals."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.terminal import Terminal
from tests.sandbox import Gate, Sandbox, faults, seed

RENAME = ("apply", seed.CONTACTS, "--set", "name=Customers")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1), ("y\x04\x04", 1)],
)
def test_only_yes_is_yes(sandbox: Sandbox, typed: str, code: int) -> None:
    """An empty line and the end of input, also within a line, are no: exit 1, nothing written."""
    terminal = Terminal(*RENAME)
    terminal.wait_for("[y/N]")
    terminal.type(typed)

    assert terminal.finish() == code
    assert len(sandbox.puts()) == (0 if code else 1)
    assert ("Nothing was written" in terminal.screen) is bool(code)


@pytest.mark.parametrize("typed", ["?\n", "maybe\n", "yep\n", "\xc3\n", "apply\n", "0\n"])
def test_an_answer_that_is_none_is_asked_again(sandbox: Sandbox, typed: str) -> None:
    """Only yes or no ends the question; what else was typed with it is no answer either."""
    terminal = Terminal(*RENAME)
    terminal.wait_for("[y/N]")
    terminal.type(f"{typed}")
    terminal.wait_for_times("[y/N]", 2)
    assert sandbox.puts() == []
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert len(sandbox.puts()) == 1


QUESTIONS = (
    RENAME,
    ("apply", "--all", "--set", "identifier=email"),
    ("apply", "--plan", "{plan}"),
    ("undo", seed.CONTACTS),
    ("undo", "--run", "{run}"),
)


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [*((one, "y\n") for one in QUESTIONS), (RENAME, "yes\ny\n\n"), (RENAME, "y")],
)
def test_what_was_typed_before_the_question_is_no_answer(
    sandbox: Sandbox,
    patch_model: Command,
    process: Command,
    tmp_path: Path,
    arguments: tuple[str, ...],
    typed: str,
) -> None:
    """Whatever comes before the question is on the screen writes nothing."""
    plan = str(tmp_path / "plan.json")
    done = patch_model("apply", "--where", "name=Contacts", "--set", "name=Y", "-y", "-o", "json")
    run = json.loads(done.out)["run"]
    process("plan", seed.CONTACTS, "--set", "name=Z", "--out", plan)
    gate = Gate()
    sandbox.fault(faults.hold(gate, "after", method="GET", kind="model"))
    sandbox.reset_requests()
    terminal = Terminal(*(one.format(plan=plan, run=run) for one in arguments))
    assert gate.wait_reached(20)
    terminal.type(typed)
    terminal.wait_for(typed.strip())
    gate.release()
    terminal.wait_for("[y/N]")
    terminal.type("n\n")

    assert terminal.finish() == 1
    assert sandbox.puts() == []


def test_what_was_typed_while_the_write_was_refused_is_no_answer(sandbox: Sandbox) -> None:
    """The plan upon theirs is asked about anew: an answer to the first one does not count."""
    gate = Gate()
    terminal = Terminal(*RENAME, "--on-conflict", "rebase")
    terminal.wait_for("[y/N]")
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    sandbox.fault(faults.hold(gate, "after", method="GET", kind="model"))
    terminal.type("y\n")
    assert gate.wait_reached(20)
    terminal.type("y\n")
    terminal.wait_for_times("y\n", 2)
    gate.release()
    terminal.wait_for_times("[y/N]", 2)
    terminal.type("n\n")

    assert terminal.finish() == 1
    assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"


def test_the_plan_is_on_the_screen_before_the_question(sandbox: Sandbox) -> None:
    """What will change and what is carried over is shown before anybody is asked."""
    terminal = Terminal(*RENAME)
    screen = terminal.wait_for("Write to")
    terminal.type("n\n")
    terminal.finish()

    assert screen.index("Preserved") < screen.index("Write to")
    assert "\x1b[32m" in screen


def test_the_plan_is_on_the_terminal_whatever_stdout_is(sandbox: Sandbox, tmp_path: Path) -> None:
    """With standard output in a file the question still stands below the plan it is about."""
    file = os.open(tmp_path / "out.json", os.O_WRONLY | os.O_CREAT)
    terminal = Terminal(*RENAME, "-o", "json", stdout=file)
    os.close(file)
    screen = terminal.wait_for("Write to")
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert "/name" in screen
    assert (tmp_path / "out.json").read_text().startswith("{")


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_as_the_environment_wants(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], coloured: bool
) -> None:
    """NO_COLOR and TERM=dumb are honoured on a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal("plan", seed.CONTACTS, "--set", "name=Customers")

    assert terminal.finish() == 0
    assert ("\x1b[" in terminal.screen) is coloured


def test_a_list_fits_the_terminal(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that do not fit are left out on a terminal, and the IDs stay whole."""
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal("list")

    assert terminal.finish() == 0
    rows = terminal.screen.splitlines()
    assert seed.CONTACTS in terminal.screen
    assert "NAME" in rows[0]
    assert all(len(re.sub(r"\x1b\[\d+m", "", row)) <= 60 for row in rows)


def test_standard_input_on_a_terminal_is_announced(sandbox: Sandbox) -> None:
    """A command that reads from the terminal says so, and how to end."""
    terminal = Terminal("plan", seed.CONTACTS, "--merge", "-")
    terminal.wait_for("Press Ctrl-D to end")
    terminal.type('{"name": "New"}\n\x04')

    assert terminal.finish() == 0
    assert "Plan: 1 change" in terminal.screen


def test_an_error_is_marked_in_colour(sandbox: Sandbox) -> None:
    """The first word of an error and of its hint stand out on a terminal."""
    terminal = Terminal("get", "Contcts")

    assert terminal.finish() == 3
    assert "\x1b[1;31mError\x1b[0m:" in terminal.screen
    assert "\x1b[1mHint\x1b[0m:" in terminal.screen


def test_secrets_are_shown_on_request(sandbox: Sandbox) -> None:
    """--show-secrets reveals on a terminal what is masked otherwise."""
    change = ("plan", seed.CONTACTS, "--set", "configuration.session.api_token=tok_new")
    masked, shown = Terminal(*change), Terminal(*change, "--show-secrets")
    masked.finish()
    shown.finish()

    assert "tok_" not in masked.screen
    assert "******** (before)" in masked.screen
    assert "tok_live_51c0ffee" in shown.screen
    assert "tok_new" in shown.screen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_at_the_question_nothing_is_written(sandbox: Sandbox, number: int) -> None:
    """A signal before the write ends it at once: exit 130, nothing written."""
    terminal = Terminal(*RENAME)
    terminal.wait_for("Write to")
    terminal.signal(number)

    assert terminal.finish() == 130
    assert "Nothing was written" in terminal.screen
    assert sandbox.puts() == []


def test_a_signal_waits_for_the_outcome_of_a_write(sandbox: Sandbox) -> None:
    """From the first byte of the write on, a signal waits: the write is settled and reported."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, "before"))
    terminal = Terminal(*RENAME, "--yes")
    assert gate.wait_reached(20)
    terminal.signal(signal.SIGINT)
    terminal.wait_for("waiting for its outcome")
    gate.release()

    assert terminal.finish() == 0
    assert "version 1 -> 2" in terminal.screen


def test_a_second_signal_stops_without_knowing(sandbox: Sandbox) -> None:
    """A second signal gives up waiting: exit 6, naming the journal entry."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, "before"))
    terminal = Terminal(*RENAME, "--yes")
    assert gate.wait_reached(20)
    terminal.signal(signal.SIGINT)
    terminal.wait_for("waiting for its outcome")
    terminal.signal(signal.SIGTERM)

    assert terminal.finish() == 6
    gate.release()
    assert "Journal entry @" in terminal.screen
