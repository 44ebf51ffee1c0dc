"""What was sent against what is stored, spelled in whatever way the API likes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from patcher.documents.masks import MASK, Masks
from patcher.documents.patches import Patch
from patcher.documents.values import copied
from patcher.guard.verification import Verdict, is_as_before, is_in_place, proves, verify
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, response
from tests.plan.planning import make_plan

OTHER = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a999"


def verdict(change: dict[str, Any], before: dict[str, Any], **stored: Any) -> Verdict:
    """The verdict on a change of ``before`` after which the API shows ``stored`` in its place."""
    base = Snapshot(before)
    plan = make_plan(MODEL, base, Patch.of(change), allow_all_fields=True)
    return verify(plan, base, Snapshot({**before, "name": "New", **stored}))


def paths(found: Verdict) -> list[str]:
    """Where it differs."""
    return [change.path for change in found.differences]


def codes(found: Verdict) -> list[str]:
    """What it warns about."""
    return [notice.code for notice in found.notices]


NEW = {"name": "New"}


@pytest.mark.parametrize("spelling", [None, []])
@pytest.mark.parametrize("key", ["relations", "tracking_columns", "labels"])
def test_none_may_be_spelled_in_any_way(key: str, spelling: Any) -> None:
    """null, absent and an empty list are the same list."""
    absent = verdict(NEW, response(), **{key: spelling})
    empty = verdict(NEW, response(**{key: []}), **{key: None})

    assert (paths(absent), paths(empty)) == ([], [])


@pytest.mark.parametrize("spelling", [None, ""])
def test_an_empty_identifier_is_none(spelling: Any) -> None:
    """The API may say that there is no identifier in either way."""
    assert paths(verdict(NEW, response(), identifier=spelling)) == []
    assert paths(verdict(NEW, response(identifier="id"), identifier=spelling)) == ["/identifier"]


def test_inside_the_configuration_none_may_be_spelled_in_any_way_too() -> None:
    """A server that drops a null or an empty list has lost nothing; an empty text is another."""
    before = response(configuration={"a": None, "b": [], "c": {"d": None}})

    assert paths(verdict(NEW, before, configuration={"c": {}})) == []
    assert paths(verdict(NEW, before, configuration={"a": [], "b": None, "c": {"d": []}})) == []
    assert paths(verdict(NEW, before, configuration={"a": "", "c": {}})) == ["/configuration/a"]


@pytest.mark.parametrize(
    ("sent", "stored"), [(None, 5), (5, None), ([], "x"), ("", None), (None, "")]
)
def test_in_a_list_none_is_an_item_like_any_other(sent: Any, stored: Any) -> None:
    """It has a place there, in which nothing else may stand."""
    change = {**NEW, "configuration": {"l": ["a", sent]}}

    found = verdict(change, response(configuration={}), configuration={"l": ["a", stored]})

    assert paths(found) == ["/configuration/l/1"]


def test_an_unknown_key_that_the_server_keeps_was_left_out_as_said() -> None:
    """What the write was to drop is not compared."""
    base = Snapshot(response(retention=30))
    plan = make_plan(MODEL, base, Patch.of(NEW), unknown_fields="drop")

    found = verify(plan, base, Snapshot({**base.raw, **NEW}))

    assert (paths(found), codes(found)) == ([], [])


def test_what_is_not_stored_is_a_value_that_is_gone() -> None:
    """Whether its key is missing or it comes back as an empty list."""
    change = {**NEW, "configuration": {"a": 5, "b": 6}}

    found = verdict(change, response(configuration={}), configuration={"b": []})

    assert [(one.path, one.kind) for one in found.differences] == [
        ("/configuration/a", "removed"),
        ("/configuration/b", "removed"),
    ]


def test_a_text_that_is_literal_is_hidden_by_nobody() -> None:
    """Where such texts are values, one that was not sent is another value."""
    base = Snapshot(response())
    masks = Masks(MODEL.shape.opaque, literal=frozenset({("configuration", "hint")}))
    change = {**NEW, "configuration": {"hint": "x"}}
    plan = make_plan(MODEL, base, Patch.of(change), masks=masks)
    configuration = {**plan.proposed["configuration"], "hint": MASK}

    found = verify(plan, base, Snapshot({**base.raw, **NEW, "configuration": configuration}))

    assert paths(found) == ["/configuration/hint"]


def test_a_type_that_changed_is_a_difference() -> None:
    """1 that comes back as true was not kept."""
    before = response(configuration={"a": 1})

    assert paths(verdict(NEW, before, configuration={"a": True})) == ["/configuration/a"]


def test_what_the_server_stamps_into_the_enrichers_fields_is_its_own() -> None:
    """Ids and audit fields there are not compared; the rest that was sent is, whole."""
    enricher = {"enricher_id": ID, "fields": [{"name": "phone"}, {"name": "title", "id": "old"}]}
    stamped = {"id": "x", "created_at": "t", "created_by": {"id": "u"}, "updated_at": "t"}
    fields = [{"name": "title", **stamped}, {"name": "phone", **stamped}]
    before = response(enricher=enricher)

    same = verdict(NEW, before, enricher={**enricher, "fields": fields})
    odd = verdict(NEW, before, enricher={**enricher, "fields": ["phone", "title"]})

    assert (paths(same), codes(same)) == ([], ["order-not-kept"])
    assert odd.differences


FILLED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "organization_id": ({}, {}, {"organization_id": OTHER}),
    "organization_id removed": (
        {"organization_id": OTHER},
        {"organization_id": None},
        {"organization_id": OTHER},
    ),
    "enricher_id": (
        {},
        {"enricher": {"mappings": {}}},
        {"enricher": {"enricher_id": ID, "mappings": {}}},
    ),
    "enricher_id removed": (
        {"enricher": {"enricher_id": ID, "mappings": {}}},
        {"enricher": {"enricher_id": None}},
        {"enricher": {"enricher_id": ID, "mappings": {}}},
    ),
    "policies": ({}, {"policies": None}, {"policies": [OTHER]}),
    "fields": ({}, {"fields": []}, {"fields": [{"name": "all"}]}),
    "enricher fields": (
        {"enricher": {"enricher_id": ID, "fields": [{"name": "a"}]}},
        {"enricher": {"fields": None}},
        {"enricher": {"enricher_id": ID, "fields": [{"name": "a"}, {"name": "b"}]}},
    ),
}


@pytest.mark.parametrize("case", FILLED)
def test_what_the_server_fills_in_where_nothing_was_sent_is_a_warning(case: str) -> None:
    """The organization and the enricher's id with any value, the others with another one."""
    before, change, stored = FILLED[case]

    found = verdict({**NEW, **change}, response(**before), **stored)

    assert (paths(found), codes(found)) == ([], ["server-default"])
    assert found.is_excused


