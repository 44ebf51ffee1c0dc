"""Promise 1: nothing is lost by omission."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import patcher
from patcher.documents import jsontext, yamltext
from patcher.documents.masks import MASK, Masks
from patcher.documents.patches import Patch
from patcher.documents.pointers import pointer_to
from patcher.documents.values import strictly_equal
from patcher.plan import check_change
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.plan.planning import make_plan
from tests.promises.models import NAMES, UUIDS, Case, cases
from tests.sandbox import Sandbox, faults, seed

ALL = 12


@pytest.fixture(scope="module")
def shared() -> Any:
    """One sandbox for all examples of a law."""
    with Sandbox() as running:
        yield running


def lost(before: dict[str, Any], after: dict[str, Any], changed: str) -> list[str]:
    """The members that are not what they were, but for the one that was to change."""
    return [
        key for key in before if key != changed and not strictly_equal(before[key], after.get(key))
    ]


@given(case=cases())
def test_what_is_stored_is_what_was_meant(shared: Sandbox, case: Case) -> None:
    """For any model and any change the server stores the intent, member by member and type by type.

    The intent is worked out beside the program: the model with the chosen members replaced or
    gone, and not one other touched.
    """
    model_id = shared.create(case.document)
    before = shared.stored(model_id)
    with patcher.Client(shared.url, shared.api_key) as client:
        result = patcher.patch_model(model_id, case.change, client=client)
    after = shared.stored(model_id)
    intent = {
        key: value
        for key, value in case.intent.items()
        if value != [] or key != "additional_fields"
    }

    expected = {**intent, "organization_id": before["organization_id"]}
    assert strictly_equal(after, expected), (after, expected)
    assert result.status == ("unchanged" if strictly_equal(before, expected) else "applied")


def test_a_new_name_costs_no_other_member(sandbox: Sandbox, client: patcher.Client) -> None:
    """Changing only the name of a model that uses all 12 members loses 0 of them."""
    before = sandbox.stored(seed.CONTACTS)

    patcher.patch_model(seed.CONTACTS, {"name": "Customers"}, client=client)

    assert len(before) == ALL
    assert lost(before, sandbox.stored(seed.CONTACTS), "name") == []


def test_a_bare_put_loses_eight(sandbox: Sandbox, client: patcher.Client) -> None:
    """The comparison is real: the documented example's three members lose 8 of 12."""
    before = sandbox.stored(seed.CONTACTS)
    body = {key: before[key] for key in ("name", "connection_id", "configuration")}

    client.put("/api/models", seed.CONTACTS, body, idempotency_key="bare-put-1")

    assert len(lost(before, sandbox.stored(seed.CONTACTS), "name")) == 8


@pytest.mark.parametrize("where", ["top", "field"])
def test_an_api_that_grows_stops_the_tool(
    sandbox: Sandbox, client: patcher.Client, where: str
) -> None:
    """A member that the API did not have yesterday is named, and nothing is written."""
    grown = ({"retention": 30}, {}) if where == "top" else ({}, {"pii": True})
    sandbox.fault(faults.growth(*grown, method="GET", every=True))

    with pytest.raises(patcher.UnknownFieldError) as caught:
        patcher.patch_model(seed.CONTACTS, {"name": "Customers"}, client=client)

    assert caught.value.paths[0] in ("/retention", "/additional_fields/0/pii")
    assert caught.value.exit_code == 2
    assert sandbox.puts() == []


def test_a_growing_api_is_met_on_request(sandbox: Sandbox, client: patcher.Client) -> None:
    """Carry sends what is unknown along, and the plan says so."""
    sandbox.fault(faults.growth({"retention": {"days": 30}}, {}, method="*", every=True))

    result = patcher.patch_model(
        seed.CONTACTS, {"name": "Customers"}, client=client, unknown_fields="carry"
    )

    (put,) = sandbox.puts()
    assert put.json["retention"] == {"days": 30}
    assert [notice.code for notice in result.warnings] == ["carried-unknown"]


@pytest.mark.parametrize(
    "change",
    [
        {"fields": []},
        {"fields": None},
        {"enricher": {"fields": []}},
        {"enricher": {"fields": None}},
    ],
)
def test_opening_every_field_needs_to_be_said(
    sandbox: Sandbox, client: patcher.Client, change: dict[str, Any]
) -> None:
    """Emptying a list that means "all" when empty is refused, unless it is asked for by name."""
    with pytest.raises(patcher.InvalidPatchError, match="every field"):
        patcher.patch_model(seed.CONTACTS, change, client=client)
    assert sandbox.puts() == []

    result = patcher.patch_model(seed.CONTACTS, change, client=client, allow_all_fields=True)
    assert result.status == "applied"


