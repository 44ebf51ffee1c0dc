"""Places in a document: JSON Pointers (RFC 6901), and dotted paths."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from patcher.documents.jsontext import quoted
from patcher.documents.values import MAX_DEPTH, MISSING, JsonValue, Tokens
from patcher.documents.wording import has_unseen, numbered, paired, spelled_pointer, typed_pointer
from patcher.errors import InvalidPatchError

_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_INDEX: Final = re.compile(r"0|[1-9][0-9]*")
_MOST_DIGITS: Final = 20
"""Digits of an index that are read; more are beyond any list, and may be beyond int()."""

_ESCAPABLE: Final = ".=:+-\\"
_PART: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\.?|\.|[^.\\]+", re.DOTALL)


def tokens_of(pointer: str) -> Tokens:
    """The reference tokens of a JSON Pointer, unescaped; none for "", the whole document.

    Raises InvalidPatchError when it does not begin with a slash, has a ``~`` without 0 or 1 after
    it, or more than MAX_DEPTH tokens.
    """
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise InvalidPatchError(
            "A JSON Pointer must begin with /.",
            hint="Put / before each part, for example /configuration/query.",
        )
    if _BAD_ESCAPE.search(pointer):
        raise InvalidPatchError(
            f"{quoted(pointer)} is not a valid JSON Pointer: ~ must be followed by 0 or 1.",
            hint="In a key, write ~0 for ~ and ~1 for /.",
        )
    parts = pointer[1:].split("/")
    return _not_too_deep(tuple(p.replace("~1", "/").replace("~0", "~") for p in parts))


def pointer_to(tokens: Tokens) -> str:
    """The JSON Pointer for reference tokens."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def parse_path(text: str) -> Tokens:
    r"""The place that a path names: a JSON Pointer if it begins with ``/``, else dotted.

    In a dotted path ``\`` before one of ``.=:+-\`` makes it part of a key, and ``\uXXXX`` is a
    character by its number; in a pointer see ``typed_pointer``. Raises InvalidPatchError for an
    empty path or part, and any other use of ``\``.
    """
    if text.startswith("/"):
        return tokens_of(typed_pointer(text))
    tokens = [""]
    for match in _PART.finditer(text):
        part = match[0]
        if part == ".":
            tokens.append("")
        elif match[1]:
            tokens[-1] += chr(int(match[1], 16))
        elif part.startswith("\\"):
            if part[1:] not in _ESCAPABLE or part == "\\":
                raise InvalidPatchError(
                    rf"In the path {quoted(text)} a \ is not followed by one of . = : + - u and \.",
                    hint=r"In a key, write \\ for a backslash.",
                )
            tokens[-1] += part[1:]
        else:
            tokens[-1] += part
    if "" in tokens:
        raise InvalidPatchError(
            f"The path {quoted(text)} has an empty part." if text else "The path is empty.",
            hint="For example: configuration.query, or the JSON Pointer /configuration/query.",
        )
    return _not_too_deep(tuple(map(paired, tokens)))


def end_of_path(text: str) -> int:
    r"""The position of the first ``=`` that no ``\`` escapes; the text's length without one."""
    position = 0
    while position < len(text) and text[position] != "=":
        position += 2 if text[position] == "\\" else 1
    return min(position, len(text))


def path_to(tokens: Tokens) -> str:
    """A place as a path for the command line: dotted, or a pointer where that is impossible."""
    if not tokens or "" in tokens or tokens[0].startswith(("/", "-")):
        return spelled_pointer(pointer_to(tokens))
    dotted = ".".join(re.sub(r"[.=:\\]", r"\\\g<0>", token) for token in tokens)
    dotted = re.sub(r"\+\Z|(?<=[^.])-\Z", r"\\\g<0>", dotted)
    dotted = re.sub(r"\A | \Z", lambda _: numbered(" "), dotted)
    return "".join(numbered(one) if has_unseen(one) else one for one in dotted)


