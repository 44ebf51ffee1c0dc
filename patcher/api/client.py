"""The API requests that this program makes."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from datetime import datetime, timezone
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import quote

from patcher.api.answers import (
    JobState,
    envelope,
    failure,
    job_state,
    pages,
    retry_after,
    strong_etag,
    text_of_data,
)
from patcher.api.pace import Pace
from patcher.api.settings import DEFAULT_URL, Settings, bearer, checked_url
from patcher.api.transport import AnswerLostError, Exchange, Response, Transport, UnsentError
from patcher.backoff import TimeLeft, pauses
from patcher.documents import jsontext
from patcher.documents.values import Document, JsonValue
from patcher.errors import ApiError, InvalidInputError

_READ_ATTEMPTS: Final = 3
_LONGEST_WAIT: Final = 60.0
_PAUSE: Final = 1.0

# Of every read: what a cache in between has kept is no ground to plan a write on, or to judge one.
_FRESH: Final = {"Cache-Control": "no-cache"}


class RawSnapshot(NamedTuple):
    """A resource as read: the object, its strong ETag if there is one, and its text.

    The text is known where the response held nothing else.
    """

    resource: Document
    etag: str | None
    text: bytes | None


class Client:
    """Polytomic's API, as one caller sees it.

    Reads are attempted up to three times where the failure is retryable. Writes are sent once;
    their outcome is for the caller to determine. ``left`` is the caller's time (``within``).
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        api_key: str = "",
        *,
        settings: Settings | None = None,
        sleep: Callable[[float], None] = time.sleep,
        observe: Callable[[Exchange], None] | None = None,
        pace: Pace | None = None,
        transport: Transport | None = None,
    ) -> None:
        """A client with a user's API key, or with ``settings`` in place of both.

        ``sleep`` waits between attempts; ``observe`` is called after each request. ``pace`` and
        ``transport`` are shared with other clients. Raises SettingsError for an unusable URL or
        key.
        """
        self.settings = settings or Settings(checked_url(url), bearer(api_key, source="api_key"))
        self._sleep = sleep
        self._pace = pace
        self.left: TimeLeft | None = None
        self._transport = transport or Transport(self.settings, observe=observe)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Client:
        """A client from the environment variables in docs/environment.md.

        Raises SettingsError for missing credentials or an unusable variable.
        """
        return cls(settings=Settings.from_env(os.environ if environ is None else environ))

    def at_pace(self, pace: Pace, sleep: Callable[[float], None]) -> Client:
        """This client at the pace of a batch: for many threads, over the same transport.

        Requests take turns, and a 429 to one of them pauses all. ``sleep`` waits.
        """
        return Client(settings=self.settings, sleep=sleep, pace=pace, transport=self._transport)

    def within(self, left: TimeLeft | None) -> Client:
        """This client for a caller who has so much time ``left``; None is any time.

        No pause exceeds it, and an attempt that begins when none is left is the last.
        """
        own = copy(self)
        own.left = left
        return own

    @property
    def pause_left(self) -> float:
        """Seconds left of a pause that the API asked for; 0 without a pace."""
        return 0.0 if self._pace is None else self._pace.pause_left()

    def __repr__(self) -> str:
        return f"Client({self.settings.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. The client can still be used."""
        self._transport.close()

    def read_raw(
        self, collection: str, resource_id: str, known: RawSnapshot | None = None
    ) -> RawSnapshot:
        """One resource with the text of the response.

        ``known`` is an earlier snapshot, whose object is returned again if the text is the same to
        the byte. Raises ApiError; NotFoundError for 404.
        """
        path = item_path(collection, resource_id)
        response = self._read(path)
        etag = strong_etag(response)
        text = text_of_data(response)
        if known is not None and text == known.text:
            return known._replace(etag=etag)
        answer = envelope(response, f"The answer of GET {path}")
        resource = answer.get("data")
        if type(resource) is dict and resource.get("id") in (resource_id, resource_id.lower()):
            return RawSnapshot(resource, etag, text if len(answer) == 1 else None)
        what = "with another resource" if type(resource) is dict else "without the resource"
        message, status = f"GET {path} answered {what}.", response.status
        raise ApiError(message, status=status, method="GET", path=path)

    def data(self, path: str) -> JsonValue:
        """The ``data`` of a path, of any type. Raises ApiError."""
        return self._object(path).get("data")

    def pages(self, collection: str) -> Iterator[list[JsonValue]]:
        """Everything in a list, page by page; again if it moved meanwhile. Raises ApiError."""
        return pages(partial(self._object, collection), collection)

    def put(
        self,
        collection: str,
        resource_id: str,
        body: Document,
        *,
        idempotency_key: str,
        if_match: str | None = None,
        run_async: bool = False,
        on_connected: Callable[[float], None] | None = None,
    ) -> Response:
        """Sends a whole resource once, without waiting, and returns any response.

        ``on_connected`` is as for Transport.send. Raises UnsentError when nothing was sent,
        AnswerLostError when something was.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        if if_match is not None:
            headers["If-Match"] = if_match
        if self._pace is not None:
            self._pace.take()  # a wait would come between the last read and the write
        response = self._transport.send(
            "PUT",
            item_path(collection, resource_id),
            params={"async": "true"} if run_async else None,
            body=jsontext.dump(body).encode("ascii"),
            headers=headers,
            on_connected=on_connected,
        )
        self._note_pause(response)
        return response

    def ask(self, path: str, body: Document, *, run_async: bool = False) -> Response:
        """Posts a request that changes nothing, and returns any response.

        It is retried where it was not processed, but not after a timeout: it may be expensive. It
        has no Idempotency-Key, since an earlier outcome would not answer it. Raises UnsentError
        and AnswerLostError.
        """
        response = self._persistent(
            lambda: self._transport.send(
                "POST",
                path,
                params={"async": "true"} if run_async else None,
                body=jsontext.dump(body).encode("ascii"),
                headers={"Content-Type": "application/json"},
            ),
            may_repeat=False,
        )
        return self._of_version(response, "POST", path) if response.status < 300 else response

    def job(self, state: JobState, *, whole: bool = False) -> JobState:
        """The current state of a job, its error in full if ``whole``. Raises ApiError."""
        path = f"/api/jobs/{quote(state.type, safe='')}/{quote(state.id, safe='')}"
        now = job_state({"job": self.data(path)}, state.type, whole=whole)
        if now is None or now.id != state.id:
            raise ApiError(f"GET {path} answered without the job.", method="GET", path=path)
        return now

    def _read(self, path: str, params: Mapping[str, str] | None = None) -> Response:
        """A GET, retried after a lost answer or a retryable status. Raises ApiError."""
        response = self._persistent(
            lambda: self._transport.send("GET", path, params=params, headers=_FRESH)
        )
        if not 200 <= response.status < 300:
            raise failure(response, "GET", path)
        return self._of_version(response, "GET", path)

    def _object(self, path: str, params: Mapping[str, str] | None = None) -> Document:
        """The JSON object that a GET answers with. Raises ApiError."""
        return envelope(self._read(path, params), f"The answer of GET {path}")

    def _persistent(self, send: Callable[[], Response], *, may_repeat: bool = True) -> Response:
        """The response to a request, which is retried where the failure is retryable.

        Only one that ``may_repeat`` what was processed is retried after a 504 or a lost answer.
        """
        retryable = (429, 502, 503, 504) if may_repeat else (429, 502, 503)
        for attempt, pause in enumerate(pauses(0.25), 1):
            wait = pause
            is_last = attempt == _READ_ATTEMPTS or self._time_left() <= 0
            try:
                self._take_turn()
                response = send()
            except (UnsentError, AnswerLostError) as error:
                # A connection that lay idle may be gone; a read can simply be made again.
                is_final = isinstance(error, AnswerLostError) and not may_repeat
                if is_last or is_final:
                    raise
            else:
                self._note_pause(response)
                if response.status not in retryable or is_last:
                    return response
                asked = retry_after(response, datetime.now(timezone.utc))
                if asked is not None and asked > _LONGEST_WAIT:
                    return response
                wait = pause if asked is None else asked
            self._sleep(min(wait, self._time_left()))
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def _time_left(self) -> float:
        """Seconds left of the caller's time."""
        return math.inf if self.left is None else max(0.0, self.left())

    def _take_turn(self) -> None:
        """Waits for a turn, if there is a pace. Raises UnsentError if that takes too long."""
        if self._pace is None:
            return
        if self._pace.pause_left() > self._time_left():
            raise UnsentError("the API asked for a longer pause than there is time for")
        self._pace.turn(self._sleep)

    def _note_pause(self, response: Response) -> None:
        """Pauses the whole batch after a 429, unless the pause is too long to wait for."""
        if self._pace is not None and response.status == 429:
            asked = retry_after(response, datetime.now(timezone.utc))
            seconds = _PAUSE if asked is None else asked
            if seconds <= _LONGEST_WAIT:
                self._pace.throttled(seconds)

    def _of_version(self, response: Response, method: str, path: str) -> Response:
        """The response. Raises ApiError for another API version than the requested one."""
        served = response.headers.get("x-polytomic-version")
        if served is not None and served != self.settings.api_version:
            raise ApiError(
                f"The API responded with version {served[:20]!r} instead of "
                f"{self.settings.api_version!r}, whose documents may have a different form.",
                status=response.status,
                method=method,
                path=path,
                hint="Use --api-version only with a version that this program supports.",
            )
        return response


def item_path(collection: str, resource_id: str) -> str:
    """The path of one resource.

    Raises InvalidInputError for an id with other characters, such as a slash, which would address
    something else.
    """
    if not resource_id.replace("-", "").isalnum() or not resource_id.isascii():
        raise InvalidInputError(
            f"{resource_id!r} is not an ID.", hint="An id is a UUID; patch-model list shows them."
        )
    return f"{collection}/{resource_id}"
