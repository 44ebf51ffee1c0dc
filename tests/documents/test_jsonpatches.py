"""JSON Patch (RFC 6902)."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import jsontext
from patcher.documents.jsonpatches import operations_of
from patcher.documents.patches import Patch
from patcher.documents.pointers import pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import (
    MAX_DEPTH,
    MISSING,
    Document,
    Tokens,
    copied,
    extent,
    strictly_equal,
)
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, nested, pairs, places_in, values
from tests.documents.vectors.json_patch import CASES, REFUSED

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})
SECRET = "do-not-print-me"


def _refusal(operations: Any, document: Document) -> InvalidPatchError:
    with pytest.raises(InvalidPatchError) as caught:
        Patch.json_patch(operations).apply(document, BARE)
    return caught.value


@given(pairs())
def test_a_patch_made_from_two_documents_leads_from_one_to_the_other(
    pair: tuple[Document, Document],
) -> None:
    """What jsonpatch makes of a pair of documents is applied strictly, and mutates nothing."""
    first, second = pair
    operations = jsonpatch.make_patch(first, second).patch
    if any(one["path"] == "" for one in operations):
        return  # the whole document replaced, which is refused
    before, patch = copied(first), Patch.json_patch(operations)

    once = patch.apply(first, BARE).document
    twice = patch.apply(first, BARE).document

    assert strictly_equal(once, second)
    assert strictly_equal(once, twice)
    assert strictly_equal(first, before)


@pytest.mark.parametrize(
    ("operations", "said"),
    [
        ([{"op": "test", "path": "/a", "value": 2}], "Operation 1"),
        ([{"op": "remove", "path": "/b"}, {"op": "remove", "path": "/a/x"}], "Operation 2"),
        ([{"op": "add", "path": "/l/9", "value": 1}], "/l is a list of 1"),
        ([{"op": "replace", "path": "/l/x", "value": 1}], '"x" is not an index'),
        ([{"op": "remove", "path": "/zzz"}], "there is nothing at /zzz"),
        ([{"op": "move", "from": "/zzz", "path": "/a"}], "there is nothing at /zzz"),
        ([{"op": "test", "path": "/zzz", "value": None}], "the test of /zzz failed, because"),
    ],
)
def test_an_error_names_the_operation_and_the_place_and_shows_no_document(
    operations: Any, said: str
) -> None:
    """The library's own texts quote the document; ours never do."""
    error = _refusal(operations, {"a": {"secret": SECRET}, "b": SECRET, "l": [SECRET]})

    assert said in error.message
    assert SECRET not in f"{error.message} {error.command_hint}"
    assert error.__suppress_context__ or error.__context__ is None
    assert error.path == operations[-1]["path"]


@pytest.mark.parametrize(
    ("operation", "said", "path"),
    [
        (5, "it must be an object, not a number", None),
        ({"path": "/a"}, "its op is not one", None),
        ({"op": None, "path": "/a"}, "its op is not one", None),
        ({"op": ["add"], "path": "/a"}, "its op is not one", None),
        ({"op": "zzz", "path": "/a"}, "its op is not one that RFC 6902 defines", None),
        ({"op": "add", "path": "/a"}, '"value" is missing', None),
        ({"op": "move", "path": "/a"}, '"from" is missing', None),
        ({"op": "remove", "path": 5}, "its path must be a JSON Pointer, not a number", None),
        (
            {"op": "copy", "path": "/a", "from": []},
            "its from must be a JSON Pointer, not a l",
            None,
        ),
        (
            {"op": "remove", "path": "a"},
            "its path: a JSON Pointer must begin with /.",
            None,
        ),
        ({"op": "move", "from": "/a", "path": "/a/b"}, "/a cannot be moved into itself", "/a/b"),
        ({"op": "add", "path": "/b/x", "value": 1}, "add: /b is text", "/b/x"),
        ({"op": "replace", "path": "/x", "value": 1}, "replace: there is nothing at /x", "/x"),
        ({"op": "replace", "path": "/l/2", "value": 1}, "/l is a list of 2", "/l/2"),
        ({"op": "add", "path": "/l/x", "value": 1}, 'a list, and "x" is not an index', "/l/x"),
        ({"op": "add", "path": "/l/3", "value": 1}, "add: /l is a list of 2", "/l/3"),
        ({"op": "add", "path": "/o/t/x", "value": 1}, "add: /o/t is text", "/o/t/x"),
        ({"op": "add", "path": "/o/l/x", "value": 1}, '/o/l is a list, and "x" is not', "/o/l/x"),
        ({"op": "add", "path": "/o/l/9", "value": 1}, "add: /o/l is a list of 1", "/o/l/9"),
        (
            {"op": "test", "path": "/l/0", "value": "x"},
            "the test of /l/0 failed: another value is there",
            "/l/0",
        ),
    ],
)
def test_whatever_is_wrong_the_operation_and_the_fault_are_named(
    operation: Any, said: str, path: str | None
) -> None:
    """The second operation is called the second, and the kind of what is wrong is told."""
    first = {"op": "test", "path": "/b", "value": "x"}
    error = _refusal([first, operation], {"b": "x", "l": [1, [2]], "o": {"t": "", "l": [0]}})

    assert said in error.message
    assert "Operation 2 of" in error.message
    assert error.path == path


