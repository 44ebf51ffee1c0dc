"""Many models at once: share of the ideal, and processor time a model.

The ideal is what waiting alone takes: models x 3 x latency / workers. The bare floor is http.client
sending the same three requests a model and doing nothing else: what it lacks of the ideal is the
machine's, which runs the server as well, in a process of its own. The SDK's threads read twice and
write what they were given, without a diff, a journal or a check. Each contender is a process of its
own; they run in turns, and medians are shown, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import local
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import patcher
from patcher.api import Client
from tests.bench.bench_start import environment
from tests.bench.serving import ROOT, Served, served

LATENCY: Final = 0.05
LABEL: Final = "8c3a1b1e-1111-4222-8333-123456789abc"
CASES: Final = ((60, 50, 1), (200, 50, 8), (200, 50, 16), (200, 50, 32), (200, 500, 16))
"""Models, fields of each, workers."""

SDK: Final = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from polytomic import Polytomic
url, key, workers, *ids = sys.argv[1:]
client = Polytomic(token=key, base_url=url)
def patch(id):
    model = client.models.get(id=id).data
    model = client.models.get(id=id).data
    client.models.update(
        id=id, name=model.name, connection_id=model.connection_id,
        configuration=model.configuration, identifier="column_1",
        fields=[field.name for field in model.fields if not field.user_added],
        policies=model.policies, organization_id=model.organization_id,
        tracking_columns=model.tracking_columns,
    )
patch(ids[0])
begun, spent = time.perf_counter(), time.process_time()
with ThreadPoolExecutor(int(workers)) as pool:
    list(pool.map(patch, ids))
print(time.perf_counter() - begun, time.process_time() - spent)
"""


class Run(NamedTuple):
    """The seconds that a run took, and those of the processor, without those of the server."""

    seconds: float
    processor: float


def timed(work: Callable[[], object]) -> Run:
    """Does the work, and says what it took."""
    begun, spent = time.perf_counter(), time.process_time()
    work()
    return Run(time.perf_counter() - begun, time.process_time() - spent)


def ours(at: Served, workers: int) -> Run:
    """What patch_models takes."""
    change = {"identifier": "column_1", "labels": [LABEL]}

    def work() -> None:
        results = patcher.patch_models(at.ids, change, client=client, concurrency=workers)
        assert sum(one.status == "applied" for one in results) == len(at.ids)

    with Client(at.url, at.api_key) as client:
        os.environ["PATCH_MODEL_STATE_DIR"] = tempfile.mkdtemp()
        warm = patcher.patch_models(at.ids[:1], {"name": "Warm", "identifier": "w"}, client=client)
        assert [one.status for one in warm] == ["applied"]
        return timed(work)


def floor(at: Served, workers: int) -> Run:
    """What three requests a model take a client that does nothing else."""
    address = urlsplit(at.url)
    kept = local()
    headers = {"Authorization": f"Bearer {at.api_key}", "Content-Type": "application/json"}

    def ask(method: str, path: str, body: bytes | None = None) -> bytes:
        if not hasattr(kept, "connection"):
            kept.connection = http.client.HTTPConnection(address.hostname or "", address.port)
        kept.connection.request(method, path, body, headers)
        answer: bytes = kept.connection.getresponse().read()
        return answer

    def patch(model_id: str) -> None:
        path = f"/api/models/{model_id}"
        ask("GET", path)
        ask("GET", path)
        ask("PUT", path, body)

    def work() -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(patch, at.ids))

    body = body_of(ask("GET", f"/api/models/{at.ids[0]}"))
    return timed(work)


def body_of(answer: bytes) -> bytes:
    """A body for a PUT, as large as ours."""
    model = json.loads(answer)["data"]
    names = [field["name"] for field in model["fields"] if not field["user_added"]]
    keys = ("name", "connection_id", "configuration", "policies")
    return json.dumps({**{key: model[key] for key in keys}, "fields": names}).encode()


def measured(who: str, case: tuple[int, int, int], sdk: Path) -> Run:
    """One run of a contender in a process of its own, against a sandbox of its own."""
    models, fields, workers = case
    with served(models, fields, LATENCY) as at:
        command = [sys.executable, "-m", "tests.bench.bench_fleet", "--contender", who]
        if who == "sdk":
            command = [str(sdk / "python"), "-c", SDK]
        command += [at.url, at.api_key, str(workers), *at.ids]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        return Run(*map(float, done.stdout.split()))


def row(case: tuple[int, int, int], runs: dict[str, list[Run]]) -> str:
    """A line of the table."""
    models, _, workers = case
    ideal = models * 3 * LATENCY / workers
    cells = [str(part) for part in case]
    cells += [f"{ideal / median(one.seconds for one in each):.0%}" for each in runs.values()]
    for each in runs.values():
        spent = [one.processor / models * 1000 for one in each]
        cells.append(f"{median(spent):.1f} ({min(spent):.1f}-{max(spent):.1f})")
    mine, bare, theirs = runs.values()
    speed = median(two.seconds / one.seconds for one, two in zip(mine, bare, strict=True))
    work = median(one.processor / two.processor for one, two in zip(mine, theirs, strict=True))
    return f"| {' | '.join(cells)} | {speed:.2f} | {work:.2f} |"


HEAD: Final = """
| | | | share of the ideal | | | processor, ms a model | | | ours / floor | ours / SDK |
|---|---|---|---|---|---|---|---|---|---|---|
| models | fields | workers | ours | floor | SDK | ours | floor | SDK | speed | processor |
"""


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each contender in each case")
    parser.add_argument("--workers", type=int, help="only the cases with so many")
    parser.add_argument(
        "--contender", choices=("ours", "floor"), help="one run: URL KEY WORKERS ID..."
    )
    parser.add_argument("rest", nargs="*")
    given = parser.parse_args()
    if given.contender:
        url, key, workers, *ids = given.rest
        contender = {"ours": ours, "floor": floor}[given.contender]
        print(*contender(Served(url, ids, key), int(workers)))
        return
    print(f"{LATENCY * 1000:.0f} ms latency; {given.runs} runs of each in turns")
    print(HEAD.rstrip("\n"))
    with tempfile.TemporaryDirectory() as folder:
        # State folders go at the very end: on ext4, files are made slowly after many were removed.
        os.environ["TMPDIR"] = folder
        sdk = environment(Path(folder) / "sdk", "polytomic==25.9.10")
        for case in CASES:
            if given.workers not in (None, case[2]):
                continue
            runs: dict[str, list[Run]] = {"ours": [], "floor": [], "sdk": []}
            for _ in range(given.runs):
                for who, of in runs.items():
                    of.append(measured(who, case, sdk))
            print(row(case, runs), flush=True)


if __name__ == "__main__":
    main()
