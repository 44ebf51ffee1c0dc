"""The exposed window: from the second reading's last byte to the write's first.

What patch-model itself adds to the one round trip in which somebody else's write would not be seen.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from typing import Any

from patcher.api import Client, Settings
from patcher.api.transport import Exchange, witness
from patcher.documents.patches import Patch
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.verbs import run_patch
from patcher.sandbox import Sandbox, seed

RUNS = 200


def main() -> None:
    """Measures and prints a table."""
    print("| fields | median | 95th percentile |\n|---|---|---|")
    for fields in (7, 50, 500):
        windows = sorted(measure(fields))
        high = windows[int(len(windows) * 0.95)]
        print(f"| {fields} | {statistics.median(windows):.2f} ms | {high:.2f} ms |")


def measure(fields: int) -> list[float]:
    """The windows of many patches, in milliseconds."""
    read_at, sent_at = [0.0], [0.0]
    send = witness._WatchedConnection.send

    def watched(self: Any, data: Any) -> None:
        if bytes(data[:4]) == b"PUT ":
            sent_at[0] = time.perf_counter()
        send(self, data)

    def note(exchange: Exchange) -> None:
        if exchange.method == "GET":
            read_at[0] = time.perf_counter()

    witness._WatchedConnection.send = watched  # type: ignore[method-assign]
    windows = []
    try:
        with Sandbox(validate_responses=False) as sandbox, tempfile.TemporaryDirectory() as folder:
            names = [f"column_{number}" for number in range(fields)]
            model_id = sandbox.create({**seed.contacts(), "fields": names})
            settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")
            session = Session(Client(settings=settings, observe=note), Journal(folder_of(folder)))
            for number in range(RUNS):
                run_patch(session, model_id, Patch.merge({"name": f"N{number}"}), Options())
                windows.append((sent_at[0] - read_at[0]) * 1000)
    finally:
        witness._WatchedConnection.send = send  # type: ignore[method-assign]
    return windows


def folder_of(name: str) -> Any:
    """The journal's folder within a temporary one."""
    from pathlib import Path

    return Path(name) / "journal"


if __name__ == "__main__":
    main()
