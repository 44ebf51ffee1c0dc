"""Work over threads: as it comes, no further ahead than it is taken, stopped softly or at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from patcher.batch.pool import BatchControl, Done, Left, Pool


def test_everything_is_done_and_given_back() -> None:
    """Each piece of work comes back once with its result, whatever the order."""
    pool: Pool[int, int] = Pool(lambda one: one * one, 4, BatchControl())
    found = [(one.work, one.result) for one in pool.run(iter(range(50)), finishes=True)]  # type: ignore[union-attr]

    assert sorted(found) == [(one, one * one) for one in range(50)]


def test_no_work_is_no_result() -> None:
    """Nothing to do ends at once."""
    pool: Pool[int, int] = Pool(abs, 4, BatchControl())

    assert list(pool.run(iter(()), finishes=True)) == []


def test_as_many_at_a_time_as_there_are_workers() -> None:
    """Three workers meet at a barrier for three; there is never a fourth."""
    barrier, now, most, lock = threading.Barrier(3), [0], [0], threading.Lock()

    def do(one: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        barrier.wait(5)
        with lock:
            now[0] -= 1
        return one

    pool: Pool[int, int] = Pool(do, 3, BatchControl())

    assert len(list(pool.run(iter(range(9)), finishes=True))) == 9
    assert most[0] == 3


def test_work_is_not_taken_far_ahead() -> None:
    """Of endless work no more than two pieces a worker are out, so that memory stays flat."""
    taken = [0]

    def endless() -> Iterator[int]:
        while True:
            taken[0] += 1
            yield taken[0]

    pool: Pool[int, int] = Pool(abs, 2, BatchControl())
    running = pool.run(endless(), finishes=True)
    for _ in range(10):
        next(running)
    running.close()

    assert taken[0] <= 10 + 2 * 2


def test_stopping_begins_nothing_new() -> None:
    """What is on its way comes back done, everything else is left."""
    control, begun, gate = BatchControl(), threading.Event(), threading.Event()
    did: list[int] = []

    def do(one: int) -> int:
        did.append(one)
        begun.set()
        gate.wait(5)
        return one

    found: list[Done[int, int] | Left[int]] = []
    running = threading.Thread(
        target=lambda: found.extend(Pool(do, 1, control).run(iter(range(5)), finishes=True))
    )
    running.start()
    begun.wait(5)
    control.stop()
    gate.set()
    running.join(5)

    assert did == [0]
    assert found[0] == Done(0, 0)
    assert sorted(one.work for one in found[1:]) == [1, 2, 3, 4]
    assert all(isinstance(one, Left) for one in found[1:])


def test_abandoning_waits_for_nothing_and_names_what_was_on_its_way() -> None:
    """A write that is on its way is given back with its journal entry, at once."""
    control, begun, gate = BatchControl(), threading.Event(), threading.Event()

    def do(one: int) -> int:
        with control.defer("@0123456789ab"):
            begun.set()
            gate.wait(5)
        return one

    found: list[Done[int, int] | Left[int]] = []
    running = threading.Thread(
        target=lambda: found.extend(Pool(do, 1, control).run(iter(range(4)), finishes=True))
    )
    running.start()
    begun.wait(5)
    control.abandon()
    running.join(5)
    gate.set()

    assert sorted(found) == [Left(0, "@0123456789ab"), Left(1), Left(2), Left(3)]


@pytest.mark.parametrize("finishes", [True, False])
def test_closing_early_finishes_what_is_on_its_way(finishes: bool) -> None:
    """Who stops looking still has the writes finished, and readings not waited for."""
    finished, gate = threading.Event(), threading.Event()

    def do(one: int) -> int:
        if one == 1:
            gate.wait(5)
            finished.set()
        return one

    control = BatchControl()
    running = Pool(do, 1, control).run(iter(range(50)), finishes=finishes)
    next(running)
    if finishes:
        gate.set()
    running.close()

    assert control.is_stopped
    assert finished.is_set() is finishes
    gate.set()
