"""JSON text, read strictly and written."""

from __future__ import annotations

import json
import math
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import jsontext
from patcher.documents.jsontext import dump, dump_pretty, parse
from patcher.documents.values import MAX_DEPTH, checked, strictly_equal
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents, values

FRAGMENTS = st.sampled_from('{}[]:," \n\t\\1é\x00\ufeff') | st.sampled_from(
    ('"a"', '"a":', '":', "\\u", "\\ud800", "true", "-0", "1e400", "0.1", "NaN", "9" * 5000)
)


def _parsed(text: str | bytes) -> Any:
    return jsontext.parse(text, what="the text")


def _refusal(text: str | bytes) -> InvalidPatchError:
    with pytest.raises(InvalidPatchError) as caught:
        _parsed(text)
    assert caught.value.message.startswith("the text is not ")
    return caught.value


@given(values | documents)
def test_what_is_dumped_is_parsed_again(value: Any) -> None:
    """Both forms of the text, and their bytes, say strictly the same value."""
    for text in (jsontext.dump(value), jsontext.dump_pretty(value)):
        assert text.isascii()
        assert strictly_equal(_parsed(text), value)
        assert strictly_equal(_parsed(text.encode("utf-8")), value)


def test_each_way_of_writing_has_one_text() -> None:
    """Digests are made of the canonical one, so that it stays what it is in every version."""
    value = {"b": [1, {"é": None}], "a": "\n"}

    assert jsontext.dump(value) == '{"b":[1,{"\\u00e9":null}],"a":"\\n"}'
    assert jsontext.canonical(value) == '{"a":"\\n","b":[1,{"\\u00e9":null}]}'
    assert jsontext.dump_pretty({"b": [1], "a": {}}) == '{\n  "b": [\n    1\n  ],\n  "a": {}\n}'


