"""Standard output and error: what may be written where, and who may be asked."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from patcher.render.lines import Line

_is_muted = False


def show(lines: Iterable[Line], *, error: bool = False) -> None:
    """Writes lines to standard output, or to standard error."""
    if _is_muted and not error:
        return
    stream = sys.stderr if error else sys.stdout
    write(rendered(lines, stream), stream)


def rendered(lines: Iterable[Line], stream: IO[str] | None) -> str:
    """Lines as text for a stream, in colour where it has any."""
    from patcher.render import terminal

    return terminal.coloured(lines) if has_colour(stream) else terminal.plain(lines)


def say(*lines: str) -> None:
    """Writes lines of message to standard error, whatever is in them made safe.

    A line break within one is shown as an escape: what comes from elsewhere makes no line.
    """
    from patcher.render.printable import printable

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


def out(text: str) -> None:
    """Writes a document that is already safe to standard output: as UTF-8 in any locale."""
    write(text, sys.stdout, is_document=True)


def write(text: str, stream: IO[str] | None, *, is_document: bool = False) -> None:
    """Writes and flushes. A reader that went away changes nothing about the work at hand.

    What the stream's encoding does not have is escaped, but for a document, which is UTF-8.
    """
    if stream is None:
        return
    try:
        binary = getattr(stream, "buffer", None) if is_document else None
        if binary is None:
            stream.write(text)
        else:
            stream.flush()
            binary.write(text.encode())
        stream.flush()
    except OSError as error:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError) and stream is not sys.stderr:
            say(f"Warning: standard output cannot be written ({error.strerror}).")
    except UnicodeEncodeError:
        encoding: str = getattr(stream, "encoding", None) or "ascii"
        write(text.encode(encoding, "backslashreplace").decode(encoding), stream)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal; a closed one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def can_ask() -> bool:
    """Whether somebody is there to read a question and answer it."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def ask(question: str) -> bool:
    """Asks on standard error; only yes is yes: an empty line or the end of input is no."""
    return _answer(f"{question} [y/N]") in ("y", "yes")


def ask_or_edit(question: str) -> Literal["apply", "edit", "stop"]:
    """Asks on standard error, with a third way: anything but yes or edit stops."""
    answer = _answer(f"{question} [y]es, [e]dit again, [N]o:")
    if answer in ("y", "yes"):
        return "apply"
    return "edit" if answer in ("e", "edit") else "stop"


def _answer(question: str) -> str:
    write(f"\n{question} ", sys.stderr)
    _wait_for_input()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        write("\n", sys.stderr)
    return answer.strip().lower()


def _wait_for_input() -> None:
    """Returns when somebody has typed something on the terminal.

    A signal that comes in the instant before a read is noticed only after it, and nobody may ever
    type again; here it writes to a pipe that is waited for as well.
    """
    if not is_terminal(sys.stdin) or threading.current_thread() is not threading.main_thread():
        return
    mine, theirs = os.pipe()
    os.set_blocking(theirs, False)
    before = signal.set_wakeup_fd(theirs)
    try:
        select.select([sys.stdin, mine], [], [])
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
