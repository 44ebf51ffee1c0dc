"""From the GET response to the writable document, for every key there is (design, section 4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.masks import MASK
from patcher.errors import UnknownFieldError
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot

UUID_1 = "248df4b7-aa70-47b8-a036-33ac447e668d"
UUID_2 = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"


def raw(**members: Any) -> dict[str, Any]:
    """The smallest response, with ``members``."""
    return {"id": UUID_1, "name": "M", "connection_id": UUID_2, "configuration": {}} | members


def document(response: dict[str, Any], on_unknown: Any = "error") -> dict[str, Any]:
    """The writable document of a response."""
    return MODEL.document(Snapshot(response), on_unknown)[0]


def stoppers(response: dict[str, Any], on_unknown: Any = "error") -> tuple[str, ...]:
    """The places for which a response is refused."""
    with pytest.raises(UnknownFieldError) as caught:
        document(response, on_unknown)
    assert caught.value.exit_code == 2
    return caught.value.paths


def test_the_published_response_is_understood_key_by_key() -> None:
    """Every property of the published response type is either writable or the server's own."""
    path = Path(__file__).parents[2] / "patcher" / "sandbox" / "openapi.json"
    schemas = json.loads(path.read_text())["components"]["schemas"]
    sources = {member.source for member in MODEL.members}

    assert set(schemas["ModelResponse"]["properties"]) == sources | MODEL.shape.server_owned


def test_the_document_is_what_the_published_request_takes() -> None:
    """The writable members are the properties of the published request, less its option."""
    path = Path(__file__).parents[2] / "patcher" / "sandbox" / "openapi.json"
    request = json.loads(path.read_text())["components"]["schemas"]["UpdateModelRequest"]

    assert set(MODEL.shape.members) == set(request["properties"]) - {"refresh"}
    assert MODEL.shape.required == set(request["required"])
    assert set(MODEL.schema.content["properties"]) - {"$schema"} == set(MODEL.shape.members)


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


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"retention": 30}, "/retention"),
        ({"retention": None}, "/retention"),
        ({"additional_fields": []}, "/additional_fields"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"fields": [{"name": "a", "pii": True}]}, "/fields/0/pii"),
        (
            {"fields": [{"name": "a", "label": "A", "type": "t", "user_added": True, "pii": 1}]},
            "/fields/0/pii",
        ),
        ({"labels": [{"id": UUID_1, "colour": "red"}]}, "/labels/0/colour"),
        (
            {
                "fields": [
                    {"name": "a", "label": "A", "type": "t", "user_added": True, "example": 5}
                ]
            },
            "/fields/0/example",
        ),
        ({"configuration": {"token": MASK}}, "/configuration/token"),
    ],
)
def test_what_is_unknown_stops_and_is_named(members: dict[str, Any], path: str) -> None:
    """An unknown key, at the top or inside a reshaped member, is refused by its pointer."""
    assert stoppers(raw(**members)) == (path,)


@pytest.mark.parametrize("on_unknown", ["error", "carry", "drop"])
@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"labels": [{"key": "value"}]}, "/labels/0"),
        ({"labels": [{"id": "not-a-uuid"}]}, "/labels/0"),
        ({"labels": [7]}, "/labels/0"),
        ({"labels": {}}, "/labels"),
        ({"fields": {}}, "/fields"),
        ({"fields": ["a"]}, "/fields/0"),
        ({"fields": [{"label": "A"}]}, "/fields/0"),
        ({"fields": [{"name": ""}]}, "/fields/0"),
        ({"fields": [{"name": 7}]}, "/fields/0"),
        ({"fields": [{"name": "a", "user_added": "yes"}]}, "/fields/0/user_added"),
        ({"fields": [{"name": "a", "user_added": 1}]}, "/fields/0/user_added"),
        ({"fields": [{"name": "a", "user_added": True, "type": "t"}]}, "/fields/0"),
        ({"fields": [{"name": "a", "user_added": True, "label": "A", "type": None}]}, "/fields/0"),
    ],
)
def test_what_cannot_be_carried_always_stops(
    members: dict[str, Any], path: str, on_unknown: str
) -> None:
    """No option carries what has no place in the request or no sure meaning."""
    assert stoppers(raw(**members), on_unknown) == (path,)


