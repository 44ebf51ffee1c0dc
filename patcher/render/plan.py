"""Plans, results, conflicts and lists of resources as lines for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from patcher.documents.diff import Change
from patcher.documents.spellings import cut
from patcher.documents.values import MISSING, Document, JsonValue
from patcher.documents.wording import Notice, counted
from patcher.plan import PatchResult, Plan
from patcher.render.text import (
    WIDE,
    Line,
    Span,
    Style,
    json_rows,
    line,
    message,
    paths_apart,
    printable,
    printable_value,
    values_apart,
    wrapped,
)
from patcher.render.textdiff import MARKS, is_multiline, text_rows, unified, with_paths

if TYPE_CHECKING:
    from patcher.documents.threeway import Collision
    from patcher.plan.conflicts import Conflict

PRESERVED: Final = "Preserved (a plain PUT would clear these)"


class Carried(NamedTuple):
    """A property that is sent as it is; ``size`` is the number of items of a list, in brackets."""

    path: str
    size: str


class Attachment(NamedTuple):
    """A further section of a plan, such as who uses the resource: a heading and its lines.

    ``is_alarming`` says that it has to be noticed.
    """

    title: str
    lines: tuple[Line, ...]
    is_alarming: bool = False


class Outline(NamedTuple):
    """A plan as it may be shown: credentials are masked, unless asked for.

    Attributes:
        title: the noun, and the name as JSON or the ID. Safe to print.
        id: the ID, or nothing.
        written: version, author and time of the last write, in a phrase.
        changes, cleared, carried: as the plan has them.
        warnings: what to look at before writing.
        remarks: existing problems, not caused by the change.
        attachments: further sections.
        made: when, and for which API.
        place: the host and the organization.
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
    made: str = ""
    place: str = ""


def outline(
    plan: Plan,
    *,
    show_secrets: bool = False,
    attachments: tuple[Attachment, ...] = (),
    planned: str = "",
) -> Outline:
    """The outline of a plan that was made at the time ``planned``."""
    shown: Callable[[str], str] = str if show_secrets else plan.redacted
    organization = f" (organization {plan.origin.organization})" if plan.origin.organization else ""
    notices = [one._replace(message=shown(one.message)) for one in plan.warnings]
    return Outline(
        title=title(plan),
        id=plan.base.id or "",
        written=shown(_written(plan)),
        changes=plan.changes if show_secrets else plan.shown(plan.changes),
        cleared=plan.cleared,
        carried=tuple(Carried(path, size(plan.document, path)) for path in plan.carried),
        warnings=tuple(one for one in notices if not one.is_remark),
        remarks=tuple(one for one in notices if one.is_remark),
        attachments=attachments,
        made=f"Planned {planned} for {plan.origin.url}{organization}",
        place=plan.origin.place,
    )


def title(plan: Plan) -> str:
    """The noun, and the name as JSON or the id."""
    shown = printable_value(cut(plan.name)) if plan.name is not None else plan.base.id
    return f"{plan.resource.noun} {shown}"


def _written(plan: Plan) -> str:
    base = plan.base
    parts = [f"version {base.shown_version}"] if base.raw.get("version") is not None else []
    parts += [f"last written{base.last_write}"] if base.last_write else []
    return ", ".join(parts)


def size(document: Document, path: str) -> str:
    """The number of items in a top-level list, in brackets; nothing for another value."""
    value = document.get(path.removeprefix("/"))
    return f" ({len(value)})" if type(value) is list else ""


def summary(shown: Outline) -> str:
    """What to expect of a plan, in numbers."""
    if not shown.changes:
        return "No changes. Already up to date"
    parts = [counted(len(shown.changes), "change")]
    parts += [f"{len(shown.cleared)} cleared"] if shown.cleared else []
    parts += [f"{len(shown.carried)} preserved"] if shown.carried else []
    parts += [counted(len(shown.warnings), "warning")] if shown.warnings else []
    return ", ".join(parts)


_INDENT = "      "


def plan_lines(plan: Plan, *, show_secrets: bool = False, is_past: bool = False) -> Iterator[Line]:
    """A plan: the resource, its changes, what is cleared, preserved and unknown, and the numbers.

    One that ``is_past`` is shown without what was unknown, and without the numbers.
    """
    shown = outline(plan, show_secrets=show_secrets)
    yield line(Span(shown.title, "title"), "  ", Span(printable(shown.id), "quiet"))
    for about in filter(None, (shown.place, shown.written)):
        yield line("  ", Span(printable(about), "quiet"))
    if not shown.changes:
        yield line(f"  {summary(shown)}.")
        return
    yield line()
    yield from change_lines(shown.changes)
    if shown.cleared:
        yield line()
    yield from cleared_lines(shown.cleared)
    yield from carried_lines([printable(one.path) + one.size for one in shown.carried])
    if is_past:
        return
    if plan.preview or plan.impact or plan.needs_preview:
        from patcher.render.review import review_lines

        yield from review_lines(plan)
    yield line()
    yield line(Span(f"Plan: {summary(shown)}", "title"))


