"""An editor that does what a test tells it to, one step at each visit."""

from __future__ import annotations

import os
import sys
from pathlib import Path


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


def other(model_id: str, key: str, value: str) -> str:
    """The step of somebody else's program that sets a text of a model meanwhile."""
    environ = "env -u EDITOR PATCH_MODEL_STATE_DIR=other"
    root = Path(__file__).parents[2]
    return (
        f"{environ} PYTHONPATH='{root}' '{sys.executable}' -m patcher apply {model_id} "
        f"--set {key}='{value}' --yes > other.log 2>&1"
    )


def state() -> Path:
    """The state folder of the test."""
    return Path(os.environ["PATCH_MODEL_STATE_DIR"])
