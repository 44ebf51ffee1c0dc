"""The help of each command: every example in it is run, in a terminal, against the sandbox."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click
import pytest

import patcher
from patcher.api import Client
from patcher.cli.main import COMMANDS, LazyGroup, cli
from tests.docs.console import surroundings
from tests.files.project import Project
from tests.sandbox import seed

# An editor in the place of everybody's: it changes something, so that there is something to ask.
_EDITOR = "#!/bin/sh\nfor file; do :; done\nsed -i 's/300/301/' \"$file\"\nsleep 0\n"


def examples(name: str) -> list[str]:
    """The commands that a command's help shows."""
    command = LazyGroup().get_command(click.Context(cli), name)
    assert command is not None
    shown = re.search(r"^Examples?:\n((?:  .*\n?)+)", cleandoc(command.help or ""), re.MULTILINE)
    return [row.strip() for row in shown[1].splitlines()] if shown else []


class Place:
    """A folder with what the examples speak of, and a sandbox with a model called Customers."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = {**environ, "EDITOR": "ed", "TERM": "dumb", "SHELL": "/bin/bash"}
        for editor in ("ed", "code"):
            (folder / "bin" / editor).write_text(_EDITOR)
            (folder / "bin" / editor).chmod(0o755)
        (folder / "customers.sql").write_text("select id, email from customers\n")
        (folder / ".config" / "fish" / "completions").mkdir(parents=True)
        url, key = environ["POLYTOMIC_DEPLOYMENT_URL"], environ["POLYTOMIC_API_KEY"]
        self.client = Client(url, key)
        self.begin()

    def begin(self) -> None:
        """Calls the model Customers, whatever an example has made of it; that is in the journal."""
        patcher.patch_model(seed.CONTACTS, {"name": "Customers"}, client=self.client)

    def entry(self) -> str:
        """The newest entry of the journal."""
        journal = self.folder / "state" / "journal"
        names = sorted(journal.glob("*.intent.json"), key=os.path.getmtime)
        return "@" + re.search(r"[0-9a-f]{12}", names[-1].name)[0]  # type: ignore[index]

    def many(self) -> str:
        """The name of a run over many models."""
        change = {"configuration": {"note": "of a run"}}
        results = list(patcher.patch_models(None, change, client=self.client))
        assert results[0].plan is not None
        return str(results[0].plan.origin.run)

    def files(self) -> None:
        """A repository with all models as files, and a commit since."""
        project = Project(self.folder)
        if not (self.folder / ".git").exists():
            project.init()
        assert list(patcher.pull_models(project.models, client=self.client, base="live"))
        project.git("add", "models")
        for message in ("All models", "Something else"):
            project.git("commit", "-q", "--allow-empty", "-m", message)

    def run(self, command: str) -> tuple[int, str]:
        """Runs a command in a terminal, answers yes, and stops what does not end by itself."""
        pid, terminal = pty.fork()
        if pid == 0:  # pragma: no cover - the child
            os.chdir(self.folder)
            os.execvpe("bash", ["bash", "-c", command], self.environ)
        screen, answered, deadline = "", 0, time.monotonic() + 40
        while time.monotonic() < deadline:
            ready, _, _ = select.select([terminal], [], [], 1)
            if not ready:
                continue
            try:
                screen += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
            if len(re.findall(r"Write [^?\n]*\?", screen)) > answered:
                answered += 1
                os.write(terminal, b"y\n")
            if "stop with Ctrl-C" in screen and "^C" not in screen:
                os.write(terminal, b"\x03")
        if time.monotonic() >= deadline:
            os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), screen


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Where the examples are run."""
    with surroundings() as (environ, folder):
        monkeypatch.setenv("PATCH_MODEL_STATE_DIR", environ["PATCH_MODEL_STATE_DIR"])
        made = Place(folder, environ)
        yield made
        made.client.close()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_the_help_works(place: Place, name: str) -> None:
    """Each example of a command ends well, run as it stands, in a terminal."""
    shown = examples(name)

    assert shown
    for command in shown:
        place.begin()
        runnable = re.sub(r"@[0-9a-f]{12}", place.entry(), command)
        if "--run run-" in runnable:
            runnable = re.sub(r"run-[0-9a-f]{12}", place.many(), runnable)
        runnable = runnable.replace("~/", f"{place.folder}/").replace("--port 8930", "--port 0")
        if name == "sandbox" and "--port" not in runnable:
            runnable += " --port 0"  # its own may be in use
        if runnable.startswith("patch-model apply --plan "):
            # What its file holds is made by the example of another command.
            made = next(one for one in examples("plan") if "--out" in one)
            assert place.run(made)[0] == 0
        if " -f models" in runnable or "patch-model pull" in runnable:
            place.files()
        code, screen = place.run(runnable)
        expected = 1 if "--exit-code" in command else 0
        assert code == expected, f"{command}\n{screen}"
