"""What a guarded patch costs beside its three round trips, in a process that is warm.

Every answer is there already, so that nothing is left but patch-model itself: three answers read
strictly, the document rebuilt, changed, compared, journaled, sent, verified. The floor is a deep
copy, a strict parse and a dump of the model as the API gives it, once each. The journal is in
memory here: what a disk costs is the disk's.
"""

from __future__ import annotations

import copy
import gc
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median

from patcher.api.settings import DEFAULT_URL
from patcher.documents import jsontext
from patcher.documents.patches import Patch
from patcher.guard.accepted import Accepted
from patcher.journal import Intent, Journal
from patcher.operations import Options, Session
from patcher.operations.write import run_patch
from patcher.resources.snapshot import Snapshot
from tests.bench.canned import canned_client

SIZES = (50, 500, 5_000, 20_000)
CHANGE = {"name": "Renamed"}


def main() -> None:
    """Measures and prints the tables."""
    print("| fields | patch-model | floor | ratio |\n|---|---|---|---|")
    in_memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, no disk
    with tempfile.TemporaryDirectory(dir=in_memory) as folder:
        os.environ["PATCH_MODEL_STATE_DIR"] = folder
        for fields in SIZES:
            own, floor = measured(fields, 25 if fields < 5_000 else 7)
            print(
                f"| {fields} | {own * 1000:.1f} ms | {floor * 1000:.1f} ms | {own / floor:.2f} |",
                flush=True,
            )
        stale_check(Path(folder) / "many")


def measured(fields: int, runs: int) -> tuple[float, float]:
    """The medians of a whole patch and of the floor, in turns, seconds of CPU."""
    client, model_id = canned_client(fields, CHANGE)
    session, patch = Session(client), Patch.merge(CHANGE)
    raw = session.read(model_id).raw
    text = json.dumps(raw)

    def whole() -> object:
        return run_patch(session, model_id, patch, Options(accept_older=True))  # each time anew

    def floor() -> object:
        copy.deepcopy(raw)
        jsontext.parse(text, what="it")
        return jsontext.dump(raw)

    taken: dict[str, list[float]] = {"whole": [], "floor": []}
    cases: dict[str, Callable[[], object]] = {"whole": whole, "floor": floor}
    for _ in range(runs + 1):
        for name, run in cases.items():
            gc.collect()
            begun = time.process_time()
            run()
            taken[name].append(time.process_time() - begun)
    return median(taken["whole"][1:]), median(taken["floor"][1:])


def stale_check(folder: Path) -> None:
    """Measures what it takes to know the last accepted reading of a model, and to replace it."""
    print("\n| models and journal entries | look-up | replaced |\n|---|---|---|")
    accepted = Accepted(folder / "accepted", Journal(folder / "journal"), "model")
    intent = Intent("model", "", "X", DEFAULT_URL, {}, {}, ("key",))
    count = 0
    for many in (1, 10_000):
        for _ in range(count, many):
            snapshot = Snapshot({"id": str(uuid.uuid4()), "version": 1})
            accepted.journal.open(intent._replace(id=snapshot.id or "", before=snapshot.raw))
            accepted.accept(DEFAULT_URL, snapshot)
        count, model_id, times = many, snapshot.id or "", 500
        accepted.last(DEFAULT_URL, model_id)
        begun = time.process_time()
        for _ in range(times):
            accepted.last(DEFAULT_URL, model_id)
        found = time.process_time()
        for number in range(times):
            accepted.accept(DEFAULT_URL, Snapshot({"id": model_id, "version": 2 + number}))
        replaced = time.process_time()
        took = [(found - begun) / times, (replaced - found) / times]
        print(f"| {many} | {' | '.join(f'{one * 1000:.3f} ms' for one in took)} |", flush=True)


if __name__ == "__main__":
    main()
