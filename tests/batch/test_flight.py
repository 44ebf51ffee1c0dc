"""What is on its way in a run, and how the run is stopped."""

from __future__ import annotations

import pytest

from patcher.batch.pool import BatchControl
from patcher.errors import InterruptedWriteError


def test_a_write_is_on_its_way_while_it_is_held() -> None:
    """Its entry is known from before it is sent until it is settled."""
    control = BatchControl()
    with control.defer("@0"):
        assert list(control.on_their_way.values()) == ["@0"]

    assert control.on_their_way == {}


def test_a_stopped_run_still_sends_what_was_begun() -> None:
    """Stopping finishes what is on its way, up to its write."""
    control = BatchControl()
    control.stop()
    with control.defer("@0"):
        deferred = True

    assert deferred
    assert control.is_stopped


def test_an_abandoned_run_sends_nothing_more() -> None:
    """After abandoning, a write that was about to be sent is not."""
    control = BatchControl()
    control.abandon()
    with pytest.raises(InterruptedWriteError), control.defer("@0"):
        pytest.fail("it was sent")

    assert control.on_their_way == {}


def test_a_write_that_was_not_processed_ends_in_a_stopped_run() -> None:
    """Between two attempts a stopped run goes no further; another one does."""
    control = BatchControl()
    with control.defer("@0") as release:
        release()
    control.stop()
    with control.defer("@1") as release, pytest.raises(InterruptedWriteError):
        release()

    assert control.on_their_way == {}


def test_sleeping_ends_when_the_run_is_stopped() -> None:
    """A wait that nothing depends on is over at once, with the run."""
    control = BatchControl()
    control.sleep(0)
    control.stop()
    with pytest.raises(InterruptedWriteError):
        control.sleep(1000)


def test_an_outcome_is_waited_for_in_a_stopped_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a write is on its way its outcome is looked for, stopped or not."""
    slept: list[float] = []
    monkeypatch.setattr("patcher.batch.pool.time.sleep", slept.append)
    control = BatchControl()
    control.stop()
    with control.defer("@0"):
        control.sleep(2)

    assert slept == [2]
