"""Updates lost: writers of three kinds on one model at once, each in a process of its own.

A third go through patch-model and put their change upon what others wrote, a third go through it
and are run again after a conflict, and a third fetch, merge and put with care and without a check.
Each thinks for a moment about what it has read before it writes. In the same run, the exposed
window: what patch-model itself adds to the round trip between its last reading and its write.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

from patcher.sandbox import Sandbox
from tests.promises.contest import Account, Kit, contest
from tests.sandbox import seed

WRITERS = 4
UPDATES = 20
LATENCY = 0.01
PAUSE = 1.0
THOUGHT = 0.2


def main() -> None:
    """Runs the contest and prints a table."""
    spawn = multiprocessing.get_context("spawn")
    kit = Kit(spawn.Process, spawn.Barrier, spawn.Queue)
    with (
        Sandbox(models=1, latency=LATENCY, validate_responses=False) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        account = contest(
            sandbox,
            seed.CONTACTS,
            kit,
            ["rebase", "fail", "bare"] * WRITERS,
            Path(folder),
            updates=UPDATES,
            pause=PAUSE,
            thought=THOUGHT,
            timed=True,
        )
    table(account)


def table(account: Account) -> None:
    """Prints who took what away, and what was said about it."""
    print(
        f"{3 * WRITERS} writers, {UPDATES} updates each, {LATENCY * 1000:g} ms to each answer\n\n"
        "| who writes | updates | run again after exit code 4 | ended with exit code 5 "
        "| updates of others taken away | of these without a word |\n|---|---|---|---|---|---|"
    )
    for who, kinds in (("patch-model", ("rebase", "fail")), ("fetch, merge, put", ("bare",))):
        by = "bare" if kinds == ("bare",) else "patch-model"
        told = [one for one in account.told if one.kind in kinds]
        codes = Counter(one.exit_code for one in told)
        taken = sum(one.by == by for one in account.removed)
        again = sum(one.conflicts for one in told)
        print(
            f"| {who} | {codes[0] + codes[5]} | {again} | {codes[5]} | {taken} "
            f"| {len(account.silent(by))} |"
        )
    print(f"\n{len(account.missing)} of the updates are not there in the end.\n")
    print("| exposed window | median | 95th percentile |\n|---|---|---|")
    for name, times in (
        ("by the clock", sorted(window.wall for window in account.windows)),
        ("processor time", sorted(window.own for window in account.windows)),
    ):
        print(f"| {name} | {median(times):.2f} ms | {times[int(len(times) * 0.95)]:.2f} ms |")


if __name__ == "__main__":
    main()
