"""The moment between the last reading and the write, in which nothing else is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.documents.values import JsonValue, Tokens
from patcher.errors import ConflictError
from patcher.guard import Answer
from patcher.plan import make_plan
from patcher.resources.model import MODEL
from patcher.resources.projection import AsIs, Rebuilt
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import MemoryStore, guard_of, plan_of, response

RENAME = {"name": "Clients"}


class Noted:
    """A member of a resource that notes when it is worked out."""

    source = "name"

    def __init__(self, events: list[str]) -> None:
        self.events = events

    def project(self, value: JsonValue, draft: Rebuilt) -> None:
        self.events.append("work")
        AsIs("name").project(value, draft)

    def passed_over(self, value: JsonValue) -> Iterator[tuple[Tokens, JsonValue]]:
        return AsIs("name").passed_over(value)


def test_the_same_text_again_goes_straight_to_the_write(tmp_path: Path) -> None:
    """What the first reading's text means was found out before the second one."""
    events: list[str] = []

    def read(store: MemoryStore) -> None:
        events.append("read")

    def write(store: MemoryStore, body: dict[str, Any]) -> Answer | None:
        events.append("write")
        return None

    members = tuple(
        Noted(events) if isinstance(one, AsIs) and one.source == "name" else one
        for one in MODEL.members
    )
    store = MemoryStore(has_texts=True, on_read=read, on_replace=write)
    plan = make_plan(MODEL._replace(members=members), store.snapshot(), Patch.of(RENAME))
    guard_of(store, tmp_path).write(plan)

    assert "work" in events[: events.index("read")]
    assert events[events.index("read") : events.index("write")] == ["read"]


@pytest.mark.parametrize("theirs", [{"name": "Buyers"}, {"version": 8}, {"policies": []}])
def test_another_text_is_compared_in_full(tmp_path: Path, theirs: dict[str, Any]) -> None:
    """Whatever differs in it, and a version alone, is a conflict."""
    store = MemoryStore(has_texts=True)
    plan = plan_of(store, RENAME)
    store.raw.update(theirs)

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []


def test_another_spelling_of_the_same_is_no_conflict(tmp_path: Path) -> None:
    """Keys in another order are another text, and the same model."""
    store = MemoryStore(has_texts=True)
    plan = plan_of(store, RENAME)
    store.raw = dict(reversed(store.raw.items()))

    assert guard_of(store, tmp_path).write(plan).status == "applied"


def test_a_number_of_another_type_is_a_conflict(tmp_path: Path) -> None:
    """1 and 1.0 are equal to Python and neither the same text nor the same value."""
    store = MemoryStore(response(configuration={"limit": 1}), has_texts=True)
    plan = plan_of(store, RENAME)
    store.raw["configuration"]["limit"] = 1.0

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)


def test_a_plan_upon_something_else_than_its_reading_is_refused(tmp_path: Path) -> None:
    """The same text proves nothing for a plan whose document is not what that text says."""
    store = MemoryStore(has_texts=True)
    plan = plan_of(store, RENAME)
    stale = replace(plan, document={**plan.document, "identifier": "phone"})

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(stale)

    assert store.bodies == []


def test_readings_without_a_text_are_compared_in_full(tmp_path: Path) -> None:
    """No text on either side is not the same text on both."""
    store = MemoryStore()
    plan = plan_of(store, RENAME)
    store.raw["identifier"] = "phone"

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)


class LiveStore(MemoryStore):
    """A store whose readings are its very own object."""

    def snapshot(self) -> Snapshot:
        return super().snapshot()._replace(raw=self.raw)


def test_a_store_that_gives_its_own_object_is_not_believed(tmp_path: Path) -> None:
    """Not the object counts but the text: one that was changed in place is another reading."""
    store = LiveStore(has_texts=True)
    plan = plan_of(store, RENAME)
    store.on_read = lambda store: store.raw.update(identifier="phone")

    with pytest.raises(ConflictError):
        guard_of(store, tmp_path).write(plan)

    assert store.bodies == []
