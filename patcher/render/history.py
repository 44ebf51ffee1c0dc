"""Tables of models and of past writes, and one write in full, as lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from patcher.documents.wording import counted, first_few
from patcher.plan import Plan
from patcher.plan.plan import host_of
from patcher.render.plan import plan_lines
from patcher.render.text import Line, Span, Style, line, paths_apart, printable, table

_FRACTION: Final = re.compile(r"(?<=:\d\d)\.\d+")

_STATUS: Final[Mapping[str, tuple[str, Style]]] = {
    "applied": ("written", ""),
    "unverified": ("not as intended", "alarm"),
    "unknown": ("unknown", "alarm"),
    "not-written": ("not written", "quiet"),
    "unrecorded": ("not recorded", "alarm"),
}


def table_lines(rows: Sequence[Mapping[str, Any]], width: int | None = None) -> Iterator[Line]:
    """Resources, one a line; on a terminal of ``width`` columns the last ones may be left out."""
    cells = [
        (
            printable(row["id"]),
            printable(row["name"] or ""),
            printable(str(row["type"] or "-")),
            "-" if row["version"] is None else str(row["version"]),
            printable(_FRACTION.sub("", row["updated_at"] or "")),
            printable(row["updated_by"] or ""),
            printable(str(row["connection_id"] or "-")),
        )
        for row in rows
    ]
    head = ("ID", "NAME", "TYPE", "VERSION", "LAST WRITTEN", "BY", "CONNECTION")
    return table(head, cells, width, cut=(1, 6))


def history_lines(
    rows: Sequence[Mapping[str, Any]], older: int, width: int | None = None
) -> Iterator[Line]:
    """Entries as ``HistoryEntry.to_dict`` gives them, and how many are not shown."""
    if not rows:
        yield line("No writes recorded.")
        return
    cells = [
        (
            row["entry"],
            printable(_FRACTION.sub("", row["begun"])),
            Span(_status(row), _STATUS[row["state"]][1]),
            printable(row["name"] or "-"),
            first_few(paths_apart([change["path"] for change in row["changes"]]), 3) or "-",
            printable(host_of(row["where"])),
        )
        for row in rows
    ]
    head = ("ENTRY", "TIME", "STATUS", "NAME", "CHANGED", "HOST")
    yield from table(head, cells, width, cut=(2, 3, 4, 5))
    if older:
        shown = counted(older, "older entry", "older entries")
        yield line(Span(f"{shown}; use --limit {len(rows) + older} to see them", "quiet"))


def entry_lines(
    row: Mapping[str, Any], plan: Plan | None, *, show_secrets: bool = False
) -> Iterator[Line]:
    """One entry: what it was to change, how it ended, and how to undo it."""
    yield line(
        Span(row["entry"], "title"), f"  {printable(row['begun'])}  {printable(row['where'])}"
    )
    yield line()
    if plan is None:
        yield line("The plan of this write can't be shown any more.")
    else:
        yield from plan_lines(plan, show_secrets=show_secrets, is_past=True)
    yield line()
    style = _STATUS[row["state"]][1]
    versions = f", version {row['version_before']} -> {row['version_after']}"
    yield line("Status: ", Span(_status(row), style), versions if row["version_after"] else "")
    if row["message"]:
        yield line(f"  {printable(row['message'])}")
    if row["state"] != "not-written":
        yield line(f"Undo it: patch-model undo {row['entry']}")


def _status(row: Mapping[str, Any]) -> str:
    notes = [f"undoes {printable(row['undoes'])}"] if row["undoes"] else []
    notes += [f"in {printable(row['run'])}"] if row["run"] else []
    return _STATUS[row["state"]][0] + (f" ({', '.join(notes)})" if notes else "")
