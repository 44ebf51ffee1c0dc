"""Writes that land later than they are answered, and reads that show them later still."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _LateWrite:
    model_id: str | None
    reads: int | None
    land: Callable[[], object]


class LateWrites:
    """Postponed writes; each lands after so many reads of its model, or when released."""

    def __init__(self) -> None:
        self._waiting: list[_LateWrite] = []
        self._lagging: dict[str, tuple[str, int | None]] = {}
        self._lock = threading.Lock()

    def postpone(self, model_id: str | None, reads: int | None, land: Callable[[], object]) -> None:
        """Do ``land`` after so many (1 or more) reads of the model; None waits for a release."""
        with self._lock:
            self._waiting.append(_LateWrite(model_id, reads, land))

    def count_read(self, model_id: str) -> None:
        """The model was read, and the reader still saw it as it was."""
        with self._lock:
            for write in self._waiting:
                if write.model_id == model_id and write.reads is not None:
                    write.reads -= 1
            due = [write for write in self._waiting if write.reads is not None and write.reads <= 0]
            self._waiting = [write for write in self._waiting if write not in due]
        for write in due:
            write.land()

    def lag(self, model_id: str, text: str, reads: int | None) -> None:
        """Show ``text`` for so many reads of the model; None waits for a release."""
        with self._lock:
            self._lagging[model_id] = (text, reads)

    def lagging(self, model_id: str) -> str | None:
        """What a read of the model shows of the past; None once it is up to date."""
        with self._lock:
            text, left = self._lagging.pop(model_id, (None, 0))
            if text is not None and left != 1:
                self._lagging[model_id] = (text, None if left is None else left - 1)
        return text

    def release(self) -> int:
        """Let every postponed write land now, and be seen; how many there were."""
        with self._lock:
            due, self._waiting = self._waiting, []
            self._lagging.clear()
        for write in due:
            write.land()
        return len(due)

    def clear(self) -> None:
        """Drop them: they never land. Reads are up to date again."""
        with self._lock:
            self._waiting.clear()
            self._lagging.clear()
