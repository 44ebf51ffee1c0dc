"""A plan, its result and a conflict as people read them: what changes, what goes, what stays."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from patcher.documents.diff import Change
from patcher.documents.notices import Notice
from patcher.documents.spellings import cut
from patcher.documents.textdiff import is_multiline, unified
from patcher.documents.threeway import Collision
from patcher.documents.values import MISSING, Document, JsonValue
from patcher.plan import PatchResult, Plan
from patcher.plan.conflicts import Conflict
from patcher.render.side_by_side import shown_diff
from patcher.render.text import (
    Line,
    Span,
    Style,
    line,
    paths_apart,
    printable,
    printable_value,
    values_apart,
)


class Carried(NamedTuple):
    """A member that goes along as it is; ``members`` is how many there are in a list."""

    path: str
    members: int | None


class Attachment(NamedTuple):
    """What is known of a plan besides, such as who uses the resource: a heading and its lines.

    ``is_alarming`` says that nobody should pass over it.
    """

    title: str
    lines: tuple[Line, ...]
    is_alarming: bool = False


class Outline(NamedTuple):
    """A plan as it may be shown: nothing in it is a credential, unless it was asked for.

    Attributes:
        title: what is changed: the noun, and the name as JSON or the id. Safe to print.
        id: the id of it, or nothing.
        written: its version, and who wrote it when, in a sentence.
        changes, cleared, carried: as the plan has them.
        warnings: what to look at before it is written.
        remarks: what was so before.
        attachments: what else is known.
    """

    title: str
    id: str
    written: str
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[Carried, ...]
    warnings: tuple[Notice, ...]
    remarks: tuple[Notice, ...]
    attachments: tuple[Attachment, ...] = ()


def outline(
    plan: Plan, *, show_secrets: bool = False, attachments: tuple[Attachment, ...] = ()
) -> Outline:
    """The outline of a plan; credentials are masked wherever they stand, unless asked for."""
    masks = plan.masks

    def shown(text: str) -> str:
        return text if show_secrets else masks.redacted(text)

    notices = [one._replace(message=shown(one.message)) for one in plan.warnings]
    return Outline(
        title=title(plan),
        id=plan.base.id or "",
        written=shown(_written(plan)),
        changes=plan.changes if show_secrets else plan.shown(plan.changes),
        cleared=plan.cleared,
        carried=tuple(_carried_paths(plan, path) for path in plan.carried),
        warnings=tuple(one for one in notices if not one.is_remark),
        remarks=tuple(one for one in notices if one.is_remark),
        attachments=attachments,
    )


def title(plan: Plan) -> str:
    """The noun, and the name as JSON or the id."""
    shown = printable_value(cut(plan.name)) if plan.name is not None else plan.base.id
    return f"{plan.resource.noun} {shown}"


def _written(plan: Plan) -> str:
    base = plan.base
    parts = [f"version {base.shown_version}"] if base.raw.get("version") is not None else []
    if base.author or base.updated_at:
        by = f" by {base.author}" if base.author else ""
        at = f" at {base.updated_at}" if base.updated_at else ""
        parts.append(f"last written{by}{at}")
    return ", ".join(parts)


def _carried_paths(plan: Plan, path: str) -> Carried:
    value = plan.document.get(path.removeprefix("/"))
    return Carried(path, len(value) if type(value) is list else None)


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 change``, ``2 changes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def summary(shown: Outline) -> str:
    """What to expect of a plan, in a sentence."""
    if not shown.changes:
        return "No changes: it is already as it should be."
    parts = [counted(len(shown.changes), "change")]
    if shown.cleared:
        parts.append(f"{counted(len(shown.cleared), 'member')} cleared")
    if shown.warnings:
        parts.append(counted(len(shown.warnings), "warning"))
    return f"{', '.join(parts)}."


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


def conflict_lines(report: Conflict) -> Iterator[Line]:
    """The places that both sides changed with all three values, then what each changed alone."""
    clashes = [one for one in report.both if not one.only_read]
    yield from _section(Span("Changed by both", "alarm"), clashes)
    only_read = [one for one in report.both if one.only_read]
    yield from _section(Span("Changed by them, and yours rests on it", "alarm"), only_read)
    if report.both:
        yield from _changes("Changed by them alone:", report.theirs_alone)
        yield from _changes("Changed by you alone:", report.yours_alone)
    else:
        yield from _changes("Changed by them:", report.theirs)
        yield from _changes("Changed by you:", report.yours)


def _changes(title: str, changes: Sequence[Change]) -> Iterator[Line]:
    if changes:
        yield line()
        yield line(title)
        yield from change_lines(changes)


def _section(title: Span, collisions: Sequence[Collision]) -> Iterator[Line]:
    if collisions:
        yield line()
        yield line(title, ":")
    for one, path in zip(collisions, paths_apart([one.path for one in collisions]), strict=True):
        yield line(Span("  !", "alarm"), f" {path}")
        yield from _sides(one)


def _sides(one: Collision) -> Iterator[Line]:
    if is_multiline(one.base, one.yours) and is_multiline(one.base, one.theirs):
        texts = (("yours", one.yours), ("theirs", one.theirs))
        for name, changed in texts[1:] if one.only_read else texts:
            yield line(_INDENT, Span(f"{name}:", "quiet"))
            yield from text_diff_lines(one.base, changed)
        return
    sides: tuple[tuple[str, JsonValue, Style], ...] = (
        ("was", one.base, "quiet"),
        ("yours", one.yours, "added"),
        ("theirs", one.theirs, "changed"),
    )
    there = [value for _, value, _ in sides if value is not MISSING]
    shown = iter(values_apart(there, sys.maxsize))
    written = ["(not there)" if value is MISSING else next(shown)[0] for _, value, _ in sides]
    rows = list(zip(sides, written, strict=True))
    for (whose, _, style), text in rows[::2] if one.only_read else rows:
        yield line(_INDENT, Span(f"{whose:<7}", "quiet"), Span(text, style))
