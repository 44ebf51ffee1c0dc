"""Assignments: how they are written on the command line, and what they do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import parse_add, parse_remove, parse_set, parse_unset
from patcher.documents.lists import AddMember, RawText, RemoveMember
from patcher.documents.patches import Patch
from patcher.documents.pointers import lookup, parse_path, path_to, pointer_to
from patcher.documents.set_unset import Assign, Unset
from patcher.documents.shape import KeyedList, Shape
from patcher.documents.values import MAX_DEPTH, MISSING, copied, strictly_equal
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, keys, nested, values

SHAPE = Shape(
    members=("a", "o", "l", "tags"),
    required=frozenset(),
    server_owned=frozenset(),
    lists={("tags",): KeyedList()},
)
FILES = {
    "q.sql": "SELECT 1\n",
    "c.yaml": "a: [1]\n",
    "c.json": '{"a": 1}',
    "bad.json": "{a: 1}",
    "flow.yaml": "{a: 1}",
}


def _set(text: str) -> Assign:
    return parse_set(text, FILES.__getitem__)


def _applied(step: Assign | Unset, document: Any) -> Any:
    before = copied(document)
    applied = Patch((step,)).apply(document, SHAPE)
    assert strictly_equal(document, before)
    return applied.document


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("a=x", ("a",), "x"),
        ("a=", ("a",), ""),
        ("a=1", ("a",), "1"),
        ("a:=1", ("a",), 1),
        ("a:=null", ("a",), None),
        ('a:={"b": [1.0]}', ("a",), {"b": [1.0]}),
        ("a=x=y:=z", ("a",), "x=y:=z"),
        ("a.b.0=x", ("a", "b", "0"), "x"),
        ("/a.b/c=x", ("a.b", "c"), "x"),
        ("/a:=1", ("a",), 1),
        (r"/a\\=1", ("a\\",), "1"),
        (r"/a\=b=1", ("a=b",), "1"),
        (r"a\=b=x", ("a=b",), "x"),
        (r"a\:=x", ("a:",), "x"),
        (r"a\\:=1", ("a\\",), 1),
        ("a::=1", ("a:",), 1),
        ("a=@q.sql", ("a",), "SELECT 1\n"),
        ("a=@c.yaml", ("a",), "a: [1]\n"),
        ("a:=@c.yaml", ("a",), {"a": [1]}),
        ("a:=@c.json", ("a",), {"a": 1}),
        ("a:=@flow.yaml", ("a",), {"a": 1}),
        ("a=@@q.sql", ("a",), "@q.sql"),
        ("a=@@@", ("a",), "@@"),
        ("a=x@y", ("a",), "x@y"),
    ],
)
def test_how_a_value_is_set(text: str, place: tuple[str, ...], value: Any) -> None:
    """PATH=TEXT, PATH:=JSON, PATH=@FILE and PATH:=@FILE, with their escapes."""
    step = _set(text)

    assert step.place == place
    assert strictly_equal(step.value, value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a", "--set name='New name'"),
        (r"a\=b", "--set name='New name'"),
        ("", "--set name='New name'"),
        ("=x", "/configuration/query"),
        ("a:=New name", "--set a=..."),
        ("a:=", "--set a=..."),
        ("a:=nulll", "For a text, leave the colon out: --set a=..."),
        ("a:=[1e400]", "fewer digits. For a text, leave the colon out"),
        ("a:=@@x", "--set a=..."),
        ("a:=@bad.json", None),
        ("a=@", "write @@"),
        ("a..b=1", "configuration.query"),
        ("/a~2=1", "~0"),
    ],
)
def test_what_cannot_be_set_is_refused_with_advice(text: str, hint: str | None) -> None:
    """The hint shows how it is written."""
    with pytest.raises(InvalidPatchError) as caught:
        _set(text)

    assert (hint or "") in (caught.value.hint or "")
    assert "None" not in f"{caught.value.message} {caught.value.hint if hint else ''}"


def test_a_value_that_is_no_json_is_named_by_its_path() -> None:
    """Whatever else the command line says, it is clear which of the values it is."""
    with pytest.raises(InvalidPatchError) as caught:
        _set("a.b:=[1,]")

    assert caught.value.message.startswith('The value for "a.b" is not valid JSON')
    assert caught.value.path == "/a/b"


def test_a_value_is_not_repeated_in_errors() -> None:
    """What stands after the path, or in its place when it was forgotten, may be a credential."""
    for text in ("do-not-print-me", "a:=do-not-print-me", "a:=@@do-not-print-me"):
        with pytest.raises(InvalidPatchError) as caught:
            _set(text)
        assert "do-not-print-me" not in f"{caught.value.message}{caught.value.hint}"


def test_the_other_options() -> None:
    """--unset takes a path; --add and --remove a path and a member as typed."""
    assert parse_unset("a.b") == Unset(("a", "b"))
    assert parse_unset("/a=b") == Unset(("a=b",))
    assert parse_add("l=x=1") == AddMember(("l",), RawText("x=1"))
    assert parse_remove('l={"a": 1}') == RemoveMember(("l",), RawText('{"a": 1}'))


@pytest.mark.parametrize(
    ("parse", "text", "said", "hint"),
    [
        (parse_unset, "a=b", "takes a path and no value", "--unset identifier"),
        (parse_unset, "", "The path is empty", "configuration.query"),
        (parse_unset, "/", None, ""),
        (parse_add, "l", "--add takes PATH=VALUE", "--add fields=email"),
        (parse_add, "l:=1", "--add takes PATH=VALUE, without a colon", "as JSON by itself"),
        (parse_remove, "l", "--remove takes PATH=VALUE", "--remove fields=email"),
        (parse_remove, "=x", "The path is empty", "configuration.query"),
    ],
)
def test_slips_in_the_other_options(parse: Any, text: str, said: str | None, hint: str) -> None:
    """They are told apart from what was meant; a slash alone is the empty key."""
    if said is None:
        assert parse(text) == Unset(("",))
        return
    with pytest.raises(InvalidPatchError, match=said) as caught:
        parse(text)
    assert hint in str(caught.value.hint)
    assert caught.value.path == ("/l" if ":" in text else None)


@given(st.text(alphabet='ab=:@.\\/~{["1') | st.text())
def test_any_text_at_all_is_a_step_or_refused(text: str) -> None:
    """Nothing but our own error leaves the parsers."""
    for parse in (lambda t: parse_set(t, lambda _: "1"), parse_unset, parse_add, parse_remove):
        try:
            step = parse(text)
        except PatchError:
            continue
        assert step.place


@given(documents, st.lists(keys, min_size=1, max_size=3), values)
def test_what_was_set_is_there(document: Any, names: list[str], value: Any) -> None:
    """The value is strictly at its place, twice is the same as once, and unset takes it away."""
    place = parse_path(path_to(tuple(names)))
    try:
        changed = _applied(Assign(place, value), document)
    except PatchError:
        return
    if place[-1] != "-" or type(lookup(changed, place[:-1])) is dict:
        assert strictly_equal(lookup(changed, place), value)
        assert strictly_equal(_applied(Assign(place, value), changed), changed)
    if type(lookup(changed, place[:-1])) is dict:
        assert lookup(_applied(Unset(place), changed), place) is MISSING


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
    assert _applied(Assign(parse_path(path), 9), document) == expected


@pytest.mark.parametrize(
    ("path", "said", "hint"),
    [
        ("l.2", "There is no /l/2: the list has 2 members, counted from 0.", "--set l.-=..."),
        ("l.x", '/l is a list of 2, and "x" is not an index.', "--remove l=..."),
        ("o.l.2", "There is no /o/l/2: the list has 1 member,", "--set o.l.-=..."),
        (
            "o.l.x",
            '/o/l is a list of 1, and "x" is not an index.',
            "--add o.l=... and --remove o.l",
        ),
        ("l.-.a", "In /l/-/a the - must come last", "--set l.-:='{...}'"),
        ("a.b", "/a is text, so that nothing can be set below it.", "--set a:='{...}'"),
        ("n.b", "/n is null, so that nothing can be set below it.", "--set n:='{...}'"),
        ("tags.0", "There is no list at /tags yet.", "--set tags:='[...]'"),
        ("o.new.-", "There is no list at /o/new yet.", "--set o.new:='[...]'"),
    ],
)
def test_nothing_is_replaced_in_passing(path: str, said: str, hint: str) -> None:
    """What is in the way is named, with its kind, and how to go about it."""
    document = {"a": "x", "l": [1, 2], "n": None, "o": {"l": [1]}}
    with pytest.raises(InvalidPatchError) as caught:
        _applied(Assign(parse_path(path), 9), document)

    assert said in caught.value.message
    assert hint in str(caught.value.hint)


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

    assert _applied(Unset(parse_path(path)), document) == expected


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

    assert "--remove l=..." in str(caught.value.hint)


def test_places_and_values_have_their_limits() -> None:
    """The whole document is no place, and nothing is nested beyond the limit."""
    for make in (lambda: Assign((), 1), lambda: Unset(())):
        with pytest.raises(InvalidPatchError, match="not the whole of it") as caught:
            make()
        assert caught.value.path == ""
        assert "--document" in str(caught.value.hint)
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


@pytest.mark.parametrize("name", ["nothing.sql", "-"])
def test_an_empty_file_is_no_text(name: str) -> None:
    """A command before a pipe that failed clears nothing; PATH= says empty."""
    with pytest.raises(InvalidPatchError, match="is empty") as refused:
        parse_set(f"configuration.query=@{name}", lambda _: "")

    assert refused.value.hint is not None
    assert refused.value.hint.endswith("--set configuration.query=")
    assert refused.value.path == "/configuration/query"
    assert parse_set("configuration.query=", str).value == ""
