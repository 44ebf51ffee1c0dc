"""Where a document speaks of its source's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from patcher.documents.values import Document, JsonValue, Tokens, strictly_equal
from patcher.resources.snapshot import Snapshot

ANY = "*"
"""Stands for every index of a list in a place."""


class Columns(NamedTuple):
    """Which members of a document depend on what columns its source has.

    Attributes:
        source: the members that decide which columns there are.
        listed: the list of the columns that are taken; left out or empty, all of them are.
        added: the list of objects for what a user added to them.
        named: the places that name a column, ANY for every index.
        exposed: the response's list of what is exposed, objects with a ``name``.
        flag: what is true in there for what a user added.
        enriched: the list, in an object of its own, of what comes from elsewhere.
        enricher_ids: the place of the id that goes with these.
    """

    source: tuple[str, ...]
    listed: str
    added: str
    named: tuple[Tokens, ...]
    exposed: str
    flag: str
    enriched: Tokens
    enricher_ids: Tokens

    def references(self, document: Document) -> Iterator[tuple[Tokens, str]]:
        """Every place of ``document`` that names a column, with the name."""
        for pattern in self.named:
            yield from _found(document, pattern, ())

    def in_doubt(self, document: Document, proposed: Document) -> tuple[str, ...]:
        """The members of ``proposed`` whose columns only the source can tell; mostly none."""
        is_same_source = all(
            strictly_equal(document.get(key), proposed.get(key)) for key in self.source
        )
        if is_same_source:
            widens = bool(document.get(self.listed)) and not proposed.get(self.listed)
            return (self.listed,) if widens else ()
        there = {place[0]: None for place, _ in self.references(proposed)}
        return (self.listed, *(key for key in there if key != self.listed))

    def exposed_now(self, reading: Snapshot) -> dict[str, str | None]:
        """The names that a reading exposes, each with its id where it has one."""
        members = reading.raw.get(self.exposed)
        return {
            one["name"]: one["id"] if type(one.get("id")) is str else None
            for one in (members if type(members) is list else ())
            if type(one) is dict and type(one.get("name")) is str
        }


def _found(value: JsonValue, pattern: Tokens, at: Tokens) -> Iterator[tuple[Tokens, str]]:
    if not pattern:
        if type(value) is str and value:
            yield at, value
    elif pattern[0] == ANY:
        for index, member in enumerate(value if type(value) is list else ()):
            yield from _found(member, pattern[1:], (*at, str(index)))
    elif type(value) is dict and pattern[0] in value:
        yield from _found(value[pattern[0]], pattern[1:], (*at, pattern[0]))
