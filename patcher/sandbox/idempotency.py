"""Idempotency keys: the first outcome for a key is the outcome for a day."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from patcher.sandbox.clock import Clock
from patcher.sandbox.errors import key_in_flight
from patcher.sandbox.messages import Reply

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Entry:
    since: datetime
    outcome: Reply | None = None


class Ledger:
    """Which keys were used, and how each first request ended.

    The documentation does not say whether a key is bound to an endpoint, a caller or a body; here
    it is bound to nothing, which is the harshest reading.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def claim(self, key: str) -> Reply | None:
        """Use a key: None the first time, afterwards the first outcome, an error too.

        Raises:
            WireError: 409, while the first request is still being processed.
        """
        now = self._clock.now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now - entry.since >= KEPT_FOR:
                self._entries[key] = _Entry(now)
                return None
            if entry.outcome is None:
                raise key_in_flight(key)
            return entry.outcome

    def settle(self, key: str, outcome: Reply | None) -> None:
        """Keep the outcome; None means that the API never saw the request, so the key is free."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None and outcome is not None:
                self._entries[key] = _Entry(entry.since, outcome)

    def clear(self) -> None:
        """Forget every key."""
        with self._lock:
            self._entries.clear()
