"""Work spread over threads: given out one by one, and given back as it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

from patcher.documents.notices import ignore
from patcher.errors import InterruptedWriteError, PatchError

T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2
"""How many pieces of work are given out for each worker, so that none has to wait for the next."""


READERS: Final = 4
"""How many resources are read at a time, where nobody said."""


class BatchControl:
    """The writes of one run that are on their way, one a thread.

    ``stop`` may be called by anybody, also by a signal's handler: nothing new is begun, what is
    on its way is finished. ``abandon`` ends the waiting for that as well. Neither takes a lock,
    since a handler may come while the same thread holds it.
    """

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
    def defer(self, entry: str) -> Iterator[Callable[[], None]]:
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

        Then it raises InterruptedWriteError, but not where a write is on its way, whose outcome
        is waited for.
        """
        if threading.get_ident() in self._writing:
            time.sleep(seconds)
        elif self._stopped.wait(seconds):
            raise interrupted()


def interrupted() -> InterruptedWriteError:
    """The error for what was not begun, or not sent, because the run was stopped."""
    return InterruptedWriteError("The run was stopped before this. Nothing was written to it.")


@dataclass(frozen=True, slots=True, order=True)
class Done(Generic[T, R]):
    """A piece of work that was done, and what came of it."""

    work: T
    result: R


@dataclass(frozen=True, slots=True, order=True)
class Left(Generic[T]):
    """A piece of work that was not done, since the run was stopped.

    ``entry`` is that of a write which was on its way when the waiting for it ended.
    """

    work: T
    entry: str | None = None


class Pool(Generic[T, R]):
    """Threads that do one thing to many pieces of work, in one run.

    ``do`` must not raise. The threads are daemons: one that waits for an answer for which nobody
    waits any more does not keep the program from ending.
    """

    def __init__(self, do: Callable[[T], R], workers: int, control: BatchControl) -> None:
        self._do = do
        self._workers = workers
        self._flight = control
        # Both can be written to in a signal's handler, which no other queue can.
        self._tasks: SimpleQueue[tuple[int, T] | None] = SimpleQueue()
        self._news: SimpleQueue[tuple[int, Done[T, R] | Left[T]] | None] = SimpleQueue()
        self._out: dict[int, T] = {}
        self._at: dict[int, int] = {}

    def run(
        self, work: Iterator[T], *, finishes: bool
    ) -> Generator[Done[T, R] | Left[T], None, None]:
        """Everything in ``work``, each as it is done, or left when the run is stopped.

        Work is taken no further ahead than it is given back. ``finishes`` says whether what is on
        its way is waited for when the iterator is closed, or interrupted by an exception.
        """
        numbered = enumerate(work)
        self._flight.woken_by(lambda: self._news.put(None))
        self._hand_out(numbered, _AHEAD * self._workers)
        for _ in range(min(self._workers, len(self._out))):
            threading.Thread(target=self._work, daemon=True).start()
        try:
            while self._out and (news := self._news.get()) is not None:
                del self._out[news[0]]
                self._hand_out(numbered, 1)
                yield news[1]
        except BaseException:
            self._flight.stop()
            while finishes and self._out and (news := self._news.get()) is not None:
                del self._out[news[0]]
            raise
        finally:
            for _ in range(self._workers):
                self._tasks.put(None)
        yield from self._abandoned()
        yield from (Left(one) for _, one in numbered)

    def _hand_out(self, numbered: Iterator[tuple[int, T]], count: int) -> None:
        for task in islice(numbered, 0 if self._flight.is_stopped else count):
            self._out[task[0]] = task[1]
            self._tasks.put(task)

    def _work(self) -> None:
        """What a thread does: one piece after the other, until there is no more."""
        thread = threading.get_ident()
        while (task := self._tasks.get()) is not None:
            number, one = task
            if self._flight.is_stopped:
                self._news.put((number, Left(one)))
                continue
            self._at[thread] = number
            done: Done[T, R] = Done(one, self._do(one))
            self._at.pop(thread, None)
            self._news.put((number, done))

    def _abandoned(self) -> Iterator[Left[Any]]:
        """What was given out and did not come back, since nobody waits for it any more."""
        writing = self._flight.on_their_way
        entries = {number: writing.get(thread) for thread, number in list(self._at.items())}
        for number, one in self._out.items():
            yield Left(one, entries.get(number))


def each(
    items: Sequence[T], read: Callable[[T], R], *, readers: int = READERS
) -> Generator[tuple[int, R | PatchError], None, None]:
    """``read`` of each item, in the order in which they come: its index, and what came of it.

    A PatchError is what came of an item; anything else is raised here. When the iterator is
    closed, no further item is begun.
    """

    def attempt(numbered: tuple[int, T]) -> R | BaseException:
        try:
            return read(numbered[1])
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            return error

    pool: Pool[tuple[int, T], R | BaseException] = Pool(attempt, readers, BatchControl())
    with closing(pool.run(iter(enumerate(items)), finishes=False)) as outcomes:
        for done in outcomes:
            if isinstance(done, Left):
                break  # it stands for a stopped flight, and this one stops with the iterator
            if isinstance(done.result, BaseException) and not isinstance(done.result, PatchError):
                raise done.result
            yield done.work[0], done.result
