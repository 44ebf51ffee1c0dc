"""Several reads at once, a few at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from patcher.api.client import Client
from patcher.errors import PatchError

T = TypeVar("T")
R = TypeVar("R")

READERS: Final = 4
"""How many requests are on their way at once."""


def each(
    client: Client, items: Sequence[T], read: Callable[[Client, T], R], *, readers: int = READERS
) -> Iterator[tuple[int, R | PatchError]]:
    """``read`` of each item, in the order in which they come: its index, and what came of it.

    Each reader has connections of its own. A PatchError is what came of an item; anything else
    is raised here. Whoever stops listening stops the readers after their present item.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, R | BaseException]] = queue.SimpleQueue()
    for index in range(len(items)):
        waiting.put(index)
    stopped = threading.Event()

    def work() -> None:
        with client.twin() as own:
            while not stopped.is_set():
                try:
                    index = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    done.put((index, read(own, items[index])))
                except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                    done.put((index, error))

    try:
        # Daemons: an interrupted program must not wait for a server that does not answer.
        for _ in range(min(readers, len(items))):
            threading.Thread(target=work, daemon=True).start()
        for _ in items:
            index, outcome = done.get()
            if isinstance(outcome, BaseException) and not isinstance(outcome, PatchError):
                raise outcome
            yield index, outcome
    finally:
        stopped.set()
