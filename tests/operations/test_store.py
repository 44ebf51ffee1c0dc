"""The API as the guard's store: what is read, and what is not worked out twice."""

from __future__ import annotations

import pytest

from patcher import Client, patch_model
from patcher.api import Settings
from patcher.api.transport import Exchange
from patcher.documents import jsontext
from patcher.errors import ApiError
from patcher.operations.store import ApiStore
from patcher.resources.model import MODEL
from patcher.sandbox import Sandbox, faults, seed


def test_nothing_is_parsed_between_the_second_reading_and_the_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unchanged model comes as the same text again, and the write follows at once."""
    events: list[str] = []
    parse = jsontext.parse

    def noted(text: str | bytes, *, what: str) -> object:
        events.append("parse")
        return parse(text, what=what)

    def observe(exchange: Exchange) -> None:
        events.append(exchange.method)

    monkeypatch.setattr(jsontext, "parse", noted)
    with Sandbox(models=1) as sandbox:
        settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")
        with Client(settings=settings, observe=observe) as client:
            result = patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)

    assert result.status == "applied"
    assert events == ["GET", "parse", "GET", "PUT", "parse"]


def test_a_known_text_of_another_model_is_none() -> None:
    """The answer that is known of one model is no answer for another one."""
    with Sandbox(models=2) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        known = ApiStore(client, MODEL).read(seed.CONTACTS)
        assert known.text is not None
        sandbox.fault(faults.raw_body(known.text, method="GET"))

        with pytest.raises(ApiError, match="another resource"):
            ApiStore(client, MODEL, known=known).read(seed.ORDERS)


def test_who_we_are_is_what_our_writes_are_by() -> None:
    """The id of GET /api/me is the one that updated_by shows after a write of ours."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)
        store = ApiStore(client, MODEL)

        assert store.me() == store.read(seed.CONTACTS).author_id is not None


@pytest.mark.parametrize("status", [403, 404, 500])
def test_who_we_are_may_not_be_known(status: int) -> None:
    """A key that may not ask, or a server that does not answer: nobody, and no error."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(faults.status_before(status, method="GET", every=True))

        assert ApiStore(client, MODEL).me() is None


@pytest.mark.parametrize("body", [b"{}", b'{"data": []}', b'{"data": {"id": 5}}', b"<html>"])
def test_who_we_are_needs_an_id(body: bytes) -> None:
    """A partner's key has none, and whatever else comes is none."""
    with Sandbox(models=1) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(faults.raw_body(body, method="GET"))

        assert ApiStore(client, MODEL).me() is None
