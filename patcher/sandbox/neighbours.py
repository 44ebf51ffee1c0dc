"""What models refer to, to be read and not written: connections, enrichment sources, policies.

Made up, and always the same: those that the seeded models and syncs name, and no others.
"""

from __future__ import annotations

from typing import Final

from patcher.sandbox.callers import Actor
from patcher.sandbox.forms import Document
from patcher.sandbox.messages import no_such
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
from patcher.sandbox.source import connection_type

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
    """A connection in the GET form. Raises WireError 404."""
    if connection_id not in _CONNECTIONS:
        raise no_such("connection", connection_id)
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
    """A policy in the GET form. Raises WireError 404."""
    if policy_id not in _POLICIES:
        raise no_such("policy", policy_id)
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
    """What configures an enrichment from a connection. Raises WireError 404 where none is had."""
    _refuse_other_than_enrichment(connection_id)
    region = {"has_items": True, "items": ["eu", "us"], "requires_one_of": []}
    return {"configuration": {}, "items": {"region": region}, "requires_one_of": []}


def input_fields(connection_id: str) -> list[list[str]]:
    """The sets of fields of which an enrichment needs one. Raises WireError 404."""
    _refuse_other_than_enrichment(connection_id)
    return [["email"], ["first_name", "last_name", "company"]]


def _refuse_other_than_enrichment(connection_id: str) -> None:
    if connection_id != ENRICHMENT:
        raise no_such("enrichment source", connection_id)
