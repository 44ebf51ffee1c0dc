"""The pretend data source behind every model: which columns a table has, and what they look like.

Nothing is queried. A column nobody has heard of is simply there, with type ``string``, so that any
model can be stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """One column, as the source would describe it."""

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
"""Names of the columns every pretend table has; a model that lists no fields gets all of them."""

_ENRICHMENT = (
    SourceColumn("phone_number", "string", "string"),
    SourceColumn("job_title", "string", "string"),
    SourceColumn("employees", "number", "integer"),
    SourceColumn("linkedin_url", "string", "string"),
)

_ENRICHED = {column.name: column for column in _ENRICHMENT}

_CONNECTION_TYPES = ("postgresql", "snowflake", "bigquery", "mysql")


def column(name: str) -> SourceColumn:
    """The column called ``name``; one the source does not know is made up, with type ``string``."""
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
    """The enricher's field called ``name``; one it does not offer is made up likewise."""
    return _ENRICHED.get(name) or SourceColumn(name, remote_type="string")


def enrichment_fields() -> list[dict[str, Any]]:
    """Every field the pretend enricher offers: what an absent ``enricher.fields`` opens."""
    return [{"name": name} for name in _ENRICHED]


def connection_type(connection_id: str) -> str:
    """The type id of a connection: made up, but always the same for the same connection."""
    return _CONNECTION_TYPES[sum(connection_id.encode()) % len(_CONNECTION_TYPES)]
