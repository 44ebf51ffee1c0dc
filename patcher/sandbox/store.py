"""Models and syncs in SQLite, one transaction at a time, with times that never repeat."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from patcher.sandbox.messages import Document, NoSuchError, bad_request, dumps

_TICK = timedelta(microseconds=1)
_LONG_AGO = "1970-01-01T00:00:00.000000Z"
_RFC3339 = "%Y-%m-%dT%H:%M:%S.%fZ"
"""``2026-11-23T19:17:00.000042Z``: UTC with six digits, so that text order is time order."""


class Row(NamedTuple):
    """A model or sync: its id, the time of its last write, and all else as JSON text."""

    id: str
    updated_at: str
    content: str


class Table:
    """The rows of one kind.

    Args:
        database: holds the table, which is created where it is missing.
        noun: what a row is; its plural is the name of the table.
    """

    def __init__(self, database: Database, noun: str) -> None:
        self._database = database
        self._noun = noun
        self._execute(
            "CREATE TABLE IF NOT EXISTS {0} "
            "(id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, content TEXT NOT NULL)"
        )
        self._execute("CREATE INDEX IF NOT EXISTS newest_{0} ON {0} (updated_at DESC, id)")

    def save(self, row_id: str, updated_at: str, content: Document) -> Row:
        """Insert a row, or replace the one with its id in its place; returns it."""
        row = Row(row_id, updated_at, dumps(content))
        # Not INSERT OR REPLACE: that would give the row a new place in the order of creation.
        self._execute(
            "INSERT INTO {} VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
            "SET updated_at = excluded.updated_at, content = excluded.content",
            *row,
        )
        return row

    def get(self, row_id: str) -> Row:
        """The row with that id. Raises NoSuchError."""
        found = self._execute("SELECT * FROM {} WHERE id = ?", row_id)
        if not found:
            raise NoSuchError(self._noun, row_id)
        return Row(*found[0])

    def remove(self, row_id: str) -> None:
        """Delete the row. Raises NoSuchError."""
        with self._database.lock:
            self.get(row_id)
            self._execute("DELETE FROM {} WHERE id = ?", row_id)

    def page(
        self, limit: int, token: str, wanted: Callable[[Row], bool] = lambda _: True
    ) -> tuple[list[Row], str]:
        """Up to ``limit`` of the ``wanted`` rows, the newest first, and the token of the next page.

        ``token`` is that of this page: the time and the id of the last row of the one before. It is
        empty for the first page, and where no other follows.

        Raises:
            WireError: 400, for a token that no page has.
        """
        stamp, mark, row_id = (token or "~_").partition("_")
        if not mark:
            raise bad_request("query parameter page_token: not a token of this server")
        newest = (
            "SELECT * FROM {} WHERE updated_at < ? OR (updated_at = ? AND id > ?) "
            "ORDER BY updated_at DESC, id"
        )
        with self._database.lock, closing(self._cursor(newest, stamp, stamp, row_id)) as rows:
            found = list(islice(filter(wanted, (Row(*each) for each in rows)), limit + 1))
        shown = found[:limit]
        return shown, f"{shown[-1].updated_at}_{shown[-1].id}" if len(found) > limit else ""

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        return [row_id for (row_id,) in self._execute("SELECT id FROM {} ORDER BY rowid")]

    def latest_stamp(self) -> str:
        """The youngest ``updated_at``; that of long ago for an empty table."""
        ((stamp,),) = self._execute("SELECT max(updated_at) FROM {}")
        return stamp or _LONG_AGO

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        with self._database.lock:
            return self._cursor(statement, *values).fetchall()

    def _cursor(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._database.connection.execute(statement.format(f"{self._noun}s"), values)


class Database:
    """The tables of models and syncs. Threads share one connection and wait for each other.

    Args:
        path: the database file; None keeps everything in memory, for as long as it is open.
    """

    def __init__(self, path: Path | str | None) -> None:
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        try:
            # No write waits for the disk; after a power cut, the file may lack the last ones.
            self.connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            self.models = Table(self, "model")
            self.syncs = Table(self, "sync")
            latest = max(self.models.latest_stamp(), self.syncs.latest_stamp())
            self._last = datetime.strptime(latest, _RFC3339).replace(tzinfo=timezone.utc)
        except sqlite3.Error:
            self.connection.close()
            raise
        except (TypeError, ValueError) as error:
            self.connection.close()
            raise sqlite3.DatabaseError("a time in the file is not valid") from error

    def stamp(self) -> str:
        """The time of a write, later than that of every other, whatever the clock says."""
        with self.lock:
            self._last = max(datetime.now(timezone.utc), self._last + _TICK)
            return self._last.strftime(_RFC3339)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens at once, or not at all. May be nested."""
        with self.lock:
            if self.connection.in_transaction:
                yield
                return
            with self.connection:  # commits, or rolls back
                self.connection.execute("BEGIN IMMEDIATE")
                yield

    def close(self) -> None:
        """Close the database; a file keeps what is in it."""
        with self.lock:
            self.connection.close()
