"""The command itself: what it needs, what it refuses, what it costs the others."""

from __future__ import annotations

import builtins
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from patcher.api import Client
from patcher.cli.main import run
from patcher.documents.patches import Patch
from patcher.journal import Journal
from patcher.mcp import service
from patcher.mcp.agent import Agent
from patcher.mcp.replies import ToolReply
from patcher.operations import Session
from tests.guard.memory import MemoryStore, plan_of
from tests.mcp.conftest import ROOT


def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the command that installs it."""
    load = builtins.__import__

    def missing(name: str, *args: Any, **options: Any) -> Any:
        if name.split(".", maxsplit=1)[0] in ("mcp", "mcp_types", "anyio"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return load(name, *args, **options)

    for name in [one for one in sys.modules if one.startswith("patcher.mcp")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", missing)
    code = run(["mcp"])
    streams = capsys.readouterr()

    assert (code, streams.out) == (2, "")
    assert "pip install 'polytomic-patcher[mcp]'" in streams.err


def test_yes_and_read_only_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """A server that only reads has nothing to agree to."""
    code = run(["mcp", "--yes", "--read-only"])

    assert code == 2
    assert "--read-only can't be combined with --yes" in capsys.readouterr().err


def test_a_closed_stream_is_an_error(tmp_path: Path) -> None:
    """Without the pipe of a client there is nothing to serve."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m patcher mcp >&-', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            **os.environ,
            "POLYTOMIC_API_KEY": "key",
            "PATCH_MODEL_STATE_DIR": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        },
        timeout=60,
    )

    assert done.returncode == 2
    assert "closed" in done.stderr


def test_missing_credentials_are_said_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is served, so that the client's log has the reason."""
    assert run(["mcp"]) == 2
    assert "POLYTOMIC_API_KEY" in capsys.readouterr().err


def test_a_fault_of_the_server_waits_for_a_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even where the protocol fails in a way that no one expects."""
    said: list[str] = []
    is_begun, may_end = threading.Event(), threading.Event()

    async def broken(agent: Agent, say: object) -> None:
        is_begun.wait(20)
        raise RuntimeError

    def write(plan: object) -> ToolReply:
        is_begun.set()
        may_end.wait(20)
        return ToolReply("done", {})

    def say(text: str) -> None:
        said.append(text)
        may_end.set()

    monkeypatch.setattr(service, "_serve", broken)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with Client("http://127.0.0.1:1", "key") as client:
        session = Session(client, Journal(tmp_path / "journal"))
        agent = Agent(session, lambda text, masks: Patch(()), read_only=False, yes=True)
        shown = agent.plans.add(plan_of(MemoryStore(), {"name": "Clients"}))
        thread = threading.Thread(target=agent.plans.write, args=(shown, write))
        thread.start()
        with pytest.raises(RuntimeError):
            service.serve(agent, say)
        thread.join()

    assert "waiting for its outcome" in said[0]
    assert shown.outcome == ToolReply("done", {})
    assert agent.plans.write(shown, write) is None
