"""Polytomic's model: GET and PUT ``/api/models/{id}``, API version 2025-09-18.

"Updating a model is a full replacement": what a PUT leaves out is cleared or reset to its default.
The request has the keys of the schema (and the option ``refresh``); the response has three of them
in another form.

A PUT sends only the ID of a label and the name of a source's field, so their other keys are passed
over. Any other key that is unknown here and not blank may be writable,
and blocks the write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from patcher.documents import jsontext
from patcher.documents.shape import KeyedList, Shape
from patcher.documents.values import UUID, Document, JsonValue, Tokens, copied
from patcher.resources.blockers import Blocker
from patcher.resources.findings import CHECKS, Columns
from patcher.resources.projection import Rebuilt, beyond, option
from patcher.resources.resource import Resource
from patcher.resources.schema import DocumentSchema

_AUDIT = frozenset({"created_at", "created_by", "updated_at", "updated_by"})

_FIELDS_OWN = frozenset({"id", "description", "remote_type", "unique"}) | _AUDIT
"""The keys of a field that are the server's own."""

_SCHEMA = DocumentSchema(
    "model.schema.json",
    server_owned={("additional_fields",): _FIELDS_OWN | {"user_added"}},
)


class Labels:
    """The labels: texts stay, an object becomes its ID if that is a UUID.

    Its other keys belong to the label, and are passed over.
    """

    source = "labels"
    makes: tuple[str, ...] = ("labels",)
    ways: tuple[str, ...] = (option("set", makes, ':=["UUID"]'), option("unset", makes))

    def project(self, items: list[JsonValue], draft: Rebuilt) -> None:
        """Adds the list of IDs; an item without one stays as it is and blocks."""
        ids: list[JsonValue] = []
        for index, item in enumerate(items):
            usable = item if type(item) is str else _label_id(item)
            if usable is None:
                place = ("labels", str(index))
                draft.blockers.append(
                    Blocker(place, "no id that is a UUID", self.ways, ("labels",))
                )
            ids.append(copied(item) if usable is None else usable)
        draft.document["labels"] = ids

    def passed_over(self, items: list[JsonValue]) -> Iterator[tuple[Tokens, JsonValue]]:
        """The other keys of each object."""
        for item in items:
            found = _label_id(item)
            if found is not None:
                yield from beyond(item, frozenset({"id"}), ("labels", found))


def _label_id(item: JsonValue) -> str | None:
    found = item.get("id") if type(item) is dict else None
    return found if type(found) is str and UUID.fullmatch(found) else None


_SENT: Final = ("name", "label", "type")
_KNOWN: Final = _FIELDS_OWN | {"user_added", "example", *_SENT}


class Fields:
    """The fields: the request has the names of the source's, and objects for those of users.

    What else is known of a field of the source belongs to the source, and is passed over. Of one
    that a user added name, label, type and, where it is not null, the example are sent; the
    server's own keys never, and any other is unknown.
    """

    source = "fields"
    makes: tuple[str, ...] = ("fields", "additional_fields")
    ways: tuple[str, ...] = (option("set", ("fields",), ":=[...]"),)

    def project(self, items: list[JsonValue], draft: Rebuilt) -> None:
        """Adds the two lists; the second only where it has items."""
        names: list[JsonValue] = []
        objects: list[JsonValue] = []
        for item in items:
            # Tested first: most items are plain, and there may be thousands.
            if _is_plain(item):
                names.append(item["name"])
            elif type(item) is dict and item.get("user_added") is True:
                objects.append(_added(item, len(objects), draft))
            elif type(item) is str and item:
                names.append(item)
            else:
                place = ("fields", str(len(names)))
                draft.blockers.append(Blocker(place, _problem(item), self.ways, ("fields",)))
                names.append(copied(item))
        draft.document["fields"] = names
        if objects:
            draft.document["additional_fields"] = objects

    def passed_over(self, items: list[JsonValue]) -> Iterator[tuple[Tokens, JsonValue]]:
        """The other keys of each field of the source."""
        for item in items:
            if type(item) is dict and not _KNOWN.issuperset(item) and _is_plain(item):
                yield from beyond(item, _KNOWN, ("fields", item["name"]))


