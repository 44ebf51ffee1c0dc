"""What a file keeps, and times that increase."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from patcher.sandbox import Sandbox, seed
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


def test_timestamps_increase_though_the_clock_stands_still() -> None:
    """With a clock that does not move, every write is still later than the one before."""
    noon = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
    with Sandbox(models=2, now=lambda: noon) as sandbox:
        stamps = [sandbox.model(each)["updated_at"] for each in sandbox.ids()]

    assert stamps == ["2026-11-23T12:00:00.000000Z", "2026-11-23T12:00:00.000001Z"]
