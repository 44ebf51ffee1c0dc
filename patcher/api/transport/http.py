"""One request, one response: no retries, no redirects, no credentials from a netrc file.

A failure says whether any byte of the request was sent: only before that is it certain that the
server did not act on it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode
from weakref import WeakSet

from patcher import _version
from patcher.api.settings import Settings
from patcher.documents import jsontext
from patcher.documents.masks import MASK
from patcher.documents.spellings import Copies
from patcher.errors import ApiError, InvalidPatchError

if TYPE_CHECKING:
    from requests import PreparedRequest
    from urllib3 import BaseHTTPResponse

    from patcher.api.transport.connections import Bounds, WitnessAdapter
    from patcher.api.transport.route import Route

logger = logging.getLogger("patcher")
"""A line for each request (DEBUG), for each write (INFO), and for what a caller should know."""

logger.addHandler(logging.NullHandler())

MAX_ANSWER: Final = 64 * 1024 * 1024
"""Largest answer read, in bytes; packed or not."""


class UnsentError(ApiError):
    """It failed before the first byte of the request: the server cannot have acted on it."""


class AnswerLostError(ApiError):
    """It failed after that: the server may have acted on it."""


class Response(NamedTuple):
    """A response, read to its end.

    ``headers`` are those that count here, with names in lower case. ``route`` describes the
    address and the proxy, for messages.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    route: str = ""


