"""The protocol between the guard and an API, with the six answers to a write.

The guard knows nothing of HTTP. An answer states what is proven about the write, and only that;
its ``details`` are the metadata of the API's error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from patcher.backoff import TimeLeft
from patcher.documents.values import Document
from patcher.resources.snapshot import Snapshot


class Answered(NamedTuple):
    """A success with a resource in it; the guard decides whether it is the right one."""

    snapshot: Snapshot


class Job(NamedTuple):
    """The write goes on in the background.

    ``status`` is the API's word: created, running, done or failed. ``poll`` fetches the job's
    present state, within the time that is left, and raises ApiError when it cannot.
    """

    id: str
    status: str
    error: str | None
    poll: Callable[[TimeLeft], Job]
    details: Document | None = None


class Refused(NamedTuple):
    """A 4xx in the API's own error form: nothing was written."""

    status: int
    message: str
    key: str | None = None
    details: Document | None = None


class NotSent(NamedTuple):
    """It failed before the first byte of the request: nothing was written."""

    reason: str
    hint: str | None = None


class Throttled(NamedTuple):
    """429 in the API's own error form: not processed. ``retry_after`` is in seconds.

    ``is_sent`` is False where an earlier Retry-After kept it from being sent at all.
    """

    message: str
    retry_after: float | None = None
    details: Document | None = None
    is_sent: bool = True


class Ambiguous(NamedTuple):
    """Anything else: it may have been written.

    ``declined`` is True for answers which themselves say that nothing was written: a 500 in the
    API's own error form, unless a job was asked for, and a redirect. They are believed once the
    resource has been watched and did not change.
    """

    reason: str
    status: int | None = None
    declined: bool = False
    hint: str | None = None
    details: Document | None = None


Answer: TypeAlias = Answered | Job | Refused | NotSent | Throttled | Ambiguous


class Store(Protocol):
    """One kind of resource, behind its API."""

    def read(self, resource_id: str, left: TimeLeft | None = None) -> Snapshot:
        """Returns the present state. Raises ApiError (NotFoundError) when it cannot be read.

        ``left`` limits the waiting between attempts; None does not.
        """

    def me(self, left: TimeLeft | None = None) -> str | None:
        """Returns the id that ``updated_by`` shows for our own writes, or None where unknown."""

    def replace(
        self, resource_id: str, body: Document, idempotency_key: str, if_match: str | None
    ) -> Answer:
        """Sends ``body`` as the whole new resource, once. Never raises for what the API does.

        Returns NotSent, too, where connecting took so long that the resource moved meanwhile.
        ``idempotency_key`` is fresh for every call; ``if_match`` is the strong entity tag of the
        snapshot that the body was built on, or None.
        """
