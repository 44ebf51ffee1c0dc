"""The JSON Schema of the document, and the quick yes before it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from patcher.errors import InvalidPatchError, ReadOnlyFieldError
from patcher.resources.model import MODEL
from patcher.resources.schema import DocumentSchema, conforms

UUID_1 = "248df4b7-aa70-47b8-a036-33ac447e668d"
SCHEMA = MODEL.schema
MODEL_FIELD_KEYS = frozenset(
    {"id", "description", "remote_type", "unique", "user_added", "created_at", "created_by"}
    | {"updated_at", "updated_by"}
)
FIELD: dict[str, Any] = {"name": "a", "label": "A", "type": "t"}
VALID = {"name": "M", "connection_id": UUID_1, "configuration": {}}


def faults(document: dict[str, Any]) -> list[str]:
    """What is wrong with a document, in words."""
    return [violation.describe() for violation in SCHEMA.violations(document)]


def test_the_schema_is_a_schema() -> None:
    """The file itself is valid draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMA.content)

    assert SCHEMA.content["$schema"].endswith("2020-12/schema")


def test_the_schema_says_what_a_document_has() -> None:
    """Its keys in order, without the schema's own; those that it needs; and where UUIDs are."""
    schema = DocumentSchema("model.schema.json")

    assert schema.keys == (
        *("name", "connection_id", "configuration", "identifier", "fields", "additional_fields"),
        *("tracking_columns", "relations", "labels", "policies", "enricher", "organization_id"),
    )
    assert schema.required == {"name", "connection_id", "configuration"}
    assert schema.uuids == {
        ("connection_id",),
        ("labels", "-"),
        ("policies", "-"),
        ("relations", "-", "to", "model_id"),
        ("enricher", "connection_id"),
        ("enricher", "enricher_id"),
        ("organization_id",),
    }


def test_a_valid_document_has_no_faults() -> None:
    """The smallest document conforms."""
    assert faults(VALID) == []


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"name": 5}, "/name: expected text, got a number."),
        ({"connection_id": "x"}, "/connection_id: expected a UUID, got other text."),
        ({"configuration": []}, "/configuration: expected an object, got a list."),
        ({"configuration": "x"}, "/configuration: expected an object, got text."),
        ({"fields": "a"}, "/fields: expected a list or null, got text."),
        ({"fields": ["a", 1.0]}, "/fields/1: expected text, got a number."),
        ({"fields": [True]}, "/fields/0: expected text, got a boolean."),
        ({"policies": [None]}, "/policies/0: expected text, got null."),
        ({"colour": 1}, "/colour: unknown key."),
        ({"relations": [{"from": "a"}]}, '/relations/0: "to" is required.'),
        ({"enricher": {"fields": [{}]}}, '/enricher/fields/0: "name" is required.'),
        (
            {"enricher": {"fields": [{}, {"name": "a"}]}},
            '/enricher/fields/0: "name" is required.',
        ),
        ({"labels": ["x", UUID_1]}, "/labels/0: expected a UUID, got other text."),
        (
            {"enricher": {"mappings": {"a": 1}}},
            "/enricher/mappings/a: expected text, got a number.",
        ),
    ],
)
def test_a_fault_is_named_with_place_and_kinds(members: dict[str, Any], words: str) -> None:
    """Each message has the pointer, the kind that should be there and the kind that is."""
    assert faults(VALID | members) == [words]


def test_every_fault_is_reported() -> None:
    """All faults come, not the first alone."""
    assert len(faults({"name": 1, "fields": [1, 2], "x": 3})) == 6


def test_a_fault_of_the_whole_document_is_called_so() -> None:
    """Its place has no pointer that anybody could read."""
    (violation,) = SCHEMA.violations({"connection_id": UUID_1, "configuration": {}})

    assert violation.describe() == '"name" is required.'
    assert violation.place == ()
    assert violation.hint == "A required key can't be left out. Set a value."


