"""Models and syncs in SQLite, one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from patcher.sandbox.rows import Rows

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


class Store(Rows[Row]):
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
        super().__init__(connection, lock, "models", Row)
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