class Exchange(NamedTuple):
    """One request and its outcome, for tracing.

    ``notable`` holds headers of both worth tracing; never a credential.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    failure: str | None = None
    notable: Mapping[str, str] = MappingProxyType({})


_SENT: Final = frozenset({"Idempotency-Key", "If-Match"})
_RECEIVED: Final = frozenset(
    {"content-type", "etag", "location", "retry-after", "x-polytomic-version", "x-request-id"}
)


class Transport:
    """Sends requests to one API, with its credentials.

    Threads may share it: each has an adapter of requests with connections of its own, and all of
    them one set of trusted certificates. There is no requests.Session, which would merge
    settings, prepare headers, keep cookies and look for redirects for each request.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._observe = observe
        self._copies = Copies(settings.secrets, MASK)
        self._base: str | None = None
        self._common = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Authorization": settings.authorization,
            "Connection": "keep-alive",
            "User-Agent": f"patch-model/{_version.__version__}",
            "X-Polytomic-Version": settings.api_version,
        }
        self._of_thread = threading.local()
        # Of a thread that has ended the adapter goes as well, and its connections with it.
        self._adapters: WeakSet[WitnessAdapter] = WeakSet()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        on_connected: Callable[[float], None] | None = None,
    ) -> Response:
        """Sends one request and reads its response, whatever the status.

        ``path`` begins with a slash and is sent as it is. ``on_connected`` is called with the
        seconds that a new connection took, before anything is sent; what it raises is raised
        here. Raises UnsentError or AnswerLostError.
        """
        headers = headers or {}
        begun = self._monotonic()
        try:
            response = self._exchange(method, path, params, body, headers, on_connected)
            response = self._without_key(response)
        except ApiError as error:
            failure = error.message.removeprefix(f"{method} {path}").lstrip(": ")
            self._tell(Exchange(method, path, None, self._monotonic() - begun, failure))
            raise
        sent = {name.lower(): text for name, text in headers.items() if name in _SENT}
        notable = {**sent, **response.headers}
        seconds = self._monotonic() - begun
        self._tell(Exchange(method, path, response.status, seconds, notable=notable))
        return response

    def close(self) -> None:
        """Closes the connections of all threads."""
        adapters, self._adapters = list(self._adapters), WeakSet()
        self._of_thread = threading.local()
        for adapter in adapters:
            adapter.close()

    def _tell(self, exchange: Exchange) -> None:
        outcome = exchange.failure if exchange.status is None else exchange.status
        logger.debug("%s %s: %s", exchange.method, exchange.path, outcome)
        if self._observe is not None:
            self._observe(exchange)

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str],
        on_connected: Callable[[float], None] | None,
    ) -> Response:
        from patcher.api.transport.route import LocalError

        try:
            adapter, route = self._way()
        except LocalError as error:
            raise _unsent(method, path, str(error), error.hint) from error

        from requests import RequestException
        from urllib3.exceptions import HTTPError

        from patcher.api.transport.connections import Bounds, Witness

        bounds = Bounds(self._settings.timeout, MAX_ANSWER, self._monotonic)
        with Witness(bounds, on_connected) as witness:
            try:
                request = self._request(method, path, params, body, headers)
                raw = self._open(adapter, route, request)
                return Response(
                    raw.status,
                    {name: raw.headers[name] for name in _RECEIVED if name in raw.headers},
                    _read(raw, bounds),
                    str(route),
                )
            except (RequestException, HTTPError, OSError, ValueError) as error:
                from patcher.api.transport import trouble

                if not witness.sent:
                    reason, hint = trouble.unsent(error, route, self._settings.timeout)
                    raise _unsent(method, path, reason, hint) from error
                raise AnswerLostError(
                    f"{method} {path}: {self._loss(error, bounds)}.", method=method, path=path
                ) from error

    def _without_key(self, response: Response) -> Response:
        """A response without our key, which a server may repeat, in all that becomes a message.

        What may hold a document stays as it is: there the key is a value like any other, and is
        masked where it is shown.
        """
        headers = {name: self._copies.masked(text) for name, text in response.headers.items()}
        if response.status < 300 and response.body.lstrip().startswith(b"{"):
            return response._replace(headers=headers)
        text = self._copies.masked(response.body.decode("utf-8", "surrogateescape"))
        with suppress(InvalidPatchError):  # where it is JSON, it may be escaped in there
            plain = jsontext.dump(jsontext.parse(text, what="the answer"))
            masked = self._copies.masked(plain)
            text = text if masked == plain else masked
        body = text.encode("utf-8", "surrogateescape")
        return response._replace(headers=headers, body=body)

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> PreparedRequest:
        """A request to this API. requests prepares the address once, and nothing else."""
        from requests import PreparedRequest, Request

        if self._base is None:
            self._base = (Request("GET", self._settings.url).prepare().url or "").rstrip("/")
        request = PreparedRequest()
        request.method, request.body = method, body
        request.url = f"{self._base}{path}?{urlencode(params)}" if params else f"{self._base}{path}"
        length = {} if body is None else {"Content-Length": str(len(body))}
        # An adapter only passes them on.
        request.headers = {**self._common, **headers, **length}  # type: ignore[assignment]
        return request

    def _open(
        self, adapter: WitnessAdapter, route: Route, request: PreparedRequest
    ) -> BaseHTTPResponse:
        """Sends it. An adapter reads no netrc file and follows no redirect."""
        response: BaseHTTPResponse = adapter.send(  # type: ignore[assignment]
            request,
            stream=True,
            timeout=self._settings.timeout,
            verify=route.certificates or True,
            proxies={"https": route.proxy} if route.proxy else {},
        )
        return response

    def _way(self) -> tuple[WitnessAdapter, Route]:
        """This thread's adapter, and the route that it takes. Raises LocalError."""
        way: tuple[WitnessAdapter, Route] | None = getattr(self._of_thread, "way", None)
        if way is None:
            from patcher.api.transport.route import Route

            route = Route.to(self._settings.url)

            from patcher.api.transport.connections import WitnessAdapter

            way = self._of_thread.way = (WitnessAdapter(max_retries=0), route)
            self._adapters.add(way[0])
        return way

    def _loss(self, error: BaseException, bounds: Bounds) -> str:
        """Why no answer came, in words that hold no header, no address of an object, no body."""
        from patcher.api.transport import trouble

        if bounds.is_exceeded:
            return f"the response is longer than {bounds.size // 1024 // 1024} MiB"
        if bounds.is_late:
            return f"timed out after {self._settings.timeout:g} s"
        return trouble.lost(error)


def _unsent(method: str, path: str, reason: str, hint: str | None) -> UnsentError:
    what = f"{method} {path} was not sent: {reason}."
    return UnsentError(what, method=method, path=path, hint=hint)


def _read(raw: BaseHTTPResponse, bounds: Bounds) -> bytes:
    from patcher.api.transport.connections import body_of

    try:
        length = raw.headers.get("Content-Length", "")
        if length.isascii() and length.isdecimal():
            # With more digits than a number has, it is long enough to be refused, too.
            bounds.refuse_above(int(length[:20]))
        return body_of(raw, bounds)
    except BaseException:
        raw.close()
        raw.release_conn()
        raise