def test_a_misspelt_key_gets_a_suggestion() -> None:
    """The hint of an unknown key is the nearest known one."""
    (violation,) = SCHEMA.violations(
        VALID | {"additional_fields": [{"name": "a", "label": "A", "type": "t", "exmaple": "1"}]}
    )
    error = violation.error()

    assert (type(error), error.path) == (InvalidPatchError, "/additional_fields/0/exmaple")
    assert error.hint == 'Did you mean "example"?'


def test_a_key_like_no_other_gets_the_known_ones() -> None:
    """All of them, in the order of the schema."""
    members = {"additional_fields": [{"name": "a", "label": "A", "type": "t", "zzz": 1}]}
    (violation,) = SCHEMA.violations(VALID | members)

    assert violation.hint == "Known keys: name, label, type, example."


def test_a_key_of_the_servers_is_told_apart() -> None:
    """Naming a key that belongs to the server is not a misspelling."""
    (violation,) = SCHEMA.violations(
        VALID | {"additional_fields": [{"name": "a", "label": "A", "type": "t", "unique": True}]}
    )

    error = violation.error()
    assert isinstance(error, ReadOnlyFieldError)
    assert error.path == "/additional_fields/0/unique"
    assert "set by the server" in error.message
    assert "Remove it" in str(error.hint)


@pytest.mark.parametrize("key", sorted(MODEL_FIELD_KEYS))
def test_every_key_of_the_servers_is_told_apart(key: str) -> None:
    """What a fetched field holds besides is known; a key of no field is none of it."""
    member = {"name": "a", "label": "A", "type": "t", key: "x"}
    (violation,) = MODEL.schema.violations(VALID | {"additional_fields": [member]})

    assert violation.read_only


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ({"type": "string"}, 5, "text"),
        ({"type": "array"}, 5, "a list"),
        ({"type": "object"}, 5, "an object"),
        ({"type": "boolean"}, 5, "true or false"),
        ({"type": "null"}, 5, "null"),
        ({"type": "integer"}, 0.5, "an integer"),
        ({"type": "number"}, "x", "a number"),
        ({"type": ["boolean", "number", "null"]}, "x", "true or false or a number or null"),
        ({"format": "uuid"}, "x", "a UUID"),
        ({"minLength": 3}, "x", "minLength 3"),
        ({"enum": ["a"]}, "x", 'enum ["a"]'),
    ],
)
def test_what_is_expected_is_said_in_words(rule: dict[str, Any], value: Any, expected: str) -> None:
    """For every type there is, and for any other rule with its name."""
    schema = DocumentSchema("of-no-file.json")
    vars(schema)["content"] = {"properties": {"a": rule}}

    (violation,) = schema.violations({"a": value})

    assert violation.place == ("a",)
    assert violation.problem.partition(", got ")[0] == f"expected {expected}"


def test_where_no_key_is_known_every_key_is_too_many() -> None:
    """An object that may have no members says so of each."""
    schema = DocumentSchema("of-no-file.json")
    vars(schema)["content"] = {"additionalProperties": False}

    assert [one.place for one in schema.violations({"a": 1, "b": 2})] == [("a",), ("b",)]


def test_a_key_of_the_servers_hides_no_other() -> None:
    """Each surplus key is a fault of its own."""
    member = FIELD | {"id": "x", "zzz": 1, "unique": True, "yyy": 2}
    found = SCHEMA.violations(VALID | {"additional_fields": [member]})

    assert [(one.place[-1], one.read_only) for one in found] == [
        ("id", True),
        ("zzz", False),
        ("unique", True),
        ("yyy", False),
    ]


def test_faults_come_in_the_order_of_their_places() -> None:
    """Whatever order jsonschema finds them in, and each missing key by itself."""
    document = {"policies": ["x"], "name": 5, "fields": [1, "a", 2]}

    found = [(one.place, one.problem) for one in SCHEMA.violations(document)]

    assert found == [
        ((), '"connection_id" is required'),
        ((), '"configuration" is required'),
        (("fields", "0"), "expected text, got a number"),
        (("fields", "2"), "expected text, got a number"),
        (("name",), "expected text, got a number"),
        (("policies", "0"), "expected a UUID, got other text"),
    ]


