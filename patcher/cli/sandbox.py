"""``sandbox``: the emulator, until it is stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from patcher.cli import console
from patcher.cli.signals import SIGNALS
from patcher.errors import InvalidInputError

if TYPE_CHECKING:
    from patcher.sandbox import Sandbox


@click.command("sandbox")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8930,
    show_default=True,
    help="The port on 127.0.0.1; 0 takes any free one.",
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the models and syncs in this SQLite file.  [default: in memory]",
)
@click.option(
    "--models",
    type=click.IntRange(0, 100_000),
    default=3,
    show_default=True,
    help="How many models to begin with.",
)
@click.option(
    "--latency",
    type=click.FloatRange(0, 60),
    default=0.0,
    metavar="SECONDS",
    help="How long to wait before each answer.",
)
@click.option(
    "--fixed-ids",
    is_flag=True,
    help="Give the models the same IDs at each start.  [default: new ones]",
)
@click.option("--light-lists", is_flag=True, help="List models without their content.")
@click.option("--echo-blanks", is_flag=True, help="Store configuration keys left out as blanks.")
@click.option("--json-examples", is_flag=True, help="Answer examples as the JSON they spell.")
@click.option("--new-keys", is_flag=True, help="Add unknown keys to columns and labels.")
@click.option(
    "--redaction", default="", metavar="TEXT", help="Answer TEXT in place of each credential."
)
def sandbox_command(**options: Any) -> None:
    """Run an emulator of the API on this machine, until it is stopped.

    It prints the two variables that point patch-model at it. The options from --light-lists on make
    it answer as other servers plausibly do.

    \b
    Examples:
      patch-model sandbox --port 8930 --models 10
      patch-model sandbox --light-lists --redaction '******'
    """
    with open_sandbox(**options) as sandbox:
        try:
            console.write(
                f"export POLYTOMIC_DEPLOYMENT_URL={sandbox.url}\n"
                f"export POLYTOMIC_API_KEY={sandbox.api_key}\n",
                sys.stdout,
            )
            if console.lost():
                return  # nobody knows where it is
            console.say(f"Serving {len(sandbox.ids())} models; stop with Ctrl-C.")
            sandbox.wait()
        except KeyboardInterrupt:
            SIGNALS.settle()
            console.say("", "Stopped.")


def open_sandbox(**options: Any) -> Sandbox:
    """A running sandbox. Raises InvalidInputError when it cannot be had."""
    import sqlite3

    try:
        from patcher.sandbox import Sandbox
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"The sandbox needs {error.name}, which is not installed.",
            hint="python -m pip install 'polytomic-patcher[sandbox]'",
        ) from error
    try:
        return Sandbox(**options)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"The sandbox cannot be started: {reason}.") from error
