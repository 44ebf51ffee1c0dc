"""Promise 3 under load: many writers at once, and every update accounted for.

The same contest with pauses, latency and processes is a benchmark (tests/bench).
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest

from tests.promises.contest import Account, Kind, Kit, contest
from tests.sandbox import Sandbox, seed

THREADS = Kit(threading.Thread, threading.Barrier, queue.Queue)


def held(kinds: list[Kind], folder: Path) -> Account:
    """A contest of writers that do not pause, on a server that answers at once."""
    with Sandbox(models=1, validate_responses=False) as sandbox:
        return contest(sandbox, seed.CONTACTS, THREADS, kinds, folder, updates=5)


@pytest.mark.parametrize(
    "kinds",
    [["rebase", "fail"] * 3, ["rebase", "fail", "bare"] * 2],
    ids=["patch-model alone", "with bare writers"],
)
def test_whatever_many_writers_lose_is_accounted_for(tmp_path: Path, kinds: list[Kind]) -> None:
    """Every update is made, and none is taken away by patch-model without exit code 5."""
    account = held(kinds, tmp_path)

    assert {one.exit_code for one in account.told} <= {0, 5}
    assert len(account.told) == 5 * len(kinds)
    assert account.silent("patch-model") == []
    owned_up = {one.mark for one in account.removed if one.by == "bare" or one.exit_code == 5}
    assert set(account.missing) <= owned_up
