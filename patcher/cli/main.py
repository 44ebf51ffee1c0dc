"""The ``patch-model`` command: its subcommands, loaded when they are called."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from patcher._version import __version__
from patcher.cli import console, exits
from patcher.cli.options import connection_options
from patcher.cli.signals import SIGNALS
from patcher.errors import InvalidInputError

if TYPE_CHECKING:
    from patcher.guard import Clock

# How a shell asks what can be typed next; click answers it.
COMPLETE_VARIABLE: Final = "_PATCH_MODEL_COMPLETE"

# A help text for all commands must not import all commands; a test holds the two together.
COMMANDS: Final = {
    "get": ("patcher.cli.read", "Print a model's writable document."),
    "list": ("patcher.cli.read", "List every model."),
    "plan": ("patcher.cli.write", "Show what a change would do; never writes."),
    "apply": ("patcher.cli.write", "Make a change: the guarded write."),
    "edit": ("patcher.cli.edit", "Edit a model by hand, in your editor, under the guard."),
    "history": (
        "patcher.cli.read",
        "List what was written, the newest first, or show one write.",
    ),
    "undo": (
        "patcher.cli.read",
        "Take a write back: the last one to MODEL, or that of ENTRY.",
    ),
    "completion": (
        "patcher.cli.completion",
        "Print the script that makes bash, zsh or fish complete patch-model.",
    ),
    "sandbox": (
        "patcher.cli.sandbox",
        "Run an emulator of the API on this machine, until it is stopped.",
    ),
    "demo": ("patcher.cli.sandbox", "Show the main job on the emulator, from start to end."),
}


def with_help(command: click.Command) -> click.Command:
    """The command with a --help that is printed as all other output is."""
    if command.add_help_option:
        command.add_help_option = False
        command.params.append(
            click.Option(
                ["-h", "--help"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_help,
                help="Show this message and exit.",
            )
        )
    return command


def _print_help(context: click.Context, _: click.Parameter, is_given: bool) -> None:
    if is_given and not context.resilient_parsing:
        console.out(context.get_help() + "\n")
        context.exit()


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return with_help(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, which is repeated only where it is a word."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from patcher.documents.wording import did_you_mean

            said = f' "{name}"' if name.isascii() and name.isalpha() else ""
            raise InvalidInputError(
                f"Unknown command{said}.",
                hint=did_you_mean(name, COMMANDS) or "patch-model --help lists the commands.",
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _print_version(context: click.Context, _: click.Parameter, is_given: bool) -> None:
    if is_given and not context.resilient_parsing:
        console.out(f"patch-model {__version__}\n")
        context.exit()


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done or nothing to do, 1 declined or (under --exit-code) differences, "
    "2 bad input, 3 refused or not reachable, 4 conflict, 5 written but not as intended or not "
    "alone, 6 outcome unknown, 7 some of many failed, 70 internal error, 74 output could not be "
    "written, 130 interrupted.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@connection_options
def cli() -> None:
    """Change one thing in a Polytomic model without losing the rest.

    The API replaces a model whole: whatever an update leaves out is cleared. patch-model fetches
    the model, applies your change, shows the difference, checks that nobody else was there first,
    and only then sends the complete model.

    MODEL is a UUID or an exact name; name:TEXT is always a name.
    """


with_help(cli)


def run(arguments: Sequence[str], *, clock: Clock | None = None, ends_process: bool = False) -> int:
    """Runs the command line and returns its exit code.

    ``arguments`` are as Python decodes them, with the bytes that its locale does not know as lone
    surrogates. ``clock`` is what waiting goes by; None is the machine's own. ``ends_process`` says
    that nothing comes after it but the end of the process, which no signal is to change.
    """
    if os.environ.get(COMPLETE_VARIABLE):
        from patcher.cli.completion import complete

        return complete(cli, COMPLETE_VARIABLE)
    SIGNALS.ends_process = ends_process
    return exits.run(cli, list(arguments) or ["--help"], clock=clock)
