"""Tables of models and of past writes, and one write in full, as lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from patcher.documents.wording import counted, first_few
from patcher.plan import Plan
from patcher.plan.plan import host_of
from patcher.render.plan import plan_lines
from patcher.render.text import Line, Span, Style, line, paths_apart, printable, table
from patcher.resources.snapshot import moment

_FRACTION: Final = re.compile(r"(?<=:\d\d)\.\d+")

_STATUS: Final[Mapping[str, tuple[str, Style]]] = {
    "applied": ("written", ""),
    "unverified": ("not as intended", "alarm"),
    "unknown": ("unknown", "alarm"),
    "not-written": ("not written", "quiet"),
    "unrecorded": ("not recorded", "alarm"),
}


def table_lines(
    rows: Sequence[Mapping[str, Any]], width: int | None = None, now: datetime | None = None
) -> Iterator[Line]:
    """Resources, one a line; on a terminal of ``width`` columns with their age at the time ``now``.

    There the last columns may be left out.
    """
    cells = [
        (
            printable(row["id"]),
            printable(row["name"] or ""),
            printable(str(row["type"] or "-")),
            "-" if row["version"] is None else str(row["version"]),
            _time(row["updated_at"] or "", now),
            printable(row["updated_by"] or ""),
            printable(str(row["connection_id"] or "-")),
        )
        for row in rows
    ]
    written = "AGE" if now else "LAST WRITTEN"
    head = ("ID", "NAME", "TYPE", "VERSION", written, "BY", "CONNECTION")
    return table(head, cells, width, cut=("NAME",))


def _time(stamp: str, now: datetime | None) -> str:
    """A timestamp without its fraction, or how long it was ago, as kubectl says it."""
    at = moment(stamp)
    if now is None or at is None:
        return printable(_FRACTION.sub("", stamp))
    seconds = (now - at[0]).total_seconds()
    units = ((86_400, "d"), (3_600, "h"), (60, "m"))
    return next((f"{seconds // one:.0f}{unit}" for one, unit in units if seconds >= one), "now")


def history_lines(
    rows: Sequence[Mapping[str, Any]],
    older: int,
    width: int | None = None,
    now: datetime | None = None,
) -> Iterator[Line]:
    """Entries as ``HistoryEntry.to_dict`` gives them, and how many are not shown.

    ``width`` and ``now`` are as for ``table_lines``.
    """
    if not rows:
        yield line("No writes recorded.")
        return
    cells = [
        (
            row["entry"],
            _time(row["begun"], now),
            Span(*_STATUS[row["state"]]),
            printable(row["name"] or "-"),
            first_few(paths_apart([change["path"] for change in row["changes"]]), 3) or "-",
            _note(row),
            printable(host_of(row["where"])),
        )
        for row in rows
    ]
    head = ("ENTRY", "AGE" if now else "TIME", "STATUS", "NAME", "CHANGED", "NOTE", "HOST")
    yield from table(head, cells, width, cut=("NAME", "CHANGED"))
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
    note = f" ({_note(row)})" if _note(row) else ""
    versions = f", version {row['version_before']} -> {row['version_after']}"
    yield line(
        "Status: ", Span(*_STATUS[row["state"]]), note, versions if row["version_after"] else ""
    )
    if row["message"]:
        yield line(f"  {printable(row['message'])}")
    if row["state"] != "not-written":
        yield line(f"Undo it: patch-model undo {row['entry']}")


def _note(row: Mapping[str, Any]) -> str:
    notes = [f"undoes {printable(row['undoes'])}"] if row["undoes"] else []
    notes += [f"in {printable(row['run'])}"] if row["run"] else []
    return ", ".join(notes)