@pytest.mark.parametrize(
    ("before", "change", "path"),
    [
        ({"policies": ["p", "q"]}, {"policies": None}, "/policies"),
        ({"fields": [{"name": "a"}, {"name": "b"}]}, {"fields": None}, "/fields"),
        (
            {"enricher": {"fields": [{"name": "a"}, {"name": "b"}]}},
            {"enricher": {"fields": None}},
            "/enricher/fields",
        ),
    ],
)
def test_a_list_that_is_as_before_was_not_cleared(
    before: dict[str, Any], change: dict[str, Any], path: str
) -> None:
    """The very value that the change removed, in whatever order, is no default of the server's."""
    turned = {
        key: {"fields": value["fields"][::-1]} if key == "enricher" else value[::-1]
        for key, value in before.items()
    }

    assert paths(verdict({**NEW, **change}, response(**before), **before)) == [path]
    assert paths(verdict({**NEW, **change}, response(**before), **turned)) == [path]


ENRICHER = {"enricher_id": ID, "fields": [{"name": "a", "label": "A"}]}
ADDED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = {
    "a blank": (
        {"configuration": {"query": "y"}},
        {"configuration": {"query": "x"}},
        {"configuration": {"query": "x", "table": ""}},
        ["/configuration/table"],
    ),
    "a blank that was there": (
        {"configuration": {"query": "y", "table": ""}},
        {"configuration": {"query": "x", "table": None}},
        {"configuration": {"query": "x", "table": ""}},
        ["/configuration/table"],
    ),
    "a blank in place of what was removed": (
        {"configuration": {"query": "y", "table": "users"}},
        {"configuration": {"query": "x", "table": None}},
        {"configuration": {"query": "x", "table": ""}},
        ["/configuration/table"],
    ),
    "what was sent at the top": (
        {"configuration": {"query": "y", "tracking_columns": ["a"]}, "tracking_columns": ["a"]},
        {"configuration": {"query": "x", "tracking_columns": None}, "tracking_columns": ["b", "a"]},
        {
            "configuration": {"query": "x", "tracking_columns": ["a", "b"]},
            "tracking_columns": ["b", "a"],
        },
        ["/configuration/tracking_columns"],
    ),
    "what was sent at the top, in an enricher": (
        {
            "enricher": {**ENRICHER, "configuration": {"tracking_columns": ["a"]}},
            "tracking_columns": ["a"],
        },
        {
            "enricher": {"configuration": {"tracking_columns": None, "query": "x"}},
            "tracking_columns": ["b", "a"],
        },
        {
            "enricher": {"configuration": {"query": "x", "tracking_columns": ["a", "b"]}},
            "tracking_columns": ["b", "a"],
        },
        ["/enricher/configuration/tracking_columns"],
    ),
    "a text that was sent at the top": (
        {"configuration": {"query": "y", "identifier": "email"}, "identifier": "email"},
        {"configuration": {"query": "x", "identifier": None}, "identifier": "phone"},
        {"configuration": {"query": "x", "identifier": "phone"}, "identifier": "phone"},
        ["/configuration/identifier"],
    ),
    "items in the place of fewer": (
        {"configuration": {"headers": [{"name": "a"}]}},
        {"configuration": {"headers": [{"name": "b"}, {"name": "c"}]}},
        {"configuration": {"headers": [{"name": "b", "x": 1}, {"name": "c", "x": 1}]}},
        ["/configuration/headers"],
    ),
    "keys at any depth": (
        {"configuration": {"a": {"b": [[{"c": 1}, {"c": 2}]]}}},
        {},
        {"configuration": {"a": {"b": [[{"c": 1, "d": 0}, {"c": 2, "d": 0}]], "e": False}}},
        ["/configuration/a/b", "/configuration/a/e"],
    ),
    "a key at the top": ({}, {}, {"tracking_columns": ["id"]}, ["/tracking_columns"]),
    "an enricher": ({}, {}, {"enricher": ENRICHER}, ["/enricher"]),
    "an unknown key": ({}, {}, {"retention": 30}, ["/retention"]),
    "an enricher's new field": (
        {"enricher": ENRICHER},
        {"enricher": {"fields": [*ENRICHER["fields"], {"name": "b"}]}},
        {"enricher": {"fields": [{"name": "b", "label": "B", "type": "t"}, *ENRICHER["fields"]]}},
        ["/enricher/fields"],
    ),
    "an item put in front": (
        {"configuration": {"headers": [{"name": "a"}, {"name": "b", "x": 1}]}},
        {"configuration": {"headers": [{"name": "c"}, {"name": "a"}, {"name": "b", "x": 1}]}},
        {
            "configuration": {
                "headers": [{"name": "c"}, {"name": "a", "x": 1}, {"name": "b", "x": 1}]
            }
        },
        ["/configuration/headers"],
    ),
}


