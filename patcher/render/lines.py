"""Lines of styled text: what the terminal view is made of before anybody knows the terminal."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Style: TypeAlias = Literal["", "title", "quiet", "added", "removed", "changed", "alarm"]


class Span(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style = ""


Line: TypeAlias = tuple[Span, ...]


def line(*parts: Span | str) -> Line:
    """A line of these parts; plain text has no style."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)
