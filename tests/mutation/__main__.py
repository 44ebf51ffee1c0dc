"""``python -m tests.mutation [TEXT...]``: the mutants whose file or scope holds one of the texts.

Exits with 1 when one survives that SURVIVORS.md does not list. How each ended is in .mutants.jsonl,
so that a run can be cut short and gone on with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.mutating import ROOT, Key, Mutant, Mutants
from tests.mutation.running import Calls, End, Runner
from tests.mutation.survivors import known, listed

ROOMS = ("documents", "resources", "guard")
TESTS = (
    *("documents", "resources", "guard", "plan", "impact"),
    *("operations/test_undo.py", "promises/test_every_write_can_be_undone.py"),
)

_NOTICED: Final[tuple[End, ...]] = ("killed", "timed out")
_LOG: Final = Path(".mutants.jsonl")
_CALLS: Final = Path(".mutants.calls.json")


def main() -> int:
    """Makes the mutants, runs the tests on each, and prints those that survive."""
    options = _options()
    files = [
        Mutants(path) for room in ROOMS for path in sorted((ROOT / "patcher" / room).glob("*.py"))
    ]
    wanted = [one for file in files for one in file.found if _is_wanted(one, options.text)]
    survivors = known()
    earlier = _earlier() if options.resume else {}
    survived = frozenset(key for key, end in earlier.items() if end == "survived")
    ends: dict[Key, End] = {key: end for key, end in earlier.items() if end in _NOTICED}
    if not options.all:
        ends.update((one.key, "survived") for one in wanted if one.key in survivors)
    tried = [one for one in wanted if one.key not in ends]
    left_alone = sum(file.left_alone for file in files)
    print(
        f"{len(wanted)} mutants, {len(tried)} to try; {left_alone} more, of texts, are left alone"
    )
    tried.sort(key=lambda one: one.key in earlier)  # what is not known yet comes first
    studied = _studied() if options.resume else Calls({}, {})
    ends.update(_run(tried, options, studied, survived))
    new = [one for one in wanted if ends[one.key] not in _NOTICED and one.key not in survivors]
    stale = [one for one in wanted if ends[one.key] in _NOTICED and one.key in survivors]
    for title, mutants in (("survive and are not listed", new), ("are listed and die", stale)):
        if mutants:
            print(f"{len(mutants)} {title}:", *map(listed, mutants), sep="\n")
    counts = Counter(ends[one.key] for one in wanted)
    share = sum(counts[end] for end in _NOTICED) / len(wanted)
    print(f"{dict(counts)}: {share:.1%} of {len(wanted)} are killed")
    return 1 if new or stale else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("text", nargs="*", help="part of a file's or a function's name")
    parser.add_argument("--all", action="store_true", help="those known to survive, too")
    parser.add_argument("--resume", action="store_true", help="go on with a run cut short")
    for name, what in (
        ("--slowest", "leave out the tests that take longer"),
        ("--budget", "put each mutant to no more tests than take as long"),
    ):
        parser.add_argument(name, type=float, default=float("inf"), metavar="SECONDS", help=what)
    return parser.parse_args()


def _is_wanted(mutant: Mutant, texts: list[str]) -> bool:
    return not texts or any(text in f"{mutant.file}:{mutant.scope}" for text in texts)


def _earlier() -> dict[Key, End]:
    """How mutants ended in an earlier run."""
    lines = _LOG.read_text(encoding="utf-8").splitlines() if _LOG.exists() else []
    return {(file, scope, change): end for file, scope, change, end in map(json.loads, lines)}


def _studied() -> Calls:
    """What an earlier run found out about the tests, but for those in files that have changed."""
    if not _CALLS.exists():
        return Calls({}, {})
    digests, seconds, places = json.loads(_CALLS.read_text(encoding="utf-8"))
    same = {file for file, digest in digests.items() if _digest(file) == digest}
    kept = [name for name in seconds if name.partition("::")[0] in same]
    return Calls(
        {name: seconds[name] for name in kept},
        {name: {(file, scope) for file, scope in places[name]} for name in kept},
    )


def _study(calls: Calls) -> None:
    """Keeps what was found out about the tests."""
    digests = {file: _digest(file) for file in {name.partition("::")[0] for name in calls.seconds}}
    places = {name: sorted(found) for name, found in calls.places.items()}
    _CALLS.write_text(json.dumps([digests, calls.seconds, places]), encoding="utf-8")


def _digest(file: str) -> str:
    path = ROOT / file
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _run(
    mutants: list[Mutant], options: argparse.Namespace, calls: Calls, survived: frozenset[Key]
) -> dict[Key, End]:
    ends: dict[Key, End] = {}
    if not mutants:
        return ends
    log = _LOG.open("a", encoding="utf-8")

    def report(mutant: Mutant, end: End) -> None:
        if not ends:
            _study(calls)
        ends[mutant.key] = end
        print(json.dumps([*mutant.key, end]), file=log, flush=True)
        if end != "killed":
            print(f"{end}: {listed(mutant)}", flush=True)
        if len(ends) % 100 == 0:
            print(f"{len(ends)} of {len(mutants)}", flush=True)

    runner = Runner(mutants, report, options.slowest, options.budget, calls, survived)
    words = ["-q", "--tb=no", "-p", "no:cacheprovider", *(f"tests/{room}" for room in TESTS)]
    with log:
        pytest.main(words, plugins=[runner])
    if len(ends) < len(mutants):
        sys.exit("The run was cut short; --resume goes on with it.")
    return ends


if __name__ == "__main__":
    sys.exit(main())
