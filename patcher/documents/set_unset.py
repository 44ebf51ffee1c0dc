"""Setting the value at a place, and removing it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.notices import Notice
from patcher.documents.pointers import (
    index_of,
    item_to,
    kind_of,
    lookup,
    path_to,
    pointer_to,
    shown,
)
from patcher.documents.shape import Shape
from patcher.documents.steps import Step, refuse_root, refuse_too_deep, replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, checked, copied
from patcher.documents.wording import counted, did_you_mean
from patcher.errors import InvalidPatchError

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SPELLINGS: Final = {
    int: _NUMBER,
    float: _NUMBER,
    bool: re.compile("true|false"),
    type(None): re.compile("null"),
}
_BRACKETED: Final = re.compile(r"([^\[\]]+)((?:\[(?:0|[1-9][0-9]*)\])+)")
_INDEX: Final = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class Assign(Step):
    """Sets the value at a place, whatever was there.

    Objects missing on the way are created. A token is an index only where the document has a
    list: it replaces an existing item, and ``-`` at the end of the path appends one.

    ``typed`` is for text from a command line, where ``limit=90`` is text: how a message may repeat
    it. Text that spells the number, boolean or null that it would replace is refused. None for a
    value that needs no such check.
    """

    place: Tokens
    value: JsonValue
    typed: str | None = None

    def __post_init__(self) -> None:
        refuse_root(self.place)
        value = checked(self.value, what=f"The value for {shown(self.place)}")
        refuse_too_deep(self.place, value)
        object.__setattr__(self, "value", value)

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The place, with the value."""
        return ((self.place, self.value),)

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document with the value in place."""
        if self.typed is not None:
            _refuse_misread(self.place, self.value, lookup(document, self.place), self.typed)
        changed: Document = assigned(document, self.place, copied(self.value), shape)
        return changed


@dataclass(frozen=True, slots=True)
class Unset(Step):
    """Removes the value at a place: a key of an object, or a list item by its index."""

    place: Tokens

    def __post_init__(self) -> None:
        refuse_root(self.place)

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The place, with MISSING."""
        return ((self.place, MISSING),)

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document without the place; warns nothing-to-unset where there is none."""
        if lookup(document, self.place) is not MISSING:
            changed: Document = replaced(document, self.place, MISSING)
            return changed
        parent, last = lookup(document, self.place[:-1]), self.place[-1]
        if type(parent) is list and index_of(last) is None:
            raise _no_index(self.place, parent)
        near = did_you_mean(last, parent) if type(parent) is dict else None
        message = f"There is nothing at {shown(self.place)} to remove. {near or ''}".rstrip()
        notices.append(Notice("nothing-to-unset", pointer_to(self.place), message))
        return document


def _refuse_misread(place: Tokens, text: JsonValue, there: JsonValue, typed: str) -> None:
    """Refuses text for a value of another kind that the text spells, such as 90 for a number."""
    spelling = _SPELLINGS.get(type(there))
    if spelling is None or type(text) is not str or not spelling.fullmatch(text.strip()):
        return
    kind, typed = kind_of(there), typed.strip()
    raise InvalidPatchError(
        f"{shown(place)} is {kind}, and PATH=TEXT would replace it with text.",
        path=pointer_to(place),
        hint=f"For {kind}: {item_to(place, ':=', typed)}. "
        f"For text: {item_to(place, ':=', jsontext.dump(typed))}.",
    )


def bracketed(place: Tokens) -> str | None:
    """How to write a path that has an index in brackets, as ``fields[0]``; None for any other."""
    parts = [part for token in place for part in _in_parts(token)]
    if len(parts) == len(place):
        return None
    return f"Write an index as a part of the path: {path_to(tuple(parts))}"


def _in_parts(token: str) -> tuple[str, ...]:
    match = _BRACKETED.fullmatch(token)
    return (match[1], *_INDEX.findall(match[2])) if match else (token,)


def assigned(
    container: JsonValue, tokens: Tokens, value: JsonValue, shape: Shape, at: int = 0
) -> JsonValue:
    """A copy of ``container``, which is at ``tokens[:at]``, with ``value`` at ``tokens``.

    Raises InvalidPatchError where something other than an object or a list is in the way, or a
    list has no such item.
    """
    step, here, is_last = tokens[at], tokens[:at], at == len(tokens) - 1
    if type(container) is dict:
        if step not in container and type(container.get(_in_parts(step)[0])) is list:
            raise InvalidPatchError(
                f"There is nothing at {shown((*here, step))}.",
                path=pointer_to((*here, step)),
                hint=bracketed(tokens),
            )
        if is_last:
            return {**container, step: value}
        if step not in container:
            _refuse_new_list(tokens, at + 1, shape)
        return {**container, step: assigned(container.get(step, {}), tokens, value, shape, at + 1)}
    if type(container) is not list:
        raise InvalidPatchError(
            f"{shown(here)} is {kind_of(container)}; nothing can be set inside it.",
            path=pointer_to(here),
            hint=f"To replace it, use --set {path_to(here)}:='{{...}}'",
        )
    if step == "-" and is_last:
        return [*container, value]
    index = _index_in(container, tokens, at)
    changed = list(container)
    changed[index] = value if is_last else assigned(container[index], tokens, value, shape, at + 1)
    return changed


def _refuse_new_list(tokens: Tokens, end: int, shape: Shape) -> None:
    """An object would be created; refuses that where a list belongs."""
    place = tokens[:end]
    if place in shape.lists or tokens[end] == "-":
        raise InvalidPatchError(
            f"There is no list at {shown(place)} yet.",
            path=pointer_to(place),
            hint=f"Set the whole list: --set {path_to(place)}:='[...]'",
        )


def _index_in(items: list[JsonValue], tokens: Tokens, at: int) -> int:
    index = index_of(tokens[at])
    place = tokens[: at + 1]
    if tokens[at] == "-":
        raise InvalidPatchError(
            f"In {shown(tokens)} the - must come last: it appends a whole item.",
            path=pointer_to(place),
            hint=f"Use --set {path_to(place)}:='{{...}}'",
        )
    if index is None:
        raise _no_index(place, items)
    if index >= len(items):
        raise InvalidPatchError(
            f"There is no {shown(place)}: the list has {counted(len(items), 'item')}, "
            "and indices start at 0.",
            path=pointer_to(place),
            hint=f"To append an item, use --set {path_to((*place[:-1], '-'))}=...",
        )
    return index


def _no_index(place: Tokens, items: list[JsonValue]) -> InvalidPatchError:
    path = path_to(place[:-1])
    return InvalidPatchError(
        f"{shown(place[:-1])} is a list of {counted(len(items), 'item')}, "
        f"and {quoted(place[-1])} is not an index.",
        path=pointer_to(place),
        hint="Indices start at 0. To change the list by value, use "
        f"--add {path}=... or --remove {path}=...",
    )
