"""Runs work in threads, and yields each result as it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

from patcher.documents.wording import ignore
from patcher.errors import InterruptedWriteError, PatchError

T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2
"""How many pieces of work are queued for each worker, so that none has to wait for the next."""

READERS: Final = 4
"""How many resources are read at a time by default."""


class BatchControl:
    """Stops a run, and knows its writes in progress, one per thread.

    ``stop`` may be called from any thread and from a signal handler: nothing new is begun, and
    writes in progress are finished. ``abandon`` does not wait for those either. Neither takes a
    lock, since a handler may run while the same thread holds it.
    """

    monotonic = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._writing: dict[int, str] = {}
        self._abandoned = False
        self._wake: Callable[[], None] = ignore

    @property
    def is_stopped(self) -> bool:
        """Whether nothing new is to be begun."""
        return self._stopped.is_set()

    @property
    def writing(self) -> dict[int, str]:
        """The journal entries of the writes in progress, by thread."""
        return dict(self._writing)

    def stop(self) -> None:
        """Begins nothing new; writes in progress are finished."""
        self._stopped.set()

    def abandon(self) -> None:
        """Begins nothing new, sends nothing more, and waits for nothing."""
        self._stopped.set()
        self._abandoned = True
        self._wake()

    def on_abandon(self, wake: Callable[[], None]) -> None:
        """Sets what ``abandon`` calls; it must be safe in a signal handler."""
        self._wake = wake

    @contextmanager
    def defer(self, entry: str) -> Iterator[Callable[[], None]]:
        """The guard's ``defer``, for a thread's write. Yields ``release``.

        Raises InterruptedWriteError, before anything is sent, in a run that was abandoned.
        """
        thread = threading.get_ident()
        # Recorded first, checked second; abandon does it in the opposite order, so that each
        # write is seen by one of the two.
        self._writing[thread] = entry
        try:
            if self._abandoned:
                raise interrupted()
            yield self.release
        finally:
            self._writing.pop(thread, None)

    def release(self) -> None:
        """This thread's write was not processed. Raises InterruptedWriteError in a stopped run."""
        self._writing.pop(threading.get_ident(), None)
        if self.is_stopped:
            raise interrupted()

    def sleep(self, seconds: float) -> None:
        """Waits, unless the run is stopped.

        Then it raises InterruptedWriteError, except during a write, whose outcome is waited for.
        """
        if threading.get_ident() in self._writing:
            time.sleep(seconds)
        elif self._stopped.wait(seconds):
            raise interrupted()


def interrupted() -> InterruptedWriteError:
    """Returns the error for what was not begun, or not sent, because the run was stopped."""
    return InterruptedWriteError("The run was stopped before this. Nothing was written to it.")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """In the place of a result: the work was not done, since the run was stopped.

    ``entry`` is the journal entry of a write in progress that was not waited for.
    """

    entry: str | None = None


class Pool(Generic[T, R]):
    """Threads that do one thing to many pieces of work, in one run.

    ``do`` must not raise. The threads are daemons: one that still waits for an answer after the
    run was abandoned does not keep the program from ending.
    """

    def __init__(self, do: Callable[[T], R], workers: int, control: BatchControl) -> None:
        self._do = do
        self._workers = workers
        self._control = control
        # A signal handler can put into both, which it cannot with any other queue.
        self._tasks: SimpleQueue[tuple[int, T] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[int, R | Unfinished] | None] = SimpleQueue()
        self._queued: dict[int, T] = {}
        self._number_of: dict[int, int] = {}

    def run(
        self, work: Iterator[T], *, finishes: bool
    ) -> Generator[tuple[int, T, R | Unfinished], None, None]:
        """Yields the number (from 0), the work and the result of each piece as it is done.

        The result is Unfinished where the run was stopped before. No more is queued than keeps the
        workers busy. ``finishes`` says whether work in progress is waited for when the iterator is
        closed, or interrupted by an exception.
        """
        numbered = enumerate(work)
        self._control.on_abandon(lambda: self._results.put(None))
        self._queue(numbered, _AHEAD * self._workers)
        for _ in range(min(self._workers, len(self._queued))):
            threading.Thread(target=self._work, daemon=True).start()
        try:
            while self._queued and (done := self._results.get()) is not None:
                number, result = done
                one = self._queued.pop(number)
                self._queue(numbered, 1)
                yield number, one, result
        except BaseException:
            self._control.stop()
            while finishes and self._queued and (done := self._results.get()) is not None:
                del self._queued[done[0]]
            raise
        finally:
            for _ in range(self._workers):
                self._tasks.put(None)
        yield from self._abandoned()
        yield from ((number, one, Unfinished()) for number, one in numbered)

    def _queue(self, numbered: Iterator[tuple[int, T]], count: int) -> None:
        for task in islice(numbered, 0 if self._control.is_stopped else count):
            self._queued[task[0]] = task[1]
            self._tasks.put(task)

    def _work(self) -> None:
        """Does one piece of work after the other in a thread, until there is no more."""
        thread = threading.get_ident()
        while (task := self._tasks.get()) is not None:
            number, one = task
            if self._control.is_stopped:
                self._results.put((number, Unfinished()))
                continue
            self._number_of[thread] = number
            result = self._do(one)
            self._number_of.pop(thread, None)
            self._results.put((number, result))

    def _abandoned(self) -> Iterator[tuple[int, T, Unfinished]]:
        """Yields what was queued and did not come back, since the run was abandoned."""
        writing = self._control.writing
        entries = {number: writing.get(thread) for thread, number in list(self._number_of.items())}
        for number, one in self._queued.items():
            yield number, one, Unfinished(entries.get(number))


def each(
    items: Sequence[T], read: Callable[[T], R], *, readers: int = READERS
) -> Generator[tuple[int, R | PatchError], None, None]:
    """Yields the index of each item and what ``read`` returns for it, as it is done.

    A PatchError takes the place of a result; any other exception is raised here. When the
    iterator is closed, no further item is begun.
    """

    def attempt(item: T) -> R | BaseException:
        try:
            return read(item)
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            return error

    pool: Pool[T, R | BaseException] = Pool(attempt, readers, BatchControl())
    with closing(pool.run(iter(items), finishes=False)) as outcomes:
        for index, _, result in outcomes:
            if isinstance(result, Unfinished):
                break  # only for the type: this run stops when the iterator does
            if isinstance(result, BaseException) and not isinstance(result, PatchError):
                raise result
            yield index, result
