"""Waiting between attempts: the one back-off of the package, on a clock that the caller gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

from patcher.documents.wording import ignore

TimeLeft: TypeAlias = Callable[[], float]
"""Returns how many seconds are left; not above zero once the time is up."""


class Clock(Protocol):
    """Time, as far as waiting needs it."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""

    def sleep(self, seconds: float) -> None:
        """Returns after that many seconds."""


def time_left(clock: Clock, seconds: float) -> TimeLeft:
    """Counts down so many seconds from now."""
    end = clock.monotonic() + seconds
    return lambda: end - clock.monotonic()


def pauses(first: float = 0.1, longest: float = 2.0) -> Iterator[float]:
    """Yields pauses in seconds, each twice the one before and none above ``longest``; endless."""
    while True:
        yield min(first, longest)
        first *= 2


def attempts(
    clock: Clock, left: TimeLeft, on_wait: Callable[[float], None] = ignore
) -> Iterator[None]:
    """Yields once for each attempt, at least once, and waits in between until the time is up.

    ``on_wait`` is called before the first wait with the number of seconds left.
    """
    for attempt, pause in enumerate(pauses()):
        yield
        rest = left()
        if rest <= 0:
            return
        if attempt == 0:
            on_wait(rest)
        clock.sleep(min(pause, rest))
