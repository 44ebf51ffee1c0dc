"""What models and syncs refer to, made up and always the same: columns, connections, policies.

Nothing is queried: an unknown column exists, with type ``string``, so that any model can be stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from patcher.sandbox.callers import Actor
from patcher.sandbox.messages import Document, NoSuchError
from patcher.sandbox.seed import DATA, ORGANIZATION_ID, fixed_id

COLUMNS: Final = tuple(DATA["columns"])
"""The columns that every table has; a model that lists no fields gets all of them."""

_CONNECTION_TYPES: Final = ("postgresql", "snowflake", "bigquery", "mysql")
_SELECT: Final = re.compile(r"\s*select\s+(.+?)\s+from\s", re.IGNORECASE | re.DOTALL)
_SELECTED: Final = re.compile(r"(?:\w+\.)?(\w+)(?:\s+as\s+(\w+))?", re.IGNORECASE)
_MADE: Final = "2026-01-05T09:00:00.000000Z"
_BY: Final = Actor.named("Ada Seed").to_dict()
_ACTIONS: Final = ("create", "update", "delete", "apply_policy")


def column(name: str) -> Document:
    """The field for the source's column ``name``."""
    return {**plain_field(name, "text"), **DATA["columns"].get(name, {})}


def enrichment_column(name: str) -> Document:
    """The enricher's field ``name``."""
    return {**plain_field(name, "string"), **DATA["enrichment_fields"].get(name, {})}


def plain_field(name: str, remote_type: str) -> Document:
    """A field of which nothing else is known."""
    return {
        "name": name,
        "label": name.replace("_", " ").title(),
        "description": "",
        "type": "string",
        "remote_type": remote_type,
        "unique": False,
        "user_added": False,
        "example": None,
    }


def selected_columns(configuration: Mapping[str, Any]) -> list[str] | None:
    """The columns that the plainest of queries selects, in order; None for any other source."""
    query = configuration.get("query")
    found = _SELECT.match(query) if isinstance(query, str) else None
    if found is None:
        return None
    columns = [_SELECTED.fullmatch(each.strip()) for each in found[1].split(",")]
    return [each[2] or each[1] for each in columns if each] if all(columns) else None


def enrichment_fields() -> list[Document]:
    """Every field of the enricher: what an absent ``enricher.fields`` opens."""
    return [{"name": name} for name in DATA["enrichment_fields"]]


def connection_type(connection_id: str) -> str:
    """The type id of a connection."""
    return _CONNECTION_TYPES[sum(connection_id.encode()) % len(_CONNECTION_TYPES)]


def found(noun: str, kind: str, its_id: str) -> Any:
    """What seed.json has of that kind and id. Raises NoSuchError."""
    if its_id not in DATA[kind]:
        raise NoSuchError(noun, its_id)
    return DATA[kind][its_id]


def connection(connection_id: str) -> Document:
    """A connection in the GET form. Raises NoSuchError."""
    known = found("connection", "connections", connection_id)
    return {
        "id": connection_id,
        **known,
        "type": {
            "id": known["type"],
            "name": known["type"].title(),
            "operations": ["read", "sync"],
        },
        "organization_id": ORGANIZATION_ID,
        "policies": [],
        "status": "healthy",
        "saved": True,
        "created_at": _MADE,
        "created_by": _BY,
        "updated_at": _MADE,
        "updated_by": _BY,
    }


def policy(policy_id: str) -> Document:
    """A policy in the GET form. Raises NoSuchError."""
    roles = [fixed_id("role: admin")]
    return {
        "id": policy_id,
        **found("policy", "policies", policy_id),
        "organization_id": ORGANIZATION_ID,
        "policy_actions": [{"action": action, "role_ids": roles} for action in _ACTIONS],
    }
