"""A run over many models as people read it: the overview, an outcome a line, the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from patcher.batch.overview import Group, NamedResource, Refusal, Tally
from patcher.plan import PatchResult
from patcher.plan.plan import Status
from patcher.render.plan import change_lines, details_lines
from patcher.render.text import Line, Span, Style, line, printable, printable_value

_WIDE: Final = 76

_ENDED: Final[Mapping[Status, tuple[str, Style]]] = {
    "applied": ("written", "added"),
    "planned": ("to be changed", "changed"),
    "unchanged": ("unchanged", ""),
    "declined": ("declined", ""),
    "conflict": ("in conflict", "alarm"),
    "failed": ("failed", "alarm"),
    "unverified": ("not as intended or not alone", "alarm"),
    "unknown": ("unknown", "alarm"),
    "not-begun": ("not begun", "alarm"),
}


def overview_lines(
    noun: str,
    total: int,
    unchanged: int,
    groups: Iterable[Group],
    refused: Sequence[Refusal],
) -> Iterator[Line]:
    """What a run is about to do: every model by name, those that change alike together.

    What is carried over in any of them is named once for all, without the number of its members.
    """
    groups = list(groups)
    names = Counter(one.name for group in groups for one in group.members)
    changing = names.total()
    parts = [f"{changing} of {_count(total, noun)} to be changed"]
    parts += [f"{unchanged} as they should be already"] if unchanged else []
    parts += [f"{len(refused)} refused"] if refused else []
    yield line(Span(", ".join(parts) + ".", "title"))
    for group in groups:
        yield line()
        yield from _members(group.members, noun, names)
        yield line()
        yield from change_lines(group.changes)
        yield from _cleared(group)
        for notice in group.warnings:
            yield line("  ", Span("Warning", "changed"), f": {printable(notice.message)}")
    yield from _carried(dict.fromkeys(path for group in groups for path in group.carried))
    if refused:
        yield line()
        yield line(Span("Refused, and left alone", "alarm"), ":")
    for one in refused:
        yield line(Span("  ! ", "alarm"), f"{noun} {_named(one.named)}: {printable(one.message)}")
        if one.hint:
            yield line(f"    Hint: {printable(one.hint)}")


def outcome_lines(result: PatchResult) -> Iterator[Line]:
    """How one of many ended, in a line; its error and warnings below it."""
    word, style = _ENDED[result.status]
    named = f"{result.resource.noun} {_named(_identity(result))}"
    error = result.error
    if error is not None:
        yield line(Span(word.capitalize(), style), f": {named}: {printable(error.message)}")
        yield from details_lines(error.details)
        if error.hint:
            yield line(f"  Hint: {printable(error.hint)}")
    elif result.status == "applied":
        moved = f"version {result.version_before} -> {result.version_after}"
        yield line(
            Span("Written", style), f": {named}, {moved}. Journal entry {result.journal_entry}."
        )
    for notice in result.notices:
        yield line("  ", Span("Warning", "changed"), f": {printable(notice.message)}")


def summary_lines(
    tally: Tally, noun: str, run: str | None, *, is_plan: bool = False, is_dry: bool = False
) -> Iterator[Line]:
    """How all of them ended, in numbers, and how to take back what was written.

    Of plans that were all made, and were not to be written, the overview has said everything.
    """
    parts: list[Span | str] = []
    for status, (word, style) in _ENDED.items():
        if tally.statuses[status]:
            parts += [", ", Span(f"{tally.statuses[status]} {word}", style)]
    if tally.exit_code or not is_dry:
        yield line()
        yield line(f"{_count(tally.total, noun)}: ", *parts[1:], ".")
    if is_dry and not is_plan and tally.statuses["planned"]:
        yield line()
        yield line("Nothing was written: this is a dry run.")
    if run and (tally.statuses["applied"] or tally.statuses["unverified"]):
        yield line(f"To take it back: patch-model undo --run {run}")
    if tally.statuses["not-begun"]:
        yield line("To do what is left: the same command again.")


def _identity(result: PatchResult) -> NamedResource:
    plan = result.plan
    return (
        NamedResource(plan.name, plan.base.id or "") if plan else NamedResource(None, result.target)
    )


def _members(
    members: Sequence[NamedResource], noun: str, names: Mapping[str | None, int]
) -> Iterator[Line]:
    shown = [
        _named(one) if one.name is None or names[one.name] > 1 else printable_value(one.name)
        for one in members
    ]
    rows = _wrapped(f"{_count(len(members), noun)}: ", shown)
    for row in rows:
        yield line(Span(row, "title"))


def _named(one: NamedResource) -> str:
    """A name in quotes with the id behind it, or the id where there is no name."""
    return f"{printable_value(one.name)} ({printable(one.id)})" if one.name else printable(one.id)


def _cleared(group: Group) -> Iterator[Line]:
    if group.cleared:
        yield line(Span("  Cleared by this change", "alarm"), ":")
        for path in group.cleared:
            yield line("    ", Span(f"! {printable(path)}", "alarm"))


def _carried(paths: Iterable[str]) -> Iterator[Line]:
    rows = _wrapped("", [printable(path) for path in paths])
    if rows:
        yield line()
        yield line("Carried over where there, which a PUT of the change alone would clear:")
    for row in rows:
        yield line("    ", Span(row, "quiet"))


def _wrapped(head: str, items: Sequence[str]) -> list[str]:
    """Items with commas between them, broken between items only."""
    rows, row = [], head
    for i, item in enumerate(items):
        piece = item + ("," if i + 1 < len(items) else "")
        if row.strip() and len(row) + len(piece) > _WIDE:
            rows.append(row.rstrip())
            row = "  " if head else ""
        row += piece + " "
    return [*rows, row.rstrip()] if row else rows


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
