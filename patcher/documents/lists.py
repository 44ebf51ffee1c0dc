"""Items of a list: what they are known by, and adding and removing them by value or by name."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.notices import Notice
from patcher.documents.pointers import kind_of, lookup, path_to, pointer_to, shown
from patcher.documents.set_unset import assigned
from patcher.documents.shape import KeyedList, Shape
from patcher.documents.steps import refuse_root, refuse_too_deep, replaced
from patcher.documents.values import (
    MISSING,
    Document,
    JsonValue,
    Tokens,
    checked,
    copied,
    strictly_equal,
)
from patcher.documents.wording import did_you_mean
from patcher.errors import InvalidPatchError


class RawText(NamedTuple):
    """A list member as typed: itself in a list of texts, JSON in any other."""

    text: str

    def guess(self) -> JsonValue:
        """The member that it is in most lists: an object or a list where it reads as one."""
        if not self.text.lstrip().startswith(("{", "[")):
            return self.text
        try:
            return jsontext.parse(self.text, what="A member")
        except InvalidPatchError:
            return self.text


class Listing(NamedTuple):
    """The members at ``tokens``; none where there is no list.

    ``holds_texts`` is None where nothing tells. What is in a secretive list is never quoted.
    """

    tokens: Tokens
    members: list[JsonValue]
    keyed: KeyedList | None
    holds_texts: bool | None
    is_secretive: bool

    def member(self, given: JsonValue | RawText) -> JsonValue:
        """What ``given`` means in this list. Raises InvalidPatchError when it cannot be in it."""
        if self.holds_texts is None:
            raise InvalidPatchError(
                f"Whether {shown(self.tokens)} is a list of texts cannot be told: it has no "
                "members yet.",
                path=pointer_to(self.tokens),
                hint=f"Set it as a whole: --set {path_to(self.tokens)}:='[...]'",
            )
        if isinstance(given, RawText):
            member = given.text if self.holds_texts else self._read(given)
        else:
            member = given
        if self.keyed is not None and self.keyed.key_of(member) is None:
            raise self._unfit(member)
        return member

    def found(self, given: JsonValue | RawText) -> list[int]:
        """The indices of the members that ``given`` is, or whose name it is."""
        if not self.members:
            return []
        if isinstance(given, RawText):
            if self.holds_texts or self.named(given.text):
                return self.named(given.text)
            if self._key is not None and not given.text.lstrip().startswith("{"):
                return []
            given = self._read(given)
        equal = [i for i, one in enumerate(self.members) if strictly_equal(one, given)]
        return equal or (self.named(given) if type(given) is str else [])

    def named(self, name: str) -> list[int]:
        """The indices of the texts that are ``name``, and the objects that are called so."""
        return [i for i, one in enumerate(self.members) if self._name_of(one) == name]

    def names(self) -> list[str]:
        """What the members are called, as far as they are called anything."""
        found = map(self._name_of, self.members)
        return [name for name in found if name is not None]

    def equal_to(self, member: JsonValue, *, twice: bool = False) -> bool:
        """Whether ``member`` is in the list, or is in it ``twice``."""
        return sum(strictly_equal(one, member) for one in self.members) > twice

    def namesake_of(self, member: JsonValue) -> int | None:
        """The index of the member that has the identity of ``member``, or None."""
        if self.keyed is None:
            return None
        key = self.keyed.key_of(member)
        keys = map(self.keyed.key_of, self.members)
        return next((i for i, one in enumerate(keys) if one == key), None)

    def label(self, member: JsonValue) -> str:
        """What to call a member in a message."""
        if self.is_secretive:
            return "that member"
        if type(member) is str:
            return quoted(member)
        name = self._name_of(member)
        is_named = name is not None and self.keyed is not None and len(self.keyed.by) == 1
        return quoted(name) if name is not None and is_named else "that member"

    @property
    def _key(self) -> str | None:
        return self.keyed.by[0] if self.keyed is not None and self.keyed.by else None

    def _name_of(self, member: JsonValue) -> str | None:
        if self._key is not None and type(member) is dict:
            member = member.get(self._key)
        return member if type(member) is str else None

    def _read(self, given: RawText) -> JsonValue:
        try:
            return jsontext.parse(given.text, what=f"The member for {shown(self.tokens)}")
        except InvalidPatchError as error:
            raise InvalidPatchError(
                error.message, path=pointer_to(self.tokens), hint=self._example()
            ) from None

    def _unfit(self, member: JsonValue) -> InvalidPatchError:
        by = self.keyed.by if self.keyed is not None else ()
        wanted = f"objects with {' and '.join(map(quoted, by))}" if by else "texts"
        given = "this one" if by and type(member) is dict else kind_of(member)
        return InvalidPatchError(
            f"{shown(self.tokens)} is a list of {wanted}, and {given} is none.",
            path=pointer_to(self.tokens),
            hint=self._example(),
        )

    def _example(self) -> str:
        if self.keyed is None:
            return "Its members are written as JSON, a text in double quotes."
        if not self.keyed.by:
            return "Give a text."
        members = ", ".join(f'"{key}": "..."' for key in self.keyed.by)
        return f"Its members are written as JSON, for example {{{members}}}."


def listing(document: JsonValue, tokens: Tokens, shape: Shape) -> Listing:
    """The list at a place; an absent one and null have no members.

    Raises InvalidPatchError when something else is there.
    """
    found = lookup(document, tokens, None)
    members = [] if found is None else found
    if type(members) is not list:
        raise InvalidPatchError(
            f"{shown(tokens)} is {kind_of(members)}, not a list.",
            path=pointer_to(tokens),
            hint=f"To change it, write --set {path_to(tokens)}=...",
        )
    keyed = shape.lists.get(tokens)
    if keyed is not None:
        holds_texts: bool | None = not keyed.by
    else:
        holds_texts = all(type(one) is str for one in members) if members else None
    return Listing(
        tokens,
        members,
        keyed,
        holds_texts,
        any(tokens[: len(place)] == place for place in shape.opaque),
    )


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
