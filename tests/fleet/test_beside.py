"""Intents beside readings: on disk before any write, and no write after a wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import JournalError
from patcher.fleet import JournalBeside
from patcher.journal import Ending, Intent, Journal

INTENT = Intent("thing", "x", "X", "https://x", {"id": "x"}, {"name": "X"}, ("key",))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What the disk waits for."""
    gate = threading.Event()
    opened = Journal.open

    def slow(self: Journal, intent: Intent, name: str | None = None) -> str:
        assert gate.wait(5)
        return opened(self, intent, name)

    monkeypatch.setattr(Journal, "open", slow)
    return gate


def journal(folder: Path, now: Callable[[], float]) -> JournalBeside:
    """A journal that goes by a clock of the test's."""
    return JournalBeside.of(Journal(folder / "journal"), 2, now)


def beside(made: JournalBeside) -> JournalBeside:
    """One that has learned that readings take long."""
    made._disk, made._reading = 0.01, 1.0
    return made


def test_at_first_the_disk_comes_first(tmp_path: Path) -> None:
    """Until it is known how long things take, an entry is on disk when its name is had."""
    made = journal(tmp_path, lambda: 0.0)
    name = made.open(INTENT)

    assert made.entry(name).intent.id == "x"
    assert made.has_waited() is False


def test_where_readings_take_long_the_disk_is_not_waited_for(
    tmp_path: Path, gate: threading.Event
) -> None:
    """The name is had at once; after the reading it says that it had to wait for the disk."""
    made = beside(journal(tmp_path, lambda: 0.0))
    name = made.open(INTENT)
    assert made.names() == ()

    threading.Timer(0.01, gate.set).start()
    assert made.has_waited() is True
    assert made.entry(name).intent.id == "x"
    assert made.has_waited() is False


def test_a_disk_that_was_quicker_is_no_wait(tmp_path: Path, gate: threading.Event) -> None:
    """When the intent is on disk before the reading has come, nothing is read again."""
    gate.set()
    made = beside(journal(tmp_path, lambda: 0.0))
    made.open(INTENT)
    made._opened[threading.get_ident()].on_disk.result()

    assert made.has_waited() is False


def test_it_learns_how_long_things_take(tmp_path: Path) -> None:
    """Readings of a second beside a disk of a millisecond: from then on side by side."""
    times = iter([0.0, 0.001, 0.001, 1.001])
    made = journal(tmp_path, lambda: next(times))
    made.open(INTENT)
    made.has_waited()

    assert made._reading > 3 * made._disk > 0


def test_an_intent_that_cannot_be_recorded_stops_the_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes before the write, and there is no ending without a beginning."""

    def full(self: Journal, intent: Intent, name: str | None = None) -> str:
        raise JournalError("no room")

    monkeypatch.setattr(Journal, "open", full)
    made = beside(journal(tmp_path, lambda: 0.0))
    name = made.open(INTENT)
    with pytest.raises(JournalError, match="no room"):
        made.has_waited()

    second = beside(made).open(INTENT)
    made.close(second, Ending("not-written"))
    assert not (tmp_path / "journal").exists()
    assert name != second


def test_an_ending_waits_for_its_beginning(tmp_path: Path, gate: threading.Event) -> None:
    """A write that ended before its intent was on disk leaves both, in order."""
    made = beside(journal(tmp_path, lambda: 0.0))
    name = made.open(INTENT)
    threading.Timer(0.01, gate.set).start()
    made.close(name, Ending("not-written", "stopped"))
    entry = made.entry(name)

    assert entry.ending is not None
    assert entry.ending.state == "not-written"
