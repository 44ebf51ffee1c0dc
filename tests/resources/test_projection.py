"""From the GET response to the writable document, for every key there is (design, section 4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.masks import MASK
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.values import MISSING
from patcher.resources.model import MODEL
from patcher.resources.projection import Projection
from patcher.resources.snapshot import Snapshot

UUID_1 = "248df4b7-aa70-47b8-a036-33ac447e668d"
UUID_2 = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"


def raw(**members: Any) -> dict[str, Any]:
    """The smallest response, with ``members``."""
    return {"id": UUID_1, "name": "M", "connection_id": UUID_2, "configuration": {}} | members


def projection(response: dict[str, Any], unknown_fields: str = "error") -> Projection:
    """What a response comes to."""
    return MODEL.projection(Snapshot(response), unknown_fields)


def document(response: dict[str, Any]) -> dict[str, Any]:
    """The writable document of a response."""
    return projection(response).document


def blocked(found: Projection) -> dict[str, str]:
    """The places of the blockers, and what is wrong there."""
    return {pointer_to(one.place): one.reason for one in found.blockers}


def test_the_published_response_is_understood_key_by_key() -> None:
    """Every property of the published response type is either writable or the server's own."""
    path = Path(__file__).parents[2] / "patcher" / "sandbox" / "openapi.json"
    schemas = json.loads(path.read_text())["components"]["schemas"]
    made = {key for member in MODEL.members for key in member.makes}
    sources = {member.source for member in MODEL.members} | (set(MODEL.shape.members) - made)

    assert set(schemas["ModelResponse"]["properties"]) == sources | MODEL.shape.server_owned


def test_the_document_is_what_the_published_request_takes() -> None:
    """The writable members are the properties of the published request, less its option."""
    path = Path(__file__).parents[2] / "patcher" / "sandbox" / "openapi.json"
    request = json.loads(path.read_text())["components"]["schemas"]["UpdateModelRequest"]

    assert set(MODEL.shape.members) == set(request["properties"]) - {"refresh"}
    assert MODEL.shape.required == set(request["required"])


def test_a_response_with_everything_becomes_the_document_in_order() -> None:
    """All twelve members, reshaped where the forms differ, in the order of the request."""
    response = raw(
        version=3,
        type="postgresql",
        created_at="2026-01-01T00:00:00Z",
        created_by={"id": "u"},
        updated_at="2026-01-01T00:00:00Z",
        updated_by={"id": "u"},
        policies=[UUID_1],
        enricher={"enricher_id": UUID_2, "fields": [{"name": "phone", "id": "x"}], "mappings": {}},
        labels=[{"id": UUID_1}, UUID_2],
        relations=[{"from": "a", "to": {"model_id": UUID_1, "field": "b"}}],
        tracking_columns=["a"],
        organization_id=UUID_2,
        identifier="a",
        configuration={"b": None, "a": [1.0, 2**70, ""]},
        fields=[
            {"name": "a", "id": "1", "label": "A", "type": "string", "user_added": False},
            {
                "name": "score",
                "id": "2",
                "label": "Score",
                "type": "number",
                "example": "1",
                "description": "d",
                "remote_type": "r",
                "unique": False,
                "user_added": True,
                "created_at": "t",
            },
            {"name": "b", "example": 5, "user_added": None},
        ],
    )

    found = document(response)

    assert list(found) == list(MODEL.shape.members)
    assert found == {
        "name": "M",
        "connection_id": UUID_2,
        "configuration": {"b": None, "a": [1.0, 2**70, ""]},
        "identifier": "a",
        "fields": ["a", "b"],
        "additional_fields": [
            {"name": "score", "label": "Score", "type": "number", "example": "1"}
        ],
        "tracking_columns": ["a"],
        "relations": [{"from": "a", "to": {"model_id": UUID_1, "field": "b"}}],
        "labels": [UUID_1, UUID_2],
        "policies": [UUID_1],
        "enricher": {
            "enricher_id": UUID_2,
            "fields": [{"name": "phone", "id": "x"}],
            "mappings": {},
        },
        "organization_id": UUID_2,
    }


