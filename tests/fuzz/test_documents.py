"""Texts that are to be documents, changes and places."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import parse_add, parse_remove, parse_set, parse_unset
from patcher.documents import jsontext, yamltext
from patcher.documents.patches import Patch
from patcher.documents.pointers import lookup, obstacle, parse_path, path_to, pointer_to, tokens_of
from patcher.documents.values import MISSING, strictly_equal
from patcher.errors import PatchError
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.documents.strategies import documents
from tests.fuzz.damage import altered, damaged, odd_texts, odd_values, only_ours, shaped
from tests.guard.memory import response
from tests.plan.planning import make_plan

DOCUMENT, _ = MODEL.document(
    Snapshot(
        response(
            relations=[{"from": "a", "to": {"model_id": "m", "field": "f"}}],
            enricher={"fields": [{"name": "a"}], "configuration": {"k": [1, {"é": "x\ny\n"}]}},
            tracking_columns=["a", "", "yes", "1e3"],
        )
    ),
    "carry",
)
JSON = jsontext.dump_pretty(DOCUMENT).encode()
YAML = yamltext.dump(DOCUMENT).encode()
PATCH = json.dumps(
    [
        {"op": "test", "path": "/name", "value": "Customers"},
        {"op": "add", "path": "/tracking_columns/-", "value": {"a": [1.0]}},
        {"op": "move", "from": "/fields/0", "path": "/tracking_columns/0"},
        {"op": "copy", "from": "/configuration", "path": "/enricher/configuration/x"},
        {"op": "remove", "path": "/relations/0/to~1x"},
    ]
).encode()
POINTERS = (
    "/name",
    "/fields",
    "/fields/0",
    "/fields/-",
    "/enricher/fields/0/name",
    "/configuration/query",
    "/version",
    "",
    "/",
    "/no/where",
    "name",
    "/relations/0/to",
)
paths = st.sampled_from(POINTERS) | odd_texts
operations = st.lists(
    shaped(
        {
            "op": st.sampled_from(("add", "remove", "replace", "move", "copy", "test")),
            "path": paths,
            "from": paths,
            "value": odd_values,
        }
    ),
    max_size=4,
)


@given(damaged(JSON) | damaged(PATCH) | st.binary() | odd_texts)
def test_a_text_that_is_to_be_json(text: bytes | str) -> None:
    """It is a value that is written and read back as it is, or it is refused."""
    with only_ours():
        value = jsontext.parse(text, what="it")
        assert strictly_equal(jsontext.parse(jsontext.dump_pretty(value), what="it"), value)
        assert yamltext.lines(jsontext.dump_pretty(value)) is not None


@given(damaged(YAML) | damaged(JSON) | st.binary() | odd_texts)
def test_a_text_that_is_to_be_yaml(text: bytes | str) -> None:
    """It is a value that is written and read back as it is, or it is refused."""
    with only_ours():
        value = yamltext.parse(text, what="it")
        assert strictly_equal(yamltext.parse(yamltext.dump(value), what="it"), value)


@given(damaged(YAML) | damaged(JSON) | st.binary(), st.sampled_from(("", "a.json", "a.YML", "-")))
def test_a_file_of_either_kind(text: bytes, name: str) -> None:
    """Whatever its name says, it is read or refused."""
    with only_ours():
        yamltext.parse_json_or_yaml(text, what="it", filename=name)


@given(odd_texts)
def test_the_lines_of_any_text(text: str) -> None:
    """A text that cannot be read has no lines, and that is no error."""
    assert isinstance(yamltext.lines(text), dict)


@given(damaged(PATCH) | damaged(JSON))
def test_a_text_that_is_to_be_a_change(text: bytes) -> None:
    """From the bytes to the changed document, all that goes wrong is ours."""
    with only_ours():
        patch = Patch.of(yamltext.parse_json_or_yaml(text, what="it"))
        patch.check(MODEL.shape, allow_unknown=True)
        patch.apply(DOCUMENT, MODEL.shape)


@given(operations | odd_values, documents | altered(DOCUMENT))
def test_operations_on_any_document(change: Any, document: Any) -> None:
    """Operations that make sense, and some that do not, on documents that they fit or do not."""
    if type(document) is not dict:
        document = {"": document}
    with only_ours():
        patch = Patch.of(change)
        result = patch.apply(document, MODEL.shape).document
        assert strictly_equal(jsontext.parse(jsontext.dump(result), what="it"), result)


@given(altered(DOCUMENT))
def test_a_whole_document_that_is_off(document: Any) -> None:
    """Given whole or to be merged, it makes a plan or is refused."""
    for make in (Patch.of, Patch.document):
        with only_ours():
            plan = make_plan(MODEL, Snapshot(response()), make(document))
            assert jsontext.dump(plan.to_dict())


@given(paths, st.sampled_from(("=", ":=", "=@", ":=@", "=@@", "")), odd_texts, documents)
def test_what_is_typed_behind_the_options(path: str, sign: str, value: str, document: Any) -> None:
    """--set, --unset, --add and --remove take any text, and refuse most."""
    for read in (lambda text: parse_set(text, lambda name: value), parse_add, parse_remove):
        with only_ours():
            step = read(path + sign + value)
            step.apply(document, MODEL.shape, [])
    with only_ours():
        parse_unset(path + sign + value).apply(document, MODEL.shape, [])


@given(paths, documents)
def test_any_text_as_a_place(path: str, document: Any) -> None:
    """Pointers and dotted paths are taken apart and put together again, or refused."""
    for read, write in ((tokens_of, pointer_to), (parse_path, path_to)):
        with only_ours():
            place = read(path)
            assert read(write(place)) == place
            is_there = lookup(document, place) is not MISSING
            assert is_there == (obstacle(document, place) is None)


def test_the_net_has_no_hole() -> None:
    """What is used to let errors pass lets no other pass."""
    for wrong in (ValueError("x"), RecursionError(), PatchError("of no kind")):
        try:
            with only_ours():
                raise wrong
        except (AssertionError, ValueError, RecursionError):
            continue
        raise AssertionError(repr(wrong))
