"""How much of what a plan holds, in words."""

from __future__ import annotations

from patcher.render.outline import Outline


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 change``, ``2 changes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def summary(shown: Outline) -> str:
    """What to expect of a plan, in a sentence."""
    if not shown.changes:
        return "No changes: it is already as it should be."
    parts = [counted(len(shown.changes), "change")]
    if shown.cleared:
        parts.append(f"{counted(len(shown.cleared), 'member')} cleared")
    if shown.warnings:
        parts.append(counted(len(shown.warnings), "warning"))
    return f"{', '.join(parts)}."
