"""Standard output and error: what may be written where, and who may be asked."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final, Literal

from patcher.cli.signals import SIGNALS

if TYPE_CHECKING:
    from patcher.render.text import Line

# POSIX: a pipe that is ready takes as many bytes at once, without blocking in the middle.
_PIECE: Final = select.PIPE_BUF

_is_muted = False


class _Output:
    """What became of standard output within one command.

    Attributes:
        lost: why it cannot be written, or None; a reader that went away is no reason.
        has_begun: whether anything is on it.
        is_work: whether what is printed is what the command is for. What only reports something
            done is never cut short by a signal, and losing it changes no exit code.
    """

    def __init__(self) -> None:
        self.lost: str | None = None
        self.has_begun = False
        self.is_work = True
        self._gone: list[IO[str]] = []

    def write(self, text: str, stream: IO[str] | None, *, is_document: bool) -> None:
        """Writes all of it, unless the stream cannot be written, which is noted."""
        if stream is None:
            self._lose(stream, "it is closed")
        elif not any(one is stream for one in self._gone):
            try:
                self._put(text, stream, is_document=is_document)
            except (OSError, ValueError) as error:  # ValueError: it is closed in Python
                self._gone.append(stream)
                with suppress(OSError, ValueError):
                    # Python would try to write what is left in a buffer, and complain, at exit.
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
                if not isinstance(error, BrokenPipeError):
                    self._lose(stream, getattr(error, "strerror", None) or "it is closed")

    def _lose(self, stream: IO[str] | None, reason: str) -> None:
        if stream is sys.stdout:
            self.lost = self.lost or reason

    def _put(self, text: str, stream: IO[str], *, is_document: bool) -> None:
        """Past the stream's own buffer, in pieces between which a signal counts."""
        own: str | None = getattr(stream, "encoding", None)
        encoding = "utf-8" if is_document or own is None else own
        data = text.encode(encoding, "backslashreplace")
        try:
            descriptor = stream.fileno()
        except (OSError, AttributeError):  # it is in memory only
            stream.flush()
            binary = getattr(stream, "buffer", None)
            if binary is None:
                stream.write(data.decode(encoding))
            else:
                binary.write(data)
            stream.flush()
            self.has_begun = self.has_begun or stream is sys.stdout
            return
        stream.flush()
        rest = memoryview(data)
        while rest:
            _wait_for(descriptor, is_output=True)
            if stream is sys.stdout and self.is_work and SIGNALS.is_pending:
                raise KeyboardInterrupt
            with suppress(BlockingIOError):
                rest = rest[os.write(descriptor, rest[:_PIECE]) :]
                self.has_begun = self.has_begun or stream is sys.stdout


_output = _Output()


def begin() -> None:
    """A command begins: nothing of what became of an earlier one's output counts."""
    global _output  # noqa: PLW0603 - the streams themselves are global
    _output = _Output()


def report_only(*, is_only: bool = True) -> None:
    """From now on what is printed reports something done, and is not what the command is for."""
    _output.is_work = not is_only


def has_begun() -> bool:
    """Whether anything is on standard output."""
    return _output.has_begun


def lost() -> str | None:
    """Why standard output cannot be written, or None; a closed pipe is no reason."""
    return _output.lost


def is_lost_work() -> bool:
    """Whether what the command was called for could not be written."""
    return _output.is_work and _output.lost is not None


def show(lines: Iterable[Line], *, error: bool = False) -> None:
    """Writes lines to standard output, or to standard error."""
    if _is_muted and not error:
        return
    stream = sys.stderr if error else sys.stdout
    write(rendered(lines, stream), stream)


def rendered(lines: Iterable[Line], stream: IO[str] | None) -> str:
    """Lines as text for a stream, in colour where it has any."""
    from patcher.render.text import coloured, plain

    return coloured(lines) if has_colour(stream) else plain(lines)


def say(*lines: str) -> None:
    """Writes lines of message to standard error, whatever is in them made safe.

    A line break within one is shown as an escape: what comes from elsewhere makes no line.
    """
    from patcher.render.text import printable

    write("".join(f"{printable(one)}\n" for one in lines), sys.stderr)


@contextmanager
def muted() -> Iterator[None]:
    """Within it, messages are written and results are not."""
    global _is_muted  # noqa: PLW0603 - the streams themselves are global
    _is_muted = True
    try:
        yield
    finally:
        _is_muted = False


def result(lines: Iterable[Line]) -> None:
    """Writes the result of a command, as ``out`` does."""
    SIGNALS.settle()
    show(lines)


def out(text: str) -> None:
    """Writes the result of a command, text that is already safe, as UTF-8 in any locale.

    With it the outcome is decided: a signal ends the writing of what the command is for, and has
    no effect once all of it is written.
    """
    SIGNALS.settle()
    write(text, sys.stdout, is_document=True)


def write(text: str, stream: IO[str] | None, *, is_document: bool = False) -> None:
    """Writes at once. What cannot be written is noted, and changes nothing about the work at hand.

    What the stream's encoding does not have is escaped, but for a document, which is UTF-8.
    """
    _output.write(text, stream, is_document=is_document)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal; a closed one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def can_ask() -> bool:
    """Whether somebody is there to read a question and answer it."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


_YES: Final = {"y": "apply", "yes": "apply"}
_NO: Final = {"": "stop", "n": "stop", "no": "stop"}
_EDIT: Final = {"e": "edit", "edit": "edit"}


def ask(question: str) -> bool:
    """Asks on standard error; an empty line or the end of input is no."""
    return _answer(question, "[y/N]", {**_YES, **_NO}) == "apply"


def ask_or_edit(question: str) -> Literal["apply", "edit", "stop"]:
    """Asks on standard error, with a third way; an empty line or the end of input stops."""
    choice = _answer(question, "[y]es, [e]dit again, [N]o:", {**_YES, **_EDIT, **_NO})
    return "apply" if choice == "apply" else "edit" if choice == "edit" else "stop"


def _answer(question: str, choices: str, meanings: Mapping[str, str]) -> str:
    """What the answer means; asks again until it is one of ``meanings``, or there is no more.

    Input from before the question was on the screen is no answer to it and is thrown away.
    """
    while True:
        _throw_input_away()
        write(f"\n{question} {choices} ", sys.stderr)
        answer = _typed()
        if not answer.endswith("\n"):
            write("\n", sys.stderr)
            return meanings[""]
        meaning = meanings.get(answer.strip().lower())
        if meaning is not None:
            return meaning


def _throw_input_away() -> None:
    """Discards what was typed on the terminal and not yet read, half a line as well."""
    import termios

    with suppress(termios.error, OSError, ValueError):  # it is no terminal
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _typed() -> str:
    """The next line of standard input, whatever bytes are in it; without its end, the last one."""
    with suppress(OSError):  # the terminal is gone
        if is_terminal(sys.stdin):
            _wait_for(sys.stdin.fileno())
        return sys.stdin.buffer.readline().decode(errors="replace")
    return ""


def _wait_for(descriptor: int, *, is_output: bool = False) -> None:
    """Returns when a descriptor can be read, or written, or a signal has come.

    A signal in the instant before a read or write is noticed only after it, and nobody may ever
    type again; here it writes to a pipe that is waited for as well.
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


def has_colour(stream: IO[str] | None) -> bool:
    """NO_COLOR, FORCE_COLOR and TERM=dumb as their conventions say; else on terminals."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"
