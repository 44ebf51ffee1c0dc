"""How far something that takes a while has got."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Progress(NamedTuple):
    """``done`` of ``total`` of ``what``, each None where nobody knows; None once all is over."""

    what: str | None
    done: int | None = None
    total: int | None = None


Watch: TypeAlias = Callable[[Progress], None]


def unwatched(progress: Progress) -> None:
    """Nobody looks."""
