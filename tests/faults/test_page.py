"""The fault matrix as data: what no row may say, and the page that is printed from it."""

from __future__ import annotations

import pytest

from tests.docs.console import ROOT
from tests.faults.matrix import COMMANDS, Row
from tests.faults.page import COMMAND, page
from tests.faults.rows import ROWS


def test_the_page_is_what_the_data_prints() -> None:
    """docs/faults.md is printed from the rows that the tests run."""
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == page()


def test_the_page_can_be_found() -> None:
    """The README links to the page, and CONTRIBUTING says how it is printed."""
    assert "(docs/faults.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert COMMAND in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_no_two_rows_have_one_name() -> None:
    """A cell can be named by its row and its command."""
    names = [row.name for row in ROWS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_row_promises_what_must_not_be(row: Row) -> None:
    """Done means stored, refused means not stored and never to be, and all else is unknown."""
    for cell in map(row.expected, COMMANDS):
        if cell.code == 0:
            assert (cell.stored, cell.journal) == ("new", "applied")
        elif cell.code in (3, 4):
            assert (cell.stored != "new", cell.lands) == (True, False)
            assert cell.journal in ("not-written", "none")
        else:
            assert (cell.code, cell.journal) == (6, "unknown")
        assert cell.puts <= 1 or row.name.startswith("429 "), "a second PUT"


THOUGHT_OF = (
    *("could not connect", "reset before sending", "reset after the write", "answer lost"),
    *("slow beyond the timeout", "408", "409", "412", "422"),
    *("429 with Retry-After", "429 without Retry-After"),
    *(f"{status} before the write" for status in (500, 502, 503, 504)),
    *(f"{status} after the write" for status in (500, 502, 503, 504)),
    *("301", "302", "303", "307", "308", "HTML instead of JSON", "truncated JSON"),
    *("a job that fails", "a job that never ends", "the model deleted"),
)


@pytest.mark.parametrize("fault", THOUGHT_OF)
def test_no_fault_is_left_out(fault: str) -> None:
    """Every fault that was thought of has a row."""
    assert any(row.name.startswith(fault) for row in ROWS)
