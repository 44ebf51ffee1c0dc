"""Proof of "not sent": connections that note when the first byte of a request leaves.

requests' ConnectionError is raised for a host that could not be reached and for a connection that
broke after the whole request was sent. Telling them apart by the exception's ancestry would be a
guess about urllib3's insides; watching the socket is not.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_current = threading.local()


class Witness:
    """Within its context, knows whether this thread has sent a byte of a request."""

    def __init__(self) -> None:
        self.sent = False

    def __enter__(self) -> Witness:
        _current.witness = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.witness = None


class _WatchedConnection(HTTPConnection):
    """Marks the witness with the first byte after the connection stands.

    Connecting may send bytes too (a proxy's CONNECT); they are not the request's.
    """

    _connecting = False

    def connect(self) -> None:
        self._connecting = True
        try:
            super().connect()
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        witness: Witness | None = getattr(_current, "witness", None)
        if witness is not None and not self._connecting:
            witness.sent = True
        super().send(data)


class _WatchedSecureConnection(_WatchedConnection, HTTPSConnection):
    """The same over TLS."""


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

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Makes a proxy's pool manager as usual, with watched pools in it."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
