"""The mutants that are known to survive, and the file that says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.mutation.mutating import Key, Mutant

FILE: Final = Path(__file__).with_name("SURVIVORS.md")
_LINE: Final = re.compile(r"- `(?P<file>[^`:]+):\d+` `(?P<scope>[^`]+)`: ``(?P<change>.+)``")


def known() -> frozenset[Key]:
    """The keys of the mutants that the file lists."""
    found = map(_LINE.fullmatch, FILE.read_text(encoding="utf-8").splitlines())
    return frozenset(
        (f"patcher/{one['file']}", one["scope"], one["change"]) for one in found if one is not None
    )


def listed(mutant: Mutant) -> str:
    """The line of the file for a mutant."""
    file = mutant.file.removeprefix("patcher/")
    return f"- `{file}:{mutant.line}` `{mutant.scope}`: ``{mutant.change}``"
