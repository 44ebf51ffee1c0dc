"""Connections that note when the first byte of a request leaves, and keep it within bounds.

requests' ConnectionError is raised for a host that could not be reached and for a connection that
broke after the whole request was sent. Telling them apart by the exception's ancestry would be a
guess about urllib3's insides; watching the socket is not. It is the proof of "not sent".
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from ssl import SSLSocket
from types import TracebackType
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from patcher.api.transport.reading import BoundedResponse, Bounds
from patcher.api.transport.route import trusting

_current = threading.local()

_BLOCK: Final = 16 * 1024


class Witness:
    """Within its context, knows whether this thread has sent a byte of a request.

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.witness = self._outer


def _witness() -> Witness:
    """The one of this thread's request; there is no connection without."""
    witness: Witness = _current.witness
    return witness


def _bounded_response(sock: Any, *args: Any, **kwargs: Any) -> BoundedResponse:
    return BoundedResponse(sock, _witness().bounds, *args, **kwargs)


class _WatchedConnection(HTTPConnection):
    """Marks the witness with the first byte after the connection stands.

    Connecting may send bytes too (a proxy's CONNECT); they are not the request's. Whatever is
    sent or received has what is left of the time, and no more.
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
        for block in _blocks(data):
            self.sock.settimeout(witness.bounds.left())
            witness.sent = witness.sent or not self._connecting
            super().send(block)


def _blocks(data: Any) -> Iterator[Any]:
    """Bytes in pieces, so that none of them takes long; anything else as it is."""
    if not isinstance(data, bytes) or not data:
        yield data
        return
    for start in range(0, len(data), _BLOCK):
        yield data[start : start + _BLOCK]


class _WatchedSecureConnection(_WatchedConnection, HTTPSConnection):
    """The same over TLS."""

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again: not if it holds more than the last answer.

        Otherwise that would be read as the next answer. What is deciphered and not read, the
        plain check does not see.
        """
        has_more = isinstance(self.sock, SSLSocket) and self.sock.pending() > 0
        return super().is_connected and not has_more


class _Pool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class WitnessAdapter(HTTPAdapter):
    """requests' adapter over watched connections, direct or by way of a proxy."""

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