def test_what_is_no_list_of_operations_is_no_patch() -> None:
    """It is called by its kind, and the hint shows one; a value that is not JSON is named, too."""
    error = _refusal({"op": "remove", "path": "/a"}, {})

    assert error.message == "A JSON Patch must be a list of operations, not an object."
    assert '"op": "replace"' in str(error.command_hint)
    assert "The JSON Patch is not valid JSON" in _refusal([float("nan")], {}).message


def test_a_failed_test_says_that_nothing_was_changed() -> None:
    """It is the one refusal that is meant: the document is not as the patch expects it."""
    error = _refusal([{"op": "test", "path": "/a", "value": 2}], {"a": 1})

    assert "othing was changed" in str(error.command_hint)


def test_what_the_library_raises_all_the_same_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is, its text may hold the document."""

    def failing(*_: Any, **__: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(jsonpatch.JsonPatch, "apply", failing)
    error = _refusal([{"op": "remove", "path": "/a"}], {"a": 1})

    assert error.message == (
        "Operation 1 of the JSON Patch cannot be applied: remove at /a is not possible."
    )
    assert error.path == "/a"
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("operation", "hint"),
    [
        (
            {"op": "remov", "path": "/a"},
            "Known operations: add, remove, replace, move, copy, test.",
        ),
        ({"op": "zzz", "path": "/a"}, "Known operations: add, remove, replace, move, copy, test."),
        (
            {"op": "remove", "path": "a/b"},
            "Put / before each part, for example /configuration/query.",
        ),
    ],
)
def test_a_misspelling_is_recognized(operation: Document, hint: str) -> None:
    """An op or a pointer that is misspelled leads to what is known."""
    assert _refusal([operation], {}).command_hint == hint


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/l/0/a", "value": 2},
        {"op": "add", "path": "/l/0/b", "value": 2},
        {"op": "remove", "path": "/l/0/a"},
        {"op": "copy", "from": "/l/1/a", "path": "/l/0/b"},
        {"op": "test", "path": "/l/0/a", "value": 1},
    ],
    ids=lambda operation: operation["op"],
)
def test_only_the_containers_on_the_way_are_copied(operation: Document) -> None:
    """A thousand operations on a large document would else copy it a thousand times."""
    document: Document = {"l": [{"a": 1}, {"a": {"b": [1]}}], "m": {"a": 1}}
    before = copied(document)

    changed = Patch.json_patch([operation]).apply(document, BARE).document

    assert changed["l"][1] is document["l"][1]
    assert changed["m"] is document["m"]
    assert strictly_equal(document, before)


def test_a_member_that_is_not_defined_is_ignored_and_said() -> None:
    """RFC 6902 has it ignored, but somebody may have meant something by it."""
    patch = Patch.json_patch([{"op": "remove", "path": "/a", "form": "/b", "Value": 1}])
    applied = patch.apply({"a": 1}, BARE)

    assert applied.document == {}
    assert [(one.code, one.path) for one in applied.notices] == [("ignored-member", "/a")] * 2
    assert [one.message for one in applied.notices] == [
        'Operation 1: remove has no property "form"; it is ignored.',
        'Operation 1: remove has no property "Value"; it is ignored.',
    ]


@pytest.mark.parametrize(("name", "meant"), [("Value", "value"), ("Op", "op")])
def test_a_member_that_is_nearly_one_is_asked_about(name: str, meant: str) -> None:
    """What was meant may be a member that is there as well."""
    patch = Patch.json_patch([{"op": "add", "path": "/a", "value": 1, name: 2}])
    (notice,) = patch.apply({}, BARE).notices

    assert notice.message.endswith(f'it is ignored. Did you mean "{meant}"?')


def test_a_failing_patch_leaves_the_document_as_it_was() -> None:
    """The operations before the one that fails do not count either."""
    document = {"a": [1, 2], "b": {"c": 1}}
    _refusal([{"op": "remove", "path": "/a/0"}, {"op": "remove", "path": "/zzz"}], document)

    assert document == {"a": [1, 2], "b": {"c": 1}}


def test_places_written_and_read() -> None:
    """A move writes both its ends, and from and test are read."""
    operations = operations_of(
        [
            {"op": "move", "from": "/a/x", "path": "/b"},
            {"op": "copy", "from": "/c", "path": "/d"},
            {"op": "test", "path": "/e", "value": 1},
            {"op": "replace", "path": "/f~1g", "value": [1]},
            {"op": "remove", "path": "/h"},
        ]
    )

    assert [write for one in operations for write in one.writes()] == [
        (("a", "x"), MISSING),
        (("b",), MISSING),
        (("d",), MISSING),
        (("f/g",), [1]),
        (("h",), MISSING),
    ]
    assert [place for one in operations for place in one.reads()] == [("a", "x"), ("c",), ("e",)]


def test_what_no_operation_names_is_not_copied() -> None:
    """A large member that stays as it is costs nothing."""
    document = {"large": [1], "small": {"a": 1}}
    changed = Patch.json_patch([{"op": "remove", "path": "/small/a"}]).apply(document, BARE)

    assert changed.document["large"] is document["large"]
    assert document["small"] == {"a": 1}


def test_nesting_is_bounded_however_it_comes_about() -> None:
    """A value too deep for its place, and copies that nest ever deeper, are refused."""
    deep = nested(MAX_DEPTH - 1, 1)
    inside = "/k" * (MAX_DEPTH - 1)

    assert "nested" in _refusal([{"op": "add", "path": "/a/b", "value": deep}], {"a": {}}).message
    assert (
        "nested"
        in _refusal(
            [{"op": "copy", "from": "/a", "path": f"/a{inside[:-2]}/z"}], {"a": deep}
        ).message
    )
    below = [{"op": "add", "path": "/a/b/c", "value": nested(MAX_DEPTH - 2, 1)}]
    assert "The value for /a/b/c would be nested" in _refusal(below, {"a": {"b": {}}}).message
    copied_in = [{"op": "copy", "from": "/a", "path": "/b/c"}]
    just = {"a": nested(MAX_DEPTH - 2, 1), "b": {}}
    assert extent(Patch.json_patch(copied_in).apply(just, BARE).document)[1] == MAX_DEPTH
    again = [{"op": "copy", "from": "", "path": "/a" * i} for i in range(1, 14)]
    grown = Patch.json_patch(again).apply({"x": 1}, BARE).document

    assert extent(grown)[1] <= MAX_DEPTH


def _applied(document: Any, operations: Any) -> Document:
    if isinstance(operations, str):
        operations = jsontext.parse(operations, what="the patch")
    patch = Patch.json_patch(operations)
    return patch.apply(document, BARE).document


@pytest.mark.parametrize(
    ("document", "operations", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_every_case_is_as_the_standard_has_it(
    document: Any, operations: Any, expected: Any
) -> None:
    """The result is strictly what the case says, or the patch is refused; nothing is mutated."""
    before = copied(document), copied(operations)

    if expected is REFUSED:
        with pytest.raises(InvalidPatchError):
            _applied(document, operations)
    else:
        assert strictly_equal(_applied(document, operations), expected)
    assert strictly_equal((document, operations), before) or (document, operations) == before


def test_there_are_about_as_many_cases_as_in_the_public_suite() -> None:
    """The public suite has 108 enabled cases; a case that got lost here would show."""
    assert len(CASES) >= 108
    assert len({(case[0], str(case[1:3])) for case in CASES}) == len(CASES)


OPS = ("add", "remove", "replace", "move", "copy", "test")


def _places(value: Any) -> list[Tokens]:
    """Every place in a value, and some next to them."""
    ends: tuple[Tokens, ...] = ((), ("-",), ("9",), ("new",))
    return [(*at, *end) for at in places_in(value) for end in ends]


@st.composite
def operations(draw: st.DrawFn, document: Document) -> list[Document]:
    """Operations on places that are mostly there."""
    pointers = st.sampled_from(_places(document)[1:]).map(pointer_to)
    one = st.fixed_dictionaries(
        {"op": st.sampled_from(OPS), "path": pointers, "from": pointers, "value": values}
    )
    return draw(st.lists(one, min_size=1, max_size=3))


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
    [("/l/2", "/l is a list of 1, and indices"), ("/l/1/x", "/l is a list of 1, and indices")],
)
def test_a_move_to_what_it_takes_away_is_refused(path: str, said: str) -> None:
    """The error speaks of the list without the member that left."""
    with pytest.raises(InvalidPatchError) as caught:
        _applied({"l": [1, {}]}, [{"op": "move", "from": "/l/0", "path": path}])

    assert f"Operation 1 of the JSON Patch cannot be applied: move: {said}" in str(caught.value)


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
    document = {
        "a": {"b": SECRET},
        "l": [SECRET, [SECRET]],
        "t": SECRET,
    }
    operation = {"op": op, "path": path, "from": source, "value": f"other {SECRET}"}
    said = ""
    try:
        _applied(document, [operation, {"op": "test", "path": "/t", "value": SECRET + "!"}])
    except PatchError as error:
        said = f"{error} {error.message} {error.command_hint}"

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