@pytest.mark.parametrize("key", [m.source for m in MODEL.members if m.source != "name"])
def test_null_is_left_out(key: str) -> None:
    """A member that is null in the response is left out, like one that is absent."""
    assert key not in document(raw(**{key: None}))


def test_an_empty_identifier_is_left_out() -> None:
    """An empty identifier means that there is none; the request has no empty text for it."""
    assert "identifier" not in document(raw(identifier=""))


def test_empty_lists_stay() -> None:
    """An empty list is not nothing: it is sent as it is."""
    found = document(raw(policies=[], relations=[], tracking_columns=[], labels=[]))

    assert [found[key] for key in ("policies", "relations", "tracking_columns", "labels")] == [
        []
    ] * 4


def test_a_label_is_its_uuid_in_either_case() -> None:
    """Digits and letters of a UUID come back as the API spells them."""
    for text in (UUID_1, UUID_1.upper()):
        assert document(raw(labels=[{"id": text}]))["labels"] == [text]


def test_fields_that_are_all_user_added_leave_an_empty_list() -> None:
    """The names of no field are an empty list; whether to send it is the plan's question."""
    field = {"name": "s", "label": "S", "type": "string", "user_added": True, "example": None}

    found = document(raw(fields=[field]))

    assert found["fields"] == []
    assert found["additional_fields"] == [{"name": "s", "label": "S", "type": "string"}]


ADDED = {"name": "a", "label": "A", "type": "t", "user_added": True}


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"retention": 30}, "/retention"),
        ({"retention": False}, "/retention"),
        ({"retention": {"days": None}}, "/retention"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"fields": [{"name": "b"}, ADDED | {"pii": 1}]}, "/additional_fields/0/pii"),
    ],
)
def test_an_unknown_key_blocks_and_stands_raw_in_the_document(
    members: dict[str, Any], place: str
) -> None:
    """It may be writable: at the top, or in a field that a user added."""
    found = projection(raw(**members))

    assert blocked(found) == {place: "unknown key"}
    assert found.blockers[0].is_unknown
    assert lookup(found.document, tokens_of(place)) is not MISSING
    assert found.notices == ()


@pytest.mark.parametrize(
    "members",
    [
        {"filters": None},
        {"filters": "", "tags": [], "row_filter": {}},
        {"additional_fields": []},
        {"fields": [ADDED | {"pii": None, "tags": []}]},
        {"fields": [{"name": "a", "pii": True, "is_primary_key": None}]},
        {"labels": [{"id": UUID_1, "colour": "red", "name": "x"}]},
    ],
)
@pytest.mark.parametrize("unknown_fields", ["error", "carry", "drop"])
def test_what_no_put_can_carry_is_passed_over(members: dict[str, Any], unknown_fields: str) -> None:
    """What says nothing, and what belongs to the source or to a label, stops nothing."""
    found = projection(raw(**members), unknown_fields)

    assert (found.blockers, found.notices) == ((), ())
    assert set(found.document) <= set(MODEL.shape.members)


def test_what_is_passed_over_can_be_named() -> None:
    """By member, name of the item and key; what says nothing is left out."""
    fields = [{"name": "a", "pii": True, "note": None}, ADDED | {"pii": 1}, {"pii": 1}, 5]
    labels = [{"id": UUID_1, "colour": "red", "name": ""}, UUID_2, {"colour": "red"}]
    response = raw(fields=fields, labels=labels, name={"x": 1}, filters=None)

    assert MODEL.passed_over(Snapshot(response)) == {
        ("fields", "a", "pii"): True,
        ("labels", UUID_1, "colour"): "red",
    }
    assert MODEL.passed_over(Snapshot(raw(fields=None, labels={}))) == {}


