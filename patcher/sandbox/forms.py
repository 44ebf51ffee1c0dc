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
from typing import Any, Literal

from patcher.sandbox.messages import Document
from patcher.sandbox.seed import (
    COLUMNS,
    column,
    connection_type,
    enrichment_column,
    enrichment_fields,
    plain_field,
)

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


@dataclass(frozen=True, slots=True)
class Modes:
    """How this server differs from the plain one; real servers differ in these ways.

    Attributes:
        default_policies: attached to a model written without policies; empty means none.
        version_step: how far ``version`` moves with one write; 0 means it does not.
        version_of: only a write that changes one of these keys moves ``version``; by default
            every write does.
        without_version: responses have no ``version`` at all.
        order: "kept" answers lists as they were written, "sorted" in an order of the server's own.
        new_field_ids: every write gives every field a new id.
        etags: GET carries a strong ETag, and PUT honours If-Match.
        syntax_error_detail: what the source adds to a syntax error in a preview; sources may
            repeat their input, credentials included.
        missing_columns: columns that the source does not have, in a preview.
        previews: whether a preview shows the columns "listed" in the body's fields that the
            source has, or all that the "source" has. Which of these is so is not documented.
        light_lists: items of the list of models have identity and history, but no configuration,
            fields or other content.
        echo_blanks: a write stores the keys of a configuration that it left out, blank, and the
            tracking columns in there as well.
        json_examples: an example that is JSON text is answered as that JSON value.
        new_keys: columns and labels have undocumented read-only keys.
        redaction: the text in place of each credential in an answer; empty shows them.
    """

    default_policies: Sequence[str] = ()
    version_step: int = 1
    version_of: Sequence[str] = ()
    without_version: bool = False
    order: Literal["kept", "sorted"] = "kept"
    new_field_ids: bool = False
    etags: bool = False
    syntax_error_detail: str = ""
    missing_columns: Sequence[str] = ()
    previews: Literal["listed", "source"] = "listed"
    light_lists: bool = False
    echo_blanks: bool = False
    json_examples: bool = False
    new_keys: bool = False
    redaction: str = ""

    def __post_init__(self) -> None:
        # Modes are part of a cache key, so a list must not stay one.
        for name in ("default_policies", "version_of", "missing_columns"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def next_version(
        self, version: int, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> int:
        """The version of the document ``after``, which has replaced ``before``."""
        counts = not self.version_of or any(
            before.get(key) != after.get(key) for key in self.version_of
        )
        return version + self.version_step if counts else version


@dataclass(frozen=True, slots=True)
class Stamp:
    """The author and time of a change."""

    at: str
    by: dict[str, str]


def known_columns(body: Mapping[str, Any], before: Sequence[str] = ()) -> list[str]:
    """Every column the model's source is known to have: those named so far, then the usual ones."""
    return list(dict.fromkeys([*before, *(body.get("fields") or ()), *COLUMNS]))


def settle(
    body: Mapping[str, Any], columns: Iterable[str], organization_id: str, modes: Modes
) -> Document:
    """The document a write leaves behind.

    Null is the same as absent. Absent or empty ``fields`` become every column (the model widens),
    absent ``enricher.fields`` every field of the enricher, absent ``organization_id`` the caller's
    own, absent ``policies`` the default of ``modes``. An empty ``identifier`` is removed. Missing
    properties of enricher fields are filled in. Unknown and read-only keys are ignored.
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
    if modes.default_policies:
        document.setdefault("policies", list(modes.default_policies))
    document.setdefault("organization_id", organization_id)
    return {key: document[key] for key in WRITABLE if key in document}


def _settle_enricher(enricher: Mapping[str, Any]) -> Document:
    """Without ``enricher_id`` it is a new enrichment; without ``fields`` it opens them all."""
    settled = dict(enricher)
    settled.setdefault("enricher_id", str(uuid.uuid4()))
    fields = settled.get("fields") or enrichment_fields()
    settled["fields"] = [_settle_enricher_field(field) for field in fields]
    return settled


def _settle_enricher_field(given: Mapping[str, Any]) -> Document:
    """A field with what the enricher knows of it, and what was given of it."""
    described = enrichment_column(str(given.get("name", "")))
    del described["example"]
    return {**described, **{key: value for key, value in given.items() if key not in _HISTORY}}


def expose(
    document: Document, before: Sequence[Document], stamp: Stamp, *, new_ids: bool = False
) -> list[Document]:
    """The field objects of a model: its columns, then its user-added fields.

    A field that keeps its name keeps its id, unless ``new_ids`` says otherwise.
    """
    known = {(field["name"], field["user_added"]): field for field in before}
    wanted = [column(name) for name in document["fields"]]
    wanted += [_added_field(field) for field in document.get("additional_fields", ())]
    return [
        _with_history(field, known.get((field["name"], field["user_added"])), stamp, new_id=new_ids)
        for field in wanted
    ]


def _added_field(field: Mapping[str, Any]) -> Document:
    shown = {key: field.get(key) for key in ("label", "type", "example")}
    return {**plain_field(field["name"], field["type"]), **shown, "user_added": True}


def _with_history(
    field: Document, before: Mapping[str, Any] | None, stamp: Stamp, *, new_id: bool
) -> Document:
    changed = before is None or any(before[key] != value for key, value in field.items())
    return {
        "id": str(uuid.uuid4()) if before is None or new_id else before["id"],
        **field,
        "created_at": stamp.at if before is None else before["created_at"],
        "created_by": stamp.by if before is None else before["created_by"],
        "updated_at": stamp.at if before is None or changed else before["updated_at"],
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
    shown["type"] = connection_type(document["connection_id"])
    shown["fields"] = [_shown_field(field, modes) for field in fields]
    if "labels" in shown:
        shown["labels"] = [_shown_label(label, modes) for label in shown["labels"]]
    if "enricher" in shown and made is not None:
        shown["enricher"] = _shown_enricher(shown["enricher"], made)
    if modes.redaction:
        for holder in (shown, shown.get("enricher", {})):
            if "configuration" in holder:
                holder["configuration"] = _redacted(holder["configuration"], modes.redaction)
    return _in_own_order(shown) if modes.order == "sorted" else shown


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


def _in_own_order(shown: Document) -> Document:
    ordered = dict(shown)
    for key in ("fields", "tracking_columns", "relations", "labels", "policies"):
        if key in ordered:
            ordered[key] = sorted(ordered[key], key=_sort_key)
    if "enricher" in ordered:
        fields = sorted(ordered["enricher"]["fields"], key=_sort_key)
        ordered["enricher"] = {**ordered["enricher"], "fields": fields}
    return ordered


def _sort_key(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("name") or item.get("from") or item.get("id"))
    return str(item)


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
