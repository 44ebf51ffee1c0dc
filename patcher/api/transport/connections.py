"""Connections that note when the first byte of a request leaves, and keep it within bounds.

requests' ConnectionError is raised for a host that could not be reached and for a connection that
broke after the whole request was sent. Telling them apart by the exception's ancestry would be a
guess about urllib3's insides; watching the socket is not. It is the proof of "not sent".

The bounds are a time and a size: a socket's timeout is for each wait by itself, so that a byte now
and then would hold a request for ever, and a packed answer can inflate to a thousand times its
size.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPResponse as PlainResponse
from http.client import parse_headers
from typing import Any, Final

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse

from patcher.api.transport.route import trusting

_PIECE: Final = 64 * 1024
_BESIDES: Final = 1024 * 1024  # for headers, and for what frames the chunks of a body


class TooLongError(OSError):
    """A response exceeds the maximum size."""


class UnpackingError(OSError):
    """A response has a content encoding that was not requested."""


class SwitchedError(OSError):
    """The server switched to another protocol, unrequested."""


class Bounds:
    """Limits of one request: its total time, and the size of its response.

    ``seconds`` begin now, by ``monotonic``; ``size`` is of the body, packed or not.
    """

    def __init__(self, seconds: float, size: int, monotonic: Callable[[], float]) -> None:
        self.size = size
        self.is_exceeded = False
        self._monotonic = monotonic
        self._deadline = monotonic() + seconds
        self._received = 0

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self._monotonic() >= self._deadline

    def left(self) -> float:
        """The seconds that are left. Raises TimeoutError when there are none."""
        seconds = self._deadline - self._monotonic()
        if seconds <= 0:
            raise TimeoutError("the time is up")
        return seconds

    def limit(self, sock: Any) -> None:
        """Has a socket wait for what is left of the time, and for a hundredth more at most.

        Setting a timeout is a system call, for which threads give way to each other.
        """
        left, now = self.left(), sock.gettimeout()
        if now is None or not left <= now <= left * 1.01:
            sock.settimeout(left)

    def receive(self, count: int) -> None:
        """Counts bytes that came over the wire, headers and all. Raises TooLongError."""
        self._received += count
        self.refuse_above(self._received - _BESIDES)

    def refuse_above(self, size: int) -> None:
        """Raises TooLongError for a body of this size, if that is too much."""
        if size > self.size:
            self.is_exceeded = True
            raise TooLongError("the response is too long")


class BoundedResponse(PlainResponse):
    """A response whose every byte, from the first header on, is read within bounds.

    It reads at least as much at a time as a TLS record holds (RFC 8446, section 5.1: 16 KiB).
    So what else was in the last record of a response ends with its file, instead of being read as
    the next response; urllib3 sees what is still in the socket.
    """

    def __init__(self, sock: Any, bounds: Bounds, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_BoundedFile(sock, bounds, self.fp.detach()), _PIECE)

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the answer, after all interim ones (RFC 9110, section 15.2).

        http.client itself reads on after a 100 alone, and takes a 102 or 103 for the answer, so
        that the answer would be read as that of the next request. It asks here for the status of
        a proxy's answer to CONNECT, too.
        """
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise SwitchedError("101")
            if status >= HTTPStatus.OK:
                return version, status, reason
            parse_headers(self.fp)


