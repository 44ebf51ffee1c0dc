"""The pages of the documentation: what they show is run, compared, and written again.

``make docs`` (``python -m tests.docs``) rewrites the output that every page shows.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from patcher.cli.main import run as run_command
from patcher.sandbox import Sandbox
from tests import leaks, warm
from tests.files.project import IDENTITY
from tests.sandbox import seed

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    path.relative_to(ROOT).as_posix()
    for path in (
        *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY", "CHANGELOG")),
        *sorted((ROOT / "docs").glob("*.md")),
        ROOT / "examples" / "README.md",
    )
)

_BLOCK = re.compile(
    r"^```(console|python)\n(.*?)^```\n(?:\n?```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "2026-11-23T17:00:00.000000Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "2026-11-23T17:00:00.000Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-11-23T17:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "2026-11-23 17:00:00"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d\b(?!:)"), "2026-11-23 17:00"),
    (re.compile(r"@[0-9a-f]{12}\b"), "@4b1d6a0c9e2f"),
    (re.compile(r"\brun-[0-9a-f]{12}\b"), "run-4b1d6a0c9e2f"),
    (re.compile(r"(?m)^index [0-9a-f]{7}\.\.[0-9a-f]{7} "), "index 1111111..2222222 "),
    (re.compile(r"--base [0-9a-f]{12}\b"), "--base 4b1d6a0c9e2f"),
    (re.compile(r"was at [0-9a-f]{12}\b"), "was at 4b1d6a0c9e2f"),
    (re.compile(r"\((\d+) ms\)"), "(3 ms)"),
    # In a column the width stays.
    (re.compile(r"(?m)(?<=  )(now|[1-9]m )(?=  |$)"), "now"),
    (re.compile(r"\b127\.0\.0\.1:\d{5}(?=  )"), "127.0.0.1:8930 "),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:8930"),
    (
        re.compile(r"\S*/edits/([a-z-]+)-[0-9a-f]{6}\."),
        r"~/.local/state/patch-model/edits/\1-4b1d6a.",
    ),
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIXED = {one for one in vars(seed).values() if isinstance(one, str)}
_EXAMPLE = "248df4b7-aa70-47b8-a036-33ac447e668d"
_ANSWER = re.compile(r"(?<=\[y/N\] )\S+$", re.MULTILINE)
_FOR_PEOPLE = (
    "make ",
    "git clone ",
    "python -m pip",
    "python3 -m pip",
    "pipx ",
    "export ",
    "eval ",
)
_LOOK = re.compile(r"patch-model (get|list)\b(?!.*-o )")
# Outside single quotes these mean something to a shell, as does a variable before the command.
_SHELL = re.compile(r"^\w+=|[|<>;&$`*?~#(){}\\]")


@dataclass(frozen=True)
class Step:
    """A command of a console block, or a block of Python, and the output shown for it.

    Attributes:
        start: where the Markdown of the step and its output begins on the page.
        source: that Markdown, to be replaced as a whole.
        text: the command, or the Python code.
        shown: the output on the page.
        is_python: whether ``text`` is Python.
    """

    start: int
    source: str
    text: str
    shown: str
    is_python: bool = False

    @property
    def is_runnable(self) -> bool:
        """Whether the tests can run it, and not only a person who sets things up."""
        return self.is_python or not self.text.startswith(_FOR_PEOPLE)

    def cut(self, output: str) -> str:
        """The output without the lines that the page leaves out: ``...`` is in place of them."""
        shown = self.shown.rstrip("\n").split("\n")
        rows = output.rstrip("\n").split("\n")
        if "..." in shown:
            first, last = shown.index("..."), len(shown) - shown.index("...") - 1
            if len(rows) > first + last:
                rows = [*rows[:first], "...", *rows[len(rows) - last :]]
        return "\n".join(rows)

    def showing(self, output: str) -> str:
        """The Markdown of the step with another output."""
        if self.is_python:
            block = f"```python\n{self.text}```\n"
            return f"{block}\n```text\n{output}```\n" if output else block
        return f"$ {self.text}\n{output}"


def steps(page: str) -> list[Step]:
    """What a page runs: its commands and its blocks of Python, in order."""
    found = []
    for block in _BLOCK.finditer(page):
        if block[1] == "python":
            found.append(Step(block.start(), block[0], block[2], block[3] or "", is_python=True))
            continue
        found += [
            Step(block.start(2) + part.start(), part[0], part[1], part[2])
            for part in _COMMAND.finditer(block[2])
        ]
    return found


def settled(text: str) -> str:
    """Text with what differs from run to run replaced by one example of it."""
    for pattern, example in _VARYING:
        text = pattern.sub(example, text)
    return _UUID.sub(lambda match: match[0] if match[0] in _FIXED else _EXAMPLE, text)


@contextmanager
def surroundings() -> Iterator[tuple[dict[str, str], Path]]:
    """A sandbox, an empty folder, and the environment in which a page is run."""
    with tempfile.TemporaryDirectory() as name, Sandbox(models=3) as sandbox:
        folder = Path(name)
        binaries = folder / "bin"
        binaries.mkdir()
        warm.command(binaries)
        python = binaries / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        (folder / "examples").symlink_to(ROOT / "examples")
        environ = {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": name,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "PATCH_MODEL_STATE_DIR": str(folder / "state"),
            "POLYTOMIC_DEPLOYMENT_URL": sandbox.url,
            "POLYTOMIC_API_KEY": sandbox.api_key,
            **IDENTITY,
        }
        yield environ, folder
        leaks.see_folder(folder)


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class Runner:
    """Runs the steps of one page, one after the other, on one sandbox."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, step: Step) -> str:
        """The output of a step, both streams as a terminal would show them."""
        if step.is_python:
            output = self._here(lambda: exec(step.text, self._names))  # noqa: S102 - our own pages
        elif step.text.startswith("patch-model sandbox"):
            output = self._served(step.text)
        elif step.text.startswith(("git ", "sed ")) or _SHELL.search(
            re.sub(r"'[^']*'", "", step.text.replace("\\\n", " "))
        ):
            output = self._in_shell(step.text)
        elif _ANSWER.search(step.shown) or _LOOK.match(step.text):
            output = self._in_terminal(step)
        else:
            name, *arguments = shlex.split(step.text.replace("\\\n", " "))
            assert name == "patch-model", step.text
            output = self._here(lambda: run_command(arguments))
        return settled(output)

    def _here(self, work: Any) -> str:
        """Runs something in this process, which saves the start of another."""
        output = io.StringIO()
        with (
            mock.patch.dict(os.environ, self._environ, clear=True),
            _within(self._folder),
            open(os.devnull, encoding="utf-8") as nothing,  # noqa: PTH123 - a device
            mock.patch.object(sys, "stdin", nothing),
            redirect_stdout(output),
            redirect_stderr(output),
        ):
            work()
        return output.getvalue()

    def _in_shell(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", f"exec 2>&1\n{command}"],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self._environ,
            cwd=self._folder,
            timeout=60,
            check=False,
        )
        return done.stdout

    def _in_terminal(self, step: Step) -> str:
        """Runs a command as on a terminal of 80 columns, and types the answers that are shown."""
        from tests.cli.terminal import Terminal

        arguments = shlex.split(step.text.replace("\\\n", " "))[1:]
        terminal = Terminal(*arguments, environ=self._environ, folder=self._folder)
        for number, answer in enumerate(_ANSWER.findall(step.shown), 1):
            terminal.wait_for_times("[y/N] ", number)
            terminal.type(f"{answer}\n")
        terminal.finish()
        return terminal.screen

    def _served(self, command: str) -> str:
        """What a server prints until it is ready; it is stopped then."""
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command} --port 0 2>&1"],
            stdout=subprocess.PIPE,
            text=True,
            env=self._environ,
            cwd=self._folder,
        )
        assert process.stdout is not None
        rows = [process.stdout.readline()]
        deadline = time.monotonic() + 30
        while rows[-1] and "Ctrl-C" not in rows[-1] and time.monotonic() < deadline:
            rows.append(process.stdout.readline())
        process.kill()
        process.communicate()
        return "".join(rows)


def updated(page: str) -> str:
    """The page with the output of its steps as it is now."""
    with surroundings() as (environ, folder):
        runner = Runner(environ, folder)
        parts: list[str] = []
        end = 0
        for step in filter(lambda one: one.is_runnable, steps(page)):
            tail = "\n" if not step.is_python and step.shown.endswith("\n\n") else ""
            output = step.cut(runner.run(step))
            output = f"{output}\n" if output else ""
            parts += [page[end : step.start], step.showing(output + tail)]
            end = step.start + len(step.source)
    return "".join([*parts, page[end:]])
