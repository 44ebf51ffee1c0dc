"""A server in a process of its own, and the official client at the other end of its pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import mcp_types
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests import leaks, warm
from tests.sandbox import Sandbox, seed

ROOT = Path(__file__).parents[2]
MODES = ("legacy", "auto")
"""The handshake of 2025, and the protocol of 2026 without one."""

Answer: TypeAlias = "mcp_types.ElicitResult | mcp_types.ErrorData"

YES = mcp_types.ElicitResult(action="accept", content={"write": True})


@dataclass(frozen=True)
class Reply:
    """What a tool answered."""

    text: str
    data: dict[str, Any]
    is_error: bool

    @property
    def plan(self) -> dict[str, str]:
        """What apply_plan needs of a plan."""
        return {key: self.data[key] for key in ("plan_id", "model", "summary")}


@dataclass
class Agent:
    """A client that is connected to a server of its own.

    Attributes:
        sandbox: the API.
        folder: the state folder of the server.
        answer: how the user answers a question.
        questions: what the user was asked.
    """

    sandbox: Sandbox
    folder: Path
    portal: BlockingPortal
    client: Client
    answer: Callable[[], Answer] = lambda: YES
    questions: list[str] = field(default_factory=list)

    def call(self, tool: str, **arguments: Any) -> Reply:
        """Calls a tool; what it says must not hold a credential."""
        result = self.portal.call(self.client.call_tool, tool, arguments)
        (content,) = result.content
        assert isinstance(content, mcp_types.TextContent)
        assert isinstance(result.structured_content, dict)
        for text in (content.text, str(result.structured_content)):
            leaks.watching().see(f"the answer of {tool}", text)
        return Reply(content.text, result.structured_content, bool(result.is_error))

    def plan(self, model: str, *items: str, **arguments: Any) -> Reply:
        """A plan that is not empty."""
        reply = self.call(
            "plan_change", model=model, **({"set": items} if items else {}), **arguments
        )
        assert not reply.is_error, reply.text
        return reply

    def log(self) -> str:
        """What the server wrote to its standard error."""
        return (self.folder / "stderr").read_text()

    def new_model(self, **changes: Any) -> str:
        """The ID of a model with all properties, of which no other test knows."""
        document = self.sandbox.stored(seed.CONTACTS)
        document.pop("organization_id", None)
        name = f"Model {len(self.sandbox.ids())}"
        return self.sandbox.create({**document, "name": name, **changes})


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The variables of a server; coverage goes along where the suite is traced."""
    found = {
        "POLYTOMIC_DEPLOYMENT_URL": sandbox.url,
        "POLYTOMIC_API_KEY": sandbox.api_key,
        "PATCH_MODEL_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    coverage = sys.modules.get("coverage")
    if coverage is not None and coverage.Coverage.current() is not None:
        found["COVERAGE_PROCESS_START"] = str(ROOT / "pyproject.toml")
    return found


@contextmanager
def connected(
    sandbox: Sandbox, folder: Path, *options: str, mode: str = "legacy", asks: bool = True
) -> Iterator[Agent]:
    """A client, and the server that it starts with ``options``.

    ``asks`` says whether the client can ask its user.
    """
    folder.mkdir(parents=True, exist_ok=True)
    python, *script = warm.words(for_agents=True)
    server = StdioServerParameters(
        command=python,
        args=[*script, "mcp", *options],
        env=environment(sandbox, folder),
        cwd=ROOT,
    )

    async def ask(context: Any, params: Any) -> Answer:
        found.questions.append(params.message)
        return found.answer()

    with (folder / "stderr").open("a") as log, start_blocking_portal() as portal:
        client = Client(
            stdio_client(server, errlog=log),
            mode=mode,
            elicitation_callback=ask if asks else None,
        )
        found = Agent(sandbox, folder, portal, client)
        with portal.wrap_async_context_manager(client):
            yield found


@pytest.fixture(scope="session")
def api() -> Iterator[Sandbox]:
    """One sandbox for all tests; each makes the models that it changes."""
    with Sandbox(models=3) as running:
        yield running


@pytest.fixture(scope="session", params=MODES)
def shared(
    request: pytest.FixtureRequest, api: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agent]:
    """One server for all tests, in each era of the protocol."""
    folder = tmp_path_factory.mktemp("shared")
    options = ("--settle-timeout", "0.3", "--timeout", "5")
    with connected(api, folder, *options, mode=request.param) as agent:
        yield agent


@pytest.fixture
def agent(shared: Agent) -> Agent:
    """The shared server, with a user who agrees and no question asked yet."""
    shared.answer = lambda: YES
    shared.questions.clear()
    shared.sandbox.reset_requests()
    return shared


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a client hands on reaches the server."""
    monkeypatch.delenv("PATCH_MODEL_STATE_DIR")
    assert not [name for name in os.environ if name.startswith("POLYTOMIC_")]
