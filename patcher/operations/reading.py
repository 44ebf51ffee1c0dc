"""Looking at resources without changing them."""

from __future__ import annotations

from typing import Any

from patcher.documents.values import Document
from patcher.operations.lookup import refuse_other_name, resources
from patcher.operations.session import Options, Session, shown_name
from patcher.resources.blockers import OnUnknown
from patcher.resources.projection import Projection
from patcher.resources.snapshot import Snapshot


def raw_model(session: Session, model: str) -> Document:
    """A resource as the API gives it."""
    return _read(session, model).raw


def projection(session: Session, model: str, unknown_fields: OnUnknown) -> Projection:
    """A resource's writable document, what in it cannot be written, and what was done about that.

    What cannot be written as it is stands in the document as the API shows it.
    """
    decided = session.unknown_fields(Options(unknown_fields=unknown_fields))
    return session.resource.projection(_read(session, model), decided, session.masks)


def summaries(session: Session) -> list[dict[str, Any]]:
    """Every resource by id, name, version and last write, the last written first."""
    latest = {one["id"]: Snapshot(one) for one in resources(session.client, session.resource)}
    return [
        {
            "id": one.id,
            "name": shown_name(session, one),
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
    session.name_passed_over(snapshot)
    return snapshot
