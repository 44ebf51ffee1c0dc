"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import sys

import click

from patcher.cli import console
from patcher.cli.signals import SIGNALS, SecondSignal
from patcher.errors import PatchError

INTERNAL_ERROR = 70
INTERRUPTED = 130


def run(command: click.Command, arguments: list[str]) -> int:
    """Runs a command and returns its exit code; whatever it raises ends here."""
    try:
        with SIGNALS:
            return invoke(command, arguments)
    except SecondSignal as signal:
        console.say(
            f"Stopped while a write was on its way; whether it took effect is not known.\n"
            f"What was there before is in the journal entry {signal.entry}. Look at the model "
            "before you write again."
        )
        return 6
    except (KeyboardInterrupt, click.Abort):
        console.say("\nInterrupted. Nothing was written.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - nobody shall be shown a traceback unasked
        return _internal(error)


def invoke(command: click.Command, arguments: list[str]) -> int:
    """Runs a command and returns its exit code; the errors that are meant to happen end here."""
    try:
        code = command.main(arguments, prog_name="patch-model", standalone_mode=False)
    except PatchError as error:
        report(error)
        return error.exit_code
    except click.UsageError as error:
        return _usage(error)
    return code if isinstance(code, int) else 0


def report(error: PatchError) -> None:
    """Prints an error: what happened, and what to do next."""
    console.say(f"Error: {error.message}")
    if error.hint:
        console.say(f"Hint: {error.hint}")


def _usage(error: click.UsageError) -> int:
    console.say(f"Error: {error.format_message()}")
    if error.ctx is not None:
        console.say(f"Hint: {error.ctx.command_path} --help shows what it takes.")
    return 2


def _internal(error: Exception) -> int:
    console.say(
        f"Internal error: {type(error).__name__}. This is a fault of patch-model, please report "
        "it with the output of the same command under -vv."
    )
    if "-vv" in sys.argv:
        import traceback

        traceback.print_exc()
    return INTERNAL_ERROR