LABELS = ("--set 'labels:=[\"UUID\"]'", "--unset labels")
FIELDS = ("--set 'fields:=[...]'",)
FULL = ("--set 'additional_fields:=[...]'",)
DROP = "--unknown-fields drop (leave it out, which clears it)"


@pytest.mark.parametrize("unknown_fields", ["error", "carry", "drop"])
@pytest.mark.parametrize(
    ("members", "place", "reason", "ways"),
    [
        ({"labels": [{}]}, "/labels/0", "no id that is a UUID", LABELS),
        ({"labels": ["a", {"key": "value"}]}, "/labels/1", "no id that is a UUID", LABELS),
        ({"labels": [{"id": "no-uuid"}]}, "/labels/0", "no id that is a UUID", LABELS),
        ({"labels": [7]}, "/labels/0", "no id that is a UUID", LABELS),
        ({"labels": [None]}, "/labels/0", "no id that is a UUID", LABELS),
        ({"labels": {}}, "/labels", "not a list", LABELS),
        ({"fields": {}}, "/fields", "not a list", FIELDS),
        ({"fields": "a"}, "/fields", "not a list", FIELDS),
        ({"fields": [{"name": "b"}, {"label": "A"}]}, "/fields/1", "no name", FIELDS),
        ({"fields": [{"name": ""}]}, "/fields/0", "no name", FIELDS),
        ({"fields": [{"name": 7}]}, "/fields/0", "no name", FIELDS),
        ({"fields": [None]}, "/fields/0", "not an object", FIELDS),
        (
            {"fields": [{"name": "a", "user_added": "yes"}]},
            "/fields/0",
            "user_added is not a boolean",
            FIELDS,
        ),
        (
            {"fields": [{"name": "a", "user_added": 1}]},
            "/fields/0",
            "user_added is not a boolean",
            FIELDS,
        ),
        (
            {"fields": [ADDED | {"label": None}]},
            "/additional_fields/0",
            "added by a user, without label",
            ("--set additional_fields.0.label=TEXT", *FULL),
        ),
        (
            {"fields": [ADDED, {"name": "b", "user_added": True}]},
            "/additional_fields/1",
            "added by a user, without label and type",
            (
                "--set additional_fields.1.label=TEXT --set additional_fields.1.type=TEXT",
                *FULL,
            ),
        ),
        (
            {"fields": [ADDED | {"name": ""}]},
            "/additional_fields/0",
            "added by a user, without name",
            ("--set additional_fields.0.name=TEXT", *FULL),
        ),
        (
            {"fields": [ADDED | {"name": "", "type": None}]},
            "/additional_fields/0",
            "added by a user, without name and type",
            ("--set additional_fields.0.name=TEXT --set additional_fields.0.type=TEXT", *FULL),
        ),
        ({"fields": [{"label": "A", "user_added": False}]}, "/fields/0", "no name", FIELDS),
        (
            {"configuration": {"token": MASK}},
            "/configuration/token",
            "a mask instead of the value",
            (
                "--set configuration.token=@FILE",
                "--unset configuration.token",
                "--literal configuration.token",
            ),
        ),
        (
            {"enricher": {"configuration": {"keys": [{"api.key": MASK}]}}},
            "/enricher/configuration/keys/0/api.key",
            "a mask instead of the value",
            (
                r"--set 'enricher.configuration.keys.0.api\.key=@FILE'",
                r"--unset 'enricher.configuration.keys.0.api\.key'",
                r"--literal 'enricher.configuration.keys.0.api\.key'",
            ),
        ),
        (
            {"configuration": {"a": {MASK: "x"}}},
            f"/configuration/a/{MASK}",
            "a mask instead of the value",
            (f"--unset 'configuration.a.{MASK}'", f"--literal 'configuration.a.{MASK}'"),
        ),
        (
            {"configuration": {MASK: "x"}},
            f"/configuration/{MASK}",
            "a mask instead of the value",
            (f"--unset 'configuration.{MASK}'", f"--literal 'configuration.{MASK}'"),
        ),
    ],
)
def test_what_cannot_be_rebuilt_blocks_and_says_what_helps(
    members: dict[str, Any], place: str, reason: str, ways: tuple[str, ...], unknown_fields: str
) -> None:
    """No option carries it; it stands raw at its place, with the options that work there."""
    found = projection(raw(**members), unknown_fields)

    assert blocked(found) == {place: reason}
    assert found.blockers[0].ways == ways
    assert not found.blockers[0].is_unknown
    assert lookup(found.document, tokens_of(place)) is not MISSING


