"""Plans and results as people read them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.notices import Notice
from patcher.documents.patches import Patch
from patcher.errors import DeclinedError
from patcher.plan import PatchResult, Plan, make_plan
from patcher.render.plan import plan_lines, result_lines, table_lines, warning_lines
from patcher.render.text import Span, coloured, line, plain, printable, printable_value
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response


def plan(change: object, raw: dict[str, Any] | None = None) -> Plan:
    """The plan of a change to a response."""
    return make_plan(MODEL, Snapshot(raw or response()), Patch.of(change))


def shown(made: Plan, **options: bool) -> str:
    """The plan's text, without colour."""
    return plain(plan_lines(made, **options))


def test_every_kind_of_change_is_shown() -> None:
    """Added, removed, changed, reordered, cleared, carried over, each under its own sign."""
    raw = response(
        identifier="id",
        fields=[{"name": name} for name in ("a", "b", "c")],
        relations=[],
        labels=["248df4b7-aa70-47b8-a036-33ac447e668d"],
    )
    text = shown(plan({"identifier": None, "fields": ["c", "a", "d"], "name": "New"}, raw))

    assert '  ~ changed   /name\n      - "Customers"\n      + "New"\n' in text
    assert '  - removed   /identifier  "id"\n' in text
    assert '  - removed   /fields/1  "b"\n' in text
    assert '  + added     /fields/2  "d"\n' in text
    assert '  ~ reordered /fields\n      - ["a", "c"]\n      + ["c", "a"]\n' in text
    assert "Cleared by this change:\n  ! /identifier\n" in text
    assert "would clear:\n    /labels (1), /policies (1)\n" in text


def test_a_large_value_is_shown_over_several_lines_and_whole() -> None:
    """Nothing that is written is left out of what is shown."""
    value = {f"key_{i}": "v" * 20 for i in range(9)}
    text = shown(plan({"configuration": {"large": value}}))

    assert all(f'"key_{i}": "{"v" * 20}"' in text for i in range(9))
    assert "      + {\n" in text


def test_texts_of_several_lines_are_a_text_diff() -> None:
    """SQL is compared by line."""
    raw = response(configuration={"query": "select a,\n  b\nfrom t\n"})
    text = shown(plan({"configuration": {"query": "select a,\n  c\nfrom t\n"}}, raw))

    assert (
        "      @@ -1,3 +1,3 @@\n       select a,\n      -  b\n      +  c\n       from t\n" in text
    )


def test_credentials_are_masked_unless_asked_for() -> None:
    """A changed credential shows that it changed, and nothing of what it is."""
    made = plan({"configuration": {"api_token": "new-secret"}})

    assert "******** (before)" in shown(made)
    assert "secret" not in shown(made)
    assert "s3cr3t-token" in shown(made, show_secrets=True)


def test_a_plan_without_changes_says_so() -> None:
    """Nothing to do is a sentence and not an empty screen."""
    assert "No changes" in shown(plan({"name": "Customers"}))


def test_a_model_without_audit_fields_has_a_short_title() -> None:
    """What is not known is not mentioned."""
    bare = {
        key: value
        for key, value in response().items()
        if key not in ("version", "updated_at", "updated_by", "name")
    }
    text = shown(plan({"name": "New"}, bare))

    assert text.splitlines()[0] == f"model {bare['id']}  {bare['id']}"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("applied", 'Written: model "Customers", version 7 -> 8. Journal entry @0.'),
        ("planned", "this is a dry run"),
        ("declined", "Nothing was written."),
    ],
)
def test_each_ending_has_its_sentence(status: Any, words: str) -> None:
    """How it ended is the last line; warnings are for another stream."""
    made = plan({"name": "New"})
    notice = Notice("overlap-undetectable", "", "The version did not move.")
    result = PatchResult(
        MODEL, status, plan=made, version_after=8, notices=(notice,), journal_entry="@0"
    )
    text = plain(result_lines(result))

    warnings = plain(warning_lines(result.notices))
    assert warnings == "\nWarning: The version did not move.\n"
    assert "Warning" not in text
    assert words in text.splitlines()[-1]


def test_an_unchanged_result_adds_nothing() -> None:
    """The plan said that there is nothing to do; once is enough."""
    made = plan({"name": "Customers"})

    assert plain(result_lines(PatchResult.of_plan(made))) == ""


def test_a_result_without_a_plan_knows_what_it_was_called() -> None:
    """JSON of a failure before the plan names the target, by id or by name."""
    error = DeclinedError("no")
    by_id = PatchResult.of_error(error, MODEL, target=response()["id"]).to_dict()
    by_name = PatchResult.of_error(error, MODEL, target="Customers").to_dict()
    unknown = PatchResult.of_error(error, MODEL).to_dict()

    assert (by_id["model_id"], by_id["name"]) == (response()["id"], None)
    assert (by_name["model_id"], by_name["name"]) == (None, "Customers")
    assert (unknown["model_id"], unknown["name"]) == (None, None)
    assert by_id["status"] == "declined"


def test_colours_change_nothing_but_colours() -> None:
    """The coloured text without its escape sequences is the plain text."""
    lines = list(plan_lines(plan({"name": "New", "policies": []})))
    shown = coloured(lines)

    assert "\x1b[32m" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == plain(lines)


def test_a_table_lines_up() -> None:
    """Columns have one width, and what is not known is a dash or nothing."""
    rows: list[dict[str, Any]] = [
        {
            "id": "1",
            "name": "A\n",
            "version": 12,
            "updated_at": "2026-01-02T03:04:05.678Z",
            "updated_by": "Ann",
        },
        {"id": "22", "name": None, "version": None, "updated_at": None, "updated_by": None},
    ]

    assert plain(table_lines(rows)).splitlines() == [
        "ID  NAME  VERSION  LAST WRITTEN",
        "1   A\\n   12       2026-01-02T03:04:05Z by Ann",
        "22        -",
    ]


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
