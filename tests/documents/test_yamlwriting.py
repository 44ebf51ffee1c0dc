"""YAML's many spellings of one value, and where in a text each value stands."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given

from patcher.documents import yamltext
from patcher.documents.values import MAX_DEPTH, Tokens, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.strategies import documents


def _parsed(text: str) -> Any:
    return yamltext.parse(text, what="the text")


@pytest.mark.parametrize(
    ("spellings", "value"),
    [
        (("null", "Null", "NULL", "~", ""), None),
        (("true", "True", "TRUE"), True),
        (("false", "False", "FALSE"), False),
        (("1e3", "1E3", "1e+3", "1E+3", "+1000.", "1000.0"), 1000.0),
        (("-1e-3", "-1E-3", "-.001", "-0.001"), -0.001),
        (("31", "+31", "0x1F", "0x1f", "0o37", "031"), 31),
    ],
)
def test_a_value_has_all_the_spellings_of_the_core_schema(
    spellings: tuple[str, ...], value: Any
) -> None:
    """YAML 1.2.2, section 10.3.2, as a value and as the member of a list."""
    for text in spellings:
        assert strictly_equal(_parsed(f"a: {text}"), {"a": value})
        assert strictly_equal(_parsed(f"- {text}\n- 1"), [value, 1])


@pytest.mark.parametrize(
    "text",
    [
        *("nULL", "NuLL", "tRUE", "TrUE", "fALSE", "FaLSE", "1e", "e3", "0X1F", "0O17", "0x"),
        *("0o8", "--1", "+-1", ".", "1.e", ".INf", ".nAN", "inf", "nan", "Infinity", "+.nan"),
        "-.nan",
    ],
)
def test_what_is_nearly_one_is_a_text(text: str) -> None:
    """No spelling is made up: the core schema has these and no other."""
    assert _parsed(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    "word",
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"],
)
def test_a_text_that_some_reader_takes_for_something_else_is_in_quotes(word: str) -> None:
    """Readers of YAML 1.1 have more words than those of 1.2, in any case."""
    for text in (word, word.upper(), word.capitalize()):
        assert yamltext.dump({"a": text, text: 1}) == f'a: "{text}"\n"{text}": 1\n'


def test_a_uuid_needs_no_quotes() -> None:
    """Whatever its first digit, in either case; what is nearly one does."""
    for text in ("248df4b7-aa70-47b8-a036-33ac447e668d", "1E5DAAAA-AA70-47B8-A036-33AC447E668D"):
        assert yamltext.dump(text) == f"{text}\n"
        assert yamltext.dump(text + "0") == f'"{text}0"\n'


def test_a_key_of_a_thousand_characters_stands_before_its_colon() -> None:
    """A longer one is marked, as YAML asks for beyond 1024."""
    assert yamltext.dump({"k" * 1000: 1}) == f"{'k' * 1000}: 1\n"
    assert yamltext.dump({"k" * 1001: 1}) == f"? {'k' * 1001}\n: 1\n"


def test_a_number_that_json_cannot_say_is_not_written() -> None:
    """Neither as a value nor within one."""
    for value in (math.nan, [math.inf], {"a": -math.inf}):
        with pytest.raises(ValueError, match="not JSON compliant"):
            yamltext.dump(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]: b", "a key is not a text (line 1, column 1)."),
        ("? {a: 1}\n: b", "a key is not a text (line 1, column 3)."),
        ("a: 1e400", "would be altered (line 1, column 4)."),
        ("a: 0x" + "f" * 5000, "would be altered (line 1, column 4)."),
        ("%YAML 1.1\n---\nno", "other than %YAML 1.2 (line 1, column 1)."),
        ("[" * (MAX_DEPTH + 1), f"levels deep (line 1, column {MAX_DEPTH + 1})."),
        ("", "the text is not valid YAML: there is nothing in it."),
        ('"\\UFFFFFFFF"', "the text is not valid YAML: it cannot be read."),
    ],
)
def test_a_fault_has_its_place_where_it_has_one(text: str, reason: str) -> None:
    """Line and column of what is wrong, from 1; an empty text has none."""
    with pytest.raises(InvalidPatchError) as caught:
        _parsed(text)

    assert caught.value.message.endswith(reason)


def test_two_escapes_of_one_character_are_joined_beside_one_of_half() -> None:
    """A lone surrogate stays what it is."""
    assert _parsed('"\\ud83d\\ude00\\ud800"') == "\U0001f600\ud800"


@pytest.mark.parametrize(
    "text",
    [".inf", ".Inf", ".INF", "+.inf", "-.inf", "+.Inf", "-.INF", ".nan", ".NaN", ".NAN"],
)
def test_what_json_has_no_number_for_is_refused(text: str) -> None:
    """In each of its spellings, with what to write in its place."""
    with pytest.raises(InvalidPatchError) as caught:
        _parsed(f"a: {text}")

    assert f"{text} is not a JSON number" in caught.value.message
    assert "quotes" in str(caught.value.command_hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("1: a", "quotes"), ("a: 1e400", "fewer digits"), ("a: 1\n---\nb", None), ("a: &x 1", None)],
)
def test_the_way_out_is_shown_where_there_is_one(text: str, hint: str | None) -> None:
    """A key or a number can be written as a text; an anchor cannot be written at all."""
    with pytest.raises(InvalidPatchError) as caught:
        _parsed(text)

    assert (caught.value.command_hint is None) == (hint is None)
    assert (hint or "") in str(caught.value.command_hint)


@pytest.mark.parametrize("read", [yamltext.parse, yamltext.parse_json_or_yaml])
@pytest.mark.parametrize("text", [b"a: \xff", b"[\xff"])
def test_bytes_of_another_encoding_are_called_by_name(read: Any, text: bytes) -> None:
    """The message says which text it is, and the hint what to do."""
    with pytest.raises(InvalidPatchError) as caught:
        read(text, what="the file")

    assert caught.value.message.startswith("the file is not UTF-8 text")
    assert "UTF-8" in str(caught.value.command_hint)


@pytest.mark.parametrize(
    ("text", "filename", "is_json"),
    [
        ("[1,", None, True),
        ("\n {a", None, True),
        ("a: [", None, False),
        ("{a", "x.json.yaml", False),
        ("a: [", "x.yaml.json", True),
        ("[1,", "json", True),
        ("[1,", "x.JSON", True),
        ("{a", "x.Yml", False),
    ],
)
def test_the_last_part_of_the_name_or_the_first_sign_decides(
    text: str, filename: str | None, *, is_json: bool
) -> None:
    """What the text is taken for shows in what is wrong with it."""
    with pytest.raises(InvalidPatchError) as caught:
        yamltext.parse_json_or_yaml(text, what="it", filename=filename)

    assert f"it is not valid {'JSON' if is_json else 'YAML'}" in caught.value.message


TEXT = """\
# above
name: a
"b\\ud83d\\ude00": [x,
  y, {k: 1,
    l: [2]}]