@pytest.mark.parametrize("case", ADDED)
def test_what_neither_the_model_nor_the_change_had_is_a_warning(case: str) -> None:
    """At any depth; places in the items of one list are one warning."""
    before, change, stored, places = ADDED[case]
    if "enricher" in stored:
        stored = {**stored, "enricher": {**ENRICHER, **stored["enricher"]}}

    found = verdict({**NEW, **change}, response(**before), **stored)

    assert paths(found) == []
    added = [one.path for one in found.notices if one.code == "server-added"]
    assert sorted(added) == places
    assert found.is_excused


def test_an_organization_that_is_left_out_may_be_the_same_again() -> None:
    """The server knows whose key wrote it; of any other key that would be no write."""
    found = verdict({**NEW, "organization_id": None}, response(organization_id=ID))
    empty = verdict(NEW, response(), organization_id="")

    assert (paths(found), codes(found)) == ([], ["server-default"])
    assert (paths(empty), codes(empty)) == ([], ["server-default"])


def test_an_enrichment_without_its_id_may_get_the_same_again() -> None:
    """The server chooses it, so any is as good."""
    before = response(enricher=ENRICHER)
    bare = [{"op": "remove", "path": "/enricher/enricher_id"}]
    base = Snapshot(before)
    plan = make_plan(MODEL, base, Patch.of(bare))

    found = verify(plan, base, Snapshot({**before, "version": 8}))

    assert (paths(found), codes(found)) == ([], ["server-default"])


