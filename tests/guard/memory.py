"""A store in memory that fails where it is told to: the guard's world without HTTP."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patcher.documents.masks import MASK
from patcher.documents.patches import Patch
from patcher.guard.guard import Guard
from patcher.guard.store import Answer, Answered
from patcher.journal import Intent, Journal
from patcher.plan import Plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.plan.planning import make_plan

ID = "248df4b7-aa70-47b8-a036-33ac447e668d"


def response(**members: Any) -> dict[str, Any]:
    """A model as the API gives it, with ``members`` in place of the usual ones."""
    return {
        "id": ID,
        "type": "postgresql",
        "version": 7,
        "name": "Customers",
        "connection_id": "4d7e6c0a-0d34-4d2c-9b59-6f3a7ad0a001",
        "configuration": {"query": "SELECT 1", "api_token": "s3cr3t-token"},
        "fields": [{"name": "email", "id": "f-1"}, {"name": "phone", "id": "f-2"}],
        "policies": ["9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"],
        "created_at": "2026-01-01T00:00:00Z",
        "created_by": {"id": "u-1", "name": "Ann"},
        "updated_at": "2026-01-02T00:00:00Z",
        "updated_by": {"id": "u-2", "name": "Bo"},
    } | members


class FakeClock:
    """Time that passes only by being waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@dataclass
class MemoryStore:
    """One model. ``on_read`` and ``on_replace`` may look, change things, raise or answer.

    ``has_texts`` says whether readings come with the text that they were parsed from.
    """

    raw: dict[str, Any] = field(default_factory=response)
    on_read: Callable[[MemoryStore], None] = lambda store: None
    on_replace: Callable[[MemoryStore, dict[str, Any]], Answer | None] = lambda store, body: None
    ids: list[str] = field(default_factory=list)
    reads: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    if_match: list[str | None] = field(default_factory=list)
    etag: str | None = None
    has_texts: bool = False
    myself: str | None = "me"
    asked: int = 0

    def snapshot(self) -> Snapshot:
        """A reading of what is there now, without being counted."""
        text = json.dumps(self.raw).encode() if self.has_texts else None
        return Snapshot(copy.deepcopy(self.raw), self.etag, text)

    def read(self, resource_id: str, left: Callable[[], float] | None = None) -> Snapshot:
        self.ids.append(resource_id)
        self.reads += 1
        self.on_read(self)
        return self.snapshot()

    def me(self, left: Callable[[], float] | None = None) -> str | None:
        """The id under which ``write`` writes, unless it is told otherwise."""
        self.asked += 1
        return self.myself

    def replace(
        self, resource_id: str, body: dict[str, Any], idempotency_key: str, if_match: str | None
    ) -> Answer:
        self.ids.append(resource_id)
        self.bodies.append(copy.deepcopy(body))
        self.keys.append(idempotency_key)
        self.if_match.append(if_match)
        answer = self.on_replace(self, body)
        if answer is not None:
            return answer
        self.write(body)
        return Answered(Snapshot(copy.deepcopy(self.raw)))

    def write(self, body: dict[str, Any], by: str = "Me", step: int = 1) -> None:
        """Stores a body as the API would: whole, with a new version and time."""
        fields = [{"name": name, "id": f"f-{name}"} for name in body.get("fields", [])]
        fields += [
            {**one, "user_added": True, "id": f"f-{one['name']}"}
            for one in body.get("additional_fields", [])
        ]
        known = (one for one in self.raw.get("fields", []) if {"name", "id"} <= one.keys())
        old = {one["name"]: one["id"] for one in known}
        for one in fields:
            one["id"] = old.get(one["name"], one["id"])
        owned = {key: self.raw[key] for key in MODEL.shape.server_owned if key in self.raw}
        kept = {key: v for key, v in body.items() if key not in ("additional_fields", "refresh")}
        self.raw = copy.deepcopy({**owned, **kept, "fields": fields})
        if "version" in owned:
            self.raw["version"] = owned["version"] + step
        second = int(owned["updated_at"][17:19]) + 1
        self.raw["updated_at"] = f"2026-01-02T00:00:{second:02d}Z"
        self.raw["updated_by"] = {"id": by.lower(), "name": by}


class HidingStore(MemoryStore):
    """A server that stores a token and never shows it."""

    def snapshot(self) -> Snapshot:
        raw = super().snapshot().raw
        return Snapshot({**raw, "configuration": {**raw["configuration"], "token": MASK}})


def intent_of(plan: Plan) -> Intent:
    """The record of a write of ``plan``."""
    return Intent("model", ID, plan.base.name, "", plan.base.raw, plan.proposed, ("k",))


def plan_of(store: MemoryStore, change: object, **options: Any) -> Plan:
    """The plan of a change to what the store holds now, read without being counted."""
    return make_plan(MODEL, store.snapshot(), Patch.of(change), **options)


def guard_of(store: MemoryStore, folder: Path, clock: FakeClock | None = None) -> Guard:
    """A guard over the store, with its journal in ``folder``."""
    return Guard(store, Journal(folder / "journal"), clock or FakeClock())
