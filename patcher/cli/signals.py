"""Signals: they interrupt at once before a write, and wait for the outcome of one in progress."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from patcher.errors import InterruptedWriteError

if TYPE_CHECKING:
    from patcher.batch.pool import BatchControl


_WATCHED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_UNWINDING: Final = 2.0
"""Seconds that an interrupted command has to clean up before another signal interrupts it."""


class SecondSignal(BaseException):
    """A second signal during a write; ``entry`` is the journal's record of the write."""

    def __init__(self, entry: str) -> None:
        super().__init__(entry)
        self.entry = entry


class Signals:
    """Turns the signals that end a process into KeyboardInterrupt, or defers them.

    ``is_pending`` says whether a signal has arrived that had no effect yet.

    With ``ends_process`` the process ends when the command does. Then signals stay ignored
    afterwards: Python would restore the system's default while it finalizes, and a signal would
    replace the exit code.
    """

    def __init__(self) -> None:
        self.ends_process = False
        self._reset()
        self._before: dict[int, Any] = {}

    def _reset(self) -> None:
        self._entry: str | None = None
        self.is_pending = False
        self._settled = False
        self._many: BatchControl | None = None
        self._interrupted = float("-inf")

    def __enter__(self) -> Signals:
        self._reset()
        if threading.current_thread() is threading.main_thread():
            # One that is ignored (nohup) stays so.
            watched = [one for one in _WATCHED if signal.getsignal(one) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._handle) for number in watched}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.ends_process else handler)
        self._before = {}

    @contextmanager
    def defer(self, entry: str) -> Iterator[Callable[[], None]]:
        """Defers signals until the outcome of the write under ``entry`` is reported.

        Yields ``release``.
        """
        self._entry, self.is_pending, self._settled = entry, False, True
        try:
            yield self.release
        finally:
            self._entry = None

    def steer(self, many: BatchControl) -> None:
        """From now on a first signal stops a batch, and a second abandons it."""
        self.is_pending, self._many = False, many

    def count_again(self) -> None:
        """Lets signals interrupt again, before a further write is shown."""
        self.is_pending, self._settled = False, False

    def settle(self) -> None:
        """The outcome is known: from now on signals are only noted."""
        self._settled, self._many = True, None

    def release(self) -> None:
        """The write did not happen after all: signals interrupt again."""
        self._entry = None
        self._settled = False
        if self.is_pending:
            raise InterruptedWriteError("Interrupted before the write. Nothing was written.")

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._many is not None and self.is_pending:
            self._many.abandon()
        elif self._many is not None:
            self._many.stop()
            self._note("Stopping after the writes in progress", "without their outcome")
        elif self._entry is not None and self.is_pending:
            entry, self._entry, self._settled = self._entry, None, True
            raise SecondSignal(entry)
        elif self._entry is not None:
            self._note("A write is in progress; waiting for its outcome", "without")
        elif self._settled:
            self.is_pending = True
        elif time.monotonic() - self._interrupted > _UNWINDING:
            self._interrupted = time.monotonic()
            raise KeyboardInterrupt

    def _note(self, what: str, how: str) -> None:
        """Notes a first signal, and says what a second one would do."""
        from patcher.cli import console  # it imports this module

        self.is_pending = True
        console.say("", f"{what}. Interrupt again to stop {how}.")


SIGNALS: Final = Signals()
