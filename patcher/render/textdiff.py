"""The lines in which two values differ, safe to show: side by side, and as a unified diff."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.documents.diff import Change
from patcher.documents.values import JsonValue
from patcher.render.text import common_ends, lines_apart, paths_apart, printable_value, values_apart

MARKS: Final = {"added": "+", "removed": "-", "changed": "~", "reordered": "~"}
"""The mark of each kind of change."""

NO_NEWLINE: Final = "\\ No newline at end of file"

_MOST_LINES: Final = 5_000
"""Maximum number of differing lines to match; difflib can take quadratic time."""

_WORD: Final = re.compile(r"\w+|\s+|.")

Range: TypeAlias = tuple[int, int]


class Cell(NamedTuple):
    """A line of one side: its number in the whole text, and whether a line feed is missing."""

    number: int
    text: str
    ends_openly: bool = False


class RowPair(NamedTuple):
    """A line before and after; None where one side has none. A hunk has a ``header`` instead."""

    kind: Literal["hunk", "same", "changed"]
    old: Cell | None = None
    new: Cell | None = None
    header: str = ""


def with_paths(changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
    """Changes, each with its path as it can be shown and typed."""
    return zip(changes, paths_apart([one.path for one in changes]), strict=True)


def is_multiline(old: JsonValue, new: JsonValue) -> bool:
    """Whether both are texts and one of them has more than one line."""
    return type(old) is str and type(new) is str and "\n" in old + new


def value_lines(value: JsonValue) -> list[str]:
    """A value without another side: a text of several lines as it is, anything else as JSON."""
    if type(value) is str and "\n" in value:
        return lines_apart(value.split("\n"))
    return printable_value(value, indent=2).split("\n")


def value_rows(change: Change) -> list[RowPair]:
    """The rows of a changed or reordered value: texts by their lines, others as indented JSON."""
    if is_multiline(change.old, change.new):
        return list(text_rows(change.old, change.new))
    # A text of one line stays JSON, so that a space at its end, or none at all, can be seen.
    before, after = values_apart((change.old, change.new), longest=0)
    old, new = ("".join(f"{row}\n" for row in rows) for rows in (before, after))
    found = list(text_rows(old, new, show=list))
    return found if len(before) > 1 or len(after) > 1 else found[1:]


def text_rows(
    old: str,
    new: str,
    context: int = 3,
    *,
    show: Callable[[list[str]], list[str]] = lines_apart,
) -> Iterator[RowPair]:
    r"""The rows in which two texts differ, with the lines around; what was replaced is paired.

    Lines end at a line feed, which is left out. Carriage returns before it are left out where every
    line of both texts has one. Several thousand differing lines are shown as replaced as a whole.
    ``show`` makes the lines safe.
    """
    if old == new:
        return
    ending = "\r\n" if _has_only_crlf(old) and _has_only_crlf(new) else "\n"
    # Unlike splitlines(), a file splits at nothing but a line feed.
    before, after = list(io.StringIO(old)), list(io.StringIO(new))
    start, end = common_ends((before, after))
    # Keep only as much of the common lines as is shown.
    head, tail = min(start, context), min(end, context)
    skipped = start - head
    before = before[skipped : len(before) - end + tail]
    after = after[skipped : len(after) - end + tail]
    shown = iter(show([line.removesuffix(ending) for line in (*before, *after)]))
    olds, news = (
        [
            Cell(number, next(shown), ends_openly=not line.endswith("\n"))
            for number, line in enumerate(lines, skipped + 1)
        ]
        for lines in (before, after)
    )
    if max(len(before), len(after)) - head - tail <= _MOST_LINES:
        hunks = SequenceMatcher(None, before, after).get_grouped_opcodes(context)
    else:
        hunks = iter([_replaced(len(before), len(after), head, tail)])
    for hunk in hunks:
        (_, i, _, j, _), (_, _, i_end, _, j_end) = hunk[0], hunk[-1]
        ranges = _range(skipped + i, i_end - i), _range(skipped + j, j_end - j)
        yield RowPair("hunk", header=f"@@ -{ranges[0]} +{ranges[1]} @@")
        for tag, i, i_end, j, j_end in hunk:
            for pair in zip_longest(olds[i:i_end], news[j:j_end]):
                yield RowPair("same" if tag == "equal" else "changed", *pair)


def unified(rows: Iterable[RowPair]) -> list[str]:
    """Rows as the lines of a unified diff; a missing line feed is shown as by diff(1)."""
    lines: list[str] = []
    coming: list[str] = []
    for row in rows:
        if row.kind != "changed":
            lines += coming
            coming = []
        if row.kind == "hunk":
            lines.append(row.header)
        elif row.kind == "same":
            lines += _marked(" ", row.old)
        else:
            lines += _marked("-", row.old)
            coming += _marked("+", row.new)
    return lines + coming


def differing_words(row: RowPair) -> tuple[Range, Range]:
    """Between which characters each side has words that the other has not, if not all of them."""
    if row.old is None or row.new is None:
        return (0, 0), (0, 0)
    old, new = (_WORD.findall(one.text) for one in (row.old, row.new))
    start, end = common_ends((old, new))
    if start + end == 0:
        return (0, 0), (0, 0)  # nothing in common: the whole line is marked already
    first, last = (sum(map(len, words)) for words in (old[:start], old[len(old) - end :]))
    return (first, len(row.old.text) - last), (first, len(row.new.text) - last)


def _has_only_crlf(text: str) -> bool:
    return 0 < text.count("\n") == text.count("\r\n")


def _replaced(old: int, new: int, head: int, tail: int) -> list[tuple[str, int, int, int, int]]:
    """One hunk, as difflib has it, that replaces all lines but those at both ends."""
    return [
        ("equal", 0, head, 0, head),
        ("replace", head, old - tail, head, new - tail),
        ("equal", old - tail, old, new - tail, new),
    ]


def _range(start: int, count: int) -> str:
    """As in POSIX diff -u, where an empty range has the number of the line before it."""
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _marked(mark: str, cell: Cell | None) -> list[str]:
    if cell is None:
        return []
    return [mark + cell.text, *([NO_NEWLINE] if cell.ends_openly else [])]
