"""YAML made of everything that has ever been read in two ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import jsontext, yamltext
from patcher.documents.values import strictly_equal
from patcher.errors import InvalidPatchError, PatchError

NASTY = (
    *("no", "Yes", "ON", "null", "~", "1e3", "012", "0x1F", "0o7", ".5", "1_000", "12:30"),
    *("2025-01-01", ".nan", "-.inf", "=", "<<", "-", "--", "---", "...", "? ", "a: b", "a:"),
    *(":", ": ", " #", "#", "%", "@", "`", "&a", "*a", "!!str", "|", ">", "[", "{}", "'", '"'),
    *("\\", "\t", "a\tb", " a", "a ", "a\n ", "a\n\n", "\n", "\na", "  a\nb", "a\r\nb", "\r"),
    *("\x85", "a\u2028b", "\u202e", "\ufeff", "\ud800", "\U0001f600", "\x00", "\x7f", "\xa0"),
    *("a" * 250, "word " * 60, "SELECT a,\n\tb -- c: d\n  FROM t  \n\nWHERE x = '#'\n"),
)
texts = st.lists(st.sampled_from(NASTY), max_size=3).map("".join)
nested = st.recursive(
    texts | st.sampled_from([None, True, 1, -0.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
DIRECTIVES = ["%YAML 1.11\n", "%YAML a\n", "%YAML 9.2\n", "%TAG !e! x:\n", "%TAG !\n", "%X\n"]
MARKUP = st.lists(
    st.sampled_from([*NASTY, *"{}[],\n \t", "- ", "---\n", "!e!x", "!<x>", "!<", "|9", "\\\n"])
    | st.sampled_from([*DIRECTIVES, '"\\x', '"\\u12', "!%ff", "? a\n"]),
    max_size=12,
).map("".join)


def _parsed(text: str) -> Any:
    return yamltext.parse(text, what="the text")


@given(nested)
def test_no_text_is_too_nasty(value: Any) -> None:
    """As a value, a key or a member of a list, it is read again as it was written."""
    assert strictly_equal(_parsed(yamltext.dump(value)), value)


@given(nested)
def test_nothing_in_a_dump_is_out_of_sight(value: Any) -> None:
    """No control character but line ends and the tabs within blocks, and none that shows as air."""
    for line in yamltext.dump(value).split("\n"):
        assert line.lstrip("\t").replace("\t", "").isprintable()


@given(MARKUP)
def test_markup_of_any_kind_is_read_or_refused(text: str) -> None:
    """Nothing but our own error leaves the parser, and what does can be written as JSON too."""
    try:
        value = _parsed(text)
    except PatchError:
        return

    assert strictly_equal(jsontext.parse(jsontext.dump(value), what="the value"), value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("!!set {a, b}", "tags have no counterpart in JSON (line 1, column 1)"),
        ("a:\n  !!set\n  ? b", "tags have no counterpart in JSON (line 2, column 3)"),
        ("!!omap [a: 1]", "tags have no counterpart"),
        ("a: !!binary aGk=", "tags have no counterpart in JSON (line 1, column 4)"),
        ("a: &b\n  c: 1\nd: *b", "anchors and aliases have no counterpart in JSON (line 1"),
        ("a: {b: 1,\n c: 2, b: 3}", 'the key "b" occurs twice in one object (line 2, column 8)'),
        ('"a": 1\n"\\x61": 2', 'the key "a" occurs twice in one object (line 2, column 1)'),
        ("a: 1\n---\na: 1", "there is more than one document in it (line 2, column 1)"),
        ("12: 1", "a key is not a text (line 1, column 1)"),
        ("a: 1\n? \n: 2", "a key is not a text (line 2, column 2)"),
        ("%YAML 1.11\n---\na", "it cannot be read"),
        ("0x" + "f" * 5000, "a number cannot be held exactly and would be altered"),
        ("0o" + "7" * 6000, "a number cannot be held exactly and would be altered"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_place(text: str, reason: str) -> None:
    """Sets and other types, equal keys however spelt, and numbers beyond what can be written."""
    with pytest.raises(InvalidPatchError) as caught:
        _parsed(text)

    assert reason in caught.value.message


def test_numbers_of_other_bases_are_exact() -> None:
    """They may be as long as an integer in decimal may be."""
    assert _parsed("0x" + "f" * 3000) == 16**3000 - 1


def test_a_query_of_many_lines_is_a_block() -> None:
    """Where it can be read as it is, nothing in it is escaped, in lists and objects alike."""
    query = "SELECT '# no', \"x\": y\n\tFROM t -- %\n\n WHERE a = '" + "x" * 300 + "'\n"
    block = ["|", *query.splitlines()]

    written = yamltext.dump({"q": query, "l": [query]}).splitlines()

    assert written[0] == "q: |"
    assert [line.removeprefix("  ") for line in written[1:5]] == block[1:]
    assert written[5:7] == ["l:", "  - |"]
