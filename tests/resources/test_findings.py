"""Checks of a change beyond its schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.patches import Patch
from patcher.documents.values import Document
from patcher.errors import InvalidPatchError
from patcher.plan import Plan
from patcher.plan.making import refuse_findings
from patcher.resources.findings import Columns
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response
from tests.plan.planning import make_plan
from tests.sandbox import seed

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

# Response, change, and the code, the place and the text of the warning.
CASES: dict[str, tuple[dict[str, Any], object, str, str, str]] = {
    "the identifier is dropped": (
        {},
        {"fields": ["email", "plan"]},
        "identifier-not-in-fields",
        "/identifier",
        (
            '/identifier is "id", which is not in /fields or /additional_fields. Keep the field '
            "(--add fields=id), or set another: --set identifier=FIELD."
        ),
    ),
    "the identifier is misspelt": (
        {},
        {"identifier": "emial"},
        "identifier-not-in-fields",
        "/identifier",
        (
            '/identifier is not in /fields or /additional_fields. Did you mean "email"? Otherwise'
            " keep the field (--add fields=FIELD), or set another: --set identifier=FIELD."
        ),
    ),
    "a tracked column is dropped": (
        {"tracking_columns": ["id", "plan"]},
        {"fields": ["id", "email"]},
        "tracking-column-not-in-fields",
        "/tracking_columns/1",
        (
            '/tracking_columns/1 is "plan", which is not in /fields or /additional_fields. Keep '
            "the field (--add fields=plan), or remove it: --remove tracking_columns=plan."
        ),
    ),
    "a relation's column is dropped": (
        {"relations": [RELATION]},
        {"fields": ["id"]},
        "relation-not-in-fields",
        "/relations/0/from",
        (
            '/relations/0/from is "email", which is not in /fields or /additional_fields. Keep '
            "the field (--add fields=email), or remove the relation: --remove relations=email."
        ),
    ),
    "a field twice": (
        {},
        {"fields": ["id", "email", "id"]},
        "duplicate-name",
        "/fields/2",
        '/fields/2 repeats "id", which is in /fields already. Remove it: name each field once.',
    ),
    "an additional field of a source field's name": (
        {},
        {"additional_fields": [{**FIELD, "name": "plan"}]},
        "duplicate-name",
        "/additional_fields/0/name",
        (
            '/additional_fields/0/name repeats "plan", which is in /fields and /additional_fields'
            " already. Remove it: a field is either one of the source's or an additional one."
        ),
    ),
    "an additional field twice": (
        {},
        {"additional_fields": [FIELD, FIELD]},
        "duplicate-name",
        "/additional_fields/1/name",
        (
            '/additional_fields/1/name repeats "score", which is in /fields and '
            "/additional_fields already. Remove it: a field is either one of the source's or an "
            "additional one."
        ),
    ),
    "a tracked column twice": (
        {},
        {"tracking_columns": ["id", "id"]},
        "duplicate-name",
        "/tracking_columns/1",
        (
            '/tracking_columns/1 repeats "id", which is in /tracking_columns already. Remove it: '
            "name each column once."
        ),
    ),
    "an enricher's field twice": (
        {},
        {"enricher": {**ENRICHER, "fields": [{"name": "a"}, {"name": "a"}]}},
        "duplicate-name",
        "/enricher/fields/1/name",
        (
            '/enricher/fields/1/name repeats "a", which is in /enricher/fields already. Remove '
            "it: name each field once."
        ),
    ),
    "an additional field without a label": (
        {},
        {"additional_fields": [{**FIELD, "label": " "}]},
        "additional-field-incomplete",
        "/additional_fields/0/label",
        '/additional_fields/0/label is missing or empty. Give "score" a label.',
    ),
    "an additional field without a type": (
        {},
        {"additional_fields": [{**FIELD, "type": ""}]},
        "additional-field-incomplete",
        "/additional_fields/0/type",
        '/additional_fields/0/type is missing or empty. Give "score" a type.',
    ),
    "tracking columns in the configuration, too": (
        {"tracking_columns": ["id"]},
        {"configuration": {"tracking_columns": ["email"]}},
        "tracking-columns-twice",
        "/configuration/tracking_columns",
        (
            "The tracking columns are also in /configuration/tracking_columns; which of the two "
            "the API uses is not documented, and they differ. Change both, or remove those in "
            "/configuration."
        ),
    ),
    "the enricher without its id": (
        {"enricher": ENRICHER},
        {"enricher": {"enricher_id": None, "configuration": {"region": "us"}}},
        "enricher-replaced",
        "/enricher/enricher_id",
        (
            "/enricher/enricher_id is missing, so the enrichment is replaced instead of updated. "
            "Send it with its current ID, 248df4b7-aa70-47b8-a036-33ac447e668d."
        ),
    ),
    "the enricher with another id": (
        {"enricher": ENRICHER},
        {"enricher": {"enricher_id": seed.CONTACTS}},
        "enricher-replaced",
        "/enricher/enricher_id",
        (
            "/enricher/enricher_id changes, so the enrichment is replaced instead of updated. "
            "Send it with its current ID, 248df4b7-aa70-47b8-a036-33ac447e668d."
        ),
    ),
    "policies cleared": (
        {"policies": [OTHER]},
        {"policies": []},
        "policies-cleared",
        "/policies",
        (
            "This removes every policy and the access they grant; whether the API restores its "
            "default is not documented. Keep the policies that should stay, at least the built-in"
            " one."
        ),
    ),
    "another connection": (
        {},
        {"connection_id": OTHER},
        "connection-moved",
        "/connection_id",
        (
            "/connection_id changes but /configuration does not, although it was written for the "
            "old connection. Check that what /configuration names exists in the new connection "
            "too."
        ),
    ),
    "another connection of the enricher": (
        {"enricher": ENRICHER},
        {"enricher": {"connection_id": seed.WAREHOUSE}},
        "connection-moved",
        "/enricher/connection_id",
        (
            "/enricher/connection_id changes but /enricher/configuration does not, although it "
            "was written for the old connection. Check that what /enricher/configuration names "
            "exists in the new connection too."
        ),
    ),
}


@pytest.mark.parametrize(
    ("members", "change", "code", "path", "message"), CASES.values(), ids=CASES
)
def test_a_fault_that_the_change_brings_in_is_warned_of(
    members: dict[str, Any], change: object, code: str, path: str, message: str
) -> None:
    """Each fault has its code, its place, and a way out; under strict terms it refuses."""
    made = plan(_patch(change), raw(**members))

    assert codes(made) == [(code, path)]
    assert made.warnings[0].message == message
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


@pytest.mark.parametrize(
    ("members", "change", "code", "path", "message"), CASES.values(), ids=CASES
)
def test_what_was_there_before_is_one_quiet_remark(
    members: dict[str, Any], change: object, code: str, path: str, message: str
) -> None:
    """A fault that the change leaves as it is does not refuse it, and takes one line."""
    faulty = make_plan(MODEL, Snapshot(raw(**members)), Patch.of(_patch(change))).proposed
    before = Snapshot({**raw(), **_as_response(faulty)})
    if code in ("policies-cleared", "connection-moved") or message.startswith(
        "/enricher/enricher_id changes"
    ):
        # What only a change can do is no fault of what it leaves behind.
        assert codes(make_plan(MODEL, before, Patch.of({"name": "New"}), strict=True)) == []
        return
    made = make_plan(MODEL, before, Patch.of({"name": "New"}), strict=True)

    assert [notice.code for notice in made.warnings] == ["known-faults"]
    assert "not caused by this change: " in made.warnings[0].message
    assert code not in made.warnings[0].message
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
    assert "(and 299 more)" in made.warnings[0].message


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
    with pytest.raises(InvalidPatchError, match="exposes"):
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
    assert "removes every policy" in refused.value.message
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


A, B = "248df4b7-aa70-47b8-a036-33ac447e668d", "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"
FIELDS = ["id", "email"]


def said(document: Document, proposed: Document) -> list[str]:
    """What is found in a change: code and place; existing findings are marked."""
    found = MODEL.findings(document, proposed)
    marked = [("", found.introduced), ("existing ", found.existing)]
    return [f"{mark}{one.code} {one.path}" for mark, some in marked for one in some]


def sentence(document: Document, proposed: Document) -> str:
    """The sentences of the one finding of a change."""
    (found,) = MODEL.findings(document, proposed).introduced
    return f"{found.what} {found.way_out}"


ROWS: dict[str, tuple[Document, list[str]]] = {
    "nothing": ({}, []),
    "an identifier that is a field": ({"fields": FIELDS, "identifier": "email"}, []),
    "an identifier that is none": (
        {"fields": FIELDS, "identifier": "zzz"},
        ["identifier-not-in-fields /identifier"],
    ),
    "an identifier that is empty": ({"fields": FIELDS, "identifier": ""}, []),
    "a tracked column that is empty": (
        {"fields": FIELDS, "tracking_columns": [""]},
        ["tracking-column-not-in-fields /tracking_columns/0"],
    ),
    "a column that is nearly one, in a shell's quotes": (
        {"fields": ["e mail"], "tracking_columns": ["e maill"]},
        ["tracking-column-not-in-fields /tracking_columns/0"],
    ),
    "columns of lists that are none, and of every field": (
        {"fields": [], "identifier": "x", "tracking_columns": 5, "relations": [5, {"from": 5}]},
        [],
    ),
    "an identifier that is no text": ({"fields": FIELDS, "identifier": 5}, []),
    "fields that are no texts": ({"fields": ["id", 5, 5, {"a": 1}], "identifier": "id"}, []),
    "names twice, thrice and once more": (
        {"fields": ["a", "a", "b", "a", "a"]},
        [
            "duplicate-name /fields/1",
            "duplicate-name /fields/3",
            "duplicate-name /fields/4",
        ],
    ),
    "a name in both lists": (
        {"fields": ["a"], "additional_fields": [{"name": "a", "label": "A", "type": "t"}]},
        ["duplicate-name /additional_fields/0/name"],
    ),
    "a tracked column twice": (
        {"tracking_columns": ["a", "a"]},
        ["duplicate-name /tracking_columns/1"],
    ),
    "an enricher's field twice": (
        {"enricher": {"enricher_id": A, "fields": [{"name": "a"}, {"name": "a"}]}},
        ["duplicate-name /enricher/fields/1/name"],
    ),
    "additional fields that say nothing": (
        {
            "additional_fields": [
                5,
                {"name": "s", "label": "", "type": None},
                {"name": 5, "type": "t"},
            ]
        },
        [
            "additional-field-incomplete /additional_fields/1/label",
            "additional-field-incomplete /additional_fields/1/type",
            "additional-field-incomplete /additional_fields/2/label",
        ],
    ),
    "tracking columns in two places, alike": (
        {"configuration": {"tracking_columns": ["a", "b", "a"]}, "tracking_columns": ["b", "a"]},
        ["tracking-columns-twice /configuration/tracking_columns"],
    ),
    "tracking columns in two places, none in one": (
        {"configuration": {"tracking_columns": None}, "tracking_columns": ["a"]},
        ["tracking-columns-twice /configuration/tracking_columns"],
    ),
    "a configuration that is none": ({"configuration": 5, "tracking_columns": ["a"]}, []),
}


@pytest.mark.parametrize(("proposed", "expected"), ROWS.values(), ids=ROWS)
def test_what_each_check_finds(proposed: Document, expected: list[str]) -> None:
    """Code and place; the same is an existing finding where the document has it already."""
    assert said({}, proposed) == expected
    assert said(proposed, {**proposed, "name": "x"}) == [f"existing {one}" for one in expected]


def test_one_tracked_column_is_as_good_as_a_list_of_one() -> None:
    """The API takes both; that they are said alike is no difference."""
    both = {"configuration": {"tracking_columns": "a"}, "tracking_columns": ["a"]}

    assert "API uses is not documented. Change both" in sentence({}, both)
    both["tracking_columns"] = ["b"]
    assert "API uses is not documented, and they differ. Change both" in sentence({}, both)


def test_a_column_that_is_not_a_field_has_a_way_out() -> None:
    """A similar name is suggested, and the name is shown only where it was a field."""
    tracked = {"fields": ["e mail"], "tracking_columns": ["e maill"]}
    was = {"fields": ["e mail", "it's"], "identifier": "it's"}

    assert 'Did you mean "e mail"?' in sentence({}, tracked)
    assert "e maill" not in sentence({}, tracked)
    assert "Did you mean" not in sentence(tracked | {"fields": ["e maill"]}, tracked)
    assert "--set identifier=FIELD" in sentence({}, {"fields": FIELDS, "identifier": "zzz"})
    assert """--add fields='it'"'"'s'""" in sentence(was, {**was, "fields": ["e mail"]})


@pytest.mark.parametrize(
    ("before", "after", "is_brought"),
    [
        # The same name twice, but of more, or of another: that is new.
        ({"fields": ["a", "a"]}, {"fields": ["a", "a", "a"]}, True),
        ({"fields": ["a", "a", "b"]}, {"fields": ["a", "b", "b"]}, True),
        ({"fields": ["a", "a", "b"]}, {"fields": ["b", "a", "a"]}, False),
        # Another field without a label, and another member of the same one.
        (
            {"additional_fields": [{"name": "s", "type": "t"}]},
            {"additional_fields": [{"name": "r", "type": "t"}]},
            True,
        ),
        (
            {"additional_fields": [{"name": "s", "type": "t"}]},
            {"additional_fields": [{"name": "s", "label": "S"}]},
            True,
        ),
        # Two places that came apart, or that differ in another way than before.
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["a"]},
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["b"]},
            True,
        ),
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["b"]},
            {"configuration": {"tracking_columns": ["c"]}, "tracking_columns": ["b"]},
            True,
        ),
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["b"]},
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["c"]},
            True,
        ),
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["a"]},
            {"configuration": {"tracking_columns": ["b"]}, "tracking_columns": ["b"]},
            False,
        ),
    ],
)
def test_what_makes_it_worse_is_the_changes_fault(
    before: Document, after: Document, is_brought: bool
) -> None:
    """A finding is known by what it is about, wherever in its list it stands."""
    found = MODEL.findings(before, after)

    assert bool(found.introduced) is is_brought
    assert found.introduced or found.existing


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"fields": ["a"]}, {}, "/fields"),
        ({"fields": ["a"]}, {"fields": []}, "/fields"),
        (
            {"enricher": {"enricher_id": A, "fields": ["a"]}},
            {"enricher": {"enricher_id": A, "fields": []}},
            "/enricher/fields",
        ),
        ({"fields": []}, {}, None),
        ({"fields": ["a"]}, {"fields": ["b"]}, None),
        ({"enricher": {"fields": ["a"]}}, {}, None),
        ({"enricher": {"fields": ["a"]}}, {"enricher": 5}, None),
    ],
)
def test_a_list_that_is_emptied_opens_everything(
    before: Document, after: Document, path: str | None
) -> None:
    """Said of either list, by its own path; an enricher that goes takes its list along."""
    expected = [] if path is None else [f"fields-widened {path}"]

    assert said(before, after) == expected
    if path is not None:
        assert f"Without {path} every field" in sentence(before, after)
        assert f"want in {path}." in sentence(before, after)


@pytest.mark.parametrize(
    ("before", "after", "how", "present"),
    [
        ({"enricher_id": A}, {"x": 1}, "is missing", f", {A}"),
        ({"enricher_id": A}, {"enricher_id": B}, "changes", f", {A}"),
        ({"x": 1}, {"x": 2}, "is missing", ""),
        ({"enricher_id": "text"}, {"x": 1}, "is missing", ""),
        ({"enricher_id": A}, {"enricher_id": A, "x": 1}, None, ""),
        ({"x": 1}, {"enricher_id": A}, None, ""),
        ({}, {"x": 1}, None, ""),
        ({"x": 1}, {}, None, ""),
        (5, {"x": 1}, None, ""),
        ({"x": 1}, 5, None, ""),
        (None, {"enricher_id": A}, None, ""),
    ],
)
def test_an_enrichment_is_known_by_its_id(
    before: Any, after: Any, how: str | None, present: str
) -> None:
    """Without it, or with another one, it is made anew; the present id is named."""
    pair: tuple[Document, Document] = {"enricher": before}, {"enricher": after}
    if how is None:
        assert said(*pair) == []
        return
    found = MODEL.findings(*pair)
    (one,) = (*found.introduced, *found.existing)
    assert (one.code, one.path) == ("enricher-replaced", "/enricher/enricher_id")
    assert how in one.what
    assert one.way_out == f"Send it with its current ID{present}."


@pytest.mark.parametrize("root", ["", "enricher"])
@pytest.mark.parametrize(
    ("before", "after", "is_moved"),
    [
        ((A, {"q": 1}), (B, {"q": 1}), True),
        ((A, {"q": 1}), (B, {"q": 2}), False),
        ((A, {"q": 1}), (A, {"q": 1}), False),
        ((A, {}), (B, {}), False),
        ((None, {"q": 1}), (B, {"q": 1}), False),
        ((A, {"q": 1}), (None, {"q": 1}), False),
        ((A, {"q": 1}), (B, {"q": 1.0}), False),
    ],
)
def test_a_connection_under_an_old_configuration(
    root: str, before: tuple[Any, Any], after: tuple[Any, Any], is_moved: bool
) -> None:
    """Said of the model's and of the enricher's own, where the configuration stays as is."""

    def document(pair: tuple[Any, Any]) -> Document:
        document = {"connection_id": pair[0], "configuration": pair[1]}
        return {root: {**document, "enricher_id": A}} if root else document

    path = f"{root and f'/{root}'}/connection_id"

    assert said(document(before), document(after)) == [f"connection-moved {path}"] * is_moved


COLUMNS: Columns = MODEL.columns


def test_every_place_that_names_a_column_is_found() -> None:
    """Fields, identifier, tracking columns, relations and additional fields all name columns."""
    found = [("/".join(place), name) for place, name in COLUMNS.references(seed.contacts())]

    assert found[7:] == [
        ("identifier", "id"),
        ("tracking_columns/0", "email"),
        ("tracking_columns/1", "plan"),
        ("relations/0/from", "company_id"),
        ("additional_fields/0/name", "lead_score"),
        ("additional_fields/1/name", "owner_email"),
    ]
    assert [name for _, name in found[:7]] == seed.contacts()["fields"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"fields": None, "identifier": "", "tracking_columns": {}, "relations": [5, {}]},
        {"fields": [5, None, ""], "additional_fields": [{"name": 5}], "identifier": ["id"]},
    ],
)
def test_what_is_not_well_formed_names_nothing(document: dict[str, Any]) -> None:
    """A document that breaks its schema is looked at as far as it goes."""
    assert list(COLUMNS.references(document)) == []


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"name": "New"}, ()),
        ({"fields": ["id"]}, ()),
        ({"fields": []}, ("fields",)),
        ({"fields": None}, ("fields",)),
        (
            {"configuration": {"table": "t"}},
            ("fields", "identifier", "tracking_columns", "relations", "additional_fields"),
        ),
        (
            {"connection_id": "x"},
            ("fields", "identifier", "tracking_columns", "relations", "additional_fields"),
        ),
        ({"connection_id": "x", "fields": [], "identifier": None, "tracking_columns": [],
          "relations": [], "additional_fields": []}, ("fields",)),
    ],
)  # fmt: skip
def test_only_another_source_leaves_columns_in_doubt(
    change: dict[str, Any], doubt: tuple[str, ...]
) -> None:
    """Another query, table or connection puts all that names columns in doubt; else nothing is."""
    before = seed.contacts()

    assert COLUMNS.in_doubt(before, {**before, **change}) == doubt


@pytest.mark.parametrize("fields", [None, {}, 5])
def test_a_reading_without_fields_exposes_nothing(fields: Any) -> None:
    """What is no list of fields exposes none."""
    assert COLUMNS.exposed_now(Snapshot({"fields": fields})) == {}


def test_a_reading_exposes_what_has_a_name() -> None:
    """Names come with their ids, where they have one."""
    fields = [{"name": "a", "id": "1"}, {"name": "b", "id": 5}, {"name": 5}, "c"]

    assert COLUMNS.exposed_now(Snapshot({"fields": fields})) == {"a": "1", "b": None}


def test_what_is_no_text_in_a_list_of_texts_is_left_to_the_schema() -> None:
    """The checks look at the texts around it."""
    found = raw(tracking_columns=["id", 7, "id"])
    made = plan({"name": "X"}, found)

    assert ("schema-violation", "/tracking_columns/1") in codes(made)


def test_a_repetition_that_moves_to_the_other_list_is_a_new_one() -> None:
    """It is another problem than the one that the model had."""
    base = raw(fields=[{"name": "id"}, {"name": "email"}, {"name": "email"}])
    added = [{**FIELD, "name": "email"}]
    change = {"fields": ["id", "email"], "additional_fields": added}

    made = plan(change, base)

    assert ("duplicate-name", "/additional_fields/0/name") in codes(made)


def test_strict_refuses_a_widened_list_that_no_option_allowed() -> None:
    """A plan from elsewhere is judged by its own terms, not by how plans are made here."""
    made = plan({"fields": []}, allow_all_fields=True)
    refuse_findings(made)

    with pytest.raises(InvalidPatchError, match="strict"):
        refuse_findings(replace(made, terms=made.terms._replace(allow_all_fields=False)))
