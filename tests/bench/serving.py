"""A sandbox in a process of its own, so that its work is not measured as the client's.

python -m tests.bench.serving --models 200 --fields 50 --latency 0.05
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from patcher.sandbox import DEFAULT_API_KEY, Sandbox
from tests.sandbox import seed

ROOT = Path(__file__).parents[2]


class Served(NamedTuple):
    """A running sandbox: where it is, and the ids of its models."""

    url: str
    ids: list[str]
    api_key: str = DEFAULT_API_KEY


def document(number: int, fields: int) -> dict[str, Any]:
    """A model with so many fields, as people have them: a query, labels, policies."""
    contacts = seed.contacts()
    relation = {**contacts["relations"][0], "from": "column_1"}
    return {
        **contacts,
        "name": f"Model {number:05d}",
        "fields": [f"column_{index}" for index in range(fields)],
        "tracking_columns": ["column_0"],
        "relations": [relation],
    }


@contextmanager
def served(models: int, fields: int, latency: float) -> Iterator[Served]:
    """A sandbox of so many models, stopped at the end."""
    command = [sys.executable, "-m", "tests.bench.serving"]
    options = (("--models", models), ("--fields", fields), ("--latency", latency))
    arguments = [str(part) for option in options for part in option]
    process = subprocess.Popen(
        [*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        url, *ids = process.stdout.readline().split()
        yield Served(url, ids)
    finally:
        process.communicate()


def main() -> None:
    """Serves until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--fields", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    with Sandbox(validate_responses=False, latency=given.latency) as sandbox:
        for number in range(given.models):
            sandbox.create(document(number, given.fields))
        print(sandbox.url, *sandbox.ids(), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
