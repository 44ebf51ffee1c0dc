"""Finds and runs the editor that a person chose."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from patcher.errors import DeclinedError, InterruptedWriteError, InvalidInputError

_SENSIBLE: Final = ("sensible-editor", "nano", "vim", "vi")

AT_ONCE: Final = 2.0
"""An editor that exits faster than this, in seconds, left no time to edit the text."""

ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)
"""The signals that end an edit while the editor runs; Ctrl-C belongs to the editor."""

GRACE = 5.0
"""Seconds that a terminated editor has for saving its own copy before it is killed."""


class Program:
    """An editor with its arguments; ``monotonic`` is the clock that times its runs."""

    def __init__(self, command: tuple[str, ...], monotonic: Callable[[], float]) -> None:
        self.command = command
        self._monotonic = monotonic

    @classmethod
    def chosen(
        cls, environ: Mapping[str, str], monotonic: Callable[[], float], *, has_terminal: bool
    ) -> Program:
        """Returns VISUAL, else EDITOR, else on a terminal a usual editor that is installed.

        Raises InvalidInputError when there is none.
        """
        for name in ("VISUAL", "EDITOR"):
            text = environ.get(name, "").strip()
            if text:
                return cls(_arguments(name, text), monotonic)
        found = (shutil.which(one, path=environ.get("PATH")) for one in _SENSIBLE)
        editor = next(filter(None, found), None) if has_terminal else None
        if editor is None:
            raise InvalidInputError(
                "No editor found: neither VISUAL nor EDITOR is set"
                + ("." if has_terminal else ", and there is no terminal."),
                hint="For example: export EDITOR=nano (or EDITOR='code --wait').",
            )
        return cls((editor,), monotonic)

    @property
    def name(self) -> str:
        """The name of the editor's program."""
        return Path(self.command[0]).name

    def visit(self, path: Path) -> bool:
        """Runs the editor on a file until it exits; returns whether it did so within AT_ONCE.

        Raises InvalidInputError when the editor cannot be started, DeclinedError when it fails
        and InterruptedWriteError when Ctrl-C ended it.
        """
        started = self._monotonic()
        code = self._run(path)
        if code in (-signal.SIGINT, 128 + signal.SIGINT):
            raise InterruptedWriteError("Interrupted in the editor. Nothing was written.")
        if code != 0:
            how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
            raise DeclinedError(f"The editor {self.name} ended with {how}. Nothing was written.")
        return self._monotonic() - started < AT_ONCE

    def _run(self, path: Path) -> int:
        # Only a result may be written to the pipe or file that standard output is.
        stdout = None if sys.stdout and sys.stdout.isatty() else 2
        # Ctrl-C belongs to the editor while it runs: in emacs, for one, it stops a search.
        with _terminal_restored(), signals_deferred(signal.SIGINT):
            try:
                with signals_deferred(*ENDING_SIGNALS) as arrived:
                    process = subprocess.Popen(  # noqa: S603 - the person's own editor
                        [*self.command, str(path)], stdout=stdout
                    )
            except OSError as error:
                raise InvalidInputError(
                    f"The editor {self.command[0]} cannot be started: {error.strerror}.",
                    hint="Set VISUAL or EDITOR to the editor that you use.",
                ) from error
            try:
                for number in arrived:
                    signal.raise_signal(number)
                return process.wait()
            except BaseException:
                _end(process)
                raise


def _arguments(name: str, text: str) -> tuple[str, ...]:
    if Path(text).is_file():
        return (text,)  # a path with spaces and without quotes
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidInputError(
            f"{name} has an unbalanced quotation mark.",
            hint=f"For example: {name}='\"/path with spaces/editor\" --wait'.",
        ) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminates an editor, and kills it if that takes too long."""
    process.terminate()
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def signals_deferred(*numbers: signal.Signals) -> Iterator[list[int]]:
    """Only notes signals that arrive within it, in the list that it yields."""
    arrived: list[int] = []
    # Only the main thread can watch signals.
    is_main = threading.current_thread() is threading.main_thread()
    watched = [one for one in numbers if is_main and callable(signal.getsignal(one))]
    # Not SIG_IGN, which the editor would inherit.
    before = {one: signal.signal(one, lambda number, _: arrived.append(number)) for one in watched}
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal_restored() -> Iterator[None]:
    """Restores the terminal's settings if the editor exits without doing so."""
    import termios

    settings: list[Any] | None = None
    with suppress(termios.error, OSError, ValueError, AttributeError):
        settings = termios.tcgetattr(sys.stdin.fileno())
    try:
        yield
    finally:
        if settings is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, settings)
