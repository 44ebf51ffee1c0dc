"""A conflict as people read it."""

from __future__ import annotations

from typing import Any

from patcher.documents.patches import Patch
from patcher.errors import ConflictError
from patcher.plan import make_plan
from patcher.plan.conflicts import conflict
from patcher.render.plan import conflict_lines
from patcher.render.text import plain
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response


def met(change: object, base: dict[str, Any], **theirs: Any) -> ConflictError:
    """The conflict of a change to a response with somebody else's."""
    plan = make_plan(MODEL, Snapshot(base), Patch.of(change))
    fresh = Snapshot({**base, "version": 8, **theirs})
    return conflict(plan, fresh, MODEL.document(fresh)[0])


def shown(error: ConflictError) -> str:
    """The report's text, without colour."""
    return plain(conflict_lines(error.report))


def test_without_an_overlap_both_sides_are_told() -> None:
    """What they changed and what you change, each as a diff, and the way to keep both."""
    error = met({"name": "New"}, response(identifier="id"), identifier="email")

    assert shown(error) == (
        "\nChanged by them:\n"
        '  ~ changed   /identifier\n      - "id"\n      + "email"\n'
        "\nChanged by you:\n"
        '  ~ changed   /name\n      - "Customers"\n      + "New"\n'
    )
    assert "--on-conflict rebase" in (error.hint or "")


def test_an_overlap_shows_all_three_values_once() -> None:
    """What both changed, then what each changed alone; nothing stands there twice."""
    base = response(identifier="id", tracking_columns=["a"])
    change: dict[str, Any] = {"name": "Mine", "identifier": None, "labels": []}

    text = shown(met(change, base, name="Theirs", identifier="email", tracking_columns=["a", "b"]))

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

    assert shown(error) == (
        "\nChanged by them, and yours rests on it:\n"
        "  ! /configuration/query\n"
        "      theirs:\n      @@ -1,2 +1,2 @@\n       a\n      -b\n      +c\n"
        '\nChanged by you alone:\n  ~ changed   /name\n      - "Customers"\n      + "New"\n'
    )
    assert "They changed /configuration/query, which your change tests" in (error.hint or "")


def test_a_text_of_several_lines_is_shown_as_two_diffs() -> None:
    """Yours and theirs, each against what it was."""
    base = response(configuration={"query": "a\nb\n"})

    text = shown(
        met({"configuration": {"query": "a\nx\n"}}, base, configuration={"query": "a\ny\n"})
    )

    assert text.index("yours:") < text.index("+x") < text.index("theirs:") < text.index("+y")
