"""Timestamps that never repeat."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(timezone.utc)


def rfc3339(moment: datetime) -> str:
    """``2026-11-23T19:17:00.000042Z``: UTC with six digits, so that text order is time order."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Clock:
    """Hands out strictly increasing moments, however coarse or reset the clock behind it is."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._last = datetime.min.replace(tzinfo=timezone.utc)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The moment as it is, for measuring how old something is."""
        return self._now()

    def stamp(self) -> str:
        """A timestamp later than every one handed out or noticed before."""
        with self._lock:
            self._last = max(self._now(), self._last + TICK)
            return rfc3339(self._last)

    def notice(self, stamp: str) -> None:
        """Never hand out ``stamp`` or an earlier one: a reopened database may be ahead of us."""
        with self._lock:
            seen = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
            self._last = max(self._last, seen)
