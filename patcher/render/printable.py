"""Text from elsewhere, made safe to show: no byte of it can move a cursor or hide a word."""

from __future__ import annotations

import json
import unicodedata

from patcher.documents.values import JsonValue

# Control (escapes, C1), format (bidirectional overrides, zero width), surrogate, private use,
# unassigned, and the two separators that start a new line.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    """``text`` with everything escaped, JSON's way, that is not plainly visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escaped, text))


def printable_value(value: JsonValue, *, indent: int | None = None) -> str:
    """A JSON value as safe text; letters of every script stay readable."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return "\n".join(map(printable, text.split("\n")))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"
