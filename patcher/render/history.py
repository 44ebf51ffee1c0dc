"""The journal as people read it: a line for each write, and one write in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from patcher.plan import Plan
from patcher.render.plan import plan_lines
from patcher.render.text import Line, Span, Style, line, paths_apart, printable

_NAMED: Final = 3

_ENDED: Final[Mapping[str, tuple[str, Style]]] = {
    "applied": ("written", ""),
    "unverified": ("written, but not as intended or not alone", "alarm"),
    "unknown": ("not known", "alarm"),
    "not-written": ("not written", "quiet"),
    "unrecorded": ("not recorded", "alarm"),
}


def history_lines(rows: Sequence[Mapping[str, Any]], older: int) -> Iterator[Line]:
    """Entries as ``Remembered.to_dict`` gives them, and how many are not shown."""
    if not rows:
        yield line("The journal remembers no write.")
        return
    cells = [("ENTRY", "WHEN", "NAME", "CHANGED", "ENDED")]
    cells += [
        (
            row["entry"],
            printable(row["begun"]),
            printable(row["name"] or "-"),
            _changed(row),
            _ended(row),
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    styles: list[Style] = ["quiet", *(_ENDED[row["state"]][1] for row in rows)]
    for found, style in zip(cells, styles, strict=True):
        padded = [text.ljust(width) for text, width in zip(found, widths, strict=True)]
        yield line("  ".join(padded[:-1]) + "  ", Span(found[-1], style))
    if older:
        yield line(Span(f"{older} older; --limit {len(rows) + older} shows them.", "quiet"))


def entry_lines(
    row: Mapping[str, Any], plan: Plan | None, *, show_secrets: bool = False
) -> Iterator[Line]:
    """One entry: what it was to do, how it ended, and how to take it back."""
    yield line(
        Span(row["entry"], "title"), f"  {printable(row['begun'])}  {printable(row['where'])}"
    )
    yield line()
    if plan is None:
        yield line("What it was to do can no longer be told.")
    else:
        yield from plan_lines(plan, show_secrets=show_secrets, is_past=True)
    yield line()
    style = _ENDED[row["state"]][1]
    versions = f", version {row['version_before']} -> {row['version_after']}"
    yield line("Ended: ", Span(_ended(row), style), versions if row["version_after"] else "")
    if row["message"]:
        yield line(f"  {printable(row['message'])}")
    if row["state"] != "not-written":
        yield line(f"To take it back: patch-model undo {row['entry']}")


def _changed(row: Mapping[str, Any]) -> str:
    paths = paths_apart([change["path"] for change in row["changes"]])
    more = [f"{len(paths) - _NAMED} more"] if len(paths) > _NAMED else []
    return ", ".join((*paths[:_NAMED], *more)) or "-"


def _ended(row: Mapping[str, Any]) -> str:
    notes = [f"undoes {printable(row['undoes'])}"] if row["undoes"] else []
    notes += [f"in {printable(row['run'])}"] if row["run"] else []
    return _ENDED[row["state"]][0] + (f" ({', '.join(notes)})" if notes else "")
