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
from patcher.documents.masks import Masks
from patcher.errors import ApiError, InvalidPatchError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from patcher.api.transport.connections import WitnessAdapter
    from patcher.api.transport.route import Route

logger = logging.getLogger("patcher")
"""A line for each request (DEBUG); in operations, for each write (INFO) and for what to know."""

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


class _Request(NamedTuple):
    """A request as Transport.send was given it."""

    method: str
    path: str
    params: Mapping[str, str] | None
    body: bytes | None
    headers: Mapping[str, str]


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
        self._masks = Masks(secrets=settings.secrets)
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
        request = _Request(method, path, params, body, headers or {})
        begun = self._monotonic()
        try:
            response = self._without_key(self._exchange(request, on_connected))
        except ApiError as error:
            failure = error.message.removeprefix(f"{method} {path}").lstrip(": ")
            self._tell(Exchange(method, path, None, self._monotonic() - begun, failure))
            raise
        sent = {name.lower(): text for name, text in request.headers.items() if name in _SENT}
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
        self, request: _Request, on_connected: Callable[[float], None] | None
    ) -> Response:
        from patcher.api.transport.route import LocalError

        try:
            adapter, route = self._way()
        except LocalError as error:
            raise _unsent(request, str(error), error.hint) from error

        from requests import RequestException
        from urllib3.exceptions import HTTPError

        from patcher.api.transport.connections import Bounds, Witness, body_of

        timeout = self._settings.timeout
        bounds = Bounds(timeout, MAX_ANSWER, self._monotonic)
        with Witness(bounds, on_connected) as witness:
            try:
                raw = self._open(request, adapter, route)
                return Response(
                    raw.status,
                    {name: raw.headers[name] for name in _RECEIVED if name in raw.headers},
                    body_of(raw, bounds),
                    str(route),
                )
            except (RequestException, HTTPError, OSError, ValueError) as error:
                from patcher.api.transport import trouble

                if not witness.sent:
                    reason, hint = trouble.unsent(error, route, timeout)
                    raise _unsent(request, reason, hint) from error
                what = f"{request.method} {request.path}: {trouble.lost(error, bounds, timeout)}."
                raise AnswerLostError(what, method=request.method, path=request.path) from error

    def _without_key(self, response: Response) -> Response:
        """A response without our key, which a server may repeat, in all that becomes a message.

        What may hold a document stays as it is: there the key is a value like any other, and is
        masked where it is shown.
        """
        headers = {name: self._masks.masked_text(text) for name, text in response.headers.items()}
        if response.status < 300 and response.body.lstrip().startswith(b"{"):
            return response._replace(headers=headers)
        text = self._masks.masked_text(response.body.decode("utf-8", "surrogateescape"))
        with suppress(InvalidPatchError):  # where it is JSON, it may be escaped in there
            plain = jsontext.dump(jsontext.parse(text, what="the answer"))
            masked = self._masks.masked_text(plain)
            text = text if masked == plain else masked
        body = text.encode("utf-8", "surrogateescape")
        return response._replace(headers=headers, body=body)

    def _open(self, request: _Request, adapter: WitnessAdapter, route: Route) -> BaseHTTPResponse:
        """Sends a request and returns its response, of which the headers are read.

        requests prepares the address once, and nothing else. An adapter reads no netrc file and
        follows no redirect.
        """
        from requests import PreparedRequest, Request

        if self._base is None:
            self._base = (Request("GET", self._settings.url).prepare().url or "").rstrip("/")
        method, path, params, body, headers = request
        prepared = PreparedRequest()
        prepared.method, prepared.body = method, body
        prepared.url = f"{self._base}{path}" + (f"?{urlencode(params)}" if params else "")
        length = {} if body is None else {"Content-Length": str(len(body))}
        # An adapter only passes them on.
        prepared.headers = {**self._common, **headers, **length}  # type: ignore[assignment]
        response: BaseHTTPResponse = adapter.send(  # type: ignore[assignment]
            prepared,
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


def _unsent(request: _Request, reason: str, hint: str | None) -> UnsentError:
    what = f"{request.method} {request.path} was not sent: {reason}."
    return UnsentError(what, method=request.method, path=request.path, hint=hint)
