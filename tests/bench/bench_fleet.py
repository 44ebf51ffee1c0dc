"""Many models at once: throughput beside the ideal, a bare client, and threads around the SDK.

The ideal is what waiting alone takes: models x 3 x latency / workers. The bare floor is http.client
sending the same three requests a model and doing nothing else: what it lacks of the ideal is the
machine's, which runs the server as well, in a process of its own. The SDK's script reads twice and
writes what it was given, without a diff, a journal or a check. `--quick` leaves the long runs out.
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
from threading import local
from urllib.parse import urlsplit

import patcher
from patcher.api import Client
from tests.bench.bench_start import environment
from tests.bench.serving import Served, served

LATENCY = 0.05
LABEL = "8c3a1b1e-1111-4222-8333-123456789abc"
CHANGE = {"identifier": "key", "labels": [LABEL]}

SDK = """
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
        configuration=model.configuration, identifier="key",
        fields=[field.name for field in model.fields if not field.user_added],
        policies=model.policies, organization_id=model.organization_id,
        tracking_columns=model.tracking_columns,
    )
patch(ids[0])
begun = time.perf_counter()
with ThreadPoolExecutor(int(workers)) as pool:
    list(pool.map(patch, ids))
print(time.perf_counter() - begun)
"""


def ours(at: Served, workers: int) -> float:
    """How long patch_models takes, seconds."""
    with tempfile.TemporaryDirectory() as folder, Client(at.url, at.api_key) as client:
        os.environ["PATCH_MODEL_STATE_DIR"] = folder
        warm = patcher.patch_models(at.ids[:1], {"name": "Warm", "identifier": "w"}, client=client)
        assert [one.status for one in warm] == ["applied"]
        begun = time.perf_counter()
        results = patcher.patch_models(at.ids, CHANGE, client=client, concurrency=workers)
        written = sum(one.status == "applied" for one in results)
        taken = time.perf_counter() - begun
    assert written == len(at.ids)
    return taken


def floor(at: Served, workers: int) -> float:
    """How long three requests a model take a client that does nothing else, seconds."""
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
        ask("PUT", path, bodies[model_id])

    bodies = {one: body_of(ask("GET", f"/api/models/{one}")) for one in at.ids[:1]}
    bodies = dict.fromkeys(at.ids, bodies[at.ids[0]])
    begun = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(patch, at.ids))
    return time.perf_counter() - begun


def body_of(answer: bytes) -> bytes:
    """A body for a PUT, as large as ours."""
    model = json.loads(answer)["data"]
    names = [field["name"] for field in model["fields"] if not field["user_added"]]
    keys = ("name", "connection_id", "configuration", "policies")
    return json.dumps({**{key: model[key] for key in keys}, "fields": names}).encode()


def sdk(at: Served, workers: int, python: Path) -> float:
    """How long threads around the official SDK take, seconds."""
    command = [str(python), "-c", SDK, at.url, at.api_key, str(workers), *at.ids]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main(arguments: list[str] | None = None) -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 models at most, without the SDK")
    quick = parser.parse_args(arguments if arguments is not None else []).quick
    cases = [(200, 50, 8), (200, 50, 16), (200, 50, 32), (200, 500, 16)]
    cases += [] if quick else [(1000, 50, 1), (1000, 50, 8), (1000, 50, 32)]
    print(f"{LATENCY * 1000:.0f} ms latency; share of the ideal; ms of CPU are ours, a model")
    print("| models | fields | workers | patch-model | bare floor | threads around the SDK | CPU |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        theirs = None if quick else environment(Path(folder) / "sdk", "polytomic==25.9.10")
        for models, fields, workers in cases:
            ideal = models * 3 * LATENCY / workers
            spent = time.process_time()
            own = measured(models, fields, lambda at, w=workers: ours(at, w))  # type: ignore[misc]
            spent = (time.process_time() - spent) / models * 1000
            bare = measured(models, fields, lambda at, w=workers: floor(at, w))  # type: ignore[misc]
            other = "-"
            if theirs is not None:
                python = theirs / "python"
                taken = measured(models, fields, lambda at, w=workers, p=python: sdk(at, w, p))  # type: ignore[misc]
                other = f"{ideal / taken:.0%}"
            print(
                f"| {models} | {fields} | {workers} | {ideal / own:.0%} | {ideal / bare:.0%} "
                f"| {other} | {spent:.1f} |",
                flush=True,
            )


def measured(models: int, fields: int, run: Callable[[Served], float]) -> float:
    """The time of one run, against a sandbox of its own."""
    with served(models, fields, LATENCY) as at:
        return run(at)


if __name__ == "__main__":
    main(sys.argv[1:])
