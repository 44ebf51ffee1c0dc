"""The two forms of a model: the document that is written, and the object that is read.

A PUT replaces: whatever its body leaves out is cleared, or reset to a default. Pure functions of
documents.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from patcher.sandbox.messages import Document
from patcher.sandbox.seed import COLUMNS, DATA, ORGANIZATION_ID

WRITABLE = (
    "name",
    "connection_id",
    "configuration",
    "identifier",
    "fields",
    "additional_fields",
    "tracking_columns",
    "relations",
    "labels",
    "policies",
    "enricher",
    "organization_id",
)
"""What a write can carry; every other key of a body is ignored."""

_ADDITIONAL = ("name", "label", "type", "example")
_HISTORY = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by"})
_CONTENT = frozenset(WRITABLE) - {"name", "connection_id", "organization_id"}
_CREDENTIAL = re.compile("password|secret|token|key", re.IGNORECASE)
_CONNECTION_TYPES = ("postgresql", "snowflake", "bigquery", "mysql")


@dataclass(frozen=True, slots=True)
class Modes:
    """How this server differs from the plain one; real servers plausibly differ in these ways.

    Attributes:
        light_lists: items of the list of models have identity and history, but no configuration,
            fields or other content.
        echo_blanks: a write stores the keys of a configuration that it left out, blank, and the
            tracking columns in there as well.
        json_examples: an example that is JSON text is answered as that JSON value.
        new_keys: columns and labels have undocumented read-only keys.
        redaction: the text in place of each credential in an answer; empty shows them.
    """

    light_lists: bool = False
    echo_blanks: bool = False
    json_examples: bool = False
    new_keys: bool = False
    redaction: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The author and time of a change."""

    at: str
    by: dict[str, str]


def known_columns(body: Mapping[str, Any], before: Sequence[str] = ()) -> list[str]:
    """Every column the model's source is known to have: those named so far, then the usual ones."""
    return list(dict.fromkeys([*before, *(body.get("fields") or ()), *COLUMNS]))


def settle(body: Mapping[str, Any], columns: Iterable[str], modes: Modes) -> Document:
    """The document a write leaves behind.

    Null is the same as absent. Absent or empty ``fields`` become every column (the model widens),
    absent ``enricher.fields`` every field of the enricher, absent ``organization_id`` the caller's
    own. An empty ``identifier`` is removed. Missing properties of enricher fields are filled in.
    Unknown and read-only keys are ignored.
    """
    document = {key: body[key] for key in WRITABLE if body.get(key) is not None}
    additional = [
        {key: field[key] for key in _ADDITIONAL if key in field}
        for field in document.pop("additional_fields", ())
    ]
    added = {field["name"] for field in additional}
    names = document.get("fields") or columns
    document["fields"] = [name for name in names if name not in added]
    if additional:
        document["additional_fields"] = additional
    if not document.get("identifier"):
        document.pop("identifier", None)
    if "enricher" in document:
        document["enricher"] = _settle_enricher(document["enricher"])
    if modes.echo_blanks:
        tracked = document.get("tracking_columns", [])
        blanks = {"query": "", "table": "", "tracking_columns": tracked}
        document["configuration"] = {**blanks, **body["configuration"]}
    document.setdefault("organization_id", ORGANIZATION_ID)
    return {key: document[key] for key in WRITABLE if key in document}


def _settle_enricher(enricher: Mapping[str, Any]) -> Document:
    """Without ``enricher_id`` it is a new enrichment; without ``fields`` it opens them all."""
    settled = dict(enricher)
    settled.setdefault("enricher_id", str(uuid.uuid4()))
    fields = settled.get("fields") or [{"name": name} for name in DATA["enrichment_fields"]]
    settled["fields"] = [_settle_enricher_field(field) for field in fields]
    return settled


def _settle_enricher_field(given: Mapping[str, Any]) -> Document:
    """A field with what the enricher knows of it, and what was given of it."""
    name = str(given.get("name", ""))
    described = {**_plain_field(name, "string"), **DATA["enrichment_fields"].get(name, {})}
    return {**described, **{key: value for key, value in given.items() if key not in _HISTORY}}


def expose(document: Document, before: Sequence[Document], stamp: Stamp) -> list[Document]:
    """The field objects of a model: its columns, then its user-added fields.

    A field that keeps its name keeps its id.
    """
    known = {(field["name"], field["user_added"]): field for field in before}
    wanted = [_column(name) for name in document["fields"]]
    wanted += [_added_field(field) for field in document.get("additional_fields", ())]
    return [
        _with_history(field, known.get((field["name"], field["user_added"])), stamp)
        for field in wanted
    ]


