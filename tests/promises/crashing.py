"""Guarded writes that kill themselves at a certain step, as no cleanup could foresee.

python -m tests.promises.crashing MODEL NAME: for each STEP on a line of standard input, a forked
process writes and dies at that step; its exit code is printed, 0 when it came to its end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import patcher
from patcher.api import Client

R = TypeVar("R")


class Fuse:
    """Burns a step at each call of what it is laid around, and kills the process at its end."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def burn(self) -> None:
        """One step."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., R]) -> Callable[..., R]:
        """``call``, with a step before it and one after it."""

        def burning(*arguments: Any, **options: Any) -> R:
            self.burn()
            result = call(*arguments, **options)
            self.burn()
            return result

        return burning


def write(steps: int, model: str, name: str) -> None:
    """Renames a model, with a fuse around all that touches the disk or the network."""
    fuse = Fuse(steps)
    os.fsync = fuse.around(os.fsync)
    Path.replace = fuse.around(Path.replace)  # type: ignore[method-assign]
    Client.read_raw = fuse.around(Client.read_raw)  # type: ignore[method-assign]
    Client.put = fuse.around(Client.put)  # type: ignore[method-assign]
    patcher.patch_model(model, {"name": name})


def main(model: str, name: str) -> None:
    """Writes in a process of its own for each line."""
    patcher.plan_patch(model, {"name": name})  # what is imported by now is so in every fork
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write(int(line), model, name)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
