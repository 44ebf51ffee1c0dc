"""The rules and forms of the syncs API, which is read-only here.

A sync is given in the form of a write, and read in the form of a response. GET reports the newer
and the deprecated spelling of identities and filters, as documented. References to models and
fields that do not exist are listed in ``problems``; their codes are made up, since no list of them
is published. Nothing is ever synced.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from patcher.sandbox.forms import merged
from patcher.sandbox.messages import Document, NoSuchError, person
from patcher.sandbox.models import Models
from patcher.sandbox.seed import ORGANIZATION_ID
from patcher.sandbox.store import Database, Row

Known = Mapping[str, Document]
"""The GET form of each model that a sync names and that exists, by its id."""

_LIGHT = (
    "name",
    "active",
    "mode",
    "schedule",
    "only_enrich_updates",
    "organization_id",
    "skip_initial_backfill",
    "sync_all_records",
)


def light_form(document: Document) -> Document:
    """What the list shows of a sync, less identity and history."""
    shown = {key: document[key] for key in _LIGHT if key in document}
    target = document.get("target", {})
    shown |= {f"target_{key}": target[key] for key in ("connection_id", "object") if key in target}
    return shown


def read_form(document: Document, known: Known) -> Document:
    """What GET shows of a sync, less identity and history."""
    shown = {key: value for key, value in document.items() if key != "model_ids"}
    mappings = document.get("identities", {}).get("mappings", ())
    if mappings:
        shown.setdefault("identity", mappings[0])
    conditions = [
        _old_filter(kind, each, known)
        for kind in ("Model", "Target")
        for each in document.get(f"{kind.lower()}_filters", {}).get("conditions") or ()
    ]
    if conditions:
        shown.setdefault("filters", conditions)
    return shown


def _old_filter(kind: str, condition: Document, known: Known) -> Document:
    """A condition in the deprecated spelling, where filters of either kind are in one list."""
    keys = ("function", "label", "value")
    shown = {"field_type": kind, **{key: condition[key] for key in keys if key in condition}}
    if kind == "Target":
        shown["field_id"] = condition["field"]
        if "value_source" in condition:
            shown["value_field"] = condition["value_source"]
        return shown
    shown["field"] = source = condition["source"]
    field_id = _ids(known.get(source["model_id"], {})).get(source["field"])
    return {**shown, "field_id": field_id} if field_id else shown


def model_ids(document: Document) -> list[str]:
    """The models that the sources of a sync name, each once."""
    return list(dict.fromkeys(source["model_id"] for _, source in _sources(document)))


def problems(shown: Document, known: Known) -> list[Document]:
    """What the GET form refers to and no model has."""
    found = []
    for path, source in _sources(shown):
        model = known.get(source["model_id"])
        if model is None:
            found.append(_problem("unknown_model", f"model {source['model_id']} not found", path))
        elif source["field"] not in _names(model):
            message = f"field {source['field']} of model {model['name']} not found"
            found.append(_problem("unknown_field", message, path))
    ids = {each for model in known.values() for each in _ids(model).values()}
    for path, field_id in _field_ids(shown):
        if field_id not in ids:
            found.append(_problem("unknown_field", f"field {field_id} not found", path))
    return found


def _problem(code: str, message: str, path: str) -> Document:
    return {"code": code, "message": message, "path": path, "severity": "error"}


def _names(model: Document) -> set[str]:
    enriched = model.get("enricher", {}).get("fields", ())
    return {each["name"] for each in (*model.get("fields", ()), *enriched)}


def _ids(model: Document) -> dict[str, str]:
    return {each["name"]: each["id"] for each in model.get("fields", ())}


def _sources(value: Any, path: str = "") -> Iterator[tuple[str, Document]]:
    """Every ``{"model_id", "field"}`` in a sync, with its JSON path."""
    if isinstance(value, Mapping):
        if isinstance(value.get("model_id"), str) and isinstance(value.get("field"), str):
            yield path, dict(value)
        for key, inner in value.items():
            yield from _sources(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _sources(item, f"{path}[{index}]")


def _field_ids(shown: Document) -> Iterator[tuple[str, str]]:
    """Every model field that is named by its id."""
    for key in ("filters", "overrides"):
        for index, each in enumerate(shown.get(key) or ()):
            is_models = each.get("field_type", "Model") == "Model"
            if is_models and each.get("field_id"):
                yield f"{key}[{index}].field_id", each["field_id"]


class Syncs:
    """Every sync of one organization, and what people do to them.

    Methods raise ``NoSuchError``, a KeyError, for a sync that does not exist.
    """

    def __init__(self, models: Models, store: Database) -> None:
        self._models = models
        self._store = store
        self._rows = store.syncs

    def create(self, body: Mapping[str, Any], sync_id: str | None = None) -> str:
        """Store a new sync, in the form of a write, without validation; returns its id."""
        stamp, by = self._store.stamp(), person("Ada Seed")
        document = {"organization_id": ORGANIZATION_ID, **body}
        content = {"document": document, "created_at": stamp, "created_by": by, "updated_by": by}
        return self._rows.save(sync_id or str(uuid.uuid4()), stamp, content).id

    def merge(self, sync_id: str, changes: Mapping[str, Any]) -> None:
        """Someone else merges ``changes`` (RFC 7396) into the stored document."""
        content = json.loads(self._rows.get(sync_id).content)
        content["document"] = merged(content["document"], changes)
        content["updated_by"] = person("Bo Other")
        self._rows.save(sync_id, self._store.stamp(), content)

    def delete(self, sync_id: str) -> None:
        """Forget a sync."""
        self._rows.remove(sync_id)

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        return self._rows.ids()

    def shown(self, sync_id: str) -> Document:
        """The sync as GET shows it; ``problems`` only where there are any."""
        row = self._rows.get(sync_id)
        stored = _document(row)
        known = {}
        for model_id in model_ids(stored):
            with suppress(NoSuchError):
                known[model_id] = json.loads(self._models.text(model_id))
        form = read_form(stored, known)
        found = problems(form, known)
        return {**_identity(row), **form, **({"problems": found} if found else {})}

    def page(
        self, limit: int, token: str, query: Mapping[str, str], *, full: bool
    ) -> tuple[list[Document], str]:
        """Up to ``limit`` syncs that pass the filters of a query, and the token of the next page.

        ``full`` shows each as GET would, as the older version of the API did.
        """
        rows, following = self._rows.page(limit, token, lambda row: _passes(_document(row), query))
        items = [
            self.shown(row.id) if full else {**_identity(row), **light_form(_document(row))}
            for row in rows
        ]
        return items, following


def _passes(document: Document, query: Mapping[str, str]) -> bool:
    """Whether a stored sync passes the filters of a list request."""
    found = {
        "active": str(document.get("active", False)).lower(),
        "mode": document.get("mode"),
        "target_connection_id": document.get("target", {}).get("connection_id"),
    }
    wanted = {key: query[key] for key in found if key in query}
    if "active" in wanted:
        wanted["active"] = wanted["active"].lower()
    return wanted.items() <= found.items()


def _document(row: Row) -> Document:
    document: Document = json.loads(row.content)["document"]
    return document


def _identity(row: Row) -> Document:
    content = json.loads(row.content)
    document = content["document"]
    return {
        "id": row.id,
        "model_ids": document.get("model_ids", model_ids(document)),
        "created_at": content["created_at"],
        "created_by": content["created_by"],
        "updated_at": row.updated_at,
        "updated_by": content["updated_by"],
    }
