"""Strict JSON against the standard decoder, and where a fault is found."""

from __future__ import annotations

import json
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import jsontext
from patcher.documents.jsontext import dump, dump_pretty, parse
from patcher.documents.values import checked, strictly_equal
from patcher.errors import InvalidPatchError, PatchError
from tests.documents.strategies import documents

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


def _refusal(text: str) -> str:
    with pytest.raises(InvalidPatchError) as caught:
        parse(text, what="the text")
    return caught.value.message


@given(PIECES)
def test_what_is_accepted_is_what_the_standard_decoder_reads(text: str) -> None:
    """Strictness refuses; it never reads a text in another way."""
    try:
        value = parse(text, what="the text")
    except PatchError:
        return

    assert value == json.loads(text.removeprefix("\ufeff"))


@given(
    st.lists(documents, max_size=3),
    st.lists(documents, max_size=3),
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

    message = _refusal(text)

    assert FAULTS[fault] in message
    assert message.endswith(f"(line {len(lines)}, column {len(lines[-1]) + 1}).")


@given(documents, st.integers(0, 50))
def test_a_key_that_is_lost_to_an_equal_one_is_missed(document: Any, at: int) -> None:
    """In a long document too, and however the keys are spelt."""
    members = [f'"k{n}": {dump(document)}' for n in range(51)]
    members.append(f'"\\u006b{at}" : 0')

    assert f'the key "k{at}" occurs twice in one object' in _refusal(f"{{{','.join(members)}}}")


def test_equal_keys_in_different_objects_are_no_fault() -> None:
    """What looks like a second key may be a text, or belong to an object within."""
    text = '{"a": {"a": [{"a": "\\"a\\":"}, {"a": 1}]}, "b": "{\\"a\\":1,\\"a\\":1}"}'

    assert parse(text, what="the text") == json.loads(text)


def test_brackets_in_texts_are_no_nesting() -> None:
    """Only what is open counts, however many brackets texts hold or have been closed."""
    text = json.dumps(["[{" * 100_000, *[{"k": []}] * 1000])

    assert parse(text, what="the text") == json.loads(text)
    assert _refusal(f"[{text}, 1e400]").endswith(f"column {len(text) + 4}).")


def test_a_stack_that_is_almost_full_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the interpreter gives up before the limit is reached, the text is refused."""

    class Exhausted:
        def decode(self, text: str) -> None:
            raise RecursionError

    monkeypatch.setattr(jsontext, "_DECODER", Exhausted())

    assert _refusal("[[]]") == "the text is not valid JSON: it is nested too deeply."


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["positive", "negative"])
def test_an_integer_that_cannot_be_written_is_refused_at_once(number: int) -> None:
    """The interpreter does not write it, so that it would fail on its way out."""
    with pytest.raises(InvalidPatchError) as caught:
        checked({"a": [number]}, what="The change")

    assert caught.value.path == "/a/0"
    assert "an integer of that many digits cannot be written" in caught.value.message
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
    with pytest.raises(InvalidPatchError, match="two surrogates where one character belongs"):
        checked(value, what="The change")

    assert strictly_equal(checked(["\ude00\ud83d é"], what="The change"), ["\ude00\ud83d é"])
    assert parse('"\\ud83d\\ude00"', what="the text") == "\U0001f600"
