"""Which fields a change drops or renames, and the references to them. Pure.

Fields are referred to by name, by id and as the identifier. A field that goes while another comes
is dropped, unless the change itself renames it: it gives a single item of a list another name in
its place (documents.patches). References are at the places of api.md, section 5, and in any object
with a model's id and a field, also where this version does not know it. What should be a reference
and cannot be read as one is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from patcher.documents.patches import Renamed
from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.values import Document, JsonValue, Tokens, walk
from patcher.impact.preview import Preview, Redact, names_of
from patcher.resources.findings import Columns
from patcher.resources.snapshot import Snapshot

Breakage: TypeAlias = Literal["dropped", "renamed", "identifier-changed"]
"""Why a reference breaks."""


class FieldChange(NamedTuple):
    """What a change does to the fields that others may refer to.

    Attributes:
        dropped: names of dropped fields.
        renamed: fields that the change renames, old name to new.
        identifier: the identifier before and after where it changes, else None.
        is_certain: False where the source changes and no preview shows its fields.
        ids: the ids of the current fields, by name.
        owners: ids of the model and its enricher, which references name next to a field.
    """

    dropped: frozenset[str]
    renamed: Mapping[str, str]
    identifier: tuple[str | None, str | None] | None
    is_certain: bool
    ids: Mapping[str, str]
    owners: frozenset[str]

    def breakage(self, name: str, *, identifies: bool = False) -> Breakage | None:
        """How a reference to the field ``name`` breaks, or None.

        ``identifies`` says that records are matched by it.
        """
        if name in self.renamed:
            return "renamed"
        if name in self.dropped:
            return "dropped"
        if identifies and self.identifier and self.identifier[0] == name:
            return "identifier-changed"
        return None

    def redacted(self, redact: Redact) -> FieldChange:
        """The same with credentials masked."""
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
    base: Snapshot,
    document: Document,
    proposed: Document,
    renames: Iterable[Renamed],
    preview: Preview | None,
) -> FieldChange:
    """What replacing ``document`` (of the snapshot ``base``) by ``proposed`` does to the fields.

    After a change of the source, that is uncertain without a ``preview`` that is done.
    """
    now = columns.exposed_now(base)
    listed, added = names_of(document.get(columns.listed)), names_of(document.get(columns.added))
    before = now.keys() | listed | added | _enriched(columns, document, {})
    after = names_of(proposed.get(columns.added)) | _enriched(columns, proposed, document)
    if preview is not None and preview.is_done:
        after |= set(preview.exposed)
    elif shown := proposed.get(columns.listed):
        after |= names_of(shown)
    else:
        after |= now.keys() - added
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
        owners=_owners(columns, base, document),
    )


def _enriched(columns: Columns, document: Document, otherwise: Document) -> set[str]:
    """The enricher's fields; one that lists none adds all, of which ``otherwise`` lists some."""
    if type(lookup(document, columns.enriched[:-1], None)) is not dict:
        return set()
    listed = lookup(document, columns.enriched, None)
    return names_of(listed or lookup(otherwise, columns.enriched, None))


def _renamed(renames: Iterable[Renamed], gone: set[str], after: set[str]) -> dict[str, str]:
    """The fields of ``gone`` that the change renames, old name to new."""
    names: dict[str, str] = {}
    for one in renames:
        first = next((old for old, new in names.items() if new == one.old), one.old)
        names[first] = one.new
    return {old: new for old, new in names.items() if old in gone and new in after}


def _owners(columns: Columns, base: Snapshot, document: Document) -> frozenset[str]:
    """The ids of the resource and its enricher, in lower case (api.md, 2.6)."""
    found: tuple[JsonValue, ...] = (base.id, lookup(document, columns.enricher_ids, None))
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
"""The lists whose items refer to fields, and under which keys (api.md, section 5)."""

_BY_ID: Final = ("filters", "overrides")
_IDENTITIES: Final = frozenset({"identity", "identities"})


class Reference(NamedTuple):
    """A place (a JSON Pointer into the sync) that refers to a field.

    ``by`` is "name" or "id"; ``breaks`` says what the change does to it, or None.
    """

    path: str
    field: str
    by: Literal["name", "id"]
    breaks: Breakage | None


def references(sync: Document, change: FieldChange) -> Iterator[Reference]:
    """Every reference of ``sync`` to the fields that ``change`` is about."""
    names = {one.lower(): name for name, one in change.ids.items()}
    known = {key: value for key, value in sync.items() if key not in _SERVERS_OWN}
    for place, name, by_id in _found(known, change.owners, names):
        identifies = not _IDENTITIES.isdisjoint(place[:1])
        breaks = change.breakage(name, identifies=identifies)
        yield Reference(pointer_to(place), name, "id" if by_id else "name", breaks)


def unreadable(sync: Document) -> Iterator[str]:
    """The places (JSON Pointers) of unreadable references to fields."""
    for place, keys in _LISTS.items():
        holder, items = lookup(sync, place[:-1], None), lookup(sync, place, None)
        if holder is not None and type(holder) is not dict:
            yield pointer_to(place[:-1])
        elif items is not None and type(items) is not list:
            yield pointer_to(place)
        else:
            for index, item in enumerate(items or ()):
                yield from _unreadable_item(item, (*place, str(index)), keys)
    identity = sync.get("identity")
    if identity is not None:
        yield from _unreadable_item(identity, ("identity",), ("source",))


def unreadable_relations(model: Document) -> Iterator[str]:
    """The places (JSON Pointers) of unreadable relations in a model."""
    relations = model.get("relations")
    if relations is not None and type(relations) is not list:
        yield "/relations"
    for index, relation in enumerate(relations if type(relations) is list else ()):
        if type(relation) is not dict or not _is_source(relation.get("to")):
            yield pointer_to(("relations", str(index)))


def _unreadable_item(member: JsonValue, place: Tokens, keys: tuple[str, ...]) -> Iterator[str]:
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


def _found(
    sync: Document, owners: frozenset[str], names: Mapping[str, str]
) -> Iterator[tuple[Tokens, str, bool]]:
    """Place, field name, and whether it is by id, of every reference in ``sync``."""
    for place, value in walk(sync):
        if type(value) is str and value.lower() in names:
            yield place, names[value.lower()], True
        elif _is_source(value) and value["model_id"].lower() in owners:
            yield place, value["field"], False
