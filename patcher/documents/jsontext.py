"""Strict JSON text (RFC 8259): what cannot be read exactly is refused.

The standard decoder keeps the last of two equal keys, accepts NaN and 1e400, and rounds numbers.
Each of these would silently alter a document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from patcher.documents.values import MAX_DEPTH, JsonValue, extent
from patcher.errors import InvalidPatchError

_BOM: Final = "\ufeff"
_LONGEST_QUOTE: Final = 60


def parse(text: str | bytes, *, what: str) -> JsonValue:
    """Parses a JSON text, which ``what`` names in errors.

    Bytes are UTF-8; a byte order mark is skipped. Integers are exact, ``1.0`` stays a float and
    ``-0`` negative zero, and lone surrogates are kept. Raises InvalidPatchError, with line and
    column if known, for invalid JSON, a duplicate key, NaN and infinities, a number that a double
    cannot hold, and nesting beyond MAX_DEPTH.
    """
    source = decoded(text, what=what)
    try:
        value = _DECODER.decode(source)
        members, depth = extent(value)
        if not _has_no_duplicates(source, members):
            _PAIRWISE.decode(source)
    except json.JSONDecodeError as error:
        raise not_valid(f"{what} is not valid JSON", source, _reason(error), error.pos) from None
    except (_RefusedError, RecursionError):
        raise _first_problem(source, what) from None
    if depth > MAX_DEPTH:
        raise _first_problem(source, what)
    return value


def dump(value: JsonValue) -> str:
    """A JSON value as one line of ASCII, without spaces."""
    return _ENCODER.encode(value)


def canonical(value: JsonValue) -> str:
    """A JSON value as text to be hashed, independent of the order of keys."""
    return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))


def dump_pretty(value: JsonValue) -> str:
    """A JSON value as lines of ASCII, indented by two; without a newline at the end."""
    return json.dumps(value, indent=2, allow_nan=False)


def decoded(text: str | bytes, *, what: str) -> str:
    """The text in UTF-8 bytes, without a byte order mark. Raises InvalidPatchError."""
    if isinstance(text, str):
        return text.removeprefix(_BOM)
    try:
        return text.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InvalidPatchError(
            f"{what} is not UTF-8 text (line {line}, byte {error.start + 1} of the file).",
            hint="Save it as UTF-8.",
        ) from None


def number(text: str) -> int | float | None:
    """The value of a decimal number, or None where no Python number holds it exactly.

    A fraction or an exponent makes a float, and so does ``-0``.
    """
    try:
        if text.lstrip("+-").isdecimal():
            return int(text) or (-0.0 if text.startswith("-") else 0)
        value = float(text)
        # repr() is the shortest text of a double; compared by value, since 1.10 is 1.1.
        if repr(value) == text or (isfinite(value) and Decimal(text) == Decimal(repr(value))):
            return value
    except (ValueError, ArithmeticError):  # too many digits, or too large an exponent
        pass
    return None


def quoted(text: str) -> str:
    """A text from a document for a message: in quotes, on one line, cut if long."""
    short = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
    shown = (
        one if one.isprintable() and one not in '"\\' else json.dumps(one)[1:-1] for one in short
    )
    return f'"{"".join(shown)}"'


def not_valid(
    problem: str, text: str, reason: str, index: int | None = None, hint: str | None = None
) -> InvalidPatchError:
    """The error for a text: the ``problem``, as "It is not valid JSON", and the reason for it.

    Names line and column, from 1, of the character at ``index``; None where that is unknown.
    """
    where = ""
    if index is not None:
        line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
        where = f" (line {line}, column {column})"
    return InvalidPatchError(f"{problem}: {reason}{where}.", hint=hint)


class _RefusedError(Exception):
    """Raised by a hook of the decoder, which does not know its position."""


def _number(text: str) -> int | float:
    value = number(text)
    if value is None:
        raise _RefusedError
    return value


def _constant(text: str) -> float:  # noqa: ARG001 - json calls it
    raise _RefusedError


def _pairs(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RefusedError
    return members


_HOOKS: Final[dict[str, Any]] = {
    "parse_float": _number,
    "parse_int": _number,
    "parse_constant": _constant,
}
# No document contains itself, and the check for it takes a fifth of the time.
_ENCODER: Final = json.JSONEncoder(check_circular=False, allow_nan=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(**_HOOKS)
_PAIRWISE: Final = json.JSONDecoder(**_HOOKS, object_pairs_hook=_pairs)


def _has_no_duplicates(text: str, members: int) -> bool:
    """Whether it is certain that no key was lost to an equal one.

    Checking every pair nearly doubles the time. But each key has a ``":`` in the text, unless there
    is a space before the colon, so an equal number of both means that none is lost.
    """
    # Searching for one character first is much faster than for two.
    return text.count('":') == members and not any(
        space in text and space + ":" in text for space in (" ", "\n", "\t", "\r")
    )


# The tokens of JSON, as far as problems can be in them.
_PIECE: Final = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:]|NaN|-?Infinity|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?',
    re.DOTALL,
)
_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def _first_problem(text: str, what: str) -> InvalidPatchError:
    """The error for a text that only the decoder accepts; finds the position, slowly."""
    problem = f"{what} is not valid JSON"
    for index, reason, hint in _problems(text):
        return not_valid(problem, text, reason, index, hint)
    return not_valid(problem, text, "it is nested too deeply")


def _problems(text: str) -> Iterator[tuple[int, str, str | None]]:
    open_keys: list[set[str]] = []
    last, position = "", 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in "{[":
            open_keys.append(set())
            if len(open_keys) > MAX_DEPTH:
                yield match.start(), f"it is nested more than {MAX_DEPTH} levels deep", None
        elif piece in "}]":
            open_keys.pop()
        elif piece == ":":
            key = json.loads(last)
            if key in open_keys[-1]:
                yield position, f"the key {quoted(key)} occurs twice in one object", None
            open_keys[-1].add(key)
        elif piece in _NOT_FINITE:
            yield match.start(), f"{piece} is not a JSON number", "Use null, or text in quotes."
        elif piece[0] in "-0123456789" and number(piece) is None:
            # Does not show the number, which may be a credential.
            reason = "a number cannot be held exactly and would be altered"
            yield match.start(), reason, "Write it as text in quotes, or with fewer digits."
        last, position = piece, match.start()


def _reason(error: json.JSONDecodeError) -> str:
    text = error.msg.removesuffix(" at").removesuffix(" starting")
    return text[:1].lower() + text[1:]
