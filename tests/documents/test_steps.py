"""Setting and removing values one by one, by merge patches (RFC 7396), and as a whole document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.patches import Patch
from patcher.documents.pointers import kind_of, lookup, parse_path, path_to, pointer_to
from patcher.documents.shape import KeyedList, Shape
from patcher.documents.steps import Assign, MergePatch, Unset, WholeDocument
from patcher.documents.values import (
    MAX_DEPTH,
    MISSING,
    Document,
    JsonValue,
    Tokens,
    copied,
    strictly_equal,
)
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, keys, nested, pairs, places_in, values
from tests.documents.vectors.merge_patch import CASES, EXAMPLE

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})


placed = documents.filter(bool).flatmap(
    lambda one: st.tuples(st.just(one), st.sampled_from(places_in(one)[1:]))
)


def _applied(step: Assign | Unset, document: Document) -> Document:
    before = copied(document)
    applied = Patch((step,)).apply(document, BARE)
    assert strictly_equal(document, before)
    assert applied.notices == ()
    return applied.document


@given(placed, values)
def test_setting_a_value_changes_no_other(drawn: tuple[Document, Tokens], value: Any) -> None:
    """Every place that is not above or below it holds what it held."""
    document, place = drawn
    changed = _applied(Assign(place, value), document)

    assert strictly_equal(lookup(changed, place), value)
    for other in places_in(document)[1:]:
        if other != place[: len(other)] and place != other[: len(place)]:
            assert lookup(changed, other) is lookup(document, other)


@given(placed)
def test_setting_a_value_to_itself_changes_nothing(drawn: tuple[Document, Tokens]) -> None:
    """Neither does putting back what was changed."""
    document, place = drawn
    value = lookup(document, place)

    assert strictly_equal(_applied(Assign(place, value), document), document)
    assert strictly_equal(
        _applied(Assign(place, value), _applied(Assign(place, "other"), document)), document
    )


@given(placed)
def test_clearing_a_place_takes_one_member_away(drawn: tuple[Document, Tokens]) -> None:
    """A list closes the gap, in order; an object has one key less; nothing else moves."""
    document, place = drawn
    before = lookup(document, place[:-1])
    after = lookup(_applied(Unset(place), document), place[:-1])

    if type(before) is dict:
        assert strictly_equal(after, {k: v for k, v in before.items() if k != place[-1]})
    else:
        at = int(place[-1])
        assert strictly_equal(after, before[:at] + before[at + 1 :])


@given(documents, st.lists(keys, min_size=1, max_size=3), values)
def test_what_is_set_at_a_new_key_can_be_cleared_again(
    document: Document, below: list[str], value: Any
) -> None:
    """The objects that were created on the way go with the first of them."""
    document.pop("new", None)
    below = [key for key in below if key != "-"]
    changed = _applied(Assign(("new", *below), value), document)

    assert strictly_equal(lookup(changed, ("new", *below)), value)
    assert strictly_equal(_applied(Unset(("new",)), changed), document)


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        ({"l": []}, "/l/0", "There is no /l/0: /l is a list of 0 items,"),
        ({"l": [1]}, "/l/1", "There is no /l/1: /l is a list of 1 item,"),
        ({"l": [1]}, "/l/01", "There is no /l/01"),
        ({"l": [1]}, "/l/0/a", "/l/0 is a number"),
        ({"l": [[]]}, "/l/0/-/-", "There is no /l/0/-: /l/0 is a list of 0 items,"),
        ({}, "/a/-", "There is no list at /a yet."),
    ],
)
def test_a_list_is_never_filled_up(document: Document, pointer: str, said: str) -> None:
    """A member that is not there is not made up, and neither is the list."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch.set(pointer, 1).apply(document, BARE)

    assert said in caught.value.message
    assert pointer.startswith(str(caught.value.path))


