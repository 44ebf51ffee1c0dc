"""The preview and the impact of a plan as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from patcher.documents.wording import counted
from patcher.errors import PatchError
from patcher.impact import Aftermath, Impact, Preview
from patcher.impact.downstream import Sync, Unread
from patcher.impact.fieldchange import Reference
from patcher.plan import Plan
from patcher.render.plan import (
    Attachment,
    change_lines,
    conflict_lines,
    details_lines,
    size,
    warning_lines,
)
from patcher.render.text import Line, Span, Style, line, printable, printable_value, wrapped

_INDENT: Final = "      "


def review_lines(plan: Plan) -> Iterator[Line]:
    """The preview (or what is unknown without it) and the impact, where there are any."""
    for section in _sections(plan):
        yield line()
        yield from section


def attachments(plan: Plan) -> tuple[Attachment, ...]:
    """The same for a report: a section each, with its first line as the title."""
    return tuple(_attachment(*section) for section in _sections(plan))


def _attachment(head: Line, *rows: Line) -> Attachment:
    is_alarming = any(span.style == "alarm" for row in (head, *rows) for span in row)
    return Attachment("".join(span.text for span in head), rows, is_alarming)


def _sections(plan: Plan) -> Iterator[tuple[Line, ...]]:
    if plan.preview is not None:
        yield tuple(_preview(plan.preview))
    elif plan.needs_preview:
        yield tuple(_not_known(plan))
    if plan.impact is not None:
        yield tuple(_impact(plan.impact))


def aftermath_lines(aftermath: Aftermath) -> Iterator[Line]:
    """The state of the syncs after the write."""
    broken = [one for one in aftermath.syncs if one.problems]
    yield line()
    if not aftermath.syncs:
        yield line("Downstream after the write: 0 syncs read it.")
        return
    asked = counted(sum(one.problems is not None for one in aftermath.syncs), "sync")
    said = f"{len(broken)} with problems" if broken else "no problems reported"
    yield line(f"Downstream after the write: {asked} read again, {said}.")
    yield from _unread(aftermath.unread)
    for one in broken:
        yield _heading("sync", one.name, one.id, is_alarming=True)
        for problem in one.problems or ():
            where = f" at {problem.path}" if problem.path else ""
            said = problem.message or problem.code or "no explanation"
            text = f"{problem.severity or 'problem'}{where}: {said}"
            yield line(_INDENT, Span(printable(text), "alarm"))


def error_lines(error: PatchError, width: int | None = None) -> Iterator[Line]:
    """What an error knows besides its message: metadata, both sides' changes, what is stored."""
    plan = error.result.plan if error.result else None
    yield from details_lines(error.details)
    if error.report:
        yield from conflict_lines(error.report)
    if plan and plan.preview and "\n" in (plan.preview.message or ""):
        yield from _reason(plan.preview)  # of which the message has the first line
    differences = getattr(error, "differences", ())
    if differences:
        yield line("Sent (-) and stored (+):")
        yield from change_lines(differences)
    if error.result:
        yield from warning_lines(error.result.notices, width)


def _not_known(plan: Plan) -> Iterator[Line]:
    exposed, *naming = plan.needs_preview
    yield line("Unknown without --preview:")
    yield line(Span(f"    which {printable(exposed)} the source exposes", "quiet"))
    if naming:
        items = (printable(path) + size(plan.proposed, path) for path in naming)
        yield line(Span("    whether these columns still exist:", "quiet"))
        for row in wrapped("", items):
            yield line(_INDENT, Span(row, "quiet"))


def _preview(preview: Preview) -> Iterator[Line]:
    if not preview.is_done:
        status = f" ({preview.status})" if preview.status else ""
        word = "refused" if preview.state == "refused" else "unavailable"
        yield line("Preview: ", Span(f"{word}{status}", "alarm"))
        yield from _reason(preview)
        return
    count = counted(len(preview.exposed), "field")
    as_now = "" if preview.gained or preview.lost else ", as now"
    yield line(f"Preview: {count} would be exposed{as_now}.")
    yield from _names("  + gained   ", preview.gained, "added")
    yield from _names("  - lost     ", preview.lost, "removed")
    yield from _names("    left out ", preview.unlisted, "quiet")
    for one in preview.columns:
        if one.outcome == "lost" and one.path.startswith("/fields/"):
            continue  # listed above
        outcomes = {
            "lost": "would lose its column",
            "missing": "names a column that the source does not have",
            "unknown": "may lose its column: the preview does not say",
        }
        where = f" {printable(one.path)} {printable_value(one.name)} {outcomes[one.outcome]}"
        yield line(Span("  !", "alarm"), where)


