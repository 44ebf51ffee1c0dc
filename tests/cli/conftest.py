"""The real command, with its streams apart, against a running sandbox."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from patcher.cli.main import run
from tests import warm
from tests.cli.scripted import ScriptedEditor
from tests.sandbox import Sandbox, in_environment


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that the environment points to."""
    with in_environment(3, monkeypatch) as running:
        yield running


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedEditor:
    """The editor that the environment names."""
    (tmp_path / "ed").mkdir()
    scripted = ScriptedEditor(tmp_path / "ed")
    monkeypatch.setenv("EDITOR", scripted.setting)
    return scripted


@pytest.fixture
def patch_model(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs patch-model within this process; standard input is not a terminal."""

    def command(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        streams = capsys.readouterr()
        return Outcome(code, streams.out, streams.err)

    return command


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Runs patch-model as a process of its own."""

    def command(*arguments: str, stdin: str | None = None, **options: Any) -> Outcome:
        environ = {**os.environ, **options.pop("env", {})}
        done = subprocess.run(
            [warm.command(tmp_path), *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            env=environ,
            cwd=Path(__file__).parents[2],
            timeout=60,
            check=False,
            **options,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return command
