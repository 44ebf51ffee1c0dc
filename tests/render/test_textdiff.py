"""Values side by side and as a unified diff, made of the same rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.diff import Change
from patcher.documents.values import JsonValue, strictly_equal
from patcher.render.text import printable
from patcher.render.textdiff import (
    NO_NEWLINE,
    Cell,
    RowPair,
    differing_words,
    is_multiline,
    text_rows,
    unified,
    value_rows,
)


def diff(old: str, new: str, context: int = 3) -> tuple[str, ...]:
    """The unified diff of two texts."""
    return tuple(unified(text_rows(old, new, context)))


def rebuilt(old: str, hunks: tuple[str, ...]) -> str:
    """The text that a diff makes of ``old``, as patch(1) would."""
    lines = old.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    result: list[str] = []
    at = 0
    for index, line in enumerate(hunks):
        ends = NO_NEWLINE not in hunks[index + 1 : index + 2]
        text = line[1:] + ("\n" if ends else "")
        if line.startswith("@@"):
            start, _, count = line.split(" ")[1][1:].partition(",")
            first = int(start) - (count != "0")
            result += lines[at:first]
            at = first
        elif line.startswith("+"):
            result.append(text)
        elif line.startswith(("-", " ")):
            assert lines[at] == text
            result += [text] if line.startswith(" ") else []
            at += 1
    return "".join(result + lines[at:])


texts = st.lists(st.sampled_from(("a", "b", "", "c")), max_size=12).flatmap(
    lambda lines: st.sampled_from(("\n".join(lines), "\n".join([*lines, ""])))
)


@given(texts, texts, st.integers(0, 4))
def test_a_diff_rebuilds_the_text(old: str, new: str, context: int) -> None:
    """The hunks, applied to the old text, give the new one; equal texts have none."""
    hunks = diff(old, new, context)

    assert new == rebuilt(old, hunks)
    assert (hunks == ()) == (old == new)


def test_a_hunk_shows_the_change_and_its_context() -> None:
    """A hunk has the line numbers of both texts, the change, and the lines around it."""
    old = "".join(f"{i}\n" for i in range(1, 21))
    new = old.replace("10\n", "ten\nand\n")

    assert diff(old, new, context=1) == ("@@ -9,3 +9,4 @@", " 9", "-10", "+ten", "+and", " 11")


def test_changes_far_apart_are_hunks_of_their_own() -> None:
    """Changes with more than the context between them are in several hunks."""
    old = "".join(f"{i}\n" for i in range(1, 31))
    new = old.replace("5\n", "five\n", 1).replace("28\n", "")

    assert [line for line in diff(old, new) if line.startswith("@@")] == [
        "@@ -2,7 +2,7 @@",
        "@@ -25,6 +25,5 @@",
    ]


def test_a_missing_line_feed_at_the_end_is_shown() -> None:
    """A text that only gains or loses the last line feed shows that."""
    assert diff("a", "a\n") == ("@@ -1 +1 @@", "-a", NO_NEWLINE, "+a")
    assert diff("", "a") == ("@@ -0,0 +1 @@", "+a", NO_NEWLINE)


def test_carriage_returns_are_shown_where_they_tell_something() -> None:
    """Carriage returns are shown unless all lines of both texts end in one."""
    assert diff("a\r\nb\r\n", "a\nb\r\n") == ("@@ -1,2 +1,2 @@", "-a\\r", "+a", " b\\r")
    assert diff("a\r\nb\r\n", "a\r\nc\r\n") == ("@@ -1,2 +1,2 @@", " a", "-b", "+c")
    assert diff("a", "a\r\n") == ("@@ -1 +1 @@", "-a", NO_NEWLINE, "+a\\r")
    assert diff("a\r\n", "b\r\n") == ("@@ -1 +1 @@", "-a", "+b")
    assert diff("abc\r\n", "abc\n") == ("@@ -1 +1 @@", "-abc\\r", "+abc")


def test_a_line_is_common_to_one_end_only() -> None:
    """Of two equal lines of which one goes, one is the beginning, and none is the end as well."""
    assert diff("a\na\n", "a\n") == ("@@ -1,2 +1 @@", " a", "-a")
    assert diff("a\n", "a\na\n") == ("@@ -1 +1,2 @@", " a", "+a")


def test_only_a_line_feed_ends_a_line() -> None:
    """Other characters that Python splits lines at stay where they are."""
    assert diff("a\u2028b\n", "a\u2028c\n") == (
        "@@ -1 +1 @@",
        "-a\\u2028b",
        "+a\\u2028c",
    )


def test_a_change_in_a_huge_text_is_found() -> None:
    """However long the text, one change is one small hunk."""
    lines = [f"{i}\n" for i in range(200_000)]
    old, new = "".join(lines), "".join([*lines[:100_000], "new\n", *lines[100_000:]])

    assert diff(old, new, context=1) == (
        "@@ -100000,2 +100000,3 @@",
        " 99999",
        "+new",
        " 100000",
    )


def test_huge_differences_are_shown_as_replaced() -> None:
    """Where too many lines differ to match them, all go and all come, within their context."""
    old = ["same", *(f"{i % 7}" for i in range(60_000)), "end"]
    new = ["same", *(f"{i % 5}!" for i in range(50_000)), "end"]

    hunks = diff("\n".join(old), "\n".join(new))

    assert hunks[:2] == ("@@ -1,60002 +1,50002 @@", " same")
    assert {line[0] for line in hunks[2:60_002]} == {"-"}
    assert rebuilt("\n".join(old), hunks) == "\n".join(new)
    assert hunks[-2:] == (" end", NO_NEWLINE)


@pytest.mark.parametrize(("count", "is_matched"), [(5_000, True), (5_001, False)])
def test_five_thousand_lines_that_differ_are_still_matched(count: int, *, is_matched: bool) -> None:
    """What is common at the beginning and the end does not count."""

    def text(mark: str) -> str:
        lines = [f"{mark}{i}" for i in range(count)]
        lines[count // 2] = "same"
        return "".join(f"{line}\n" for line in ["1", "2", "3", *lines, "7", "8", "9"])

    hunks = diff(text("old"), text("new"))

    assert (" same" in hunks) is is_matched
    assert ("-same" in hunks) is not is_matched


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\n", "b", True),
        ("a", "b\nc", True),
        ("a", "b", False),
        ("a\nb", None, False),
        (1, "a\nb", False),
        (["a\n"], ["b"], False),
    ],
)
def test_which_values_are_shown_line_by_line(
    old: JsonValue, new: JsonValue, *, expected: bool
) -> None:
    """Two texts are shown line by line when one has more than one line."""
    assert expected == is_multiline(old, new)


def test_equal_texts_have_no_hunks() -> None:
    """Where nothing differs there is nothing to show."""
    assert diff("a\nb\n", "a\nb\n") == ()


LINES = st.lists(st.sampled_from(["select a", " b", "from t", "where x", "", "\t\x1b"]), max_size=9)


def test_what_was_replaced_is_paired_in_order() -> None:
    """A changed line stands beside the new one, with what differs noted; a rest stands alone."""
    found = list(text_rows("a\nx = 1\nz\n", "a\nx = 22\ny\nz\n"))

    assert found == [
        RowPair("hunk", header="@@ -1,3 +1,4 @@"),
        RowPair("same", Cell(1, "a"), Cell(1, "a")),
        RowPair("changed", Cell(2, "x = 1"), Cell(2, "x = 22")),
        RowPair("changed", None, Cell(3, "y")),
        RowPair("same", Cell(3, "z"), Cell(4, "z")),
    ]


def test_a_missing_line_feed_belongs_to_its_side() -> None:
    """Only the text that ends without one says so."""
    found = list(text_rows("a\nb", "a\nb\n"))

    assert found[-1] == RowPair("changed", Cell(2, "b", ends_openly=True), Cell(2, "b"))


def _sides(found: list[RowPair]) -> tuple[list[Cell], list[Cell]]:
    """The cells of each side, from top to bottom."""
    return (
        [row.old for row in found if row.old is not None],
        [row.new for row in found if row.new is not None],
    )


@given(LINES, LINES)
def test_each_side_is_its_text(old: list[str], new: list[str]) -> None:
    """Read down, the rows of a side are that text's lines under their own numbers."""
    texts = ["".join(f"{line}\n" for line in side) for side in (old, new)]
    found = list(text_rows(texts[0], texts[1], context=99))

    if old == new:
        assert found == []
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
    found = list(text_rows(texts[0], texts[1], context=0))

    for cells, lines in zip(_sides(found), (old, new), strict=True):
        assert all(printable(lines[cell.number - 1]) == cell.text for cell in cells)


