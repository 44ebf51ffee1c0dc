"""The plan and the result as people read them: what changes, what goes, what stays."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from patcher.documents.diff import Change
from patcher.documents.notices import Notice
from patcher.documents.textdiff import is_multiline, unified
from patcher.documents.values import Document
from patcher.plan import PatchResult, Plan
from patcher.render.columns import shown_diff
from patcher.render.lines import Line, Span, Style, line
from patcher.render.outline import Carried, Outline, outline, title
from patcher.render.printable import paths_apart, printable, printable_value, values_apart

_WIDE = 72
_INDENT = "      "
_NO_BREAK = "\u00a0"
_FRACTION = re.compile(r"(?<=:\d\d)\.\d+")


def plan_lines(plan: Plan, *, show_secrets: bool = False, is_past: bool = False) -> Iterator[Line]:
    """A plan: the resource, its changes, what is cleared, what is carried over, what is not known.

    Of one that ``is_past``, nothing is left to be known.
    """
    shown = outline(plan, show_secrets=show_secrets)
    yield from _title(shown)
    if not shown.changes:
        yield line("  No changes: it is already as it should be.")
    else:
        yield line()
        yield from change_lines(shown.changes)
        yield from _cleared(shown)
        yield from _carried(shown)
        if not is_past and (plan.preview or plan.impact or plan.needs_preview):
            from patcher.render.review import review_lines

            yield from review_lines(plan)


def result_lines(result: PatchResult) -> Iterator[Line]:
    """How a change ended; what the plan showed already is not said again."""
    if result.status in ("applied", "planned", "declined"):
        yield line()
    name = title(result.plan) if result.plan else printable(result.target)
    if result.status == "applied":
        moved = f"version {result.version_before} -> {result.version_after}"
        yield line(
            Span("Written", "added"), f": {name}, {moved}. Journal entry {result.journal_entry}."
        )
    elif result.status == "planned":
        yield line("Nothing was written: this is a dry run.")
    elif result.status == "declined":
        yield line("Nothing was written.")
    if result.aftermath is not None:
        from patcher.render.review import aftermath_lines

        yield from aftermath_lines(result.aftermath)


def details_lines(details: Document | None) -> Iterator[Line]:
    """What an error of the API says besides its message, as JSON."""
    if details:
        whole = printable_value(details)
        rows = [whole] if len(whole) < _WIDE else printable_value(details, indent=2).split("\n")
        yield from (line("  ", row) for row in rows)


def warning_lines(notices: Sequence[Notice]) -> Iterator[Line]:
    """Warnings, each with the place that it is about."""
    if notices:
        yield line()
    for notice in notices:
        word: Span = Span("Note", "quiet") if notice.is_remark else Span("Warning", "changed")
        yield line(word, f": {printable(notice.message)}")


def _title(shown: Outline) -> Iterator[Line]:
    yield line(Span(shown.title, "title"), "  ", Span(printable(shown.id), "quiet"))
    if shown.written:
        yield line("  ", Span(printable(shown.written), "quiet"))


_MARKS: dict[str, tuple[str, Style]] = {
    "added": ("+", "added"),
    "removed": ("-", "removed"),
    "changed": ("~", "changed"),
    "reordered": ("~", "changed"),
}


def change_lines(changes: Sequence[Change]) -> Iterator[Line]:
    """Changes, one after the other, as they are: what must not be shown is masked before."""
    for change, path in zip(changes, paths_apart([one.path for one in changes]), strict=True):
        yield from _change(change, path)


def _change(change: Change, path: str) -> Iterator[Line]:
    mark, style = _MARKS[change.kind]
    head = (Span(f"  {mark} {change.kind:<9}", style), Span(f" {path}"))
    old, new = change.old, change.new
    if change.kind == "changed" and is_multiline(old, new):
        yield line(*head)
        yield from text_diff_lines(old, new)
        return
    if change.kind in ("added", "removed"):
        (rows,) = values_apart([new if change.kind == "added" else old], _WIDE)
        if len(rows) == 1:
            yield line(*head, "  ", Span(rows[0], style))
            return
        yield line(*head)
        yield from _value(rows, mark, style)
        return
    yield line(*head)
    before, after = values_apart([old, new], _WIDE)
    yield from _value(before, "-", "removed")
    yield from _value(after, "+", "added")


def _value(rows: Sequence[str], mark: str, style: Style) -> Iterator[Line]:
    for row in rows:
        yield line(_INDENT, Span(f"{mark} {row}", style))


_DIFF_STYLES: dict[str, Style] = {"+": "added", "-": "removed", "@": "quiet"}


def text_diff_lines(old: str, new: str) -> Iterator[Line]:
    """The lines in which two texts differ."""
    for row in shown_diff(unified(old, new)):
        yield line(_INDENT, Span(row, _DIFF_STYLES.get(row[:1], "")))


def _cleared(shown: Outline) -> Iterator[Line]:
    if shown.cleared:
        yield line()
        yield line(Span("Cleared by this change", "alarm"), ":")
        for path in shown.cleared:
            yield line("  ", Span(f"! {printable(path)}", "alarm"))


def _carried(shown: Outline) -> Iterator[Line]:
    if shown.carried:
        yield line()
        yield line("Carried over, which a PUT of the change alone would clear:")
        rows = textwrap.wrap(
            ", ".join(map(_carried_member, shown.carried)),
            _WIDE,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for row in rows:
            yield line("    ", Span(row.replace(_NO_BREAK, " "), "quiet"))


def _carried_member(one: Carried) -> str:
    return printable(one.path) + (f"{_NO_BREAK}({one.members})" if one.members is not None else "")


def table_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Resources, one a line: id, name, version, last write, whose fraction of a second is left out.

    What a narrow terminal breaks is at the end.
    """
    cells = [("ID", "NAME", "VERSION", "LAST WRITTEN")]
    for row in rows:
        when = _FRACTION.sub("", row["updated_at"] or "")
        written = " by ".join(part for part in (when, row["updated_by"]) if part)
        version = "-" if row["version"] is None else str(row["version"])
        name = "" if row["name"] is None else row["name"]
        cells.append((printable(row["id"]), printable(name), version, printable(written)))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, found in enumerate(cells):
        padded = "  ".join(text.ljust(width) for text, width in zip(found, widths, strict=True))
        yield line(Span(padded.rstrip(), "quiet" if number == 0 else ""))
