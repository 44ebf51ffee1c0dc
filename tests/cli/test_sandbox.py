"""``sandbox`` and ``demo``: the emulator from the command line."""

from __future__ import annotations

import inspect
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from patcher.cli.sandbox import sandbox_command
from patcher.sandbox import Sandbox
from patcher.sandbox.forms import Modes
from tests.cli.conftest import Command, Outcome
from tests.sandbox import seed


def test_the_sandbox_serves_until_it_is_stopped(process: Command, tmp_path: Path) -> None:
    """It prints what to export, serves, keeps its file, and ends with exit 0."""
    command = [sys.executable, "-m", "patcher", "sandbox", "--port", "0", "--models", "5"]
    command += ["--db", str(tmp_path / "models.db"), "--latency", "0.001", "--light-lists"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        exports = dict(
            row.removeprefix("export ").strip().split("=", 1)
            for row in (one.stdout.readline(), one.stdout.readline())
        )
        listed: Outcome = process("list", env=exports)
        one.send_signal(signal.SIGINT)
        code = one.wait(20)

    assert listed.code == 0
    assert listed.out.count("\n") == 6
    assert seed.CONTACTS not in listed.out
    assert code == 0
    assert (tmp_path / "models.db").exists()


def test_each_option_of_the_sandbox_is_one_of_its_keywords() -> None:
    """The command hands its options on, and switches each form that a server may have."""
    options = {one.name for one in sandbox_command.params}
    keywords = set(inspect.signature(Sandbox.__init__).parameters)

    assert options <= keywords | set(Modes.__annotations__)
    assert options >= {"light_lists", "echo_blanks", "json_examples", "new_keys", "redaction"}


def test_a_port_in_use_is_said_to_be(patch_model: Command) -> None:
    """A port that is taken is exit 2, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = patch_model("sandbox", "--port", str(taken.getsockname()[1]))

    assert done.code == 2
    assert "in use" in done.err


def test_the_demo_shows_what_it_claims(patch_model: Command) -> None:
    """Four scenes, every claim checked, some eighty lines, and no trace in the environment."""
    before = dict(os.environ)

    done = patch_model("demo")

    assert done.code == 0, done
    assert [line[0] for line in done.out.splitlines() if re.match(r"\d\. ", line)] == list("1234")
    assert "8 of 12 keys are lost" in done.out
    assert "11 of 11 other keys are unchanged" in done.out
    assert done.out.count("  ok") >= 10
    assert done.out.count("\n") + done.err.count("\n") <= 85
    assert dict(os.environ) == before


@pytest.mark.parametrize("broken", ["_lost", "strictly_equal"])
def test_the_demo_fails_when_a_claim_is_not_so(
    patch_model: Command, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """A claim that does not hold ends the demonstration with a failure."""
    monkeypatch.setattr(
        f"patcher.cli.sandbox.{broken}", lambda *arguments: [] if broken == "_lost" else False
    )

    done = patch_model("demo")

    assert done.code == 70
    assert "is not true" in done.err


@pytest.mark.parametrize("content", [None, b"no database"])
def test_an_unusable_database_is_said_to_be(
    patch_model: Command, tmp_path: Path, content: bytes | None
) -> None:
    """A file that is none, or is in no folder, is exit 2."""
    file = tmp_path / "missing" / "x.db" if content is None else tmp_path / "x.db"
    if content is not None:
        file.write_bytes(content * 100)

    done = patch_model("sandbox", "--port", "0", "--db", str(file))

    assert done.code == 2
    assert "cannot be started" in done.err
