"""The journal as text: whatever is in an entry, the terminal shows it and obeys none of it."""

from __future__ import annotations

from typing import Any

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
