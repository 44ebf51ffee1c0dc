"""Changes as they are typed: --set, --unset, --add and --remove."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import is_item, parse_add, parse_item, parse_remove, parse_set, parse_unset
from patcher.documents import jsontext
from patcher.documents.lists import AddItem, RawText, RemoveItem
from patcher.documents.masks import Masks
from patcher.documents.pointers import item_to, path_to
from patcher.documents.steps import Assign, Unset
from patcher.documents.values import Tokens, strictly_equal
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import keys, values

FILES = {
    "q.sql": "SELECT 1\n",
    "c.yaml": "a: [1]\n",
    "c.json": '{"a": 1}',
    "bad.json": "{a: 1}",
    "flow.yaml": "{a: 1}",
}


def _set(text: str) -> Assign:
    return parse_set(text, FILES.__getitem__)


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

    assert (hint or "") in (caught.value.command_hint or "")
    assert "None" not in f"{caught.value.message} {caught.value.command_hint if hint else ''}"


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
        assert "do-not-print-me" not in f"{caught.value.message}{caught.value.command_hint}"


def test_the_other_options() -> None:
    """--unset takes a path; --add and --remove a path and a member as typed."""
    assert parse_unset("a.b") == Unset(("a", "b"))
    assert parse_unset("/a=b") == Unset(("a=b",))
    assert parse_add("l=x=1") == AddItem(("l",), RawText("x=1"))
    assert parse_remove('l={"a": 1}') == RemoveItem(("l",), RawText('{"a": 1}'))


@pytest.mark.parametrize(
    ("parse", "text", "said", "hint"),
    [
        (parse_unset, "a=b", "without a value", "--unset identifier"),
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
    assert hint in str(caught.value.command_hint)
    assert caught.value.path == ("/l" if ":" in text else None)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("a=x", Assign(("a",), "x", "x")),
        ("a:=1", Assign(("a",), 1)),
        ("a=@q.sql", Assign(("a",), "SELECT 1\n", "SELECT 1\n")),
        ("a:=@c.yaml", Assign(("a",), {"a": [1]})),
        ("a=@@x", Assign(("a",), "@x", "@x")),
        ("l+=x", AddItem(("l",), RawText("x"))),
        ("l-=x", RemoveItem(("l",), RawText("x"))),
        ("l+=@@x", AddItem(("l",), RawText("@@x"))),
        ("l-=@q.sql", RemoveItem(("l",), RawText("@q.sql"))),
        ("/o/l+=x=1", AddItem(("o", "l"), RawText("x=1"))),
        ("/o/l-=x", RemoveItem(("o", "l"), RawText("x"))),
        ("l.-=x", Assign(("l", "-"), "x", "x")),
        ("/l/-=x", Assign(("l", "-"), "x", "x")),
        ("l.-:=1", Assign(("l", "-"), 1)),
        (r"o.a\+=x", Assign(("o", "a+"), "x", "x")),
        (r"o.a\-=x", Assign(("o", "a-"), "x", "x")),
        (r"o.a\++=x", AddItem(("o", "a+"), RawText("x"))),
        (r"o.a\\-=x", RemoveItem(("o", "a\\"), RawText("x"))),
        (r"/o/a\+=x", Assign(("o", "a+"), "x", "x")),
        (r"/o/a\-:=1", Assign(("o", "a-"), 1)),
        (r"o.a\=b+=x", AddItem(("o", "a=b"), RawText("x"))),
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
    assert hint in str(caught.value.command_hint)
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
            assert step.item == RawText(text)


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


@pytest.mark.parametrize("name", ["nothing.sql", "-"])
def test_an_empty_file_is_no_text(name: str) -> None:
    """A command before a pipe that failed clears nothing; PATH= says empty."""
    with pytest.raises(InvalidPatchError, match="is empty") as refused:
        parse_set(f"configuration.query=@{name}", lambda _: "")

    assert refused.value.command_hint is not None
    assert refused.value.command_hint.endswith(" configuration.query=")
    assert refused.value.path == "/configuration/query"
    assert parse_set("configuration.query=", str).value == ""


KEY = st.text(alphabet="a0=:@.\\/~\"'-", min_size=1, max_size=4) | st.text(min_size=1, max_size=3)
# A key that begins with a slash needs a pointer, in which = and : cannot be escaped.
PLACE = (
    st.lists(KEY, min_size=1, max_size=3).map(tuple).filter(lambda one: not one[0].startswith("/"))
)
TEXT = st.text(alphabet="a=:@\\ \n{[") | st.text()


def _no_file(name: str) -> str:
    raise AssertionError(name)


@given(PLACE, TEXT)
def test_any_text_can_be_set_anywhere(place: Tokens, text: str) -> None:
    """Only a leading @ is doubled, and only signs within keys are escaped."""
    step = parse_set(f"{path_to(place)}={text.replace('@', '@@', text[:1] == '@')}", _no_file)

    assert step == Assign(place, text, text)


@given(PLACE, values)
def test_any_value_can_be_set_anywhere(place: Tokens, value: Any) -> None:
    """After :=, as JSON, with nothing escaped."""
    step = parse_set(f"{path_to(place)}:={jsontext.dump(value)}", _no_file)

    assert step.place == place
    assert strictly_equal(step.value, value)


@given(PLACE, TEXT.filter(bool), st.sampled_from(["f", "@f", "a b.json", "-"]))
def test_a_file_is_read_as_it_is(place: Tokens, text: str, name: str) -> None:
    """Its whole text is the value, and one sign at its name's beginning is only the mark."""
    asked: list[str] = []

    def read(file: str) -> str:
        asked.append(file)
        return text

    if name.startswith("@"):
        assert parse_set(f"{path_to(place)}=@{name}", _no_file) == Assign(place, name, name)
        return
    assert parse_set(f"{path_to(place)}=@{name}", read) == Assign(place, text, text)
    assert asked == [name]