@pytest.mark.parametrize("write", [jsontext.dump, jsontext.canonical, jsontext.dump_pretty])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_json_is_not_written(write: Any, number: float) -> None:
    """A number that JSON cannot say never gets into a text of ours."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        write([number])


@given(st.lists(FRAGMENTS, max_size=14).map("".join) | st.text() | st.binary(max_size=20))
def test_any_text_at_all_is_parsed_or_refused(text: str | bytes) -> None:
    """Nothing but our own error leaves the parser, and a value that does is a JSON value."""
    try:
        value = _parsed(text)
    except PatchError:
        return
    assert strictly_equal(_parsed(jsontext.dump(value)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", 1.0),
        ("1", 1),
        ("-0", -0.0),
        ("-0.0", -0.0),
        ("0", 0),
        ("1.10", 1.1),
        ("1E2", 100.0),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('"\\ud800"', "\ud800"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("\ufeff[]", []),
        (b"\xef\xbb\xbf[]", []),
        (" \n\t\r{} \n", {}),
        ('{"\\":": 1, "a": ":"}', {'":': 1, "a": ":"}),
    ],
)
def test_values_come_out_as_they_were_written(text: str, value: Any) -> None:
    """The kind of a number, its sign and its digits are kept, and so are lone surrogates."""
    assert strictly_equal(_parsed(text), value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', 'the key "a" occurs twice in one object (line 1, column 10)'),
        ('{"a":1,"a":1}', 'the key "a" occurs twice in one object (line 1, column 8)'),
        ('{"b" :1,\n "c": {"a":\n1,"\\u0061":2}}', 'the key "a" occurs twice'),
        ('{"\\":":1,"\\":":1}', "occurs twice"),
        ("[1,\n NaN]", "NaN is not a JSON number (line 2, column 2)"),
        ("\nNaN", "NaN is not a JSON number (line 2, column 1)"),
        ("[\n1,\n 2, NaN]", "NaN is not a JSON number (line 3, column 5)"),
        (
            '{"a" :1,"a"\n:2,"b"\t:3,"c"\r:4,"x":"\\":\\":\\":"}',
            'the key "a" occurs twice in one object (line 1, column 9)',
        ),
        ("-Infinity", "-Infinity is not a JSON number"),
        ("[Infinity]", "Infinity is not a JSON number (line 1, column 2)"),
        ("1e400", "a number cannot be held exactly and would be altered"),
        ("-1e-400", "cannot be held exactly"),
        ("1e99999999999999999999", "cannot be held exactly"),
        ("0.1000000000000000055511151231257827", "cannot be held exactly"),
        ("12345678901234567.5", "cannot be held exactly"),
        ("[" + "9" * 5000 + "]", "a number cannot be held exactly"),
        ("[1] x", "extra data (line 1, column 5)"),
        ('"ab', "valid JSON: unterminated string (line 1, column 1)"),
        ("", "expecting value"),
        ('"a\nb"', "invalid control character (line 1, column 3)"),
        ("[1,]", "(line 1, column"),
        ("{'a': 1}", "(line 1, column 2)"),
        ("01", "extra data"),
        (b'"\n\xff"', "UTF-8 text (line 2, byte 3 of the file)"),
        (b"\xff\xfe[\x00]\x00", "UTF-8 text"),
        (b"\n\xff\n\n", "UTF-8 text (line 2, byte 2 of the file)"),
        (b"\xff\n", "UTF-8 text (line 1, byte 1 of the file)"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text: str | bytes, reason: str) -> None:
    """The message says what is wrong, and where."""
    assert reason in _refusal(text).message


@pytest.mark.parametrize("opener", ["[", '{"a":', '[{"a":', " [ "])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 900, 100_000])
def test_deep_nesting_is_refused_and_never_overflows(opener: str, levels: int) -> None:
    """The limit holds for complete texts and for those that only begin."""
    closer = "".join({"[": "]", "{": "}"}.get(one, "") for one in reversed(opener))

    assert (
        "nested more than 200 levels" in _refusal(opener * levels + "1" + closer * levels).message
    )
    assert _refusal(opener * levels).message


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\r"])
def test_a_lost_key_is_not_made_good_for_by_what_is_in_a_text(space: str) -> None:
    """Counting is no proof where space stands before a colon, and colons stand in texts."""
    text = f'{{"a"{space}:1,"a"{space}:2,"x":"\\":\\""}}'

    assert 'the key "a" occurs twice' in _refusal(text).message


def test_what_a_message_quotes_is_on_one_line_and_not_too_long() -> None:
    """Sixty characters are; of more the first fifty-nine."""
    assert jsontext.quoted('a\n"\\\x1b') == r'"a\n\"\\\u001b"'
    assert jsontext.quoted("x" * 60) == f'"{"x" * 60}"'
    assert jsontext.quoted("x" * 61) == f'"{"x" * 59}…"'


def test_the_way_out_is_shown_where_there_is_one() -> None:
    """Another encoding, a number that cannot be held, and one that is none."""
    assert "UTF-8" in str(_refusal(b"\xff").command_hint)
    assert "fewer digits" in str(_refusal("1e400").command_hint)
    assert "null" in str(_refusal("NaN").command_hint)
    assert _refusal("[").command_hint is None


def test_nesting_up_to_the_limit_is_read() -> None:
    """The limit itself is allowed, with as many brackets as one likes beside and in texts."""
    text = "[" * MAX_DEPTH + '"[[[["' + "]" * MAX_DEPTH

    assert _parsed(text)
    fault = _refusal("[" * MAX_DEPTH + "NaN" + "]" * MAX_DEPTH)
    assert f"NaN is not a JSON number (line 1, column {MAX_DEPTH + 1})" in fault.message
    assert _parsed("[" + ",".join(["[]"] * 1000) + "]") == [[]] * 1000


def test_a_document_is_not_shown_in_an_error() -> None:
    """The message names the place and never quotes what is around it; nor is it in the cause."""
    error = _refusal('{"password": "do-not-print-me", "x": }')

    assert "do-not-print-me" not in f"{error.message}{error.command_hint}"
    assert error.__suppress_context__


@pytest.mark.parametrize("number", ["8675309.8675309867530986753", "8675309" * 1000, "8675309e400"])
def test_a_number_that_is_refused_is_not_shown(number: str) -> None:
    """It may stand under a credential's key; its place is enough to find it by."""
    error = _refusal(f'{{"pin": {number}}}')

    assert "8675309" not in f"{error.message}{error.command_hint}"
    assert "(line 1, column 9)" in error.message


def test_what_json_cannot_say_is_not_dumped() -> None:
    """A NaN that slipped in is an error of the program, and never text."""
    with pytest.raises(ValueError, match="JSON"):
        jsontext.dump([math.nan])


def test_texts_are_quoted_safely_for_messages() -> None:
    """What cannot be seen is escaped, quotes too, and long texts are cut."""
    assert jsontext.quoted('a"b\\\x1b[0m\u202eé') == r'"a\"b\\\u001b[0m\u202eé"'
    assert jsontext.quoted("x" * 500) == '"' + "x" * 59 + '…"'


@pytest.mark.parametrize("piece", ["a", "\\\\", '\\"', "\\u0041", "[", '{"a":'])
@pytest.mark.parametrize("start", ["", '"', '[NaN, "', '{"a": 1, "a": "'])
def test_a_fault_in_a_huge_text_is_found(start: str, piece: str) -> None:
    """Whatever it is made of: a search that tries every way to split a text would not end."""
    text = f"{start}{piece * 100_000}"

    with pytest.raises(InvalidPatchError):
        jsontext.parse(text, what="it")


