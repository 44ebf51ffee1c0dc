"""Plans, results, conflicts and lists of models as text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.documents.wording import Notice
from patcher.errors import ConflictError, DeclinedError
from patcher.plan import PatchResult, Plan
from patcher.plan.conflicts import conflict
from patcher.render.plan import conflict_lines, plan_lines, result_lines, warning_lines
from patcher.render.text import coloured, plain
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response
from tests.plan.planning import make_plan


def plan(change: object, raw: dict[str, Any] | None = None) -> Plan:
    """The plan of a change to a response."""
    return make_plan(MODEL, Snapshot(raw or response()), Patch.of(change))


def shown(made: Plan, **options: bool) -> str:
    """The plan's text, without colour."""
    return plain(plan_lines(made, **options))


def test_every_kind_of_change_is_shown() -> None:
    """Added, removed, changed, reordered, cleared, preserved, each under its own sign."""
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
    assert "would clear these):\n    /labels (1), /policies (1)\n" in text
    assert text.endswith("\nPlan: 5 changes, 1 cleared, 2 preserved\n")


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
        ("planned", "Dry run"),
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


def met(change: object, base: dict[str, Any], **theirs: Any) -> ConflictError:
    """The conflict of a change to a response with someone else's."""
    plan = make_plan(MODEL, Snapshot(base), Patch.of(change))
    fresh = Snapshot({**base, "version": 8, **theirs})
    return conflict(plan, fresh, MODEL.document(fresh)[0])


def shown_conflict(error: ConflictError) -> str:
    """The report's text, without colour."""
    return plain(conflict_lines(error.report))


def test_without_an_overlap_both_sides_are_told() -> None:
    """What they changed and what you change, each as a diff, and the way to keep both."""
    error = met({"name": "New"}, response(identifier="id"), identifier="email")

    assert shown_conflict(error) == (
        "\nChanged by them:\n"
        '  ~ changed   /identifier\n      - "id"\n      + "email"\n'
        "\nChanged by you:\n"
        '  ~ changed   /name\n      - "Customers"\n      + "New"\n'
    )
    assert "--on-conflict rebase" in (error.command_hint or "")


def test_an_overlap_shows_all_three_values_once() -> None:
    """What both changed, then what each changed alone; nothing stands there twice."""
    base = response(identifier="id", tracking_columns=["a"])
    change: dict[str, Any] = {"name": "Mine", "identifier": None, "labels": []}

    text = shown_conflict(
        met(change, base, name="Theirs", identifier="email", tracking_columns=["a", "b"])
    )

    assert text == (
        "\nChanged by both:\n"
        '  ! /name\n      was    "Customers"\n      yours  "Mine"\n      theirs "Theirs"\n'
        '  ! /identifier\n      was    "id"\n      yours  (not there)\n      theirs "email"\n'
        "\nChanged by them alone:\n"
        '  + added     /tracking_columns/1  "b"\n'
        "\nChanged by you alone:\n"
        "  + added     /labels  []\n"
    )


def test_what_yours_rests_on_is_told_apart() -> None:
    """A test's place has no value of yours: you did not change it."""
    change = [
        {"op": "test", "path": "/configuration", "value": {"query": "a\nb\n"}},
        {"op": "replace", "path": "/name", "value": "New"},
    ]
    base = response(configuration={"query": "a\nb\n"})

    error = met(change, base, configuration={"query": "a\nc\n"})

    assert shown_conflict(error) == (
        "\nChanged by them, and your change reads it:\n"
        "  ! /configuration/query\n"
        "      theirs:\n      @@ -1,2 +1,2 @@\n       a\n      -b\n      +c\n"
        '\nChanged by you alone:\n  ~ changed   /name\n      - "Customers"\n      + "New"\n'
    )
    assert "They changed /configuration/query, which your change tests" in (error.hint or "")


def test_a_text_of_several_lines_is_shown_as_two_diffs() -> None:
    """Yours and theirs, each against what it was."""
    base = response(configuration={"query": "a\nb\n"})

    text = shown_conflict(
        met({"configuration": {"query": "a\nx\n"}}, base, configuration={"query": "a\ny\n"})
    )

    assert text.index("yours:") < text.index("+x") < text.index("theirs:") < text.index("+y")
