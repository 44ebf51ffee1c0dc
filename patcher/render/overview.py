"""A batch as lines for a terminal: the overview, an outcome a line, the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from patcher.batch.overview import NamedResource, Overview, Tally
from patcher.documents.diff import Change
from patcher.documents.wording import counted, first_few
from patcher.errors import PatchError
from patcher.plan import PatchResult
from patcher.plan.conflicts import Conflict
from patcher.plan.plan import Status
from patcher.render.plan import (
    carried_lines,
    change_lines,
    cleared_lines,
    conflict_lines,
    details_lines,
    warning,
)
from patcher.render.text import (
    Line,
    Span,
    Style,
    in_rows,
    line,
    message,
    printable,
    printable_value,
    wrapped,
)

_LONGEST_NAME: Final = 28
"""Characters of a name in an outcome, which fits 80 columns."""

_STATUS: Final[Mapping[Status, tuple[str, Style]]] = {
    "applied": ("written", "added"),
    "planned": ("to be changed", "changed"),
    "unchanged": ("unchanged", ""),
    "declined": ("declined", ""),
    "conflict": ("in conflict", "alarm"),
    "failed": ("failed", "alarm"),
    "unverified": ("not as intended", "alarm"),
    "unknown": ("unknown", "alarm"),
    "not-begun": ("not started", "alarm"),
}


def overview_lines(overview: Overview, noun: str, width: int | None = None) -> Iterator[Line]:
    """What a batch is about to do: every model by name, those with the same changes together.

    What is preserved in any of them is named once for all. Hints fit in ``width`` columns.
    """
    groups = list(overview.groups())
    names = Counter(one.name for group in groups for one in group.members)
    parts = [f"{overview.changing} of {counted(overview.total, noun)} to change"]
    parts += [f"{overview.unchanged} unchanged"] if overview.unchanged else []
    parts += [f"{len(overview.refused)} refused"] if overview.refused else []
    yield line(Span(f"Plan: {', '.join(parts)}", "title"))
    for group in groups:
        yield line()
        yield from _members(group.members, noun, names)
        yield line()
        yield from change_lines(group.changes)
        yield from cleared_lines(group.cleared, "  ")
        for notice in group.warnings:
            yield from (line("  ", *one) for one in warning(notice))
    carried = dict.fromkeys(path for group in groups for path in group.carried)
    yield from carried_lines([*map(printable, carried)])
    if overview.refused:
        yield line()
        yield line(Span("Refused", "alarm"), ":")
    for one in overview.refused:
        is_named = one.file and one.message.startswith(one.file)
        subject = "" if is_named else f"{noun} {_named(one.named)}: "
        first, *others = in_rows(f"{subject}{one.message}", width and width - 4)
        yield line(Span("  ! ", "alarm"), first)
        yield from (line("    ", row) for row in others)
        yield from (line("    ", *row) for row in _report_lines(one.report))
        yield from _hint_lines(one.hint, "    ", width)


def outcome_lines(result: PatchResult, width: int | None = None) -> Iterator[Line]:
    """How one of many ended, in a line; its error and warnings below it."""
    if result.status == "declined":
        return  # one answer for all, which the summary counts
    word, style = _STATUS[result.status]
    plan, error = result.plan, result.error
    name, its_id = (plan.name, plan.base.id or "") if plan else (None, result.target)
    if error is not None:
        named = f"{result.resource.noun} {_named(NamedResource(name, its_id))}"
        yield from message(word.capitalize(), f"{named}: {error.message}", style, width)
        yield from details_lines(error.details)
        yield from _hint_lines(error.command_hint, "  ", width)
    elif result.status == "applied":
        whole = name or its_id
        short = whole if len(whole) <= _LONGEST_NAME else f"{whole[: _LONGEST_NAME - 1]}…"
        moved = f"version {result.version_before} -> {result.version_after}"
        yield line(
            Span("Written", style), f": {printable_value(short)}, {moved}, {result.journal_entry}"
        )
    for notice in result.notices:
        yield from (line("  ", *one) for one in warning(notice))


def summary_lines(
    tally: Tally, noun: str, run: str | None, *, is_plan: bool = False, is_dry: bool = False
) -> Iterator[Line]:
    """How all of them ended, in numbers, and how to undo what was written.

    For plans alone the overview has said everything.
    """
    parts: list[Span | str] = []
    for status, (word, style) in _STATUS.items():
        if tally.statuses[status]:
            parts += [", ", Span(f"{tally.statuses[status]} {word}", style)]
    if tally.exit_code or not is_dry:
        yield line()
        unwritten = ". Nothing was written." if tally.statuses["declined"] else ""
        yield line(f"{counted(tally.total, noun)}: ", *parts[1:], unwritten)
    if is_dry and not is_plan and tally.statuses["planned"]:
        yield line()
        yield line("Dry run: nothing was written.")
    if run and (tally.statuses["applied"] or tally.statuses["unverified"]):
        yield line(f"Undo all of it: patch-model undo --run {run}")
    if tally.statuses["not-begun"]:
        yield line("Run the same command again for the rest.")


def pull_lines(
    status: str,
    subject: str,
    changes: Sequence[Change],
    error: PatchError | None,
    width: int | None = None,
) -> Iterator[Line]:
    """How the pull of one model ended; nothing where there was nothing to do."""
    if error is not None:
        yield from message(status.capitalize(), error.message, "alarm", width)
        yield from _report_lines(error.report)
        yield from _hint_lines(error.command_hint, "  ", width)
    elif status != "unchanged":
        paths = printable(first_few([one.path for one in changes]))
        yield line(
            Span(status.capitalize(), "changed"),
            f": {printable(subject)}{f' ({paths})' if paths else ''}",
        )


def _hint_lines(hint: str | None, indent: str, width: int | None) -> Iterator[Line]:
    if hint:
        for row in message("Hint", hint, "", width and width - len(indent)):
            yield line(indent, *row)


def _report_lines(report: Conflict | None) -> Iterator[Line]:
    """What both sides changed, where they are in conflict, between empty lines."""
    if report is not None:
        yield from conflict_lines(report)
        yield line()


def _members(
    members: Sequence[NamedResource], noun: str, names: Mapping[str | None, int]
) -> Iterator[Line]:
    shown = [
        _named(one) if one.name is None or names[one.name] > 1 else printable_value(one.name)
        for one in members
    ]
    for row in wrapped(f"{counted(len(members), noun)}: ", shown):
        yield line(Span(row, "title"))


def _named(one: NamedResource) -> str:
    """A name in quotes and the ID, or the ID where there is no name."""
    return f"{printable_value(one.name)} ({printable(one.id)})" if one.name else printable(one.id)
