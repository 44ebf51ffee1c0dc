"""What is said of a write that is not stored as sent, or was not the only one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patcher.errors import VerificationError
from patcher.guard.guard import Guard
from patcher.guard.overlap import has_trace
from patcher.guard.store import Ambiguous, Answered
from patcher.journal import Journal
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import FakeClock, MemoryStore, plan_of, response

RENAME = {"name": "Clients"}


def said(
    folder: Path, stored: dict[str, Any], step: int = 1, by: str = "Bo Other", **members: Any
) -> VerificationError:
    """The error for a write that leaves ``stored`` behind, ``step`` versions further."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answered:
        store.write({**body, **stored}, by, step)
        return Answered(Snapshot(store.raw))

    store = MemoryStore(response(**members), on_replace=replace)
    with pytest.raises(VerificationError) as caught:
        Guard(store, Journal(folder / "journal"), FakeClock()).write(plan_of(store, RENAME))
    return caught.value


def test_an_overwritten_update_is_said_to_be_unknown(tmp_path: Path) -> None:
    """Stored as sent, two writes: theirs is gone, and nobody knows what it was."""
    error = said(tmp_path, {}, step=2)

    assert "not the only write: its version went from 7 to 9" in error.message
    assert "overwritten" in error.message
    assert error.differences == ()
    assert (error.version_before, error.version_after) == (7, 9)


def test_the_way_on_names_the_journal_entry(tmp_path: Path) -> None:
    """What was there before is needed to make good for what was overwritten."""
    error = said(tmp_path, {}, step=2)

    (name,) = Journal(tmp_path / "journal").names()
    assert "others who write to this model" in str(error.hint)
    assert name in str(error.hint)


def test_a_difference_by_the_only_write_is_the_servers(tmp_path: Path) -> None:
    """One step of the version is one write: named by place, and nobody else is suspected."""
    error = said(tmp_path, {"policies": []})

    assert error.message.startswith("model 'Customers' was written, but")
    assert error.message.endswith(" differs in /policies.")
    assert "patch-model get" in (error.command_hint or "")


def test_what_was_not_cleared_is_said_to_be_kept(tmp_path: Path) -> None:
    """A key that the change removed and the server stores is named as that."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answered:
        store.write({**body, "identifier": "id", "policies": ["other"]})
        return Answered(Snapshot(store.raw))

    store = MemoryStore(response(identifier="id"), on_replace=replace)
    guard = Guard(store, Journal(tmp_path / "journal"), FakeClock())
    plan = plan_of(store, {"identifier": None})
    with pytest.raises(VerificationError) as caught:
        guard.write(plan)

    assert caught.value.message == (
        "model 'Customers' was written, but the stored value differs in /policies/0, /policies/0, "
        "/identifier. The server did not clear /identifier."
    )


def test_a_difference_beside_another_write_says_whose_it_may_be(tmp_path: Path) -> None:
    """Their place is named, and who wrote last; what they wrote before is not known."""
    error = said(tmp_path, {"identifier": "email"}, step=2, identifier="id")

    last = "/identifier. It was last written by Bo Other at 2026-01-02T00:00:01Z."
    assert last in error.message
    assert "not the only write: its version went from 7 to 9" in error.message
    assert "theirs" in error.message
    assert [change.path for change in error.differences] == ["/identifier"]


def test_a_difference_without_a_moving_version_is_nobodys_in_particular(tmp_path: Path) -> None:
    """Where the version tells nothing, the server and someone else are both possible."""
    error = said(tmp_path, {"identifier": "email"}, step=0, identifier="id")

    assert "in /identifier. It was last written by Bo Other at 2" in error.message
    assert "The version did not move" in error.message
    assert "someone else" in error.message


def test_a_version_that_went_back_is_not_one_write(tmp_path: Path) -> None:
    """A restored backup or a second server: one write only ever counts up."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Ambiguous:
        store.write(body, step=-4)
        return Ambiguous("the connection broke")

    store = MemoryStore(on_replace=replace)
    with pytest.raises(VerificationError, match="went from 7 to 3"):
        Guard(store, Journal(tmp_path / "journal"), FakeClock()).write(plan_of(store, RENAME))


def test_a_server_that_names_nobody_is_not_asked_who(tmp_path: Path) -> None:
    """Without an author or a time there is no sentence about them."""

    def replace(store: MemoryStore, body: dict[str, Any]) -> Answered:
        store.write({**body, "identifier": "email"}, step=2)
        known = {key: value for key, value in store.raw.items() if not key.startswith("updated_")}
        return Answered(Snapshot(known))

    store = MemoryStore(response(identifier="id"), on_replace=replace)

    with pytest.raises(VerificationError) as caught:
        Guard(store, Journal(tmp_path / "journal"), FakeClock()).write(plan_of(store, RENAME))

    assert "in /identifier. This was not the only write" in caught.value.message


OTHER = "44aa34c5-eaa6-5c74-aa3f-fb374b1a1ac2"
ADDED = {"name": "age", "label": "Age", "type": "number"}


@pytest.mark.parametrize(
    ("change", "stored", "is_found"),
    [
        ({"name": "Clients"}, {"name": "Clients"}, True),
        ({"name": "Clients"}, {"name": "CLIENTS"}, True),  # a server may spell it so
        ({"name": "Clients"}, {"name": "Patients"}, False),
        ({"name": "CUSTOMERS"}, {"name": "Customers"}, False),  # only its case was changed
        ({"name": "CUSTOMERS"}, {"name": "CUSTOMERS"}, True),
        ({"fields": ["phone", "email"]}, {"fields": ["phone", "email"]}, True),  # the order
        ({"fields": ["phone", "email"]}, {"fields": ["email", "phone"]}, False),
        ({"fields": ["email", "phone", "age"]}, {"fields": ["age", "phone"]}, True),
        ({"fields": ["email", "phone", "age"]}, {"fields": ["phone", "email"]}, False),
        ({"policies": [OTHER]}, {"policies": [OTHER.upper(), "y"]}, True),
        ({"additional_fields": [ADDED]}, {"additional_fields": [{**ADDED, "type": "x"}]}, True),
        ({"additional_fields": [ADDED]}, {"additional_fields": [{"name": "b"}]}, False),
        ({"identifier": None}, {"identifier": ""}, True),  # blank is blank
        ({"identifier": None}, {"identifier": "id"}, False),
        ({"configuration": {"a": []}}, {}, False),  # nothing of it can be looked for
        ({"configuration": {"a": []}}, {"name": "Patients"}, True),
        ({"configuration": {"limit": 5}}, {"configuration": {"limit": "5"}}, True),
        ({"configuration": {"pages": [7, 8]}}, {"configuration": {"pages": [9, 8]}}, True),
        ({"configuration": {"pages": [7, 8]}}, {"configuration": {"pages": [8, 7]}}, False),
    ],
)
def test_a_trace_is_any_value_that_the_change_sets(
    change: dict[str, Any], stored: dict[str, Any], is_found: bool
) -> None:
    """In doubt there is one: a server may spell a text, a number or "none" in another way."""
    plan = plan_of(MemoryStore(response(identifier="id")), change)

    assert has_trace(plan, {**plan.document, **stored}) is is_found
