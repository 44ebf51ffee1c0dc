"""A pseudo-terminal around the command: type, look at the screen, send signals."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from tests import warm
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
        self._terminal, side = pty.openpty()
        files = (side, side if stdout is None else stdout, side)
        self._process = warm.start(arguments, environ or os.environ, folder, files)
        self.pid = self._process.pid
        os.close(side)

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
        code = self._process.wait()
        os.close(self._terminal)
        see_screen(self._arguments, self.screen)
        return code

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, seconds))
        if not ready:
            return False
        data = b""
        with contextlib.suppress(OSError):  # the other side is closed
            data = os.read(self._terminal, 65536)
        self.screen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
