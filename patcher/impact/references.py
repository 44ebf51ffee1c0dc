"""Where a sync refers to a model's fields, by name and by id. Pure.

The places are those of api.md, section 5, but they are not all that is looked at: whatever has a
model's id and a field beside each other is a reference, also where this version does not know it.
What should be a reference and cannot be read as one is reported, and not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.values import Document, JsonValue, Tokens
from patcher.impact.fieldchange import Breakage, FieldChange

_SERVERS_OWN: Final = frozenset(
    {"id", "name", "problems", "created_at", "created_by", "updated_at", "updated_by"}
)

_LISTS: Final[Mapping[Tokens, tuple[str, ...]]] = {
    ("fields",): ("source",),
    ("identities", "mappings"): ("source",),
    ("model_filters", "conditions"): ("source",),
    ("target_filters", "conditions"): ("value_source",),
    ("filters",): ("field", "value_field"),
    ("overrides",): ("field",),
    ("override_fields",): ("source",),
}
"""The lists whose members refer to fields, and under which keys (api.md, section 5)."""

_BY_ID: Final = ("filters", "overrides")
_IDENTITIES: Final = ("identity", "identities")


class Reference(NamedTuple):
    """A place (a JSON Pointer into the sync) that refers to a field.

    ``by`` is "name" or "id"; ``breaks`` says what the change does to it, or None.
    """

    path: str
    field: str
    by: Literal["name", "id"]
    breaks: Breakage | None

    def to_dict(self) -> dict[str, str | None]:
        """As the JSON faces print it."""
        return self._asdict()


def references(sync: Document, change: FieldChange) -> Iterator[Reference]:
    """Every reference of ``sync`` to the fields that ``change`` is about."""
    names = {one.lower(): name for name, one in change.ids.items()}
    for place, name, by_id in _found(_without(sync), change.owners, names, ()):
        identifies = place[0] in _IDENTITIES
        breaks = change.breakage(name, identifies=identifies)
        yield Reference(pointer_to(place), name, "id" if by_id else "name", breaks)


def unreadable(sync: Document) -> Iterator[str]:
    """The places (JSON Pointers) that should refer to fields, and cannot be read."""
    for place, keys in _LISTS.items():
        holder = lookup(sync, place[:-1], None)
        if holder is not None and type(holder) is not dict:
            yield pointer_to(place[:-1])
            continue
        members = lookup(sync, place, None)
        if members is not None and type(members) is not list:
            yield pointer_to(place)
            continue
        for index, member in enumerate(members or ()):
            yield from _unreadable_member(member, (*place, str(index)), keys)
    identity = sync.get("identity")
    if identity is not None:
        yield from _unreadable_member(identity, ("identity",), ("source",))


def unreadable_relations(model: Document) -> Iterator[str]:
    """The places (JSON Pointers) in a model that should be relations, and cannot be read."""
    relations = model.get("relations")
    if relations is not None and type(relations) is not list:
        yield "/relations"
    for index, relation in enumerate(relations if type(relations) is list else ()):
        if type(relation) is not dict or not _is_source(relation.get("to")):
            yield pointer_to(("relations", str(index)))


def _unreadable_member(member: JsonValue, place: Tokens, keys: tuple[str, ...]) -> Iterator[str]:
    if type(member) is not dict:
        yield pointer_to(place)
        return
    for key in keys:
        # An override has no source; it may be spelled in several ways (api.md, 4.1).
        if member.get(key) and not _is_source(member[key]):
            yield pointer_to((*place, key))
    if place[0] in _BY_ID and type(member.get("field_id")) not in (str, type(None)):
        yield pointer_to((*place, "field_id"))


def _is_source(value: JsonValue) -> bool:
    if type(value) is not dict:
        return False
    return type(value.get("model_id")) is str and type(value.get("field")) is str


def _without(sync: Document) -> Document:
    return {key: value for key, value in sync.items() if key not in _SERVERS_OWN}


def _found(
    value: JsonValue, owners: frozenset[str], names: Mapping[str, str], at: Tokens
) -> Iterator[tuple[Tokens, str, bool]]:
    """Place, field name, and whether it is by id, of every reference in ``value``."""
    if type(value) is str:
        if value.lower() in names:
            yield at, names[value.lower()], True
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from _found(member, owners, names, (*at, str(index)))
    elif type(value) is dict:
        if _is_source(value) and value["model_id"].lower() in owners:
            yield at, value["field"], False
        for key, member in value.items():
            yield from _found(member, owners, names, (*at, key))
