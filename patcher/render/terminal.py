"""Lines on a terminal, in colour where it has any. The only module that knows rich."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from patcher.render.lines import Line, Style

_COLOURS: Final[Mapping[Style, str]] = {
    "": "",
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
    from rich.color import ColorSystem
    from rich.style import Style as RichStyle

    styles = {name: RichStyle.parse(text) if text else None for name, text in _COLOURS.items()}
    rows = []
    for line in lines:
        row = ""
        for span in line:
            style = styles[span.style]
            row += (
                style.render(span.text, color_system=ColorSystem.STANDARD) if style else span.text
            )
        rows.append(row.rstrip() + "\n")
    return "".join(rows)
