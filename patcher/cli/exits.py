"""Turns errors into messages, a JSON object and an exit code."""

from __future__ import annotations

import os
import re
import sys
from typing import Final

import click

from patcher.cli import console
from patcher.cli.help import Number
from patcher.cli.options import Connection
from patcher.cli.signals import SIGNALS, SecondSignal
from patcher.errors import (
    InterruptedWriteError,
    InvalidInputError,
    OutcomeUnknownError,
    OutputError,
    PatchError,
)

_WORD: Final = re.compile(r"--?[a-zA-Z][a-zA-Z-]*")
"""The name of an option; other text that begins with a dash may be a value."""


def run(command: click.Group, arguments: list[str]) -> int:
    """Runs a command and returns its exit code; handles every exception."""
    given = Connection()
    console.output.begin()
    with SIGNALS:
        try:
            return _with_output(invoke(command, arguments, given))
        except SecondSignal as signal:
            error: PatchError = OutcomeUnknownError(
                "Outcome unknown: stopped while a write was in progress.",
                journal_entry=signal.entry,
                hint=f"Check the model before you write again. Journal entry {signal.entry} has "
                "the state before the write.",
            )
        except (KeyboardInterrupt, click.Abort):
            error = interrupted()
        except Exception as fault:  # noqa: BLE001 - never a traceback unless asked for
            if given.verbose > 1:
                import traceback

                # Without the messages of exceptions, which may hold part of a document.
                console.say(
                    "Traceback (most recent call last):",
                    *"".join(traceback.format_tb(fault.__traceback__)).splitlines(),
                )
            error = PatchError(
                f"Internal error: {type(fault).__name__}.",
                hint="This is a bug in patch-model. Please report it with the output of the same "
                "command with -vv.",
            )
        return report(error, as_json=_wants_json(command, arguments))


def _with_output(code: int) -> int:
    """The exit code of a command that ended with ``code``, or of its lost output."""
    SIGNALS.settle()
    reason = console.output.lost
    if reason is None:
        return code
    if console.output.is_work:
        error = OutputError(
            f"Standard output could not be written: {reason}.",
            hint="The output is incomplete. Make room or write it elsewhere, and run the command "
            "again.",
        )
        return report(error, as_json=False)
    console.problem(
        "Warning",
        f"standard output could not be written ({reason}). The exit code shows how the command "
        "ended.",
    )
    return code


def interrupted() -> PatchError:
    """The error for a signal before a write, on a line of its own."""
    SIGNALS.settle()
    console.say("")
    return InterruptedWriteError("Interrupted. Nothing was written.")


def invoke(command: click.Group, arguments: list[str], given: Connection) -> int:
    """Runs a command and returns its exit code; handles expected errors."""
    try:
        arguments = _utf8(arguments)
        # Not main(), which prints its own messages when interrupted or when a pipe is closed.
        with command.make_context("patch-model", list(arguments), obj=given) as context:
            code = command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except PatchError as error:
        return report(error, as_json=_wants_json(command, arguments))
    except click.UsageError as error:
        return report(_usage(error), as_json=_wants_json(command, arguments))
    return code if isinstance(code, int) else 0


def _usage(error: click.UsageError) -> InvalidInputError:
    """Click's error without the text that was typed, which may be a misplaced password."""
    path = error.ctx.command_path if error.ctx else "patch-model"
    command = error.ctx.command if error.ctx else None
    message, hint = error.format_message(), f"Run '{path} --help' for usage."
    if isinstance(error, click.NoSuchOption):
        name = f" {error.option_name}" if _WORD.fullmatch(error.option_name) else ""
        message = f"Unknown option{name}."
        hint = _meant(error, command) or hint
    elif isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        message = _unfit(error)
    elif type(error) is click.UsageError and not isinstance(command, click.Group):
        message = "Too many arguments."
        if path.endswith(" list"):
            hint = "To print one model: patch-model get MODEL. To select some: --where name=TEXT"
    return InvalidInputError(message, hint=hint)


