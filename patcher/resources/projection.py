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

from patcher.documents.pointers import path_to, pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import Document, JsonValue, Tokens, copied
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
    """Converts a list of the response that has another form in the document.

    Attributes:
        source: its key in the response.
        makes: the keys of the document that it becomes.
        ways: the options that replace it whole.
    """

    source: str
    makes: tuple[str, ...]
    ways: tuple[str, ...]

    def project(self, items: list[JsonValue], draft: Rebuilt) -> None:
        """Adds what the list becomes to the draft."""

    def passed_over(self, items: list[JsonValue]) -> Iterator[tuple[Tokens, JsonValue]]:
        """Non-blank content of the list that is not sent, since it belongs to something else.

        Each with a place of three parts: the list in the document, the item as it is sent, a key.
        """


def beyond(item: Document, known: frozenset[str], at: Tokens) -> Iterator[tuple[Tokens, JsonValue]]:
    """The values of an item, which is at ``at``, that are not blank, less those at known keys."""
    for key, value in item.items():
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
        if type(value) is list:
            member.project(value, draft)
        elif value is not None:
            draft.blockers.append(Blocker(member.makes[:1], "not a list", member.ways))
            draft.document[member.makes[0]] = copied(value)
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
    return Projection(shape.ordered(draft.document), tuple(draft.blockers), tuple(draft.notices))


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
