"""On a real (pseudo-)terminal: the question, the colours, the signals."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from patcher.sandbox import Gate, Sandbox, faults, seed
from tests.cli.terminal import Terminal

RENAME = ("apply", seed.CONTACTS, "--set", "name=Customers")


@pytest.mark.parametrize(
    ("typed", "code"), [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1), ("yep\n", 1)]
)
def test_only_yes_is_yes(sandbox: Sandbox, typed: str, code: int) -> None:
    """An empty line, the end of input and anything but yes is no: exit 1, nothing written."""
    terminal = Terminal(*RENAME)
    terminal.wait_for("Write this? [y/N]")
    terminal.type(typed)

    assert terminal.finish() == code
    assert len(sandbox.puts()) == (0 if code else 1)
    assert ("Nothing was written" in terminal.screen) is bool(code)


def test_the_plan_is_on_the_screen_before_the_question(sandbox: Sandbox) -> None:
    """What will change and what is carried over is shown before anybody is asked."""
    terminal = Terminal(*RENAME)
    screen = terminal.wait_for("Write this?")
    terminal.type("n\n")
    terminal.finish()

    assert screen.index("Carried over") < screen.index("Write this?")
    assert "\x1b[32m" in screen


def test_the_plan_is_on_the_terminal_whatever_stdout_is(sandbox: Sandbox, tmp_path: Path) -> None:
    """With standard output in a file the question still stands below the plan it is about."""
    file = os.open(tmp_path / "out.json", os.O_WRONLY | os.O_CREAT)
    terminal = Terminal(*RENAME, "-o", "json", stdout=file)
    os.close(file)
    screen = terminal.wait_for("Write this?")
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
    terminal.wait_for("Write this?")
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
    assert "journal entry @" in terminal.screen
