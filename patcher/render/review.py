"""What else was asked about a plan, as people read it: the preview, and who is downstream."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from patcher.impact import Aftermath, Impact, Preview
from patcher.impact.downstream import Unread
from patcher.impact.fieldchange import Reference
from patcher.impact.syncs import Sync
from patcher.plan import Plan
from patcher.render.plan import Attachment
from patcher.render.text import Line, Span, Style, line, printable, printable_value

_WIDE: Final = 72
_INDENT: Final = "      "


def review_lines(plan: Plan) -> Iterator[Line]:
    """What nobody but the source knows, the preview, and the impact, as far as there are any."""
    for section in _sections(plan):
        yield line()
        yield from section


def attachments(plan: Plan) -> tuple[Attachment, ...]:
    """The same for a report: a section each, under what its first line says."""
    return tuple(
        Attachment(
            title="".join(span.text for span in head),
            lines=rows,
            is_alarming=any(span.style == "alarm" for row in (head, *rows) for span in row),
        )
        for head, *others in _sections(plan)
        for rows in (tuple(others),)
    )


def _sections(plan: Plan) -> Iterator[tuple[Line, ...]]:
    if plan.preview is not None:
        yield tuple(_preview(plan.preview))
    elif plan.needs_preview:
        yield tuple(_not_known(plan))
    if plan.impact is not None:
        yield tuple(_impact(plan.impact))


def aftermath_lines(aftermath: Aftermath) -> Iterator[Line]:
    """What the syncs say after the write."""
    broken = [one for one in aftermath.syncs if one.problems]
    yield line()
    if not aftermath.syncs:
        yield line("Downstream after the write: no sync reads it.")
        return
    asked = _counted(sum(one.problems is not None for one in aftermath.syncs), "sync")
    said = f"{len(broken)} with problems" if broken else "no problems reported"
    yield line(f"Downstream after the write: {asked} read again, {said}.")
    yield from _unread(aftermath.unread)
    for one in broken:
        yield line(Span("  !", "alarm"), f" {_called('sync', one.name, one.id)}")
        for problem in one.problems or ():
            where = f" at {problem.path}" if problem.path else ""
            said = problem.message or problem.code or "no explanation"
            text = f"{problem.severity or 'problem'}{where}: {said}"
            yield line(_INDENT, Span(printable(text), "alarm"))


def message_lines(preview: Preview) -> Iterator[Line]:
    """What was said against it, where that takes more than a line."""
    rows = (preview.message or "").split("\n")
    if len(rows) > 1:
        yield from (line(_INDENT, Span(printable(row), "alarm")) for row in rows)


def _not_known(plan: Plan) -> Iterator[Line]:
    exposed, *naming = plan.needs_preview
    yield line("Not known, since only the source can tell; plan --preview asks it:")
    yield line(Span(f"    which of {printable(exposed)} the source exposes", "quiet"))
    if naming:
        text = "whether these keep their columns: " + ", ".join(
            _with_count(plan, path) for path in naming
        )
        for row in _wrapped(text):
            yield line("    ", Span(row, "quiet"))


def _with_count(plan: Plan, path: str) -> str:
    value = plan.proposed.get(path.removeprefix("/"))
    return printable(path) + (f"\u00a0({len(value)})" if type(value) is list else "")


def _preview(preview: Preview) -> Iterator[Line]:
    if not preview.is_done:
        status = f" ({preview.status})" if preview.status else ""
        word = "refused" if preview.state == "refused" else "not to be had"
        yield line("Preview: ", Span(f"{word}{status}", "alarm"))
        for row in (preview.message or "").split("\n"):
            yield line(_INDENT, Span(printable(row), "alarm"))
        return
    count = _counted(len(preview.exposed), "field")
    if not (preview.gained or preview.lost):
        yield line(f"Preview: {count} would be exposed, as now.")
    else:
        yield line(f"Preview: {count} would be exposed.")
        yield from _names("  + gained   ", preview.gained, "added")
        yield from _names("  - lost     ", preview.lost, "removed")
    yield from _names("    left out ", preview.unlisted, "quiet")
    for one in preview.columns:
        if one.outcome == "lost" and one.path.startswith("/fields/"):
            continue  # said already
        outcomes = {
            "lost": "would lose its column",
            "missing": "names a column that the source has not",
            "unknown": "may lose its column: the preview does not tell",
        }
        where = f" {printable(one.path)} {printable_value(one.name)} {outcomes[one.outcome]}"
        yield line(Span("  !", "alarm"), where)


def _names(head: str, names: Iterable[str], style: Style) -> Iterator[Line]:
    rows = _wrapped(", ".join(map(printable, names)))
    for number, row in enumerate(rows):
        start = head if number == 0 else " " * len(head)
        yield line(Span(start, style), Span(row, style))


def _impact(impact: Impact) -> Iterator[Line]:
    yield line(f"Downstream: {', '.join(_totals(impact))}.")
    if not impact.change.is_certain:
        text = "Whether the changed source has the columns they read is not known without --preview"
        yield line("  ", Span(f"{text}.", "quiet"))
    if impact.change.identifier and impact.syncs:
        old, new = (printable_value(one) if one else "none" for one in impact.change.identifier)
        yield line(
            "  ", Span(f"The identifier changes from {old} to {new}; what that does to", "quiet")
        )
        yield line("  ", Span("records that are synced already is not documented.", "quiet"))
    for sync in impact.syncs or ():
        yield from _sync(sync)
    for model in impact.models or ():
        mark = Span("  !", "alarm") if model.broken else Span("   ")
        yield line(mark, f" {_called('model', model.name, model.id)}")
        fields = ", ".join(printable_value(one.field) for one in model.references)
        yield line(_INDENT, Span(f"has relations to {fields}", "quiet"))
        yield from _broken(model.broken)
    names = {one.id: one.name or one.id for one in impact.syncs or ()}
    names |= {one.sync.id: one.sync.name or one.sync.id for one in impact.followers or ()}
    for follower in impact.followers or ():
        yield line(f"    {_called('sync', follower.sync.name, follower.sync.id)}")
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
        yield _said(len(impact.syncs), "sync", "reads it", "read it")
    if impact.followers:
        yield _said(len(impact.followers), "sync", "runs after", "run after")
    if impact.models is None:
        yield "the models could not be listed"
    else:
        yield _said(len(impact.models), "model", "has relations to it", "have relations to it")


def _sync(sync: Sync) -> Iterator[Line]:
    mark = Span("  !", "alarm") if sync.broken else Span("   ")
    yield line(mark, f" {_called('sync', sync.name, sync.id)}")
    yield line(_INDENT, Span(_facts(sync), "quiet"), *_running(sync))
    yield from _broken(sync.broken)


def _running(sync: Sync) -> Iterator[Span]:
    if sync.running is None:
        yield Span(", not known whether it runs now", "changed")
    elif sync.running:
        yield Span(", running now", "changed")


def _facts(sync: Sync) -> str:
    active = {True: "active", False: "paused", None: "active or not"}[sync.active]
    parts = [active, sync.mode or "mode not known", str(sync.schedule or "schedule not known")]
    return printable(", ".join(parts))


def _broken(broken: Iterable[Reference]) -> Iterator[Line]:
    """The references that break, those to one field together."""
    together: dict[tuple[str, str], list[str]] = {}
    for one in broken:
        by = " (by id)" if one.by == "id" else ""
        together.setdefault((one.breaks or "", one.field), []).append(one.path + by)
    for (breaks, field), paths in together.items():
        head = f"{breaks.replace('-', ' ')}: {printable_value(field)} in "
        rows = _wrapped(printable(", ".join(paths)), _WIDE - len(head))
        for number, row in enumerate(rows):
            start = head if number == 0 else " " * len(head)
            yield line(_INDENT, Span(start, "removed"), row)


def _called(noun: str, name: str | None, its_id: str) -> str:
    shown = printable_value(name) if name is not None else ""
    return f"{noun} {shown}  {printable(its_id)}" if shown else f"{noun} {printable(its_id)}"


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


def _said(number: int, noun: str, one: str, many: str) -> str:
    return f"{_counted(number, noun)} {many if number > 1 else one}"


def _wrapped(text: str, width: int = _WIDE) -> list[str]:
    rows = textwrap.wrap(text, max(20, width), break_long_words=False, break_on_hyphens=False)
    return [row.replace("\u00a0", " ") for row in rows]
