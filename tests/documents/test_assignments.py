"""Assignments: how they are written on the command line, and what they do."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import is_item, parse_add, parse_item, parse_remove, parse_set, parse_unset
from patcher.documents import jsontext
from patcher.documents.lists import AddMember, RawText, RemoveMember
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.documents.pointers import item_to, lookup, parse_path, path_to, pointer_to
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
        ("a:=New name", "a=..."),
        ("a:=", "a=..."),
        ("a:=nulll", "leave out the colon: a=..."),
        ("a:=[1e400]", "fewer digits. For text, leave out the colon"),
        ("a:=@@x", "a=..."),
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
        (parse_add, "l", "--add expects PATH=VALUE", "--add fields=email"),
        (parse_add, "l:=1", "--add expects PATH=VALUE, without a colon", "as JSON"),
        (parse_remove, "l", "--remove expects PATH=VALUE", "--remove fields=email"),
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


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("a=x", Assign(("a",), "x", "x")),
        ("a:=1", Assign(("a",), 1)),
        ("a=@q.sql", Assign(("a",), "SELECT 1\n", "SELECT 1\n")),
        ("a:=@c.yaml", Assign(("a",), {"a": [1]})),
        ("a=@@x", Assign(("a",), "@x", "@x")),
        ("l+=x", AddMember(("l",), RawText("x"))),
        ("l-=x", RemoveMember(("l",), RawText("x"))),
        ("l+=@@x", AddMember(("l",), RawText("@@x"))),
        ("l-=@q.sql", RemoveMember(("l",), RawText("@q.sql"))),
        ("/o/l+=x=1", AddMember(("o", "l"), RawText("x=1"))),
        ("/o/l-=x", RemoveMember(("o", "l"), RawText("x"))),
        ("l.-=x", Assign(("l", "-"), "x", "x")),
        ("/l/-=x", Assign(("l", "-"), "x", "x")),
        ("l.-:=1", Assign(("l", "-"), 1)),
        (r"o.a\+=x", Assign(("o", "a+"), "x", "x")),
        (r"o.a\-=x", Assign(("o", "a-"), "x", "x")),
        (r"o.a\++=x", AddMember(("o", "a+"), RawText("x"))),
        (r"o.a\\-=x", RemoveMember(("o", "a\\"), RawText("x"))),
        (r"/o/a\+=x", Assign(("o", "a+"), "x", "x")),
        (r"/o/a\-:=1", Assign(("o", "a-"), 1)),
        (r"o.a\=b+=x", AddMember(("o", "a=b"), RawText("x"))),
        ("o.pin=1", Assign(("o", "pin"), "1", "...")),
    ],
)
def test_what_an_item_says(text: str, step: Any) -> None:
    """The operator is right before the first unescaped =, but for a - that appends."""
    assert parse_item(text, FILES.__getitem__, Masks((("o",),), ("pin",))) == step


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a=b", True),
        ("Paid orders", False),
        (r"A\=B", False),
        ("name:A=B", False),
        ("name:=1", True),
        ("name:", False),
        ("name=x", True),
        ("-", False),
    ],
)
def test_which_arguments_are_items(text: str, is_one: bool) -> None:
    """Those with an unescaped =, but for name:TEXT."""
    assert is_item(text) is is_one


@pytest.mark.parametrize(
    ("text", "hint"),
    [("tags+=x", "tags+=VALUE"), ("tags-:=1", "tags-=VALUE"), ("tags-=x", "--remove tags=VALUE")],
)
def test_a_list_operator_after_set_is_refused(text: str, hint: str) -> None:
    """--set has no list operators; at the top, where no key ends so, it says what has."""
    with pytest.raises(InvalidPatchError, match="list operator") as caught:
        _set(text)
    assert hint in str(caught.value.hint)
    assert _set("o.a+=x").place == ("o", "a+")


_places = st.lists(st.text(alphabet="ab=:+-.\\/~ []0@\u200b'\"\t") | keys, min_size=1, max_size=4)


@given(_places, values)
def test_an_item_that_is_printed_says_the_same_when_typed(names: list[str], value: Any) -> None:
    """For every place and value, what the tool prints is one word of a shell and parses back."""
    place, text = tuple(names), jsontext.dump(value)

    # After "." or "/" a "-" appends; --remove can say what -= cannot.
    operators = [":=", "+="] + ["-="] * (not path_to(place).endswith((".", "/")))
    for operator in operators:
        (word,) = shlex.split(item_to(place, operator, text))
        assert is_item(word)
        step: Any = parse_item(word, FILES.__getitem__)
        assert step.place == place
        if operator == ":=":
            assert strictly_equal(step.value, value)
        else:
            assert step.member == RawText(text)


@pytest.mark.parametrize(
    ("there", "text", "hint"),
    [
        (300, "90", "a:=90"),
        (300, "90", "a:='\"90\"'"),
        (1.5, "-2e3\n", "a:=-2e3"),
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
    for step in (parse_item(f"a={text}", FILES.__getitem__), parse_item("a=@f", lambda _: text)):
        if hint is None:
            assert _applied(step, {"a": there}) == {"a": text}  # type: ignore[arg-type]
            continue
        with pytest.raises(InvalidPatchError, match="with text") as caught:
            _applied(step, {"a": there})  # type: ignore[arg-type]
        assert hint in str(caught.value.hint)
        assert caught.value.path == "/a"
    assert _applied(Assign(("a",), text), {"a": there}) == {"a": text}


@pytest.mark.parametrize(
    ("path", "written"),
    [("l[0]", "l.0"), ("l[0].b", "l.0.b"), ("o.l[1][2]", "o.l.1.2"), ("l[-]", None)],
)
def test_an_index_in_brackets_is_refused(path: str, written: str | None) -> None:
    """Where the document has a list, l[0] names its first item, not a key of that name."""
    document = {"l": [{}], "o": {"l": [1, [1, 2, 3]]}, "k[0]": 1}
    if written is None:
        assert path in _applied(_set(f"{path}=x"), document)
        return
    with pytest.raises(InvalidPatchError) as caught:
        _applied(_set(f"{path}=x"), document)
    assert str(caught.value.hint).endswith(written)
    assert _applied(_set("k[0]=x"), document)["k[0]"] == "x"


@given(st.text(alphabet='ab=:@.\\/~{["1') | st.text())
def test_any_text_at_all_is_a_step_or_refused(text: str) -> None:
    """Nothing but our own error leaves the parsers."""
    for parse in (
        lambda t: parse_set(t, lambda _: "1"),
        lambda t: parse_item(t, lambda _: "1"),
        parse_unset,
        parse_add,
        parse_remove,
    ):
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
        ("l.2", "There is no /l/2: the list has 2 items, counted from 0.", "--set l.-=..."),
        ("l.x", '/l is a list of 2, and "x" is not an index.', "--remove l=..."),
        ("o.l.2", "There is no /o/l/2: the list has 1 item,", "--set o.l.-=..."),
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
    assert refused.value.hint.endswith(" configuration.query=")
    assert refused.value.path == "/configuration/query"
    assert parse_set("configuration.query=", str).value == ""
