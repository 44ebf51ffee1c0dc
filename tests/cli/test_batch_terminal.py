"""Many models on a real (pseudo-)terminal: progress, the question, signals meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.sandbox import Gate, Sandbox, faults, in_environment, seed

MODELS = 9
ALL = ("apply", "--all", "--set", "identifier=key")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with more models than workers, that the environment points to."""
    with in_environment(MODELS, monkeypatch) as running:
        yield running


def written(sandbox: Sandbox) -> int:
    """How many models have been changed."""
    return [sandbox.stored(one)["identifier"] for one in sandbox.ids()].count("key")


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\x04", 1)])
def test_there_is_one_question_below_the_overview(sandbox: Sandbox, typed: str, code: int) -> None:
    """All models are asked about once; only yes is yes."""
    terminal = Terminal(*ALL)
    screen = terminal.wait_for("[y/N]")
    terminal.type(typed)

    assert terminal.finish() == code
    assert screen.index(f"{MODELS} of {MODELS} models") < screen.index("Write")
    assert written(sandbox) == (0 if code else MODELS)
    assert (f"{MODELS} declined. Nothing was written." in terminal.screen) is bool(code)
    assert "Declined:" not in terminal.screen


def test_the_overview_is_on_the_terminal_whatever_stdout_is(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """With lines of JSON in a file the question still stands below what it is about."""
    file = os.open(tmp_path / "out.json", os.O_WRONLY | os.O_CREAT)
    terminal = Terminal(*ALL, "-o", "json", stdout=file)
    os.close(file)
    screen = terminal.wait_for(f"Write {MODELS} models to")
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert "/identifier" in screen
    rows = (tmp_path / "out.json").read_text().splitlines()
    assert {json.loads(row)["status"] for row in rows} == {"applied"}
    assert len(rows) == MODELS


def test_progress_is_shown_with_its_rate_and_what_fails_above_it(sandbox: Sandbox) -> None:
    """How many of how many, how fast, how much longer; a failure when it happens."""
    gate = Gate()
    sandbox.fault(faults.status_before(403, path=seed.ORDERS))
    sandbox.fault(faults.hold(gate, path=sandbox.ids()[-1]))
    terminal = Terminal(*ALL, "--yes")
    assert gate.wait_reached(20)
    screen = terminal.wait_for("Nothing was written.")
    screen = terminal.wait_for(f"{MODELS - 1}/{MODELS}")
    gate.release()

    assert terminal.finish() == 7
    assert 'Failed: model "Orders"' in _plain(screen)
    assert "Writing" in screen
    assert re.search(r"\d+\.\d/s", screen)
    assert f"{MODELS} models: {MODELS - 1} written, 1 failed" in _plain(terminal.screen)


def test_progress_is_for_terminals(sandbox: Sandbox, tmp_path: Path) -> None:
    """With -v each request is a line, and nothing is drawn between the lines."""
    terminal = Terminal(*ALL, "--yes", "-v")

    assert terminal.finish() == 0
    assert "Writing" not in terminal.screen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_begins_nothing_new_and_finishes_what_is_on_its_way(
    sandbox: Sandbox, number: int
) -> None:
    """Two of nine are on their way: both are finished, seven are not begun, nothing is lost."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, every=True))
    terminal = Terminal(*ALL, "--yes", "--concurrency", "2")
    assert gate.wait_reached(20)
    terminal.wait_for("Writing")
    terminal.signal(number)
    terminal.wait_for("Stopping after the writes in progress")
    gate.release()

    assert terminal.finish() == 7
    done = written(sandbox)
    assert 1 <= done <= 2
    assert f"{MODELS} models: {done} written, {MODELS - done} not started" in _plain(
        terminal.screen
    )
    assert terminal.screen.count("Not started: ") + terminal.screen.count("Not started\x1b") >= 7
    assert len(sandbox.puts()) == done

    again = Terminal(*ALL, "--yes")
    assert again.finish() == 0
    assert f"{MODELS - done} written, {done} unchanged" in _plain(again.screen)


def test_a_second_signal_waits_for_nothing(sandbox: Sandbox) -> None:
    """What is on its way is unknown, with its journal entry; exit 6, and nothing more is sent."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, every=True))
    terminal = Terminal(*ALL, "--yes", "--concurrency", "1")
    assert gate.wait_reached(20)
    terminal.signal(signal.SIGINT)
    terminal.wait_for("Stopping")
    terminal.signal(signal.SIGINT)

    assert terminal.finish() == 6
    assert re.search(r"Journal entry @[0-9a-f]{12}", terminal.screen)
    assert f"{MODELS} models: 1 unknown, {MODELS - 1} not started" in _plain(terminal.screen)
    assert len(sandbox.puts()) == 1


def test_a_signal_before_the_first_write_is_an_interruption(sandbox: Sandbox) -> None:
    """While plans are made, and at the question, nothing was written: exit 130."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, method="GET", kind="model"))
    planning = Terminal(*ALL)
    assert gate.wait_reached(20)
    planning.signal(signal.SIGINT)
    assert planning.finish() == 130
    gate.release()

    asking = Terminal(*ALL)
    asking.wait_for("Write 9 models to")
    asking.signal(signal.SIGINT)

    assert asking.finish() == 130
    assert "Nothing was written" in asking.screen
    assert sandbox.puts() == []


def _plain(screen: str) -> str:
    """The screen without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen)


def test_what_a_pull_did_goes_to_standard_output(sandbox: Sandbox, tmp_path: Path) -> None:
    """The progress on the terminal does not take the results out of a file."""
    with (tmp_path / "out").open("wb") as out:
        terminal = Terminal(
            "pull", "--dir", str(tmp_path / "models"), "--base", "live", stdout=out.fileno()
        )
        assert terminal.finish() == 0

    said = (tmp_path / "out").read_text()
    assert said.count(".yaml") == MODELS
    assert ".yaml" not in terminal.screen
