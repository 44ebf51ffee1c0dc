"""What the diff costs beside its alternatives; run it with `python tests/bench/bench_diff.py`.

Every row is measured in one run, the candidates in turns, and the medians are given as ratios:
milliseconds depend on the machine, ratios hardly. `--full` also runs plain deepdiff at 20 000
members, which takes a minute or two. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jsonpatch
from deepdiff import DeepDiff

from patcher.documents.diff import compare
from patcher.documents.shape import KeyedList, ListKeys
from patcher.documents.values import Document

LISTS: ListKeys = {("fields",): KeyedList(("name",))}
SIZES = (50, 500, 5_000, 20_000)


def field(number: int | str) -> Document:
    """A field as large as the API's: 11 keys."""
    return {
        "id": f"2b1f6d1e-0000-4000-8000-{number:0>12}",
        "name": f"field_{number}",
        "label": f"Field {number}",
        "type": "string",
        "remote_type": "character varying",
        "description": f"What the column {number} of the source holds",
        "example": f"example {number}",
        "unique": False,
        "user_added": True,
        "path": ["source", f"column_{number}"],
        "position": 1.5,
    }


def one_change(fields: list[Any]) -> None:
    fields[len(fields) // 2]["label"] += "!"


def front_insert(fields: list[Any]) -> None:
    fields.insert(0, field("new"))


def tenth_changed(fields: list[Any]) -> None:
    for member in fields[::10]:
        member["label"] += "!"


def shuffled(fields: list[Any]) -> None:
    random.Random(7).shuffle(fields)  # noqa: S311 - the same order in every run


SCENARIOS: dict[str, Callable[[list[Any]], None]] = {
    "one change": one_change,
    "front insert": front_insert,
    "10 % changed": tenth_changed,
    "shuffled": shuffled,
}


def walk(base: Document, proposed: Document) -> list[tuple[str, ...]]:
    """The shortest linear keyed diff one would write by hand; knows this one shape only."""
    found: list[tuple[str, ...]] = []
    before = {member["name"]: member for member in base["fields"]}
    after = {member["name"]: member for member in proposed["fields"]}
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            found.append(("removed", name))
            continue
        for key, value in old.items():
            if key not in new:
                found.append(("removed", name, key))
            elif type(value) is not type(new[key]) or value != new[key]:
                found.append(("changed", name, key))
        found += [("added", name, key) for key in new if key not in old]
    found += [("added", name) for name in after if name not in before]
    if [name for name in before if name in after] != [name for name in after if name in before]:
        found.append(("reordered",))
    return found


CANDIDATES: dict[str, Callable[[Document, Document], object]] = {
    "compare": lambda base, proposed: compare(base, proposed, LISTS),
    "walk": walk,
    "jsonpatch": jsonpatch.make_patch,
    "deepdiff": DeepDiff,
}


def pair(size: int, scenario: str) -> tuple[Document, Document]:
    """Two documents that share no value, as read from two answers."""
    text = json.dumps({"fields": [field(number) for number in range(size)]})
    base, proposed = json.loads(text), json.loads(text)
    SCENARIOS[scenario](proposed["fields"])
    return base, proposed


def measured(size: int, scenario: str, names: list[str], runs: int) -> dict[str, float]:
    """The median seconds of each candidate, run in turns."""
    base, proposed = pair(size, scenario)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            gc.collect()
            start = time.perf_counter()
            CANDIDATES[name](base, proposed)
            taken[name].append(time.perf_counter() - start)
    return {name: median(times) for name, times in taken.items()}


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--full", action="store_true", help="plain deepdiff at 20 000, too")
    full = parser.parse_args().full
    compare(*pair(1, "one change"), LISTS)  # the import of deepdiff is another benchmark's matter
    medians: dict[tuple[str, int], float] = {}
    print("diff of `size` fields of 11 keys; time of the other / time of compare (> 1: slower)")
    print(
        f"{'scenario':14}{'size':>8}{'compare ms':>12}{'walk':>8}{'jsonpatch':>11}{'deepdiff':>10}"
    )
    for scenario in SCENARIOS:
        for size in SIZES:
            names = [name for name in CANDIDATES if name != "deepdiff" or size < 20_000 or full]
            times = measured(size, scenario, names, 15 if size < 5_000 else 5)
            own = medians[scenario, size] = times["compare"]
            ratios = {
                name: f"{times[name] / own:.2f}" if name in times else "-" for name in CANDIDATES
            }
            print(
                f"{scenario:14}{size:>8}{own * 1000:>12.1f}{ratios['walk']:>8}"
                f"{ratios['jsonpatch']:>11}{ratios['deepdiff']:>10}"
            )
    print("\ngrowth from 5 000 to 20 000 (4 is linear)")
    for scenario in SCENARIOS:
        print(f"{scenario:14}{medians[scenario, 20_000] / medians[scenario, 5_000]:>8.1f}")
    one = measured(20_000, "one change", ["compare", "walk"], 15)
    print(f"\none change in 20 000: compare / walk = {one['compare'] / one['walk']:.2f}")


if __name__ == "__main__":
    main()
