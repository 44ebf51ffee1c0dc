"""The protocol: tools, the question to the user, signals. Owns the SDK, with ``wire``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError

from patcher._version import __version__
from patcher.errors import DeclinedError, InvalidInputError
from patcher.mcp.agent import Agent, guarded
from patcher.mcp.replies import ToolReply, of_error, question
from patcher.mcp.shown import UNUSED, ShownPlan
from patcher.mcp.tools import ToolSpec, texts, tools
from patcher.mcp.wire import Wire

T = TypeVar("T")
Context = ServerRequestContext[Any, Any]
Reply = ToolReply | types.InputRequiredResult

_KEY: Final = "write"
_FORM: Final = texts()["question"]
_PATIENCE: Final = 600.0
"""Seconds that the user has to answer a question."""

_CANNOT_ASK: Final = InvalidInputError(
    "This client cannot ask its user, and the server was not started to write without asking. "
    "Nothing was written.",
    hint="Tell the user: use a client with elicitation, or start the server with the option yes "
    "(docs/agents.md), or apply the change on the command line.",
)
_NO_ANSWER: Final = DeclinedError("The question was not answered. Nothing was written.")
_DECLINED: Final = DeclinedError(
    "Declined. Nothing was written.",
    hint="Where the user saw no question, the client declined by itself: tell the user.",
)


class Service:
    """Serves an Agent to one client."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.specs = tools(read_only=agent.read_only)

    def server(self) -> Server[Any]:
        """The SDK's server."""
        return Server(
            "patch-model",
            version=__version__,
            title="patch-model",
            instructions=self.agent.instructions,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )

    async def _list_tools(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[types.Tool.model_validate(one.tool) for one in self.specs.values()]
        )

    async def _call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        spec = self.specs.get(params.name)
        if spec is None:
            raise MCPError(code=types.INVALID_PARAMS, message="There is no tool of that name.")
        try:
            found = await self._call(context, params, spec)
        except Exception as error:  # noqa: BLE001 - the SDK would show its words
            found = of_error(error)
        if not isinstance(found, ToolReply):
            return found
        text = types.TextContent(type="text", text=found.text)
        return types.CallToolResult(
            content=[text], structured_content=found.data, is_error=found.is_error
        )

    async def _call(
        self, context: Context, params: types.CallToolRequestParams, spec: ToolSpec
    ) -> Reply:
        arguments = params.arguments or {}
        spec.check(arguments)
        if not spec.writes:
            return await in_thread(partial(self.agent.call, params.name, arguments))
        shown = self.agent.find(arguments)
        if shown is None or shown.state not in UNUSED:
            return await in_thread(partial(self.agent.spent, arguments["plan_id"]))
        return await self._apply(context, params, shown)

    async def _apply(
        self, context: Context, params: types.CallToolRequestParams, shown: ShownPlan
    ) -> Reply:
        """Asks the user where that is possible, and writes the plan if the answer is true."""
        refusal = await in_thread(partial(self.agent.checked, shown))
        if shown.state not in UNUSED:  # by another call, which explains the refusal
            return self.agent.spent(shown.id)
        if refusal is not None:
            return refusal
        capabilities = context.session.client_capabilities
        asks = capabilities.elicitation if capabilities else None
        if asks is None or (asks.form is None and asks.url is not None):
            if not self.agent.yes:
                return of_error(_CANNOT_ASK)
        else:
            calls_back = context.session.can_send_request
            asked = await self._ask(context, shown) if calls_back else self._answered(params, shown)
            if asked is not None:
                return asked
        return await in_thread(partial(self.agent.write, shown))

    async def _ask(self, context: Context, shown: ShownPlan) -> ToolReply | None:
        """Asks while the call waits. None agrees; else why nothing is written."""
        if not self.agent.plans.move(shown, ("open",), "asking"):
            return self.agent.spent(shown.id)
        try:
            with anyio.fail_after(_PATIENCE):
                text = question(shown.plan, shown.summary)
                found = await context.session.elicit_form(text, _FORM)
        except (MCPError, TimeoutError, ValueError):
            return of_error(_NO_ANSWER)
        finally:
            self.agent.plans.move(shown, ("asking",), "open")
        return self._judged(found, shown)

    def _answered(self, params: types.CallToolRequestParams, shown: ShownPlan) -> Reply | None:
        """The same where the question is the result of the call, and the client calls again."""
        if not params.input_responses:
            number = os.urandom(12).hex()
            shown.questions.add(number)
            form = types.ElicitRequestFormParams(
                message=question(shown.plan, shown.summary), requested_schema=_FORM
            )
            asked: types.InputRequests = {_KEY: types.ElicitRequest(params=form)}
            return types.InputRequiredResult(input_requests=asked, request_state=number)
        found = params.input_responses.get(_KEY)
        if params.request_state not in shown.questions or not isinstance(found, types.ElicitResult):
            return of_error(_NO_ANSWER)
        shown.questions.remove(params.request_state)
        return self._judged(found, shown)

    def _judged(self, found: types.ElicitResult, shown: ShownPlan) -> ToolReply | None:
        """None for a true answer. Any other spends the plan, and nothing is written."""
        if found.action == "accept" and (found.content or {}).get(_KEY) is True:
            return None
        outcome = of_error(_DECLINED)
        is_used_up = self.agent.plans.move(shown, UNUSED, "spent", outcome)
        return outcome if is_used_up else self.agent.spent(shown.id)


async def in_thread(work: Callable[[], T]) -> T | ToolReply:
    """The result of ``work`` or its error, from a thread that outlives a cancelled call."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T | ToolReply] = loop.create_future()

    def run() -> None:
        found = guarded(work)

        def deliver() -> None:
            if not future.done():
                future.set_result(found)

        with suppress(RuntimeError):  # the client is gone, and the loop with it
            loop.call_soon_threadsafe(deliver)

    threading.Thread(target=run, daemon=True).start()
    return await future


class _WithoutValues(logging.Formatter):
    """Log lines of others without their words, which may hold a part of a document."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.split(".")[0] == "patcher":
            return f"{record.name}: {record.getMessage()}"
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        return f"{record.name}: {record.levelname} {kind}".rstrip()


def serve(agent: Agent, say: Callable[[str], None]) -> None:
    """Serves until the client is gone or a signal arrives, and all writes have an outcome.

    ``say`` is called with a sentence at the start, and before a wait.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutValues())
    logging.getLogger().addHandler(handler)
    try:
        asyncio.run(_serve(agent, say))
    finally:
        agent.plans.close()
        if agent.plans.is_writing:
            say("A write is in progress; waiting for its outcome.")
        agent.plans.wait()


async def _serve(agent: Agent, say: Callable[[str], None]) -> None:
    wire = Wire(asyncio.get_running_loop().call_soon_threadsafe, agent.plans.close)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, lambda *_: wire.end())
    say(f"Serving MCP for {agent.place}; stop with Ctrl-C.")
    wire.start()
    server = Service(agent).server()
    pump = asyncio.create_task(wire.pump())
    await server.run(wire.incoming, wire.outgoing, server.create_initialization_options())
    await pump
    wire.flush()
