"""Models and syncs in SQLite, one transaction at a time, with times that never repeat."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Row:
    """A model or sync: its id, the time of its last write, and all else as JSON text."""

    id: str
    updated_at: str
    content: str


class Table:
    """The rows of one kind. Threads share the connection and wait for each other.

    Args:
        connection: the database.
        lock: held during each statement.
        name: the table, created where it is missing.
    """

    def __init__(self, connection: sqlite3.Connection, lock: threading.RLock, name: str) -> None:
        self._connection = connection
        self._lock = lock
        self._name = name
        connection.executescript(
            f"CREATE TABLE IF NOT EXISTS {name} "
            "(id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, content TEXT NOT NULL);"
            f"CREATE INDEX IF NOT EXISTS newest_{name} ON {name} (updated_at DESC, id);"
        )

    def save(self, row: Row) -> None:
        """Insert the row, or replace the one with its id in its place."""
        # Not INSERT OR REPLACE: that would give the row a new place in the order of creation.
        self._execute(
            "INSERT INTO {} VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
            "SET updated_at = excluded.updated_at, content = excluded.content",
            *astuple(row),
        )

    def get(self, row_id: str) -> Row | None:
        """The row with that id, or None."""
        found = self._execute("SELECT * FROM {} WHERE id = ?", row_id)
        return Row(*found[0]) if found else None

    def remove(self, row_id: str) -> bool:
        """Delete the row; whether there was one."""
        with self._lock:
            is_there = self.get(row_id) is not None
            self._execute("DELETE FROM {} WHERE id = ?", row_id)
            return is_there

    def newest(self, limit: int, after: tuple[str, str] | None = None) -> list[Row]:
        """Rows by ``updated_at`` descending, then id, after the pair ``after``."""
        stamp, row_id = after or ("~", "")
        found = self._execute(
            "SELECT * FROM {} WHERE updated_at < ? OR (updated_at = ? AND id > ?) "
            "ORDER BY updated_at DESC, id LIMIT ?",
            *(stamp, stamp, row_id, limit),
        )
        return [Row(*each) for each in found]

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        return [row_id for (row_id,) in self._execute("SELECT id FROM {} ORDER BY rowid")]

    def latest_stamp(self) -> str | None:
        """The youngest ``updated_at``; None in an empty table."""
        ((stamp,),) = self._execute("SELECT max(updated_at) FROM {}")
        return str(stamp) if stamp else None

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement.format(self._name), values).fetchall()


class Database:
    """The tables of models and syncs. Threads share one connection.

    Args:
        path: the database file; None keeps everything in memory, for as long as it is open.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        try:
            # No write waits for the disk; after a power cut, the file may lack the last ones.
            self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            self.models = Table(self._connection, self._lock, "models")
            self.syncs = Table(self._connection, self._lock, "syncs")
        except sqlite3.Error:
            self._connection.close()
            raise

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
