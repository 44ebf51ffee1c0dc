"""Standard output and error, and the prompts on them."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING, Final, Literal, TypeAlias

from patcher.cli.signals import SIGNALS

if TYPE_CHECKING:
    from patcher.documents.values import JsonValue
    from patcher.documents.wording import Notice
    from patcher.render.text import Line, Style

# POSIX: a pipe that is ready takes as many bytes at once, without blocking in the middle.
_PIECE: Final = select.PIPE_BUF

_STYLES: Final[Mapping[str, Style]] = {"Error": "alarm", "Warning": "changed", "Hint": "title"}


class Output:
    """The state of standard output within one command.

    Attributes:
        lost: why it cannot be written, or None; a closed pipe does not count.
        has_begun: whether anything was written to it.
        is_work: whether the output is what the command is for. A report of something done is
            never cut short by a signal, and losing it changes no exit code.
        is_muted: whether results are not shown, but messages are.
        in_run: whether it is, with -o json, an object a line for each of many results.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forgets the state that an earlier command left."""
        self.is_muted = self.in_run = False
        self.lost: str | None = None
        self.has_begun = False
        self.is_work = True
        self._gone: list[IO[str]] = []

    def write(self, text: str, stream: IO[str] | None, *, is_document: bool = False) -> None:
        """Writes at once. What cannot be written is noted, and does not stop the command.

        Characters outside the stream's encoding are escaped; a document is UTF-8 in any case.
        """
        if stream is None:
            self._lose(stream, "it is closed")
        elif not any(one is stream for one in self._gone):
            try:
                self._put(text, stream, is_document=is_document)
            except (OSError, ValueError) as error:  # ValueError: it is closed in Python
                self._gone.append(stream)
                with suppress(OSError, ValueError):
                    # Else Python writes the rest of a buffer at exit, and fails.
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
                if not isinstance(error, BrokenPipeError):
                    self._lose(stream, getattr(error, "strerror", None) or "it is closed")

    def _lose(self, stream: IO[str] | None, reason: str) -> None:
        if stream is sys.stdout:
            self.lost = self.lost or reason

    def _put(self, text: str, stream: IO[str], *, is_document: bool) -> None:
        """Writes past the stream's buffer, in pieces between which a signal counts."""
        own: str | None = getattr(stream, "encoding", None)
        encoding = "utf-8" if is_document or own is None else own
        data = text.encode(encoding, "backslashreplace")
        stream.flush()
        try:
            descriptor = stream.fileno()
        except (OSError, AttributeError):  # it is in memory only
            binary = getattr(stream, "buffer", None)
            if binary is None:
                stream.write(data.decode(encoding))
            else:
                binary.write(data)
            stream.flush()
            self.has_begun = self.has_begun or stream is sys.stdout
            return
        rest = memoryview(data)
        while rest:
            _wait_for(descriptor, is_output=True)
            if stream is sys.stdout and self.is_work and SIGNALS.is_pending:
                raise KeyboardInterrupt
            with suppress(BlockingIOError):
                rest = rest[os.write(descriptor, rest[:_PIECE]) :]
                self.has_begun = self.has_begun or stream is sys.stdout


output: Final = Output()
write: Final = output.write


def now() -> str:
    """The present time, as reports show it."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def show(lines: Iterable[Line], *, error: bool = False) -> None:
    """Writes lines to standard output, or to standard error."""
    if output.is_muted and not error:
        return
    stream = sys.stderr if error else sys.stdout
    write(rendered(lines, stream), stream)


def rendered(lines: Iterable[Line], stream: IO[str] | None) -> str:
    """Lines as text for a stream, in colour where it has any."""
    from patcher.render.text import coloured, plain

    return coloured(lines) if has_colour(stream) else plain(lines)


def say(*lines: str) -> None:
    """Writes messages to standard error, made safe: a line break within one is escaped."""
    from patcher.render.text import in_rows

    rows = [row for one in lines for row in in_rows(one, width(sys.stderr))]
    write("".join(f"{row}\n" for row in rows), sys.stderr)


def problem(word: str, text: str) -> None:
    """Writes an error, a warning or a hint to standard error, its first word in colour."""
    from patcher.render.text import message

    show(message(word, text, _STYLES[word], width(sys.stderr)), error=True)


def warn(notices: Sequence[Notice]) -> None:
    """Writes warnings about a document to standard error."""
    from patcher.render.plan import warning_lines

    show(warning_lines(notices, width(sys.stderr)), error=True)


def result(lines: Iterable[Line]) -> None:
    """Writes the result of a command, as ``out`` does."""
    SIGNALS.settle()
    show(lines)


def out(text: str) -> None:
    """Writes the result of a command, which is safe already, as UTF-8 in any locale.

    From here on a signal can only end the writing, not change the outcome.
    """
    SIGNALS.settle()
    write(text, sys.stdout, is_document=True)


def out_json(value: JsonValue) -> None:
    """Writes the result of a command as JSON, indented."""
    from patcher.documents.jsontext import dump_pretty

    out(dump_pretty(value) + "\n")


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal; a closed one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def can_ask() -> bool:
    """Whether there is a terminal for a question and its answer."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


Meaning: TypeAlias = Literal["apply", "edit", "stop"]

_ANSWERS: Final[Mapping[Meaning, Collection[str]]] = {
    "apply": ("y", "yes"),
    "stop": ("", "n", "no"),
    "edit": ("e", "edit"),
}


def ask(question: str) -> bool:
    """Asks on standard error; an empty line or the end of input is no."""
    return choose(f"{question} [y/N]", "apply", "stop") == "apply"


def choose(question: str, *meanings: Meaning) -> Meaning:
    """The meaning of the answer; asks until it is one of ``meanings``.

    The end of input stops. Input from before the question appeared is discarded.
    """
    while True:
        _throw_input_away()
        write(f"\n{question} ", sys.stderr)
        answer = _typed()
        if not answer.endswith("\n"):
            write("\n", sys.stderr)
            return "stop"
        for one in meanings:
            if answer.strip().lower() in _ANSWERS[one]:
                return one


def _throw_input_away() -> None:
    """Discards what was typed on the terminal and not read yet, even half a line."""
    import termios

    with suppress(termios.error, OSError, ValueError):  # not a terminal
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _typed() -> str:
    """The next line of standard input, with any bytes; the last one has no line end."""
    with suppress(OSError):  # the terminal is gone
        if is_terminal(sys.stdin):
            _wait_for(sys.stdin.fileno())
        return sys.stdin.buffer.readline().decode(errors="replace")
    return ""


def _wait_for(descriptor: int, *, is_output: bool = False) -> None:
    """Returns when a descriptor can be read or written, or a signal has arrived.

    A signal just before a blocking call would be handled only after it. So signals also write to
    a pipe, which is waited for too.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    mine, theirs = os.pipe()
    os.set_blocking(theirs, False)
    before = signal.set_wakeup_fd(theirs)
    try:
        reads = [mine] if is_output else [mine, descriptor]
        select.select(reads, [descriptor] if is_output else [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(mine)
        os.close(theirs)


def width(stream: IO[str] | None) -> int | None:
    """The columns of the terminal that a stream is, or None."""
    return shutil.get_terminal_size().columns if is_terminal(stream) else None


def has_colour(stream: IO[str] | None) -> bool:
    """NO_COLOR, FORCE_COLOR and TERM=dumb as their conventions say; else on terminals."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"
