"""Line by line differences of two texts, such as queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, TypeAlias

from patcher.documents.values import JsonValue

NO_NEWLINE: Final = "\\ No newline at end of file"

_MOST_LINES: Final = 5_000
"""Maximum number of differing lines to match; difflib can take quadratic time."""

_Opcode: TypeAlias = tuple[str, int, int, int, int]


def is_multiline(old: JsonValue, new: JsonValue) -> bool:
    """Whether both are texts and one of them has more than one line."""
    return type(old) is str and type(new) is str and "\n" in old + new


def unified(old: str, new: str, context: int = 3) -> tuple[str, ...]:
    r"""The hunks of a unified diff, without file names; empty where the texts are equal.

    Lines end at a line feed, which is left out; a missing one at the end is shown as by diff(1).
    Carriage returns before it are left out where every line of both texts has one. Several
    thousand differing lines are shown as replaced as a whole.
    """
    if old == new:
        return ()
    keep_returns = not (_has_only_crlf(old) and _has_only_crlf(new))
    before, after = _lines(old), _lines(new)
    start, end = _common_ends(before, after)
    # Keep only as much of the common lines as is shown.
    head, tail = min(start, context), min(end, context)
    before = before[start - head : len(before) - end + tail]
    after = after[start - head : len(after) - end + tail]
    shown: list[str] = []
    for hunk in _hunks(before, after, head, tail, context):
        shown.append(_header(hunk, start - head))
        for tag, i1, i2, j1, j2 in hunk:
            if tag == "equal":
                shown += _marked(" ", before[i1:i2], keep_returns=keep_returns)
            else:
                shown += _marked("-", before[i1:i2], keep_returns=keep_returns)
                shown += _marked("+", after[j1:j2], keep_returns=keep_returns)
    return tuple(shown)


def _has_only_crlf(text: str) -> bool:
    return 0 < text.count("\n") == text.count("\r\n")


def _lines(text: str) -> list[str]:
    """The lines with their line feeds; unlike splitlines(), splits at nothing else."""
    *whole, last = text.split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])


def _common_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many lines are common at the beginning, and how many of the rest at the end."""
    most = min(len(before), len(after))
    start = 0
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, end


def _hunks(
    before: Sequence[str], after: Sequence[str], head: int, tail: int, context: int
) -> Iterable[list[_Opcode]]:
    old, new = len(before), len(after)
    if max(old, new) - head - tail <= _MOST_LINES:
        return SequenceMatcher(None, before, after).get_grouped_opcodes(context)
    return [
        [
            ("equal", 0, head, 0, head),
            ("replace", head, old - tail, head, new - tail),
            ("equal", old - tail, old, new - tail, new),
        ]
    ]


def _header(hunk: list[_Opcode], skipped: int) -> str:
    (_, i1, _, j1, _), (_, _, i2, _, j2) = hunk[0], hunk[-1]
    return f"@@ -{_range(i1 + skipped, i2 - i1)} +{_range(j1 + skipped, j2 - j1)} @@"


def _range(start: int, count: int) -> str:
    """As in POSIX diff -u, where an empty range has the number of the line before it."""
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _marked(mark: str, lines: Sequence[str], *, keep_returns: bool) -> Iterator[str]:
    for line in lines:
        text = line.removesuffix("\n")
        if line.endswith("\r\n"):
            text = text if keep_returns else text[:-1]
        yield mark + text
        if not line.endswith("\n"):
            yield NO_NEWLINE
