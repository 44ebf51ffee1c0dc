"""Values beside each other, made of the same diff as the terminal's."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.diff import Change
from patcher.documents.textdiff import unified
from patcher.documents.values import strictly_equal
from patcher.render.side_by_side import Cell, RowPair, rows, shown_diff, value_rows
from patcher.render.text import printable

LINES = st.lists(st.sampled_from(["select a", " b", "from t", "where x", "", "\t\x1b"]), max_size=9)


def test_what_was_replaced_is_paired_in_order() -> None:
    """A changed line stands beside the new one, with what differs noted; a rest stands alone."""
    found = rows(shown_diff(unified("a\nx = 1\nz\n", "a\nx = 22\ny\nz\n")))

    assert found == (
        RowPair("hunk", header="@@ -1,3 +1,4 @@"),
        RowPair("same", Cell(1, "a"), Cell(1, "a")),
        RowPair("changed", Cell(2, "x = 1", (4, 5)), Cell(2, "x = 22", (4, 6))),
        RowPair("changed", None, Cell(3, "y")),
        RowPair("same", Cell(3, "z"), Cell(4, "z")),
    )


def test_a_missing_line_feed_belongs_to_its_side() -> None:
    """Only the text that ends without one says so."""
    found = rows(shown_diff(unified("a\nb", "a\nb\n")))

    assert found[-1] == RowPair(
        "changed", Cell(2, "b", (1, 1), ends_openly=True), Cell(2, "b", (1, 1))
    )


def _sides(found: tuple[RowPair, ...]) -> tuple[list[Cell], list[Cell]]:
    """The cells of each side, from top to bottom."""
    return (
        [row.old for row in found if row.old is not None],
        [row.new for row in found if row.new is not None],
    )


@given(LINES, LINES)
def test_each_side_is_its_text(old: list[str], new: list[str]) -> None:
    """Read down, the rows of a side are that text's lines under their own numbers."""
    texts = ["".join(f"{line}\n" for line in side) for side in (old, new)]
    found = rows(shown_diff(unified(texts[0], texts[1], context=99)))

    if old == new:
        assert found == ()
        return
    for cells, lines in zip(_sides(found), (old, new), strict=True):
        assert [(cell.number, cell.text) for cell in cells] == [
            (number, printable(line)) for number, line in enumerate(lines, 1)
        ]


@given(LINES, LINES)
def test_every_hunk_numbers_its_lines_as_the_texts_have_them(
    old: list[str], new: list[str]
) -> None:
    """Also where lines are left out between hunks, a number is that of the line in its text."""
    texts = ["".join(f"{line}\n" for line in side) for side in (old, new)]
    found = rows(shown_diff(unified(texts[0], texts[1], context=0)))

    for cells, lines in zip(_sides(found), (old, new), strict=True):
        assert all(printable(lines[cell.number - 1]) == cell.text for cell in cells)


@given(st.text(max_size=8), st.text(max_size=8))
def test_what_is_marked_is_all_that_differs(old: str, new: str) -> None:
    """Without the marked part, two lines are the same at both ends."""
    for row in rows(shown_diff([f"-{old}", f"+{new}"])):
        assert row.old is not None
        assert row.new is not None
        ends = [
            (cell.text[: cell.differs[0]], cell.text[cell.differs[1] :])
            for cell in (row.old, row.new)
        ]
        assert ends[0] == ends[1] or row.old.differs == row.new.differs == (0, 0)


def test_what_differs_is_marked_by_words() -> None:
    """A word that differs is marked whole, although it shares letters with the old one."""
    (row,) = rows(shown_diff(["-where status = 'new'", "+where state = 'new'"]))

    assert row.old is not None
    assert row.new is not None
    assert row.old.text[slice(*row.old.differs)] == "status"
    assert row.new.text[slice(*row.new.differs)] == "state"


def test_values_of_other_kinds_are_json() -> None:
    """Objects are compared by the lines of their JSON, single values without a hunk's header."""
    single = value_rows(Change("/timeout", "changed", 300, 600))
    object_ = value_rows(Change("/o", "changed", {"a": 1, "b": 2}, {"a": 1, "b": 3}))

    assert single == (RowPair("changed", Cell(1, "300"), Cell(1, "600")),)
    assert [row.kind for row in object_] == ["hunk", "same", "same", "changed", "same"]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists))
def test_different_values_never_look_the_same(value: Any) -> None:
    """Where two values differ, at least one row says so."""
    other = [value]

    assert not strictly_equal(value, other)
    assert any(row.kind == "changed" for row in value_rows(Change("/x", "changed", value, other)))
