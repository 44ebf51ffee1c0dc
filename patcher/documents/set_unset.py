"""A value set at a place, and a place cleared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from patcher.documents.jsontext import quoted
from patcher.documents.notices import Notice
from patcher.documents.pointers import index_of, kind_of, lookup, path_to, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.steps import refuse_root, refuse_too_deep, replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, checked, copied
from patcher.documents.wording import counted, did_you_mean
from patcher.errors import InvalidPatchError


@dataclass(frozen=True, slots=True)
class Assign:
    """A value put at a place, whatever was there.

    Objects missing on the way are created. A token is an index only where the document has a
    list: it replaces a member there is, and ``-`` at the end of the path appends one.
    """

    restates: ClassVar[bool] = False

    place: Tokens
    value: JsonValue

    def __post_init__(self) -> None:
        refuse_root(self.place)
        value = checked(self.value, what=f"The value for {shown(self.place)}")
        refuse_too_deep(self.place, value)
        object.__setattr__(self, "value", value)

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The place, with the value."""
        return ((self.place, self.value),)

    def reads(self) -> Iterable[Tokens]:
        """Nothing."""
        return ()

    def apply(
        self,
        document: Document,
        shape: Shape,
        notices: list[Notice],
    ) -> Document:
        """The document with the value in place."""
        changed: Document = assigned(document, self.place, copied(self.value), shape)
        return changed


@dataclass(frozen=True, slots=True)
class Unset:
    """A place cleared: a member of an object removed, or a list member by its index."""

    restates: ClassVar[bool] = False

    place: Tokens

    def __post_init__(self) -> None:
        refuse_root(self.place)

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The place, with MISSING."""
        return ((self.place, MISSING),)

    def reads(self) -> Iterable[Tokens]:
        """Nothing."""
        return ()

    def apply(
        self,
        document: Document,
        shape: Shape,
        notices: list[Notice],
    ) -> Document:
        """The document without the place; the notice nothing-to-unset where there is none."""
        if lookup(document, self.place) is not MISSING:
            changed: Document = replaced(document, self.place, MISSING)
            return changed
        parent, last = lookup(document, self.place[:-1]), self.place[-1]
        if type(parent) is list and index_of(last) is None:
            raise _no_index(self.place, parent)
        near = did_you_mean(last, parent) if type(parent) is dict else None
        message = f"There is nothing at {shown(self.place)} to remove."
        notices.append(
            Notice(
                "nothing-to-unset", pointer_to(self.place), " ".join(filter(None, (message, near)))
            )
        )
        return document


def assigned(
    container: JsonValue, tokens: Tokens, value: JsonValue, shape: Shape, at: int = 0
) -> JsonValue:
    """A copy of ``container``, which is at ``tokens[:at]``, with ``value`` at ``tokens``.

    Raises InvalidPatchError where something other than an object or a list is in the way, or a
    list has no such member.
    """
    step, here, is_last = tokens[at], tokens[:at], at == len(tokens) - 1
    if type(container) is dict:
        if not is_last and step not in container:
            _refuse_new_list(tokens, at + 1, shape)
        return {
            **container,
            step: value
            if is_last
            else assigned(container.get(step, {}), tokens, value, shape, at + 1),
        }
    if type(container) is not list:
        raise InvalidPatchError(
            f"{shown(here)} is {kind_of(container)}, so that nothing can be set below it.",
            path=pointer_to(here),
            hint=f"To replace it, set it as a whole: --set {path_to(here)}:='{{...}}'",
        )
    if step == "-" and is_last:
        return [*container, value]
    index = _member_index(container, tokens, at)
    changed = list(container)
    changed[index] = value if is_last else assigned(container[index], tokens, value, shape, at + 1)
    return changed


def _refuse_new_list(tokens: Tokens, end: int, shape: Shape) -> None:
    """What is created is an object; where a list belongs, that would be wrong."""
    place = tokens[:end]
    if place in shape.lists or tokens[end] == "-":
        raise InvalidPatchError(
            f"There is no list at {shown(place)} yet.",
            path=pointer_to(place),
            hint=f"Set it as a whole: --set {path_to(place)}:='[...]'",
        )


def _member_index(members: list[JsonValue], tokens: Tokens, at: int) -> int:
    index = index_of(tokens[at])
    place = tokens[: at + 1]
    if tokens[at] == "-":
        raise InvalidPatchError(
            f"In {shown(tokens)} the - must come last: it appends a whole member.",
            path=pointer_to(place),
            hint=f"Write --set {path_to(place)}:='{{...}}'",
        )
    if index is None:
        raise _no_index(place, members)
    if index >= len(members):
        raise InvalidPatchError(
            f"There is no {shown(place)}: the list has {counted(len(members), 'item')}, "
            "counted from 0.",
            path=pointer_to(place),
            hint=f"To append a member, write --set {path_to((*place[:-1], '-'))}=...",
        )
    return index


def _no_index(place: Tokens, members: list[JsonValue]) -> InvalidPatchError:
    path = path_to(place[:-1])
    verbs = f"--add {path}=... and --remove {path}=... take a member"
    return InvalidPatchError(
        f"{shown(place[:-1])} is a list of {len(members)}, "
        f"and {quoted(place[-1])} is not an index.",
        path=pointer_to(place),
        hint=f"Indices count from 0; {verbs} by itself.",
    )