def test_a_default_may_have_any_form() -> None:
    """Where the server fills in something else than a list it is a default, too."""
    found = verdict({**NEW, "policies": None}, response(), policies="everyone")

    assert "/policies" not in paths(found)
    assert codes(found) == ["server-default"]


def test_keys_in_items_are_named_below_their_list() -> None:
    """Each once, as a path from the item, in one warning for the list."""
    sent = [{"n": "a", "o": {}}, {"n": "b", "o": {}}]
    stored = [{"n": one["n"], "o": {"x": 0}, "y": 0} for one in sent]

    found = verdict({**NEW, "configuration": {"l": sent}}, response(), configuration={"l": stored})

    (notice,) = (one for one in found.notices if one.path == "/configuration/l")
    assert "o.x, y in items of /configuration/l" in notice.message


def test_an_enricher_without_its_id_is_a_new_one() -> None:
    """What the old one had of a field of the same name, the model does not have any more."""
    whole = {"name": "a", "label": "A", "type": "t"}
    before = response(enricher={"enricher_id": ID, "fields": [whole], "mappings": {}})
    bare = [{"op": "replace", "path": "/enricher", "value": {"fields": [{"name": "a"}]}}]
    kept = [{"op": "replace", "path": "/enricher/fields", "value": [{"name": "a"}]}]
    base = Snapshot(before)

    def judged(change: Any, enricher_id: str) -> Verdict:
        plan = make_plan(MODEL, base, Patch.of(change))
        enricher = {"enricher_id": enricher_id, "fields": [whole], "mappings": {}}
        return verify(plan, base, Snapshot({**before, "enricher": enricher}))

    assert paths(judged(bare, OTHER)) == []
    assert set(codes(judged(bare, OTHER))) == {"server-default", "server-added"}
    assert paths(judged(kept, ID)) == ["/enricher/fields/0/label", "/enricher/fields/0/type"]


NOT_CLEARED: dict[str, tuple[Any, Any, Any, str]] = {
    "a key": ({"a": 1, "b": 2}, {"a": 1, "b": None}, {"a": 1, "b": 2}, "/b"),
    "a key with another value": ({"a": 1, "b": 2}, {"a": 1, "b": None}, {"a": 1, "b": 3}, "/b"),
    "a key of an item": (
        {"h": [{"n": "a", "v": "1"}]},
        {"h": [{"n": "a"}]},
        {"h": [{"n": "a", "v": "1"}]},
        "/h/0/v",
    ),
    "a key of an item that moved": (
        {"h": [{"n": "a", "v": "1"}, {"n": "b"}]},
        {"h": [{"n": "a"}]},
        {"h": [{"n": "a", "v": "1"}]},
        "/h/0/v",
    ),
    "an item": ({"l": [1, 2]}, {"l": [1]}, {"l": [1, 2]}, "/l/1"),
    "an item that nobody had": ({"l": [1]}, {}, {"l": [1, 2]}, "/l/1"),
    "an empty list that was sent": ({"l": [1]}, {"l": []}, {"l": [1]}, "/l/0"),
    "a null that was there": ({"a": None}, {}, {"a": 1}, "/a"),
}


@pytest.mark.parametrize("case", NOT_CLEARED)
def test_what_the_change_removed_and_the_server_keeps_is_a_difference(case: str) -> None:
    """So is an item that was not sent, and a value where nothing, or none, was sent."""
    before, change, stored, path = NOT_CLEARED[case]
    change = {**NEW, "configuration": change}

    found = verdict(change, response(configuration=before), configuration=stored)

    assert paths(found) == [f"/configuration{path}"]


@pytest.mark.parametrize(
    "list_and_item", [("policies", OTHER), ("tracking_columns", "b"), ("fields", {"name": "b"})]
)
def test_an_item_that_was_not_sent_is_a_difference(list_and_item: tuple[str, Any]) -> None:
    """A list that was sent is stored as it was sent, or it is not stored as sent."""
    key, item = list_and_item
    there = [{"name": "a"}] if key == "fields" else ["a"]

    assert paths(verdict(NEW, response(**{key: there}), **{key: [*there, item]})) == [f"/{key}/1"]


