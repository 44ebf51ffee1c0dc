"""The forms of a sync: what the list shows, what GET shows, and what in it resolves to nothing.

Pure: documents in, documents out. GET reports the newer and the deprecated spelling of identities
and filters side by side, as documented. The codes of problems are made up: no list of them is
published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from patcher.sandbox.forms import Document

Known = Callable[[str], Document | None]
"""The GET form of a model, by its id; None where there is none."""

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
    for key, name in (("connection_id", "target_connection_id"), ("object", "target_object")):
        if key in target:
            shown[name] = target[key]
    return shown


def read_form(document: Document, known: Known) -> Document:
    """What GET shows of a sync, less identity and history."""
    shown = {key: value for key, value in document.items() if key != "model_ids"}
    mappings = document.get("identities", {}).get("mappings", ())
    if mappings:
        shown.setdefault("identity", mappings[0])
    conditions = [
        *(_old_model_filter(each, known) for each in _conditions(document, "model_filters")),
        *(_old_target_filter(each) for each in _conditions(document, "target_filters")),
    ]
    if conditions:
        shown.setdefault("filters", conditions)
    return shown


def _conditions(document: Document, key: str) -> list[Document]:
    found: list[Document] = document.get(key, {}).get("conditions") or []
    return found


def _old_model_filter(condition: Document, known: Known) -> Document:
    shown: Document = {"field_type": "Model", "function": condition["function"]}
    shown |= {key: condition[key] for key in ("label", "value") if key in condition}
    shown["field"] = condition["source"]
    field_id = _ids(known(condition["source"]["model_id"])).get(condition["source"]["field"])
    return {**shown, "field_id": field_id} if field_id else shown


def _old_target_filter(condition: Document) -> Document:
    shown: Document = {"field_type": "Target", "function": condition["function"]}
    shown |= {key: condition[key] for key in ("label", "value") if key in condition}
    shown["field_id"] = condition["field"]
    if "value_source" in condition:
        shown["value_field"] = condition["value_source"]
    return shown


def model_ids(document: Document) -> list[str]:
    """The models that the sources of a sync name, each once."""
    return list(dict.fromkeys(source["model_id"] for _, source in _sources(document)))


def problems(shown: Document, known: Known) -> list[Document]:
    """What the GET form refers to and no model has."""
    found = []
    for path, source in _sources(shown):
        model = known(source["model_id"])
        if model is None:
            found.append(_problem("unknown_model", f"model {source['model_id']} not found", path))
        elif source["field"] not in _names(model):
            message = f"field {source['field']} of model {model['name']} not found"
            found.append(_problem("unknown_field", message, path))
    for path, field_id in _field_ids(shown):
        models = (known(each) for each in model_ids(shown))
        if field_id not in {each for model in models for each in _ids(model).values()}:
            found.append(_problem("unknown_field", f"field {field_id} not found", path))
    return found


def _problem(code: str, message: str, path: str) -> Document:
    return {"code": code, "message": message, "path": path, "severity": "error"}


def _names(model: Document) -> set[str]:
    enriched = model.get("enricher", {}).get("fields", ())
    return {each["name"] for each in (*model.get("fields", ()), *enriched)}


def _ids(model: Document | None) -> dict[str, str]:
    return {each["name"]: each["id"] for each in (model or {}).get("fields", ())}


def _sources(value: Any, path: str = "") -> Iterator[tuple[str, Document]]:
    """Every ``{"model_id", "field"}`` in a sync, with its JSON path."""
    if isinstance(value, Mapping):
        if isinstance(value.get("model_id"), str) and isinstance(value.get("field"), str):
            yield path, dict(value)
        for key, member in value.items():
            yield from _sources(member, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _sources(member, f"{path}[{index}]")


def _field_ids(shown: Document) -> Iterator[tuple[str, str]]:
    """Every model field that is named by its id."""
    for key in ("filters", "overrides"):
        for index, each in enumerate(shown.get(key) or ()):
            is_models = each.get("field_type", "Model") == "Model"
            if is_models and each.get("field_id"):
                yield f"{key}[{index}].field_id", each["field_id"]