def test_the_same_fault_is_another_one_elsewhere_or_of_another_value() -> None:
    """Another key, another rule, another value or another missing key is not the same fault."""
    documents: list[dict[str, Any]] = [
        VALID | {"policies": ["x"]},
        VALID | {"policies": ["y"]},
        VALID | {"policies": [5]},
        VALID | {"labels": ["x"], "policies": [7]},
        VALID | {"colour": 1},
        VALID | {"shade": 1},
        VALID | {"additional_fields": [FIELD | {"id": "x"}]},
        VALID | {"additional_fields": [FIELD | {"unique": "x"}]},
        {"name": "M", "connection_id": UUID_1},
        {"name": "M", "configuration": {}},
        VALID | {"relations": [{"from": "a"}]},
        VALID | {"relations": [{"to": {"model_id": UUID_1, "field": "b"}}]},
    ]
    found = [one.fingerprint for document in documents for one in SCHEMA.violations(document)]

    assert len(found) == len(set(found)) >= len(documents)


def test_a_key_that_is_not_known_is_the_same_fault_with_another_value() -> None:
    """It is the key that breaks the schema: a document that has it may have its value changed."""
    (before,) = SCHEMA.violations(VALID | {"colour": 1})
    (after,) = SCHEMA.violations(VALID | {"colour": 2})

    assert before.fingerprint == after.fingerprint


def test_a_value_is_judged_with_its_whole_place() -> None:
    """A fault within the value is named from the root of the document."""
    (violation,) = SCHEMA.violations(5, ("relations", "0", "from"))
    (within,) = SCHEMA.violations({"mappings": {"a": 1}}, ("enricher",))

    assert violation.place == ("relations", "0", "from")
    assert within.place == ("enricher", "mappings", "a")


def test_the_same_fault_is_known_again_elsewhere_in_the_list() -> None:
    """A faulty member that moves is the same fault."""
    (before,) = SCHEMA.violations(VALID | {"policies": ["x"]})
    (after,) = SCHEMA.violations(VALID | {"policies": [UUID_1, "x"]})

    assert before.place != after.place
    assert before.fingerprint == after.fingerprint


@pytest.mark.parametrize(
    ("place", "value", "count"),
    [
        (("name",), 5, 1),
        (("name",), "x", 0),
        (("fields", "3"), 5, 1),
        (("fields", "-"), "x", 0),
        (("relations", "0", "to", "model_id"), "x", 1),
        (("configuration", "query"), 5, 0),
        (("configuration", "0"), 5, 0),
        (("enricher", "mappings", "a"), 5, 0),
        (("colour",), 5, 0),
        (("fields",), ["a", 1, 2], 2),
    ],
)
def test_a_value_is_judged_by_where_it_would_go(
    place: tuple[str, ...], value: Any, count: int
) -> None:
    """A change alone is checked against the part of the schema that rules its place."""
    assert len(SCHEMA.violations(value, place)) == count


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
    | st.just(UUID_1),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "label", "type", "from", "to", "model_id", "field", "example", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(MODEL.shape.members), ANYTHING))
def test_no_value_is_in_a_message(members: dict[str, Any]) -> None:
    """Whatever a document holds, and wherever it is wrong, its texts and numbers stay out."""
    secret, number = "hunter2-marked", 86753090
    marked: dict[str, Any] = json.loads(
        json.dumps(members), object_hook=lambda one: {k: _marked(v) for k, v in one.items()}
    )
    for violation in SCHEMA.violations(VALID | marked):
        said = f"{violation.describe()} {violation.hint} {violation.error()}"
        assert secret not in said
        assert str(number) not in said


