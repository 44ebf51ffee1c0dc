"""What of a run is on its way, and how the run is stopped: softly, or at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patcher.errors import InterruptedWriteError
from patcher.guard import Held


class Flight:
    """The writes of one run that are on their way, one a thread.

    ``stop`` may be called by anybody, also by a signal's handler: nothing new is begun, what is
    on its way is finished. ``abandon`` ends the waiting for that as well. Neither takes a lock,
    since a handler may come while the same thread holds it.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._writing: dict[int, str] = {}
        self._abandoned = False
        self._wake: Callable[[], None] = _nobody

    @property
    def is_stopped(self) -> bool:
        """Whether nothing new is to be begun."""
        return self._stopped.is_set()

    @property
    def is_abandoned(self) -> bool:
        """Whether even what is on its way is no longer waited for."""
        return self._abandoned

    @property
    def on_their_way(self) -> dict[int, str]:
        """The journal entries of the writes that are on their way, by thread."""
        return dict(self._writing)

    def stop(self) -> None:
        """Begins nothing new; what is on its way is finished."""
        self._stopped.set()

    def abandon(self) -> None:
        """Begins nothing new, sends nothing more, and waits for nothing."""
        self._stopped.set()
        self._abandoned = True
        self._wake()

    def woken_by(self, wake: Callable[[], None]) -> None:
        """Says what to call when it is abandoned; it must be safe in a signal's handler."""
        self._wake = wake

    @contextmanager
    def hold(self, entry: str) -> Iterator[Held]:
        """Entered, as the guard's ``hold``, while a thread's write is on its way.

        Raises InterruptedWriteError, before anything is sent, in a run that was abandoned.
        """
        thread = threading.get_ident()
        # Noted first and asked then: abandon does it the other way round, so that no write gets
        # away without one of the two seeing the other.
        self._writing[thread] = entry
        try:
            if self._abandoned:
                raise interrupted()
            yield _Held(self)
        finally:
            self._writing.pop(thread, None)

    def let_go(self) -> None:
        """This thread's write was not processed. Raises InterruptedWriteError in a stopped run."""
        self._writing.pop(threading.get_ident(), None)
        if self.is_stopped:
            raise interrupted()

    def sleep(self, seconds: float) -> None:
        """Waits, unless the run is stopped.

        Then it raises InterruptedWriteError, but not where a write is on its way, whose outcome
        is waited for.
        """
        if threading.get_ident() in self._writing:
            time.sleep(seconds)
        elif self._stopped.wait(seconds):
            raise interrupted()


class _Held:
    """One write on its way."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight

    def let_go(self) -> None:
        """The write was not processed."""
        self._flight.let_go()


def interrupted() -> InterruptedWriteError:
    """The error for what was not begun, or not sent, because the run was stopped."""
    return InterruptedWriteError("The run was stopped before this. Nothing was written to it.")


def _nobody() -> None:
    """Nobody is to be woken."""
