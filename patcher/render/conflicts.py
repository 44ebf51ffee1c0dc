"""A conflict as people read it: what both sides changed, and what they changed alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from patcher.documents.diff import Change
from patcher.documents.textdiff import is_multiline
from patcher.documents.threeway import Collision
from patcher.documents.values import MISSING, JsonValue
from patcher.plan.conflicts import Conflict
from patcher.render.lines import Line, Span, Style, line
from patcher.render.printable import paths_apart, values_apart
from patcher.render.view import change_lines, text_diff_lines

_INDENT: Final = "      "


def conflict_lines(report: Conflict) -> Iterator[Line]:
    """The places that both sides changed with all three values, then what each changed alone."""
    clashes = [one for one in report.both if not one.touched]
    yield from _section(Span("Changed by both", "alarm"), clashes)
    touched = [one for one in report.both if one.touched]
    yield from _section(Span("Changed by them, and yours rests on it", "alarm"), touched)
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
        for name, changed in texts[1:] if one.touched else texts:
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
    for (whose, _, style), text in rows[::2] if one.touched else rows:
        yield line(_INDENT, Span(f"{whose:<7}", "quiet"), Span(text, style))