deep:
  - p: 1
    q:
      r: |
        one
        two
  -
    - z
"last": {}
"""

LINES: dict[Tokens, int] = {
    ("name",): 2,
    ("b\U0001f600",): 3,
    ("b\U0001f600", "0"): 3,
    ("b\U0001f600", "1"): 4,
    ("b\U0001f600", "2"): 4,
    ("b\U0001f600", "2", "k"): 4,
    ("b\U0001f600", "2", "l"): 5,
    ("b\U0001f600", "2", "l", "0"): 5,
    ("deep",): 6,
    ("deep", "0"): 7,
    ("deep", "0", "p"): 7,
    ("deep", "0", "q"): 8,
    ("deep", "0", "q", "r"): 9,
    ("deep", "1"): 13,
    ("deep", "1", "0"): 13,
    ("last",): 14,
}


def test_every_place_has_its_line() -> None:
    """Keys and members, in blocks and in flow, below comments and texts of several lines."""
    assert yamltext.lines(TEXT) == LINES


@given(documents)
def test_the_lines_of_a_document_are_those_of_its_places(document: Any) -> None:
    """Every place of it has a line, none has another, and what comes later is not above."""
    found = yamltext.lines(yamltext.dump(document))

    assert list(found) == list(_places(document, ()))
    assert list(found.values()) == sorted(found.values())


def _places(value: Any, at: Tokens) -> list[Tokens]:
    members: Any = ()
    if type(value) is dict:
        members = value.items()
    elif type(value) is list:
        members = enumerate(value)
    found: list[Tokens] = []
    for key, member in members:
        found += [(*at, str(key)), *_places(member, (*at, str(key)))]
    return found


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "", "a: &x 1", "a: .nan"])
def test_a_text_that_is_not_taken_has_no_lines(text: str) -> None:
    """Where the document cannot be told, no place of it can."""
    assert yamltext.lines(text) == {}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a1", "a1"),
        ("_x", "_x"),
        ("/x", "/x"),
        ("MAX X", "MAX X"),
        ("1a", '"1a"'),
        ("-x", '"-x"'),
        ("\x7f", '"\\x7f"'),
        ("\uffff", '"\\uffff"'),
        ("\U000e0001", '"\\U000e0001"'),
        ('"\\', '"\\"\\\\"'),
    ],
)
def test_a_text_has_quotes_and_escapes_only_where_it_needs_them(text: str, written: str) -> None:
    """A letter, an underscore or a slash begins a plain one."""
    assert yamltext.dump(text) == f"{written}\n"


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("\n  a\nb\n", "|2\n\n    a\n  b"),
        ("\n\n\ta", "|2-\n\n\n  \ta"),
        ("\na\n  b\n\n", "|+\n\n  a\n    b\n"),
    ],
)
def test_a_block_says_its_indentation_where_its_first_text_has_blanks(
    text: str, block: str
) -> None:
    """Also below empty lines, where a reader would take these blanks for its indentation."""
    assert yamltext.dump({"a": text}) == f"a: {block}\n"


@pytest.mark.parametrize("text", ["X\x07", '"X"\x07', "\\X\x07", "X\U000e0001", "X\ud800", "X\x7f"])
def test_only_what_needs_it_is_escaped(text: str) -> None:
    """A letter beside a control character, a quote or a backslash stays that letter."""
    assert _parsed(yamltext.dump({"a": text})) == {"a": text}