@given(placed)
def test_a_value_is_not_in_the_message_of_what_stands_in_the_way(
    drawn: tuple[Document, Tokens],
) -> None:
    """The kind of what is there is named, and not what it is."""
    document, place = drawn
    spoiled = _applied(Assign(place, "do-not-print-me"), document)
    with pytest.raises(InvalidPatchError) as caught:
        Patch.set(f"{pointer_to(place)}/x", 1).apply(spoiled, BARE)

    assert "is text" in caught.value.message
    assert "do-not-print-me" not in f"{caught.value.message} {caught.value.command_hint}"


SHAPE = Shape(
    members=("a", "o", "l", "tags"),
    required=frozenset(),
    server_owned=frozenset(),
    lists={("tags",): KeyedList()},
)


def _shaped(step: Assign | Unset, document: Any) -> Any:
    before = copied(document)
    applied = Patch((step,)).apply(document, SHAPE)
    assert strictly_equal(document, before)
    return applied.document


@pytest.mark.parametrize(
    ("there", "text", "hint"),
    [
        (300, "90", "a:=90"),
        (300, "90", "a:='\"90\"'"),
        (1.5, "-2e3\n", "a:=-2e3"),
        (1.5, "2E+3", "a:=2E+3"),
        (True, "false", "a:=false"),
        (None, "null", "a:=null"),
        (300, "ninety", None),
        (300, "true", None),
        (True, "1", None),
        ("300", "90", None),
        ([1], "1", None),
    ],
)
def test_text_for_a_number_is_refused(there: Any, text: str, hint: str | None) -> None:
    """Text that spells the kind of value it would replace is refused, naming both ways out."""
    step = Assign(("a",), text, text)
    if hint is None:
        assert _shaped(step, {"a": there}) == {"a": text}
    else:
        with pytest.raises(InvalidPatchError) as caught:
            _shaped(step, {"a": there})
        message = f"/a is {kind_of(there)}, and PATH=TEXT would replace it with text."
        assert caught.value.message == message
        assert hint in str(caught.value.command_hint)
        assert caught.value.path == "/a"
    assert _shaped(Assign(("a",), text), {"a": there}) == {"a": text}


@pytest.mark.parametrize(
    ("path", "written"),
    [("l[0]", "l.0"), ("l[0].b", "l.0.b"), ("o.l[1][2]", "o.l.1.2"), ("l[-]", None)],
)
def test_an_index_in_brackets_is_refused(path: str, written: str | None) -> None:
    """Where the document has a list, l[0] names its first item, not a key of that name."""
    document = {"l": [{}], "o": {"l": [1, [1, 2, 3]]}, "k[0]": 1}
    if written is None:
        assert path in _shaped(Assign(parse_path(path), "x"), document)
        return
    with pytest.raises(InvalidPatchError) as caught:
        _shaped(Assign(parse_path(path), "x"), document)
    assert str(caught.value.command_hint).endswith(written)
    named = pointer_to(parse_path(path))
    assert caught.value.message.startswith(f"There is nothing at {caught.value.path!s}")
    assert named.startswith(str(caught.value.path))
    assert _shaped(Assign(("k[0]",), "x"), document)["k[0]"] == "x"