def result_lines(result: PatchResult) -> Iterator[Line]:
    """How a change ended, without what the plan has shown already."""
    if result.status in ("applied", "planned", "declined"):
        yield line()
    name = title(result.plan) if result.plan else printable(result.target)
    if result.status == "applied":
        moved = f"version {result.version_before} -> {result.version_after}"
        yield line(
            Span("Written", "added"), f": {name}, {moved}. Journal entry {result.journal_entry}."
        )
    elif result.status == "planned":
        yield line("Dry run: nothing was written.")
    elif result.status == "declined":
        yield line("Nothing was written.")
    if result.aftermath is not None:
        from patcher.render.review import aftermath_lines

        yield from aftermath_lines(result.aftermath)


def details_lines(details: Document | None) -> Iterator[Line]:
    """The API's metadata of an error, as JSON."""
    if details:
        yield from (line("  ", row) for row in json_rows(details, WIDE - 1))


def warning_lines(notices: Sequence[Notice], width: int | None = None) -> Iterator[Line]:
    """Warnings, and notes on existing problems, in ``width`` columns."""
    if notices:
        yield line()
    for one in notices:
        yield from warning(one, width)


def warning(notice: Notice, width: int | None = None) -> Iterator[Line]:
    """One warning, or a note on an existing problem."""
    if notice.is_remark:
        return message("Note", notice.message, "quiet", width)
    return message("Warning", notice.message, "changed", width)


def change_lines(changes: Sequence[Change]) -> Iterator[Line]:
    """Changes, one after the other; their credentials are masked already."""
    for change, path in with_paths(changes):
        yield from _change(change, path)


def _change(change: Change, path: str) -> Iterator[Line]:
    mark: str = MARKS[change.kind]
    style: Style = "changed" if change.kind == "reordered" else change.kind
    head = (Span(f"  {mark} {change.kind:<9}", style), Span(f" {path}"))
    if change.kind == "changed" and is_multiline(change.old, change.new):
        yield line(*head)
        yield from text_diff_lines(change.old, change.new)
        return
    sides = _sides_apart({"-": change.old, "+": change.new}, WIDE)
    rows = [(sign, row) for sign, block in sides.items() for row in block]
    if len(rows) == 1:
        yield line(*head, "  ", Span(rows[0][1], style))
    else:
        yield line(*head)
        yield from (line(_INDENT, Span(f"{one} {row}", _DIFF_STYLES[one])) for one, row in rows)


def _sides_apart(sides: Mapping[str, JsonValue], longest: int) -> dict[str, list[str]]:
    """The rows of the sides that are there (``values_apart``), by their names."""
    there = {name: value for name, value in sides.items() if value is not MISSING}
    return dict(zip(there, values_apart(list(there.values()), longest), strict=True))


_DIFF_STYLES: dict[str, Style] = {"+": "added", "-": "removed", "@": "quiet"}


def text_diff_lines(old: str, new: str) -> Iterator[Line]:
    """The lines in which two texts differ."""
    for row in unified(text_rows(old, new)):
        yield line(_INDENT, Span(row, _DIFF_STYLES.get(row[:1], "")))


def cleared_lines(paths: Collection[str], indent: str = "") -> Iterator[Line]:
    """The properties that a change clears."""
    if paths:
        yield line(Span(f"{indent}Cleared by this change", "alarm"), ":")
    for path in paths:
        yield line(f"{indent}  ", Span(f"! {printable(path)}", "alarm"))


def carried_lines(paths: Collection[str]) -> Iterator[Line]:
    """The properties that are preserved, safe to show already."""
    if paths:
        yield line()
        yield line(f"{PRESERVED}:")
        yield from (line("    ", Span(row, "quiet")) for row in wrapped("", paths))


def conflict_lines(report: Conflict) -> Iterator[Line]:
    """The paths both sides changed, with all three values, then what each side changed alone."""
    clashes = [one for one in report.both if not one.only_read]
    yield from _section(Span("Changed by both", "alarm"), clashes)
    only_read = [one for one in report.both if one.only_read]
    yield from _section(Span("Changed by them, and your change reads it", "alarm"), only_read)
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


_SIDE_STYLES: dict[str, Style] = {"was": "quiet", "yours": "added", "theirs": "changed"}


def _sides(one: Collision) -> Iterator[Line]:
    if is_multiline(one.base, one.yours) and is_multiline(one.base, one.theirs):
        texts = (("yours", one.yours), ("theirs", one.theirs))
        for name, changed in texts[1:] if one.only_read else texts:
            yield line(_INDENT, Span(f"{name}:", "quiet"))
            yield from text_diff_lines(one.base, changed)
        return
    sides = {"was": one.base, "yours": one.yours, "theirs": one.theirs}
    shown = _sides_apart(sides, sys.maxsize)
    for whose, style in _SIDE_STYLES.items():
        if whose != "yours" or not one.only_read:
            (text,) = shown.get(whose, ["(not there)"])
            yield line(_INDENT, Span(f"{whose:<7}", "quiet"), Span(text, style))
