"""JSON values written as YAML for people: the least markup that leaves nothing to guess."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from patcher.documents.values import JsonValue

_STEP: Final = "  "
# A key longer than 1024 characters must be marked as one (YAML 1.2.2, section 7.4.2).
_LONGEST_IMPLICIT_KEY: Final = 1000

# Words that YAML 1.1 or 1.2 readers take for something else than a text.
_WORDS: Final = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"}
)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
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
    """Writes the members of an object or list that has some, each line behind ``pad``."""
    for lead, member in _led(container, pad, lines):
        if not _is_leaf(member):
            start = len(lines) if lead == f"{pad}-" else None
            if start is None:
                lines.append(lead)
            _write_members(member, pad + _STEP, lines)
            if start is not None:  # a list's member begins on the line of its dash
                lines[start] = f"{lead} {lines[start][len(pad) + len(_STEP) :]}"
        elif type(member) is str and (header := _block_header(member)):
            lines.append(f"{lead} {header}")
            lines.extend(_block(member, pad + _STEP))
        else:
            lines.append(f"{lead} {_flow(member)}")


def _led(container: JsonValue, pad: str, lines: list[str]) -> Iterator[tuple[str, JsonValue]]:
    """Each member with what stands before it on its line."""
    if type(container) is list:
        for member in container:
            yield f"{pad}-", member
        return
    for key, member in container.items():
        name = _text(key)
        if len(name) <= _LONGEST_IMPLICIT_KEY:
            yield f"{pad}{name}:", member
        else:
            lines.append(f"{pad}? {name}")
            yield f"{pad}:", member


def _flow(value: JsonValue) -> str:
    """A value without members on one line."""
    return _text(value) if type(value) is str else json.dumps(value, allow_nan=False)


def _text(text: str) -> str:
    return text if _is_plain(text) else f'"{"".join(map(_escaped, text))}"'


def _is_plain(text: str) -> bool:
    """Whether a text without quotes is this text to every reader: better quoted than guessed."""
    if _UUID.fullmatch(text):
        return True
    return (
        (text[:1].isalpha() or text[:1] in ("_", "/"))
        and text.isprintable()
        and not text.endswith(" ")
        and text.casefold() not in _WORDS
        and not _SEPARATOR.search(text)
    )


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    if ord(character) > 0xFFFF:  # JSON would need two escapes
        return f"\\U{ord(character):08x}"
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\x7f"


def _block_header(text: str) -> str | None:
    """The indicator of a literal block that says exactly ``text``, or None where none does."""
    lines = text.rstrip("\n").split("\n")
    first = next(filter(None, lines), "")
    if "\n" not in text or not lines[-1].strip(" \t") or not first.strip(" \t"):
        return None
    if not all(line.replace("\t", "").isprintable() for line in lines):
        return None
    indentation = str(len(_STEP)) if first[0] in " \t" else ""
    newlines = len(text) - len(text.rstrip("\n"))
    return f"|{indentation}{'-' if newlines == 0 else '+' if newlines > 1 else ''}"


def _block(text: str, pad: str) -> Iterator[str]:
    for line in text.removesuffix("\n").split("\n"):
        yield pad + line if line else ""
