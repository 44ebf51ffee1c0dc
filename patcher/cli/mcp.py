"""``mcp`` serves the tools for agents over standard input and output."""

from __future__ import annotations

import click

from patcher.cli import console
from patcher.cli.help import Command
from patcher.cli.items import parse_item
from patcher.cli.options import connection_options, session
from patcher.cli.signals import SIGNALS
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.errors import InvalidInputError


@click.command("mcp", cls=Command)
@click.option("--read-only", is_flag=True, help="Offer no tool that writes or runs a query")
@click.option(
    "--yes", is_flag=True, help="Write without a prompt where the client can't ask its user"
)
@connection_options
def mcp_command(read_only: bool, yes: bool) -> None:
    """Serve the Model Context Protocol to an agent.

    Reads from standard input and writes to standard output until the client closes them. An agent
    plans a change, shows it, and applies exactly that plan; the client asks its user before a
    write, where it can. See docs/agents.md for the configuration of clients.

    \b
    Examples:
      patch-model mcp
      patch-model mcp --read-only
    """
    if read_only and yes:
        raise InvalidInputError("--read-only can't be combined with --yes.")
    try:
        from patcher.mcp.service import serve
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"The MCP server needs {error.name}, which is not installed.",
            hint="python -m pip install 'polytomic-patcher[mcp]'",
        ) from error
    from patcher.mcp.agent import Agent

    agent = Agent(session(), _read_item, read_only=read_only, yes=yes)
    serve(agent, console.say)
    SIGNALS.settle()


def _read_item(text: str, masks: Masks) -> Patch:
    """An item of the command line; tools read no files, so an @ is literal."""
    return Patch((parse_item(text, None, masks),))
