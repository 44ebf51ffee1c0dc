"""A pseudo-terminal around the command: type, look at the screen, send signals."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.leaks import see_screen


class Terminal:
    """patch-model running in a terminal of its own."""

    def __init__(
        self,
        *arguments: str,
        stdout: int | None = None,
        environ: Mapping[str, str] | None = None,
        folder: Path = Path(__file__).parents[2],
    ) -> None:
        """Starts the command; ``stdout`` is a file descriptor in place of the terminal."""
        self.screen = ""
        self._arguments = arguments
        self._code: int | None = None
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            os.chdir(folder)
            if stdout is not None:
                os.dup2(stdout, 1)
            command = [sys.executable, "-m", "patcher", *arguments]
            os.execve(sys.executable, command, environ or os.environ)

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """Reads until ``text`` is on the screen; the screen so far."""
        return self.wait_for_times(text, 1, seconds)

    def wait_for_times(self, text: str, times: int, seconds: float = 60) -> str:
        """Reads until ``text`` has been on the screen so many times; the screen so far."""
        deadline = time.monotonic() + seconds
        while self.screen.count(text) < times:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{text!r} did not come; the screen: {self.screen!r}")
        return self.screen

    def type(self, text: str) -> None:
        """Types ``text``."""
        os.write(self._terminal, text.encode())

    def signal(self, number: int) -> None:
        """Sends a signal to the command."""
        os.kill(self.pid, number)

    def finish(self, seconds: float = 60) -> int:
        """Reads to the end; the exit code."""
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass
        if time.monotonic() > deadline:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._terminal)
        see_screen(self._arguments, self.screen)
        return os.waitstatus_to_exitcode(status)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, seconds))
        if not ready:
            return False
        data = b""
        with contextlib.suppress(OSError):  # the other side is closed
            data = os.read(self._terminal, 65536)
        self.screen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