def item_to(tokens: Tokens, operator: str, value: str) -> str:
    """The item for a place, such as ``PATH:=VALUE``, quoted for a shell; ``=`` is in operator."""
    path = path_to(tokens)
    if shlex.quote(path) != path:
        return shlex.quote(f"{path}{operator}{value}")
    return f"{path}{operator}{shlex.quote(value) if value else ''}"


def shown(tokens: Tokens) -> str:
    """A place for a message: its pointer, as it can be typed."""
    return spelled_pointer(pointer_to(tokens)) or "the whole document"


def index_of(token: str) -> int | None:
    """A token as a list index (RFC 6901, section 4: no sign, no leading zero), or None."""
    return int(token[:_MOST_DIGITS]) if _INDEX.fullmatch(token) else None


def is_of_kind(place: Tokens, kind: Tokens) -> bool:
    """Whether a place is of a kind, in which "-" stands for any list index."""
    return len(place) == len(kind) and all(
        step == one or (one == "-" and step.isdecimal())
        for step, one in zip(place, kind, strict=True)
    )


def of_kind(value: JsonValue, kind: Tokens, at: Tokens = ()) -> Iterator[tuple[Tokens, JsonValue]]:
    """Each value in ``value``, which is at ``at``, whose place is of a kind, with its place."""
    if not kind:
        yield at, value
    elif kind[0] == "-":
        for index, item in enumerate(value if type(value) is list else ()):
            yield from of_kind(item, kind[1:], (*at, str(index)))
    elif type(value) is dict and kind[0] in value:
        yield from of_kind(value[kind[0]], kind[1:], (*at, kind[0]))


def list_above(document: JsonValue, place: Tokens) -> Tokens | None:
    """The outermost list that a place is in, or None."""
    above = (place[:end] for end in range(len(place)))
    return next((one for one in above if type(lookup(document, one)) is list), None)


def lookup(document: JsonValue, tokens: Tokens, default: JsonValue = MISSING) -> JsonValue:
    """The value at a place, or ``default`` where there is none."""
    value = document
    for token in tokens:
        value = _member(value, token)
        if value is MISSING:
            return default
    return value


def obstacle(document: JsonValue, tokens: Tokens, *, adding: bool = False) -> str | None:
    """Why there is no value at a place, as a clause; None where there is one.

    When ``adding``, why none can be put there.
    """
    value = document
    for depth, token in enumerate(tokens):
        below = _member(value, token)
        has_room = adding and depth == len(tokens) - 1 and _has_room(value, token)
        if below is MISSING and not has_room:
            here = tokens[:depth]
            if type(value) is list and index_of(token) is None:
                return f"{shown(here)} is a list, and {quoted(token)} is not an index"
            if type(value) is list:
                return f"{shown(here)} is a list of {len(value)}, and indices start at 0"
            if type(value) is dict:
                return f"there is nothing at {shown((*here, token))}"
            return f"{shown(here)} is {kind_of(value)}"
        value = below
    return None


def kind_of(value: JsonValue) -> str:
    """The JSON type of a value, with its article."""
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _member(value: JsonValue, token: str) -> JsonValue:
    if type(value) is dict:
        return value.get(token, MISSING)
    if type(value) is list:
        index = index_of(token)
        return value[index] if index is not None and index < len(value) else MISSING
    return MISSING


def _has_room(container: JsonValue, token: str) -> bool:
    """Whether a container has room for another value: a list, only after its last item."""
    if type(container) is list:
        return token in ("-", str(len(container)))
    return type(container) is dict


def _not_too_deep(tokens: Tokens) -> Tokens:
    if len(tokens) > MAX_DEPTH:
        raise InvalidPatchError(f"A path has more than {MAX_DEPTH} parts.")
    return tokens


def overlap(one: Tokens, other: Tokens) -> bool:
    """Whether two places are the same, or one is within the other."""
    return one[: len(other)] == other[: len(one)]
