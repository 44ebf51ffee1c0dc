"""JSON values in Python: types, strict equality, copies and checks.

Python's ``==`` does not distinguish 1, 1.0 and True, or 0.0 and -0.0. JSON text does, and so must a
tool that may not alter a document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import copysign, isfinite
from typing import Any, Final, TypeAlias

from patcher.errors import InvalidPatchError

JsonValue: TypeAlias = Any
"""None, bool, int, float, str, list of JsonValue, or dict of str to JsonValue."""

Document: TypeAlias = dict[str, JsonValue]
"""A JSON object."""

Tokens: TypeAlias = tuple[str, ...]
"""A place in a document: the unescaped reference tokens of a JSON Pointer (RFC 6901)."""

MAX_DEPTH: Final = 200
"""Maximum nesting: far above any real document, far below the interpreter's stack."""

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_REST: Final = "..."
_CONTAINERS: Final = frozenset({dict, list})
_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Missing:
    """The type of MISSING: no value at all, unlike JSON's null."""

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"  # pickled by name, so that it stays a singleton


MISSING: Final = Missing()


def strictly_equal(first: JsonValue, second: JsonValue) -> bool:
    """Whether two JSON values are the same value of the same type.

    1, 1.0 and True differ, and so do 0.0 and -0.0. The order of keys has no meaning (RFC 8259,
    section 4), that of list items has.
    """
    if first is second:
        return True
    kind = type(first)
    if kind is not type(second):
        return False
    if kind is dict:
        return _same_members(first, second)
    if kind is list:
        return len(first) == len(second) and all(map(strictly_equal, first, second))
    if kind is float:
        return bool(first == second) and copysign(1.0, first) == copysign(1.0, second)
    return bool(first == second)


def _same_members(first: Document, second: Document) -> bool:
    if len(first) != len(second):
        return False
    for key, value in first.items():
        other = second.get(key, MISSING)
        # Most values are texts; comparing them here, without a call, halves the time.
        if type(value) is str is type(other):
            if value != other:
                return False
        elif not strictly_equal(value, other):
            return False
    return True


def differing(before: Document, after: Document) -> frozenset[str]:
    """The keys whose values differ, or that only one of two objects has."""
    return frozenset(
        key
        for key in before.keys() | after.keys()
        if not strictly_equal(before.get(key, MISSING), after.get(key, MISSING))
    )


def entries(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """The values in an object by key, or in a list by index; nothing for any other value."""
    if type(value) is dict:
        yield from value.items()
    elif type(value) is list:
        yield from ((str(index), item) for index, item in enumerate(value))


def walk(value: JsonValue, at: Tokens = ()) -> Iterator[tuple[Tokens, JsonValue]]:
    """A value, which is at ``at``, and everything in it, each with its place."""
    yield at, value
    for key, below in entries(value):
        yield from walk(below, (*at, key))


def copied(value: JsonValue) -> JsonValue:
    """A deep copy of a JSON value."""
    if type(value) is dict:
        return {key: copied(one) for key, one in value.items()}
    if type(value) is list:
        return [copied(one) for one in value]
    return value


def bounded(value: JsonValue, text: Callable[[str], str], size: int = 4096) -> JsonValue:
    """A copy of a foreign value that is short enough to show.

    Every text in it, including keys, is passed through ``text``; after about ``size`` characters
    the rest is cut and marked with "...".
    """
    left = size

    def short(one: str) -> str:
        nonlocal left
        whole = text(one)
        kept = whole if len(whole) <= left else whole[: max(left, 0)] + _REST
        left -= len(kept)
        return kept

    def copy(one: JsonValue) -> JsonValue:
        nonlocal left
        left -= 10  # for punctuation, and so that numbers count too
        if type(one) is str:
            return short(one)
        if type(one) is list:
            items = [copy(item) for item in one if left > 0]
            return items if len(items) == len(one) else [*items, _REST]
        if type(one) is dict:
            kept = {short(key): copy(item) for key, item in one.items() if left > 0}
            return kept if len(kept) == len(one) else {**kept, _REST: _REST}
        return one

    return copy(value)


def extent(value: JsonValue) -> tuple[int, int]:
    """The number of keys of all objects in ``value``, and its depth."""
    members = depth = 0
    level = [value] if type(value) in _CONTAINERS else []
    while level:
        depth += 1
        objects = [one for one in level if type(one) is dict]
        members += sum(map(len, objects))
        below = [one for inner in objects for one in inner.values() if type(one) in _CONTAINERS]
        if len(objects) < len(level):
            lists = (one for one in level if type(one) is list)
            below += [one for inner in lists for one in inner if type(one) in _CONTAINERS]
        level = below
    return members, depth


def is_writable(number: int) -> bool:
    """Whether Python can write an integer as text (see sys.set_int_max_str_digits)."""
    try:
        str(number)
    except ValueError:
        return False
    return True


def checked(value: object, *, what: str) -> JsonValue:
    """A deep copy of any value in plain JSON types.

    Mappings and sequences become dict and list. ``what`` names the value in errors. Raises
    InvalidPatchError, with the place, for what JSON cannot express: NaN and infinities, integers
    too long to write, surrogate pairs, keys that are not text, other types, and nesting beyond
    MAX_DEPTH.
    """
    return _checked(value, what, ())


def _checked(value: object, what: str, at: Tokens) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _checked_text(value, what, at)
    if isinstance(value, int):
        if value.bit_length() > 64 and not is_writable(int(value)):
            raise _not_json(what, at, "an integer has too many digits to be written")
        return int(value)
    if isinstance(value, float):
        if isfinite(value):
            return float(value)
        raise _not_json(what, at, f"{value!r} is not a JSON number")
    if len(at) >= MAX_DEPTH:
        raise _not_json(what, (), f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return _checked_mapping(value, what, at)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [_checked(member, what, (*at, str(i))) for i, member in enumerate(value)]
    raise _not_json(what, at, f"a value of type {type(value).__name__} is not JSON")


def _checked_mapping(value: Mapping[Any, object], what: str, at: Tokens) -> Document:
    for key in value:
        if not isinstance(key, str):
            raise _not_json(what, at, f"a key of type {type(key).__name__} is not text")
    members = ((_checked_text(key, what, at), member) for key, member in value.items())
    return {key: _checked(member, what, (*at, key)) for key, member in members}


def _checked_text(text: str, what: str, at: Tokens) -> str:
    if not text.isascii() and _SURROGATE_PAIR.search(text):
        raise _not_json(what, at, "text has a surrogate pair instead of one character")
    # Not str(): for an enumeration that returns its name.
    return str.__str__(text)


def _not_json(what: str, at: Tokens, reason: str) -> InvalidPatchError:
    # Not pointer_to(): pointers.py imports this module.
    path = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in at)
    place = f" at {path}" if path else ""
    return InvalidPatchError(f"{what} is not valid JSON{place}: {reason}.", path=path)
