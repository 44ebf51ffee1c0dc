"""Writes JSON values as YAML for people, with the least markup that is unambiguous."""

from __future__ import annotations

import json
import re
from typing import Final

from patcher.documents.values import UUID, JsonValue, entries

_STEP: Final = "  "
# A key longer than 1024 characters must be marked as one (YAML 1.2.2, section 7.4.2).
_LONGEST_IMPLICIT_KEY: Final = 1000

# Words that YAML 1.1 or 1.2 readers do not read as text.
_WORDS: Final = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"}
)
# The same for every version of Unicode that Python may know, so that a document has one text.
# Not in a block: characters that YAML must escape, or that change how the text around looks.
_NOT_HELD: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff"
    r"\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
)
# Escaped in quotes: characters that are invisible or easily confused.
_NOT_SEEN: Final = (
    _NOT_HELD + r"\t\n\xa0\xad\u034f\u1680\u180e\u2000-\u200d\u202f\u205f-\u2065\u3000\ue000-\uf8ff"
)
_NOT_IN_A_BLOCK: Final = re.compile(f"[{_NOT_HELD}]")
_TO_BE_ESCAPED: Final = re.compile(rf'["\\{_NOT_SEEN}]')
_PLAIN: Final = re.compile(
    r"[A-Za-z_/\xc0-\u02ff\u0370-\u061b\u061d-\u167f\u1681-\u180d\u180f-\u1fff\u2c00-\u2dff"
    rf"\u3040-\ud7ff\uf900-\ufaff][^{_NOT_SEEN}]*(?<! )"
)
_SEPARATOR: Final = re.compile(r":(?: |$)| #")


def written(value: JsonValue) -> str:
    """The YAML text of a JSON value, with a newline at the end."""
    if _is_leaf(value):
        return _flow(value) + "\n"
    lines: list[str] = []
    _write_members(value, "", lines)
    return "\n".join(lines) + "\n"


def _is_leaf(value: JsonValue) -> bool:
    return not value or type(value) not in (dict, list)


def _write_members(container: JsonValue, pad: str, lines: list[str]) -> None:
    """Writes the values of a non-empty object or list, each line after ``pad``."""
    is_list = type(container) is list
    for key, member in entries(container):
        name = "" if is_list else _text(key)
        if len(name) > _LONGEST_IMPLICIT_KEY:
            lines.append(f"{pad}? {name}")
            name = ""
        lead = f"{pad}-" if is_list else f"{pad}{name}:"
        if type(member) is str and "\n" in member:
            head, *rest = _block(member) or _in_quotes(member)
            lines.append(f"{lead} {head}")
            lines.extend(pad + _STEP + line if line else "" for line in rest)
        elif _is_leaf(member):
            lines.append(f"{lead} {_flow(member)}")
        elif is_list:  # an item begins on the line of its dash
            start = len(lines)
            _write_members(member, pad + _STEP, lines)
            lines[start] = f"{lead} {lines[start][len(lead) + 1 :]}"
        else:
            lines.append(lead)
            _write_members(member, pad + _STEP, lines)


def _flow(value: JsonValue) -> str:
    """A scalar, or an empty object or list, on one line."""
    return _text(value) if type(value) is str else json.dumps(value, allow_nan=False)


def _text(text: str) -> str:
    return text if _is_plain(text) else f'"{_escaped(text)}"'


def _is_plain(text: str) -> bool:
    """Whether every reader reads a text without quotes as this text; False in doubt."""
    is_sound = bool(UUID.fullmatch(text) or _PLAIN.fullmatch(text))
    return is_sound and text.casefold() not in _WORDS and not _SEPARATOR.search(text)


def _escaped(text: str) -> str:
    """The text for within quotes."""
    return _TO_BE_ESCAPED.sub(lambda match: _escape(match.group()), text)


def _escape(character: str) -> str:
    if ord(character) > 0xFFFF:  # JSON would need two escapes
        return f"\\U{ord(character):08x}"
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\x7f"


def _block(text: str) -> list[str] | None:
    """The head and the lines of a literal block for ``text``, or None where quotes are better."""
    if not text.strip() or _NOT_IN_A_BLOCK.search(text):
        return None
    first = next(filter(None, text.split("\n")))
    indentation = str(len(_STEP)) if first[0] in " \t" else ""
    newlines = len(text) - len(text.rstrip("\n"))
    chomping = "-" if newlines == 0 else "+" if newlines > 1 else ""
    return [f"|{indentation}{chomping}", *text.removesuffix("\n").split("\n")]


def _in_quotes(text: str) -> list[str]:
    """A text in quotes, on as many lines as it has.

    Line breaks of the layout, and blanks at the beginning of a line, are escaped.
    """
    if "\n" not in text.strip():
        return [_text(text)]
    lines = [_escaped(line) for line in text.removesuffix("\n").split("\n")]
    lines = [f"\\{line}" if line.startswith(" ") else line for line in lines]
    last = lines.pop() + ("\\n" if text.endswith("\n") else "")
    return ['"\\', *(f"{line}\\n\\" for line in lines), f'{last}"']
