"""Members added to a list, and removed from one, by value or by name."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.lists import Listing, RawText, listing
from patcher.documents.notices import Notice
from patcher.documents.places import assigned
from patcher.documents.pointers import path_to, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.steps import refuse_root, refuse_too_deep, replaced
from patcher.documents.suggestions import did_you_mean
from patcher.documents.values import (
    MISSING,
    Document,
    JsonValue,
    Tokens,
    checked,
    copied,
    strictly_equal,
)
from patcher.errors import InvalidPatchError


@dataclass(frozen=True, slots=True)
class AddMember:
    """A member appended to a list, unless it is there already.

    A list that is absent is created when it is known what it is a list of.
    """

    restates: ClassVar[bool] = False

    place: Tokens
    member: JsonValue | RawText

    def __post_init__(self) -> None:
        refuse_root(self.place)
        member = _checked_member(self.member, self.place)
        if not isinstance(member, RawText):
            refuse_too_deep((*self.place, "-"), member)
        object.__setattr__(self, "member", member)

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The place after the last member, with the member as far as it can be told."""
        member = self.member
        return (((*self.place, "-"), member.guess() if isinstance(member, RawText) else member),)

    def reads(self) -> Iterable[Tokens]:
        """Nothing."""
        return ()

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document with the member; the notice already-there where that changes nothing."""
        known = listing(document, self.place, shape)
        path, where = pointer_to(self.place), shown(self.place)
        if not known.members and self.place in shape.widening:
            raise InvalidPatchError(
                f"{where} is absent or empty, which stands for everything: with one member added, "
                "only that one would be left.",
                path=path,
                hint=f"If that is meant, set the list: --set {path_to(self.place)}:='[...]'",
            )
        member = shape.respelled(known.member(self.member), document, (*self.place, "-"))
        refuse_too_deep((*self.place, "-"), member)
        if known.equal_to(member):
            notices.append(
                Notice("already-there", path, f"{where} has {known.label(member)} already.")
            )
            return document
        _refuse_namesake(known, member)
        changed: Document = assigned(document, self.place, [*known.members, copied(member)], shape)
        return changed


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """A member taken out of a list: given by its value or, among objects, by its name.

    The name is the text under the first of the keys by which the list's members are told apart.
    """

    restates: ClassVar[bool] = False

    place: Tokens
    member: JsonValue | RawText

    def __post_init__(self) -> None:
        refuse_root(self.place)
        object.__setattr__(self, "member", _checked_member(self.member, self.place))

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The list, with MISSING: only the document tells which member goes."""
        return ((self.place, MISSING),)

    def reads(self) -> Iterable[Tokens]:
        """Nothing."""
        return ()

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document without the member; the notice not-there where there is none."""
        known = listing(document, self.place, shape)
        found = known.found(_respelled(self.member, self.place, document, shape))
        if not found:
            self._refuse_elsewhere(document, shape)
            notices.append(Notice("not-there", pointer_to(self.place), self._not_there(known)))
            return document
        if len(found) > 1:
            raise _several(known, found)
        rest = [member for i, member in enumerate(known.members) if i != found[0]]
        changed: Document = replaced(document, self.place, rest)
        return changed

    def _refuse_elsewhere(self, document: Document, shape: Shape) -> None:
        """Refuses with the right option when the member is in the list beside this one."""
        name = _name(self.member)
        beside = shape.alternatives.get(self.place)
        if beside is None or name is None or not listing(document, beside, shape).named(name):
            return
        assignment = shlex.quote(f"{path_to(beside)}={name}")
        raise InvalidPatchError(
            f"{quoted(name)} is not in {shown(self.place)} but in {shown(beside)}.",
            path=pointer_to(self.place),
            hint=f"Write --remove {assignment}",
        )

    def _not_there(self, known: Listing) -> str:
        name = _name(self.member)
        if not known.members:
            return f"There is nothing in {shown(self.place)} to remove."
        message = f"{shown(self.place)} has no such member."
        if known.is_secretive or name is None:
            return message
        near = did_you_mean(name, known.names())
        return f"{message} {near}" if near else message


def _checked_member(member: JsonValue | RawText, tokens: Tokens) -> JsonValue | RawText:
    if isinstance(member, RawText):
        return member
    return checked(member, what=f"The member for {shown(tokens)}")


def _respelled(
    member: JsonValue | RawText, place: Tokens, document: Document, shape: Shape
) -> JsonValue | RawText:
    """A member with its UUIDs spelled as they are in the document."""
    at = (*place, "-")
    if not isinstance(member, RawText):
        return shape.respelled(member, document, at)
    given = member.guess()
    found = shape.respelled(given, document, at)
    if strictly_equal(found, given):
        return member
    return RawText(found if type(found) is str else jsontext.dump(found))


def _name(member: JsonValue | RawText) -> str | None:
    if isinstance(member, RawText):
        return member.text
    return member if type(member) is str else None


def _refuse_namesake(known: Listing, member: JsonValue) -> None:
    """Two members with one identity would make a list that cannot be told apart."""
    namesake = known.namesake_of(member)
    if namesake is None:
        return
    place = (*known.tokens, str(namesake))
    raise InvalidPatchError(
        f"{shown(known.tokens)} has another {known.label(member)} already.",
        path=pointer_to(place),
        hint=f"Remove that one first, or change what is in it: --set {path_to(place)}.KEY=...",
    )


def _several(known: Listing, found: list[int]) -> InvalidPatchError:
    places = ", ".join(shown((*known.tokens, str(index))) for index in found)
    members = [known.members[index] for index in found]
    if known.is_secretive or type(members[0]) is not dict or known.equal_to(members[0], twice=True):
        return InvalidPatchError(
            f"That is {len(found)} times in {shown(known.tokens)}: {places}.",
            path=pointer_to(known.tokens),
            hint=f"Remove one by its index: --unset {path_to((*known.tokens, str(found[0])))}",
        )
    return InvalidPatchError(
        f"{shown(known.tokens)} has {len(found)} such members: {places}.",
        path=pointer_to(known.tokens),
        hint="Give the whole member, as JSON.",
    )
