"""Standard output and error, when they are not what they should be."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from patcher.cli import console
from patcher.render.lines import line


@pytest.fixture
def broken_pipe() -> Iterator[IO[str]]:
    """A stream whose reader has gone away."""
    read, write = os.pipe()
    os.close(read)
    stream = os.fdopen(write, "w")
    yield stream
    stream.close()


def test_a_reader_that_went_away_is_no_failure(broken_pipe: IO[str]) -> None:
    """What nobody reads is dropped, now and at the end of the program."""
    console.write("text\n", broken_pipe)
    console.write("more\n", broken_pipe)

    assert not broken_pipe.closed


def test_a_full_disk_is_said_on_the_other_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be written is worth a warning, and no more."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        console.write("text\n", full)

    assert "cannot be written (No space left on device)" in capsys.readouterr().err


def test_a_stream_that_is_not_there_is_passed_over() -> None:
    """A closed standard stream is None, and takes nothing."""
    console.write("text", None)

    assert not console.is_terminal(None)


def test_a_closed_stream_is_no_terminal() -> None:
    """Asking a closed stream is no error."""
    stream = io.StringIO()
    stream.close()

    assert not console.is_terminal(stream)


def test_a_narrow_encoding_gets_escapes() -> None:
    """A terminal that cannot show a letter is shown its code."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console.write("Müller\n", stream)

    assert raw.getvalue() == b"M\\xfcller\n"


def test_a_document_is_utf_8_whatever_the_encoding() -> None:
    """It goes behind what was written before it, byte by byte."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console.write("a\n", stream)
    console.write("Müller €\n", stream, is_document=True)

    assert raw.getvalue() == "a\nMüller €\n".encode()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), (" Yes \n", True), ("\n", False), ("", False), ("no", False)],
)
def test_only_yes_is_yes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    answer: bool,
) -> None:
    """The question goes to standard error; the end of input is no."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    assert console.ask("Write this?") is answer
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.endswith("[y/N] " if typed.endswith("\n") else "[y/N] \n")


def test_within_muted_only_messages_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The demonstration leaves out what the reader has seen."""
    with console.muted():
        console.show([line("a result")])
        console.say("a message")
    console.show([line("afterwards")])

    assert capsys.readouterr() == ("afterwards\n", "a message\n")


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({}, False)],
)
def test_colour_can_be_forced_and_forbidden(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    coloured: bool,
) -> None:
    """FORCE_COLOR colours what is no terminal; NO_COLOR goes before it."""
    from patcher.render.lines import Span

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    console.show([line(Span("text", "added"))])

    assert ("\x1b[32m" in capsys.readouterr().out) is coloured
