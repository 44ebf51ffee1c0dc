"""Styled lines, rows and tables, safe to show on a terminal. Owns what rich does for text.

Text from elsewhere cannot move the cursor or hide a word, and every change can be seen: trailing
blanks, look-alikes and different compositions of a character are escaped where they make the
difference. Letters of every script stay readable elsewhere.
"""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.documents import jsontext
from patcher.documents.values import JsonValue
from patcher.documents.wording import escape, has_unseen, spelled, spelled_pointer
from patcher.plan import PatchResult

Style: TypeAlias = Literal["", "title", "quiet", "added", "removed", "changed", "alarm"]


class Span(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style = ""


Line: TypeAlias = tuple[Span, ...]

WIDE: Final = 72
"""Columns of a row that is wrapped, or of a value that stands on one line."""

_NARROWEST: Final = 9
"""Columns that are left of a table's column that is cut."""

_COMMAND: Final = re.compile(r"(?<=:) (patch-model (?:'[^']*'|[^'])+?)(?:\. (?=[A-Z])|$)")
"""A command to be copied, after a colon; a full stop and a sentence may follow."""

_NO_BREAK: Final = "\u00a0"
"""In the place of a space at which a row is not broken."""

_QUOTED: Final = re.compile(r"(?<!\w)'[^']*'(?!\w)")


def line(*parts: Span | str) -> Line:
    """A line of these parts; plain text has no style."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def message(word: str, text: str, style: Style, width: int | None = None) -> Iterator[Line]:
    """``word: text`` in rows, the word in a style and the text made safe."""
    first, *others = in_rows(f"{word}: {text}", width)
    yield line(Span(word, style), first[len(word) :])
    yield from map(line, others)


def in_rows(text: str, width: int | None) -> list[str]:
    """Text made safe.

    Where it is wider than ``width``, it is broken at spaces, and a command stands whole on a row of
    its own, so that it can be copied.
    """
    safe = printable(text)
    if width is None or len(safe) <= width:
        return [safe]
    rows: list[str] = []
    kept = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _NO_BREAK), safe)
    for at, part in enumerate(_COMMAND.split(kept)):
        rows += [f"  {part}".replace(_NO_BREAK, " ")] if at % 2 else _rows(part, width)
    return rows


def _rows(text: str, width: int, head: str = "") -> list[str]:
    """The head and the text below each other in rows, broken at common spaces only."""
    rows = textwrap.wrap(
        text,
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [row.replace(_NO_BREAK, " ") for row in rows]


def wrapped(head: str, items: Iterable[str], width: int = WIDE) -> list[str]:
    """The head and the items with commas between them, in rows broken between items only."""
    return _rows(", ".join(one.replace(" ", _NO_BREAK) for one in items), width, head)


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Span | str]],
    width: int | None,
    *,
    cut: Collection[str],
) -> Iterator[Line]:
    """Rows in columns under their heading, but for a column in which all cells are empty.

    Where they are wider than ``width``, the last columns are left out until the others fit, those
    of ``cut`` shortened with an ellipsis.
    """
    from rich.cells import cell_len, set_cell_size

    columns, widths, least = [], [], []
    for name, *cells in zip(head, *rows, strict=True):
        column = line(Span(name, "quiet"), *cells)
        if any(cell.text for cell in column[1:]) or not cells:
            columns.append(column)
            widths.append(max(cell_len(cell.text) for cell in columns[-1]))
            least.append(min(widths[-1], _NARROWEST) if name in cut else widths[-1])
    gaps = 2 * (len(widths) - 1)
    while width is not None and len(least) > 1 and sum(least) + gaps > width:
        least.pop()
        gaps -= 2
    del widths[len(least) :]
    while width is not None and sum(widths) + gaps > max(width, sum(least) + gaps):
        spare = [one - two for one, two in zip(widths, least, strict=True)]
        widths[spare.index(max(spare))] -= 1
    for row in zip(*columns, strict=True):
        shown = []
        for cell, room in zip(row, widths, strict=False):
            text, is_cut = cell.text, cell_len(cell.text) > room
            text = set_cell_size(text, room - 1) + "…" if is_cut else set_cell_size(text, room)
            shown += [cell._replace(text=text), Span("  ")]
        yield (*shown[:-2], shown[-2]._replace(text=shown[-2].text.rstrip()))


_DATA: Final = Path(__file__).with_name("lookalikes.txt")


def printable(text: str) -> str:
    """``text`` with everything escaped, JSON's way, that is not plainly visible.

    That is what Python does not call printable: controls and escapes, bidirectional overrides,
    zero-width characters, surrogates, line separators, every space but the common one; and blanks
    that it does call printable.
    """
    if not has_unseen(text):
        return text
    return "".join(escape(one) if has_unseen(one) else one for one in text)


def printable_value(value: JsonValue, *, indent: int | None = None) -> str:
    """A JSON value as safe text; letters of every script stay readable."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return "\n".join(map(printable, text.split("\n")))


def json_rows(value: JsonValue, longest: int) -> list[str]:
    """A JSON value as rows of safe text: one where that is not too long, else indented."""
    whole = printable_value(value)
    return [whole] if len(whole) <= longest else printable_value(value, indent=2).split("\n")


def lines_apart(texts: Sequence[str]) -> list[str]:
    """Lines of a text, safe, those that differ so that it can be seen."""
    return _apart(texts, spelled)


def paths_apart(pointers: Sequence[str]) -> list[str]:
    """JSON Pointers, likewise, as they can be typed as a PATH."""
    return _apart(pointers, spelled_pointer)


def values_apart(values: Sequence[JsonValue], longest: int) -> list[list[str]]:
    """Values as the rows of JSON that each takes, likewise."""
    blocks = [json_rows(value, longest) for value in values]
    rest = iter(_apart([row for block in blocks for row in block], _in_json))
    return [[next(rest) for _ in block] for block in blocks]


def _in_json(text: str, also: Collection[int]) -> str:
    """JSON that is safe already, where each backslash begins an escape."""
    return "".join(escape(one) if i in also else one for i, one in enumerate(text))


def _apart(texts: Sequence[str], spell: Callable[[str, Collection[int]], str]) -> list[str]:
    """The texts, spelled so that no two different ones look alike.

    Of those that do, what is not ASCII is escaped between their common beginning and end:
    ``spell`` writes a text with the characters at some positions as escapes.
    """
    alike: dict[str, set[str]] = defaultdict(set)
    if not all(map(str.isascii, texts)):
        for text in texts:
            alike[_look(text)].add(text)
    escaped: dict[str, frozenset[int]] = {}
    for group in alike.values():
        if len(group) > 1:
            start, end = common_ends(tuple(group))
            for text in group:
                between = range(start, len(text) - end)
                escaped[text] = frozenset(i for i in between if not text[i].isascii())
    return [spell(text, escaped.get(text, ())) for text in texts]


def common_ends(sides: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many characters, or lines, are common at the beginning, and of the rest at the end."""
    start = _common(sides)
    return start, _common([side[start:][::-1] for side in sides])


def _common(sides: Iterable[Sequence[str]]) -> int:
    columns = zip(*sides, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def _look(text: str) -> str:
    """What a text looks like: the same for texts that can be taken for each other (UTS #39)."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFD", folded.translate(_lookalikes()))


@lru_cache(maxsize=1)
def _lookalikes() -> dict[int, str]:
    rows = _DATA.read_text(encoding="utf-8").splitlines()
    groups = [row for row in rows if not row.startswith("# ")]
    return {ord(one): group[0] for group in groups for one in group[1:]}


_COLOURS: Final[Mapping[Style, str]] = {
    "title": "bold",
    "quiet": "dim",
    "added": "green",
    "removed": "red",
    "changed": "yellow",
    "alarm": "bold red",
}


def plain(lines: Iterable[Line]) -> str:
    """The lines without colour; rich is not even imported."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


def coloured(lines: Iterable[Line]) -> str:
    """The lines with ANSI colours; nothing is wrapped, so that what is copied is whole."""
    return plain(tuple(map(_coloured, line)) for line in lines)


def _coloured(span: Span) -> Span:
    if not span.style:
        return span
    from rich.color import ColorSystem
    from rich.style import Style as RichStyle

    style = RichStyle.parse(_COLOURS[span.style])
    return Span(style.render(span.text, color_system=ColorSystem.STANDARD))


def result_line(
    result: PatchResult,
    *,
    exit_code: int | None = None,
    show_secrets: bool = False,
    in_run: bool = True,
) -> str:
    """One result as one line; one of a run of many has the name of the run.

    ``exit_code`` is said in the place of the result's own.
    """
    shown = result.to_dict(show_secrets=show_secrets)
    if in_run:
        shown["run"] = result.plan.origin.run if result.plan else None
    return jsontext.dump(shown if exit_code is None else {**shown, "exit_code": exit_code})
