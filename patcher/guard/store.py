"""What the guard asks of the API, and the six answers that a write can have.

The guard knows nothing of HTTP. The answers say what is proven about the write, and only that;
their ``details`` are what the API's error says besides its message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from patcher.documents.values import Document
from patcher.resources.snapshot import Snapshot


class Answered(NamedTuple):
    """A success with a resource in it; whether it is the right one is the guard's to say."""

    snapshot: Snapshot


class Job(NamedTuple):
    """The write goes on in the background.

    ``status`` is the API's word: created, running, done or failed. ``poll`` asks for the job's
    present state and raises ApiError when it cannot be had; it is given what Store.read is as
    ``left``.
    """

    id: str
    status: str
    error: str | None
    poll: Callable[[Callable[[], float]], Job]
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

    ``is_sent`` is False where a pause told before kept it from being sent at all.
    """

    message: str
    retry_after: float | None = None
    details: Document | None = None
    is_sent: bool = True


class Ambiguous(NamedTuple):
    """Anything else: it may have been written.

    ``declined`` is True for the answers that say themselves that nothing was written, and are
    believed once the resource has been watched and stayed as it was: a 500 in the API's own error
    form, unless a job was asked for, and a redirect.
    """

    reason: str
    status: int | None = None
    declined: bool = False
    hint: str | None = None
    details: Document | None = None


Answer: TypeAlias = Answered | Job | Refused | NotSent | Throttled | Ambiguous


class Store(Protocol):
    """One kind of resource, behind its API."""

    def read(self, resource_id: str, left: Callable[[], float] | None = None) -> Snapshot:
        """The resource as it is now. Raises ApiError (NotFoundError) when it cannot be had.

        ``left`` says how many seconds are left for waiting between attempts; None: as many as it
        takes.
        """

    def me(self, left: Callable[[], float] | None = None) -> str | None:
        """The id that ``updated_by`` shows for our own writes, or None where it is not known."""

    def replace(
        self, resource_id: str, body: Document, idempotency_key: str, if_match: str | None
    ) -> Answer:
        """Sends ``body`` as the whole new resource, once. Never raises for what the API does.

        NotSent also where it took so long to connect that the resource moved meanwhile.

        ``idempotency_key`` is fresh for every call; ``if_match`` is the strong entity tag of the
        reading that the body was built on, or None.
        """
