"""The fault matrix: what its rows and cells are. Data; the rows themselves are in ``rows``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from tests.faults.relay import Way, Welcome
from tests.sandbox import Fault, faults

Command: TypeAlias = Literal["apply", "apply --plan", "apply -f", "edit", "undo", "apply --async"]

COMMANDS: tuple[Command, ...] = (
    "apply",
    "apply --plan",
    "apply -f",
    "edit",
    "undo",
    "apply --async",
)


Stored: TypeAlias = Literal["new", "old", "gone", "new and theirs", "old and theirs"]

OLD: Final = "Contacts"
NEW: Final = "Customers"
"""What the model is called, and what every command is to call it."""

THEIRS: Final[Mapping[str, str]] = {"identifier": "email"}
"""What someone else makes of it."""


class Cell(NamedTuple):
    """How a command ends under a fault.

    Attributes:
        stored: what the server has when the command has ended: "new" is what was to be written,
            "old" what was there before, "gone" no model at all; "and theirs" with what someone
            else changed in it.
        puts: how many PUTs the server received.
        code: the exit code.
        journal: the state of the write's entry, or "none" where there is no entry.
        says: a phrase of what is printed.
        lands: whether the write is still under way then, and is stored later.
    """

    stored: Stored
    puts: int
    code: int
    journal: Literal["applied", "not-written", "unknown", "none"]
    says: str
    lands: bool = False


class Step(NamedTuple):
    """A fault of the sandbox by name, with its arguments."""

    name: str
    arguments: Mapping[str, Any]

    def fault(self) -> Fault:
        """A fresh one: some of them can happen only once."""
        made: Fault = getattr(faults, self.name)(**self.arguments)
        return made


class Cut(NamedTuple):
    """A fault of the connection: reset after so many answers, those after it met as told.

    ``interim`` is sent before each answer; with None of ``answers`` nothing else goes wrong.
    """

    way: Way
    answers: int | None
    then: tuple[Welcome, ...] = ()
    interim: bytes = b""


class Row(NamedTuple):
    """One fault, and how each command ends under it.

    Attributes:
        name: what it is called.
        cell: how a command ends, where ``unlike`` has nothing else for it.
        unlike: the commands that end otherwise.
        steps: what goes wrong in the server, the outermost first.
        cut: what goes wrong with the connection.
        timeout: the --timeout, where it matters.
        commands: the commands that it can happen to.
        is_signalled: whether SIGINT, SIGTERM and SIGHUP come, twice each, once it is said how it
            ended.
    """

    name: str
    cell: Cell
    unlike: Mapping[Command, Cell]
    steps: tuple[Step, ...]
    cut: Cut | None
    timeout: float
    commands: tuple[Command, ...]
    is_signalled: bool

    def expected(self, command: Command) -> Cell:
        """How that command ends."""
        return self.unlike.get(command, self.cell)


def row(
    name: str,
    cell: Cell,
    *steps: Step,
    cut: Cut | None = None,
    timeout: float = 60,
    unlike: Mapping[Command, Cell] | None = None,
    commands: tuple[Command, ...] = COMMANDS,
    is_signalled: bool = False,
) -> Row:
    """A row; by default every command ends the same."""
    return Row(name, cell, unlike or {}, steps, cut, timeout, commands, is_signalled)


def step(name: str, *arguments: Any, **where: Any) -> Step:
    """A fault; its positional arguments are those that come first in its constructor."""
    return Step(name, {**dict(zip(_FIRST.get(name, ()), arguments, strict=True)), **where})


_FIRST = {
    "status_before": ("status",),
    "status_after": ("status",),
    "garbage": ("form",),
    "hold": ("gate", "when"),
    "late_write": ("reads", "status"),
    "lagging_reads": ("reads",),
    "concurrent_write": ("changes", "when"),
}
