"""The kinds of step that a change consists of, but for items of lists and JSON Patches."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from patcher.documents import jsontext
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
from patcher.documents.values import (
    MAX_DEPTH,
    MISSING,
    Document,
    JsonValue,
    Tokens,
    checked,
    copied,
    extent,
)
from patcher.documents.wording import Notice, counted, did_you_mean
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


class Step(ABC):
    """One change of a document; immutable, so that it can be applied any number of times."""

    __slots__ = ()

    @abstractmethod
    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The places it writes, each with its value.

        The value is MISSING where something is removed, or where it depends on the document.
        """

    def reads(self) -> Iterable[Tokens]:
        """The places whose values it depends on."""
        return ()

    @abstractmethod
    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The changed document; ``document`` and the step stay as they are.

        The result may share unchanged values with ``document``, and shares nothing mutable with
        the step. Warnings are added to ``notices``. Raises InvalidPatchError when the step does
        not fit the document.
        """


def refuse_root(tokens: Tokens) -> None:
    """Raises InvalidPatchError for the place of the document itself."""
    if not tokens:
        raise InvalidPatchError(
            "A change must name a place in the document, not the whole document.",
            path="",
            hint="To replace the whole document, use --document.",
        )


def refuse_too_deep(tokens: Tokens, value: JsonValue) -> None:
    """Raises InvalidPatchError when ``value`` at this place would be nested beyond MAX_DEPTH."""
    if len(tokens) + extent(value)[1] > MAX_DEPTH:
        raise InvalidPatchError(
            f"The value for {shown(tokens)} would be nested more than {MAX_DEPTH} levels deep.",
            path=pointer_to(tokens),
        )


_Container = TypeVar("_Container", bound=JsonValue)


def replaced(container: _Container, tokens: Tokens, value: JsonValue) -> _Container:
    """A copy of ``container`` with ``value`` at a place that exists, or without it for MISSING.

    Only the containers on the way there are copied.
    """
    key: Any = tokens[0] if type(container) is dict else index_of(tokens[0])
    changed: _Container = container.copy()
    if len(tokens) > 1:
        changed[key] = replaced(container[key], tokens[1:], value)
    elif value is MISSING:
        del changed[key]
    else:
        changed[key] = value
    return changed


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
            return replaced(document, self.place, MISSING)
        parent, last = lookup(document, self.place[:-1]), self.place[-1]
        if type(parent) is list and index_of(last) is None:
            raise _no_item(self.place, parent)
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
    index = index_of(step)
    if index is None or index >= len(container):
        raise _no_item((*here, step), container)
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


def _no_item(place: Tokens, items: list[JsonValue]) -> InvalidPatchError:
    path = path_to(place[:-1])
    return InvalidPatchError(
        f"There is no {shown(place)}: {shown(place[:-1])} is a list of "
        f"{counted(len(items), 'item')}, and indices start at 0.",
        path=pointer_to(place),
        hint=f"To change the list by value, use --add {path}=... or --remove {path}=...",
    )


@dataclass(frozen=True, slots=True)
class MergePatch(Step):
    """An object whose values replace those of the document; null removes (RFC 7396).

    Raises InvalidPatchError for anything but an object: it would replace the document.
    """

    patch: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        object.__setattr__(self, "patch", _object(self.patch, "A merge patch"))

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The leaves of the patch; null is MISSING, and an empty object is a leaf."""
        return _leaves(self.patch, ())

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document with the patch merged in; warns null-removed for each null lost."""
        for place, value in self.writes():
            if value is MISSING and lookup(document, place) is None:
                text = (
                    f"{shown(place)} is null, and null in a merge patch removes the key (RFC 7396)."
                    " To keep a null, use --document."
                )
                notices.append(Notice("null-removed", pointer_to(place), text))
        merged: Document = _merged(document, self.patch)
        return merged


@dataclass(frozen=True, slots=True)
class WholeDocument(Step):
    """The complete document; null at the top removes a key.

    It must name every key that the document has, so that none is lost by omission.
    """

    document: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        object.__setattr__(self, "document", _object(self.document, "A whole document"))

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """Every key at the top; null is MISSING."""
        for key, value in self.document.items():
            yield (key,), MISSING if value is None else value

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """A copy of the given document, without nulls at the top."""
        left_out = [(key,) for key in document if key not in self.document]
        if left_out:
            raise InvalidPatchError(
                f"The given document leaves out {', '.join(map(shown, left_out))}.",
                path=pointer_to(left_out[0]),
                hint="Add what is missing, or set it to null to remove it. "
                "To change only some keys, use --merge.",
            )
        return {key: copied(value) for key, value in self.document.items() if value is not None}


def _object(value: object, what: str) -> Document:
    found: JsonValue = checked(value, what=what)
    if type(found) is not dict:
        raise InvalidPatchError(
            f"{what} must be an object, not {kind_of(found)}.",
            path="",
            hint='For example: {"name": "New name"}',
        )
    return found


def _leaves(patch: Mapping[str, JsonValue], at: Tokens) -> Iterator[tuple[Tokens, JsonValue]]:
    for key, value in patch.items():
        if type(value) is dict and value:
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), MISSING if value is None else value


def _merged(target: JsonValue, patch: JsonValue) -> JsonValue:
    """RFC 7396, section 2, on copies."""
    if type(patch) is not dict:
        return copied(patch)
    result = dict(target) if type(target) is dict else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
