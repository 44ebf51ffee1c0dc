"""The one place where an error becomes a message, a JSON object and an exit code."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import click

from patcher.cli import console
from patcher.cli.options import Connection
from patcher.cli.signals import SIGNALS, SecondSignal
from patcher.errors import (
    InterruptedWriteError,
    InvalidInputError,
    OutcomeUnknownError,
    PatchError,
)

if TYPE_CHECKING:
    from patcher.guard import Clock


def run(command: click.Command, arguments: list[str], *, clock: Clock | None = None) -> int:
    """Runs a command and returns its exit code; whatever it raises ends here."""
    as_json = _wants_json(arguments)
    try:
        with SIGNALS:
            return invoke(command, arguments, clock=clock)
    except SecondSignal as signal:
        error: PatchError = OutcomeUnknownError(
            "Stopped while a write was on its way; whether it took effect is not known.",
            journal_entry=signal.entry,
            hint=f"What was there before is in the journal entry {signal.entry}. Look at the "
            "model before you write again.",
        )
    except (KeyboardInterrupt, click.Abort):
        error = interrupted()
    except Exception as fault:  # noqa: BLE001 - nobody shall be shown a traceback unasked
        if "-vv" in arguments:
            import traceback

            console.say(*traceback.format_exc().splitlines())
        error = PatchError(
            f"Internal error: {type(fault).__name__}.",
            hint="This is a fault of patch-model; please report it, with the output of the same "
            "command under -vv.",
        )
    return report(error, as_json=as_json)


def interrupted() -> PatchError:
    """The error for a signal that came before a write, on a line of its own."""
    console.say("")
    return InterruptedWriteError("Interrupted. Nothing was written.")


def invoke(command: click.Command, arguments: list[str], *, clock: Clock | None = None) -> int:
    """Runs a command and returns its exit code; the errors that are meant to happen end here."""
    given = Connection()
    given.clock = clock
    try:
        code = command.main(arguments, prog_name="patch-model", standalone_mode=False, obj=given)
    except PatchError as error:
        return report(error, as_json=_wants_json(arguments))
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "patch-model"
        usage = InvalidInputError(
            error.format_message(), hint=f"{path} --help shows what it takes."
        )
        return report(usage, as_json=_wants_json(arguments))
    return code if isinstance(code, int) else 0


def report(error: PatchError, *, as_json: bool, as_line: bool = False) -> int:
    """Says what happened and what to do next, and returns the exit code for it.

    ``as_line`` says that the JSON object is one line of several.
    """
    console.say(f"Error: {error.message}")
    _detail(error)
    if error.hint:
        console.say(f"Hint: {error.hint}")
    if as_json:
        from patcher.operations.calls import failed
        from patcher.render.json import result_json, result_line

        write = result_line if as_line else result_json
        console.out(write(error.result or failed(error)) + "\n")
    return error.exit_code


def _detail(error: PatchError) -> None:
    """What differs, who changed what, what else came up: whatever the error knows of these."""
    differences = getattr(error, "differences", ())
    report = getattr(error, "report", None)
    if report:
        from patcher.render.conflicts import conflict_lines

        console.show(conflict_lines(report), error=True)
    if error.result and error.result.plan and error.result.plan.preview:
        from patcher.render.review import message_lines

        console.show(message_lines(error.result.plan.preview), error=True)
    if differences or error.result:
        from patcher.render.view import change_lines, warning_lines

        if differences:
            console.say("Sent (-) against stored (+):")
            console.show(change_lines(differences), error=True)
        if error.result:
            console.show(warning_lines(error.result.notices), error=True)


def _wants_json(arguments: list[str]) -> bool:
    """Whether -o json was asked for, also where the rest of the command line makes no sense."""
    apart = any(one in ("-o", "--output") and other == "json" for one, other in pairwise(arguments))
    return apart or "-ojson" in arguments or "--output=json" in arguments