@given(PLACE, TEXT)
def test_any_member_can_be_named_anywhere(place: Tokens, text: str) -> None:
    """As typed: there is no mark for files here, and JSON is recognized by the list."""
    assert parse_add(f"{path_to(place)}={text}") == AddItem(place, RawText(text))
    assert parse_remove(f"{path_to(place)}={text}") == RemoveItem(place, RawText(text))
    assert parse_unset(path_to(place)) == Unset(place)


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        (r"a\:=:=1", ("a:",), ":=1"),
        (r"a\:\=b=1", ("a:=b",), "1"),
        (r"a\\\\=x", ("a\\\\",), "x"),
        (r"a\\\:=x", ("a\\:",), "x"),
        (r"a=b\=c", ("a",), r"b\=c"),
        ("a= x", ("a",), " x"),
        ("a =x", ("a ",), "x"),
        ("a:= 1 ", ("a",), 1),
        ("a:b=x", ("a:b",), "x"),
        ("a=:=1", ("a",), ":=1"),
        ("/a\\:=1", ("a:",), "1"),
        ("/a\\\\:=1", ("a\\",), 1),
        ("/a~1b:=1", ("a/b",), 1),
        ("a/b=x", ("a/b",), "x"),
        ("@a=x", ("@a",), "x"),
    ],
)
def test_the_first_equals_sign_that_is_not_escaped_ends_the_path(
    text: str, place: Tokens, value: Any
) -> None:
    """A colon counts only just before it, and what follows is not looked into."""
    step = parse_set(text, _no_file)

    assert step.place == place
    assert strictly_equal(step.value, value)


@pytest.mark.parametrize("text", ["a:=@f.json", "a:=@f.yaml", "a:=@f"])
def test_a_file_that_cannot_be_parsed_is_named_and_not_shown(text: str) -> None:
    """The error has the file's name, and the line, and nothing that is in it."""
    with pytest.raises(InvalidPatchError) as caught:
        parse_set(text, lambda _: '{"do-not-print-me": do-not-print-me: ]')

    assert text[3:].removeprefix("@") in caught.value.message
    assert "(line 1, column" in caught.value.message
    assert "do-not-print-me" not in f"{caught.value.message} {caught.value.command_hint}"
