"""A conflict as people read it: what both sides changed, and what they changed alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from patcher.documents.textdiff import is_multiline
from patcher.documents.threeway import Collision
from patcher.documents.values import MISSING, JsonValue
from patcher.plan.conflicts import Conflict
from patcher.render.lines import Line, Span, Style, line
from patcher.render.printable import printable, printable_value
from patcher.render.view import change_lines, text_diff_lines

_INDENT: Final = "      "


def conflict_lines(report: Conflict) -> Iterator[Line]:
    """The places that both sides changed with all three values, then what they changed alone."""
    if report.both:
        yield line()
        yield line(Span("Changed by both", "alarm"), ":")
    for one in report.both:
        yield line(Span("  !", "alarm"), f" {printable(one.path)}")
        yield from _sides(one)
    places = {one.path for one in report.both}
    alone = [change for change in report.theirs if change.path not in places]
    if alone:
        yield line()
        yield line("Changed by them alone:" if report.both else "Changed by them:")
        yield from change_lines(alone)


def _sides(one: Collision) -> Iterator[Line]:
    if is_multiline(one.base, one.yours) and is_multiline(one.base, one.theirs):
        for whose, text in (("yours", one.yours), ("theirs", one.theirs)):
            yield line(_INDENT, Span(f"{whose}:", "quiet"))
            yield from text_diff_lines(one.base, text)
        return
    sides: tuple[tuple[str, JsonValue, Style], ...] = (
        ("was", one.base, "quiet"),
        ("yours", one.yours, "added"),
        ("theirs", one.theirs, "changed"),
    )
    for whose, value, style in sides:
        shown = "(not there)" if value is MISSING else printable_value(value)
        yield line(_INDENT, Span(f"{whose:<7}", "quiet"), Span(shown, style))
