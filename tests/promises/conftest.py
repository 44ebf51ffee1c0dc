"""A running sandbox, and a client of it, for the promises to be kept against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from patcher import Client
from tests.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of its own for each test."""
    with Sandbox(models=3) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A client of the sandbox."""
    with Client(sandbox.url, sandbox.api_key) as connected:
        yield connected
