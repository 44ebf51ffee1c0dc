"""The console blocks of a document: run them, compare, and write them anew.

python -m tests.docs.console --update README.md
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from patcher.sandbox import Sandbox, seed
from tests import leaks

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "2026-11-23T17:00:00.000000Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "2026-11-23T17:00:00.000Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-11-23T17:00:00Z"),
    (re.compile(r"@[0-9a-f]{12}\b"), "@4b1d6a0c9e2f"),
    (re.compile(r"\brun-[0-9a-f]{12}\b"), "run-4b1d6a0c9e2f"),
    (re.compile(r"\((\d+) ms\)"), "(3 ms)"),
    (
        re.compile(r"\S*/edits/([a-z-]+)-[0-9a-f]{6}\."),
        r"~/.local/state/patch-model/edits/\1-4b1d6a.",
    ),
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIXED = {
    getattr(module, name)
    for module in (seed,)
    for name in dir(module)
    if name.isupper() and name[0] != "_"
}
_EXAMPLE = "248df4b7-aa70-47b8-a036-33ac447e668d"


@dataclass(frozen=True)
class Command:
    """A command of a block, and the output that the document shows for it."""

    text: str
    shown: str


def commands(document: str) -> list[Command]:
    """The commands of all console blocks, in order; a block of ``make`` is for people."""
    found = []
    for block in _BLOCK.findall(document):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            text, _, shown = part.partition("\n")
            while text.endswith("\\"):
                more, _, shown = shown.partition("\n")
                text = f"{text}\n{more}"
            found.append(Command(text, shown))
    return found


def is_runnable(command: Command) -> bool:
    """Whether a command is one of ours, and not how to set things up."""
    return not command.text.startswith(("make ", "git ", "python -m pip", "python3 -m pip"))


def settled(text: str) -> str:
    """Text with what differs from run to run replaced by one example of it."""
    for pattern, example in _VARYING:
        text = pattern.sub(example, text)
    return _UUID.sub(lambda match: match[0] if match[0] in _FIXED else _EXAMPLE, text)


@contextmanager
def surroundings() -> Iterator[tuple[dict[str, str], Path]]:
    """A sandbox, an empty folder, and the environment in which documents are run."""
    with tempfile.TemporaryDirectory() as name, Sandbox(models=3) as sandbox:
        folder = Path(name)
        binaries = folder / "bin"
        binaries.mkdir()
        for command, arguments in (("patch-model", "-m patcher"), ("python", "")):
            script = binaries / command
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            script.chmod(0o755)
        (folder / "examples").symlink_to(ROOT / "examples")
        environ = {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": name,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            "PATCH_MODEL_STATE_DIR": str(folder / "state"),
            "POLYTOMIC_DEPLOYMENT_URL": sandbox.url,
            "POLYTOMIC_API_KEY": sandbox.api_key,
        }
        yield environ, folder
        leaks.see_folder(folder)


def run(command: Command, environ: dict[str, str], folder: Path) -> str:
    """The output of a command, both streams as a terminal would show them."""
    done = subprocess.run(
        ["sh", "-c", f"exec 2>&1\n{command.text}"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environ,
        cwd=folder,
        timeout=60,
        check=False,
    )
    return settled(done.stdout)


def updated(document: str) -> str:
    """The document with the output of its commands as it is now."""
    with surroundings() as (environ, folder):
        for command in commands(document):
            if is_runnable(command):
                before = f"$ {command.text}\n{command.shown}"
                tail = "\n" if command.shown.endswith("\n\n") else ""
                after = f"$ {command.text}\n{run(command, environ, folder)}{tail}"
                document = document.replace(before, after, 1)
    return document


if __name__ == "__main__":
    for argument in sys.argv[2:]:
        path = Path(argument)
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