def test_a_place_that_comes_back_redacted_is_a_warning() -> None:
    """Whether it is stored as sent is not known; what is beside it is compared as ever."""
    before = response(configuration={"query": "x", "password": "old-secret"})
    change = {**NEW, "configuration": {"password": "new-secret"}}

    found = verdict(change, before, configuration={"query": "x", "password": MASK})
    other = verdict(change, before, configuration={"query": "y", "password": MASK})
    kept = verdict(
        {"configuration": {"password": None}},
        before,
        name="Customers",
        configuration={"query": "x", "password": MASK},
    )

    assert (paths(found), codes(found)) == ([], ["hidden-by-server"])
    assert found.is_excused
    assert paths(other) == ["/configuration/query"]
    assert paths(kept) == ["/configuration/password"]


def test_no_warning_names_a_place_below_a_masked_key() -> None:
    """What is in a credential is not shown, its keys neither."""
    before = response(configuration={"secret": {"a": "x"}})

    found = verdict(NEW, before, configuration={"secret": {"a": "x", "b-key": "y"}})

    assert [one.path for one in found.notices] == ["/configuration/secret"]
    assert "b-key" not in found.notices[0].message


@pytest.mark.parametrize(
    ("sent", "stored", "is_same"),
    [
        ("87", "87", True),
        ("87", "87.0", False),
        ("1.50", "1.5", True),
        ('{"a": [1]}', '{"a":[1]}', True),
        ('"87"', "87", True),
        ('"text"', "text", True),
        ("text", "Text", False),
        ("tru", "true", False),
    ],
)
def test_an_example_may_come_back_as_the_value_that_it_spells(
    sent: str, stored: str, is_same: bool
) -> None:
    """A text that is JSON and the value that it spells are one example."""
    field = {"name": "s", "label": "S", "type": "t", "example": sent}
    shown = {**field, "user_added": True, "example": stored}

    found = verdict({**NEW, "additional_fields": [field]}, response(fields=[]), fields=[shown])

    assert (paths(found) == []) == is_same


def undone(before: dict[str, Any], sent: dict[str, Any], **stored: Any) -> Verdict:
    """The verdict on taking back a write that sent ``sent``, after which the API shows that."""
    base = Snapshot(response(**before))
    plan = make_plan(MODEL, base, Patch.of({"configuration": {"query": "x", "limit": None}}))
    terms = plan.terms._replace(undone=plan.proposed | sent)
    return verify(dataclasses.replace(plan, terms=terms), base, Snapshot({**base.raw, **stored}))


def test_what_the_server_added_to_a_write_is_not_cleared_by_its_undo() -> None:
    """It adds it again; what the write itself had sent goes back."""
    before = {"configuration": {"query": "y", "limit": 100}}
    kept = {"query": "x", "limit": 100}

    added = undone(before, {"configuration": {"query": "y"}}, configuration=kept)
    sent = undone(before, before, configuration=kept)

    assert (paths(added), codes(added)) == ([], ["server-added"])
    assert paths(sent) == ["/configuration/limit"]


@pytest.mark.parametrize(
    ("change", "stored", "in_place", "proven"),
    [
        (NEW, {"name": "New"}, True, True),
        (NEW, {"name": "New", "identifier": "id"}, True, False),
        (NEW, {"name": "Other"}, False, False),
        ({"organization_id": None}, {"organization_id": ID}, False, False),
        ({"organization_id": None}, {"organization_id": None}, True, True),
        (
            {"configuration": {"null": None}},
            {"configuration": {"null": None, "z": ""}},
            False,
            False,
        ),
        ({"configuration": {"null": None}}, {"configuration": {"z": ""}}, True, True),
        ({"configuration": {"z": None}}, {"configuration": {"null": None}}, True, True),
        ({"configuration": {"z": None}}, {"configuration": {"null": None, "z": ""}}, False, False),
        ({"configuration": {"z": None}}, {"configuration": {}}, True, True),
        ({"policies": ["q", "p"]}, {"policies": ["p", "q"]}, False, False),
        ({"policies": ["q", "p"]}, {"policies": ["q", "p"]}, True, True),
        ({"policies": None}, {"policies": [OTHER]}, True, False),
    ],
)
def test_a_reading_alone_proves_only_what_could_not_be_there_before(
    change: Any, stored: dict[str, Any], in_place: bool, proven: bool
) -> None:
    """What the server fills in, adds or hides proves nothing, nor does what was so before."""
    raw = response(organization_id=ID, configuration={"null": None, "z": ""}, policies=["p", "q"])
    plan = make_plan(MODEL, Snapshot(raw), Patch.of(change))
    found = verify(plan, Snapshot(raw), Snapshot({**raw, **stored}))

    assert (is_in_place(plan, found), proves(plan, found)) == (in_place, proven)


