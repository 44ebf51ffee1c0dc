"""A sandbox with the realistic models, and a client that speaks plain HTTP to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import patcher.sandbox
from tests.sandbox import Sandbox, seed


class Api(requests.Session):
    """A session that knows its base URL and key, follows no redirect and does not wait long."""

    def __init__(self, sandbox: patcher.sandbox.Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.trust_env = False
        self.headers["Authorization"] = f"Bearer {sandbox.api_key}"

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to a path of the sandbox."""
        kwargs.setdefault("timeout", 5)
        kwargs.setdefault("allow_redirects", False)
        return super().request(method, f"{self.sandbox.url}{url}", *args, **kwargs)

    def model(self, method: str, model_id: str = seed.CONTACTS, **kwargs: Any) -> requests.Response:
        """Send to one model."""
        return self.request(method, f"/api/models/{model_id}", **kwargs)


ApiFor = Callable[[patcher.sandbox.Sandbox], Api]


def plain_sync(number: int, **more: Any) -> dict[str, Any]:
    """A sync that reads one field of the accounts."""
    source = {"model_id": seed.ACCOUNTS, "field": "domain"}
    return {
        "name": f"Sync {number:03d}",
        "active": bool(number % 2),
        "mode": "update",
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": seed.HUBSPOT, "object": "companies"},
        "fields": [{"source": source, "target": "domain"}],
        **more,
    }


@pytest.fixture
def api_for() -> Iterator[ApiFor]:
    """Makes clients, and closes them."""
    opened: list[Api] = []

    def make(sandbox: patcher.sandbox.Sandbox) -> Api:
        opened.append(Api(sandbox))
        return opened[-1]

    yield make
    for api in opened:
        api.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Three realistic models; the first uses every writable field."""
    with Sandbox(models=3) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox, api_for: ApiFor) -> Api:
    """A client of ``sandbox``."""
    return api_for(sandbox)


@pytest.fixture
def bare() -> dict[str, Any]:
    """The three required fields, and nothing else."""
    return {"name": "Bare", "connection_id": seed.WAREHOUSE, "configuration": {"table": "t"}}
