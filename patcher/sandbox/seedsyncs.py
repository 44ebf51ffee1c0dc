"""Syncs to begin with: what people do with the realistic models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from patcher.sandbox.forms import Document
from patcher.sandbox.seed import ACCOUNTS, CONTACTS, ORDERS, fixed_id

SALESFORCE = fixed_id("connection: salesforce")
HUBSPOT = fixed_id("connection: hubspot")
SHEETS = fixed_id("connection: sheets")
CONTACTS_TO_SALESFORCE = fixed_id("sync: contacts to salesforce")
ACCOUNTS_TO_HUBSPOT = fixed_id("sync: accounts to hubspot")
ORDERS_TO_SHEETS = fixed_id("sync: orders to sheets")
RENEWALS = fixed_id("sync: renewal reminders")


def syncs(field_ids: Mapping[str, str]) -> Iterator[tuple[str, Document]]:
    """Pairs of id and document; ``field_ids`` are those of the contacts' fields, by name."""
    yield CONTACTS_TO_SALESFORCE, _contacts_to_salesforce(field_ids)
    yield ACCOUNTS_TO_HUBSPOT, _accounts_to_hubspot()
    yield ORDERS_TO_SHEETS, _orders_to_sheets()
    yield RENEWALS, _renewals()


def _source(model_id: str, field: str) -> Document:
    return {"model_id": model_id, "field": field}


def _mapping(model_id: str, field: str, target: str) -> Document:
    return {"source": _source(model_id, field), "target": target}


def _contacts_to_salesforce(field_ids: Mapping[str, str]) -> Document:
    """A filter by name, and an override that names its field by id."""
    identity = {"source": _source(CONTACTS, "id"), "target": "External_Id__c"}
    return {
        "name": "Contacts to Salesforce",
        "active": True,
        "mode": "updateOrCreate",
        "schedule": {"frequency": "hourly", "minute": "15"},
        "target": {"connection_id": SALESFORCE, "object": "Contact"},
        "fields": [
            _mapping(CONTACTS, "email", "Email"),
            _mapping(CONTACTS, "plan", "Plan__c"),
            _mapping(CONTACTS, "lead_score", "Lead_Score__c"),
        ],
        "identities": {"mappings": [{**identity, "function": "Equality"}], "strategy": "priority"},
        "model_filters": {
            "conditions": [
                {"label": "A", "source": _source(CONTACTS, "is_active"), "function": "True"}
            ],
            "logic": "A",
        },
        "overrides": [
            {"field_id": field_ids["plan"], "function": "Equality", "value": "free", "override": ""}
        ],
        "override_fields": [{"target": "LeadSource", "override_value": "Polytomic"}],
    }


def _accounts_to_hubspot() -> Document:
    identity = {"source": _source(ACCOUNTS, "domain"), "target": "domain"}
    return {
        "name": "Accounts to HubSpot",
        "active": True,
        "mode": "update",
        "schedule": {"frequency": "daily", "hour": "6", "minute": "30"},
        "target": {"connection_id": HUBSPOT, "object": "companies"},
        "fields": [
            _mapping(ACCOUNTS, "name", "name"),
            _mapping(ACCOUNTS, "seats", "seats"),
        ],
        "identities": {"mappings": [{**identity, "function": "DomainMatch"}]},
    }


def _orders_to_sheets() -> Document:
    return {
        "name": "Orders to Sheets",
        "active": False,
        "mode": "replace",
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": SHEETS, "object": "Orders"},
        "fields": [_mapping(ORDERS, "total", "Total"), _mapping(ORDERS, "currency", "Currency")],
    }


def _renewals() -> Document:
    """Runs when another one has run."""
    return {
        "name": "Renewal reminders",
        "active": True,
        "mode": "create",
        "schedule": {
            "frequency": "runafter",
            "run_after": {"sync_ids": [CONTACTS_TO_SALESFORCE]},
            "run_after_success_only": True,
        },
        "target": {"connection_id": SALESFORCE, "object": "Task"},
        "fields": [_mapping(ORDERS, "account_id", "AccountId")],
    }
