"""YAML text that says what JSON can say."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patcher.documents import jsontext, yamltext
from patcher.documents.values import MAX_DEPTH, strictly_equal
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, nested, values

TRICKY = st.text(
    alphabet=st.sampled_from(list(" \t\n\rab0:#-|>?'\"\\é\x85\u2028\ud800~%@`")), max_size=10
)
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""What moves a cursor, turns a text around, or is a line break to some reader of YAML."""
MARKUP = st.text(
    alphabet=st.sampled_from(list("{}[]:,\"'\\ \n\t-?#&*!|>%@`01.eaxuU~<=+\x00\ufeff"))
)


def _parsed(text: str | bytes) -> Any:
    return yamltext.parse(text, what="the text")


def _refusal(text: str | bytes) -> InvalidPatchError:
    with pytest.raises(InvalidPatchError) as caught:
        _parsed(text)
    return caught.value


@given(
    values
    | documents
    | TRICKY
    | st.lists(TRICKY, max_size=3)
    | st.dictionaries(TRICKY, TRICKY | st.lists(TRICKY, max_size=2), max_size=3)
)
def test_what_is_dumped_is_parsed_again(value: Any) -> None:
    """Every JSON value survives, whatever its texts look like, and every line is safe to show."""
    text = yamltext.dump(value)

    assert strictly_equal(_parsed(text), value)
    assert not UNSAFE.search(text)


