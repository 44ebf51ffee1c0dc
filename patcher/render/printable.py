"""Text from elsewhere, made safe to show: no character of it can move a cursor or hide a word."""

from __future__ import annotations

import json

from patcher.documents.values import JsonValue


def printable(text: str) -> str:
    """``text`` with everything escaped, JSON's way, that is not plainly visible.

    That is what Python does not call printable: controls and escapes, bidirectional overrides,
    zero-width characters, surrogates, line separators, and every space but the common one.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def printable_value(value: JsonValue, *, indent: int | None = None) -> str:
    """A JSON value as safe text; letters of every script stay readable."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return "\n".join(map(printable, text.split("\n")))