@given(st.text(max_size=8), st.text(max_size=8))
def test_what_is_marked_is_all_that_differs(old: str, new: str) -> None:
    """Without the marked part, two lines are the same at both ends."""
    (start, end), (first, last) = differing_words(RowPair("changed", Cell(1, old), Cell(1, new)))

    is_alike = (old[:start], old[end:]) == (new[:first], new[last:])
    assert is_alike or start == end == first == last == 0


def test_what_differs_is_marked_by_words() -> None:
    """A word that differs is marked whole, although it shares letters with the old one."""
    old, new = "where status = 'new'", "where state = 'new'"
    before, after = differing_words(RowPair("changed", Cell(1, old), Cell(1, new)))

    assert old[slice(*before)] == "status"
    assert new[slice(*after)] == "state"


def test_a_line_without_another_side_has_no_marked_words() -> None:
    """What only one side has is marked as a whole line."""
    assert differing_words(RowPair("changed", None, Cell(1, "new"))) == ((0, 0), (0, 0))


def test_values_of_other_kinds_are_json() -> None:
    """Objects are compared by the lines of their JSON, single values without a hunk's header."""
    single = value_rows(Change("/timeout", "changed", 300, 600))
    object_ = value_rows(Change("/o", "changed", {"a": 1, "b": 2}, {"a": 1, "b": 3}))

    assert single == [RowPair("changed", Cell(1, "300"), Cell(1, "600"))]
    assert [row.kind for row in object_] == ["hunk", "same", "same", "changed", "same"]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists))
def test_different_values_never_look_the_same(value: Any) -> None:
    """Where two values differ, at least one row says so."""
    other = [value]

    assert not strictly_equal(value, other)
    assert any(row.kind == "changed" for row in value_rows(Change("/x", "changed", value, other)))
