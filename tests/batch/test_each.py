"""Several reads at once, a few at a time."""

from __future__ import annotations

import threading

import pytest

from patcher.api import Client
from patcher.batch.pool import each
from patcher.errors import ApiError
from patcher.sandbox import Sandbox, faults, seed

MODELS = "/api/models"


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
            found = dict(each(items, lambda item: client.get(MODELS, item)[0]["id"]))

    assert found == dict(enumerate(items))
    assert len(seen) == 4
