"""Work in threads: each result as it is done, no further ahead than asked for, and stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from patcher.api import Client
from patcher.batch.pool import BatchControl, Pool, Unfinished, each
from patcher.errors import ApiError, InterruptedWriteError
from tests.sandbox import Sandbox, faults, seed

MODELS = "/api/models"


def test_everything_is_done_and_given_back() -> None:
    """Each piece of work comes back once with its result, whatever the order."""
    pool: Pool[int, int] = Pool(lambda one: one * one, 4, BatchControl())
    found = list(pool.run(iter(range(50)), finishes=True))

    assert sorted(found) == [(one, one, one * one) for one in range(50)]


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

    found: list[tuple[int, int, int | Unfinished]] = []
    running = threading.Thread(
        target=lambda: found.extend(Pool(do, 1, control).run(iter(range(5)), finishes=True))
    )
    running.start()
    begun.wait(5)
    control.stop()
    gate.set()
    running.join(5)

    assert did == [0]
    assert found[0] == (0, 0, 0)
    assert sorted(work for _, work, _ in found[1:]) == [1, 2, 3, 4]
    assert all(isinstance(result, Unfinished) for _, _, result in found[1:])


def test_abandoning_waits_for_nothing_and_names_what_was_on_its_way() -> None:
    """A write that is on its way is given back with its journal entry, at once."""
    control, begun, gate = BatchControl(), threading.Event(), threading.Event()

    def do(one: int) -> int:
        with control.defer("@0123456789ab"):
            begun.set()
            gate.wait(5)
        return one

    found: list[tuple[int, int, int | Unfinished]] = []
    running = threading.Thread(
        target=lambda: found.extend(Pool(do, 1, control).run(iter(range(4)), finishes=True))
    )
    running.start()
    begun.wait(5)
    control.abandon()
    running.join(5)
    gate.set()

    left = {work: one.entry for _, work, one in found if isinstance(one, Unfinished)}
    assert left == {0: "@0123456789ab", 1: None, 2: None, 3: None}


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


def test_a_write_is_on_its_way_while_it_is_held() -> None:
    """Its entry is known from before it is sent until it is settled."""
    control = BatchControl()
    with control.defer("@0"):
        assert list(control.writing.values()) == ["@0"]

    assert control.writing == {}


def test_a_stopped_run_still_sends_what_was_begun() -> None:
    """Stopping finishes what is on its way, up to its write."""
    control = BatchControl()
    control.stop()
    with control.defer("@0"):
        deferred = True

    assert deferred
    assert control.is_stopped


def test_an_abandoned_run_sends_nothing_more() -> None:
    """After abandoning, a write that was about to be sent is not."""
    control = BatchControl()
    control.abandon()
    with pytest.raises(InterruptedWriteError), control.defer("@0"):
        pytest.fail("it was sent")

    assert control.writing == {}


def test_a_write_that_was_not_processed_ends_in_a_stopped_run() -> None:
    """Between two attempts a stopped run goes no further; another one does."""
    control = BatchControl()
    with control.defer("@0") as release:
        release()
    control.stop()
    with control.defer("@1") as release, pytest.raises(InterruptedWriteError):
        release()

    assert control.writing == {}


def test_sleeping_ends_when_the_run_is_stopped() -> None:
    """A wait that nothing depends on is over at once, with the run."""
    control = BatchControl()
    control.sleep(0)
    control.stop()
    with pytest.raises(InterruptedWriteError):
        control.sleep(1000)


def test_an_outcome_is_waited_for_in_a_stopped_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a write is on its way its outcome is looked for, stopped or not."""
    slept: list[float] = []
    monkeypatch.setattr("patcher.batch.pool.time.sleep", slept.append)
    control = BatchControl()
    control.stop()
    with control.defer("@0"):
        control.sleep(2)

    assert slept == [2]


def test_every_item_is_read_once() -> None:
    """Each item is read once, whatever the order, and its index says which it was."""
    found = dict(each(list("abcdefgh"), lambda item: item.upper()))

    assert [found[i] for i in range(8)] == list("ABCDEFGH")
    assert list(each([], lambda item: item)) == []


def test_no_more_than_so_many_at_once() -> None:
    """The readers are bounded: with two of them, a third item waits for one of the first."""
    both = threading.Barrier(2, timeout=10)
    lock = threading.Lock()
    present: list[int] = []
    most: list[int] = []

    def read(item: int) -> int:
        with lock:
            present.append(item)
            most.append(len(present))
        both.wait()
        with lock:
            present.remove(item)
        both.wait()
        return item

    assert len(list(each(range(6), read, readers=2))) == 6
    assert max(most) == 2


def test_an_error_is_what_came_of_an_item() -> None:
    """A request that fails is the outcome of its item, and the others are read all the same."""

    def read(item: int) -> int:
        if item == 1:
            raise ApiError("no")
        return item

    found = dict(each([0, 1, 2], read))
    assert isinstance(found.pop(1), ApiError)
    assert found == {0: 0, 2: 2}


def test_a_fault_of_ours_is_raised_where_it_is_awaited() -> None:
    """What is no error of the API does not get lost in another thread."""

    def read(item: int) -> int:
        raise ZeroDivisionError(item)

    with pytest.raises(ZeroDivisionError):
        list(each([1, 2, 3], read))


def test_who_stops_listening_stops_the_readers() -> None:
    """No further item is begun once nobody listens."""
    begun: list[int] = []
    gate = threading.Event()

    def read(item: int) -> int:
        begun.append(item)
        if item:
            gate.wait(10)
        return item

    outcomes = each(range(50), read, readers=1)
    assert next(outcomes) == (0, 0)
    outcomes.close()
    gate.set()
    assert begun in ([0], [0, 1])


def test_readers_share_a_client_and_not_its_connections() -> None:
    """Each thread has connections of its own, and whoever watches the client sees all of them."""
    seen: list[str] = []
    with Sandbox(models=3) as sandbox:
        watching = Client(sandbox.url, sandbox.api_key, observe=lambda one: seen.append(one.path))
        sandbox.fault(faults.drop_after(method="GET", kind="model"))
        with watching as client:
            items = [seed.CONTACTS, seed.ACCOUNTS, seed.ORDERS]
            found = dict(each(items, lambda item: client.read_raw(MODELS, item)[0]["id"]))

    assert found == dict(enumerate(items))
    assert len(seen) == 4