def _marked(value: Any) -> Any:
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if isinstance(value, str):
        return "hunter2-marked"
    return 86753090 if type(value) in (int, float) else value


@given(st.dictionaries(st.sampled_from([*MODEL.shape.members, "x"]), ANYTHING, max_size=6))
def test_the_quick_yes_is_always_right(members: dict[str, Any]) -> None:
    """Whatever the quick check accepts, jsonschema accepts; and it explains what it does not."""
    document = VALID | members
    validator = Draft202012Validator(SCHEMA.content, format_checker=FormatChecker(["uuid"]))
    is_valid = validator.is_valid(document)

    if conforms(document, SCHEMA.content):
        assert is_valid
    assert (SCHEMA.violations(document) == ()) == is_valid


def test_the_quick_yes_is_not_always_no() -> None:
    """It would be of no use if it never said yes: a document with everything conforms quickly."""
    document = VALID | {
        "identifier": None,
        "fields": ["a"],
        "additional_fields": [{"name": "a", "label": "A", "type": "t", "example": "1"}],
        "tracking_columns": [],
        "relations": [{"from": "a", "to": {"model_id": UUID_1, "field": "b"}}],
        "labels": [UUID_1],
        "policies": None,
        "enricher": {"enricher_id": UUID_1, "fields": [{"name": "a"}], "mappings": {"a": "b"}},
        "organization_id": UUID_1,
    }

    assert conforms(document, SCHEMA.content)


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 1},
        {"type": "integer"},
        {"format": "date"},
        {"properties": {"a": {"enum": [1]}}},
    ],
)
def test_a_keyword_it_does_not_know_is_left_to_jsonschema(schema: dict[str, Any]) -> None:
    """An unknown keyword makes the quick check say no, never yes."""
    assert not conforms({"a": 1}, schema)


@pytest.mark.parametrize(
    "keyword", ["$schema", "$id", "title", "description", "examples", "default"]
)
def test_what_a_schema_says_for_readers_rules_nothing(keyword: str) -> None:
    """Annotations leave the quick yes what it was."""
    assert conforms(5, {keyword: ["x"]})
    assert conforms("x", {keyword: ["x"], "type": "string"})
    assert not conforms(5, {keyword: ["x"], "type": "string"})


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"properties": {"a": {"type": "string"}}}, 5),
        ({"additionalProperties": True}, {"a": 1}),
        ({"properties": {}}, {"a": 1}),
        ({"required": ["a"]}, "x"),
        ({"items": {"type": "string"}}, "x"),
        ({"type": ["string", "null"]}, None),
        ({"type": "string"}, ""),
        ({"type": "array"}, []),
        ({"type": "object"}, {}),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"format": "uuid"}, 5),
        ({"format": "uuid"}, UUID_1),
        ({"additionalProperties": {"type": "string"}}, {"a": "x"}),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"a": 1}),
        ({"items": {"type": "null"}}, [None, None]),
    ],
)
def test_a_keyword_rules_only_its_own_kind_of_value(schema: dict[str, Any], value: Any) -> None:
    """As JSON Schema has it: what is said of objects says nothing of a number."""
    assert conforms(value, schema)
    assert Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": ["string", "null"]}, []),
        ({"type": "boolean"}, 0),
        ({"type": "object"}, []),
        ({"type": "array"}, {}),
        ({"format": "uuid"}, "x"),
        ({"required": ["a", "b"]}, {"a": 1}),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"b": 1}),
        ({"additionalProperties": {"type": "string"}}, {"a": "x", "b": 1}),
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}),
        ({"items": {"type": "null"}}, [None, 1]),
        ({"type": "object", "required": ["a"]}, {}),
    ],
)
def test_what_a_keyword_forbids_is_not_quickly_allowed(schema: dict[str, Any], value: Any) -> None:
    """Each of the few keywords that it knows says no where jsonschema does."""
    assert not conforms(value, schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["uuid"]))
    assert not validator.is_valid(value)
