"""A list of a document, and what its members are known by."""

from __future__ import annotations

from typing import NamedTuple

from patcher.documents import jsontext
from patcher.documents.identity import KeyedList
from patcher.documents.jsontext import quoted
from patcher.documents.pointers import kind_of, lookup, path_to, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.values import JsonValue, Tokens, strictly_equal
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