def test_a_model_of_user_added_fields_alone_is_refused(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Its list of fields would be sent empty, and open the model to every column."""
    added = {"name": "s", "label": "S", "type": "string", "user_added": True}
    sandbox.fault(faults.growth({"fields": [added]}, {}, method="GET", every=True))

    with pytest.raises(patcher.InvalidPatchError, match="would be empty"):
        patcher.patch_model(seed.CONTACTS, {"name": "Customers"}, client=client)

    assert sandbox.puts() == []


KEYS = st.sampled_from(
    ["id", "name", "label", "type", "example", "user_added", "from", "to", "fields", "token", "x"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "\u00e9: #"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
SOUND = st.fixed_dictionaries({"name": NAMES}, optional={"label": NAMES, "pii": ANYTHING})
ADDED = st.fixed_dictionaries(
    {"name": NAMES, "label": NAMES, "type": NAMES, "user_added": st.just(True)},
    optional={"example": ANYTHING, "pii": ANYTHING, "description": ANYTHING},
)
LABELS = UUIDS | st.fixed_dictionaries({"id": UUIDS}, optional={"name": NAMES, "color": ANYTHING})
RELATION = st.fixed_dictionaries(
    {"from": NAMES, "to": st.fixed_dictionaries({"model_id": UUIDS, "field": NAMES})},
    optional={"x": ANYTHING},
)
# Eight stars are refused by design in any input; where a credential may be, they are a blocker.
HELD = st.dictionaries(KEYS, ANYTHING | st.just(MASK), max_size=4)
ENRICHER = st.fixed_dictionaries(
    {}, optional={"enricher_id": ANYTHING, "configuration": HELD, "x": ANYTHING}
)
ANSWERS = st.fixed_dictionaries(
    {"id": UUIDS},
    optional={
        **dict.fromkeys(MODEL.shape.members, ANYTHING),
        "name": NAMES | ANYTHING,
        "configuration": HELD | ANYTHING,
        "fields": st.lists(SOUND | ADDED | ANYTHING, max_size=4) | ANYTHING,
        "labels": st.lists(LABELS | ANYTHING, max_size=3) | ANYTHING,
        "relations": st.lists(RELATION | ANYTHING, max_size=3),
        "enricher": ENRICHER | ANYTHING,
        "row_filter": ANYTHING,
        "polices": ANYTHING,
        "version": st.integers(1, 9),
    },
)


def given_back(answer: dict[str, Any], unknown_fields: str, *, as_yaml: bool) -> Any:
    """What ``get`` prints for an answer, read again."""
    found = MODEL.projection(Snapshot(answer), unknown_fields)
    if not as_yaml:
        return jsontext.parse(jsontext.dump_pretty(found.document), what="it")
    notes = [(one.place, [f"# {one.note}"]) for one in found.blockers]
    return yamltext.parse(
        yamltext.annotated(yamltext.dump(found.document), notes), what="the document"
    )


@given(ANSWERS, st.sampled_from(["error", "carry", "drop", "row_filter=carry"]), st.booleans())
def test_what_get_prints_is_no_change(
    answer: dict[str, Any], unknown_fields: str, as_yaml: bool
) -> None:
    """Given back, it is no change, however it breaks the schema; refused only at a blocker."""
    base = Snapshot(answer)
    blocked = {pointer_to(one.place) for one in MODEL.projection(base, unknown_fields).blockers}
    document = given_back(answer, unknown_fields, as_yaml=as_yaml)
    patch = Patch.document(document)

    refused: set[str] = set()
    try:
        check_change(MODEL, patch, Masks(MODEL.shape.opaque), unknown_fields)
        made = make_plan(MODEL, base, patch, unknown_fields=unknown_fields)
    except patcher.UnknownFieldError as error:
        refused = set(error.paths)
        assert refused == blocked
    except patcher.InvalidPatchError as error:
        refused = {place for place in blocked if f"{error.path}/".startswith(f"{place}/")}
    else:
        assert made.is_unchanged
    assert bool(refused) == bool(blocked)