def test_new_ids_of_untouched_fields_are_a_warning() -> None:
    """Syncs refer to fields by id; the touched ones may get new ones without a word."""
    fields = [{"name": name, "id": f"f-{name}"} for name in "abcdefg"]
    renewed = [{"name": name, "id": f"new-{name}"} for name in "abcdefgh"]
    change = {**NEW, "fields": [*"abcdefg", "h"]}

    found = verdict(change, response(fields=fields), fields=renewed)

    (notice,) = found.notices
    assert notice.code == "field-id-changed"
    assert "7 items" in notice.message
    assert "(a, b, c, d, e and 2 more)" in notice.message


def test_a_field_that_the_change_alters_may_get_a_new_id() -> None:
    """Another label is another definition."""
    field = {"name": "s", "id": "1", "label": "S", "type": "t", "user_added": True}
    changed = {"name": "s", "label": "T", "type": "t"}
    stored = [{"name": "email", "id": "f-1"}, {**field, "label": "T", "id": "2"}]

    found = verdict(
        {**NEW, "additional_fields": [changed]},
        response(fields=[{"name": "email", "id": "f-1"}, field]),
        fields=stored,
    )

    assert (paths(found), codes(found)) == ([], [])


def test_what_cannot_be_written_is_not_as_sent() -> None:
    """A label without an id was not sent."""
    found = verdict(NEW, response(labels=[ID]), labels=[{}])

    assert paths(found) == ["/labels/0"]
    assert not found.is_as_sent


LABEL = {"id": ID, "name": "x", "colour": "red"}


@pytest.mark.parametrize(
    ("labels", "fields", "expected"),
    [
        ([LABEL], [{"name": "email", "pii": True}], []),
        ([LABEL | {"colour": "blue"}], [{"name": "email", "pii": False}], []),
        ([{"id": ID, "name": "x", "colour": ""}], [{"name": "email", "pii": True}], ["/labels"]),
        ([ID], [{"name": "email"}], ["/labels", "/labels", "/fields"]),
    ],
)
def test_what_was_passed_over_and_is_gone_is_a_warning(
    labels: list[Any], fields: list[Any], expected: list[str]
) -> None:
    """A label's colour or a source field's key belongs to neither write, and is missed."""
    before = response(labels=[LABEL], fields=[{"name": "email", "pii": True}])

    found = verdict(NEW, before, labels=labels, fields=fields)

    assert found.is_as_sent
    gone = [one for one in found.notices if one.code == "passed-over-changed"]
    assert sorted(one.path for one in gone) == sorted(expected)
    for one in gone:
        said = f"of 1 item of {one.path}, which no write can send, is gone."
        assert one.message in {f"/{key} {said}" for key in ("colour", "name", "pii")}


def test_what_went_with_its_item_is_not_missed() -> None:
    """A label that the change removes takes its name along."""
    found = verdict({**NEW, "labels": None}, response(labels=[LABEL]), labels=[])

    assert "passed-over-changed" not in codes(found)


def test_as_before_needs_content_version_and_time() -> None:
    """Any one of the three that moved is enough to tell."""
    base = Snapshot(response())
    plan = make_plan(MODEL, base, Patch.of(NEW))
    readings = [
        response(),
        response(version=8),
        response(updated_at="2026-01-03T00:00:00Z"),
        response(identifier="id"),
        response(retention=30),
    ]

    assert [is_as_before(plan, base, Snapshot(raw)) for raw in readings] == [True] + [False] * 4


def test_a_field_that_moves_to_the_other_list_may_get_a_new_id() -> None:
    """It is the change's own doing; without any fields there is none to look for."""
    added = {"name": "phone", "label": "P", "type": "t"}
    before = response(fields=[{"name": "email", "id": "f-1"}, {"name": "phone", "id": "f-2"}])
    shown = [{"name": "email", "id": "f-1"}, {**added, "user_added": True, "id": "f-9"}]
    moved = {"fields": ["email"], "additional_fields": [added], "name": "New"}

    assert codes(verdict(moved, before, fields=shown)) == []
    assert codes(
        verdict(NEW, before, fields=[{"name": "email"}, {"name": "phone", "id": "f-9"}])
    ) == ["field-id-changed"]
    assert "field-id-changed" not in codes(verdict(NEW, response(fields=None), fields=None))