@pytest.mark.parametrize(("key", "below"), [("labels", "labels"), ("fields", "fields")])
def test_what_is_no_list_stands_whole_in_the_place_of_one(key: str, below: str) -> None:
    """A copy of it, so that nothing of the response is changed with the document."""
    response = raw(**{key: {"a": [1]}})
    found = projection(response)

    assert blocked(found) == {f"/{below}": "not a list"}
    assert found.document[below] == {"a": [1]}
    assert found.document[below] is not response[key]


@pytest.mark.parametrize(
    ("members", "holder"),
    [
        ({"retention": 1}, None),
        ({"labels": {}}, None),
        ({"labels": [{}]}, ("labels",)),
        ({"fields": [5]}, ("fields",)),
        ({"fields": [ADDED | {"label": None}]}, ("additional_fields",)),
        ({"fields": [ADDED | {"pii": 1}]}, ("additional_fields",)),
        ({"configuration": {"token": MASK}}, None),
        ({"configuration": {"a": [{"b": [MASK]}]}}, ("configuration", "a")),
    ],
)
def test_a_blocker_knows_the_outermost_list_that_holds_it(
    members: dict[str, Any], holder: Any
) -> None:
    """Replacing that list is a way through."""
    assert projection(raw(**members)).blockers[0].holder == holder


def test_the_names_of_fields_may_come_as_texts() -> None:
    """As labels may: a text is the name itself, and nothing of it is lost."""
    found = projection(raw(fields=["a", {"name": "b"}]))

    assert (found.document["fields"], found.blockers) == (["a", "b"], ())


@pytest.mark.parametrize("example", [123, 1.0, True, [], {}, {"x": [None]}])
@pytest.mark.parametrize("unknown_fields", ["error", "carry", "drop"])
def test_an_example_that_is_no_text_goes_as_json_text(example: Any, unknown_fields: str) -> None:
    """The request has no other form; a warning says so."""
    found = projection(raw(fields=[ADDED | {"example": example}]), unknown_fields)

    assert json.loads(found.document["additional_fields"][0]["example"]) == example
    (notice,) = found.notices
    assert (notice.code, notice.path) == ("example-as-text", "/additional_fields/0/example")
    assert "is sent as JSON text" in notice.message
    assert found.blockers == ()
    text = projection(raw(fields=[ADDED | {"example": "text"}]), unknown_fields)
    assert (text.document["additional_fields"][0]["example"], text.notices) == ("text", ())


def test_unknown_keys_are_carried_on_request() -> None:
    """Carry sends them along, and says so."""
    fields = [ADDED | {"pii": [1]}]

    found = projection(raw(retention={"d": 1}, gone=None, fields=fields), "carry")

    assert found.document["retention"] == {"d": 1}
    assert "gone" not in found.document
    assert found.document["additional_fields"][0]["pii"] == [1]
    assert [tuple(one)[:2] for one in found.notices] == [
        ("carried-unknown", "/additional_fields/0/pii"),
        ("carried-unknown", "/retention"),
    ]
    assert "is sent" in found.notices[0].message


