"""Two values side by side, row by row, made of the same text diff that a terminal shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.documents.diff import Change
from patcher.documents.textdiff import NO_NEWLINE, is_multiline, unified
from patcher.documents.values import JsonValue
from patcher.render.text import lines_apart, paths_apart, printable_value, values_apart

_HEADER: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

MARKS: Final = {"added": "+", "removed": "-", "changed": "~", "reordered": "~"}
"""The mark of each kind of change."""

_WORD: Final = re.compile(r"\w+|\s+|.")

Kind: TypeAlias = Literal["hunk", "same", "changed"]


class Cell(NamedTuple):
    """A line of one side: its number in the whole text, the text, and where it differs.

    ``differs`` is the range of the text that the other side's line does not have.
    """

    number: int
    text: str
    differs: tuple[int, int] = (0, 0)
    ends_openly: bool = False


class RowPair(NamedTuple):
    """A line before and after; None where one side has none. A hunk has a ``header`` instead."""

    kind: Kind
    old: Cell | None = None
    new: Cell | None = None
    header: str = ""


def with_paths(changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
    """Changes, each with its path as it can be shown and typed."""
    return zip(changes, paths_apart([one.path for one in changes]), strict=True)


def value_lines(value: JsonValue) -> list[str]:
    """A value without another side: a text of several lines as it is, anything else as JSON."""
    if type(value) is str and "\n" in value:
        return lines_apart(value.split("\n"))
    return printable_value(value, indent=2).split("\n")


def value_rows(change: Change) -> tuple[RowPair, ...]:
    """The rows of a changed or reordered value: texts by their lines, others as indented JSON."""
    old, new = change.old, change.new
    if is_multiline(old, new):
        return rows(shown_diff(unified(old, new)))
    # A text of one line stays JSON, so that a space at its end, or none at all, can be seen.
    before, after = values_apart((old, new), longest=0)
    found = rows(unified(_joined(before), _joined(after)))
    return found if len(before) > 1 or len(after) > 1 else found[1:]


def _joined(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def shown_diff(lines: Sequence[str]) -> list[str]:
    """The lines of a unified diff, safe to show. Lines that differ look different."""
    shown = iter(lines_apart([one[1:] for one in lines if one[0] in " +-"]))
    return [one[0] + next(shown) if one[0] in " +-" else one for one in lines]


def rows(lines: Iterable[str]) -> tuple[RowPair, ...]:
    """The lines of a unified diff, side by side; what was replaced is paired in order.

    They are safe to show already.
    """
    return tuple(_rows(lines))


def _rows(lines: Iterable[str]) -> Iterator[RowPair]:
    before: list[Cell] = []
    after: list[Cell] = []
    at = [1, 1]
    last: list[list[Cell]] = []
    for text in lines:
        header = _HEADER.fullmatch(text)
        if header is not None:
            yield from _paired(before, after)
            at = [_first(header[1], header[2]), _first(header[3], header[4])]
            yield RowPair("hunk", header=text)
            continue
        if text == NO_NEWLINE:
            for side in last:
                side[-1] = side[-1]._replace(ends_openly=True)
            continue
        shown = text[1:]
        if text[0] == " ":
            yield from _paired(before, after)
            # A line at the very end that both have: whether a line feed follows is the same.
            yield RowPair("same", Cell(at[0], shown), Cell(at[1], shown))
            at = [at[0] + 1, at[1] + 1]
            last = []
        elif text[0] == "-":
            before.append(Cell(at[0], shown))
            at[0] += 1
            last = [before]
        else:
            after.append(Cell(at[1], shown))
            at[1] += 1
            last = [after]
    yield from _paired(before, after)


def _first(start: str, count: str | None) -> int:
    """The number of a range's first line; an empty range names the line before it."""
    return int(start) + (1 if count == "0" else 0)


def _paired(before: list[Cell], after: list[Cell]) -> Iterator[RowPair]:
    """The rows of one replacement; empties both sides."""
    for old, new in zip_longest(before, after):
        yield RowPair("changed", *_marked(old, new))
    before.clear()
    after.clear()


def _marked(old: Cell | None, new: Cell | None) -> tuple[Cell | None, Cell | None]:
    """Two lines, each with the words noted between their common beginning and end."""
    if old is None or new is None:
        return old, new
    words = [_WORD.findall(one.text) for one in (old, new)]
    start, most = 0, min(map(len, words))
    while start < most and words[0][start] == words[1][start]:
        start += 1
    end = 0
    while end < most - start and words[0][-1 - end] == words[1][-1 - end]:
        end += 1
    if start + end == 0:
        return old, new  # nothing in common: the whole line is marked already
    first = sum(map(len, words[0][:start]))
    last = sum(map(len, words[0][len(words[0]) - end :]))
    return (
        old._replace(differs=(first, len(old.text) - last)),
        new._replace(differs=(first, len(new.text) - last)),
    )
