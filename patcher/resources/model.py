"""Polytomic's model: GET and PUT ``/api/models/{id}``, API version 2025-09-18.

"Updating a model is a full replacement": what a PUT leaves out is cleared or reset to its default.
The request has the keys of the schema (and the option ``refresh``); the response has three of them
in another form.

A PUT sends only the ID of a label (References) and the name of a source's field (SplitList), so
their other keys are passed over. Any other key that is unknown here and not blank may be writable,
and blocks the write.
"""

from __future__ import annotations

from patcher.documents.shape import KeyedList, Shape
from patcher.resources.findings import CHECKS, Columns
from patcher.resources.projection import References, SplitList
from patcher.resources.resource import Resource
from patcher.resources.schema import DocumentSchema

_AUDIT = frozenset({"created_at", "created_by", "updated_at", "updated_by"})

_FIELDS_OWN = frozenset({"id", "description", "remote_type", "unique"}) | _AUDIT
"""The keys of a field that are the server's own."""

_SCHEMA = DocumentSchema(
    "model.schema.json",
    server_owned={("additional_fields",): _FIELDS_OWN | {"user_added"}},
)

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
    members=(
        SplitList(
            "fields",
            flag="user_added",
            name="name",
            plain="fields",
            flagged="additional_fields",
            carried=("name", "label", "type"),
            text="example",
            server_owned=_FIELDS_OWN,
        ),
        References("labels"),
    ),
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
    columns=Columns(),
    preview=("/api/model-preview", "previewmodel"),
    checks=CHECKS,
)