class _BoundedFile(io.RawIOBase):
    """A socket's own file, with each wait limited to the time left, and its bytes counted."""

    def __init__(self, sock: Any, bounds: Bounds, raw: io.RawIOBase) -> None:
        super().__init__()
        self._sock = sock
        self._bounds = bounds
        self._raw = raw

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number

    def readinto(self, buffer: Any) -> int | None:
        self._bounds.limit(self._sock)
        count: int | None = self._raw.readinto(buffer)
        self._bounds.receive(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def body_of(raw: BaseHTTPResponse, bounds: Bounds) -> bytes:
    """The body of an answer; a packed one in bounded pieces, each of which is counted.

    Raises TooLongError, TimeoutError, what urllib3 does for a body that is not packed as its
    Content-Encoding (RFC 9110, section 8.4) says, and UnpackingError for any encoding but gzip;
    then the connection is closed.
    """
    try:
        length = raw.headers.get("Content-Length", "")
        if length.isascii() and length.isdecimal():
            # With more digits than a number has, it is long enough to be refused, too.
            bounds.refuse_above(int(length[:20]))
        encoding = raw.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise UnpackingError("an encoding that was not requested")
        if encoding in ("", "identity"):
            plain = raw.read(decode_content=False)
            bounds.refuse_above(len(plain))
            return plain
        body = bytearray()
        for piece in raw.stream(_PIECE, decode_content=True):
            body += piece
            bounds.refuse_above(len(body))
            bounds.left()
        return bytes(body)
    except BaseException:
        raw.close()
        raw.release_conn()
        raise


_current = threading.local()

_BLOCK: Final = 16 * 1024


class Witness:
    """Within its context, records whether this thread has sent a byte of a request.

    ``bounds`` are those of the request and its answer. ``on_connected`` is called where a
    connection had to be made, before the first byte of the request, with the seconds it took; it
    may make requests of its own, and what it raises ends this one unsent.
    """

    def __init__(self, bounds: Bounds, on_connected: Callable[[float], None] | None = None) -> None:
        self.bounds = bounds
        self.on_connected = on_connected
        self.sent = False
        self._outer: Witness | None = None

    def __enter__(self) -> Witness:
        self._outer = getattr(_current, "witness", None)
        _current.witness = self
        return self

    def __exit__(self, *_: object) -> None:
        _current.witness = self._outer


def _witness() -> Witness:
    """The witness of this thread's request; no connection exists without one."""
    witness: Witness = _current.witness
    return witness


def _bounded_response(sock: Any, *args: Any, **kwargs: Any) -> BoundedResponse:
    return BoundedResponse(sock, _witness().bounds, *args, **kwargs)


class _WatchedConnection(HTTPConnection):
    """Marks the witness with the first byte after the connection stands.

    Connecting may send bytes too (a proxy's CONNECT); they are not the request's. Whatever is
    sent or received has what is left of the time, and no more: bytes, which a body is as well, go
    in blocks that are sent quickly.
    """

    response_class = staticmethod(_bounded_response)  # type: ignore[assignment]
    _connecting = False

    def connect(self) -> None:
        witness = _witness()
        left = witness.bounds.left()
        self._connecting = True
        try:
            super().connect()
        finally:
            self._connecting = False
        if witness.on_connected is not None:
            witness.on_connected(left - witness.bounds.left())

    def _new_conn(self) -> socket.socket:
        self.timeout = _witness().bounds.left()
        sock = super()._new_conn()
        sock.settimeout(_witness().bounds.left())  # a handshake may follow
        return sock

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        witness = _witness()
        for start in range(0, len(data), _BLOCK):
            witness.bounds.limit(self.sock)
            witness.sent = witness.sent or not self._connecting
            super().send(data[start : start + _BLOCK])


class _WatchedSecureConnection(_WatchedConnection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class WitnessAdapter(HTTPAdapter):
    """requests' adapter to one host, over watched connections, direct or by way of a proxy."""

    _pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of connections, which is found once."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def request_url(self, request: PreparedRequest, proxies: object) -> str:
        """The path: only https goes through a proxy, and there in a tunnel."""
        return request.path_url

    def build_response(self, req: PreparedRequest, resp: Any) -> Any:
        """urllib3's own response: requests' has cookies and an encoding that nothing needs."""
        return resp

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Makes the pool manager as usual, with watched pools in it."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Verifies as usual, by certificates that were read once for all connections."""
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        bundle = conn.ca_certs or conn.ca_cert_dir
        if isinstance(conn, HTTPSConnectionPool) and bundle:
            conn.conn_kw["ssl_context"] = trusting(bundle)
            conn.ca_certs = conn.ca_cert_dir = None

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Makes a proxy's pool manager as usual, with watched pools in it."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
