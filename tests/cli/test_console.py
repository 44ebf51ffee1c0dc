"""Standard output and error, when they are not what they should be."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import pytest

from patcher.cli import console, exits
from patcher.render.text import line


@pytest.fixture
def broken_pipe() -> Iterator[IO[str]]:
    """A stream whose reader has gone away."""
    read, write = os.pipe()
    os.close(read)
    stream = os.fdopen(write, "w")
    yield stream
    stream.close()


@pytest.fixture(autouse=True)
def afresh() -> None:
    """Nothing of what became of an earlier command's output counts."""
    console.output.begin()


def test_a_reader_that_went_away_is_no_failure(
    broken_pipe: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody reads is dropped, now and at the end of the program."""
    monkeypatch.setattr(sys, "stdout", broken_pipe)
    console.write("text\n", broken_pipe)
    console.write("more\n", broken_pipe)

    assert console.output.lost is None
    assert not broken_pipe.closed


@pytest.mark.parametrize(("is_work", "code"), [(True, 74), (False, 0)])
def test_a_full_disk_is_noted(monkeypatch: pytest.MonkeyPatch, is_work: bool, code: int) -> None:
    """What could not be written is lost work, unless it only reports what was done."""

    @click.group(invoke_without_command=True)
    def command() -> None:
        console.output.is_work = is_work
        console.write("text\n", sys.stdout)

    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)

        assert exits.run(command, []) == code
        assert console.output.lost == "No space left on device"
        assert not console.output.has_begun


def test_a_stream_that_is_not_there_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A standard stream that was closed before the start is None; output to it is lost."""
    console.write("text", None)
    before = console.output.lost
    monkeypatch.setattr(sys, "stdout", None)
    console.out("text")

    assert (before, console.output.lost) == (None, "it is closed")
    assert not console.is_terminal(None)


def test_a_reader_that_is_slow_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pipe does not take at once, whether it blocks or not, is written bit by bit."""
    text = "".join(f"{number}\n" for number in range(100_000))
    for blocks in (True, False):
        read, write = os.pipe()
        os.set_blocking(write, blocks)
        found: list[bytes] = []
        with os.fdopen(read, "rb") as reader, os.fdopen(write, "w", encoding="utf-8") as stream:
            thread = threading.Thread(target=lambda: found.append(reader.read()))  # noqa: B023
            thread.start()
            console.write(text, stream)
            stream.close()
            thread.join()

        assert found == [text.encode()]


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
    ("typed", "answer", "times"),
    [
        (b"y\n", True, 1),
        (b" Yes \n", True, 1),
        (b"\n", False, 1),
        (b"", False, 1),
        (b"no\n", False, 1),
        (b"y", False, 1),
        (b"?\nmaybe\nN\ny\n", False, 3),
        (b"yep\ny\n", True, 2),
        (b"\xff\xfe\n\xc3\nYES\n", True, 3),
        (b"sure\n", False, 2),
    ],
)
def test_it_is_asked_until_there_is_an_answer(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: bytes,
    answer: bool,
    times: int,
) -> None:
    """The question goes to standard error; the end of input is no, also within a line."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))

    assert console.ask("Write this?") is answer
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("[y/N]") == times


@pytest.mark.parametrize(
    ("typed", "answer", "times"),
    [
        (b"e\n", "edit", 1),
        (b"Edit\n", "edit", 1),
        (b"yes\n", "apply", 1),
        (b"n\n", "stop", 1),
        (b"\n", "stop", 1),
        (b"?\nedti\ny\n", "apply", 3),
        (b"?\n", "stop", 2),
    ],
)
def test_after_an_edit_there_are_three_answers(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: bytes,
    answer: str,
    times: int,
) -> None:
    """To write, to edit again, or to stop; anything else is asked again."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))

    assert console.choose("Write this?", "apply", "edit", "stop") == answer
    assert capsys.readouterr().err.count("Write this?") == times


def test_when_muted_only_messages_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The demonstration leaves out what the reader has seen."""
    console.output.is_muted = True
    console.show([line("a result")])
    console.say("a message")
    console.output.is_muted = False
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
    from patcher.render.text import Span

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    console.show([line(Span("text", "added"))])

    assert ("\x1b[32m" in capsys.readouterr().out) is coloured
