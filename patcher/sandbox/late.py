"""Writes that have been answered, or lost, and land only later."""

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

    def release(self) -> int:
        """Let every postponed write land now; how many there were."""
        with self._lock:
            due, self._waiting = self._waiting, []
        for write in due:
            write.land()
        return len(due)

    def clear(self) -> None:
        """Drop them: they never land."""
        with self._lock:
            self._waiting.clear()
