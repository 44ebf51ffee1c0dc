"""How fast requests may follow one another, for all that one run has on its way together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from patcher.errors import SettingsError

_LONGEST_GAP: Final = 1.0
_SHORTEST_GAP: Final = 0.001
_WEIGHT: Final = 0.1
_RECOVERY: Final = 0.97


class Pace:
    """Turns for requests: so many in a second, and none while the API asks for a pause.

    A pause (429, RFC 6585) is everybody's. Afterwards requests go at half the rate at which they
    went before it, and from then on a little faster with every one that is answered.
    """

    def __init__(
        self, max_rps: float | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``max_rps`` is requests per second, None without end. Raises SettingsError."""
        if max_rps is not None and not 0 < max_rps < float("inf"):
            raise SettingsError(
                f"The rate must be positive, in requests per second; it is {max_rps:g}."
            )
        self._monotonic = monotonic
        self._fixed = 0.0 if max_rps is None else 1 / max_rps
        self._learned = 0.0
        self._mean = 0.0
        self._last: float | None = None
        self._next = 0.0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def turn(self, sleep: Callable[[float], None]) -> None:
        """Returns when a request may be sent; ``sleep`` is what waiting goes by."""
        at = self._reserved()
        while True:
            delay = at - self._monotonic()
            if delay > 0:
                sleep(delay)
            elif at < self._closed_until:
                at = self._reserved()  # somebody was told to wait in the meantime
            else:
                return

    def take(self) -> None:
        """A request is sent now, without a wait; those after it wait the longer for that."""
        self._reserved()

    def pause_left(self) -> float:
        """How many seconds of a pause are left; 0 without one."""
        return max(0.0, self._closed_until - self._monotonic())

    def told_to_wait(self, seconds: float) -> None:
        """The API wants no request for so long."""
        with self._lock:
            now = self._monotonic()
            if self._closed_until <= now:
                # Those that were on their way together are told together: it counts once.
                self._learned = min(_LONGEST_GAP, max(2 * self._learned, 2 * self._mean))
            self._closed_until = max(self._closed_until, now + seconds)

    def went_well(self) -> None:
        """A request was answered otherwise."""
        with self._lock:
            learned = self._learned * _RECOVERY
            self._learned = learned if learned > _SHORTEST_GAP else 0.0

    def _reserved(self) -> float:
        """The moment of the next request, which nobody else will get."""
        with self._lock:
            now = self._monotonic()
            at = max(now, self._next, self._closed_until)
            self._next = at + max(self._fixed, self._learned)
            if self._last is not None and at - self._last < _LONGEST_GAP:
                self._mean += _WEIGHT * (at - self._last - self._mean)
            self._last = at
            return at
