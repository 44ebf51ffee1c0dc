"""A run over files that was killed: the same command does what is left, and nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import patcher
from patcher import Client
from tests.files.project import Project
from tests.sandbox import Gate, Sandbox, faults, seed

NAMES = {"orders": seed.ORDERS, "accounts": seed.ACCOUNTS, "contacts": seed.CONTACTS}


def test_a_killed_run_is_gone_on_with(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    """One is written, one is on its way, one is not begun: afterwards each is written once."""
    project = Project(tmp_path / "project").init()
    list(patcher.pull_models(project.models, client=client))
    base = project.commit()
    for name in NAMES:
        project.edit(name, f"name: {name.capitalize()}\n", f"name: Our {name}\n")
    project.commit()
    before = project.contents()
    gate = Gate()
    sandbox.fault(faults.hold(gate, "after", nth=2))
    arguments = ("apply", "-f", "models", "--base", base, "--yes", "--concurrency", "1")
    command = [sys.executable, "-m", "patcher", *arguments]
    environ = {
        **os.environ,
        "POLYTOMIC_DEPLOYMENT_URL": sandbox.url,
        "POLYTOMIC_API_KEY": sandbox.api_key,
        "PYTHONPATH": str(Path(patcher.__file__).parents[1]),
    }
    process = subprocess.Popen(
        command, cwd=project.path, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert gate.wait_reached(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    gate.release()
    done = subprocess.run(
        command, cwd=project.path, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert {sandbox.stored(one)["name"] for one in NAMES.values()} == {
        f"Our {one}" for one in NAMES
    }
    assert sorted(len(sandbox.puts(one)) for one in NAMES.values()) == [1, 1, 1]
    assert project.contents() == before
