"""The exposed window: from the second reading's last byte to the write's first.

What patch-model itself adds to the one round trip in which somebody else's write would not be seen:
where the server spells an unchanged model the same way each time, and where it does not.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from patcher.api import Client, Settings
from patcher.api.transport import Exchange, connections
from patcher.documents.patches import Patch
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.write import carry_out, run_plan
from patcher.sandbox import Sandbox
from tests.sandbox import seed

RUNS = 200


def main() -> None:
    """Measures and prints a table."""
    print("| fields | median | 95th percentile | the same, spelled otherwise |\n|---|---|---|---|")
    for fields in (7, 50, 500):
        windows, otherwise = sorted(measure(fields)), sorted(measure(fields, same_text=False))
        high, other_high = (times[int(len(times) * 0.95)] for times in (windows, otherwise))
        print(
            f"| {fields} | {median(windows):.2f} ms | {high:.2f} ms "
            f"| {median(otherwise):.2f} ms, {other_high:.2f} ms |"
        )


def measure(fields: int, *, same_text: bool = True) -> list[float]:
    """The windows of many patches, in milliseconds."""
    read_at, sent_at = [0.0], [0.0]
    send = connections._WatchedConnection.send

    def watched(self: Any, data: Any) -> None:
        if bytes(data[:4]) == b"PUT ":
            sent_at[0] = time.perf_counter()
        send(self, data)

    def note(exchange: Exchange) -> None:
        if exchange.method == "GET":
            read_at[0] = time.perf_counter()

    connections._WatchedConnection.send = watched  # type: ignore[method-assign]
    windows = []
    try:
        with Sandbox(validate_responses=False) as sandbox, tempfile.TemporaryDirectory() as folder:
            names = [f"column_{number}" for number in range(fields)]
            model_id = sandbox.create({**seed.contacts(), "fields": names})
            settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")
            session = Session(
                Client(settings=settings, observe=note), Journal(Path(folder) / "journal")
            )
            for number in range(RUNS):
                plan = run_plan(session, model_id, Patch.merge({"name": f"N{number}"}), Options())
                if not same_text:
                    plan = replace(plan, base=plan.base._replace(text=None))
                carry_out(session, plan, Options())
                windows.append((sent_at[0] - read_at[0]) * 1000)
    finally:
        connections._WatchedConnection.send = send  # type: ignore[method-assign]
    return windows


if __name__ == "__main__":
    main()
