"""A client for many threads, which send their requests at one pace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Final

from patcher.api import answers
from patcher.api.client import Client, Reading
from patcher.api.pace import Pace
from patcher.api.transport import Response, UnsentError

_LONGEST_PAUSE: Final = 60.0
_PAUSE: Final = 1.0


class PacedClient(Client):
    """A client's twin: it shares its connections, and keeps a pace with others."""

    _pace: Pace
    _has_waited: Callable[[], bool]

    @classmethod
    def of(
        cls,
        client: Client,
        pace: Pace,
        sleep: Callable[[float], None],
        has_waited: Callable[[], bool] = lambda: False,
    ) -> PacedClient:
        """The twin of ``client`` at ``pace``.

        ``sleep`` is what waiting goes by. ``has_waited`` is called when a resource was read, for
        what had to be done beside; where it says that it took longer than the reading, the
        resource is read again, since somebody may have written meanwhile.
        """
        twin = cls.__new__(cls)
        own = {"_pace": pace, "_sleep": sleep, "_has_waited": has_waited}
        twin.__dict__.update(client.__dict__, **own)
        return twin

    def twin(self) -> Client:
        """The same caller, at the same pace, with connections of its own for another thread."""
        return PacedClient.of(super().twin(), self._pace, self._sleep)

    @property
    def pause_left(self) -> float:
        """For how many seconds the API wants no request."""
        return self._pace.pause_left()

    def reading(
        self,
        collection: str,
        resource_id: str,
        known: Reading | None = None,
        left: Callable[[], float] | None = None,
    ) -> Reading:
        """One resource, read after all that had to be done beside."""
        found = super().reading(collection, resource_id, known, left)
        while self._has_waited():
            found = super().reading(collection, resource_id, known, left)
        return found

    def put(self, *arguments: Any, **options: Any) -> Response:
        """Sends a whole resource without a wait, which may not be after the last reading."""
        self._pace.take()
        return self._noted(super().put(*arguments, **options))

    def _persistent(self, send: Callable[[], Response], *rest: Any, **options: Any) -> Response:
        left: Callable[[], float] | None = options.get("left")

        def in_turn() -> Response:
            if left is not None and self.pause_left > max(0.0, left()):
                raise UnsentError("the API asked for a longer pause than there is time for")
            self._pace.turn(self._sleep)
            return self._noted(send())

        return super()._persistent(in_turn, *rest, **options)

    def _noted(self, response: Response) -> Response:
        """The answer, after the pace has been told about it."""
        if response.status != 429:
            return response
        told = answers.retry_after(response, datetime.now(timezone.utc))
        seconds = _PAUSE if told is None else told
        if seconds <= _LONGEST_PAUSE:
            self._pace.throttled(seconds)
        return response