@given(MARKUP | st.text())
def test_any_text_at_all_is_parsed_or_refused(text: str) -> None:
    """Nothing but our own error leaves the parser."""
    try:
        value = _parsed(text)
    except PatchError:
        return
    assert strictly_equal(_parsed(yamltext.dump(value)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2025-01-01", "2025-01-01"),
        ("2025-01-01T10:00:00Z", "2025-01-01T10:00:00Z"),
        ("12:30", "12:30"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("=", "="),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("+1", 1),
        ("-0", -0.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("~", None),
        ("Null", None),
        ("TRUE", True),
        ("'012'", "012"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\ud800"', "\ud800"),
        ("a:\n", {"a": None}),
        ("'<<': 1", {"<<": 1}),
        ("%YAML 1.2\n---\na", "a"),
        ("\ufeffa: 1", {"a": 1}),
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("a: |\n  x\n   y\nb: >-\n  x\n  y\n", {"a": "x\n y\n", "b": "x y"}),
    ],
)
def test_plain_scalars_mean_what_the_core_schema_says(text: str, value: Any) -> None:
    """YAML 1.2.2, section 10.3: no dates, no times, no octal by accident, no Norway."""
    assert strictly_equal(_parsed(text), value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\na: 2", 'the key "a" occurs twice in one object (line 2, column 1)'),
        ("{a: 1, 'a': 2}", 'the key "a" occurs twice in one object (line 1, column 8)'),
        ("a: &x 1", "anchors and aliases have no counterpart in JSON (line 1, column 4)"),
        ("*x", "anchors and aliases"),
        ("a: !!str 1", "tags have no counterpart in JSON (line 1, column 4)"),
        ("! a", "tags have no counterpart"),
        ("!!map {}", "tags have no counterpart"),
        ("a: {}\n<<: {b: 1}", "merge keys (<<) have no counterpart in JSON (line 2, column 1)"),
        ("1: a", "a key is not a text (line 1, column 1)"),
        ("[a]: b", "a key is not a text"),
        ("? [a", "a key is not a text (line 1, column 3)"),
        ("? ? - y", "a key is not a text (line 1, column 3)"),
        ("a: \x85", "the character U+0085 (NEL) must be escaped (line 1, column 4)"),
        ("a: \u2028", "U+2028 (LINE SEPARATOR) must be escaped (line 1, column 4)"),
        ("a: \u2029", "U+2029 (PARAGRAPH SEPARATOR) must be escaped (line 1, column 4)"),
        ("a: \r b", "U+000D (a carriage return without a line feed) must be escaped"),
        ("a: '\ufeff'", "U+FEFF (a byte order mark within the text) must be escaped"),
        ("? {a: 1}\n: b", "a key is not a text"),
        ("true: b", "a key is not a text"),
        ("a: .nan", ".nan is not a JSON number (line 1, column 4)"),
        ("-.INF", "-.INF is not a JSON number"),
        ("a: 1e400", "cannot be held exactly"),
        ("9" * 5000, "cannot be held exactly"),
        ("0.1000000000000000055511151231257827", "cannot be held exactly"),
        ("a\n---\nb", "there is more than one document in it (line 2, column 1)"),
        ("%YAML 1.1\n---\nno", "a directive other than %YAML 1.2 (line 1, column 1)"),
        ("# c\n%YAML 1.1\n---\nno", "a directive other than %YAML 1.2 (line 2, column 1)"),
        ("a: 1\n\tb: 2", "(line 2, column 1)"),
        ("a: b: c", "mapping values are not allowed here (line 1, column 5)"),
        ("a: [1", "(line 1, column"),
        ("a: \x07", "the character U+0007 must be escaped (line 1, column 4)"),
        ("'\ud800'", "the character U+D800 must be escaped"),
        ('"\\UFFFFFFFF"', "it cannot be read"),
        ("", "there is nothing in it"),
        ("# a comment\n", "there is nothing in it"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_place(text: str, reason: str) -> None:
    """The message says what is wrong, and where."""
    assert reason in _refusal(text).message


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029", "\ufeff", "\r", "\x7f", "\x9b"])
def test_a_character_that_readers_disagree_on_must_be_escaped(character: str) -> None:
    """A line break to one reader is a letter or nothing to another: refused, with its place."""
    point = ord(character)
    for lead, end in (('"', '"'), ("'", "'"), ("", ""), ("|\n    ", "\n"), ("1 # ", "")):
        refusal = _refusal(f"a: 1\nb: {lead}Orders{character}EU{end}")
        line, column = (3, 11) if "\n" in lead else (2, 10 + len(lead))
        assert f"U+{point:04X}" in refusal.message
        assert f"(line {line}, column {column})" in refusal.message

    assert _parsed(f'"Orders\\u{point:04x}EU"') == f"Orders{character}EU"
    assert _parsed(yamltext.dump({"a": f"Orders{character}EU\n"})) == {
        "a": f"Orders{character}EU\n"
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # A dash or colon before a letter is part of a text, and so is "?" outside of brackets.
        ("[-y, :z, a:b, http://host/?q#f]", ["-y", ":z", "a:b", "http://host/?q#f"]),
        ("?q: 1\n:r: 2\n-s: 3\nt?: 4\nu#v: 5", {"?q": 1, ":r": 2, "-s": 3, "t?": 4, "u#v": 5}),
        # A colon after quotes ends a key.
        ("{'a':1, \"b\":[2], \"c\" :d}", {"a": 1, "b": [2], "c": "d"}),
        ("[a: b, {e: f}]", [{"a": "b"}, {"e": "f"}]),
        ("{? a : b, ? c}", {"a": "b", "c": None}),
        # Lines of blanks are lines of the text as far as they reach beyond its indentation.
        ("a: |\n  x\n   \nb: 1", {"a": "x\n \n", "b": 1}),
        ("a: |+\n  x\n \n\nb: |-\n  y\n\n", {"a": "x\n\n\n", "b": "y"}),
        ("- |1\n  x\n- >2-\n   y\n", [" x\n", " y"]),
        ("a: |-\n  x", {"a": "x"}),
        ("a: |2-\n   x", {"a": " x"}),
        ("a: |\n  \n\n  b\n", {"a": "\n\nb\n"}),
        ("# c\n|", ""),
        (">\n  a\n  b\n\n   more\n   lines\n\n  end\n", "a b\n\n more\n lines\n\nend\n"),
        ("a: |\n  # text\n # comment\nb: 1", {"a": "# text\n", "b": 1}),
        # Quotes over several lines.
        ('a: "b\n  c\n\n  d\\\n  e \\\n   f\\n\\\n  \\  g"', {"a": "b c\nde f\n  g"}),
        ("'it''s\n\n one'", "it's\none"),
        ('"a\n%b"', "a %b"),
        # Lists may be indented as their key is.
        ("a:\n- b\n-\n  c\n- - d\n  - e: 1\n    f: 2", {"a": ["b", "c", ["d", {"e": 1, "f": 2}]]}),
        ("a:\n- b\nc: d", {"a": ["b"], "c": "d"}),
        ("? a\n: - b\n  - c\n? >\n  d\n: e", {"a": ["b", "c"], "d\n": "e"}),
        ("## a #b ?c\nd", "d"),
        ("--- # begins\na\n b # ends\n...\n# after", "a b"),
        ("---\n", None),
    ],
)  # fmt: skip
def test_a_text_is_read_as_yaml_1_2_says(text: str, value: Any) -> None:
    """What is often taken for something else: signs before letters, blanks, breaks, indentation."""
    assert strictly_equal(_parsed(text), value)
    assert strictly_equal(_parsed(text.replace("\n", "\r\n")), value)


@pytest.mark.parametrize(
    "text",
    [
        "a: [b,\nc]",  # not indented more than the key
        "a: {b: c\n}",
        'a: "b\nc"',
        'a: "b\n\tc"',
        "- [\n\tb, c]",
        "[a, b]#c",  # a comment without a space before it
        "[a, b]# c",
        "[a,#b\n]",
        'a: "b"#c',
        "a: |#b\n  c\n",
        "[-]",  # a sign alone is no text
        "[-, a]",
        "a: |\n\t\nb: 1",  # a tab as indentation
        "a:\n\tb: 1",
        "-\t- a",
        "a: |\n    \n  b\n",  # an empty line decides the indentation
        "a: |\n  b",  # no line break at the end of all
        "a: |\n  b\n   ",
        "a: | #-\n  b",
        "|\n- b",
        "a: >+\n  b\n ",
        "a: - b",  # a list or an object behind a key
        "--- a: b",
        "a: b\n c: d",
        "a: 'b'\n c",
        "a:\n  b: c\n d: e",
        "- a\n b\n- c\nd",
        "'a\n b': c",  # a key of two lines
        "[a\n b: c]",
        "{a:[b]}",
        "[a, , b]",
        "{a b\n c]",
        "['a' 'b']",
        '"a\n--- b"',  # the end of the document within a value
        "[a,\n... ]",
        "a: 'b",
        '"\\y"',
        "a: @b",
        "a: %b",
        "%YAML 1.2\na",
        "%YAML 1.2\n%YAML 1.2\n---\na",
        "%TAG ! x\n---\na",
        "a\n... b",
        "a\n...\nb",
        "k" * 1025 + ": a",
        "{: a}",
        ": a",
        # Valid, and read as something else by some readers, ours among them.
        "a:\t1",
        "{ ?key: v }",
        "[?x]",
        "{a:, b}",
        "{a\n: b}",
        "|\n \n  \n  x\n",
        "a: |\n  x\n ",
        "- |+\n   ",
        "%FOO bar\n---\na",
        "-\n|\n",
        "k:\n>-\n\n a",
        "|\n\n \n\n#:",
        ">-\n---\n>-\na\n",
    ],
)
def test_what_readers_of_yaml_disagree_on_is_refused(text: str) -> None:
    """What YAML 1.2 does not allow, and what its readers take for different things."""
    message = _refusal(text).message

    assert re.search(r"\(line \d+, column \d+\)|in a block scalar", message)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [b,\n  c,\nd]", "a line that is not indented enough (line 3, column 1)."),
        ("a: 'b\n  c\nd'", "a line that is not indented enough (line 3, column 1)."),
        ("- a\n- [b]#c", "a comment without a space before it (line 2, column 6)."),
        ("- a\n- {?b}", 'a "?" without a space after it (line 2, column 4).'),
        (">\n\n---\n", "a document marker within a text (line 3, column 1)."),
        ("- a\n- [b, -]", '"-" in brackets (line 2, column 7).'),
        ("- a\n- {b:, c}", '":" in brackets (line 2, column 5).'),
        ("k:\n|\n", "a block that is not indented (line 2, column 1)."),
        ("a: b\nc: |\n   \n  d\n", "begins with a longer line of blanks (line 2, column 4)."),
        ("a: b\nc: |\n  d", "a block without a line break at its end (line 2, column 4)."),
        # What the reader underneath says, but for what it quotes of the text.
        ("a\n ::", "mapping values are not allowed here (line 2, column 3)."),
        ("a: @b", "found character '@' that cannot start any token (line 1, column 4)."),
        ("a: [1", "expected ',' or ']', but got '<stream end>' (line 1, column 6)."),
        ("a: !ab!c", "found undefined tag handle ... (line 1, column 4)."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, reason: str) -> None:
    """The line and the column are those of the sign, the block or the line that is wrong."""
    assert _refusal(text).message.endswith(reason)


@given(
    st.text(alphabet=list(" \t\n\r\xa0\u3000ab:#-'\"\\é\u4e2d\U0001f600\U0001fae9\u200d\u202e\x07"))
)
def test_a_text_of_lines_is_a_block_whenever_one_can_hold_it(text: str) -> None:
    """Else it is in quotes, broken after each of its line breaks; it comes back exactly."""
    written = yamltext.dump({"k": [text], "l": text})

    assert strictly_equal(_parsed(written), {"k": [text], "l": text})
    assert strictly_equal(_parsed(written.replace("\n", "\r\n")), {"k": [text], "l": text})
    if text.strip() and "\n" in text and not re.search("[\r\x07\u202e]", text):
        assert re.search(r"^  - \|", written, re.MULTILINE)
        assert re.search(r"^l: \|", written, re.MULTILINE)
    elif "\n" in text.strip():
        lines = text.removesuffix("\n").count("\n") + 1
        assert written.count("\n") == 1 + 2 * (1 + lines)


def test_text_of_other_systems_is_readable() -> None:
    """CRLF is in quotes, line by line; NBSP, wide characters and recent emoji are in a block."""
    value = {
        "crlf": "SELECT a\r\n  FROM b\r\n\tWHERE c\r\n",
        "nbsp": "SELECT\xa0a\nFROM\u3000b -- \U0001fae9 \U0001f469\u200d\U0001f4bb\n",
        "emoji": "\U0001fae9",
        "blanks": "  a\n  ",
    }

    assert yamltext.dump(value) == (
        """\
crlf: "\\
  SELECT a\\r\\n\\
  \\  FROM b\\r\\n\\
  \\tWHERE c\\r\\n"
nbsp: |
  SELECT\xa0a
  FROM\u3000b -- \U0001fae9 \U0001f469\u200d\U0001f4bb
emoji: "\U0001fae9"
blanks: |2-
    a
    \n"""
    )


def test_bytes_are_utf_8() -> None:
    """As in JSON, a byte order mark is skipped, and other encodings are refused."""
    assert _parsed("\ufeffa: é".encode()) == {"a": "é"}
    assert "UTF-8" in _refusal("a: é".encode("latin-1")).message


@pytest.mark.parametrize("opener", ["[", "{a: ", "- "])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 1000])
def test_deep_nesting_is_refused_and_never_overflows(opener: str, levels: int) -> None:
    """The text is taken event by event, so that nothing recurses."""
    assert "nested more than 200 levels" in _refusal(opener * levels).message


@pytest.mark.parametrize("by", ["object", "list", "both"])
def test_nesting_up_to_the_limit_is_written_and_read(by: str) -> None:
    """The limit itself is allowed."""
    value = nested(MAX_DEPTH, "x", by=by)

    assert strictly_equal(_parsed(yamltext.dump(value)), value)


def test_a_document_is_readable() -> None:
    """Order is kept, lines stand as lines, and only what needs quotes has them."""
    value = {
        "name": "All customers",
        "id": "1c5e1e5a-0000-1111-2222-333344445555",
        "configuration": {
            "query": "SELECT *\n  FROM \tcustomers  \n\nWHERE id = 1\n",
            "note": "one\ntwo",
            "indented": "  one\ntwo\n\n",
            "path": "/data/x.csv",
        },
        "fields": ["id", "no", "012", "1e3", "2025-01-01", "", "~", "a: b", "a #b", "ends "],
        "relations": [{"from": "a", "to": [[1, -0.0], {}]}, []],
        "größe": True,
        "y": None,
        "bell": "\x07\u202e",
    }

    assert yamltext.dump(value) == (
        """\
name: All customers
id: 1c5e1e5a-0000-1111-2222-333344445555
configuration:
  query: |
    SELECT *
      FROM \tcustomers  \n
    WHERE id = 1
  note: |-
    one
    two
  indented: |2+
      one
    two

  path: /data/x.csv
fields:
  - id
  - "no"
  - "012"
  - "1e3"
  - "2025-01-01"
  - ""
  - "~"
  - "a: b"
  - "a #b"
  - "ends "
relations:
  - from: a
    to:
      - - 1
        - -0.0
      - {}
  - []
größe: true
"y": null
bell: "\\u0007\\u202e"
"""
    )


def test_long_texts_and_keys_are_not_folded() -> None:
    """A line may be as long as its text; a key beyond 1024 characters is marked as one."""
    value = {"k" * 2000: {"a": "word " * 1000 + "end"}, "l": [{"k" * 2000: ["x"]}]}
    text = yamltext.dump(value)

    assert strictly_equal(_parsed(text), value)
    assert max(map(len, text.split("\n"))) > 5000


@pytest.mark.parametrize(
    ("text", "filename", "value"),
    [
        ('{"a": 1}', None, {"a": 1}),
        (" \n[1]", None, [1]),
        ("a: 1", None, {"a": 1}),
        ("{a: 1}", "x.yaml", {"a": 1}),
        ("{a: 1}", "dir/X.YML", {"a": 1}),
        ("1", "x.json", 1),
        ("a: 1", "notes", {"a": 1}),
        ("\ufeff{}", None, {}),
    ],
)
def test_files_are_json_or_yaml(text: str, filename: str | None, value: Any) -> None:
    """The name decides where it says something, else the beginning of the text."""
    parsed = yamltext.parse_json_or_yaml(text, what="the text", filename=filename)

    assert strictly_equal(parsed, value)


@pytest.mark.parametrize(
    ("text", "filename", "said"),
    [
        ("{a: 1}", None, "is not valid JSON"),
        ('{"a": NaN}', None, "is not valid JSON"),
        ("a: 1", "x.json", "is not valid JSON"),
        ('{"a": 1, "a": 2}', "x.yaml", "is not valid YAML"),
    ],
)
def test_a_text_is_never_read_a_second_way(text: str, filename: str | None, said: str) -> None:
    """YAML would take broken JSON for texts: NaN would become "NaN"."""
    with pytest.raises(InvalidPatchError, match=said):
        yamltext.parse_json_or_yaml(text, what="the text", filename=filename)


@pytest.mark.parametrize(
    "text", ["a: !hunter2!x y", "%TAG !hunter2! x:\n%TAG !hunter2! y:\n--- a", "a: [hunter2\nb: }"]
)
def test_an_error_quotes_nothing_of_the_text(text: str) -> None:
    """What the reader underneath quotes may be a password; its own words and a character stay."""
    with pytest.raises(InvalidPatchError) as caught:
        yamltext.parse(text, what="the text")

    assert "hunter2" not in caught.value.message
    assert "line" in caught.value.message


NASTY = (
    *("no", "Yes", "ON", "null", "~", "1e3", "012", "0x1F", "0o7", ".5", "1_000", "12:30"),
    *("2025-01-01", ".nan", "-.inf", "=", "<<", "-", "--", "---", "...", "? ", "a: b", "a:"),
    *(":", ": ", " #", "#", "%", "@", "`", "&a", "*a", "!!str", "|", ">", "[", "{}", "'", '"'),
    *("\\", "\t", "a\tb", " a", "a ", "a\n ", "a\n\n", "\n", "\na", "  a\nb", "a\r\nb", "\r"),
    *("\x85", "a\u2028b", "\u202e", "\ufeff", "\ud800", "\U0001f600", "\x00", "\x7f", "\xa0"),
    *("a" * 250, "word " * 60, "SELECT a,\n\tb -- c: d\n  FROM t  \n\nWHERE x = '#'\n"),
)
texts = st.lists(st.sampled_from(NASTY), max_size=3).map("".join)
awkward = st.recursive(
    texts | st.sampled_from([None, True, 1, -0.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
DIRECTIVES = ["%YAML 1.11\n", "%YAML a\n", "%YAML 9.2\n", "%TAG !e! x:\n", "%TAG !\n", "%X\n"]
TAGGED = st.lists(
    st.sampled_from([*NASTY, *"{}[],\n \t", "- ", "---\n", "!e!x", "!<x>", "!<", "|9", "\\\n"])
    | st.sampled_from([*DIRECTIVES, '"\\x', '"\\u12', "!%ff", "? a\n"]),
    max_size=12,
).map("".join)


@given(awkward)
def test_no_text_is_too_nasty(value: Any) -> None:
    """As a value, a key or a member of a list, it is read again as it was written."""
    assert strictly_equal(_parsed(yamltext.dump(value)), value)


@given(awkward)
@example("a\n \xa0")
def test_nothing_in_a_dump_is_out_of_sight(value: Any) -> None:
    """No control character but line ends; within blocks tabs, and blanks of other widths."""
    for line in yamltext.dump(value).split("\n"):
        held = [one for one in line if one != "\t" and unicodedata.category(one) != "Zs"]
        assert "".join(held).isprintable()


@given(TAGGED)
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
    query = "SELECT '# no', \"X\": y\n\tFROM t -- %\n\n WHERE a = '" + "x" * 300 + "'\n"
    block = ["|", *query.splitlines()]

    written = yamltext.dump({"q": query, "l": [query]}).splitlines()

    assert written[0] == "q: |"
    assert [line.removeprefix("  ") for line in written[1:5]] == block[1:]
    assert written[5:7] == ["l:", "  - |"]


COMMENTED = "name: N\nconfiguration:\n  b:\n  - 1\n  - c: 2\nfields: [id]\n"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/name", 1),
        ("/configuration", 2),
        ("/configuration/b/1/c", 5),
        ("/configuration/b/7/c", 3),
        ("/configuration/nowhere/at/all", 2),
        ("/fields/0", 6),
        ("/nowhere", None),
        ("", None),
        (None, None),
    ],
)
def test_a_place_has_its_line_or_that_of_the_nearest_above(
    path: str | None, line: int | None
) -> None:
    """Counted from one; what is nowhere has none."""
    assert yamltext.line_of(path, COMMENTED) == line


def test_comments_go_above_the_line_of_their_place() -> None:
    """Several in their order; those of a place that is nowhere at the top."""
    notes = [
        (("configuration", "b", "1", "c"), ["# one", "# two"]),
        (("configuration", "b", "1"), ["# three"]),
        (("nowhere",), ["# top"]),
    ]

    assert yamltext.annotated(COMMENTED, notes) == (
        "# top\nname: N\nconfiguration:\n  b:\n  - 1\n"
        "# one\n# two\n# three\n  - c: 2\nfields: [id]\n"
    )
    assert yamltext.annotated("no: [yaml", []) == "no: [yaml"
