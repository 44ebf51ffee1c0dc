"""What is warned of in a change to a model without asking the API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.patches import Patch
from patcher.errors import InvalidPatchError
from patcher.plan import Plan, make_plan
from patcher.plan.making import refuse_findings
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from patcher.sandbox import seed
from tests.guard.memory import response

OTHER = "248df4b7-aa70-47b8-a036-33ac447e668d"


def raw(**members: Any) -> dict[str, Any]:
    """A response with two fields, an identifier, and these members besides."""
    fields = [{"name": "id"}, {"name": "email"}, {"name": "plan"}]
    return response(**{"identifier": "id", "fields": fields, **members})


def plan(change: object, found: dict[str, Any] | None = None, **options: Any) -> Plan:
    """The plan of a change."""
    return make_plan(MODEL, Snapshot(found or raw()), Patch.of(change), **options)


def codes(made: Plan) -> list[tuple[str, str]]:
    """The warnings by code and place."""
    return [(notice.code, notice.path) for notice in made.warnings]


FIELD = {"name": "score", "label": "Score", "type": "number"}
ENRICHER = {"enricher_id": OTHER, "connection_id": OTHER, "configuration": {"region": "eu"}}
RELATION = {"from": "email", "to": {"model_id": OTHER, "field": "id"}}

CASES: dict[str, tuple[dict[str, Any], object, str, str, str]] = {
    "the identifier is dropped": (
        {},
        {"fields": ["email", "plan"]},
        "identifier-not-in-fields",
        "/identifier",
        "--set identifier=FIELD",
    ),
    "the identifier is misspelt": (
        {},
        {"identifier": "emial"},
        "identifier-not-in-fields",
        "/identifier",
        'Did you mean "email"?',
    ),
    "a tracked column is dropped": (
        {"tracking_columns": ["id", "plan"]},
        {"fields": ["id", "email"]},
        "tracking-column-not-in-fields",
        "/tracking_columns/1",
        "--remove tracking_columns=plan",
    ),
    "a relation's column is dropped": (
        {"relations": [RELATION]},
        {"fields": ["id"]},
        "relation-not-in-fields",
        "/relations/0/from",
        "--remove relations=email",
    ),
    "a field twice": (
        {},
        {"fields": ["id", "email", "id"]},
        "duplicate-name",
        "/fields/2",
        "the second time in /fields",
    ),
    "an additional field of a source field's name": (
        {},
        {"additional_fields": [{**FIELD, "name": "plan"}]},
        "duplicate-name",
        "/additional_fields/0/name",
        "either one of the source's or an additional one",
    ),
    "an additional field twice": (
        {},
        {"additional_fields": [FIELD, FIELD]},
        "duplicate-name",
        "/additional_fields/1/name",
        "Take it out",
    ),
    "a tracked column twice": (
        {},
        {"tracking_columns": ["id", "id"]},
        "duplicate-name",
        "/tracking_columns/1",
        "name each column once",
    ),
    "an enricher's field twice": (
        {},
        {"enricher": {**ENRICHER, "fields": [{"name": "a"}, {"name": "a"}]}},
        "duplicate-name",
        "/enricher/fields/1/name",
        "name each field once",
    ),
    "an additional field without a label": (
        {},
        {"additional_fields": [{**FIELD, "label": " "}]},
        "additional-field-incomplete",
        "/additional_fields/0/label",
        'Give "score" a label',
    ),
    "an additional field without a type": (
        {},
        {"additional_fields": [{**FIELD, "type": ""}]},
        "additional-field-incomplete",
        "/additional_fields/0/type",
        'Give "score" a type',
    ),
    "tracking columns in the configuration, too": (
        {"tracking_columns": ["id"]},
        {"configuration": {"tracking_columns": ["email"]}},
        "tracking-columns-twice",
        "/configuration/tracking_columns",
        "they differ",
    ),
    "the enricher without its id": (
        {"enricher": ENRICHER},
        {"enricher": {"enricher_id": None, "configuration": {"region": "us"}}},
        "enricher-replaced",
        "/enricher/enricher_id",
        OTHER,
    ),
    "the enricher with another id": (
        {"enricher": ENRICHER},
        {"enricher": {"enricher_id": seed.CONTACTS}},
        "enricher-replaced",
        "/enricher/enricher_id",
        "replaced and not updated",
    ),
    "policies cleared": (
        {"policies": [OTHER]},
        {"policies": []},
        "policies-cleared",
        "/policies",
        "at least the built-in one",
    ),
    "another connection": (
        {},
        {"connection_id": OTHER},
        "connection-moved",
        "/connection_id",
        "/configuration",
    ),
    "another connection of the enricher": (
        {"enricher": ENRICHER},
        {"enricher": {"connection_id": seed.WAREHOUSE}},
        "connection-moved",
        "/enricher/connection_id",
        "/enricher/configuration",
    ),
}


@pytest.mark.parametrize(("members", "change", "code", "path", "words"), CASES.values(), ids=CASES)
def test_a_fault_that_the_change_brings_in_is_warned_of(
    members: dict[str, Any], change: object, code: str, path: str, words: str
) -> None:
    """Each fault has its code, its place, and a way out; under strict terms it refuses."""
    made = plan(_patch(change), raw(**members))

    assert codes(made) == [(code, path)]
    assert words in made.warnings[0].message
    with pytest.raises(InvalidPatchError, match="--strict") as refused:
        plan(_patch(change), raw(**members), strict=True)
    assert refused.value.path == path
    assert refused.value.hint is not None
    with pytest.raises(InvalidPatchError):
        refuse_findings(made)


def _patch(change: object) -> object:
    """An enricher's id is removed by name: a null in it breaks the schema."""
    if isinstance(change, dict) and change.get("enricher", {}).get("enricher_id", 0) is None:
        return [
            {"op": "remove", "path": "/enricher/enricher_id"},
            {"op": "replace", "path": "/enricher/configuration/region", "value": "us"},
        ]
    return change


