"""Running one cell: a model, a command and a fault, and what became of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import patcher
from patcher.api.pace import Pace
from patcher.batch.pool import BatchControl
from patcher.cli.main import run
from patcher.operations.session import SystemClock
from tests.cli.scripted import ScriptedEditor, kept, state
from tests.faults.matrix import NEW, OLD, THEIRS, Cell, Command
from tests.guard.memory import FakeClock
from tests.sandbox import Sandbox, seed

RENAME = ("--set", f"name={NEW}", "--yes")

Output = Callable[[], str]
"""Gives what was printed since it was last asked."""


class Outcome(NamedTuple):
    """How a command ended: its exit code, and all that it printed."""

    code: int
    text: str


class Bench:
    """A model of its own in the sandbox, and the command line before it, on a clock of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path, output: Output) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self._output = output
        self.before = without_credentials(seed.contacts())
        # Written twice and planned on once, so that there is a past for readings to fall behind.
        self.model = sandbox.create({**self.before, "name": "Drafts"})
        sandbox.write_as_other(self.model, {"name": OLD})
        self.clock = FakeClock()

    def run(self, *arguments: str, timeout: float = 60) -> Outcome:
        """Runs patch-model within this process."""
        self._output()
        bounds = ("--timeout", str(timeout), "--settle-timeout", "5")
        with (
            mock.patch.object(BatchControl, "sleep", lambda _, time: self.clock.sleep(time)),
            mock.patch.object(BatchControl, "monotonic", self.clock.monotonic),
            mock.patch.object(SystemClock, "sleep", staticmethod(self.clock.sleep)),
            mock.patch.object(SystemClock, "monotonic", staticmethod(self.clock.monotonic)),
            mock.patch.dict(Pace.__init__.__kwdefaults__, monotonic=self.clock.monotonic),
        ):
            code = run([*bounds, *arguments])
        return Outcome(code, self._output())

    @property
    def plan(self) -> str:
        """Where the plan is saved."""
        return str(self.folder / "plan.json")

    def files(self, name: str) -> str:
        """A folder with the model's file."""
        return str(self.folder / name)

    def prepare(self, command: Command) -> tuple[str, ...]:
        """Does what goes before a command; gives the arguments of the command itself."""
        if command == "apply -f":
            done = self.run("pull", self.model, "--dir", self.files("before"))
            assert done.code == 0, done.text
            (path,) = Path(self.files("before")).iterdir()
            Path(self.files("now")).mkdir()
            text = path.read_text().replace(f"name: {OLD}\n", f"name: {NEW}\n")
            Path(self.files("now"), path.name).write_text(text)
        elif command != "undo":
            # In any case there is a snapshot that was accepted.
            saved = ("--out", self.plan) if command == "apply --plan" else ()
            done = self.run("plan", self.model, "--set", f"name={NEW}", *saved)
            assert done.code == 0, done.text
        else:
            # What is taken back is the way from new to old, so that undoing it writes the new.
            self.sandbox.write_as_other(self.model, {"name": NEW})
            done = self.run("apply", self.model, "--set", f"name={OLD}", "--yes")
            assert done.code == 0, done.text
        self.sandbox.reset()
        return self.arguments(command)

    def arguments(self, command: Command, undone: str | None = None) -> tuple[str, ...]:
        """The arguments of a command; ``undone`` is the entry to undo, the last one if not said."""
        return {
            "apply": ("apply", self.model, *RENAME),
            "apply --plan": ("apply", "--plan", self.plan, "--yes"),
            "apply -f": ("apply", "-f", self.files("now"), "--base", self.files("before"), "--yes"),
            "edit": ("edit", self.model, "--yes"),
            "undo": ("undo", undone or self.model, "--yes"),
            "apply --async": ("apply", self.model, *RENAME, "--async"),
        }[command]

    def again(self, command: Command) -> tuple[str, ...]:
        """The arguments that make a second try; an undo that landed would be undone without."""
        return self.arguments(command, self.entries()[-1].entry if command == "undo" else None)

    def entries(self) -> tuple[patcher.HistoryEntry, ...]:
        """The journal of the model, the newest entry first."""
        return patcher.history(self.model)

    def stored(self) -> str:
        """What the server has, as Cell says it, or what must not be."""
        if self.model not in self.sandbox.ids():
            return "gone"
        stored = self.sandbox.stored(self.model)
        name = {OLD: "old", NEW: "new"}[stored.pop("name")]
        if {**stored, "name": OLD} == self.before:
            return name
        is_theirs = {**stored, "name": OLD} == {**self.before, **THEIRS}
        return f"{name} and theirs" if is_theirs else "something else"

    def seen(self, outcome: Outcome, entries_before: int) -> Cell:
        """The cell that is there, with all that was printed in place of the phrase."""
        puts = len(self.sandbox.puts(self.model))
        entries = self.entries()
        journal = entries[0].state if len(entries) > entries_before else "none"
        return Cell(self.stored(), puts, outcome.code, journal, outcome.text)  # type: ignore[arg-type]

    def everything_lands(self, *, awaited: bool) -> None:
        """Lets go of what is still under way; where something is ``awaited``, until it is there."""
        looks = self.sandbox.release()
        while awaited and self.stored() == "old":
            self.sandbox.release()  # a job that a held request has begun only now
            looks += 1
            assert looks < 100_000, "nothing has landed"


def scripted_editor(folder: Path) -> str:
    """An editor that renames the model; what EDITOR is to be set to."""
    folder.mkdir()
    editor = ScriptedEditor(folder)
    editor.does(f"sed -i 's/^name: .*/name: {NEW}/' \"$1\"")
    return editor.setting


def resume_arguments(text: str) -> tuple[str, ...]:
    """The command that the output gives to go on with a text that was kept."""
    said = re.search(r"^To resume it:\s+patch-model (edit .*)$", text, re.MULTILINE)
    assert said, text
    return tuple(shlex.split(said[1]))


def kept_texts() -> list[Path]:
    """The texts in the folder for edits."""
    return [path for path in kept(state()) if path.suffix == ".yaml"]


def without_credentials(document: dict[str, Any]) -> dict[str, Any]:
    """The document without those; a saved plan digests each of them, and that takes its time."""
    del document["configuration"]["session"]["api_token"]
    del document["enricher"]["configuration"]["api_key"]
    return document