@given(documents, st.lists(keys, min_size=1, max_size=3), values)
def test_what_was_set_is_there(document: Any, names: list[str], value: Any) -> None:
    """The value is strictly at its place, twice is the same as once, and unset takes it away."""
    place = parse_path(path_to(tuple(names)))
    try:
        changed = _shaped(Assign(place, value), document)
    except PatchError:
        return
    if place[-1] != "-" or type(lookup(changed, place[:-1])) is dict:
        assert strictly_equal(lookup(changed, place), value)
        assert strictly_equal(_shaped(Assign(place, value), changed), changed)
    if type(lookup(changed, place[:-1])) is dict:
        assert lookup(_shaped(Unset(place), changed), place) is MISSING


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("a", {}, {"a": 9}),
        ("o.p.q", {}, {"o": {"p": {"q": 9}}}),
        ("o.p", {"o": {"r": 1}}, {"o": {"r": 1, "p": 9}}),
        ("l.0", {"l": [1, 2]}, {"l": [9, 2]}),
        ("l.-", {"l": [1]}, {"l": [1, 9]}),
        ("l.1.a", {"l": [1, {"a": 2}]}, {"l": [1, {"a": 9}]}),
        ("o.0", {"o": {}}, {"o": {"0": 9}}),
        ("o.0.1", {"o": {}}, {"o": {"0": {"1": 9}}}),
        ("o.-", {"o": {}}, {"o": {"-": 9}}),
        ("a", {"a": {"b": 1}}, {"a": 9}),
        ("l.0.o.p", {"l": [{}]}, {"l": [{"o": {"p": 9}}]}),
    ],
)
def test_where_a_value_goes(path: str, document: Any, expected: Any) -> None:
    """Missing objects are created; a number is an index only where a list is."""
    assert _shaped(Assign(parse_path(path), 9), document) == expected


@pytest.mark.parametrize(
    ("path", "said", "hint"),
    [
        ("l.2", "There is no /l/2: /l is a list of 2 items,", "--add l=..."),
        ("l.x", "There is no /l/x", "--remove l=..."),
        ("o.l.2", "There is no /o/l/2: /o/l is a list of 1 item,", "--add o.l=..."),
        (
            "o.l.x",
            "/o/l is a list of 1 item, and indices",
            "--add o.l=... or --remove o.l",
        ),
        ("l.-.a", "There is no /l/-: /l is a list of 2 items,", "--add l=..."),
        ("a.b", "/a is text; nothing can be set inside it.", "--set a:='{...}'"),
        ("n.b", "/n is null; nothing can be set inside it.", "--set n:='{...}'"),
        ("tags.0", "There is no list at /tags yet.", "--set tags:='[...]'"),
        ("o.new.-", "There is no list at /o/new yet.", "--set o.new:='[...]'"),
    ],
)
def test_nothing_is_replaced_in_passing(path: str, said: str, hint: str) -> None:
    """What is in the way is named, with its kind, and how to go about it."""
    document = {"a": "x", "l": [1, 2], "n": None, "o": {"l": [1]}}
    with pytest.raises(InvalidPatchError) as caught:
        _shaped(Assign(parse_path(path), 9), document)

    assert said in caught.value.message
    assert hint in str(caught.value.command_hint)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", {"o": {"p": None}, "l": [1, [2, 3]]}),
        ("o.p", {"a": "x", "o": {}, "l": [1, [2, 3]]}),
        ("l.0", {"a": "x", "o": {"p": None}, "l": [[2, 3]]}),
        ("l.1.0", {"a": "x", "o": {"p": None}, "l": [1, [3]]}),
    ],
)
def test_what_is_unset_is_gone(path: str, expected: Any) -> None:
    """A member of an object, a null too, or a list member by its index."""
    document = {"a": "x", "o": {"p": None}, "l": [1, [2, 3]]}

    assert _shaped(Unset(parse_path(path)), document) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nmae", 'There is nothing at /nmae to remove. Did you mean "name"?'),
        ("o.querry", 'There is nothing at /o/querry to remove. Did you mean "query"?'),
        ("l.7", "There is nothing at /l/7 to remove."),
        ("name.x.y", "There is nothing at /name/x/y to remove."),
    ],
)
def test_nothing_to_unset_is_a_notice(path: str, message: str) -> None:
    """It changes nothing, and says what may have been meant."""
    document = {"name": "n", "o": {"query": 1}, "l": [1]}
    applied = Patch.unset(path).apply(document, SHAPE)

    assert applied.document == document
    assert [(one.code, one.message) for one in applied.notices] == [("nothing-to-unset", message)]
    assert [one.path for one in applied.notices] == [pointer_to(parse_path(path))]