def test_members_without_a_name_are_not_looked_for() -> None:
    """A list that breaks the schema already is compared, and its members have no ids."""
    before = response(policies=["not-a-uuid"])
    base = Snapshot(before)
    plan = make_plan(MODEL, base, Patch.of(NEW))
    odd = plan.document | {"additional_fields": [{"name": 5}, "x"]}
    broken = dataclasses.replace(plan, document=odd, proposed={**copied(odd), "name": "New"})

    assert verify(broken, base, Snapshot({**before, "name": "New"})).differences


def test_each_notice_names_its_place_and_what_happened_there() -> None:
    """The server's order and what it filled in, each in a sentence."""
    before = response(policies=["p", "q"], fields=[{"name": f"f{i}", "id": i} for i in "abcdef"])
    reordered = verdict(NEW, before, policies=["q", "p"])
    ((code, path, message),) = reordered.notices
    assert (code, path) == ("order-not-kept", "/policies")
    assert "order" in message

    filled = verdict({**NEW, "policies": None}, before, policies=["x"])
    assert [(one.code, one.path) for one in filled.notices] == [("server-default", "/policies")]
    assert "leaves out /policies" in filled.notices[0].message


@pytest.mark.parametrize(("count", "more"), [(4, ""), (5, ""), (6, " and 1 more")])
def test_five_members_with_new_ids_are_named(count: int, more: str) -> None:
    """And how many there are in all."""
    old, new = (
        [{"name": f"n{i}", "id": f"{kind}-{i}"} for i in range(count)] for kind in ("old", "new")
    )
    (notice,) = verdict(NEW, response(fields=old), fields=new).notices

    named = ", ".join(f"n{i}" for i in range(min(count, 5)))
    assert f"new IDs to {count} items of /fields" in notice.message
    assert f"({named}{more})" in notice.message


def test_a_member_that_is_gone_or_has_no_id_has_no_new_one() -> None:
    """Only a name that has another id now is said to."""
    before = response(fields=[{"name": "a", "id": "1"}, {"name": "b"}, {"name": "c", "id": "3"}])

    found = verdict(NEW, before, fields=[{"name": "a", "id": "1"}, {"name": "b", "id": "2"}])

    assert codes(found) == []
    assert paths(found) == ["/fields/2"]


@pytest.mark.parametrize("unknown_fields", ["carry", "drop"])
def test_as_before_is_judged_under_the_plans_own_terms(unknown_fields: Any) -> None:
    """What was unknown before the write is as unknown after it."""
    base = Snapshot(response(retention=30))
    plan = make_plan(MODEL, base, Patch.of(NEW), unknown_fields=unknown_fields)

    assert is_as_before(plan, base, base)


def test_a_uuid_may_come_back_in_another_case() -> None:
    """A server that writes them in small letters stores what was sent; another text it changed."""
    sent = {"policies": [OTHER.upper()], "identifier": OTHER.upper()}
    same = verdict(sent, response(), name="Customers", policies=[OTHER], identifier=OTHER.upper())
    other = verdict(sent, response(), name="Customers", policies=[OTHER], identifier=OTHER)

    assert paths(same) == []
    assert paths(other) == ["/identifier"]


def test_what_is_added_to_an_item_of_a_new_list_is_the_servers() -> None:
    """A list in the place of a text has items that the model had nowhere."""
    before = response(configuration={"a": "x"})
    change = {**NEW, "configuration": {"a": [{"k": 1}]}}

    found = verdict(change, before, configuration={"a": [{"k": 1, "extra": 2}]})

    assert found.is_as_sent
    assert codes(found) == ["server-added"]


def test_an_unknown_key_that_comes_with_the_answer_is_the_servers() -> None:
    """Where unknown keys are left out, too, a new one is named, and only that."""
    base = Snapshot(response(tags=1))
    plan = make_plan(MODEL, base, Patch.of(NEW), unknown_fields="drop")

    found = verify(plan, base, Snapshot({"retention": 60, **base.raw, **NEW}))

    (notice,) = (one for one in found.notices if one.code == "server-added")
    assert notice.path == "/retention"
    assert "/retention" in notice.message
