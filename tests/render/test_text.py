"""What cannot be seen is written so that it can, on every face, and no two texts alike."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from patcher.documents.diff import Change
from patcher.documents.wording import has_unseen
from patcher.render import html, markdown
from patcher.render.plan import Outline, change_lines
from patcher.render.text import (
    Span,
    line,
    lines_apart,
    message,
    paths_apart,
    plain,
    printable,
    printable_value,
    table,
    values_apart,
    wrapped,
)
from patcher.render.textdiff import value_rows

ALIKE = (
    ("a\nb", "a\nb  "),
    ("a\nb", "a\nb\u00a0"),
    ("a\nb", "a\r\nb"),
    ("a\n  b", "a\n\tb"),
    ("a\nb\tc", "a\nb\\tc"),
    ("caf\u00e9", "cafe\u0301"),
    ("\ud55c\uae00", unicodedata.normalize("NFD", "\ud55c\uae00")),
    ("paypal", "p\u0430yp\u0430l"),
    ("\u0441\u043e\u0441\u043e", "coco"),
    ("A", "\u0391"),
    ("\u0410", "\u0391"),
    ("orders", "or\u200bders"),
    ("orders", "or\u00adders"),
    ("orders", "orders\u3164"),
    ("\u2764", "\u2764\ufe0f"),
    ("order id", "order\u2800id"),
    ("a - b", "a \u2212 b"),
    ("it's", "it\u2019s"),
    ("full", "\uff46\uff55\uff4c\uff4c"),
    ("office", "o\ufb03ce"),
    ("a;b", "a\u037eb"),
    ("\u2126", "\u03a9"),
    ("\u200d", "\u200c"),
    ("\\u200b", "\u200b"),
    ("\\u0430", "\u0430"),
    ("x\u202ey", "xy"),
    (" a", "a"),
    ("a  b", "a b"),
    (["a", "b\u0441"], ["a", "bc"]),
    ({"\u0430": 1}, {"a": 1}),
)


def _looks(shown: str) -> str:
    """A line as somebody may see it who cannot tell letters of other scripts from ours."""
    folded = unicodedata.normalize("NFKC", shown).rstrip()
    look = str.maketrans("\u0430\u0441\u043e\u0391\u0410\u2212\u2019\u037e\u03a9", "acoAA-';\u2126")
    return folded.translate(look)


def _outline(*changes: Change) -> Outline:
    return Outline("model", "id", "", changes, (), (), (), ())


def _on_each_face(change: Change) -> dict[str, tuple[list[str], list[str]]]:
    """What each face shows of before and after."""
    screen = plain(change_lines([change])).splitlines()
    report = markdown.report([_outline(change)])
    page = html.report([_outline(change)])
    inline = re.search(r"(`+) ?(.*?) ?\1 becomes (`+) ?(.*?) ?\3\n", report)
    cells = {
        side: [
            unescape(re.sub("<[^>]*>", "", one))
            for one in re.findall(f"<{side}>(.*?)</{side}>", page)
        ]
        for side in ("del", "ins")
    }
    return {
        "terminal": (
            [one.lstrip()[1:] for one in screen if one.lstrip().startswith("-")],
            [one.lstrip()[1:] for one in screen if one.lstrip().startswith("+")],
        ),
        "markdown": ([inline[2]], [inline[4]])
        if inline
        else (
            [one[1:] for one in report.splitlines() if one.startswith("-") and one[1:2] != " "],
            [one[1:] for one in report.splitlines() if one.startswith("+")],
        ),
        "html": (cells["del"], cells["ins"]),
    }


@pytest.mark.parametrize(("old", "new"), ALIKE)
def test_what_looks_alike_is_told_apart_on_every_face(old: Any, new: Any) -> None:
    """Terminal, Markdown and HTML show two lines that somebody can tell from each other."""
    for face, (before, after) in _on_each_face(Change("/x", "changed", old, new)).items():
        assert before or after, face
        assert list(map(_looks, before)) != list(map(_looks, after)), face
        assert not any(map(has_unseen, "".join(before + after))), face


TEXTS = st.text(
    st.sampled_from(" a\u0430\u0301\u00e9\\tu0\t\r\u200b\u00a0\u3164\ufe0f\n\x1b\u202e\ud800")
    | st.characters(),
    max_size=12,
)


@given(TEXTS, TEXTS)
def test_no_change_of_a_text_is_shown_as_two_equal_lines(old: str, new: str) -> None:
    """For any two texts; and nothing is shown that moves a cursor or cannot be seen."""
    if old == new:
        return
    change = Change("/x", "changed", old, new)
    found = value_rows(change)
    sides = [
        [(one.text, one.ends_openly) for one in side if one is not None]
        for side in ([row.old for row in found], [row.new for row in found])
    ]
    assert sides[0] != sides[1]
    for text, _ in sides[0] + sides[1]:
        assert not any(map(has_unseen, text))
        assert not text.endswith(" ")
    for shown in (plain(change_lines([change])), markdown.report([_outline(change)])):
        assert not any(map(has_unseen, shown.replace("\n", "")))


@given(st.lists(TEXTS, max_size=4))
def test_different_lines_are_written_differently(texts: list[str]) -> None:
    """Also several at a time, as lines, as paths and as values."""
    for shown in (
        lines_apart(texts),
        paths_apart([f"/{text}" for text in texts]),
        ["\n".join(rows) for rows in values_apart(texts, 20)],
    ):
        assert len(set(shown)) == len(set(texts))
        assert not any(map(has_unseen, "".join(shown).replace("\n", "")))


def test_letters_of_every_script_stay_readable() -> None:
    """Only what makes the difference between two that look alike is written as a number."""
    texts = ["M\u00fcller", "M\u00f6ller", "\u9867\u5ba2", "\u041a\u043b\u0438\u0435\u043d\u0442"]
    assert lines_apart(texts) == texts

    hello = "\u043f\u0440\u0438\u0432\u0435\u0442, "
    assert lines_apart([f"{hello}w\u043erld", f"{hello}world"]) == [
        f"{hello}w\\u043erld",
        f"{hello}world",
    ]


def test_a_key_that_was_renamed_to_one_that_looks_alike_can_be_seen() -> None:
    """Two changes, of which one shows the number of the letter that is another."""
    changes = [
        Change("/configuration/p\u0430th", "removed", old="x"),
        Change("/configuration/path", "added", new="x"),
    ]
    screen = plain(change_lines(changes))
    for shown in (
        screen,
        markdown.report([_outline(*changes)]),
        unescape(html.report([_outline(*changes)])),
    ):
        assert r"/configuration/p\u0430th" in shown
        assert "/configuration/path" in shown


def test_printable_stays_as_it_is() -> None:
    """What a message quotes is not written twice: an escape in it is a text like others."""
    assert printable(printable("a\u200b\\n")) == printable("a\u200b\\n") == r"a\u200b\n"


def test_lines_are_made_of_spans() -> None:
    """Plain text in a line has no style."""
    assert line("a", Span("b", "alarm")) == (Span("a"), Span("b", "alarm"))


@given(st.text())
def test_printable_text_cannot_move_the_cursor(text: str) -> None:
    """No control, format or surrogate character of any text gets through, and letters stay."""
    safe = printable(text)

    assert safe.isprintable()
    assert all(character in safe for character in text if character.isalnum())


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_printable_values_are_safe_in_every_line(value: dict[str, str]) -> None:
    """A value over several lines has no line break but its own."""
    rows = printable_value(value, indent=2).split("\n")

    assert all(row.isprintable() for row in rows)
    assert len(rows) == (len(value) + 2 if value else 1)


ROWS: list[tuple[Span | str, ...]] = [
    ("1234", "a name that is long", "rest"),
    ("5", "短い名前です", Span("more", "alarm")),
]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (None, ["ID    NAME                 R", "1234  a name that is long  rest"]),
        (27, ["ID    NAME             R", "1234  a name that is…  rest"]),
        (20, ["ID    NAME", "1234  a name that i…"]),
        (9, ["ID", "1234"]),
    ],
)
def test_a_table_fits_its_width(width: int | None, expected: list[str]) -> None:
    """The columns that may be cut end in an ellipsis, and the last ones go where none fits."""
    rows = plain(table(("ID", "NAME", "R"), ROWS, width, cut=("NAME",))).splitlines()

    assert rows[:2] == expected
    assert all(cell_len(row) <= (width or 99) for row in rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it fits", ["Hint: it fits"]),
        ("No change was given to it", ["Hint: No change was", "given to it"]),
        ("Run 'patch-model apply --help'", ["Hint: Run", "'patch-model apply --help'"]),
        (
            "Do it: patch-model apply X name='A. B'. Or else: do nothing",
            ["Hint: Do it:", "  patch-model apply X name='A. B'", "Or else: do nothing"],
        ),
        ("As in EDITOR='code --wait'?", ["Hint: As in", "EDITOR='code --wait'?"]),
        ("patch-model edit X --resume FILE", ["Hint:", "  patch-model edit X --resume FILE"]),
    ],
)
def test_a_message_is_broken_at_spaces_and_its_command_is_whole(
    text: str, expected: list[str]
) -> None:
    """A command that is to be copied stands on a line of its own, and one in quotes is not cut."""
    assert plain(message("Hint", text, "title", 20)).splitlines() == expected
    assert plain(message("Hint", text, "title")) == f"Hint: {text}\n"


def test_a_row_is_broken_between_items_only() -> None:
    """A name with spaces stays in one piece, and further rows begin below the first item."""
    assert wrapped("2: ", ["a b", "c d", "e f"], 12) == ["2: a b, c d,", "   e f"]