def test_a_list_has_no_names_to_unset() -> None:
    """Somebody who writes a member's text means --remove."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch.unset("l.email").apply({"l": ["email"]}, SHAPE)

    assert "--remove l=..." in str(caught.value.command_hint)


def test_places_and_values_have_their_limits() -> None:
    """The whole document is no place, and nothing is nested beyond the limit."""
    for make in (lambda: Assign((), 1), lambda: Unset(())):
        with pytest.raises(InvalidPatchError, match="not the whole document") as caught:
            make()
        assert caught.value.path == ""
        assert "--document" in str(caught.value.command_hint)
    with pytest.raises(InvalidPatchError, match="nested more than") as caught:
        Assign(("a", "b"), nested(MAX_DEPTH - 1, 1))
    assert caught.value.path == "/a/b"
    with pytest.raises(InvalidPatchError, match="The value for /a is not valid JSON"):
        Assign(("a",), float("nan"))
    assert Assign(("a",), nested(MAX_DEPTH - 1, 1)).place == ("a",)


def test_values_are_copied_on_the_way_in_and_out() -> None:
    """Neither the caller nor the result can reach into the step."""
    value = {"b": [1]}
    patch = Patch.set("a", value)
    value["b"].append(2)
    patch.apply({}, SHAPE).document["a"]["b"].append(3)

    assert patch.apply({}, SHAPE).document == {"a": {"b": [1]}}


def _merged(document: Document, patch: Document) -> Document:
    return Patch.merge(patch).apply(document, BARE).document


@pytest.mark.parametrize(("target", "patch", "expected"), [*CASES, EXAMPLE])
def test_the_examples_of_the_standard(target: Any, patch: Any, expected: Any) -> None:
    """RFC 7396, section 3 and appendix A, strictly; neither argument is mutated."""
    before = copied(target), copied(patch)

    assert strictly_equal(_merged(target, patch), expected)
    assert (target, patch) == before


@pytest.mark.parametrize(
    ("patch", "kind"),
    [(["c"], "a list"), ("bar", "text"), (1, "a number"), (None, "null"), (True, "a boolean")],
)
def test_a_patch_that_is_no_object_is_refused(patch: Any, kind: str) -> None:
    """In RFC 7396 it would replace the whole document."""
    with pytest.raises(InvalidPatchError, match=f"must be an object, not {kind}") as caught:
        MergePatch(patch)

    assert caught.value.message.startswith("A merge patch ")

    assert caught.value.path == ""
    assert '{"name":' in str(caught.value.command_hint)


@pytest.mark.parametrize(
    ("make", "what"), [(MergePatch, "A merge patch"), (WholeDocument, "A whole document")]
)
def test_what_json_cannot_say_is_refused_with_its_place(make: Any, what: str) -> None:
    """Which of the two it is, and where in it."""
    with pytest.raises(InvalidPatchError, match=f"{what} is not valid JSON at /a/0") as caught:
        make({"a": [float("nan")]})

    assert caught.value.path == "/a/0"


@pytest.mark.parametrize(
    ("patch", "places"),
    [
        ({"o": {"gone": None}}, ["/o/gone"]),
        ({"o": {"x": None, "none": None, "gone": None}, "a": None}, ["/o/gone"]),
        ({"o": None}, []),
        ({"o": {"gone": 1}}, []),
    ],
)
def test_a_null_that_a_merge_patch_removes_is_warned_of(patch: Any, places: list[str]) -> None:
    """RFC 7396 cannot keep a null: a document that is given back as a patch loses each."""
    document = {"a": 1, "o": {"gone": None, "x": 1}}
    notices = Patch.merge(patch).apply(document, BARE).notices

    assert [one.path for one in notices if one.code == "null-removed"] == places
    assert all("--document" in one.message for one in notices)


@given(documents, documents)
def test_merging_twice_is_merging_once(document: Document, patch: Document) -> None:
    """A merge patch says what is to be, and so is idempotent; it mutates nothing."""
    before = copied(document), copied(patch)
    once = _merged(document, patch)

    assert strictly_equal(_merged(once, patch), once)
    assert strictly_equal(document, before[0])
    assert strictly_equal(patch, before[1])


def test_the_result_shares_nothing_with_the_patch() -> None:
    """Changing the result leaves the patch as it was, so that it can be applied again."""
    patch = Patch.merge({"a": {"b": [1]}})
    patch.apply({}, BARE).document["a"]["b"].append(2)

    assert patch.apply({}, BARE).document == {"a": {"b": [1]}}


def test_the_leaves_of_a_merge_patch_are_what_it_writes() -> None:
    """Null is a removal, and an empty object is a leaf, since it can replace a value."""
    patch = MergePatch({"a": {"b": 1, "c": None, "d": {}}, "e": [{"f": None}]})

    assert list(patch.writes()) == [
        (("a", "b"), 1),
        (("a", "c"), MISSING),
        (("a", "d"), {}),
        (("e",), [{"f": None}]),
    ]


def test_a_whole_document_replaces_everything() -> None:
    """Null at the top removes a member; deeper it is a value."""
    given = {"a": None, "b": {"x": None}, "c": 1}
    applied = Patch.document(given).apply({"a": 1, "b": {"y": 2}}, BARE)

    assert applied.document == {"b": {"x": None}, "c": 1}
    assert list(WholeDocument(given).writes()) == [
        (("a",), MISSING),
        (("b",), {"x": None}),
        (("c",), 1),
    ]


def test_a_whole_document_may_leave_nothing_out() -> None:
    """What it does not name would be lost by omission; all of it is named at once."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch.document({"b": 1}).apply({"a": 1, "b": 2, "c": 3}, BARE)

    assert "leaves out /a, /c." in caught.value.message
    assert caught.value.path == "/a"
    assert "--merge" in str(caught.value.command_hint)