def _is_plain(item: JsonValue) -> bool:
    """Whether an item is a field of the source, and has a name."""
    if type(item) is not dict:
        return False
    flag, name = item.get("user_added"), item.get("name")
    return (flag is None or flag is False) and type(name) is str and name != ""


def _problem(item: JsonValue) -> str:
    if type(item) is not dict:
        return "not an object"
    flag = item.get("user_added")
    return "no name" if flag is None or flag is False else "user_added is not a boolean"


def _added(item: Document, index: int, draft: Rebuilt) -> Document:
    """The object to be sent for a field that a user added; what it lacks blocks."""
    here = ("additional_fields",)
    place = (*here, str(index))
    found = {key: copied(item[key]) for key in _SENT if item.get(key) is not None}
    lacking = [key for key in _SENT if type(found.get(key)) is not str]
    if found.get("name") == "":
        lacking.insert(0, "name")
    if lacking:
        fill = " ".join(option("set", (*place, key), "=TEXT") for key in lacking)
        reason = f"added by a user, without {' and '.join(lacking)}"
        draft.blockers.append(Blocker(place, reason, (fill, option("set", here, ":=[...]")), here))
    example = item.get("example")
    if example is not None:
        found["example"] = example if type(example) is str else jsontext.dump(example)
    if example is not None and type(example) is not str:
        draft.note("example-as-text", (*place, "example"), "is sent as JSON text")
    for key, value in item.items():
        if key not in _KNOWN and draft.takes_unknown((*place, key), value, here):
            found[key] = copied(value)
    return found


MODEL = Resource(
    noun="model",
    collection="/api/models",
    write_job="updatemodel",
    shape=Shape(
        members=_SCHEMA.keys,
        required=_SCHEMA.required,
        server_owned=frozenset({"id", "type", "version"}) | _AUDIT,
        lists={
            ("fields",): KeyedList(),
            ("additional_fields",): KeyedList(by=("name",)),
            ("tracking_columns",): KeyedList(),
            ("relations",): KeyedList(by=("from", "to")),
            ("labels",): KeyedList(),
            ("policies",): KeyedList(),
            ("enricher", "fields"): KeyedList(by=("name",)),
        },
        # Left out, both open every column there is (api.md, 2.3 and 2.4).
        widening=frozenset({("fields",), ("enricher", "fields")}),
        opaque=(("configuration",), ("enricher", "configuration")),
        alternatives={("fields",): ("additional_fields",), ("additional_fields",): ("fields",)},
        uuids=_SCHEMA.uuids,
        blank_texts=frozenset({"identifier"}),
    ),
    schema=_SCHEMA,
    members=(Fields(), Labels()),
    # "Cleared or reset to its default" (api.md, 2.4); an enricher without an id is a new one.
    filled={
        ("organization_id",): "any",
        ("enricher", "enricher_id"): "id",
        ("policies",): "other",
        ("fields",): "other",
        ("enricher", "fields"): "other",
        **{("enricher", "fields", "-", key): "own" for key in {"id"} | _AUDIT},
    },
    json_texts=frozenset({("additional_fields", "-", "example")}),
    columns=Columns(
        source=("connection_id", "configuration"),
        listed="fields",
        added="additional_fields",
        named=(
            ("fields", "-"),
            ("identifier",),
            ("tracking_columns", "-"),
            ("relations", "-", "from"),
            ("additional_fields", "-", "name"),
        ),
        exposed="fields",
        flag="user_added",
        enriched=("enricher", "fields"),
        enricher_ids=("enricher", "enricher_id"),
    ),
    preview=("/api/model-preview", "previewmodel"),
    checks=CHECKS,
)
