"""What makes a list's members the same member, so that order is not mistaken for content.

A resource says which of its lists are keyed and by what. Everything that compares, merges or
addresses list members asks here, and so all of it agrees.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeAlias

from patcher.documents.values import JsonValue, Tokens

MemberKey: TypeAlias = Hashable
"""What a member is known by within its list."""


class KeyedList(NamedTuple):
    """How the members of one list are identified.

    ``by`` holds the keys of a member object that identify it together; empty means that the
    member is a text and is its own identity.
    """

    by: tuple[str, ...] = ()

    def key_of(self, member: JsonValue) -> MemberKey | None:
        """The identity of ``member``, or None where it has none.

        An identity is text, or an object or list of such (a relation's ``to``), so that two
        identities are equal only where they are strictly equal.
        """
        if not self.by:
            return member if type(member) is str else None
        if type(member) is not dict:
            return None
        if len(self.by) == 1:
            return _frozen(member.get(self.by[0]))
        parts = tuple(_frozen(member.get(name)) for name in self.by)
        return None if None in parts else parts


ListKeys: TypeAlias = Mapping[Tokens, KeyedList]
"""The keyed lists of a document, by their place in it."""


def keys_of(members: list[JsonValue], keyed: KeyedList) -> list[MemberKey] | None:
    """The identities of all members in order, or None when one has none or two are the same.

    None means that the list must be compared in order.
    """
    if not keyed.by:
        # Texts are their own identities; a set of types is had without a look at each of them.
        is_sound = set(map(type, members)) <= {str} and len(set(members)) == len(members)
        return list(members) if is_sound else None
    keys: list[MemberKey] = []
    for member in members:
        key = keyed.key_of(member)
        if key is None:
            return None
        keys.append(key)
    return keys if len(set(keys)) == len(keys) else None


def _frozen(value: JsonValue) -> MemberKey | None:
    if type(value) is str:
        return value
    if type(value) is dict:
        parts = tuple((key, _frozen(value[key])) for key in sorted(value))
        return None if any(part is None for _, part in parts) else ("object", parts)
    return None
