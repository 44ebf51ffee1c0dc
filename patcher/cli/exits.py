"""The one place where an error becomes a message, a JSON object and an exit code."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from patcher.guard import Clock

_WORD: Final = re.compile(r"--?[a-zA-Z][a-zA-Z-]*")
"""What an option is called; anything else that begins with a dash may be a value."""


def run(command: click.Group, arguments: list[str], *, clock: Clock | None = None) -> int:
    """Runs a command and returns its exit code; whatever it raises ends here."""
    given = Connection()
    given.clock = clock
    console.begin()
    with SIGNALS:
        try:
            return _with_output(invoke(command, arguments, given))
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
            if given.verbose > 1:
                import traceback

                # Without the exceptions' own texts, which may hold a part of a document.
                console.say(
                    "Traceback (most recent call last):",
                    *"".join(traceback.format_tb(fault.__traceback__)).splitlines(),
                )
            error = PatchError(
                f"Internal error: {type(fault).__name__}.",
                hint="This is a fault of patch-model; please report it, with the output of the "
                "same command under -vv.",
            )
        return report(error, as_json=_wants_json(command, arguments))


def _with_output(code: int) -> int:
    """The exit code of a command that ended with ``code``, what it has printed considered."""
    SIGNALS.settle()
    reason = console.lost()
    if reason is None:
        return code
    if console.is_lost_work():
        error = OutputError(
            f"Standard output could not be written: {reason}.",
            hint="What was put out is not whole. Make room, or write it elsewhere, and run the "
            "command again.",
        )
        return report(error, as_json=False)
    console.say(
        f"Warning: standard output could not be written ({reason}). The exit code says how the "
        "command ended."
    )
    return code


def interrupted() -> PatchError:
    """The error for a signal that came before a write, on a line of its own."""
    SIGNALS.settle()
    console.say("")
    return InterruptedWriteError("Interrupted. Nothing was written.")


def invoke(command: click.Group, arguments: list[str], given: Connection) -> int:
    """Runs a command and returns its exit code; the errors that are meant to happen end here."""
    try:
        arguments = _utf8(arguments)
        # Not main(), which prints on its own when it is interrupted or a pipe is closed.
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
    """Click's error without what was typed, which may be a password in the wrong place."""
    command = error.ctx.command_path if error.ctx else "patch-model"
    message, hint = error.format_message(), f"{command} --help shows what it takes."
    if isinstance(error, click.NoSuchOption):
        name = f" {error.option_name}" if _WORD.fullmatch(error.option_name) else ""
        message = f"Unknown option{name}."
        if error.possibilities:
            hint = f"Did you mean {' or '.join(error.possibilities)}?"
    elif isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        message = _unfit(error)
    elif type(error) is click.UsageError and not isinstance(_command(error), click.Group):
        message = "There are more arguments than the command takes."
    return InvalidInputError(message, hint=hint)


def _command(error: click.UsageError) -> click.Command | None:
    return error.ctx.command if error.ctx else None


def _unfit(error: click.BadParameter) -> str:
    """What a parameter expects, without the value it was given."""
    parameter = error.param
    kind = parameter.type if parameter else None
    name = parameter.opts[-1] if isinstance(parameter, click.Option) else "An argument"
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
                hint="Type it in UTF-8, or give the text in a UTF-8 file (PATH=@FILE).",
            )
    return typed


def _bytes(argument: str) -> bytes:
    """An argument as it came from the system; a surrogate that it cannot have sent is kept."""
    try:
        return os.fsencode(argument)
    except UnicodeEncodeError:
        return argument.encode("utf-8", "surrogatepass")


def report(error: PatchError, *, as_json: bool, in_run: bool = False) -> int:
    """Says what happened and what to do next, and returns the exit code for it.

    The JSON object is one line, which is right for a run of many, too; ``in_run`` says that it is
    one, in which objects may come before it.
    """
    SIGNALS.settle()
    console.report_only()
    console.say(f"Error: {error.message}")
    _detail(error)
    if error.hint:
        console.say(f"Hint: {error.hint}")
    if as_json and (in_run or not console.has_begun()):
        from patcher.operations.write import failed
        from patcher.render.text import result_line

        console.out(result_line(error.result or failed(error), in_run=in_run) + "\n")
    return error.exit_code


def _detail(error: PatchError) -> None:
    """What differs, who changed what, what else came up: whatever the error knows of these."""
    differences = getattr(error, "differences", ())
    if error.details:
        from patcher.render.plan import details_lines

        console.show(details_lines(error.details), error=True)
    report = getattr(error, "report", None)
    if report:
        from patcher.render.plan import conflict_lines

        console.show(conflict_lines(report), error=True)
    if error.result and error.result.plan and error.result.plan.preview:
        from patcher.render.review import message_lines

        console.show(message_lines(error.result.plan.preview), error=True)
    if differences or error.result:
        from patcher.render.plan import change_lines, warning_lines

        if differences:
            console.say("Sent (-) against stored (+):")
            console.show(change_lines(differences), error=True)
        if error.result:
            console.show(warning_lines(error.result.notices), error=True)


def _wants_json(group: click.Group, arguments: list[str]) -> bool:
    """Whether -o json was asked for, also where the rest of the command line makes no sense.

    However it is written: ``-yo json``, ``-ojson``, ``--output=json``. The last one counts.
    """
    named = [one for one in arguments if one in group.list_commands(click.Context(group))]
    command = group.get_command(click.Context(group), named[0] if named else "apply")
    valued = {"-o", "--output"}
    for one in (command or group).params:
        if isinstance(one, click.Option) and not one.is_flag and not one.count:
            valued.update(one.opts)
    found, rest = "", iter(arguments)
    for argument in rest:
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if not argument.startswith("--"):
            letters = argument[1:] if argument.startswith("-") else ""
            at = next((i for i, one in enumerate(letters) if f"-{one}" in valued), len(letters))
            name, value = f"-{letters[at : at + 1]}", letters[at + 1 :]
            equals = value
        if name in valued and not equals:
            value = next(rest, "")
        if name in ("-o", "--output"):
            found = value.removeprefix("=").lower()
    return found == "json"
