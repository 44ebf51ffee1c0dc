"""Models in SQLite: rows in, rows out, one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

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
"""


@dataclass(frozen=True, slots=True)
class Row:
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


_COLUMNS = ", ".join(field.name for field in fields(Row))
_PLACES = ", ".join("?" for _ in fields(Row))
_UPDATES = ", ".join(f"{field.name} = excluded.{field.name}" for field in fields(Row)[1:])
# Not INSERT OR REPLACE: that would give the row a new place in the order of creation.
_SAVE = (
    f"INSERT INTO models ({_COLUMNS}) VALUES ({_PLACES}) "  # noqa: S608  # names of our own
    f"ON CONFLICT (id) DO UPDATE SET {_UPDATES}"
)
_SELECT = f"SELECT {_COLUMNS} FROM models "  # noqa: S608  # likewise


class Store:
    """The table of models. Threads share one connection and take turns.

    Args:
        path: the database file; None keeps everything in memory, for as long as the store is open.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        # A write costs no wait for the disk; after a power cut, the file may lack the last ones.
        self._connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;{_SCHEMA}"
        )

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

    def save(self, row: Row) -> None:
        """Insert the row, or replace the one with its id where it stands."""
        with self._lock:
            self._connection.execute(_SAVE, astuple(row))

    def get(self, model_id: str) -> Row | None:
        """The row with that id, or None."""
        found = self._rows("WHERE id = ?", (model_id,))
        return found[0] if found else None

    def remove(self, model_id: str) -> bool:
        """Delete the row; whether there was one."""
        with self._lock:
            deleted = self._connection.execute("DELETE FROM models WHERE id = ?", (model_id,))
            return deleted.rowcount > 0

    def newest(self, limit: int, after: tuple[str, str] | None = None) -> list[Row]:
        """Rows by ``updated_at`` descending, then id, from behind the pair ``after`` on."""
        order = "ORDER BY updated_at DESC, id LIMIT ?"
        if after is None:
            return self._rows(order, (limit,))
        stamp, model_id = after
        behind = "WHERE updated_at < ? OR (updated_at = ? AND id > ?) "
        return self._rows(behind + order, (stamp, stamp, model_id, limit))

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        with self._lock:
            found = self._connection.execute("SELECT id FROM models ORDER BY rowid").fetchall()
        return [model_id for (model_id,) in found]

    def latest_stamp(self) -> str | None:
        """The youngest ``updated_at``; None in an empty store."""
        with self._lock:
            (stamp,) = self._connection.execute("SELECT max(updated_at) FROM models").fetchone()
        return str(stamp) if stamp else None

    def close(self) -> None:
        """Close the database; a file keeps the models."""
        with self._lock:
            self._connection.close()

    def _rows(self, clause: str, values: Iterable[str | int]) -> list[Row]:
        with self._lock:
            found = self._connection.execute(_SELECT + clause, tuple(values)).fetchall()
        return [Row(*each) for each in found]
