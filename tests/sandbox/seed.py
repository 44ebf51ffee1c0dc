"""What the sandbox begins with: its models, its syncs, and what they refer to, by name."""

from __future__ import annotations

import copy

from patcher.sandbox.messages import Document
from patcher.sandbox.seed import (
    BILLING,
    CONTACTS,
    DATA,
    LABEL_PRODUCTION,
    ORGANIZATION_ID,
    WAREHOUSE,
    contacts,
    documents,
    fixed_id,
)

__all__ = [
    "ACCOUNTS",
    "BILLING",
    "CONTACTS",
    "CONTACTS_TO_SALESFORCE",
    "ENRICHMENT",
    "HUBSPOT",
    "LABEL_PRODUCTION",
    "LABEL_REVENUE",
    "ORDERS",
    "ORDERS_TO_SHEETS",
    "ORGANIZATION_ID",
    "POLICY_MARKETING",
    "POLICY_MODELS",
    "RENEWALS",
    "SALESFORCE",
    "SHEETS",
    "WAREHOUSE",
    "accounts",
    "contacts",
    "documents",
    "fixed_id",
    "orders",
]

ENRICHMENT = fixed_id("connection: enrichment")
SALESFORCE = fixed_id("connection: salesforce")
HUBSPOT = fixed_id("connection: hubspot")
SHEETS = fixed_id("connection: sheets")
POLICY_MODELS = fixed_id("policy: models")
POLICY_MARKETING = fixed_id("policy: marketing only")
LABEL_REVENUE = fixed_id("label: revenue")
ACCOUNTS = fixed_id("model: accounts")
ORDERS = fixed_id("model: orders")
CONTACTS_TO_SALESFORCE = fixed_id("sync: contacts to salesforce")
ORDERS_TO_SHEETS = fixed_id("sync: orders to sheets")
RENEWALS = fixed_id("sync: renewal reminders")


def accounts() -> Document:
    """A model on a plain table, joined by others."""
    return copy.deepcopy(DATA["models"][ACCOUNTS])


def orders() -> Document:
    """A model with a query, a relation and a user-added field, without labels and enricher."""
    return copy.deepcopy(DATA["models"][ORDERS])
