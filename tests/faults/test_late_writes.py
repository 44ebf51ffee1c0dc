"""A write that lands after everybody has stopped waiting: what history and undo say of it."""

from __future__ import annotations

import pytest

from tests.faults.running import Bench
from tests.sandbox import faults


@pytest.fixture
def entry(bench: Bench) -> str:
    """The journal entry of a write that was answered with 504, and has not landed yet."""
    arguments = bench.prepare("apply")
    bench.sandbox.fault(faults.late_write(None, 504))
    done = bench.run(*arguments)
    (one,) = bench.entries()
    name: str = one.entry
    assert (done.code, one.state, name in done.text) == (6, "unknown", True)
    return name


def test_history_calls_it_not_known(bench: Bench, entry: str) -> None:
    """Neither written nor not written, with the reason, before it lands and after."""
    for _ in range(2):
        listed, shown = bench.run("history"), bench.run("history", entry)
        assert "  unknown  " in listed.text
        assert "have been written: scripted fault: 504 (504)" in " ".join(shown.text.split())
        bench.everything_lands(awaited=True)


@pytest.mark.parametrize("by_model", [False, True])
def test_undo_does_nothing_until_it_has_landed(bench: Bench, entry: str, by_model: bool) -> None:
    """As long as the model is as before there is nothing to take back: exit 2, nothing sent."""
    puts = len(bench.sandbox.puts(bench.model))

    done = bench.run("undo", bench.model if by_model else entry, "--yes")

    assert done.code == 2
    assert f"{entry} is not visible yet" in done.text
    assert "may still be applied" in " ".join(done.text.split())
    assert len(bench.sandbox.puts(bench.model)) == puts
    assert bench.entries()[0].state == "unknown"


@pytest.mark.parametrize("by_model", [False, True])
def test_undo_takes_it_back_once_it_has_landed(bench: Bench, entry: str, by_model: bool) -> None:
    """A reading shows that it was written, which is recorded; then it is undone as any other."""
    bench.everything_lands(awaited=True)
    assert bench.stored() == "new"

    done = bench.run("undo", bench.model if by_model else entry, "--yes")

    assert (done.code, bench.stored()) == (0, "old"), done.text
    states = [(one.state, one.record.intent.undoes) for one in bench.entries()]
    assert states == [("applied", entry), ("applied", None)]


def test_undo_leaves_alone_what_somebody_else_has_written_since(bench: Bench, entry: str) -> None:
    """Landed, and written over: what is there is neither, and stays: exit 4."""
    bench.everything_lands(awaited=True)
    bench.sandbox.write_as_other(bench.model, {"identifier": "email"})

    done = bench.run("undo", entry, "--yes")

    assert done.code == 4
    assert "nor what was sent" in " ".join(done.text.split())
    assert bench.sandbox.stored(bench.model)["identifier"] == "email"


def test_a_late_write_over_somebody_elses_is_not_called_alone(bench: Bench) -> None:
    """Somebody else writes while a write is on its way, which then lands on theirs: exit 5."""
    arguments = bench.prepare("apply")
    bench.sandbox.fault(faults.late_write(3, 504))
    theirs = {"identifier": "email"}
    bench.sandbox.fault(faults.concurrent_write(theirs, method="GET", kind="model", nth=5))

    done = bench.run(*arguments)

    assert (done.code, len(bench.sandbox.puts(bench.model))) == (5, 1), done.text
    assert "someone else wrote" in done.text
    assert bench.entries()[0].state == "unverified"
