"""The notation of the command line says any place and any value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.cli.items import parse_add, parse_remove, parse_set, parse_unset
from patcher.documents import jsontext
from patcher.documents.lists import AddMember, RawText, RemoveMember
from patcher.documents.pointers import path_to
from patcher.documents.set_unset import Assign, Unset
from patcher.documents.values import Tokens, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.strategies import values

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
    assert parse_add(f"{path_to(place)}={text}") == AddMember(place, RawText(text))
    assert parse_remove(f"{path_to(place)}={text}") == RemoveMember(place, RawText(text))
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
    assert "do-not-print-me" not in f"{caught.value.message} {caught.value.hint}"
