"""Models and syncs in SQLite, one transaction at a time, with times that never repeat."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(timezone.utc)


def rfc3339(moment: datetime) -> str:
    """``2026-11-23T19:17:00.000042Z``: UTC with six digits, so that text order is time order."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Timestamps:
    """Hands out strictly increasing moments, however coarse or reset the clock behind it is."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._last = datetime.min.replace(tzinfo=timezone.utc)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The current time, for measuring ages."""
        return self._now()

    def stamp(self) -> str:
        """A timestamp later than every earlier one, handed out or noticed."""
        with self._lock:
            self._last = max(self._now(), self._last + TICK)
            return rfc3339(self._last)

    def notice(self, stamp: str) -> None:
        """Never hand out ``stamp`` or earlier: a reopened database may be ahead of the clock."""
        with self._lock:
            seen = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
            self._last = max(self._last, seen)


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
        """Rows by ``updated_at`` descending, then id, after the pair ``after``."""
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


_SCHEMA = """
CREATE TABLE IF NOT EXISTS models (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    fields TEXT NOT NULL,
    columns TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS newest_first ON models (updated_at DESC, id);
CREATE TABLE IF NOT EXISTS syncs (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS newest_syncs_first ON syncs (updated_at DESC, id);
"""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One model as stored. Everything but ``version`` is text; documents are JSON text."""

    id: str
    document: str
    fields: str
    columns: str
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


@dataclass(frozen=True, slots=True)
class SyncRow:
    """One sync as stored, all of it text; ``document`` and ``status`` are JSON text."""

    id: str
    document: str
    status: str
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class Database(Rows[StoredRow]):
    """The table of models, and in ``syncs`` that of syncs. Threads share one connection.

    Args:
        path: the database file; None keeps everything in memory, for as long as the store is open.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        lock = threading.RLock()
        connection = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        # A write costs no wait for the disk; after a power cut, the file may lack the last ones.
        connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;{_SCHEMA}")
        super().__init__(connection, lock, "models", StoredRow)
        self.syncs = Rows(connection, lock, "syncs", SyncRow)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens at once, or not at all. May be nested."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the database; a file keeps what is in it."""
        with self._lock:
            self._connection.close()
