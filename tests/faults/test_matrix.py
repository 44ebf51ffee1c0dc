"""The fault matrix, each cell of it as somebody who types the command sees it."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import ExitStack
from typing import IO

import pytest

from patcher.cli import console
from tests.faults.matrix import NEW, Cell, Command, Row
from tests.faults.relay import Relay
from tests.faults.rows import ASYNC, ROWS
from tests.faults.running import Bench, Outcome, kept_texts, resume_arguments
from tests.sandbox import Sandbox, faults


def is_always_run(number: int, command: Command) -> bool:
    """Whether the suite runs a cell, and not only ``make full``, which runs the rest.

    Of each row it is what ends unlike the others, and one more command, which take turns.
    """
    row = ROWS[number]
    turn = row.commands[number % len(row.commands)]
    return command == turn or command in row.unlike or row is ROWS[0]


CELLS = [
    pytest.param(
        row,
        command,
        id=f"{row.name} - {command}",
        marks=() if is_always_run(number, command) else pytest.mark.full,
    )
    for number, row in enumerate(ROWS)
    for command in row.commands
]


@pytest.mark.parametrize(("row", "command"), CELLS)
def test_the_matrix(
    bench: Bench, row: Row, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored, the PUTs, exit code, message, journal and the user's work are as tabled."""
    expected = row.expected(command)
    with ExitStack() as stack:
        relay = None
        if row.cut is not None:
            relay = stack.enter_context(Relay(bench.sandbox.url, row.cut.way, row.cut.interim))
            for name, value in relay.environment().items():
                monkeypatch.setenv(name, value)
        arguments = bench.prepare(command)
        script(bench.sandbox, row, command)
        if relay is not None and row.cut is not None:
            relay.cut(row.cut.answers, row.cut.then)

        with monkeypatch.context() as meanwhile:
            if row.is_signalled:
                send_signals_after(expected.says, meanwhile)
            outcome = bench.run(*arguments, timeout=row.timeout)

        seen = bench.seen(outcome, entries_before=int(command == "undo"))
        assert seen._replace(says="", lands=expected.lands) == expected._replace(says=""), seen.says
        assert expected.says in outcome.text
        assert "Traceback" not in outcome.text
        bench.everything_lands(awaited=expected.lands)
        assert_nothing_false_was_said(bench, expected)
        bench.sandbox.reset()
        if relay is not None:
            relay.mend()
        assert_the_work_is_there(bench, command, expected, outcome)


def send_signals_after(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends each signal that ends a process, twice, with every output from when it is said."""
    write, text = console.write, ""

    def watched(part: str, stream: IO[str] | None, **options: bool) -> None:
        nonlocal text
        write(part, stream, **options)
        text += part
        if said in text:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * 2:
                os.kill(os.getpid(), number)

    monkeypatch.setattr(console, "write", watched)


def script(sandbox: Sandbox, row: Row, command: Command) -> None:
    """Has the row's faults wait for their requests."""
    for one in row.steps:
        sandbox.fault(one.fault())
    if command == ASYNC and not any(one.name == "job" for one in row.steps):
        # A real job goes on whether anybody follows it or not.
        sandbox.fault(faults.job(polls=2, alone=True, every=True))


def assert_nothing_false_was_said(bench: Bench, cell: Cell) -> None:
    """Whatever lands later was called neither written nor not written."""
    if bench.stored() != cell.stored:
        assert cell.code == 6


def assert_the_work_is_there(bench: Bench, command: Command, cell: Cell, outcome: Outcome) -> None:
    """What was to be written can still be, with the same command or the one that is printed."""
    texts = kept_texts()
    if cell.code == 0:
        assert texts == []
        return
    was_there = bench.stored()
    if command == "edit" and cell.journal != "none":
        (text,) = texts
        assert f"name: {NEW}\n" in text.read_text()
        assert stat.S_IMODE(text.stat().st_mode) == 0o600
        again = resume_arguments(outcome.text)
        assert again[-1] == str(text)
        arguments = (*again, "--yes")
    else:
        arguments = bench.again(command)
    done = bench.run(*arguments)

    expected = {
        "gone": (3, "gone", 0),
        "new": (0, "new", 0),
        "old": (0, "new", 1),
        "new and theirs": (0, "new and theirs", 0),
        "old and theirs": (0, "new and theirs", 1),
    }[was_there]
    is_spent = (
        command == "apply --plan" and cell.journal == "unknown" and was_there not in ("new", "gone")
    )
    if is_spent or ("theirs" in was_there and command not in ("apply", ASYNC)):
        expected = (4, was_there, 0)
    if is_spent:
        assert "was sent before, with an unknown outcome" in done.text
    puts = len(bench.sandbox.puts(bench.model))
    assert (done.code, bench.stored(), puts) == expected, done.text
    assert len(kept_texts()) == (done.code != 0 and command == "edit")
