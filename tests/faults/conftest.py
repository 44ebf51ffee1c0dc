"""A sandbox, and a model in it with the command line before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import Bench, scripted_editor
from tests.sandbox import Sandbox


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """One sandbox for all cells; each has a model of its own in it."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def bench(
    server: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    """A model and the command line before it."""
    server.reset()
    monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", server.url)
    monkeypatch.setenv("POLYTOMIC_API_KEY", server.api_key)
    monkeypatch.setenv("EDITOR", scripted_editor(tmp_path / "editor"))
    return Bench(server, tmp_path, lambda: "".join(capsys.readouterr()))
