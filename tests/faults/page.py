"""The fault matrix as a page: docs/faults.md, from the rows that the tests run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tests.faults.matrix import COMMANDS, Cell, Row
from tests.faults.rows import ROWS, SECTIONS

COMMAND: Final = ".venv/bin/python -m tests.faults > docs/faults.md"
"""What prints the page anew."""

_HEAD: Final = Path(__file__).with_name("head.md")
"""What stands above the rows; with places for the commands, their number, and COMMAND."""


def page() -> str:
    """The page in Markdown."""
    head = _HEAD.read_text(encoding="utf-8").format(
        cells=sum(len(row.commands) for row in ROWS),
        commands=", ".join(f"`{one}`" for one in COMMANDS),
        command=COMMAND,
    )
    return "\n".join([head, *(part for one in SECTIONS.items() for part in _section(*one))])


def _section(title: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| the fault | stored | PUTs | exit | journal | says |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        without = [f"`{one}`" for one in COMMANDS if one not in row.commands]
        but_for = f" (but for {', '.join(without)})" if without else ""
        yield _line(row.name + but_for, row.cell)
        for command, cell in row.unlike.items():
            yield _line(f"{row.name}, with `{command}`", cell)
    yield ""


def _line(name: str, cell: Cell) -> str:
    stored = f"{cell.stored}, new later" if cell.lands else cell.stored
    return f"| {name} | {stored} | {cell.puts} | {cell.code} | {cell.journal} | {cell.says} |"
