"""Intents that go to disk while the resource is read again, so that no worker waits for the disk.

The intent has to be on disk before the write, and the reading has to come right before it: the two
can be done side by side. Whoever reads asks ``has_waited`` afterwards; where the disk took longer
than the reading, the resource is read once more, so that no write follows a wait. That costs a
request, so it is done in turn, the disk first, unless readings take much longer than the disk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

from patcher.errors import JournalError
from patcher.journal import Ending, Intent, Journal, new_name

MARGIN: Final = 3.0
"""How many times as long as the disk a reading takes, for the two to be done side by side."""

_WEIGHT: Final = 0.2


class _Opened(NamedTuple):
    """An intent on its way to the disk, and when its writer was let go on."""

    on_disk: Future[str]
    at: float


class JournalBeside(Journal):
    """A journal for many threads, each of which has one write at a time."""

    _writers: ThreadPoolExecutor
    _opened: dict[int, _Opened]
    _monotonic: Callable[[], float]
    _disk: float
    _reading: float

    @classmethod
    def of(
        cls, journal: Journal, workers: int, monotonic: Callable[[], float] = time.monotonic
    ) -> JournalBeside:
        """The same journal, with so many writers beside."""
        made = cls(*journal)
        made._writers, made._opened = ThreadPoolExecutor(workers), {}
        made._monotonic, made._disk, made._reading = monotonic, 0.0, 0.0
        return made

    def open(self, intent: Intent, name: str | None = None) -> str:
        """Begins to record an intent, and returns the entry's name; a reading is to follow.

        Raises JournalError when it cannot be recorded, here or from ``has_waited``.
        """
        name = name or new_name()
        is_beside = self._reading > MARGIN * self._disk > 0
        on_disk = self._writers.submit(self._record, intent, name)
        if not is_beside:
            on_disk.result()
        self._opened[threading.get_ident()] = _Opened(on_disk, self._monotonic())
        return name

    def has_waited(self) -> bool:
        """Whether this thread's intent was not on disk when it had read, and now is.

        Raises JournalError when it cannot be recorded.
        """
        opened = self._opened.pop(threading.get_ident(), None)
        if opened is None:
            return False
        self._reading += _WEIGHT * (self._monotonic() - opened.at - self._reading)
        is_there = opened.on_disk.done()
        opened.on_disk.result()
        return not is_there

    def close(self, name: str, ending: Ending) -> None:
        """Records how the write ended, unless it was never recorded that it was begun."""
        try:
            self.has_waited()
        except JournalError:
            return
        super().close(name, ending)

    def _record(self, intent: Intent, name: str) -> str:
        begun = self._monotonic()
        super().open(intent, name)
        self._disk += _WEIGHT * (self._monotonic() - begun - self._disk)
        return name
