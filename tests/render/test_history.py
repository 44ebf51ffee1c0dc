"""The journal as text: whatever is in an entry, the terminal shows it and obeys none of it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from patcher.render.history import entry_lines, history_lines, table_lines
from patcher.render.text import plain

ESCAPE = "\x1b[2J"
ROW = {
    "entry": "@0123456789ab",
    "begun": f"2026{ESCAPE}",
    "name": f"a{ESCAPE}",
    "where": f"https://x{ESCAPE}",
    "state": "applied",
    "message": f"said{ESCAPE}",
    "version_before": 1,
    "version_after": 2,
    "changes": [{"path": f"/{ESCAPE}"}],
    "undoes": f"@1{ESCAPE}",
    "run": f"run-1{ESCAPE}",
}
NOW = datetime(2026, 1, 4, 3, 4, 5, tzinfo=timezone.utc)
NAMELESS = ("name", "type", "connection_id", "version", "updated_at", "updated_by")


def test_no_member_of_an_entry_moves_the_cursor() -> None:
    """Time, name, address, message, paths, the entry undone and the run are all escaped."""
    lines = [*history_lines([ROW], 1), *entry_lines(ROW, None)]

    texts = [span.text for line in lines for span in line]

    assert all(text.isprintable() for text in texts)
    assert sum("\\u001b[2J" in text for text in texts) >= 4


def test_a_table_lines_up() -> None:
    """Columns have one width, and what is not known is a dash or nothing."""
    rows: list[dict[str, Any]] = [
        {
            "id": "1",
            "name": "A\n",
            "type": "postgresql",
            "connection_id": "9",
            "version": 12,
            "updated_at": "2026-01-02T03:04:05.678Z",
            "updated_by": "Ann",
        },
        {"id": "22", **dict.fromkeys(NAMELESS)},
    ]

    assert plain(table_lines(rows)).splitlines() == [
        "ID  NAME  TYPE        VERSION  LAST WRITTEN          BY   CONNECTION",
        "1   A\\n   postgresql  12       2026-01-02T03:04:05Z  Ann  9",
        "22        -           -                                   -",
    ]


@pytest.mark.parametrize(
    ("begun", "age"),
    [
        ("2026-01-04T03:04:05.000Z", "now"),
        ("2026-01-04T03:03:05Z", "1m"),
        ("2026-01-03T04:04:05Z", "23h"),
        ("2025-12-31T04:04:05+01:00", "4d"),
        ("soon", "soon"),
    ],
)
def test_a_terminal_shows_ages(begun: str, age: str) -> None:
    """A time on a terminal is how long ago it was; one that is none is shown as it is."""
    head, row, *_ = plain(history_lines([{**ROW, "begun": begun}], 0, 200, NOW)).splitlines()

    assert head.startswith("ENTRY          AGE")
    assert row.split()[1] == age
