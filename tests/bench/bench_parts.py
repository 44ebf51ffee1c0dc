"""Where the processor's time of one model goes, in a run of many.

Each part is measured by its thread's own clock, without the parts within it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from requests.adapters import HTTPAdapter

from patcher import journal
from patcher.api.transport import Transport, connections
from patcher.batch.overview import Overview
from patcher.batch.pool import Pool
from patcher.batch.spool import Spool
from patcher.documents import jsontext
from patcher.guard import outcome
from patcher.guard.accepted import Accepted
from patcher.operations import batch
from patcher.plan import making
from tests.bench.bench_fleet import ours
from tests.bench.serving import served

MODELS: Final = 500
FIELDS: Final = 50
WORKERS: Final = 8

PARTS: Final[tuple[tuple[Any, str, str], ...]] = (
    (Pool, "_work", "everything else"),
    (Transport, "send", "the requests: our own part"),
    (HTTPAdapter, "send", "the requests: requests, urllib3, http.client"),
    (connections, "body_of", "reading bodies"),
    (jsontext, "parse", "parsing JSON, strictly"),
    (jsontext, "dump", "writing JSON"),
    (batch, "make_plan", "the plan: document, change, schema, comparison"),
    (making, "finding_notices", "the plan: checks beyond the schema"),
    (Overview, "store", "the overview"),
    (Spool, "keep", "storing the plan for the write"),
    (Spool, "plan", "storing the plan for the write"),
    (journal, "write_whole", "the journal's files, on disk"),
    (journal, "sync_folder", "the journal's files, on disk"),
    (journal, "update_private", "the journal's files, on disk"),
    (Accepted, "last", "what was accepted last"),
    (Accepted, "accept", "what was accepted last"),
    (outcome, "verify", "verifying the answer"),
)

_of_thread = threading.local()


def counted(function: Callable[..., Any], label: str, spent: Counter[str]) -> Callable[..., Any]:
    """The function, which adds its own time to ``spent``."""

    def measured(*args: Any, **kwargs: Any) -> Any:
        outer, _of_thread.within = getattr(_of_thread, "within", 0.0), 0.0
        begun = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            taken = time.thread_time() - begun
            spent[label] += taken - _of_thread.within
            _of_thread.within = outer + taken

    return measured


def main() -> None:
    """Measures and prints a table."""
    spent: Counter[str] = Counter()
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in PARTS]
    for owner, name, label in PARTS:
        setattr(owner, name, counted(getattr(owner, name), label, spent))
    try:
        for models in (WORKERS, MODELS):  # the first run loads what is loaded once
            spent.clear()
            with served(models, FIELDS, 0.0) as at:
                ours(at, WORKERS)
    finally:
        for owner, name, function in originals:
            setattr(owner, name, function)
    total = sum(spent.values())
    print("| part | share | ms a model |\n|---|---|---|")
    for label, seconds in spent.most_common():
        print(f"| {label} | {seconds / total:.0%} | {seconds / MODELS * 1000:.2f} |")


if __name__ == "__main__":
    main()
