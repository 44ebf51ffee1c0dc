"""A plan as Python callers see it: printed, in a notebook, and as a DeepDiff."""

from __future__ import annotations

from typing import Any

from patcher.documents.masks import MASK, Masks
from patcher.documents.patches import Patch
from patcher.plan import Plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response
from tests.plan.planning import make_plan

MASKS = Masks(MODEL.shape.opaque)
SECRET = "kept-out-of-sight"


def plan(change: object, **raw: Any) -> Plan:
    """The plan of a change to a response that holds a credential."""
    configuration = {"query": "select 1", "password": SECRET}
    base = Snapshot(response(configuration=configuration, **raw))
    return make_plan(MODEL, base, Patch.of(change), masks=MASKS)


def test_a_plan_is_printed_as_it_is_on_a_terminal() -> None:
    """Printing shows the changes, what is cleared and the warnings, and no credential."""
    made = plan({"name": "<b>New</b>", "configuration": {"password": "other"}, "policies": None})
    text = str(made)

    assert text.startswith("model ")
    assert '+ "<b>New</b>"' in text
    assert "/policies" in text
    assert not text.endswith("\n")
    assert SECRET not in text
    assert "other" not in text.split()
    assert all(one.message in text for one in made.warnings)
    assert repr(made).startswith("Plan(model")


def test_a_plan_without_changes_says_so() -> None:
    """There is nothing else to see."""
    assert "No changes" in str(plan({}))
    assert "<table>" not in plan({})._repr_html_()


def test_a_notebook_shows_a_table() -> None:
    """A row for each change with both values, escaped, cut short, and without credentials."""
    change = {"name": "<b>New</b>", "identifier": "x" * 900, "configuration": {"password": "other"}}
    shown = plan(change)._repr_html_()

    assert shown.count("<tr>") == 1 + 3
    assert "&lt;b&gt;New&lt;/b&gt;" in shown
    assert "<b>New" not in shown
    assert "x" * 900 not in shown
    assert SECRET not in shown


def test_the_documents_as_deepdiff_compares_them() -> None:
    """For those who know the library; credentials are masked unless asked for."""
    made = plan({"name": "New", "configuration": {"password": "other", "query": "select 2"}})
    masked, whole = made.deepdiff(), made.deepdiff(show_secrets=True)

    assert set(masked["values_changed"]) == {"root['name']", "root['configuration']['query']"}
    assert whole["values_changed"]["root['configuration']['password']"]["old_value"] == SECRET
    assert SECRET not in repr(masked)
    assert MASK not in repr(whole)
