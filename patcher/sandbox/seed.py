"""Models and syncs to begin with: a few realistic ones, then any number of generated ones."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from patcher.sandbox.messages import Document

_NAMES = uuid.UUID("0d6b3a1e-7c1f-5f52-8a77-3f1d9a4be201")


def fixed_id(name: str) -> str:
    """The UUID that belongs to a name, always the same."""
    return str(uuid.uuid5(_NAMES, name))


ORGANIZATION_ID = fixed_id("organization")
WAREHOUSE = fixed_id("connection: warehouse")
BILLING = fixed_id("connection: billing")
ENRICHMENT = fixed_id("connection: enrichment")
POLICY_MODELS = fixed_id("policy: models")
POLICY_MARKETING = fixed_id("policy: marketing only")
LABEL_PRODUCTION = fixed_id("label: production")
LABEL_REVENUE = fixed_id("label: revenue")
CONTACTS = fixed_id("model: contacts")
ACCOUNTS = fixed_id("model: accounts")
ORDERS = fixed_id("model: orders")

_CONTACTS_CONFIGURATION: Document = {
    "query": (
        "select c.id, c.email, c.first_name, c.last_name,\n"
        "       c.company_id, c.plan, c.is_active\n"
        "  from public.contacts c\n"
        "  join public.companies co on co.id = c.company_id\n"
        " where c.deleted_at is null\n"
        "   and co.status = 'customer'\n"
    ),
    "warehouse": "REPORTING_WH",
    "timeout_seconds": 300,
    "sample_rate": 0.25,
    "max_row_id": 9007199254740993,
    "schema_override": None,
    "session": {"role": "READER", "api_token": "tok_live_51c0ffee"},
}


def contacts() -> Document:
    """A model that uses all twelve writable fields."""
    return {
        "name": "Contacts",
        "connection_id": WAREHOUSE,
        "configuration": copy.deepcopy(_CONTACTS_CONFIGURATION),
        "identifier": "id",
        "fields": ["id", "email", "first_name", "last_name", "company_id", "plan", "is_active"],
        "additional_fields": [
            {"name": "lead_score", "label": "Lead score", "type": "number", "example": "87"},
            {"name": "owner_email", "label": "Owner", "type": "email"},
        ],
        "tracking_columns": ["email", "plan"],
        "relations": [{"from": "company_id", "to": {"model_id": ACCOUNTS, "field": "id"}}],
        "labels": [LABEL_PRODUCTION, LABEL_REVENUE],
        "policies": [POLICY_MODELS, POLICY_MARKETING],
        "enricher": {
            "enricher_id": fixed_id("enricher: contacts"),
            "connection_id": ENRICHMENT,
            "configuration": {"region": "eu", "api_key": "enr_4f1d0d2b"},
            "fields": [_enricher_field("phone_number"), _enricher_field("job_title")],
            "mappings": {"email": "email"},
        },
        "organization_id": ORGANIZATION_ID,
    }


def _enricher_field(name: str) -> Document:
    """A field of an enricher, as the server fills it in."""
    return {
        "name": name,
        "label": name.replace("_", " ").title(),
        "description": "",
        "type": "string",
        "remote_type": "string",
        "unique": False,
        "user_added": False,
    }


def accounts() -> Document:
    """A model on a plain table, joined by others."""
    return {
        "name": "Accounts",
        "connection_id": WAREHOUSE,
        "configuration": {"table": "public.companies"},
        "identifier": "id",
        "fields": ["id", "name", "domain", "plan", "seats", "monthly_revenue"],
        "tracking_columns": ["plan"],
        "labels": [LABEL_REVENUE],
        "policies": [POLICY_MODELS],
        "organization_id": ORGANIZATION_ID,
    }


def orders() -> Document:
    """A model with a query, a relation and a user-added field, without labels and enricher."""
    return {
        "name": "Orders",
        "connection_id": BILLING,
        "configuration": {
            "query": (
                "select o.id, o.account_id, o.total, o.currency\n"
                "  from orders o\n"
                " where o.placed_at > now() - interval '2 years'\n"
            ),
            "password": "hunter2-orders",
        },
        "identifier": "id",
        "fields": ["id", "account_id", "total", "currency"],
        "additional_fields": [
            {"name": "total_eur", "label": "Total (EUR)", "type": "number", "example": "12.50"}
        ],
        "relations": [{"from": "account_id", "to": {"model_id": ACCOUNTS, "field": "id"}}],
        "policies": [POLICY_MODELS],
        "organization_id": ORGANIZATION_ID,
    }


def generated(number: int) -> Document:
    """A small model; the same number always returns the same one."""
    document: dict[str, Any] = {
        "name": f"Model {number:05d}",
        "connection_id": BILLING if number % 3 else WAREHOUSE,
        "configuration": {"table": f"public.table_{number:05d}", "batch": number},
        "identifier": "id",
        "fields": ["id", "email", "plan"],
        "organization_id": ORGANIZATION_ID,
    }
    if number % 2:
        document["labels"] = [LABEL_PRODUCTION]
    if number % 5 == 0:
        document["tracking_columns"] = ["email"]
    return document


REALISTIC = 3
"""How many of the models are realistic."""


def documents(count: int) -> Iterator[tuple[str, Document]]:
    """``count`` pairs of id and document: the realistic models first."""
    realistic = ((CONTACTS, contacts()), (ACCOUNTS, accounts()), (ORDERS, orders()))
    yield from realistic[:count]
    for number in range(len(realistic) + 1, count + 1):
        yield fixed_id(f"model: {number}"), generated(number)


class NewIds(dict[str, str]):
    """A new id for each fixed id that is asked for."""

    def __missing__(self, fixed: str) -> str:
        return self.setdefault(fixed, str(uuid.uuid4()))


def under(
    ids: NewIds | None, pairs: Iterable[tuple[str, Document]]
) -> Iterator[tuple[str, Document]]:
    """Pairs of id and document with new ids, also in references to other models and syncs."""
    for fixed, document in pairs:
        if ids is None:
            yield fixed, document
        else:
            yield ids[fixed], _renamed(document, ids)


def _renamed(value: Any, ids: NewIds) -> Any:
    if isinstance(value, dict):
        return {
            key: [ids[one] for one in inner]
            if key == "sync_ids"
            else ids[inner]
            if key == "model_id"
            else _renamed(inner, ids)
            for key, inner in value.items()
        }
    return [_renamed(item, ids) for item in value] if isinstance(value, list) else value


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