@pytest.mark.parametrize(("members", "change", "code", "path", "words"), CASES.values(), ids=CASES)
def test_what_was_there_before_is_one_quiet_remark(
    members: dict[str, Any], change: object, code: str, path: str, words: str
) -> None:
    """A fault that the change leaves as it is does not refuse it, and takes one line."""
    faulty = make_plan(MODEL, Snapshot(raw(**members)), Patch.of(_patch(change))).proposed
    before = Snapshot({**raw(), **_as_response(faulty)})
    if code in ("policies-cleared", "connection-moved") or words.startswith("replaced"):
        # What only a change can do is no fault of what it leaves behind.
        assert codes(make_plan(MODEL, before, Patch.of({"name": "New"}), strict=True)) == []
        return
    made = make_plan(MODEL, before, Patch.of({"name": "New"}), strict=True)

    assert [notice.code for notice in made.warnings] == ["known-faults"]
    assert f"{code} at {path}" in made.warnings[0].message
    assert made.warnings[0].is_remark


def _as_response(document: dict[str, Any]) -> dict[str, Any]:
    """A writable document in the form of a response."""
    plain = [{"name": name} for name in document.get("fields", ())]
    added = [{**one, "user_added": True} for one in document.get("additional_fields", ())]
    rest = {key: value for key, value in document.items() if key != "additional_fields"}
    return {**rest, "fields": plain + added}


def test_a_fault_made_worse_counts() -> None:
    """One of two dropped columns was missing before: the other one is warned of, and refuses."""
    found = raw(tracking_columns=["gone", "plan"])
    made = plan({"fields": ["id", "email"]}, found)

    assert codes(made) == [
        ("tracking-column-not-in-fields", "/tracking_columns/1"),
        ("known-faults", ""),
    ]
    with pytest.raises(InvalidPatchError):
        plan({"fields": ["id", "email"]}, found, strict=True)


def test_mending_a_fault_is_no_fault() -> None:
    """A change that takes a fault away passes strict terms, without a word."""
    found = raw(tracking_columns=["gone", "plan"])

    assert codes(plan({"tracking_columns": ["plan"]}, found, strict=True)) == []


def test_a_fault_that_moves_in_its_list_is_the_same() -> None:
    """What stands at another index now was so before all the same."""
    found = raw(tracking_columns=["plan", "gone"])

    assert codes(plan({"tracking_columns": ["gone"]}, found, strict=True)) == [("known-faults", "")]


