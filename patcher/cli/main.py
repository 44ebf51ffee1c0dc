"""The ``patch-model`` command: its subcommands, loaded when they are called."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Final

import click

from patcher._version import __version__
from patcher.cli import exits
from patcher.cli.help import Command, printing
from patcher.cli.options import connection_options
from patcher.cli.signals import SIGNALS
from patcher.errors import InvalidInputError

# How a shell asks what can be typed next; click answers it.
COMPLETE_VARIABLE: Final = "_PATCH_MODEL_COMPLETE"

# A help text for all commands must not import all commands; a test holds the two together.
COMMANDS: Final = {
    "get": ("read", "Print a model's writable document, or one value of it."),
    "list": ("read", "List all models, or those selected by --where."),
    "plan": ("write", "Show what a change would do, and write nothing."),
    "apply": ("write", "Change models: show the plan, ask, and write it safely."),
    "edit": ("edit", "Edit a model in your editor."),
    "pull": ("files", "Write models to YAML files, and merge what others changed into them."),
    "history": ("read", "List past writes, newest first, or show one."),
    "undo": ("read", "Undo a write."),
    "mcp": ("mcp", "Serve the Model Context Protocol to an agent."),
    "completion": ("completion", "Print the completion script for your shell."),
    "sandbox": ("sandbox", "Run an emulator of the API on this machine."),
    "demo": ("sandbox", "Demonstrate the main job on the emulator."),
}


_MEANT: Final = {
    "list": "ls all models search find",
    "get": "show cat view read describe print fetch",
    "pull": "export download backup dump checkout sync",
    "plan": "diff preview check validate compare dry-run",
    "apply": "set update patch put write change modify replace add remove unset rename merge "
    "push deploy import upload",
    "edit": "vi vim open",
    "history": "log logs journal",
    "undo": "rollback revert restore reset",
    "mcp": "agent agents serve-mcp",
    "sandbox": "serve server emulator mock",
    "--version": "version",
}
"""What else a command may be called, by the habits of other tools."""


class LazyGroup(click.Group, Command):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"patcher.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, which is repeated only where it is a word."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from patcher.documents.wording import did_you_mean

            said = f' "{name}"' if name.isascii() and name.isalpha() else ""
            meant = [one for one, words in _MEANT.items() if name.lower() in words.split()]
            near = f'Did you mean "{meant[0]}"?' if meant else did_you_mean(name, COMMANDS)
            raise InvalidInputError(
                f"Unknown command{said}.",
                hint=near or "Run 'patch-model --help' to list the commands.",
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


_VERSION: Final = printing(
    ["--version"], "Show the version and exit", lambda _: f"patch-model {__version__}"
)


@click.command(
    cls=LazyGroup,
    params=[_VERSION],
    context_settings={"max_content_width": 100},
    epilog="Run 'patch-model help COMMAND' for a command. Exit codes: 0 done or nothing to do, "
    "1 declined, or differences with --exit-code, 2 bad input, 3 refused or unreachable, "
    "4 conflict, 5 written but not as intended, 6 outcome unknown, 7 some of many failed, "
    "70 internal error, 74 output failed, 130 interrupted.",
)
@connection_options
def cli() -> None:
    """Change one thing in a Polytomic model without losing the rest.

    The API replaces the whole model: an update clears whatever it leaves out. patch-model fetches
    the model, applies your change, shows the difference, checks that no one else has changed the
    model, and only then sends it whole.
    """


def run(arguments: Sequence[str], *, ends_process: bool = False) -> int:
    """Runs the command line and returns its exit code.

    ``arguments`` are as Python decodes them: bytes outside its locale are lone surrogates.
    ``ends_process`` says that the process ends right after, so that signals stay ignored until
    then.
    """
    if os.environ.get(COMPLETE_VARIABLE):
        from patcher.cli.completion import complete

        return complete(cli, COMPLETE_VARIABLE)
    SIGNALS.ends_process = ends_process
    given = list(arguments) or ["--help"]
    if given[0] == "help":
        given = [*given[1:2], "--help"]
    return exits.run(cli, given)
