"""A plan as one HTML file: readable without a script, in light and dark, on a screen and on paper.

It loads nothing, and its Content-Security-Policy lets nothing run, so that content of a document
can't act even if this module has a bug. All text is ASCII; other characters are references, which
no encoding on the way can garble.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from patcher.documents.diff import Change
from patcher.documents.values import MISSING
from patcher.documents.wording import counted
from patcher.render.plan import PRESERVED, Attachment, Outline, summary
from patcher.render.text import Line, printable, printable_value
from patcher.render.textdiff import (
    MARKS,
    Cell,
    Range,
    RowPair,
    differing_words,
    value_lines,
    value_rows,
    with_paths,
)


def stylesheet(kinds: Sequence[str], members: int) -> str:
    """The style of a report with changes of these kinds, in so many top-level properties."""
    names = [f"k-{kind}" for kind in kinds] + [f"m-{number}" for number in range(members)]
    hiding = "".join(f"body:has(#{name}:not(:checked)) .{name}{{display:none}}" for name in names)
    # On paper everything is there, whatever was hidden on the screen.
    return f"{_file('report.css')}@media screen{{{hiding}}}"


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="ascii")


def policy(style: str) -> str:
    """The Content-Security-Policy (CSP Level 3): this style, and nothing else at all."""
    digest = base64.b64encode(hashlib.sha256(style.encode("ascii")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def filters(kinds: Sequence[str], members: Sequence[str]) -> Iterator[str]:
    """The boxes that hide kinds and top-level properties; ``members`` are HTML already."""
    if len(kinds) < 2 and len(members) < 2:
        return
    yield '<div class="filters" role="group" aria-label="Which changes to show">'
    if len(kinds) > 1:
        yield from _boxes("Kind", [(f"k-{kind}", kind) for kind in kinds])
    if len(members) > 1:
        named = [(f"m-{number}", f"<code>{one}</code>") for number, one in enumerate(members)]
        yield from _boxes("Property", named)
    yield '<p class="hiding">Some changes are hidden here. The plan still contains them.</p></div>'


def _boxes(legend: str, named: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"<fieldset><legend>{legend}</legend>"
    for name, label in named:
        yield (f'<label for="{name}"><input type="checkbox" id="{name}" checked> {label}</label>')
    yield "</fieldset>"


_CELL = 500
"""Longest value in a notebook's table, in characters."""


def report(outlines: Sequence[Outline]) -> str:
    """The file of one plan, or of several."""
    changes = [change for one in outlines for change in one.changes]
    kinds = [one for one in MARKS if any(one == change.kind for change in changes)]
    members = list(dict.fromkeys(map(_member, changes)))
    style = stylesheet(kinds, len(members))
    is_only = len(outlines) == 1
    title = outlines[0].title if is_only else counted(len(outlines), "plan")
    verdict = summary(outlines[0]) if is_only else title
    plans = ["\n".join(_plan(one, i, members, is_only=is_only)) for i, one in enumerate(outlines)]
    text = Template(_file("report.html")).substitute(
        policy=policy(style),
        title=_text(title),
        style=style,
        verdict=_text(verdict),
        made=_text(outlines[0].made if outlines else ""),
        filters="\n".join(filters(kinds, [_text(one) for one in members])),
        plans="\n".join(plans),
    )
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def notebook(shown: Outline) -> str:
    """A plan as a table for a notebook: each change with its values, then the warnings."""
    rows = [
        f"<tr><td><code>{_text(path)}</code></td><td>{change.kind}</td>"
        + "".join(f"<td>{_value(value)}</td>" for value in (change.old, change.new))
        for change, path in with_paths(shown.changes)
    ]
    head = "".join(f"<th>{one}</th>" for one in ("Path", "Change", "Before", "After"))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    warnings = "".join(f"<p>Warning: {_text(one.message)}</p>" for one in shown.warnings)
    title = f"<p><b>{_text(shown.title)}</b>: {_text(summary(shown))}</p>"
    return title + (table if rows else "") + warnings


def _value(value: object) -> str:
    """A value as JSON in one cell, cut short; empty where there is none."""
    if value is MISSING:
        return ""
    text = printable_value(value)
    return f"<code>{escape(text if len(text) <= _CELL else text[:_CELL] + '...')}</code>"


def _member(change: Change) -> str:
    """The top-level property that a change is in, as a JSON Pointer."""
    return "/" + change.path.split("/")[1] if change.path else "/"


def _plan(shown: Outline, number: int, members: Sequence[str], *, is_only: bool) -> Iterator[str]:
    yield f'<section class="plan" aria-labelledby="plan-{number}">'
    yield f'<h2 id="plan-{number}">{_text(shown.title)}</h2>'
    written = f"<br>{_text(shown.written)}" if shown.written else ""
    yield f'<p class="quiet"><code>{_text(shown.id)}</code>{written}</p>'
    if not is_only:
        yield f'<p class="summary">{_text(summary(shown))}</p>'
    yield from _alarms(shown)
    if shown.changes:
        yield "<h3>Changes</h3>"
        for change, path in with_paths(shown.changes):
            yield from _change(change, path, members.index(_member(change)))
    yield from (_attached(one) for one in shown.attachments if not one.is_alarming)
    yield from _rest(shown)
    yield "</section>"


