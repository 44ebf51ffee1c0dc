"""What the tests of an edit share with those of the command."""

from __future__ import annotations

import pytest

from tests.cli.conftest import editor, sandbox

__all__ = ["editor", "sandbox"]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide enough for a message with the path of a text, however long the tests' folder is."""
    monkeypatch.setenv("COLUMNS", "400")
