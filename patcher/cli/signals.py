"""Signals: at once before a write, after its outcome while one is on its way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Final

from patcher.cli import console
from patcher.errors import InterruptedWriteError

if TYPE_CHECKING:
    from typing import Protocol

    from patcher.guard import Held

    class Steered(Protocol):
        """Many writes on their way: a Flight."""

        def stop(self) -> None:
            """Begins nothing new."""

        def abandon(self) -> None:
            """Waits for nothing."""


_WATCHED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SecondSignal(BaseException):
    """A second signal while a write is on its way; ``entry`` is the journal's record of it."""

    def __init__(self, entry: str) -> None:
        super().__init__(entry)
        self.entry = entry


class Signals:
    """Turns the signals that end a process into KeyboardInterrupt, or makes them wait."""

    def __init__(self) -> None:
        self._entry: str | None = None
        self._pending = False
        self._settled = False
        self._many: Steered | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        self._entry, self._pending, self._settled, self._many = None, False, False, None
        if threading.current_thread() is threading.main_thread():
            # One that is ignored (nohup) stays so.
            watched = [one for one in _WATCHED if signal.getsignal(one) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._handle) for number in watched}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    @contextmanager
    def hold(self, entry: str) -> Iterator[Held]:
        """Makes signals wait until the write under ``entry`` is settled and reported."""
        self._entry, self._pending, self._settled = entry, False, True
        try:
            yield self
        finally:
            self._entry = None

    def steer(self, many: Steered) -> None:
        """From now on a first signal stops a run of many writes, and a second abandons it."""
        self._pending, self._many = False, many

    def count_again(self) -> None:
        """A further write is about to be shown: signals are no longer those of a settled one."""
        self._pending, self._settled = False, False

    def let_go(self) -> None:
        """The write was not processed after all: signals count again."""
        self._entry = None
        self._settled = False
        if self._pending:
            raise InterruptedWriteError("Interrupted before the write. Nothing was written.")

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._many is not None:
            self._handle_many(self._many)
        elif self._entry is not None:
            if self._pending:
                raise SecondSignal(self._entry)
            self._pending = True
            console.say(
                "",
                "A write is on its way; waiting for its outcome. Interrupt again to stop "
                "without knowing it.",
            )
        elif not self._settled:
            raise KeyboardInterrupt

    def _handle_many(self, many: Steered) -> None:
        if self._pending:
            many.abandon()
            return
        self._pending = True
        many.stop()
        console.say(
            "\nStopping: nothing new is begun, and what is on its way is finished. Interrupt again "
            "to stop without knowing its outcome."
        )


SIGNALS: Final = Signals()
