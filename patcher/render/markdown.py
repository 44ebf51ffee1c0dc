"""A plan as Markdown for a comment on a pull request (CommonMark, and GitHub's collapsed sections).

Text from a document is always code: in a span or a fenced block with more backticks than the text
has, or escaped between code tags where Markdown is not parsed. So it is never a link, a mention,
an image or a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from patcher.documents.diff import Change
from patcher.documents.values import MISSING, JsonValue
from patcher.documents.wording import counted
from patcher.errors import PatchError
from patcher.render.plan import PRESERVED, Attachment, Outline, summary
from patcher.render.text import printable, printable_value, values_apart
from patcher.render.textdiff import MARKS, unified, value_lines, value_rows, with_paths

LONGEST: Final = 60_000
"""Characters of a report. A comment on GitHub has at most 65 536, and may hold other text."""

_INLINE: Final = 60

_LONGEST_SIDE: Final = 400


def report(
    outlines: Sequence[Outline], failures: Sequence[PatchError] = (), unchanged: int = 0
) -> str:
    """The report of one plan, or of several.

    ``failures`` are the errors of those without a plan; ``unchanged`` others have nothing to do.

    Where it would be longer than a comment can be, values are left out, the longest first, and both
    their places and the beginning of the report say so.
    """
    blocks = [*_failures(failures)]
    if not (failures or outlines) and unchanged:
        blocks.append(f"No changes: {counted(unchanged, 'model')} up to date.")
    shorter: dict[int, str] = {}
    for shown in outlines:
        blocks += [_heading(shown), *_alarms(shown)]
        if shown.changes:
            blocks.append("**Changes**")
        for change, path in with_paths(shown.changes):
            shorter[len(blocks)] = f"{_short_change(change, path)} (left out)"
            blocks.append(_change(change, path))
        blocks += _rest(shown)
    excess = len(_joined(blocks)) - LONGEST
    left_out = 0
    for at in sorted(shorter, key=lambda at: (len(blocks[at]), at), reverse=True):
        saved = len(blocks[at]) - len(shorter[at])
        if excess > 0 and saved > 0:
            blocks[at] = shorter[at]
            excess -= saved
            left_out += 1
    text = _joined(blocks)
    if len(text) > LONGEST:
        # Not even the paths fit.
        text = text[:LONGEST].rpartition("\n")[0] + "\n\n(cut here)\n"
        left_out += 1
    if not left_out:
        return text
    return (
        f"**This report is cut:** {counted(left_out, 'value')} left out to fit in a comment. "
        f"`-o html` or `-o text` shows all.\n\n{text}"
    )


def _failures(failures: Sequence[PatchError]) -> Iterable[str]:
    """What there is no plan for, and why."""
    if failures:
        yield f"### {counted(len(failures), 'model')} without a plan"
    for error in failures:
        hint = f" {_code(error.command_hint)}" if error.command_hint else ""
        yield f"- **{_code(error.message)}**{hint}"
        for one in error.report.both if error.report else ():
            sides = (("base", one.base), ("yours", one.yours), ("theirs", one.theirs))
            values = "; ".join(f"{name}: {_code(_side(value))}" for name, value in sides)
            yield f"- {_code(one.path)} {values}"


def _side(value: JsonValue) -> str:
    text = "(not there)" if value is MISSING else printable_value(value)
    return text if len(text) <= _LONGEST_SIDE else text[:_LONGEST_SIDE] + "..."


def _joined(blocks: Sequence[str]) -> str:
    """Blocks with an empty line between them, but for the items of one list."""
    text = ""
    for block, before in zip(blocks, ("", *blocks), strict=False):
        is_list = block.startswith("- ") and before.startswith("- ")
        text += block if not text else f"{chr(10) if is_list else chr(10) * 2}{block}"
    return text + "\n"


def _heading(shown: Outline) -> str:
    written = f", {_code(shown.written)}" if shown.written else ""
    return (
        f"### Plan for {_code(shown.title)}\n\n"
        f"**{summary(shown)}.** Nothing has been written.\n\n{_code(shown.id)}{written}\n\n"
        f"{_code(shown.made)}"
    )


def _alarms(shown: Outline) -> Iterable[str]:
    """What is shown unfolded."""
    if shown.cleared:
        yield "**Cleared by this change:** " + ", ".join(map(_code, shown.cleared))
    for one in shown.warnings:
        yield f"- **Warning** {_code(one.code)}: {_code(one.message)}"
    yield from (_attached(one, "open") for one in shown.attachments if one.is_alarming)


def _rest(shown: Outline) -> Iterable[str]:
    yield from (_attached(one) for one in shown.attachments if not one.is_alarming)
    if shown.carried:
        paths = (_code(one.path) + one.size for one in shown.carried)
        yield _folded(f"{PRESERVED} ({len(shown.carried)})", ", ".join(paths))
    if shown.remarks:
        yield _folded(
            "Existing problems", "\n".join(f"- {_code(one.message)}" for one in shown.remarks)
        )


def _short_change(change: Change, path: str) -> str:
    return f"- `{MARKS[change.kind]}` {change.kind} {_code(path)}"


def _change(change: Change, path: str) -> str:
    """One change: on one line where it is short, else folded."""
    if change.kind in ("added", "removed"):
        value = change.new if change.kind == "added" else change.old
        text = printable_value(value)
        if len(text) <= _INLINE:
            return f"{_short_change(change, path)}: {_code(text)}"
        lines = [f"{MARKS[change.kind]}{row}" for row in value_lines(value)]
        return _folded_change(change, path, lines)
    (before, *more), (after, *others) = values_apart((change.old, change.new), _INLINE)
    # Of blanks in a row a browser shows one, but for a fenced block.
    if change.kind == "changed" and not (more or others or "  " in before + after):
        return f"{_short_change(change, path)}: {_code(before)} becomes {_code(after)}"
    return _folded_change(change, path, unified(value_rows(change)))


def _folded_change(change: Change, path: str, lines: Sequence[str]) -> str:
    title = (
        f"<code>{MARKS[change.kind]}</code> {change.kind} <code>{_html(path)}</code> "
        f"({counted(len(lines), 'line')})"
    )
    return _folded(title, _fenced(lines, "diff"))


def _attached(one: Attachment, state: str = "") -> str:
    if not one.lines:
        return _code(one.title)
    lines = ["".join(printable(span.text) for span in line) for line in one.lines]
    return _folded(_html(one.title), _fenced(lines), state)


def _folded(title: str, body: str, state: str = "") -> str:
    """A collapsed section. The empty line is where Markdown begins again."""
    tag = f"<details {state}>" if state else "<details>"
    return f"{tag}<summary>{title}</summary>\n\n{body}\n\n</details>"


def _fenced(lines: Sequence[str], language: str = "") -> str:
    fence = "`" * max(3, 1 + max((_longest_run(one) for one in lines), default=0))
    return "\n".join((f"{fence}{language}", *lines, fence))


def _code(text: str) -> str:
    """A code span (CommonMark, section 6.1)."""
    safe = printable(text)
    ticks = "`" * (1 + _longest_run(safe))
    # Spaces on both sides keep a backtick, or spaces of its own, at either end.
    is_bare = safe and safe[0] not in "` " and safe[-1] not in "` "
    return f"{ticks}{safe}{ticks}" if is_bare else f"{ticks} {safe} {ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _html(text: str) -> str:
    """Text inside HTML tags on one line, without Markdown or a mention in it."""
    return escape(printable(text)).replace("@", "&#64;").replace("`", "&#96;")