def test_unknown_members_are_carried_on_request() -> None:
    """Carry sends unknown members along, an odd example as JSON text, and says so."""
    field = {
        "name": "a",
        "label": "A",
        "type": "t",
        "user_added": True,
        "pii": [1],
        "example": {"x": 1.0},
    }

    found, notices = MODEL.document(
        Snapshot(raw(retention={"d": 1}, gone=None, fields=[field])), "carry"
    )

    assert found["retention"] == {"d": 1}
    assert "gone" not in found
    assert found["additional_fields"] == [
        {"name": "a", "label": "A", "type": "t", "example": '{"x":1.0}', "pii": [1]}
    ]
    assert {notice.path for notice in notices} == {
        "/retention",
        "/gone",
        "/fields/0/pii",
        "/fields/0/example",
    }
    assert {notice.code for notice in notices} == {"carried-unknown"}


def test_unknown_members_are_dropped_on_request() -> None:
    """Drop leaves them out, and says that the write clears them."""
    fields = [
        {"name": "a", "label": "A", "type": "t", "user_added": True, "pii": 1, "example": 5},
        {"name": "b", "pii": 1},
    ]

    found, notices = MODEL.document(
        Snapshot(raw(retention=1, fields=fields, labels=[{"id": UUID_1, "colour": "red"}])), "drop"
    )

    assert "retention" not in found
    assert (found["fields"], found["labels"]) == (["b"], [UUID_1])
    assert found["additional_fields"] == [{"name": "a", "label": "A", "type": "t"}]
    assert len(notices) == 5
    assert all("clears it" in notice.message for notice in notices)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"fields": [{"name": "a", "pii": True}]}, "/fields/0/pii"),
        ({"labels": [{"id": UUID_1, "colour": "red"}]}, "/labels/0/colour"),
        ({"additional_fields": []}, "/additional_fields"),
    ],
)
def test_carry_stops_where_the_request_has_no_place(members: dict[str, Any], path: str) -> None:
    """What would have to go into a plain name, or over a rebuilt member, is not carried."""
    assert stoppers(raw(**members), "carry") == (path,)


def test_a_redacted_value_always_stops() -> None:
    """A mask in a fetched configuration may stand for a secret: neither dropped nor sent."""
    response = raw(enricher={"configuration": {"keys": [{"api_key": MASK}]}})

    for on_unknown in ("error", "carry", "drop"):
        assert stoppers(response, on_unknown) == ("/enricher/configuration/keys/0/api_key",)


def test_many_unknown_places_are_counted() -> None:
    """A long list of unknown places is cut in the message and complete in the error's paths."""
    with pytest.raises(UnknownFieldError, match="and 3 more") as caught:
        document(raw(**{f"new_{i}": i for i in range(8)}))

    assert len(caught.value.paths) == 8


def test_the_hint_names_the_options_only_where_they_help() -> None:
    """The way out is shown when there is one."""
    with pytest.raises(UnknownFieldError) as negotiable:
        document(raw(retention=1))
    with pytest.raises(UnknownFieldError) as final:
        document(raw(labels=[{}]))

    assert "--unknown-fields carry" in (negotiable.value.hint or "")
    assert "--unknown-fields" not in (final.value.hint or "")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"retention": 1}, "/retention (unknown key)"),
        ({"fields": {}}, "/fields (not a list)"),
        ({"labels": {}}, "/labels (not a list)"),
        ({"labels": [{}]}, "/labels/0 (no id that is a UUID)"),
        ({"labels": ["a", {"id": 5}]}, "/labels/1 (no id that is a UUID)"),
        ({"fields": ["a"]}, "/fields/0 (not an object)"),
        ({"fields": [{"name": "a"}, {}]}, "/fields/1 (no name)"),
        ({"fields": [{"name": "a", "user_added": 1}]}, "/fields/0/user_added (not a boolean)"),
        (
            {"fields": [{"name": "a", "user_added": True}]},
            "/fields/0 (added by a user, but without label and type)",
        ),
        (
            {
                "fields": [
                    {"name": "a", "label": "A", "type": "t", "user_added": True, "example": 5}
                ]
            },
            "/fields/0/example (not a text)",
        ),
        ({"configuration": {"token": MASK}}, "/configuration/token (a mask in place of the value)"),
    ],
)
def test_why_a_response_is_refused(members: dict[str, Any], reason: str) -> None:
    """Each place comes with what is wrong there, in a word."""
    with pytest.raises(UnknownFieldError) as caught:
        document(raw(**members))

    assert caught.value.message.endswith(f"safely: {reason}.")
    assert caught.value.message.startswith("This model holds")


