"""``completion``: the script that teaches a shell to complete."""

from __future__ import annotations

import os
from pathlib import Path

import click

from patcher.cli import console
from patcher.errors import InvalidInputError

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
def completion_command(shell: str | None) -> None:
    """Print the script that makes bash, zsh or fish complete patch-model.

    Commands, options, files and the names of models are completed, the latter as the API lists
    them, with what the environment says. Names are kept for a minute. Without SHELL it is the one
    that the variable SHELL names; the script begins with how to install it.

    \b
    Examples:
      eval "$(patch-model completion bash)"
      patch-model completion fish > ~/.config/fish/completions/patch-model.fish
    """
    from patcher.cli.completion import script

    named = shell or Path(os.environ.get("SHELL", "")).name
    if named not in _SHELLS:
        raise InvalidInputError(
            "It is not known for which shell.", hint=f"Name one: {', '.join(_SHELLS)}."
        )
    console.out(script(named))
