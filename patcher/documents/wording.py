r"""What messages are made of: warnings, plurals, suggestions, and invisible characters as escapes.

These are written as in JSON, ``\t`` or ``\u200b``; a backslash in the text is doubled where it
would read as the beginning of an escape. So two different texts never look the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from patcher.documents.jsontext import quoted

_LONGEST_WORD = 200  # the comparison takes quadratic time

# Printable to Python, but invisible: fillers, blanks, variation selectors.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_AS_ESCAPE: Final = re.compile("[tnrbf]|u[0-9a-fA-F]{4}")
_BLANKS: Final = re.compile(r"(?<= ) | \Z")

# In a typed pointer: what has a meaning after a backslash, and what ends a path.
_AS_ESCAPE_OF_PATH: Final = re.compile(r"u[0-9a-fA-F]{4}|\Z")
_OPERATOR: Final = re.compile(r"=|[:+]\Z|(?<!/)-\Z")
_ESCAPED: Final = re.compile(r"(\\+)(=|u[0-9a-fA-F]{4}|[:+-]?\Z)")
_AFTER_BACKSLASHES: Final = re.compile(r"(\\*)([^\\]|\Z)")
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Notice(NamedTuple):
    """One warning: a stable ``code``, a JSON Pointer ("" for the document), a sentence."""

    code: str
    path: str
    message: str

    @property
    def is_remark(self) -> bool:
        """Whether it is about an existing problem, and no reason to stop."""
        return self.code == "known-faults"

    def to_dict(self) -> dict[str, str]:
        """The warning as JSON output prints it."""
        return {"code": self.code, "path": self.path, "message": self.message}


def ignore(*_: object) -> None:
    """A callback that does nothing."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 change``, ``2 changes``; ``plural`` where it is irregular."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def first_few(items: Iterable[str], most: int = 5, separator: str = ", ") -> str:
    """At most ``most`` items, and how many there are besides: ``a, b and 3 more``."""
    found = list(items)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return separator.join(found[:most]) + more


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` may be a misspelling of, in any case, or None."""
    from difflib import get_close_matches

    if len(word) > _LONGEST_WORD:
        return None
    by_folded = {one.casefold(): one for one in candidates if len(one) <= _LONGEST_WORD}
    found = get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The question to ask about ``word``, or None where no candidate is similar."""
    near = closest(word, candidates)
    return None if near is None or near == word else f"Did you mean {quoted(near)}?"


def has_unseen(text: str) -> bool:
    """Whether a text has a character that is invisible or blank, other than a space."""
    return not text.isprintable() or (not text.isascii() and bool(_BLANK.search(text)))


def escape(character: str) -> str:
    """A character as an escape of JSON."""
    return json.dumps(character)[1:-1] if not character.isprintable() else numbered(character)


def spelled(text: str, also: Collection[int] = ()) -> str:
    """A line of text with invisible characters, and those at ``also``, escaped.

    So is a blank at its end.
    """
    also = {*also, len(text) - 1} if text.endswith(" ") else also
    if not also and "\\" not in text and not has_unseen(text):
        return text
    return _spelled(
        text, lambda i, one: escape(one) if i in also or has_unseen(one) else one, _AS_ESCAPE
    )


def spelled_pointer(pointer: str, also: Collection[int] = ()) -> str:
    r"""A JSON Pointer as it can be typed as a PATH: what would end a path is escaped, as ``\=``.

    Invisible characters, and those at ``also``, become ``\uXXXX``.
    """

    def spell(i: int, one: str) -> str:
        if i in also or has_unseen(one) or _BLANKS.match(pointer, i):
            return numbered(one)
        return f"\\{one}" if _OPERATOR.match(pointer, i) else one

    return _spelled(pointer, spell, _AS_ESCAPE_OF_PATH)


def _spelled(text: str, spell: Callable[[int, str], str], escapes: re.Pattern[str]) -> str:
    """``text`` with each character as ``spell`` has it.

    Backslashes are doubled before what is spelled otherwise, and before what ``escapes`` matches.
    """

    def respell(found: re.Match[str]) -> str:
        backslashes, one, i = found[1], found[2], found.start(2)
        spelled_one = one and spell(i, one)
        is_doubled = spelled_one != one or escapes.match(text, i)
        return backslashes * (2 if is_doubled else 1) + spelled_one

    return _AFTER_BACKSLASHES.sub(respell, text)


def typed_pointer(text: str) -> str:
    r"""The JSON Pointer that was typed as a PATH: the inverse of ``spelled_pointer``.

    A backslash is an escape only before what ends a path (``=``, or ``:``, ``+``, ``-`` at the
    end), at the end, and before ``uXXXX``.
    """
    return paired(_ESCAPED.sub(_unescaped, text))


def _unescaped(match: re.Match[str]) -> str:
    run, what = len(match[1]), match[2]
    if not what:
        return "\\" * ((run + 1) // 2)
    is_number = what.startswith("u") and run % 2 == 1
    return "\\" * (run // 2) + (chr(int(what[1:], 16)) if is_number else what)


def paired(text: str) -> str:
    """The text with each surrogate pair as one character."""
    return _PAIR.sub(lambda m: m[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def numbered(character: str) -> str:
    r"""A character as ``\uXXXX``, or two of these beyond U+FFFF."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
