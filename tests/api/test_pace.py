"""The pace of requests: a rate, and pauses that are everybody's."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from patcher.api import Client
from patcher.api.pace import Pace
from patcher.errors import ApiError, SettingsError
from tests.sandbox import Sandbox, seed


class Time:
    """A clock that goes on by what is slept."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_without_a_rate_nobody_waits() -> None:
    """By default a turn is had at once."""
    time = Time()
    pace = Pace(monotonic=time.monotonic)
    for _ in range(5):
        pace.turn(time.sleep)

    assert time.now == 100.0


def test_a_rate_spaces_requests() -> None:
    """At 4 a second, the ninth begins two seconds after the first."""
    time = Time()
    pace = Pace(4, monotonic=time.monotonic)
    for _ in range(9):
        pace.turn(time.sleep)

    assert time.now == pytest.approx(102.0)


def test_a_write_does_not_wait_and_is_counted() -> None:
    """A write goes at once after its reading; whoever comes next waits for it as well."""
    time = Time()
    pace = Pace(2, monotonic=time.monotonic)
    pace.turn(time.sleep)
    pace.take()
    assert time.now == 100.0

    pace.turn(time.sleep)
    assert time.now == pytest.approx(101.0)


def test_a_pause_is_for_everybody() -> None:
    """Told to wait for 5 seconds, no request begins earlier, and the pause can be asked for."""
    time = Time()
    pace = Pace(monotonic=time.monotonic)
    pace.throttled(5)
    assert pace.pause_left() == 5

    pace.turn(time.sleep)
    assert time.now == 105.0
    assert pace.pause_left() == 0


def test_a_pause_that_comes_while_one_waits_is_kept() -> None:
    """Who waits for a turn when somebody else is told to pause waits for the pause, too."""
    time = Time()
    pace = Pace(1, monotonic=time.monotonic)
    pace.turn(time.sleep)

    def told_meanwhile(seconds: float) -> None:
        if time.now == 100.0:
            pace.throttled(7)
        time.sleep(seconds)

    pace.turn(told_meanwhile)
    assert time.now == 107.0


def test_the_longest_pause_counts() -> None:
    """A shorter pause does not end a longer one."""
    time = Time()
    pace = Pace(monotonic=time.monotonic)
    pace.throttled(9)
    pace.throttled(1)

    assert pace.pause_left() == 9


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_is_positive(rate: float) -> None:
    """A rate that cannot be is refused."""
    with pytest.raises(SettingsError, match="rate"):
        Pace(rate)


def test_threads_get_turns_of_their_own() -> None:
    """Two threads never get the same turn."""
    time = Time()
    pace = Pace(10, monotonic=time.monotonic)
    delays: list[float] = []

    def work() -> None:
        delays.extend(pace.take() for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({round(delay, 6) for delay in delays}) == 200


@pytest.mark.parametrize(("left", "requests"), [(5.0, 0), (40.0, 1)])
def test_a_pause_longer_than_the_callers_time_is_not_waited_for(left: float, requests: int) -> None:
    """A look that has a few seconds ends within them, whatever pause the others were told."""
    time = Time()
    pace = Pace(monotonic=time.monotonic)
    pace.throttled(30)
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        paced = client.at_pace(pace, time.sleep)
        with suppress(ApiError):
            paced.within(lambda: 100.0 + left - time.now).read_raw("/api/models", seed.CONTACTS)

        assert time.now <= 100.0 + left
        assert len(sandbox.requests) == requests
