"""Models and syncs in SQLite, one transaction at a time, with times that never repeat."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

from patcher.sandbox.messages import NoSuchError

Position = tuple[str, str]
"""The time and the id of a row, after which a page begins."""

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

    def notice(self, stamp: str | None) -> None:
        """Never hand out ``stamp`` or earlier: a reopened database may be ahead of the clock."""
        if stamp is None:
            return
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
        noun: what a row is; its plural is the table, created where it is missing.
    """

    def __init__(self, connection: sqlite3.Connection, lock: threading.RLock, noun: str) -> None:
        self._connection = connection
        self._lock = lock
        self._noun = noun
        name = f"{noun}s"
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

    def get(self, row_id: str) -> Row:
        """The row with that id. Raises NoSuchError."""
        found = self._execute("SELECT * FROM {} WHERE id = ?", row_id)
        if not found:
            raise NoSuchError(self._noun, row_id)
        return Row(*found[0])

    def remove(self, row_id: str) -> None:
        """Delete the row. Raises NoSuchError."""
        with self._lock:
            self.get(row_id)
            self._execute("DELETE FROM {} WHERE id = ?", row_id)

    def page(
        self, limit: int, after: Position | None, wanted: Callable[[Row], bool] = lambda _: True
    ) -> tuple[list[Row], Position | None]:
        """Up to ``limit`` of the ``wanted`` rows, the newest first, and where the next page begins.

        ``after`` is where this page begins: the last row of the one before.
        """
        stamp, row_id = after or ("~", "")
        newest = (
            "SELECT * FROM {} WHERE updated_at < ? OR (updated_at = ? AND id > ?) "
            "ORDER BY updated_at DESC, id"
        )
        with self._lock, closing(self._cursor(newest, stamp, stamp, row_id)) as rows:
            found = list(islice(filter(wanted, (Row(*each) for each in rows)), limit + 1))
        shown = found[:limit]
        return shown, (shown[-1].updated_at, shown[-1].id) if len(found) > limit else None

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        return [row_id for (row_id,) in self._execute("SELECT id FROM {} ORDER BY rowid")]

    def latest_stamp(self) -> str | None:
        """The youngest ``updated_at``; None in an empty table."""
        ((stamp,),) = self._execute("SELECT max(updated_at) FROM {}")
        found: str | None = stamp
        return found

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._cursor(statement, *values).fetchall()

    def _cursor(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(statement.format(f"{self._noun}s"), values)


class Database:
    """The tables of models and syncs. Threads share one connection.

    Args:
        path: the database file; None keeps everything in memory, for as long as it is open.
        clock: learns of the youngest time in the database, which may be ahead of it.
    """

    def __init__(self, path: Path | str | None, clock: Timestamps) -> None:
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        try:
            # No write waits for the disk; after a power cut, the file may lack the last ones.
            self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            self.models = Table(self._connection, self.lock, "model")
            self.syncs = Table(self._connection, self.lock, "sync")
            for stamp in (self.models.latest_stamp(), self.syncs.latest_stamp()):
                clock.notice(stamp)
        except sqlite3.Error:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens at once, or not at all. May be nested."""
        with self.lock:
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
        with self.lock:
            self._connection.close()
