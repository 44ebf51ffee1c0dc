"""The rules of the syncs API, as far as they can be read: what uses a model, and what is broken.

A sync is given in the form of a write, and read in the form of a response. Whoever refers to what
is not there finds it among the ``problems``. Nothing is ever synced.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from patcher.sandbox.callers import Actor
from patcher.sandbox.clock import Clock
from patcher.sandbox.errors import WireError, no_such_sync
from patcher.sandbox.forms import Document, merged
from patcher.sandbox.messages import dumps
from patcher.sandbox.models import Models
from patcher.sandbox.rows import Rows
from patcher.sandbox.store import SyncRow
from patcher.sandbox.syncforms import Known, light_form, model_ids, problems, read_form

Position = tuple[str, str]


class Syncs:
    """Every sync of one organization.

    Methods raise ``WireError`` 404 for a sync that does not exist.
    """

    def __init__(
        self, models: Models, rows: Rows[SyncRow], clock: Clock, organization_id: str
    ) -> None:
        self._models = models
        self._rows = rows
        self._clock = clock
        self._organization_id = organization_id
        latest = rows.latest_stamp()
        if latest:
            clock.notice(latest)

    def create(self, body: Mapping[str, Any], actor: Actor, sync_id: str | None = None) -> str:
        """Store a new sync; gives its id. Nothing is validated."""
        stamp, by = self._clock.stamp(), dumps(actor.to_dict())
        document = {"organization_id": self._organization_id, **body}
        row = SyncRow(
            sync_id or str(uuid.uuid4()), dumps(document), dumps({}), stamp, by, stamp, by
        )
        self._rows.save(row)
        return row.id

    def merge(self, sync_id: str, changes: Mapping[str, Any], actor: Actor) -> None:
        """Somebody's edit: ``changes`` merged (RFC 7396) into the stored document."""
        row = self._row(sync_id)
        document = merged(json.loads(row.document), changes)
        stamp, by = self._clock.stamp(), dumps(actor.to_dict())
        self._rows.save(replace(row, document=dumps(document), updated_at=stamp, updated_by=by))

    def delete(self, sync_id: str) -> None:
        """Forget a sync."""
        if not self._rows.remove(sync_id):
            raise no_such_sync(sync_id)

    def set_running(self, sync_id: str, *, running: bool) -> None:
        """Begin an execution, or end the one that runs. The sync itself is not touched."""
        row = self._row(sync_id)
        status = json.loads(row.status)
        stamp = self._clock.stamp()
        if running:
            begun = {"id": str(uuid.uuid4()), "status": "running", "type": "manual"}
            status["current_execution"] = {**begun, "created_at": stamp, "started_at": stamp}
        elif "current_execution" in status:
            ended = status.pop("current_execution")
            status["last_execution"] = {**ended, "status": "completed", "completed_at": stamp}
        self._rows.save(replace(row, status=dumps(status)))

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        return self._rows.ids()

    def shown(self, sync_id: str) -> Document:
        """The sync as GET shows it; ``problems`` only where there are any."""
        row = self._row(sync_id)
        stored = json.loads(row.document)
        known = self._known()
        form = read_form(stored, known)
        found = problems(form, known)
        return {**_identity(row), **form, **({"problems": found} if found else {})}

    def status(self, sync_id: str) -> Document:
        """What of it runs now, and what ran last."""
        status: Document = json.loads(self._row(sync_id).status)
        return status

    def page(
        self,
        limit: int,
        after: Position | None,
        wanted: Callable[[Document], bool],
        *,
        full: bool,
    ) -> tuple[list[Document], Position | None]:
        """Up to ``limit`` of the ``wanted`` syncs, and behind what to go on (None: that is all).

        ``full`` shows each as GET would, as the older version of the API did.
        """
        found: list[SyncRow] = []
        while len(found) <= limit:
            rows = self._rows.newest(limit + 1, after)
            found += [row for row in rows if wanted(json.loads(row.document))]
            if len(rows) <= limit:
                break
            after = (rows[-1].updated_at, rows[-1].id)
        shown = found[:limit]
        more = (shown[-1].updated_at, shown[-1].id) if len(found) > limit else None
        items = [
            self.shown(row.id)
            if full
            else {**_identity(row), **light_form(json.loads(row.document))}
            for row in shown
        ]
        return items, more

    def _known(self) -> Known:
        return _Lookup(self._models)

    def _row(self, sync_id: str) -> SyncRow:
        row = self._rows.get(sync_id)
        if row is None:
            raise no_such_sync(sync_id)
        return row


class _Lookup:
    """Models by id, each looked up once."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._seen: dict[str, Document | None] = {}

    def __call__(self, model_id: str) -> Document | None:
        if model_id not in self._seen:
            try:
                self._seen[model_id] = json.loads(self._models.text(model_id))
            except WireError:
                self._seen[model_id] = None
        return self._seen[model_id]


def wanted_by(query: Mapping[str, str]) -> Callable[[Document], bool]:
    """Whether a stored sync passes the filters of a list request."""

    def wanted(document: Document) -> bool:
        active = query.get("active")
        if active is not None and document.get("active", False) != (active.lower() == "true"):
            return False
        if query.get("mode") not in (None, document.get("mode")):
            return False
        target = document.get("target", {}).get("connection_id")
        return query.get("target_connection_id") in (None, target)

    return wanted


def _identity(row: SyncRow) -> Document:
    document = json.loads(row.document)
    return {
        "id": row.id,
        "model_ids": document.get("model_ids", model_ids(document)),
        "created_at": row.created_at,
        "created_by": json.loads(row.created_by),
        "updated_at": row.updated_at,
        "updated_by": json.loads(row.updated_by),
    }
