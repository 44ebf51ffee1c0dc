"""JSON Patch on documents and patches made up at random, and where a move arrives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.patches import Patch
from patcher.documents.pointers import pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import Document, copied, strictly_equal
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, values

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})
SECRET = "do-not-print-me"
OPS = ("add", "remove", "replace", "move", "copy", "test")


def _places(value: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in a value, and some beside them."""
    found = [at, (*at, "-"), (*at, "9"), (*at, "new")]
    members: Any = ()
    if type(value) is dict:
        members = value.items()
    elif type(value) is list:
        members = enumerate(value)
    for key, member in members:
        found += _places(member, (*at, str(key)))
    return found


@st.composite
def operations(draw: st.DrawFn, document: Document) -> list[Document]:
    """Operations on places that are mostly there."""
    pointers = st.sampled_from(_places(document)[1:]).map(pointer_to)
    one = st.fixed_dictionaries(
        {"op": st.sampled_from(OPS), "path": pointers, "from": pointers, "value": values}
    )
    return draw(st.lists(one, min_size=1, max_size=3))


def _applied(document: Document, patch: list[Document]) -> Document:
    return Patch.json_patch(patch).apply(document, BARE).document


def _outcome(document: Document, patch: list[Document]) -> Document | None:
    try:
        return _applied(document, patch)
    except PatchError:
        return None


@pytest.mark.parametrize(
    ("document", "source", "path", "expected"),
    [
        ({"l": [1, 2, {}]}, "/l/0", "/l/1/x", {"l": [2, {"x": 1}]}),
        ({"l": ["x", "text", []]}, "/l/0", "/l/1/-", {"l": ["text", ["x"]]}),
        ({"l": [0, [1], [2]]}, "/l/0", "/l/1/0", {"l": [[1], [0, 2]]}),
        ({"l": [1, 2]}, "/l/1", "/l/1", {"l": [1, 2]}),
    ],
)
def test_a_move_arrives_where_its_path_leads_once_it_has_left(
    document: Document, source: str, path: str, expected: Document
) -> None:
    """RFC 6902, section 4.4: a move is a removal, and an addition to what that leaves."""
    before = copied(document)

    assert strictly_equal(
        _applied(document, [{"op": "move", "from": source, "path": path}]), expected
    )
    assert strictly_equal(document, before)


@pytest.mark.parametrize(
    ("path", "said"),
    [("/l/2", "/l is a list of 1"), ("/l/1/x", "/l is a list of 1, counted from 0")],
)
def test_a_move_to_what_it_takes_away_is_refused(path: str, said: str) -> None:
    """The error speaks of the list without the member that left."""
    with pytest.raises(InvalidPatchError) as caught:
        _applied({"l": [1, {}]}, [{"op": "move", "from": "/l/0", "path": path}])

    assert caught.value.message == (
        f"Operation 1 of the JSON Patch cannot be applied: move: {said}."
    )


@given(documents.flatmap(lambda one: st.tuples(st.just(one), operations(one))))
def test_a_move_is_a_removal_and_an_addition(drawn: tuple[Document, list[Document]]) -> None:
    """Written as two operations, a move does the same, or is refused as well."""
    document, patch = drawn
    for one in patch:
        source, path, kept = one["from"], one["path"], {"k": document}
        if f"{path}/".startswith(f"{source}/"):
            continue
        move = [{"op": "move", "from": f"/k{source}", "path": f"/k{path}"}]
        two = [{"op": "copy", "from": f"/k{source}", "path": "/taken"}]
        two += [{"op": "remove", "path": f"/k{source}"}]
        two += [{"op": "copy", "from": "/taken", "path": f"/k{path}"}]
        two += [{"op": "remove", "path": "/taken"}]

        assert strictly_equal(_outcome(kept, move), _outcome(kept, two))


@given(documents.flatmap(lambda one: st.tuples(st.just(one), operations(one))))
def test_whatever_is_asked_for_is_done_or_refused_and_reaches_nobody_elses_values(
    drawn: tuple[Document, list[Document]],
) -> None:
    """Document and patch stay as they are, and no part of the patch is in the result."""
    document, patch = drawn
    before = copied(document), copied(patch)
    applied = _outcome(document, patch)

    assert applied is None or type(applied) is dict
    assert not _containers(applied) & _containers(patch)
    assert strictly_equal([document, patch], list(before))


def _containers(value: Any) -> set[int]:
    if type(value) not in {dict, list}:
        return set()
    members = value.values() if type(value) is dict else value
    return {id(value)}.union(*map(_containers, members))


@given(
    st.sampled_from(OPS),
    st.sampled_from(["/a", "/a/b", "/a/x", "/l/0", "/l/0/x", "/l/7", "/l/x", "/t/0", "/none/x"]),
    st.sampled_from(["/a", "/a/b", "/a/x", "/l/1", "/l/9", "/t/t", "/none"]),
)
def test_no_error_shows_a_value(op: str, path: str, source: str) -> None:
    """Whatever goes wrong, neither the document's values nor the patch's are in the message."""
    document = {"a": {"b": SECRET}, "l": [SECRET, [SECRET]], "t": SECRET}
    operation = {"op": op, "path": path, "from": source, "value": f"other {SECRET}"}
    said = ""
    try:
        _applied(document, [operation, {"op": "test", "path": "/t", "value": SECRET + "!"}])
    except PatchError as error:
        said = f"{error} {error.message} {error.hint}"

    assert said
    assert SECRET not in said


def test_what_a_patch_added_can_be_changed_without_reaching_the_patch() -> None:
    """The value of an operation is copied at every application, and so is what a copy takes."""
    patch = Patch.json_patch(
        [
            {"op": "add", "path": "/a", "value": {"l": [1]}},
            {"op": "copy", "from": "/a", "path": "/b"},
        ]
    )
    first = patch.apply({}, BARE).document
    first["a"]["l"].append(2)

    assert first["b"] == {"l": [1]}
    assert patch.apply({}, BARE).document == {"a": {"l": [1]}, "b": {"l": [1]}}
