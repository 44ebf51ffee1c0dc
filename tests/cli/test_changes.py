"""Where the values of a command line are read from."""

from __future__ import annotations

import io
import sys

import pytest

from patcher.cli.changes import Source
from patcher.errors import InvalidInputError


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second value from it is refused, rather than being empty."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'\xef\xbb\xbf{"name": "X"}')))
    source = Source()

    assert source.value("--merge", "-") == {"name": "X"}
    with pytest.raises(InvalidInputError, match="once"):
        source.value("--json-patch", "-")


@pytest.mark.parametrize(
    ("stdin", "telling"),
    [(io.TextIOWrapper(io.BytesIO(b"\xff")), "not UTF-8"), (None, "closed")],
    ids=["not UTF-8", "closed"],
)
def test_standard_input_may_be_unusable(
    stdin: object, telling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not UTF-8, and a program that was started without it, is an error like any other."""
    monkeypatch.setattr(sys, "stdin", stdin)

    with pytest.raises(InvalidInputError, match=telling):
        Source().read("-")