def _column(name: str) -> Document:
    """The field for a column of the source.

    No source is queried: an unknown column exists, with type ``string``, so that any model can be
    stored.
    """
    return {**_plain_field(name, "text"), "example": None, **DATA["columns"].get(name, {})}


def _added_field(field: Mapping[str, Any]) -> Document:
    shown = {key: field.get(key) for key in ("label", "type", "example")}
    return {**_plain_field(field["name"], field["type"]), **shown, "user_added": True}


def _plain_field(name: str, remote_type: str) -> Document:
    """A field of which nothing else is known."""
    return {
        "name": name,
        "label": name.replace("_", " ").title(),
        "description": "",
        "type": "string",
        "remote_type": remote_type,
        "unique": False,
        "user_added": False,
    }


def _with_history(field: Document, before: Mapping[str, Any] | None, stamp: Stamp) -> Document:
    old = before or {"id": str(uuid.uuid4()), "created_at": stamp.at, "created_by": stamp.by}
    is_changed = any(old.get(key) != value for key, value in field.items())
    return {
        "id": old["id"],
        **field,
        "created_at": old["created_at"],
        "created_by": old["created_by"],
        "updated_at": stamp.at if is_changed else old["updated_at"],
    }


def read_form(
    document: Document, fields: Sequence[Document], modes: Modes, made: Stamp | None = None
) -> Document:
    """What a GET shows of a document, less identity and history: fields and labels are objects.

    The enricher's fields have theirs where it is given when the model was ``made``.
    """
    shown: Document = {
        key: value for key, value in document.items() if key not in ("fields", "additional_fields")
    }
    shown["type"] = _connection_type(document["connection_id"])
    shown["fields"] = [_shown_field(field, modes) for field in fields]
    if "labels" in shown:
        shown["labels"] = [_shown_label(label, modes) for label in shown["labels"]]
    if "enricher" in shown and made is not None:
        shown["enricher"] = _shown_enricher(shown["enricher"], made)
    if modes.redaction:
        for holder in (shown, shown.get("enricher", {})):
            if "configuration" in holder:
                holder["configuration"] = _redacted(holder["configuration"], modes.redaction)
    return shown


def _connection_type(connection_id: str) -> str:
    return _CONNECTION_TYPES[sum(connection_id.encode()) % len(_CONNECTION_TYPES)]


def list_form(shown: Document) -> Document:
    """An item of a light list: a model in the GET form without its content."""
    return {key: value for key, value in shown.items() if key not in _CONTENT}


def _shown_field(field: Document, modes: Modes) -> Document:
    shown = dict(field)
    if modes.json_examples and field["user_added"] and isinstance(field["example"], str):
        with suppress(ValueError):
            shown["example"] = json.loads(field["example"])
    is_newer = modes.new_keys and not field["user_added"]
    return {**shown, "is_primary_key": field["unique"]} if is_newer else shown


def _shown_enricher(enricher: Document, made: Stamp) -> Document:
    history = {"created_at": made.at, "created_by": made.by, "updated_at": made.at}
    space = uuid.UUID(enricher["enricher_id"])
    fields = [
        {"id": str(uuid.uuid5(space, str(field["name"]))), **field, **history}
        for field in enricher["fields"]
    ]
    return {**enricher, "fields": fields}


def _shown_label(label: str, modes: Modes) -> Document:
    digits = label.replace("-", "")
    shown = {"id": label, "name": f"Label {digits[:4]}", "color": f"#{digits[-6:]}"}
    return {**shown, "description": "", "uses": 3} if modes.new_keys else shown


def _redacted(value: Any, redaction: str) -> Any:
    if isinstance(value, dict):
        return {
            key: redaction
            if isinstance(inner, str) and _CREDENTIAL.search(key)
            else _redacted(inner, redaction)
            for key, inner in value.items()
        }
    return [_redacted(item, redaction) for item in value] if isinstance(value, list) else value


def merged(document: Any, changes: Any) -> Any:
    """``changes`` merged into ``document`` (RFC 7396): null removes, lists are replaced."""
    if not isinstance(changes, dict):
        return changes
    result = dict(document) if isinstance(document, dict) else {}
    for key, change in changes.items():
        if change is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), change)
    return result