def _alarms(shown: Outline) -> Iterator[str]:
    if shown.cleared:
        paths = (f"<code>{_text(path)}</code>" for path in shown.cleared)
        yield f'<div class="alarm"><h3>Cleared by this change</h3>{_list(paths)}</div>'
    if shown.warnings:
        texts = (f"<code>{_text(one.code)}</code> {_text(one.message)}" for one in shown.warnings)
        yield f'<div class="warning"><h3>Warnings</h3>{_list(texts)}</div>'
    yield from (_attached(one) for one in shown.attachments if one.is_alarming)


def _rest(shown: Outline) -> Iterator[str]:
    if shown.carried:
        paths = (f"<code>{_text(one.path)}</code>{one.size}" for one in shown.carried)
        yield _folded(f"{PRESERVED} ({len(shown.carried)})", _list(paths))
    if shown.remarks:
        yield _folded("Existing problems", _list(_text(one.message) for one in shown.remarks))


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{one}</li>' for one in items)}</ul>"


def _folded(title: str, body: str, kind: str = "carried", state: str = "") -> str:
    return f'<details{state} class="{kind}"><summary>{title}</summary>{body}</details>'


def _change(change: Change, path: str, member: int) -> Iterator[str]:
    yield (
        f'<details open class="change {change.kind} k-{change.kind} m-{member}"><summary>'
        f'<span class="kind">{MARKS[change.kind]} {change.kind}</span> '
        f"<code>{_text(path)}</code></summary>"
    )
    if change.kind == "added":
        yield _block(change.new, "after")
    elif change.kind == "removed":
        yield _block(change.old, "before")
    else:
        yield from _table(change, path)
    yield "</details>"


def _block(value: object, side: str) -> str:
    """A value without another side: a text of several lines as it is, anything else as JSON."""
    text = "\n".join(value_lines(value))
    return f'<pre class="{side}">{escape(text)}</pre>'


def _table(change: Change, path: str) -> Iterator[str]:
    yield '<table class="diff">'
    yield f'<caption class="unseen">{_text(path)} before and after</caption>'
    yield '<colgroup><col class="number"><col><col class="number"><col></colgroup>'
    yield (
        '<thead><tr><th scope="col" colspan="2">Before</th>'
        '<th scope="col" colspan="2">After</th></tr></thead><tbody>'
    )
    yield from map(_row, value_rows(change))
    yield "</tbody></table>"


_SIDES = {"before": ("-", "del"), "after": ("+", "ins"), "same": (" ", "span")}
"""The sign and the tag of a line on each side, and of one that both have."""


def _row(row: RowPair) -> str:
    if row.kind == "hunk":
        return f'<tr class="hunk"><td colspan="4">{_text(row.header)}</td></tr>'
    is_same = row.kind == "same"
    before, after = differing_words(row)
    old = _cells(row.old, "same" if is_same else "before", before)
    new = _cells(row.new, "same" if is_same else "after", after)
    return f'<tr class="{row.kind}">{old}{new}</tr>'


def _cells(cell: Cell | None, side: str, differs: Range) -> str:
    if cell is None:
        return '<td class="number none"></td><td class="none"></td>'
    mark, tag = _SIDES[side]
    start, end = differs
    text = _text(cell.text)
    if start < end:
        before, word, after = cell.text[:start], cell.text[start:end], cell.text[end:]
        text = f"{_text(before)}<b>{_text(word)}</b>{_text(after)}"
    is_open = cell.ends_openly and side != "same"
    openly = '<i class="quiet"> (no line feed at the end)</i>' if is_open else ""
    return (
        f'<td class="number {side}">{cell.number}</td>'
        f'<td class="{side}"><span class="sign">{mark}</span> <{tag}>{text}</{tag}>{openly}</td>'
    )


def _attached(one: Attachment) -> str:
    state, kind = (" open", "alarm") if one.is_alarming else ("", "carried")
    if not one.lines:
        return f'<p class="{kind}">{_text(one.title)}</p>'
    rows = "\n".join(map(_line, one.lines))
    return _folded(_text(one.title), f"<pre>{rows}</pre>", kind, state)


def _line(line: Line) -> str:
    return "".join(
        f'<span class="s-{span.style}">{_text(span.text)}</span>'
        if span.style
        else _text(span.text)
        for span in line
    )


def _text(text: str) -> str:
    """Text from elsewhere, as text: no tag, no end of an attribute, nothing invisible."""
    return escape(printable(text))
