"""What a file keeps, and times that increase."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from patcher.sandbox import store
from patcher.sandbox.store import Database
from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import ApiFor


def test_models_of_a_file_survive_a_restart(tmp_path: Any, api_for: ApiFor) -> None:
    """A database file serves the same models after a restart, and is not seeded twice."""
    with Sandbox(models=3, db=tmp_path / "models.db") as sandbox:
        api_for(sandbox).model("PUT", json={**seed.contacts(), "name": "Kept"})
        before = [sandbox.model(each) for each in sandbox.ids()]
    with Sandbox(models=9, db=tmp_path / "models.db") as sandbox:
        assert [sandbox.model(each) for each in sandbox.ids()] == before
        sandbox.write_as_other(seed.CONTACTS, {"name": "Later"})
        assert sandbox.model(seed.CONTACTS)["updated_at"] > before[0]["updated_at"]


def test_timestamps_increase_though_the_clock_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a clock that does not move, every write is still later than the one before."""
    noon = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)

    class Clock(datetime):
        """Stands still."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return noon

    monkeypatch.setattr(store, "datetime", Clock)
    with Sandbox(models=2) as sandbox:
        stamps = [sandbox.model(each)["updated_at"] for each in sandbox.ids()]

    assert stamps == ["2026-11-23T12:00:00.000000Z", "2026-11-23T12:00:00.000001Z"]


def test_a_file_that_is_no_database_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be opened leaves no connection behind."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", watched)
    (tmp_path / "x.db").write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Database(tmp_path / "x.db")

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


@pytest.mark.parametrize("time", ["yesterday", "2026-11-23", b"x", 5])
def test_a_file_with_a_broken_time_is_refused(tmp_path: Path, time: object) -> None:
    """When it is opened, before anything is written to it."""
    path = tmp_path / "sandbox.db"
    with closing(Database(path)) as database:
        database.models.save("a", "", {})
        database.connection.execute("UPDATE models SET updated_at = ?", (time,))

    with pytest.raises(sqlite3.DatabaseError, match="a time in the file is not valid"):
        Database(path)
