"""The sandbox: its parts put together, and the interface of tests and the command line."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patcher.sandbox.faults import Fault
from patcher.sandbox.forms import Modes
from patcher.sandbox.listener import Listener
from patcher.sandbox.messages import Callers, Document, RecordedRequest, person
from patcher.sandbox.models import Models
from patcher.sandbox.pipeline import Pipeline
from patcher.sandbox.seed import ORGANIZATION_ID, fill
from patcher.sandbox.store import Database, Timestamps, utc_now
from patcher.sandbox.syncs import Syncs

if TYPE_CHECKING:
    from typing_extensions import Self

DEFAULT_API_KEY = "sandbox-key"
DEFAULT_PARTNER_KEY = "sandbox-partner-key"


class Sandbox:
    """An emulated Polytomic API on a loopback port; a context manager.

    It listens from construction on, and stops with ``close()`` or at the end of the block.

    Args:
        models: how many models an empty database is seeded with; the first three are realistic,
            and with all of them come the four syncs that read them.
        port: 0 picks a free one.
        db: a database file, which keeps models and syncs over a restart; None: in memory.
        fixed_ids: seeded models and syncs have the ids that ``seed`` names; else new ones for each
            empty database.
        latency: seconds from a request to its answer, the work included.
        api_key: the user's key.
        validate_responses: check each answer against the published description; a check costs
            time in proportion to the number of fields, so benchmarks switch it off.
        now: the clock; must return aware datetimes.
        modes: how the server differs from the plain one, such as ``etags=True``; see ``Modes``.

    Attributes:
        api_key: for ``Authorization: Bearer``.
        partner_key: for ``Authorization: Basic``, with the organization.
        syncs: the syncs, to be read and to be changed by someone else.
        organization_id: the only organization.

    Raises:
        OSError: the port is in use.
    """

    def __init__(
        self,
        models: int = 0,
        *,
        port: int = 0,
        db: Path | str | None = None,
        fixed_ids: bool = True,
        latency: float = 0.0,
        api_key: str = DEFAULT_API_KEY,
        validate_responses: bool = True,
        now: Callable[[], datetime] = utc_now,
        **modes: Any,
    ) -> None:
        self.api_key = api_key
        self.partner_key = DEFAULT_PARTNER_KEY
        self.organization_id = ORGANIZATION_ID
        self._closing = threading.Event()
        clock = Timestamps(now)
        self._store = Database(db, clock)
        self._models = Models(self._store, clock, self.organization_id, Modes(**modes))
        self.syncs = Syncs(self._models, self._store.syncs, clock, self.organization_id)
        self._pipeline = Pipeline(
            self._models,
            self.syncs,
            Callers(api_key, self.partner_key, self.organization_id),
            clock,
            self._closing.wait,
            latency=latency,
            validate_responses=validate_responses,
        )
        try:
            if models and not self._models.ids():
                with self._store.transaction():
                    fill(self._models, self.syncs, models, fixed_ids=fixed_ids)
            self._listener = Listener(self._pipeline.answer, port)
        except (OSError, sqlite3.Error):
            self._store.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The base URL, as in ``http://127.0.0.1:40321``."""
        return self._listener.url

    def close(self) -> None:
        """Release held requests, stop listening, close the database. May be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._pipeline.script.clear()
        self._listener.stop()
        self._store.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until closed, or for ``timeout`` seconds; whether it was closed."""
        return self._closing.wait(timeout)

    # The models

    def create(self, document: Mapping[str, Any]) -> str:
        """Store a new model in the PUT form without validation; returns its id."""
        return self._models.create(document, person("Ada Seed"))

    def ids(self) -> list[str]:
        """The ids of all models, in the order of creation."""
        return self._models.ids()

    def model(self, model_id: str) -> Document:
        """The model in the GET form, as an answer would show it. Raises KeyError."""
        shown: Document = json.loads(self._models.text(model_id))
        return shown

    def stored(self, model_id: str) -> Document:
        """The model in the PUT form, exactly as the last write left it. Raises KeyError."""
        return self._models.stored(model_id)

    def write_as_other(
        self, model_id: str, changes: Mapping[str, Any], actor: str = "Bo Other"
    ) -> None:
        """Someone else merges ``changes`` (RFC 7396, PUT form) into the model: a write."""
        self._models.merge(model_id, changes, person(actor))

    def delete(self, model_id: str) -> None:
        """Someone else deletes the model. Raises KeyError."""
        self._models.delete(model_id)

    # What arrived

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request to the API so far, in order of arrival."""
        return list(self._pipeline.requests)

    def puts(self, model_id: str | None = None) -> list[RecordedRequest]:
        """The PUTs so far, or those of one model."""
        path = None if model_id is None else f"/api/models/{model_id}"
        return [
            each for each in self.requests if each.method == "PUT" and path in (None, each.path)
        ]

    def reset_requests(self) -> None:
        """Forget the requests so far."""
        self._pipeline.requests.clear()

    # What goes wrong

    def fault(self, fault: Fault) -> Fault:
        """Script a fault; see ``patcher.sandbox.faults``. Returns it."""
        self._pipeline.script.add(fault)
        return fault

    def release(self) -> int:
        """Open every gate, land every late write, end the jobs that go on alone.

        Returns how many writes and jobs there were.
        """
        return self._pipeline.release()

    def reset(self) -> None:
        """Forget faults, jobs, keys, late writes and requests; models and syncs stay."""
        self._pipeline.reset()