def test_several_places_stand_one_after_the_other_and_five_at_the_most() -> None:
    """Five are all named; of six the last is counted."""
    five = {f"n{i}": i for i in range(5)}
    with pytest.raises(UnknownFieldError) as caught:
        document(raw(**five))
    assert caught.value.message.endswith("; ".join(f"/n{i} (unknown key)" for i in range(5)) + ".")

    with pytest.raises(UnknownFieldError) as caught:
        document(raw(**five, n5=5))
    assert caught.value.message.endswith("/n4 (unknown key); and 1 more.")
    assert len(caught.value.paths) == 6


def test_where_no_option_helps_the_way_out_is_another() -> None:
    """The model is to be corrected where it was made."""
    with pytest.raises(UnknownFieldError) as caught:
        document(raw(labels=[{}], retention=1))

    assert str(caught.value.hint).startswith("Correct this model where it was made")


def test_what_carry_has_no_place_for_says_so() -> None:
    """It is not merely unknown, and dropping it is still a way."""
    response = raw(fields=[{"name": "a", "pii": 1}])
    with pytest.raises(UnknownFieldError, match="the request has no place for it") as caught:
        document(response, "carry")

    assert "unknown key" in caught.value.message
    assert "--unknown-fields" not in str(caught.value.hint)


def test_each_notice_names_its_place_and_what_happened_to_it() -> None:
    """What is sent along, and what is left out, with the reason that it is not plain."""
    field = {"name": "a", "label": "A", "type": "t", "user_added": True, "example": 5}
    response = Snapshot(raw(retention=1, fields=[field]))

    assert [tuple(one) for one in MODEL.document(response, "carry")[1]] == [
        (
            "carried-unknown",
            "/fields/0/example",
            "/fields/0/example is sent along as it is (not a text).",
        ),
        ("carried-unknown", "/retention", "/retention is sent along as it is (unknown key)."),
    ]
    assert [tuple(one) for one in MODEL.document(response, "drop")[1]] == [
        (
            "dropped",
            "/fields/0/example",
            "/fields/0/example is left out (not a text); the write clears it.",
        ),
        ("dropped", "/retention", "/retention is left out (unknown key); the write clears it."),
    ]


@pytest.mark.parametrize("flag", [None, False, True])
def test_every_key_of_a_published_field_is_known(flag: bool | None) -> None:
    """Whatever the API documents inside a field is carried or is the server's own."""
    path = Path(__file__).parents[2] / "patcher" / "sandbox" / "openapi.json"
    published = json.loads(path.read_text())["components"]["schemas"]["ModelField"]
    keys = {*published["properties"], "updated_by"}  # the API names it beside each updated_at
    field = dict.fromkeys(keys, "x") | {"name": "a", "user_added": flag}

    found = document(raw(fields=[field, {"name": "b"}]))

    assert found["fields"] == (["b"] if flag else ["a", "b"])


def test_one_member_that_is_off_hides_no_other() -> None:
    """All that stops a response is named at once, and each by itself."""
    fields = [5, {"name": "a", "x": 1}, {"name": ""}, {"name": "b", "y": 1}]

    assert stoppers(raw(fields=fields, labels=[1, "ok", 2])) == (
        "/fields/0",
        "/fields/1/x",
        "/fields/2",
        "/fields/3/y",
        "/labels/0",
        "/labels/2",
    )


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
def test_any_response_gives_a_document_or_a_named_refusal(
    value: Any, key: str, on_unknown: Any
) -> None:
    """Whatever the API sends, the outcome is a document of known keys or an UnknownFieldError."""
    response = raw(**{key: value})
    try:
        found = document(response, on_unknown)
    except UnknownFieldError as error:
        found = dict.fromkeys(error.paths and MODEL.shape.members)

    assert found
    assert set(found) <= {*MODEL.shape.members, "retention"}
    assert not set(found) & MODEL.shape.server_owned
