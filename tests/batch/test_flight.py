"""What is on its way in a run, and how the run is stopped."""

from __future__ import annotations

import pytest

from patcher.batch.pool import Flight
from patcher.errors import InterruptedWriteError


def test_a_write_is_on_its_way_while_it_is_held() -> None:
    """Its entry is known from before it is sent until it is settled."""
    flight = Flight()
    with flight.hold("@0"):
        assert list(flight.on_their_way.values()) == ["@0"]

    assert flight.on_their_way == {}


def test_a_stopped_run_still_sends_what_was_begun() -> None:
    """Stopping finishes what is on its way, up to its write."""
    flight = Flight()
    flight.stop()
    with flight.hold("@0"):
        held = True

    assert held
    assert flight.is_stopped


def test_an_abandoned_run_sends_nothing_more() -> None:
    """After abandoning, a write that was about to be sent is not."""
    flight = Flight()
    flight.abandon()
    with pytest.raises(InterruptedWriteError), flight.hold("@0"):
        pytest.fail("it was sent")

    assert flight.on_their_way == {}


def test_a_write_that_was_not_processed_ends_in_a_stopped_run() -> None:
    """Between two attempts a stopped run goes no further; another one does."""
    flight = Flight()
    with flight.hold("@0") as held:
        held.let_go()
    flight.stop()
    with flight.hold("@1") as held, pytest.raises(InterruptedWriteError):
        held.let_go()

    assert flight.on_their_way == {}


def test_sleeping_ends_when_the_run_is_stopped() -> None:
    """A wait that nothing depends on is over at once, with the run."""
    flight = Flight()
    flight.sleep(0)
    flight.stop()
    with pytest.raises(InterruptedWriteError):
        flight.sleep(1000)


def test_an_outcome_is_waited_for_in_a_stopped_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a write is on its way its outcome is looked for, stopped or not."""
    slept: list[float] = []
    monkeypatch.setattr("patcher.batch.pool.time.sleep", slept.append)
    flight = Flight()
    flight.stop()
    with flight.hold("@0"):
        flight.sleep(2)

    assert slept == [2]
