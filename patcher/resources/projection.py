"""Builds the writable document from a GET response.

Most keys are the same in both. A resource has a member for each other key of the response, which
converts it. What a PUT cannot send stays in the document as the API shows it, and becomes a
blocker.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from patcher.documents import jsontext
from patcher.documents.pointers import path_to, pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import UUID, Document, JsonValue, Tokens, copied
from patcher.documents.wording import Notice
from patcher.resources.blockers import Blocker, OnUnknown, UnknownKeys

CARRY_OR_DROP: Final = (
    "--unknown-fields carry (send it along)",
    "--unknown-fields drop (leave it out, which clears it)",
)


class Projection(NamedTuple):
    """The writable document of a snapshot.

    ``blockers`` are its values that cannot be sent as they are; ``notices`` say what was done with
    unknown keys.
    """

    document: Document
    blockers: tuple[Blocker, ...] = ()
    notices: tuple[Notice, ...] = ()


def is_blank(value: JsonValue) -> bool:
    """Whether a value is null, or an empty text, list or object."""
    return value is None or (type(value) in (str, list, dict) and not value)


@dataclass(slots=True)
class Rebuilt:
    """A document under construction, with its blockers and notices so far."""

    unknown_keys: UnknownKeys
    document: Document = field(default_factory=dict)
    blockers: list[Blocker] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def takes_unknown(self, place: Tokens, value: JsonValue, holder: Tokens | None = None) -> bool:
        """Whether an unknown key goes into the document, to be sent or to block."""
        if is_blank(value):
            return False
        decision = self.unknown_keys.of_key(place[-1])
        if decision == "drop":
            self.note("dropped", place, "is left out (unknown key), so the write clears it")
            return False
        if decision == "carry":
            self.note("carried-unknown", place, "is sent as it is (unknown key)")
        else:
            ways = (*CARRY_OR_DROP, option("unset", place))
            self.blockers.append(Blocker(place, "unknown key", ways, holder, is_unknown=True))
        return True

    def note(self, code: str, place: Tokens, what: str) -> None:
        """Notes what was done with a value."""
        path = pointer_to(place)
        self.notices.append(Notice(code, path, f"{path} {what}."))


def option(name: str, place: Tokens, rest: str = "") -> str:
    """A command line option for a place, quoted for a shell where needed."""
    return f"--{name} {shlex.quote(path_to(place) + rest)}"


class Member(Protocol):
    """Converts one key of the response."""

    @property
    def source(self) -> str:
        """The key of the response."""

    @property
    def makes(self) -> tuple[str, ...]:
        """The keys of the document that it becomes."""

    def project(self, value: JsonValue, draft: Rebuilt) -> None:
        """Adds what ``value`` (never null) becomes to the draft."""

    def passed_over(self, value: JsonValue) -> Iterator[tuple[Tokens, JsonValue]]:
        """Non-blank content of ``value`` that is not sent, since it belongs to something else.

        Each with a place of three parts: the list in the document, the item as it is sent, a key.
        """


class References(NamedTuple):
    """A list of references: texts stay, an object becomes its ID if that is a UUID.

    The object's other keys belong to what it refers to, and are passed over.
    """

    source: str
    id_key: str = "id"

    @property
    def makes(self) -> tuple[str, ...]:
        """The same key."""
        return (self.source,)

    def project(self, value: JsonValue, draft: Rebuilt) -> None:
        """Adds the list of IDs; an item without one stays as it is and blocks."""
        here = (self.source,)
        ways = (option("set", here, ':=["UUID"]'), option("unset", here))
        if type(value) is not list:
            draft.blockers.append(Blocker(here, "not a list", ways))
            draft.document[self.source] = copied(value)
            return
        ids: list[JsonValue] = []
        for index, member in enumerate(value):
            usable = member if type(member) is str else self._id(member)
            if usable is None:
                reason = f"no {self.id_key} that is a UUID"
                draft.blockers.append(Blocker((*here, str(index)), reason, ways, here))
            ids.append(copied(member) if usable is None else usable)
        draft.document[self.source] = ids

    def passed_over(self, value: JsonValue) -> Iterator[tuple[Tokens, JsonValue]]:
        """The other keys of each object."""
        for member in value if type(value) is list else ():
            identity = self._id(member)
            if identity is not None:
                yield from _beyond(member, frozenset({self.id_key}), (self.source, identity))

    def _id(self, member: JsonValue) -> str | None:
        found = member.get(self.id_key) if type(member) is dict else None
        return found if type(found) is str and UUID.fullmatch(found) else None


class SplitList(NamedTuple):
    """A list of objects that the request splits in two by a flag.

    Objects without the flag become their names, in ``plain``; their other keys belong to the
    source, and are passed over. Objects with it go into ``flagged`` with their ``carried`` keys
    and, where it is not null, the ``text`` key; their ``server_owned`` keys are known and never
    sent, any other key is unknown.
    """

    source: str
    flag: str
    name: str
    plain: str
    flagged: str
    carried: tuple[str, ...]
    text: str
    server_owned: frozenset[str]

    @property
    def makes(self) -> tuple[str, ...]:
        """The keys of the two lists."""
        return self.plain, self.flagged

    def project(self, value: JsonValue, draft: Rebuilt) -> None:
        """Adds the two lists; the second only where it has items."""
        if type(value) is not list:
            draft.blockers.append(Blocker((self.plain,), "not a list", self._whole(self.plain)))
            draft.document[self.plain] = copied(value)
            return
        names: list[JsonValue] = []
        objects: list[JsonValue] = []
        for member in value:
            # Tested first: most items are plain, and there may be thousands.
            if self._is_plain(member):
                names.append(member[self.name])
            elif type(member) is dict and member.get(self.flag) is True:
                objects.append(self._object(member, len(objects), draft))
            elif type(member) is str and member:
                names.append(member)
            else:
                here = (self.plain,)
                place = (*here, str(len(names)))
                ways = self._whole(self.plain)
                draft.blockers.append(Blocker(place, self._problem(member), ways, here))
                names.append(copied(member))
        draft.document[self.plain] = names
        if objects:
            draft.document[self.flagged] = objects

    def passed_over(self, value: JsonValue) -> Iterator[tuple[Tokens, JsonValue]]:
        """The other keys of each object without the flag."""
        known = self._known
        for member in value if type(value) is list else ():
            if type(member) is dict and not known.issuperset(member) and self._is_plain(member):
                yield from _beyond(member, known, (self.plain, member[self.name]))

    def _is_plain(self, member: JsonValue) -> bool:
        if type(member) is not dict:
            return False
        flag, name = member.get(self.flag), member.get(self.name)
        return (flag is None or flag is False) and type(name) is str and name != ""

    def _problem(self, member: JsonValue) -> str:
        if type(member) is not dict:
            return "not an object"
        flag = member.get(self.flag)
        has_no_name = flag is None or flag is False
        return f"no {self.name}" if has_no_name else f"{self.flag} is not a boolean"

    def _object(self, member: Document, index: int, draft: Rebuilt) -> Document:
        """The object to be sent; what it lacks or has in another form blocks."""
        here = (self.flagged,)
        place = (*here, str(index))
        found = {key: copied(member[key]) for key in self.carried if member.get(key) is not None}
        lacking = [key for key in self.carried if type(found.get(key)) is not str]
        if not found.get(self.name) and self.name not in lacking:
            lacking.insert(0, self.name)
        if lacking:
            fill = " ".join(option("set", (*place, key), "=TEXT") for key in lacking)
            reason = f"added by a user, without {' and '.join(lacking)}"
            ways = (fill, *self._whole(self.flagged))
            draft.blockers.append(Blocker(place, reason, ways, here))
        text = member.get(self.text)
        if text is not None:
            found[self.text] = text if type(text) is str else jsontext.dump(text)
        if text is not None and type(text) is not str:
            draft.note("example-as-text", (*place, self.text), "is sent as JSON text")
        known = self._known
        for key, value in member.items():
            if key not in known and draft.takes_unknown((*place, key), value, here):
                found[key] = copied(value)
        return found

    def _whole(self, key: str) -> tuple[str, ...]:
        """The option that replaces a whole list."""
        return (option("set", (key,), ":=[...]"),)

    @property
    def _known(self) -> frozenset[str]:
        """The known keys of an item."""
        return self.server_owned | {self.flag, self.text, *self.carried}


def _beyond(
    member: Document, known: frozenset[str], at: Tokens
) -> Iterator[tuple[Tokens, JsonValue]]:
    for key, value in member.items():
        if key not in known and not is_blank(value):
            yield (*at, key), value


def project(
    raw: Document, members: tuple[Member, ...], shape: Shape, unknown_fields: OnUnknown
) -> Projection:
    """The writable document of ``raw``, and what in it cannot be sent.

    Keys that are not in ``shape`` are unknown.
    """
    draft = Rebuilt(UnknownKeys.of(unknown_fields))
    sources = {member.source for member in members}
    made = {key for member in members for key in member.makes}
    for member in members:
        value = raw.get(member.source)
        if value is not None:
            member.project(value, draft)
    for key, value in raw.items():
        if value is None or key in sources or key in shape.server_owned:
            continue
        if key in made:
            _block_namesake(key, value, draft)
        elif key in shape.members:
            if not (value == "" and key in shape.blank_texts):
                draft.document[key] = copied(value)
        elif draft.takes_unknown((key,), value):
            draft.document[key] = copied(value)
    document = shape.ordered(draft.document)
    return Projection(document, tuple(draft.blockers), tuple(draft.notices))


def _block_namesake(key: str, value: JsonValue, draft: Rebuilt) -> None:
    """Reports an unknown key of the response that has the name of a key of the document."""
    if is_blank(value):
        return
    if draft.unknown_keys.of_key(key) == "drop":
        draft.note("dropped", (key,), "in the response is left out (unknown key)")
        return
    ways = (CARRY_OR_DROP[1], option("set", (key,), ":=[...]"))
    reason = "unknown key in the response with the name of a known one"
    draft.blockers.append(Blocker((key,), reason, ways))
    draft.document.setdefault(key, copied(value))
