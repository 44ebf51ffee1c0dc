"""From the GET response to the writable document, member by member.

The kinds of member a resource can be described with are here. Each takes one key of the response
and writes the keys of the document that stand for it; what it does not know, or cannot carry, it
reports to the draft, and the draft decides what that means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from patcher.documents import jsontext
from patcher.documents.notices import Notice
from patcher.documents.pointers import pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import Document, JsonValue, Tokens, copied

OnUnknown: TypeAlias = Literal["error", "carry", "drop"]
"""What to do with what is not known: stop, send it along, or leave it out."""

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(slots=True)
class Draft:
    """A document being rebuilt: what is in it so far, and what stands in its way."""

    on_unknown: OnUnknown
    document: Document = field(default_factory=dict)
    stoppers: dict[Tokens, str] = field(default_factory=dict)
    negotiable: bool = True
    notices: list[Notice] = field(default_factory=list)

    def stop(self, place: Tokens, reason: str) -> None:
        """Reports what no option can carry."""
        self.stoppers[place] = reason
        self.negotiable = False

    def unknown(self, place: Tokens, *, carriable: bool = True, what: str = "unknown key") -> bool:
        """Reports what is not known; returns whether to send it along."""
        if self.on_unknown == "error":
            self.stoppers[place] = what
            return False
        if self.on_unknown == "drop":
            self._note("dropped", place, f"left out ({what}); the write clears it")
            return False
        if not carriable:
            self.stop(place, f"{what}; the request has no place for it")
            return False
        self._note("carried-unknown", place, f"sent along as it is ({what})")
        return True

    def _note(self, code: str, place: Tokens, what: str) -> None:
        path = pointer_to(place)
        self.notices.append(Notice(code, path, f"{path} is {what}."))


class Member(Protocol):
    """One key of the response, and what it becomes in the document."""

    @property
    def source(self) -> str:
        """The key of the response that this member takes."""

    def project(self, value: JsonValue, draft: Draft) -> None:
        """Writes what ``value`` (never null) becomes into the draft."""


class AsIs(NamedTuple):
    """A member that is the same in both forms. ``blank`` lists texts that mean "none"."""

    source: str
    blank: tuple[str, ...] = ()

    def project(self, value: JsonValue, draft: Draft) -> None:
        """Copies the value."""
        if not (type(value) is str and value in self.blank):
            draft.document[self.source] = copied(value)


class References(NamedTuple):
    """A list of references: texts stay, an object gives its id when that is a UUID."""

    source: str
    id_key: str = "id"

    def project(self, value: JsonValue, draft: Draft) -> None:
        """Writes the list of ids."""
        if type(value) is not list:
            draft.stop((self.source,), "not a list")
            return
        ids = [self._id(member, (self.source, str(i)), draft) for i, member in enumerate(value)]
        draft.document[self.source] = [text for text in ids if text is not None]

    def _id(self, member: JsonValue, place: Tokens, draft: Draft) -> str | None:
        if type(member) is str:
            return member
        usable = member.get(self.id_key) if type(member) is dict else None
        if type(usable) is not str or not UUID.fullmatch(usable):
            draft.stop(place, f"no {self.id_key} that is a UUID")
            return None
        for key in member:
            if key != self.id_key:
                draft.unknown((*place, key), carriable=False)
        return usable


class SplitList(NamedTuple):
    """A list of objects which the request takes apart by a flag.

    Objects without the flag become their names, in ``plain``; objects with it become objects of
    the ``carried`` keys and, where it is not null, the ``text`` key, in ``flagged``.
    ``server_owned`` keys are known and never sent; any other key is unknown.
    """

    source: str
    flag: str
    name: str
    plain: str
    flagged: str
    carried: tuple[str, ...]
    text: str
    server_owned: frozenset[str]

    def project(self, value: JsonValue, draft: Draft) -> None:
        """Writes the two lists; the second only where it has members."""
        if type(value) is not list:
            draft.stop((self.source,), "not a list")
            return
        names: list[str] = []
        objects: list[Document] = []
        known = self._known
        for i, member in enumerate(value):
            # Most members are plain and sound, and there may be thousands.
            if (
                type(member) is dict
                and known.issuperset(member)
                and (member.get(self.flag) is None or member[self.flag] is False)
                and type(member.get(self.name)) is str
                and member[self.name]
            ):
                names.append(member[self.name])
                continue
            place = (self.source, str(i))
            if not self._is_sound(member, place, draft):
                continue
            if member.get(self.flag):
                objects.append(self._object(member, place, draft))
            else:
                self._report_unknown(member, place, draft)
                names.append(member[self.name])
        draft.document[self.plain] = names
        if objects:
            draft.document[self.flagged] = objects

    def _is_sound(self, member: JsonValue, place: Tokens, draft: Draft) -> bool:
        if type(member) is not dict:
            draft.stop(place, "not an object")
            return False
        if type(member.get(self.name)) is not str or not member[self.name]:
            draft.stop(place, f"no {self.name}")
            return False
        flag = member.get(self.flag)
        if flag is not None and type(flag) is not bool:
            draft.stop((*place, self.flag), "not a boolean")
            return False
        missing = [key for key in self.carried if type(member.get(key)) is not str]
        if flag and missing:
            draft.stop(place, f"added by a user, but without {' and '.join(missing)}")
            return False
        return True

    def _object(self, member: Document, place: Tokens, draft: Draft) -> Document:
        taken = {key: member[key] for key in self.carried}
        text = member.get(self.text)
        if type(text) is str:
            taken[self.text] = text
        elif text is not None and draft.unknown((*place, self.text), what="not a text"):
            taken[self.text] = jsontext.dump(text)
        for key in self._report_unknown(member, place, draft, carriable=True):
            taken[key] = copied(member[key])
        return taken

    def _report_unknown(
        self, member: Document, place: Tokens, draft: Draft, *, carriable: bool = False
    ) -> list[str]:
        """Reports the unknown keys; returns those to send along."""
        known = self._known
        return [
            key
            for key in member
            if key not in known and draft.unknown((*place, key), carriable=carriable)
        ]

    @property
    def _known(self) -> frozenset[str]:
        """The keys of a member that are not unknown."""
        return self.server_owned | {self.flag, self.text, *self.carried}


def project(
    raw: Document, members: tuple[Member, ...], shape: Shape, on_unknown: OnUnknown
) -> Draft:
    """The draft of the writable document that ``raw`` stands for.

    Keys that no member takes and the server does not own are unknown.
    """
    draft = Draft(on_unknown)
    sources = {member.source for member in members}
    for member in members:
        value = raw.get(member.source)
        if value is not None:
            member.project(value, draft)
    for key, value in raw.items():
        if key in sources or key in shape.server_owned:
            continue
        # A response key named like a rebuilt one would replace what was rebuilt.
        if draft.unknown((key,), carriable=key not in shape.members) and value is not None:
            draft.document[key] = copied(value)
    draft.document = shape.ordered(draft.document)
    return draft