_MEANT: Final = {
    "-o json": "--json",
    "-o yaml": "--yaml",
    "-o": "--format",
    "--yes": "--force --auto-approve --assume-yes --no-input",
    "--where": "--filter --selector -l",
    "--dry-run": "--dry --check --diff --preview-only",
    "--exit-code": "--detailed-exitcode --check",
    "--expect-version": "--if-match --version",
    "--on-conflict rebase": "--rebase",
    "--merge": "--patch --data -d -p --file -f",
    "--set": "--set-string --set-json --set-file",
    "--unset": "--delete --clear",
    "--add": "--append",
    "--api-key-file": "--api-key --key --token",
    "--url": "--host --server --endpoint",
    "-v": "--debug",
}
"""What else an option may be called, by the habits of other tools."""


def _meant(error: click.NoSuchOption, command: click.Command | None) -> str | None:
    """The question for an unknown option: what it may be called here, or the item it may be."""
    name = error.option_name
    known = {one for parameter in command.params for one in parameter.opts} if command else set()
    found = [one for one, names in _MEANT.items() if name in names.split()]
    found = [one for one in found if one.split()[0] in known] or list(error.possibilities or ())
    if "--set" in known:
        from patcher.resources.model import MODEL

        key = name.lstrip("-").replace("-", "_")
        if key in MODEL.shape.members:
            found = [f"{key}=VALUE"]
    return f"Did you mean {' or '.join(found)}?" if found else None


def _unfit(error: click.BadParameter) -> str:
    """What a parameter expects, without the value it was given."""
    parameter = error.param
    kind = parameter.type if parameter else None
    name = parameter.opts[-1] if parameter else "An argument"
    if parameter and not isinstance(parameter, click.Option):
        name = parameter.human_readable_name.strip("[]").upper()
    if isinstance(kind, click.Choice):
        return f"{name}: expected one of {', '.join(map(str, kind.choices))}."
    if isinstance(kind, click.Path):
        return f"{name}: expected a file, got a folder."
    return f"{name}: {error.message if isinstance(kind, Number) else 'expected another value.'}"


def _utf8(arguments: list[str]) -> list[str]:
    """The arguments as UTF-8, whatever the locale. Raises InvalidInputError where one is not."""
    typed = [_bytes(one).decode("utf-8", "surrogateescape") for one in arguments]
    for i, argument in enumerate(typed):
        if not argument.isascii() and any("\ud800" <= one <= "\udfff" for one in argument):
            before = typed[i - 1].partition("=")[0] if i else ""
            which = f", after {before}," if before.startswith("-") else ""
            raise InvalidInputError(
                f"Argument {i + 1}{which} is not UTF-8 text.",
                hint="Type it in UTF-8, or read it from a UTF-8 file (PATH=@FILE).",
            )
    return typed


def _bytes(argument: str) -> bytes:
    """An argument as the system passed it; a surrogate that it can't have passed is kept."""
    try:
        return os.fsencode(argument)
    except UnicodeEncodeError:
        return argument.encode("utf-8", "surrogatepass")


def report(error: PatchError, *, as_json: bool) -> int:
    """Reports an error and returns its exit code.

    The JSON object is one line. In a batch other objects may precede it.
    """
    SIGNALS.settle()
    console.output.is_work = False
    console.problem("Error", error.message)
    if error.details or error.report or error.result:
        from patcher.render.review import error_lines

        console.show(error_lines(error, console.width(sys.stderr)), error=True)
    if error.command_hint:
        console.problem("Hint", error.command_hint)
    in_run = console.output.in_run
    if as_json and (in_run or not console.output.has_begun):
        from patcher.operations.session import failed
        from patcher.render.text import result_line

        console.out(result_line(error.result or failed(error), in_run=in_run) + "\n")
    return error.exit_code


def _wants_json(group: click.Group, arguments: list[str]) -> bool:
    """Whether -o json was given, even where the rest of the command line is invalid."""
    named = [one for one in arguments if one in group.list_commands(click.Context(group))]
    command = group.get_command(click.Context(group), named[0] if named else "apply") or group
    valued: list[click.Parameter] = [
        one
        for one in command.params
        if isinstance(one, click.Option) and not one.is_flag and one.name != "output"
    ]
    probe = click.Command("", params=[*valued, click.Option(["-o", "--output"])])
    context = probe.make_context(
        "",
        list(arguments),
        resilient_parsing=True,
        ignore_unknown_options=True,
        allow_extra_args=True,
    )
    return str(context.params["output"]).removeprefix("=").lower() == "json"