def _without_nulls(value: JsonValue) -> JsonValue:
    """A value without members that are null, which no merge patch can make."""
    if type(value) is dict:
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return value


def _patch_between(first: Document, second: Document) -> Document:
    """The merge patch that leads from one document without nulls to another."""
    patch: Document = {key: None for key in first if key not in second}
    for key, value in second.items():
        other = first.get(key)
        if type(value) is dict and type(other) is dict:
            patch[key] = _patch_between(other, value)
        elif key not in first or not strictly_equal(value, other):
            patch[key] = value
    return patch


@given(pairs())
def test_a_merge_patch_leads_from_any_document_to_any_other(
    pair: tuple[Document, Document],
) -> None:
    """RFC 7396, section 1: all but null can be said, and whatever is not named stays."""
    first, second = map(_without_nulls, pair)
    patch = _patch_between(first, second)
    before = copied(first)

    assert strictly_equal(Patch.merge(patch).apply(first, BARE).document, second)
    assert strictly_equal(first, before)


@given(documents)
def test_a_merge_patch_leaves_no_null_of_its_own(document: Document) -> None:
    """Onto nothing, it makes itself without its nulls, at whatever depth."""
    merged = Patch.merge(document).apply({}, BARE).document

    assert strictly_equal(merged, _without_nulls(document))


def test_nulls_of_the_document_and_in_lists_stay() -> None:
    """Only a null of the patch's own objects removes: others are values."""
    document = {"a": {"b": None, "c": {"d": None}}, "e": [None]}
    patch = {"a": {"c": {"f": [None, {"g": None}]}}}

    assert Patch.merge(patch).apply(document, BARE).document == {
        "a": {"b": None, "c": {"d": None, "f": [None, {"g": None}]}},
        "e": [None],
    }


def test_a_whole_document_is_copied_on_the_way_in_and_out() -> None:
    """Neither the caller nor the result reaches the patch, and there is nothing it depends on."""
    given_one: dict[str, Any] = {"a": [1], "b": None}
    step = WholeDocument(given_one)
    given_one["a"].append(2)
    first = step.apply({}, BARE, [])
    first["a"].append(3)

    assert step.apply({}, BARE, []) == {"a": [1]}
    assert list(step.reads()) == []
