"""A folder of models under git, as a team has it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Project:
    """A repository with a folder ``models``."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.models = path / "models"
        if monkeypatch is not None:
            for name, value in IDENTITY.items():
                monkeypatch.setenv(name, value)
            monkeypatch.chdir(path)

    def init(self, branch: str = "main") -> Project:
        """Makes it a repository."""
        self.git("init", "-q", "-b", branch)
        return self

    def git(self, *arguments: str) -> str:
        """The output of a git command, which must succeed."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**os.environ, **IDENTITY},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, message: str = "A change") -> str:
        """Commits everything; the id of the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def file(self, name: str) -> Path:
        """The file of a model."""
        return self.models / f"{name}.yaml"

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces a part of a file, which must be there."""
        path = self.file(name)
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new).encode())

    def contents(self) -> dict[str, bytes]:
        """All files of models, by path."""
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes()
            for path in sorted(self.models.rglob("*"))
            if path.is_file()
        }
