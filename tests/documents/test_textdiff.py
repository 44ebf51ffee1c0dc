from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.textdiff import NO_NEWLINE, is_multiline, unified
from patcher.documents.values import JsonValue


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


texts = st.lists(st.sampled_from(("a", "b", "", "c", "\u2028", "\x0c")), max_size=12).flatmap(
    lambda lines: st.sampled_from(("\n".join(lines), "\n".join([*lines, ""])))
)


@given(texts, texts, st.integers(0, 4))
def test_a_diff_rebuilds_the_text(old: str, new: str, context: int) -> None:
    """The hunks, applied to the old text, give the new one; equal texts have none."""
    hunks = unified(old, new, context)

    assert new == rebuilt(old, hunks)
    assert (hunks == ()) == (old == new)


def test_a_hunk_shows_the_change_and_its_context() -> None:
    """A hunk has the line numbers of both texts, the change, and the lines around it."""
    old = "".join(f"{i}\n" for i in range(1, 21))
    new = old.replace("10\n", "ten\nand\n")

    assert unified(old, new, context=1) == ("@@ -9,3 +9,4 @@", " 9", "-10", "+ten", "+and", " 11")


def test_changes_far_apart_are_hunks_of_their_own() -> None:
    """Changes with more than the context between them are in several hunks."""
    old = "".join(f"{i}\n" for i in range(1, 31))
    new = old.replace("5\n", "five\n", 1).replace("28\n", "")

    assert [line for line in unified(old, new) if line.startswith("@@")] == [
        "@@ -2,7 +2,7 @@",
        "@@ -25,6 +25,5 @@",
    ]


def test_a_missing_line_feed_at_the_end_is_shown() -> None:
    """A text that only gains or loses the last line feed shows that."""
    assert unified("a", "a\n") == ("@@ -1 +1 @@", "-a", NO_NEWLINE, "+a")
    assert unified("", "a") == ("@@ -0,0 +1 @@", "+a", NO_NEWLINE)


def test_carriage_returns_are_shown_where_they_tell_something() -> None:
    """Carriage returns are shown unless all lines of both texts end in one."""
    assert unified("a\r\nb\r\n", "a\nb\r\n") == ("@@ -1,2 +1,2 @@", "-a\r", "+a", " b\r")
    assert unified("a\r\nb\r\n", "a\r\nc\r\n") == ("@@ -1,2 +1,2 @@", " a", "-b", "+c")
    assert unified("a", "a\r\n") == ("@@ -1 +1 @@", "-a", NO_NEWLINE, "+a\r")
    assert unified("a\r\n", "b\r\n") == ("@@ -1 +1 @@", "-a", "+b")
    assert unified("abc\r\n", "abc\n") == ("@@ -1 +1 @@", "-abc\r", "+abc")


def test_a_line_is_common_to_one_end_only() -> None:
    """Of two equal lines of which one goes, one is the beginning, and none is the end as well."""
    assert unified("a\na\n", "a\n") == ("@@ -1,2 +1 @@", " a", "-a")
    assert unified("a\n", "a\na\n") == ("@@ -1 +1,2 @@", " a", "+a")


def test_only_a_line_feed_ends_a_line() -> None:
    """Other characters that Python splits lines at stay where they are."""
    assert unified("a\u2028b\n", "a\u2028c\n") == ("@@ -1 +1 @@", "-a\u2028b", "+a\u2028c")


def test_a_change_in_a_huge_text_is_found() -> None:
    """However long the text, one change is one small hunk."""
    lines = [f"{i}\n" for i in range(200_000)]
    old, new = "".join(lines), "".join([*lines[:100_000], "new\n", *lines[100_000:]])

    assert unified(old, new, context=1) == (
        "@@ -100000,2 +100000,3 @@",
        " 99999",
        "+new",
        " 100000",
    )


def test_huge_differences_are_shown_as_replaced() -> None:
    """Where too many lines differ to match them, all go and all come, within their context."""
    old = ["same", *(f"{i % 7}" for i in range(60_000)), "end"]
    new = ["same", *(f"{i % 5}!" for i in range(50_000)), "end"]

    hunks = unified("\n".join(old), "\n".join(new))

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

    hunks = unified(text("old"), text("new"))

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
    assert unified("a\nb\n", "a\nb\n") == ()
