"""What a change takes away from those who refer to fields."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.impact.fieldchange import FieldChange, field_change
from patcher.impact.preview import Preview
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.plan.planning import make_plan

COLUMNS = MODEL.columns
MODEL_ID = "248DF4B7-aa70-47b8-a036-33ac447e668d"
ENRICHER_ID = "348df4b7-aa70-47b8-a036-33ac447e668d"


def raw(**changes: Any) -> dict[str, Any]:
    """A model in the GET form."""
    fields = [{"name": name, "id": f"f-{name}"} for name in ("id", "email", "plan")]
    added = {"name": "score", "label": "Score", "type": "number", "user_added": True}
    return {
        "id": MODEL_ID,
        "name": "Contacts",
        "connection_id": ENRICHER_ID,
        "configuration": {"query": "select 1"},
        "identifier": "id",
        "fields": [*fields, added],
        "enricher": {"enricher_id": ENRICHER_ID, "fields": [{"name": "phone"}, {"name": "job"}]},
        **changes,
    }


def change(patch: Any, preview: Preview | None = None, **changes: Any) -> FieldChange:
    """What a patch does to the fields of the model."""
    plan = make_plan(MODEL, Snapshot(raw(**changes)), Patch.of(patch), allow_all_fields=True)
    return field_change(
        COLUMNS, plan.base, plan.document, plan.proposed, plan.terms.renames, preview
    )


def test_a_change_of_something_else_takes_nothing_away() -> None:
    """A new name leaves every field where it is."""
    made = change({"name": "New"})

    assert (made.dropped, made.renamed, made.identifier) == (frozenset(), {}, None)
    assert made.is_certain
    assert made.ids == {"id": "f-id", "email": "f-email", "plan": "f-plan"}
    assert made.owners == {MODEL_ID.lower(), ENRICHER_ID}


@pytest.mark.parametrize(
    ("patch", "dropped"),
    [
        (Patch.remove("fields", "plan"), {"plan"}),
        (Patch.remove("additional_fields", "score"), {"score"}),
        ({"fields": ["id", "email", "tier"]}, {"plan"}),
        ({"fields": None}, set()),
        (Patch.unset("fields") + Patch.unset("additional_fields"), {"score"}),
        (Patch.remove("enricher.fields", "job"), {"job"}),
        ({"enricher": None}, {"phone", "job"}),
        ({"enricher": {"fields": None}}, set()),
    ],
)
def test_what_is_no_longer_there_is_dropped(patch: Any, dropped: set[str]) -> None:
    """A name that goes from fields, additional fields or the enricher is dropped for others."""
    made = change(patch)

    assert made.dropped == dropped
    everybody = {"id", "email", "plan", "score", "phone", "job"}
    assert {name for name in everybody if made.breakage(name) == "dropped"} == dropped
    assert {made.breakage(name) for name in everybody - dropped} <= {None}


def test_a_column_that_becomes_an_added_field_is_still_there() -> None:
    """What is in another list by the same name can still be referred to."""
    added = [{"name": "plan", "label": "Plan", "type": "string"}]
    patch = Patch.remove("fields", "plan") + Patch.set("additional_fields", added)

    assert change(patch).dropped == {"score"}


def test_a_rename_is_told_apart_from_a_drop() -> None:
    """Another name in the place of one renames it, over several steps, too."""
    made = change(Patch.set("fields.2", "tier") + Patch.set("fields.2", "level"))

    assert (made.renamed, made.dropped) == ({"plan": "level"}, frozenset())
    assert made.breakage("plan") == "renamed"


def test_a_rename_that_does_not_last_is_none() -> None:
    """What is removed in the end, or is back under its name, was not renamed."""
    gone = change(Patch.set("fields.2", "tier") + Patch.remove("fields", "tier"))
    back = change(Patch.set("fields.2", "tier") + Patch.set("fields.2", "plan"))

    assert not gone.renamed
    assert gone.dropped == {"plan"}
    assert not back.renamed
    assert not back.dropped


@pytest.mark.parametrize(
    ("patch", "before", "after"),
    [({"identifier": "email"}, "id", "email"), ({"identifier": None}, "id", None)],
)
def test_another_identifier_breaks_those_who_match_by_it(
    patch: Any, before: str, after: str | None
) -> None:
    """Only what identifies records by the old identifier is concerned, and only for that."""
    made = change(patch)

    assert made.identifier == (before, after)
    assert made.breakage("id", identifies=True) == "identifier-changed"
    assert made.breakage("id") is None
    assert made.breakage("email", identifies=True) is None


def test_a_first_identifier_breaks_nothing() -> None:
    """Where there was none, nothing can have relied on it."""
    made = change({"identifier": "id"}, identifier="")

    assert made.identifier == (None, "id")
    assert made.breakage("id", identifies=True) is None


@pytest.mark.parametrize("patch", [{"configuration": {"query": "x"}}, {"fields": None}])
def test_another_source_is_not_certain_without_a_preview(patch: Any) -> None:
    """What a changed source has is left open, unless a preview was done."""
    exposed = ("id", "email", "plan", "score")

    assert not change(patch).is_certain
    assert not change(patch, Preview("refused", "no")).is_certain
    assert change(patch, Preview("done", exposed=exposed)).is_certain


def test_what_the_preview_does_not_show_is_dropped() -> None:
    """A listed field that the source would no longer have breaks references all the same."""
    preview = Preview("done", exposed=("id", "email"))
    made = change({"configuration": {"query": "x"}}, preview)

    assert made.dropped == {"plan"}


def test_the_report_holds_no_credential() -> None:
    """Names that repeat a credential are shown without it."""
    patch = Patch.set("fields.2", "tier") + Patch.remove("fields", "email")
    patch += Patch.set("identifier", "tier")
    made = change(patch).redacted(lambda text: f"<{text}>")

    assert made.to_dict() == {
        "dropped": ["<email>"],
        "renamed": [{"from": "<plan>", "to": "<tier>"}],
        "identifier": {"from": "<id>", "to": "<tier>"},
        "is_certain": True,
    }
    assert change({"name": "x"}).redacted(str).to_dict()["identifier"] is None
    assert change({"identifier": None}).redacted(str).identifier == ("id", None)
