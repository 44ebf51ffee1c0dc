"""The scalars of YAML 1.2: the JSON value of a text that is plain, in quotes, or in a block."""

from __future__ import annotations

import re
import sys
from typing import Final

from patcher.documents import jsontext
from patcher.documents.values import JsonValue, is_writable

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
_DECIMAL: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OTHER_BASE: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

BREAKS: Final = re.compile(r"[ \t]*\n[ \t\n]*")
_IN_DOUBLE_QUOTES: Final = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t\n]*|.)|[ \t]*\n[ \t\n]*",
    re.DOTALL,
)
_ESCAPES: Final = dict(
    zip('0abt\tnvfre "/\\N_LP', '\0\a\b\t\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True)
)
_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class UnreadableError(Exception):
    """Why a text is refused, where in it, and what to write in its place where that is known."""

    def __init__(self, reason: str, position: int | None = None, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.hint = hint


def plain(text: str, position: int) -> JsonValue:
    """What a text without quotes means in the core schema (YAML 1.2.2, section 10.3.2).

    Raises UnreadableError for a number that JSON does not have, or that Python would alter.
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _OTHER_BASE.fullmatch(text) or _DECIMAL.fullmatch(text):
        value = _number(text)
        if value is None:
            reason = "a number cannot be held exactly and would be altered"
            raise UnreadableError(reason, position, "Write it in quotes, or with fewer digits.")
        return value
    if _NOT_FINITE.fullmatch(text):
        raise UnreadableError(f"{text} is not a JSON number", position, "Use null, or quotes.")
    return text


def folded_line_breaks(text: str) -> str:
    """A flow text of several lines: a line break is a space, and an empty line a line break."""
    return BREAKS.sub(lambda match: _folded(match.group()), text) if "\n" in text else text


def single_quoted(content: str) -> str:
    """The text between single quotes."""
    return folded_line_breaks(content).replace("''", "'")


def double_quoted(content: str, position: int) -> str:
    """The text between double quotes, which begins at ``position``."""
    if "\\" not in content:
        return folded_line_breaks(content)

    def meaning(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] != "\\":
            return _folded(found)
        kind = found[1]
        if kind == "\n":  # escaped, it joins two lines; the empty ones that follow are breaks
            return "\n" * (found.count("\n") - 1)
        digits = found[2:]
        if digits and int(digits, 16) <= sys.maxunicode:
            return chr(int(digits, 16))
        if digits or kind not in _ESCAPES:
            raise UnreadableError("an escape that YAML does not have", position + match.start())
        return _ESCAPES[kind]

    text = _IN_DOUBLE_QUOTES.sub(meaning, content)
    if not _SURROGATE_PAIR.search(text):
        return text
    # JSON escapes one character as two (RFC 8259, section 7).
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def block(lines: list[str], chomping: str, *, is_folded: bool) -> str:
    """The text of a block, from its lines without their indentation (YAML 1.2.2, section 8.1).

    Of the line breaks at its end ``chomping`` keeps one, none (``-``) or all (``+``).
    """
    size = len(lines)
    while size and not lines[size - 1]:
        size -= 1
    text = _folded_lines(lines[:size]) if is_folded else "\n".join(lines[:size])
    if chomping == "+":
        return text + "\n" * (len(lines) - size + (size > 0))
    return text + "\n" if size and not chomping else text


def _folded_lines(lines: list[str]) -> str:
    """Lines that begin with a blank keep the line breaks around them; others become one."""
    text, breaks, was_indented = "", 0, False
    for line in lines:
        if not line:
            breaks += 1
            continue
        is_indented = line[0] in " \t"
        if not text:
            text = "\n" * breaks + line
        elif was_indented or is_indented:
            text += "\n" * (breaks + 1) + line
        else:
            text += ("\n" * breaks or " ") + line
        breaks, was_indented = 0, is_indented
    return text


def _folded(breaks: str) -> str:
    return "\n" * (breaks.count("\n") - 1) or " "


def _number(text: str) -> int | float | None:
    """The value of a number in any base, or None where no Python number holds and writes it."""
    if not _OTHER_BASE.fullmatch(text):
        return jsontext.number(text)
    number = int(text, 0)
    return number if is_writable(number) else None
