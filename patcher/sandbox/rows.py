"""Rows of one table in SQLite: in, out, and a page at a time, the last written first."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import astuple, fields
from typing import Any, Generic, Protocol, TypeVar


class Stored(Protocol):
    """What every row has: an id, and when it was last written."""

    @property
    def id(self) -> str:
        """The primary key."""

    @property
    def updated_at(self) -> str:
        """RFC 3339, in UTC with six digits, so that text order is time order."""


R = TypeVar("R", bound=Stored)


class Rows(Generic[R]):
    """One table. Threads share the connection and take turns.

    Args:
        connection: the database.
        lock: whose turn it is.
        table: the name of the table, which is there.
        kind: a dataclass whose fields are the columns, ``id`` the first of them.
    """

    def __init__(
        self, connection: sqlite3.Connection, lock: threading.RLock, table: str, kind: type[R]
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._kind = kind
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        columns, places = ", ".join(names), ", ".join("?" for _ in names)
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        # Not INSERT OR REPLACE: that would give the row a new place in the order of creation.
        self._save = (
            f"INSERT INTO {table} ({columns}) VALUES ({places}) "  # noqa: S608  # names of our own
            f"ON CONFLICT (id) DO UPDATE SET {updates}"
        )
        self._select = f"SELECT {columns} FROM {table} "  # noqa: S608  # likewise
        self._delete = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608  # likewise
        self._ids = f"SELECT id FROM {table} ORDER BY rowid"  # noqa: S608  # likewise
        self._latest = f"SELECT max(updated_at) FROM {table}"  # noqa: S608  # likewise

    def save(self, row: R) -> None:
        """Insert the row, or replace the one with its id where it stands."""
        with self._lock:
            self._connection.execute(self._save, astuple(row))  # type: ignore[call-overload]

    def get(self, row_id: str) -> R | None:
        """The row with that id, or None."""
        found = self._rows("WHERE id = ?", (row_id,))
        return found[0] if found else None

    def remove(self, row_id: str) -> bool:
        """Delete the row; whether there was one."""
        with self._lock:
            return self._connection.execute(self._delete, (row_id,)).rowcount > 0

    def newest(self, limit: int, after: tuple[str, str] | None = None) -> list[R]:
        """Rows by ``updated_at`` descending, then id, from behind the pair ``after`` on."""
        order = "ORDER BY updated_at DESC, id LIMIT ?"
        if after is None:
            return self._rows(order, (limit,))
        stamp, row_id = after
        behind = "WHERE updated_at < ? OR (updated_at = ? AND id > ?) "
        return self._rows(behind + order, (stamp, stamp, row_id, limit))

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        with self._lock:
            found = self._connection.execute(self._ids).fetchall()
        return [row_id for (row_id,) in found]

    def latest_stamp(self) -> str | None:
        """The youngest ``updated_at``; None in an empty table."""
        with self._lock:
            (stamp,) = self._connection.execute(self._latest).fetchone()
        return str(stamp) if stamp else None

    def _rows(self, clause: str, values: Iterable[Any]) -> list[R]:
        with self._lock:
            found = self._connection.execute(self._select + clause, tuple(values)).fetchall()
        return [self._kind(*each) for each in found]