def _reason(preview: Preview) -> Iterator[Line]:
    for row in (preview.message or "").split("\n"):
        yield line(_INDENT, Span(printable(row), "alarm"))


def _names(head: str, names: Iterable[str], style: Style) -> Iterator[Line]:
    for row in wrapped(head, map(printable, names)):
        yield line(Span(row, style))


def _impact(impact: Impact) -> Iterator[Line]:
    yield line(f"Downstream: {', '.join(_totals(impact))}.")
    if not impact.change.is_certain:
        text = "Unknown without --preview: whether the changed source has the columns they read"
        yield line("  ", Span(text, "quiet"))
    if impact.change.identifier and impact.syncs:
        old, new = (printable_value(one) if one else "none" for one in impact.change.identifier)
        yield line(
            "  ", Span(f"The identifier changes from {old} to {new}. The API does not", "quiet")
        )
        yield line("  ", Span("document what that does to records already synced.", "quiet"))
    for sync in impact.syncs or ():
        yield from _sync(sync)
    for model in impact.models or ():
        yield _heading("model", model.name, model.id, is_alarming=bool(model.broken))
        fields = ", ".join(printable_value(one.field) for one in model.references)
        yield line(_INDENT, Span(f"has relations to {fields}", "quiet"))
        yield from _broken(model.broken)
    names = {one.id: one.name or one.id for one in impact.syncs or ()}
    names |= {one.sync.id: one.sync.name or one.sync.id for one in impact.followers or ()}
    for follower in impact.followers or ():
        yield _heading("sync", follower.sync.name, follower.sync.id)
        after = ", ".join(printable_value(names.get(one, one)) for one in follower.after)
        yield line(_INDENT, Span(f"{_facts(follower.sync)}; runs after {after}", "quiet"))
    yield from _unread(impact.unread)


def _unread(unread: Iterable[Unread]) -> Iterator[Line]:
    for one in unread:
        text = f" not read: {printable(one.what)}: {printable(one.reason)}"
        yield line(Span("  ?", "alarm"), text)


def _totals(impact: Impact) -> Iterator[str]:
    if impact.syncs is None:
        yield "the syncs could not be listed"
    else:
        yield counted(len(impact.syncs), "sync reads it", "syncs read it")
    if impact.followers:
        yield counted(len(impact.followers), "sync runs after", "syncs run after")
    if impact.models is None:
        yield "the models could not be listed"
    else:
        yield counted(len(impact.models), "model relates to it", "models relate to it")


def _sync(sync: Sync) -> Iterator[Line]:
    yield _heading("sync", sync.name, sync.id, is_alarming=bool(sync.broken))
    running = {True: ", running now", False: "", None: ", may be running now"}[sync.running]
    now = [Span(running, "changed")] if running else []
    yield line(_INDENT, Span(_facts(sync), "quiet"), *now)
    yield from _broken(sync.broken)


def _facts(sync: Sync) -> str:
    active = {True: "active", False: "paused", None: "active or paused"}[sync.active]
    parts = [active, sync.mode or "unknown mode", str(sync.schedule or "unknown schedule")]
    return printable(", ".join(parts))


def _broken(broken: Iterable[Reference]) -> Iterator[Line]:
    """The references that break, those to one field together."""
    together: dict[tuple[str, str], list[str]] = {}
    for one in broken:
        by = " (by id)" if one.by == "id" else ""
        together.setdefault((one.breaks or "", one.field), []).append(one.path + by)
    for (breaks, field), paths in together.items():
        head = f"{breaks.replace('-', ' ')}: {printable_value(field)} in "
        for row in wrapped(head, map(printable, paths)):
            yield line(_INDENT, Span(row[: len(head)], "removed"), row[len(head) :])


def _heading(noun: str, name: str | None, its_id: str, *, is_alarming: bool = False) -> Line:
    """The line that names a sync or a model, marked where it has to be noticed."""
    called = f"{printable_value(name)}  " if name is not None else ""
    mark = Span("  !", "alarm") if is_alarming else Span("   ")
    return line(mark, f" {noun} {called}{printable(its_id)}")
