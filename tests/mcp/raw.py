"""A server at the end of a pipe whose bytes a test writes and reads itself."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import warm
from tests.mcp.conftest import ROOT, environment
from tests.sandbox import Sandbox

HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"elicitation": {}},
    "clientInfo": {"name": "raw", "version": "1"},
}
_PATIENCE = 30.0


class Raw:
    """A server process, and the JSON that it sends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._rest = b""
        self._number = 0

    def send(self, line: bytes | dict[str, Any]) -> None:
        """Sends one line."""
        assert self.process.stdin is not None
        data = line if isinstance(line, bytes) else json.dumps(line).encode()
        self.process.stdin.write(data + b"\n")
        self.process.stdin.flush()

    def receive(self) -> Any:
        """The next message. Every line must be one."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + _PATIENCE
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            assert ready, "no answer"
            chunk = os.read(self.process.stdout.fileno(), 65536)
            assert chunk, "the server closed its output"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def request(self, method: str, params: dict[str, Any]) -> int:
        """Sends a request; its ID."""
        self._number += 1
        self.send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return self._number

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Sends a request; the message that answers it."""
        number = self.request(method, params)
        while (message := self.receive()).get("id") != number or "method" in message:
            pass
        return message

    def call(self, tool: str, **arguments: Any) -> Any:
        """The result of a tool."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]

    def start_call(self, tool: str, **arguments: Any) -> int:
        """Calls a tool and does not wait."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})

    def hello(self) -> Any:
        """The handshake; the server's answer."""
        answer = self.ask("initialize", HELLO)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer["result"]

    def plan(self, model: str, *items: str) -> dict[str, str]:
        """A plan, as apply_plan takes it."""
        found = self.call("plan_change", model=model, set=list(items))["structuredContent"]
        return {key: found[key] for key in ("plan_id", "model", "summary")}

    def agree(self) -> None:
        """Answers the question that comes next with yes."""
        asked = self.receive()
        assert asked["method"] == "elicitation/create"
        result = {"action": "accept", "content": {"write": True}}
        self.send({"jsonrpc": "2.0", "id": asked["id"], "result": result})

    def end(self) -> tuple[int, str]:
        """The exit code, once the process ends, and what it wrote to standard error."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(_PATIENCE)
        assert self.process.stderr is not None
        return self.process.returncode, self.process.stderr.read().decode()


@contextmanager
def served(sandbox: Sandbox, folder: Path, *options: str) -> Iterator[Raw]:
    """A server process, which is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [*warm.words(for_agents=True), "mcp", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment(sandbox, folder)},
        cwd=ROOT,
    )
    raw = Raw(process)
    try:
        yield raw
        if process.poll() is None:
            raw.end()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(_PATIENCE)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
