"""Damage: bytes and documents that were whole once, and what may come out of reading them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from hypothesis import strategies as st

from patcher.documents.values import JsonValue
from patcher.errors import PatchError
from tests.documents.strategies import KEYS, scalars, values

HANG: Final = 20
"""Seconds after which reading a few kilobytes hangs; it takes milliseconds."""

_TOKENS: Final = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\n",
    b"\t",
    b" ",
    b"\\",
    b'"',
    b"'",
    b"\\ud800",
    b"\\uD83D\\uDE00",
    b"\x1b[2J",
    "\u2028\u202e".encode(),
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b": ",
    b"- ",
    b"? ",
    b"#",
    b"//",
    b"|",
    b">",
    b"%YAML 1.1\n---\n",
    b"...\n",
    b"&a ",
    b"*a",
    b"!!python/name:os ",
    b"<<: ",
    b"@",
    b"`",
    b"~",
    b"/-/01/~2",
    b"-0",
    b"1e400",
    b"1E2",
    b"0.12345678901234567890123",
    b"NaN",
    b"-Infinity",
    b"9" * 5000,
    b"0x" + b"f" * 5000,
    b"[" * 1200,
    b'{"a":' * 1200,
    b"- " * 600,
    b"[" * 100_000,
    b"null",
    b"true",
)

_ODD_TEXTS: Final = (
    "",
    "x",
    "\ud800",
    "\x1b[2J",
    "/name",
    "00",
    "2026-11-24",
    "2026-11-24T17:00:00",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "٢٠٢٦-01-02T00:00:00Z",
)
_ODD: Final[tuple[JsonValue, ...]] = (
    *_ODD_TEXTS,
    None,
    True,
    5,
    -1,
    2**70,
    0.5,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"id": 5, "name": ["x"]},
)

odd_values: st.SearchStrategy[JsonValue] = st.sampled_from(_ODD) | values
odd_texts: st.SearchStrategy[str] = st.text() | st.lists(
    st.sampled_from([one.decode("latin-1") for one in _TOKENS if len(one) < 1000])
    | st.sampled_from(KEYS)
    | st.text(max_size=3),
    max_size=8,
).map("".join)


@contextmanager
def only_ours() -> Iterator[None]:
    """Lets the errors pass that the package raises on purpose; any other, and a hang, fails."""

    def hangs(number: int, frame: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANG)
    try:
        yield
    except PatchError as error:
        if type(error) is PatchError or error.exit_code == 70 or not error.message:
            raise AssertionError("it is no error of any kind") from error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """``whole`` after a few accidents: cut off, a piece lost, doubled or replaced."""
    text = whole
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        kind = draw(st.sampled_from(("insert", "replace", "cut", "double", "drop")))
        if kind == "cut":
            text = text[:start]
        elif kind == "double":
            text = text[:end] + text[start:]
        else:
            piece = b"" if kind == "drop" else draw(st.sampled_from(_TOKENS))
            text = text[:start] + piece + text[start if kind == "insert" else end :]
    return text


@st.composite
def altered(draw: st.DrawFn, whole: Any) -> Any:
    """A copy of a document with a few members, at any depth, replaced, renamed, moved or gone."""
    document = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        holders = list(_holders(document))
        if not holders:
            return draw(odd_values)
        at_the_top = draw(st.booleans())
        holder = holders[0 if at_the_top else draw(st.integers(0, len(holders) - 1))]
        keys = list(holder) if type(holder) is dict else list(range(len(holder)))
        key = keys[draw(st.integers(0, len(keys) - 1))]
        kind = draw(st.sampled_from(("replace", "replace", "remove", "rename", "move")))
        if kind == "replace":
            is_text = type(holder[key]) is str and draw(st.booleans())
            new = draw(st.sampled_from(_ODD_TEXTS) if is_text else odd_values)
            holder[key] = json.loads(json.dumps(new))
            continue
        taken = json.dumps(holder.pop(key))
        if kind == "rename" and type(holder) is dict:
            holder[draw(st.sampled_from(KEYS))] = json.loads(taken)
        elif kind == "move":
            target = holders[draw(st.integers(0, len(holders) - 1))]
            if type(target) is list:
                target.append(json.loads(taken))
            else:
                target[draw(st.sampled_from(KEYS))] = json.loads(taken)
    return document


def _holders(value: Any) -> Iterator[Any]:
    """Every object and list in a document that has members."""
    if type(value) in (dict, list) and value:
        yield value
        for member in value.values() if type(value) is dict else value:
            yield from _holders(member)


def shaped(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these members, each as it should be or as it should not."""
    likely = {key: one | odd_values for key, one in members.items()}
    return st.fixed_dictionaries({}, optional=likely)


__all__ = ["altered", "damaged", "odd_texts", "odd_values", "only_ours", "scalars", "shaped"]
