"""Waiting between attempts, on a clock of our own."""

from __future__ import annotations

from itertools import islice

import pytest

from patcher.backoff import attempts, pauses, time_left
from tests.guard.memory import FakeClock


def test_pauses_double_up_to_the_longest() -> None:
    """Each is twice the one before, and none is longer than the longest."""
    assert list(islice(pauses(0.25, 1.5), 5)) == [0.25, 0.5, 1.0, 1.5, 1.5]


def test_attempts_end_with_the_time() -> None:
    """The last pause is cut to the time that is left, and one more attempt follows it."""
    clock, said = FakeClock(), list[float]()

    made = [clock.now for _ in attempts(clock, time_left(clock, 1.0), said.append)]

    assert made == pytest.approx([0.0, 0.1, 0.3, 0.7, 1.0])
    assert said == [1.0]


def test_there_is_one_attempt_without_any_time() -> None:
    """With no time left there is still one attempt, no wait, and nothing to say."""
    clock, said = FakeClock(), list[float]()

    assert len(list(attempts(clock, time_left(clock, 0.0), said.append))) == 1
    assert (clock.waits, said) == ([], [])
