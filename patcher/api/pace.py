"""The rate of requests of one batch, over all its threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from patcher.errors import SettingsError


class Pace:
    """Turns for requests: a maximum rate, and none while the API asks for a pause.

    A pause (429, RFC 6585) holds for all requests.
    """

    def __init__(
        self, max_rps: float | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``max_rps`` is requests per second; None for no limit. Raises SettingsError."""
        if max_rps is not None and not 0 < max_rps < float("inf"):
            raise SettingsError(
                f"The rate must be positive, in requests per second; it is {max_rps:g}."
            )
        self._monotonic = monotonic
        self._gap = 0.0 if max_rps is None else 1 / max_rps
        self._next = 0.0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def turn(self, sleep: Callable[[float], None]) -> None:
        """Returns when a request may be sent; ``sleep`` waits."""
        at = self.take()
        while True:
            delay = at - self._monotonic()
            if delay > 0:
                sleep(delay)
            elif at < self._closed_until:
                at = self.take()  # throttled in the meantime
            else:
                return

    def pause_left(self) -> float:
        """The seconds left of a pause; 0 without one."""
        return max(0.0, self._closed_until - self._monotonic())

    def throttled(self, seconds: float) -> None:
        """Starts a pause of so many seconds."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._monotonic() + seconds)

    def take(self) -> float:
        """Takes the next turn, and returns its time.

        A request that is sent without waiting for it counts all the same: later ones wait longer.
        """
        with self._lock:
            at = max(self._monotonic(), self._next, self._closed_until)
            self._next = at + self._gap
            return at
