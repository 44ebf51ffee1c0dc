"""A real shell in a pseudo-terminal: type, press tab, and see what the command was given."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests import warm

ROOT = Path(__file__).parents[2]

# How each shell is started with nothing but the commands in a file; the prompt comes after them.
_STARTS = {
    "bash": ("bash", "--noprofile", "--rcfile", "rc"),
    "zsh": ("zsh", "-d", "-i"),
    "fish": ("fish", "--no-config", "-i", "-C", "source rc"),
}
_SETUPS = {
    "bash": "bind 'set bell-style none'\nbind 'set enable-bracketed-paste off'\nPS1='READY$ '\n"
    'eval "$(patch-model completion bash)"\n',
    "zsh": "autoload -Uz compinit\ncompinit -D -u\nunset zle_bracketed_paste\nPS1='READY$ '\n"
    'eval "$(patch-model completion zsh)"\n',
    "fish": "function fish_prompt; printf 'READY$ '; end\nfunction fish_title; end\n"
    "patch-model completion fish | source\n",
}


class Shell:
    """A shell in which patch-model completes, and otherwise prints what it was given.

    The arguments go into a file, one after the other with a NUL behind each, so that nothing on
    the screen can be mistaken for them.
    """

    def __init__(self, name: str, folder: Path) -> None:
        """Starts the shell in ``folder``; skips the test on a machine that has none of it."""
        if shutil.which(name) is None:
            pytest.skip(f"there is no {name} here, so that its completion was not tried out")
        self._folder = folder
        self._given = folder / "given"
        self._completed = folder / "completed"
        binaries = folder / "bin"
        binaries.mkdir()
        command = warm.command(binaries)
        start = command.read_text().partition("\n")[2].removeprefix("exec ")
        command.write_text(
            '#!/bin/sh\nif [ -n "$_PATCH_MODEL_COMPLETE" ] || [ "$1" = completion ]\n'
            f"then {start}code=$?\n: > '{self._completed}'\nexit $code\nfi\n"
            f"printf '%s\\0' \"$@\" > '{self._given}.new'\nmv '{self._given}.new' '{self._given}'\n"
        )
        for file in ("rc", ".zshrc"):
            (folder / file).write_text(_SETUPS[name])
        self.screen = ""
        environ = {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "ZDOTDIR": str(folder),
            "TERM": "xterm" if name == "fish" else "dumb",
            "LC_ALL": "C.UTF-8",
            **{
                key: value
                for key, value in os.environ.items()
                if key.startswith(("POLYTOMIC_", "PATCH_MODEL_", "HOME"))
            },
        }
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            os.chdir(folder)
            os.execvpe(_STARTS[name][0], _STARTS[name], environ)
        self._wait_for("READY$ ")

    def type(self, text: str) -> None:
        """Types."""
        os.write(self._terminal, text.encode())

    def _wait_for(self, text: str, after: int = 0) -> None:
        """Reads until ``text`` is on the screen, after so many characters."""
        deadline = time.monotonic() + 20
        while text not in self.screen[after:]:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come; the screen: {self.screen!r}")
            self._read()

    def _wait_for_file(self, file: Path, typed: str) -> None:
        """Reads until there is a file."""
        deadline = time.monotonic() + 20
        while not file.exists():
            if time.monotonic() > deadline:
                self._read()
                raise AssertionError(f"{typed!r} is not {file.name}; the screen: {self.screen!r}")
            self._read()

    def completed(self, typed: str) -> list[str]:
        """What patch-model is given when the line is typed, completed with tab, and entered."""
        for file in (self._given, self._completed):
            file.unlink(missing_ok=True)
        self.type(f"{typed}\t")
        # Enter is pressed once the completion has been answered, as a person would.
        self._wait_for_file(self._completed, typed)
        shown = len(self.screen)
        self.type("\n")
        self._wait_for_file(self._given, typed)
        # What is typed while the command still has the terminal is not the shell's to complete.
        self._wait_for("READY$ ", after=shown)
        return self._given.read_bytes().decode().split("\0")[:-1]

    def close(self) -> None:
        """Ends the shell."""
        os.kill(self.pid, signal.SIGKILL)
        os.close(self._terminal)
        os.waitpid(self.pid, 0)

    def _read(self) -> None:
        ready, _, _ = select.select([self._terminal], [], [], 0.05)
        if ready:
            with contextlib.suppress(OSError):
                self.screen += os.read(self._terminal, 65536).decode(errors="replace")