def test_many_old_faults_do_not_drown_the_plan() -> None:
    """Hundreds of faults that were there before are one sentence."""
    found = raw(tracking_columns=[f"gone_{i}" for i in range(300)])
    made = plan({"name": "New"}, found)

    assert len(made.warnings) == 1
    assert "/tracking_columns/2 and 297 more" in made.warnings[0].message


def test_a_model_whose_every_column_is_open_has_no_unknown_columns() -> None:
    """Without ``fields`` nobody can tell from here which columns there are."""
    found = response(fields=None, identifier="id", tracking_columns=["whatever"])

    assert codes(plan({"identifier": "other"}, found)) == []


def test_an_additional_field_is_a_field() -> None:
    """Identifier and tracking columns may name what users added."""
    fields = [{"name": "id"}, {**FIELD, "user_added": True}]
    found = response(fields=fields, identifier="id", tracking_columns=["score"])

    assert codes(plan({"identifier": "score"}, found)) == []


@pytest.mark.parametrize(
    ("members", "change", "path"),
    [
        ({}, {"fields": None}, "/fields"),
        ({}, {"fields": []}, "/fields"),
        (
            {"enricher": {**ENRICHER, "fields": [{"name": "a"}]}},
            [{"op": "remove", "path": "/enricher/fields"}],
            "/enricher/fields",
        ),
    ],
)
def test_widening_is_refused_unless_asked_for_and_then_warned_of(
    members: dict[str, Any], change: object, path: str
) -> None:
    """Emptied fields open everything: refused, or by --allow-all-fields allowed and said."""
    with pytest.raises(InvalidPatchError, match="opens"):
        plan(change, raw(**members))
    # What was asked for by name is not refused by --strict; it is still said.
    made = plan(change, raw(**members), allow_all_fields=True, strict=True)

    assert codes(made) == [("fields-widened", path)]


def test_a_new_enrichment_needs_no_id() -> None:
    """Where there was none, there is none to be replaced."""
    new = {key: value for key, value in ENRICHER.items() if key != "enricher_id"}

    assert codes(plan({"enricher": new})) == []


def test_a_connection_with_a_new_configuration_is_meant() -> None:
    """A connection may change together with what is read from it."""
    change = {"connection_id": OTHER, "configuration": {"table": "elsewhere"}}

    assert codes(plan(change)) == []


def test_tracking_columns_changed_alike_are_no_new_fault() -> None:
    """Both places changed to the same is what the warning asks for."""
    found = raw(tracking_columns=["id"], configuration={"tracking_columns": ["id"]})
    alike = {"tracking_columns": ["email"], "configuration": {"tracking_columns": ["email"]}}

    assert codes(plan(alike, found, strict=True)) == [("known-faults", "")]
    with pytest.raises(InvalidPatchError, match="they differ"):
        plan({"tracking_columns": ["email"]}, found, strict=True)


def test_strict_names_every_fault() -> None:
    """One refusal tells all that stands in the way, and where the first one is mended."""
    with pytest.raises(InvalidPatchError) as refused:
        plan({"fields": ["email"], "policies": []}, raw(policies=[OTHER]), strict=True)

    assert "--strict" in refused.value.message
    assert refused.value.path == "/identifier"
    assert "And 1 more: policies-cleared at /policies." in refused.value.message
    assert refused.value.exit_code == 2


def test_a_plan_that_changes_nothing_warns_of_nothing() -> None:
    """What was there before is not worth a word where nothing happens."""
    assert codes(plan({"name": "Customers"}, raw(identifier="gone"))) == []


def test_a_warning_holds_no_credential() -> None:
    """A field that is called like a password of the configuration is masked in the sentence."""
    found = raw(configuration={"password": "hunter2"}, identifier="hunter2")
    found["fields"].append({"name": "hunter2"})
    made = plan({"fields": ["email"]}, found)

    assert "hunter2" not in made.warnings[0].message
    assert "********" in made.warnings[0].message


@given(st.recursive(st.none() | st.text(max_size=3), lambda one: st.lists(one, max_size=3)))
def test_any_value_in_any_member_can_be_checked(value: Any) -> None:
    """Each member may hold anything, in the place of what should be there."""
    for key in MODEL.shape.members:
        odd = {"fields": ["id"], key: value, "enricher": {"fields": value}}

        assert MODEL.findings(odd, odd).introduced == ()
