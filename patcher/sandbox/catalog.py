"""What models and syncs refer to, made up and always the same.

The columns of sources and enrichers, and the connections, enrichment sources and policies that the
seeded models and syncs name. Nothing is queried: an unknown column exists, with type ``string``,
so that any model can be stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from patcher.sandbox.callers import Actor
from patcher.sandbox.messages import Document, NoSuchError
from patcher.sandbox.seed import (
    BILLING,
    ENRICHMENT,
    HUBSPOT,
    ORGANIZATION_ID,
    POLICY_MARKETING,
    POLICY_MODELS,
    SALESFORCE,
    SHEETS,
    WAREHOUSE,
    fixed_id,
)


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """One column, as described by its source."""

    name: str
    type: str = "string"
    remote_type: str = "text"
    unique: bool = False
    description: str = ""
    example: Any = None

    @property
    def label(self) -> str:
        """``first_name`` is shown as ``First Name``."""
        return self.name.replace("_", " ").title()


_COLUMNS = (
    SourceColumn("id", "number", "bigint", unique=True, description="Primary key", example=1042),
    SourceColumn("email", "email", "varchar(320)", unique=True, description="Login address"),
    SourceColumn("first_name", "string", "text", example="Ada"),
    SourceColumn("last_name", "string", "text", example="Lovelace"),
    SourceColumn("company_id", "number", "bigint", description="The account of this contact"),
    SourceColumn("plan", "string", "text", example="enterprise"),
    SourceColumn("seats", "number", "integer", example=25),
    SourceColumn("monthly_revenue", "number", "numeric(12,2)", example=1499.5),
    SourceColumn("is_active", "boolean", "boolean", example=True),
    SourceColumn("signed_up_at", "datetime", "timestamptz"),
    SourceColumn("internal_notes", "string", "text", description="Free text, not for customers"),
    SourceColumn("tax_number", "string", "text", description="Personal data"),
)
_BY_NAME = {column.name: column for column in _COLUMNS}

COLUMNS = tuple(_BY_NAME)
"""The columns that every table has; a model that lists no fields gets all of them."""

_ENRICHMENT = (
    SourceColumn("phone_number", "string", "string"),
    SourceColumn("job_title", "string", "string"),
    SourceColumn("employees", "number", "integer"),
    SourceColumn("linkedin_url", "string", "string"),
)

_ENRICHED = {column.name: column for column in _ENRICHMENT}

_CONNECTION_TYPES = ("postgresql", "snowflake", "bigquery", "mysql")


def column(name: str) -> SourceColumn:
    """The column called ``name``; an unknown one has type ``string``."""
    return _BY_NAME.get(name) or SourceColumn(name)


_SELECT = re.compile(r"\s*select\s+(.+?)\s+from\s", re.IGNORECASE | re.DOTALL)
_SELECTED = re.compile(r"(?:\w+\.)?(\w+)(?:\s+as\s+(\w+))?", re.IGNORECASE)


def selected_columns(configuration: Mapping[str, Any]) -> list[str] | None:
    """The columns that the plainest of queries selects, in order; None for any other source."""
    query = configuration.get("query")
    found = _SELECT.match(query) if isinstance(query, str) else None
    if found is None:
        return None
    columns = [_SELECTED.fullmatch(each.strip()) for each in found[1].split(",")]
    return [each[2] or each[1] for each in columns if each] if all(columns) else None


def enrichment_column(name: str) -> SourceColumn:
    """The enricher's field called ``name``; an unknown one has type ``string``."""
    return _ENRICHED.get(name) or SourceColumn(name, remote_type="string")


def enrichment_fields() -> list[dict[str, Any]]:
    """Every field of the enricher: what an absent ``enricher.fields`` opens."""
    return [{"name": name} for name in _ENRICHED]


def connection_type(connection_id: str) -> str:
    """The type id of a connection."""
    return _CONNECTION_TYPES[sum(connection_id.encode()) % len(_CONNECTION_TYPES)]


_MADE: Final = "2026-01-05T09:00:00.000000Z"
_BY: Final = Actor.named("Ada Seed").to_dict()

_CONNECTIONS: Final = {
    WAREHOUSE: ("Warehouse", connection_type(WAREHOUSE), {"hostname": "warehouse.example.com"}),
    BILLING: ("Billing", connection_type(BILLING), {"hostname": "billing.example.com"}),
    ENRICHMENT: ("Enrichment", connection_type(ENRICHMENT), {"region": "eu"}),
    SALESFORCE: ("Salesforce", "salesforce", {"domain": "https://example.my.salesforce.com"}),
    HUBSPOT: ("HubSpot", "hubspot", {}),
    SHEETS: ("Sheets", "gsheets", {}),
}
_POLICIES: Final = {POLICY_MODELS: ("Models", True), POLICY_MARKETING: ("Marketing only", False)}
_ACTIONS: Final = ("create", "update", "delete", "apply_policy")


def connections() -> list[Document]:
    """Every connection, in the GET form."""
    return [connection(one) for one in _CONNECTIONS]


def connection(connection_id: str) -> Document:
    """A connection in the GET form. Raises NoSuchError."""
    if connection_id not in _CONNECTIONS:
        raise NoSuchError("connection", connection_id)
    name, kind, configuration = _CONNECTIONS[connection_id]
    return {
        "id": connection_id,
        "name": name,
        "type": {"id": kind, "name": kind.title(), "operations": ["read", "sync"]},
        "organization_id": ORGANIZATION_ID,
        "configuration": configuration,
        "policies": [],
        "status": "healthy",
        "saved": True,
        "created_at": _MADE,
        "created_by": _BY,
        "updated_at": _MADE,
        "updated_by": _BY,
    }


def policies() -> list[Document]:
    """Every policy, in the GET form."""
    return [policy(one) for one in _POLICIES]


def policy(policy_id: str) -> Document:
    """A policy in the GET form. Raises NoSuchError."""
    if policy_id not in _POLICIES:
        raise NoSuchError("policy", policy_id)
    name, is_system = _POLICIES[policy_id]
    roles = [fixed_id("role: admin")]
    return {
        "id": policy_id,
        "name": name,
        "organization_id": ORGANIZATION_ID,
        "system": is_system,
        "policy_actions": [{"action": action, "role_ids": roles} for action in _ACTIONS],
    }


def enrichment_source(connection_id: str) -> Document:
    """What configures an enrichment from a connection. Raises NoSuchError for any other."""
    _require_enrichment(connection_id)
    region = {"has_items": True, "items": ["eu", "us"], "requires_one_of": []}
    return {"configuration": {}, "items": {"region": region}, "requires_one_of": []}


def input_fields(connection_id: str) -> list[list[str]]:
    """Sets of fields, one of which an enrichment needs. Raises NoSuchError."""
    _require_enrichment(connection_id)
    return [["email"], ["first_name", "last_name", "company"]]


def _require_enrichment(connection_id: str) -> None:
    if connection_id != ENRICHMENT:
        raise NoSuchError("enrichment source", connection_id)