def test_a_text_without_an_end_is_passed_over_once() -> None:
    """The slow search has one way to take a text apart; with several it would not end."""
    assert list(jsontext._PIECE.finditer('"' + "a" * 100_000)) == []


PIECES = st.lists(
    st.sampled_from(
        (
            *"{}[]:,\" \n\\'1-.é\x00\ufeff",
            *('"a"', '"a":', '"\\u0061":', '"b" :', "\\ud800", "true", "null"),
            *("0.1", "-0", "1E2", "01", "1e400", "NaN"),
        )
    ),
    max_size=14,
).map("".join)
FAULTS = {
    "NaN": "NaN is not",
    "-Infinity": "-Infinity is not",
    "1e400": "a number cannot be held exactly",
    '{"k": 1, "\\u006b": 2}': 'the key "k" occurs',
}


@given(PIECES)
def test_what_is_accepted_is_what_the_standard_decoder_reads(text: str) -> None:
    """Strictness refuses; it never reads a text in another way."""
    try:
        value = parse(text, what="the text")
    except PatchError:
        return

    assert value == json.loads(text.removeprefix("\ufeff"))


@given(
    st.lists(documents, max_size=1),
    st.lists(documents, max_size=1),
    st.sampled_from(sorted(FAULTS)),
    st.sampled_from([dump, dump_pretty]),
)
def test_a_fault_is_found_wherever_it_is(
    before: list[Any], after: list[Any], fault: str, written: Any
) -> None:
    """Whatever stands around it, the line and the column are those of the fault."""
    head, tail = written([*before, "<fault>", *after]).split('"<fault>"')
    text = head + fault + tail
    lines = (head + fault[: fault.find('"\\u') if fault[0] == "{" else 0]).split("\n")

    message = _refusal(text).message

    assert FAULTS[fault] in message
    assert message.endswith(f"(line {len(lines)}, column {len(lines[-1]) + 1}).")


@given(documents, st.integers(0, 50))
def test_a_key_that_is_lost_to_an_equal_one_is_missed(document: Any, at: int) -> None:
    """In a long document too, and however the keys are spelt."""
    members = [f'"k{n}": {dump(document)}' for n in range(51)]
    members.append(f'"\\u006b{at}" : 0')

    assert (
        f'the key "k{at}" occurs twice in one object'
        in _refusal(f"{{{','.join(members)}}}").message
    )


def test_equal_keys_in_different_objects_are_no_fault() -> None:
    """What looks like a second key may be a text, or belong to an object within."""
    text = '{"a": {"a": [{"a": "\\"a\\":"}, {"a": 1}]}, "b": "{\\"a\\":1,\\"a\\":1}"}'

    assert parse(text, what="the text") == json.loads(text)


def test_brackets_in_texts_are_no_nesting() -> None:
    """Only what is open counts, however many brackets texts hold or have been closed."""
    text = json.dumps(["[{" * 100_000, *[{"k": []}] * 1000])

    assert parse(text, what="the text") == json.loads(text)
    assert _refusal(f"[{text}, 1e400]").message.endswith(f"column {len(text) + 4}).")


def test_a_stack_that_is_almost_full_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the interpreter gives up before the limit is reached, the text is refused."""

    class Exhausted:
        def decode(self, text: str) -> None:
            raise RecursionError

    monkeypatch.setattr(jsontext, "_DECODER", Exhausted())

    assert _refusal("[[]]").message == "the text is not valid JSON: it is nested too deeply."


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["positive", "negative"])
def test_an_integer_that_cannot_be_written_is_refused_at_once(number: int) -> None:
    """The interpreter does not write it, so that it would fail on its way out."""
    with pytest.raises(InvalidPatchError) as caught:
        checked({"a": [number]}, what="The change")

    assert caught.value.path == "/a/0"
    assert "too many digits" in caught.value.message
    assert checked(10**4000, what="The change") == 10**4000


def test_an_enumeration_is_its_value() -> None:
    """The text or the number, as the standard encoder has it, and never its name."""

    class Word(str, Enum):
        ONE = "one"

    class Count(IntEnum):
        TWO = 2

    plain = checked({Word.ONE: [Word.ONE, Count.TWO]}, what="The change")

    assert strictly_equal(plain, {"one": ["one", 2]})
    assert type(plain["one"][0]) is type(next(iter(plain))) is str


@pytest.mark.parametrize("value", [["\ud83d\ude00"], {"\ud83d\ude00": 1}])
def test_two_surrogates_are_not_the_character_that_they_make(value: Any) -> None:
    """JSON text cannot tell them apart, so that they would come back as another text."""
    with pytest.raises(InvalidPatchError, match="surrogate pair"):
        checked(value, what="The change")

    assert strictly_equal(checked(["\ude00\ud83d é"], what="The change"), ["\ude00\ud83d é"])
    assert parse('"\\ud83d\\ude00"', what="the text") == "\U0001f600"
