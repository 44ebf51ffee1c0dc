"""An editor that does what a test says, one step at each visit, and ``edit`` in this process."""

from __future__ import annotations

import io
import os
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from patcher.cli import console
from patcher.cli.main import run
from patcher.editor.program import Program
from tests.sandbox import Sandbox, seed

RENAME = "sed -i 's/^name: .*/name: Clients/' \"$1\""
BROKEN = "sed -i 's/^fields:/fields: [/' \"$1\""


class ScriptedEditor:
    """A shell script in the place of an editor; it keeps a copy of every text that it was given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._script = folder / "my editor.sh"
        self.does()

    @property
    def setting(self) -> str:
        """What EDITOR is to be set to: quoted, since the path has a space in it."""
        return f"'{self._script}'"

    def does(self, *steps: str) -> None:
        """Sets what it does at its first visit, at its second, and so on: shell, the file is $1."""
        (self._folder / "visits").write_text("0")
        cases = "\n".join(f"{i}) {step} ;;" for i, step in enumerate(steps, 1))
        self._script.write_text(
            f"#!/bin/sh\ncd '{self._folder}'\nvisit=$(($(cat visits) + 1))\n"
            f'echo $visit > visits\ncp "$1" seen-$visit\ncase $visit in\n{cases}\nesac\n'
        )
        self._script.chmod(0o755)

    @property
    def visits(self) -> int:
        """How often it was called."""
        return int((self._folder / "visits").read_text())

    def saw(self, visit: int) -> str:
        """The text that it was given at a visit, counted from 1."""
        return (self._folder / f"seen-{visit}").read_text()


def kept(state: Path) -> list[Path]:
    """The files in the folder for edits, hidden ones too."""
    folder = state / "edits"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def state() -> Path:
    """The state folder of the test."""
    return Path(os.environ["PATCH_MODEL_STATE_DIR"])


@contextmanager
def acting(act: Callable[[], object]) -> Iterator[None]:
    """Within it, someone else acts during the first visit to an editor."""
    acts, visit = [act], Program.visit

    def visited(self: Program, path: Path) -> bool:
        hasty = visit(self, path)
        if acts:
            acts.pop()()
        return hasty

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Program, "visit", visited)
        yield


def others_set(sandbox: Sandbox, key: str, value: str) -> Callable[[], object]:
    """What makes someone else set a key of the first model."""
    return lambda: sandbox.write_as_other(seed.CONTACTS, {key: value})


class Screen(io.StringIO):
    """Both streams of a command, as on a terminal."""

    def isatty(self) -> bool:
        return True


def edit(
    *arguments: str,
    answers: tuple[str, ...] = (),
    meanwhile: Callable[[], object] | None = None,
    at_once: float = 0.0,
) -> tuple[int, str]:
    """Runs ``edit`` in this process as on a terminal; the exit code and the screen.

    ``answers`` are typed one after the other, and all of them have to be asked for. ``meanwhile``
    is what someone else does during the first visit. An editor that takes less than ``at_once``
    seconds counts as one that did not wait.
    """
    typed, screen = list(answers), Screen()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(screen),
        redirect_stderr(screen),
        acting(meanwhile or list),
    ):
        patch.setenv("NO_COLOR", "1")
        patch.setattr(console, "can_ask", lambda: True)
        patch.setattr(console, "_typed", lambda: typed.pop(0))
        patch.setattr("patcher.editor.program.AT_ONCE", at_once)
        code = run(["edit", *arguments])
    assert typed == []
    return code, screen.getvalue()


def resume_command(screen: str) -> list[str]:
    """The arguments of the command that the screen says resumes the edit."""
    said = re.search(r"To resume it:\s+(patch-model edit .*)", screen)
    assert said, screen
    return shlex.split(said[1])[1:]


def resume(screen: str, **options: Any) -> tuple[int, str]:
    """Resumes an edit by the command on the screen, as ``edit`` does."""
    return edit(*resume_command(screen)[1:], **options)


def assert_kept(screen: str, *, holds: str) -> Path:
    """The text is on disk, for its owner alone, and the screen says where and how to resume it."""
    (path,) = (one for one in kept(state()) if not one.name.startswith("."))
    assert str(path) in screen
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert holds.encode() in path.read_bytes()
    assert resume_command(screen)[3] == str(path)
    return path
