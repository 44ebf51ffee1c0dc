"""The guide's configurations are data that a client reads: they parse, and start the server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from patcher.api import Client, Settings
from patcher.cli.main import LazyGroup, cli
from patcher.documents.patches import Patch
from patcher.mcp.agent import Agent
from patcher.mcp.tools import tools
from patcher.operations import Session
from tests.docs.console import settled
from tests.mcp.conftest import ROOT
from tests.sandbox import Sandbox

GUIDE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
BLOCKS = [
    json.loads(block)
    for block in re.findall(r"^```json\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
]


def test_each_usual_client_has_a_configuration() -> None:
    """Two forms of file are shown, and the clients that read them are named."""
    assert [next(key for key in one if key.endswith("ervers")) for one in BLOCKS] == [
        "mcpServers",
        "servers",
        "mcpServers",
    ]
    for client in ("Claude Desktop", "Claude Code", "Cursor", "VS Code"):
        assert f"**{client}**" in GUIDE


@pytest.mark.parametrize("block", BLOCKS)
def test_a_configuration_starts_the_server(block: dict[str, Any]) -> None:
    """The command is absolute, its arguments are the command's, and the variables suffice."""
    (server,) = (block.get("mcpServers") or block["servers"]).values()
    name, *arguments = server["args"]
    command = LazyGroup().get_command(click.Context(cli), name)
    inputs = {f"${{input:{one['id']}}}": "key" for one in block.get("inputs", ())}
    environ = {key: inputs.get(value, value) for key, value in server["env"].items()}

    assert Path(server["command"]).is_absolute()
    assert Path(server["command"]).name == "patch-model"
    assert command is not None
    assert command.make_context(name, arguments).params
    assert Settings.from_env(environ).url == "https://app.polytomic.com"
    assert not any("${" in value for value in environ.values())


def test_the_line_for_claude_code_is_the_same() -> None:
    """The command that adds the server has the same variables and the same program."""
    line = re.search(r"^claude mcp add polytomic (.*?)\n```", GUIDE, re.MULTILINE | re.DOTALL)

    assert line is not None
    assert re.findall(r"--env (\w+)=", line[1]) == list(BLOCKS[0]["mcpServers"]["polytomic"]["env"])
    assert line[1].endswith(f"-- {BLOCKS[0]['mcpServers']['polytomic']['command']} mcp")


def test_the_table_of_tools_is_true() -> None:
    """Each tool has a row that says whether it writes and whether a reading server has it."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (yes|no) \| (yes|no) \|$", GUIDE, re.MULTILINE)
    reading = tools(read_only=True)

    assert {
        (name, "yes" if one.writes else "no", "yes" if name in reading else "no")
        for name, one in tools(read_only=False).items()
    } == set(rows)


def test_the_plan_in_the_guide_is_what_an_agent_sees() -> None:
    """The text of a plan, but for the host, the IDs and the time."""
    (shown,) = re.findall(r"^```text\n(plan_id: .*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    with Sandbox(models=3) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        agent = Agent(Session(client), lambda text, masks: Patch(()), read_only=False, yes=False)
        text = agent.plan_change({"model": "Contacts", "merge_patch": '{"name": "Customers"}'}).text
        text = text.replace(sandbox.url.removeprefix("http://"), "app.polytomic.com")

    number = re.compile("plan-[0-9a-f]{12}")
    assert settled(number.sub("plan-4b1d6a0c9e2f", text)) == settled(shown).rstrip("\n")
