"""The editor that a person chose: which one it is, how it is run, and whether it waited."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from patcher.errors import DeclinedError, InvalidInputError

_SENSIBLE: Final = ("sensible-editor", "nano", "vim", "vi")

# Programs that open a window and return at once, and the options that make them wait.
_WINDOWS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("code", "code-insiders", "codium", "cursor", "windsurf"), ("--wait", "-w")),
    **dict.fromkeys(("subl", "sublime_text", "atom", "zed", "mate"), ("--wait", "-w")),
    **dict.fromkeys(("idea", "pycharm", "webstorm", "datagrip"), ("--wait",)),
    **dict.fromkeys(("gvim", "mvim"), ("-f", "--nofork")),
    **dict.fromkeys(("nvim-qt", "neovide"), ("--nofork", "--no-fork")),
    "gedit": ("--wait", "-w"),
    "gnome-text-editor": ("--standalone", "-s"),
    "kate": ("--block", "-b"),
    "open": ("-W", "--wait-apps"),
    "xdg-open": (),
}

# Programs that wait, unless they are told not to.
_PATIENT: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("vi", "vim", "nvim", "view", "ex", "ed", "nano", "pico", "emacs", "micro"), ()
    ),
    **dict.fromkeys(("helix", "hx", "joe", "kak", "mcedit", "ne", "sensible-editor"), ()),
    "emacsclient": ("-n", "--no-wait"),
}

_AT_ONCE: Final = 2.0
"""Seconds within which nobody reads a document and closes it again."""

ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)
"""The signals that end an edit while the editor runs; Ctrl-C is the editor's own."""

GRACE = 5.0
"""Seconds that an editor has, told to end, to put its own copy in safety."""


class Visit(NamedTuple):
    """How a run of the editor went: how long it took, and whether it left something running."""

    seconds: float
    left_running: bool

    @property
    def was_hasty(self) -> bool:
        """Whether it was too short for anybody to have looked at the text."""
        return self.seconds < _AT_ONCE


class Program(NamedTuple):
    """An editor, with its arguments; ``monotonic`` is the clock that its runs are timed by."""

    command: tuple[str, ...]
    monotonic: Callable[[], float]

    @classmethod
    def chosen(
        cls, environ: Mapping[str, str], monotonic: Callable[[], float], *, has_terminal: bool
    ) -> Program:
        """VISUAL, else EDITOR, else on a terminal one that is usually there.

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
                "There is no editor: neither VISUAL nor EDITOR is set"
                + ("." if has_terminal else ", and there is no terminal."),
                hint="For example: export EDITOR=nano (or EDITOR='code --wait').",
            )
        return cls((editor,), monotonic)

    def visit(self, path: Path, still_open: Callable[[], None] = lambda: None) -> Visit:
        """Runs the editor on a file until it ends.

        ``still_open`` is called when it ends, also by a signal to us, and leaves something
        running: what that has open may still be saved. Raises InvalidInputError when the editor
        cannot be started, DeclinedError when it fails, and KeyboardInterrupt when it was
        interrupted.
        """
        started = self.monotonic()
        mine, theirs = os.pipe()
        try:
            code = self._run(path, theirs)
        finally:
            os.close(theirs)
            # What the editor started and left behind still holds the other end.
            left_running = not select.select([mine], [], [], 0)[0]
            os.close(mine)
            if left_running:
                still_open()
        if code in (-signal.SIGINT, 128 + signal.SIGINT):
            raise KeyboardInterrupt
        if code != 0:
            how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
            raise DeclinedError(f"The editor {self.name} ended with {how}. Nothing was written.")
        return Visit(self.monotonic() - started, left_running)

    def did_not_wait(self, visit: Visit) -> bool:
        """Whether an editor that changed nothing most likely has its window still open."""
        options = set(self.command[1:])
        waits, goes = _WINDOWS.get(self.name), _PATIENT.get(self.name, ())
        is_window = bool(options & set(goes)) or (waits is not None and not options & set(waits))
        return visit.was_hasty and (visit.left_running or is_window)

    @property
    def is_known(self) -> bool:
        """Whether it is known when this editor waits and when it does not."""
        return self.name in _PATIENT or self.name in _WINDOWS

    @property
    def name(self) -> str:
        """What the editor is called."""
        return Path(self.command[0]).name

    def _run(self, path: Path, inherited: int) -> int:
        # Nothing but a result may get into a pipe or a file that standard output is.
        stdout = None if sys.stdout and sys.stdout.isatty() else 2
        with _terminal_as_it_was(), _interrupts_left_to_the_editor():
            try:
                with signals_deferred(*ENDING_SIGNALS) as come:
                    process = subprocess.Popen(  # noqa: S603 - the person's own editor
                        [*self.command, str(path)], stdout=stdout, pass_fds=(inherited,)
                    )
            except OSError as error:
                raise InvalidInputError(
                    f"The editor {self.command[0]} cannot be started: {error.strerror}.",
                    hint="Set VISUAL or EDITOR to the editor that you use.",
                ) from error
            try:
                for number in come:
                    signal.raise_signal(number)
                return process.wait()
            except BaseException:
                _end(process)
                raise


def _arguments(name: str, text: str) -> tuple[str, ...]:
    if Path(text).is_file():
        return (text,)  # a path with spaces that nobody quoted
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidInputError(
            f"{name} cannot be taken apart: a quotation mark is left open.",
            hint=f"Write for example {name}='\"/path with spaces/editor\" --wait'.",
        ) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends an editor, by force where it takes too long."""
    process.terminate()
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _interrupts_left_to_the_editor() -> Iterator[None]:
    """Ctrl-C belongs to the editor while it runs: emacs, for one, is told so to stop searching."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Not SIG_IGN, which the editor would inherit.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def signals_deferred(*numbers: signal.Signals) -> Iterator[list[int]]:
    """Within it, signals are only noted: an editor half started could not be ended any more."""
    come: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield come
        return
    watched = [one for one in numbers if callable(signal.getsignal(one))]
    before = {one: signal.signal(one, lambda number, _: come.append(number)) for one in watched}
    try:
        yield come
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal_as_it_was() -> Iterator[None]:
    """Sets the terminal back to what it was, should the editor end without doing so."""
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
