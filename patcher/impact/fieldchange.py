"""What a change takes away from those who refer to fields, and where they refer to them. Pure.

Fields are referred to by name, by id and by the identifier. A field that goes while another comes
is dropped, unless the change itself says that it is renamed: by giving a single item of a list
another name in its place (documents.patches). The places that may refer to one are those of
api.md, section 5, and any object with a model's id and a field in it, also where this version does
not know it. What should be a reference and cannot be read as one is reported, and not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from patcher.documents.patches import Renamed
from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.values import Document, JsonValue, Tokens
from patcher.impact.preview import Preview, Redact, names_of
from patcher.resources.findings import Columns
from patcher.resources.snapshot import Snapshot

Breakage: TypeAlias = Literal["dropped", "renamed", "identifier-changed"]
"""Why a reference no longer leads where it did."""


class FieldChange(NamedTuple):
    """What is no longer there under its name, and what else identifies records.

    Attributes:
        dropped: names of fields that go.
        renamed: fields that the change says to be called otherwise, old name to new.
        identifier: the identifier before and after, where it changes; None where there is none.
        is_certain: whether that is all; False where the source is another and no preview told
            what it has.
        ids: the ids of the fields that are there now, by name.
        owners: whose fields they are: the ids that references name beside a field.
    """

    dropped: frozenset[str]
    renamed: Mapping[str, str]
    identifier: tuple[str | None, str | None] | None
    is_certain: bool
    ids: Mapping[str, str]
    owners: frozenset[str]

    def breakage(self, name: str, *, identifies: bool = False) -> Breakage | None:
        """What happens to a reference to the field ``name``, or None.

        ``identifies`` says that records are matched by it.
        """
        if name in self.renamed:
            return "renamed"
        if name in self.dropped:
            return "dropped"
        if identifies and self.identifier and self.identifier[0] == name:
            return "identifier-changed"
        return None

    @property
    def breaks_nothing(self) -> bool:
        """Whether no reference at all is broken, as far as can be known."""
        return not (self.dropped or self.renamed or self.identifier)

    def redacted(self, redact: Redact) -> FieldChange:
        """The same without credentials, wherever one is repeated."""
        old, new = self.identifier or (None, None)
        return self._replace(
            dropped=frozenset(map(redact, self.dropped)),
            renamed={redact(name): redact(now) for name, now in self.renamed.items()},
            identifier=self.identifier and (old and redact(old), new and redact(new)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As the JSON faces print it (docs/json.md)."""
        old, new = self.identifier or (None, None)
        return {
            "dropped": sorted(self.dropped),
            "renamed": [{"from": name, "to": now} for name, now in self.renamed.items()],
            "identifier": {"from": old, "to": new} if self.identifier else None,
            "is_certain": self.is_certain,
        }


def field_change(
    columns: Columns,
    reading: Snapshot,
    document: Document,
    proposed: Document,
    renames: Iterable[Renamed],
    preview: Preview | None,
) -> FieldChange:
    """What writing ``proposed`` in the place of ``document`` takes away.

    ``reading`` is where ``document`` comes from. Without a ``preview`` that was done, a change of
    the source leaves open what becomes of the fields.
    """
    now = columns.exposed_now(reading)
    before = {*now, *_own(columns, document)} | _enriched(columns, document, {})
    after = _source_names(columns, now, document, proposed, preview)
    after |= names_of(proposed.get(columns.added)) | _enriched(columns, proposed, document)
    gone = before - after
    renamed = _renamed(renames, gone, after)
    in_doubt = columns.in_doubt(document, proposed)
    old, new = document.get("identifier"), proposed.get("identifier")
    return FieldChange(
        dropped=frozenset(gone - renamed.keys()),
        renamed=renamed,
        identifier=(old, new) if old != new else None,
        is_certain=not in_doubt or bool(preview and preview.is_done),
        ids={name: one for name, one in now.items() if one},
        owners=_owners(columns, reading, document),
    )


def _source_names(
    columns: Columns,
    now: Iterable[str],
    document: Document,
    proposed: Document,
    preview: Preview | None,
) -> set[str]:
    """What is exposed of the source then, as far as anybody knows."""
    if preview is not None and preview.is_done:
        return set(preview.exposed)
    listed = proposed.get(columns.listed)
    return names_of(listed) if listed else set(now) - names_of(document.get(columns.added))


def _own(columns: Columns, document: Document) -> set[str]:
    return names_of(document.get(columns.listed)) | names_of(document.get(columns.added))


def _enriched(columns: Columns, document: Document, otherwise: Document) -> set[str]:
    """What the enricher adds; one that lists nothing adds all, of which ``otherwise`` is known."""
    if type(lookup(document, columns.enriched[:-1], None)) is not dict:
        return set()
    listed = lookup(document, columns.enriched, None)
    return names_of(listed or lookup(otherwise, columns.enriched, None))


def _renamed(renames: Iterable[Renamed], gone: set[str], after: set[str]) -> dict[str, str]:
    """The fields that are called otherwise in the end, of those that are gone by their name."""
    names: dict[str, str] = {}
    for one in renames:
        first = next((old for old, new in names.items() if new == one.old), one.old)
        names[first] = one.new
    return {old: new for old, new in names.items() if old in gone and new in after}


def _owners(columns: Columns, reading: Snapshot, document: Document) -> frozenset[str]:
    """The ids beside a field: the resource's, and that of its enricher (api.md, 2.6)."""
    found: tuple[JsonValue, ...] = (reading.id, lookup(document, columns.enricher_ids, None))
    return frozenset(one.lower() for one in found if type(one) is str)


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
