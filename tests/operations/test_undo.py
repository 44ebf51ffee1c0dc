"""The history of writes as Python callers see it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import patcher
from patcher.operations import Session
from tests.sandbox import Sandbox, faults, seed

SECRET = "kept-out-of-sight"


@pytest.fixture
def writes(client: patcher.Client) -> tuple[patcher.PatchResult, patcher.PatchResult]:
    """Two writes, of which the first one sets a credential."""
    change = {"name": "Clients", "configuration": {"session": {"api_token": SECRET}}}
    first = patcher.patch_model(seed.CONTACTS, change, client=client)
    second = patcher.patch_model(seed.ORDERS, {"identifier": "key"}, client=client)
    return first, second


def test_history_lists_the_writes(
    writes: tuple[patcher.PatchResult, patcher.PatchResult],
) -> None:
    """The newest first, all of them, of one model by any of its names, or one entry."""
    first, second = (one.journal_entry or "" for one in writes)

    assert [one.entry for one in patcher.history()] == [second, first]
    assert [one.entry for one in patcher.history(limit=1)] == [second]
    for name in ("Contacts", "Clients", seed.CONTACTS, first):
        (found,) = patcher.history(name)
        assert (found.entry, found.state, found.name) == (first, "applied", "Contacts")
    assert patcher.history("Nobody") == ()


def test_history_shows_no_credential(
    writes: tuple[patcher.PatchResult, patcher.PatchResult],
) -> None:
    """Changes are there, with masks where credentials were."""
    (found,) = patcher.history(seed.CONTACTS)

    assert {one.path for one in found.changes} == {"/name", "/configuration/session/api_token"}
    assert SECRET not in f"{found!r} {found.changes!r} {found.to_dict()!r}"
    assert SECRET in repr(found.to_dict(show_secrets=True))


def test_an_entry_that_cannot_be_read_is_warned_of(
    writes: tuple[patcher.PatchResult, patcher.PatchResult],
    client: patcher.Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The others are listed, and the log names it; by its own name it is an error."""
    name = writes[0].journal_entry or ""
    folder: Path = Session(client).journal.folder
    (folder / f"{name[1:]}.intent.json").write_text("{")

    assert [one.entry for one in patcher.history()] == [writes[1].journal_entry]
    assert name[1:] in caplog.text
    with pytest.raises(patcher.JournalError):
        patcher.history(name)


def test_the_log_has_a_line_for_each_request_and_write(
    sandbox: Sandbox, client: patcher.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests are at DEBUG, writes and failed writes at INFO, and no value is among them."""
    caplog.set_level(logging.DEBUG, "patcher")
    change = {"configuration": {"session": {"api_token": SECRET}}}
    patcher.patch_model(seed.CONTACTS, change, client=client)
    sandbox.fault(faults.status_before(400, method="PUT", kind="model", path=seed.CONTACTS))
    with pytest.raises(patcher.PatchError):
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client)

    lines = [(one.levelname, one.getMessage()) for one in caplog.records if one.name == "patcher"]
    assert ("DEBUG", f"PUT /api/models/{seed.CONTACTS}: 200") in lines
    assert ("INFO", f"model {seed.CONTACTS}: written, version 1 -> 2") in lines
    assert [level for level, text in lines if "written" in text or "Error" in text] == ["INFO"] * 2
    assert SECRET not in caplog.text
    assert "Clients" not in caplog.text


def test_the_log_is_silent_unless_it_is_configured(capfd: pytest.CaptureFixture[str]) -> None:
    """The package has a handler that does nothing, as a library should."""
    handlers = logging.getLogger("patcher").handlers

    assert any(isinstance(one, logging.NullHandler) for one in handlers)