def test_unknown_keys_are_dropped_on_request() -> None:
    """Drop leaves them out, and says that the write clears them."""
    found = projection(raw(retention=1, fields=[ADDED | {"pii": 1}]), "drop")

    assert "retention" not in found.document
    assert found.document["additional_fields"] == [{"name": "a", "label": "A", "type": "t"}]
    assert [(one.code, "clears it" in one.message) for one in found.notices] == [
        ("dropped", True)
    ] * 2


def test_unknown_keys_are_decided_one_by_one() -> None:
    """What is said of some keys is said of no other, wherever they stand."""
    response = raw(row_filter=1, tags=2, other=3, fields=[ADDED | {"tags": 1}])

    found = projection(response, "row_filter=carry, tags=drop")

    assert [(one.code, one.path) for one in found.notices] == [
        ("dropped", "/additional_fields/0/tags"),
        ("carried-unknown", "/row_filter"),
        ("dropped", "/tags"),
    ]
    assert blocked(found) == {"/other": "unknown key"}


@pytest.mark.parametrize("fields", [[], [ADDED]])
def test_a_key_with_the_name_of_a_rebuilt_one_replaces_nothing(fields: list[Any]) -> None:
    """Were the response to hold additional_fields itself, one of the two could not be sent."""
    response = raw(fields=fields, additional_fields=[{"name": "z"}])
    rebuilt = projection(raw(fields=fields)).document.get("additional_fields")

    for unknown_fields in ("error", "carry"):
        found = projection(response, unknown_fields)
        reason = "unknown key in the response with the name of a known one"
        assert blocked(found) == {"/additional_fields": reason}
        assert found.document["additional_fields"] == (rebuilt or [{"name": "z"}])
        assert found.blockers[0].ways == (DROP, *FULL)
    dropped = projection(response, "additional_fields=drop")
    assert dropped.document.get("additional_fields") == rebuilt
    assert [(one.code, one.path) for one in dropped.notices] == [("dropped", "/additional_fields")]
    assert "/additional_fields in the response is left out" in dropped.notices[0].message


def test_one_item_that_is_off_hides_no_other() -> None:
    """All that blocks is named at once, and each by its place in the document."""
    fields = [5, {"name": "a", "x": 1}, ADDED | {"y": 1}, {"name": ""}, {"name": "b"}]

    found = projection(raw(fields=fields, labels=[1, "ok", 2], new=1))

    assert list(blocked(found)) == [
        "/fields/0",
        "/additional_fields/0/y",
        "/fields/2",
        "/labels/0",
        "/labels/2",
        "/new",
    ]
    assert found.document["fields"] == [5, "a", {"name": ""}, "b"]
    assert found.document["labels"] == [1, "ok", 2]


@pytest.mark.parametrize("flag", [None, False, True])
def test_every_key_of_a_published_field_is_known(flag: bool | None) -> None:
    """Whatever the API documents inside a field is carried or is the server's own."""
    path = Path(__file__).parents[2] / "patcher" / "sandbox" / "openapi.json"
    published = json.loads(path.read_text())["components"]["schemas"]["ModelField"]
    keys = {*published["properties"], "updated_by"}  # the API names it beside each updated_at
    field = dict.fromkeys(keys, "x") | {"name": "a", "user_added": flag}

    found = document(raw(fields=[field, {"name": "b"}]))

    assert found["fields"] == (["b"] if flag else ["a", "b"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "id", "user_added", "label", "type", "example", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from([*MODEL.shape.members, "retention", "version"]),
    st.sampled_from(["error", "carry", "drop"]),
)
def test_any_response_gives_a_document_with_blockers_in_it(
    value: Any, key: str, unknown_fields: str
) -> None:
    """Whatever the API sends, there is a document, and every blocker is at a place in it."""
    found = projection(raw(**{key: value}), unknown_fields)

    assert set(found.document) <= {*MODEL.shape.members, "retention"}
    assert not set(found.document) & MODEL.shape.server_owned
    for one in found.blockers:
        assert lookup(found.document, one.place) is not MISSING
        assert one.holder is None or type(lookup(found.document, one.holder)) is list
        assert one.ways
