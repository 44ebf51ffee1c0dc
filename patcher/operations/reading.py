"""Looking at resources without changing them."""

from __future__ import annotations

from typing import Any

from patcher.documents.notices import Notice
from patcher.documents.values import Document
from patcher.operations.lookup import refuse_other_name, resources
from patcher.operations.session import Session
from patcher.resources.projection import OnUnknown
from patcher.resources.snapshot import Snapshot


def raw_model(session: Session, model: str) -> Document:
    """A resource as the API gives it."""
    return _read(session, model).raw


def document(
    session: Session, model: str, unknown_fields: OnUnknown
) -> tuple[Document, tuple[Notice, ...]]:
    """A resource's writable document, and what was done about unknown members.

    Raises UnknownFieldError where something cannot be carried.
    """
    return session.resource.document(_read(session, model), unknown_fields)


def summaries(session: Session) -> list[dict[str, Any]]:
    """Every resource by id, name, version and last write, the last written first."""
    latest = {one["id"]: Snapshot(one) for one in resources(session.client, session.resource)}
    return [
        {
            "id": one.id,
            "name": one.name,
            "version": one.version,
            "updated_at": one.updated_at,
            "updated_by": one.author,
        }
        for one in latest.values()
    ]


def _read(session: Session, model: str) -> Snapshot:
    resource_id, listed_as = session.resolve(model)
    snapshot = session.read(resource_id)
    refuse_other_name(session.resource, snapshot, listed_as)
    return snapshot
