"""Syncs and related models of a change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from patcher.documents.values import Document, JsonValue
from patcher.impact.fieldchange import FieldChange, Reference, references
from patcher.impact.preview import Redact, as_json

_SUMMARY = ("id", "name", "active", "mode", "schedule")
_TIMES = ("month", "day_of_month", "day_of_week", "hour", "minute")


class Schedule(NamedTuple):
    """When a sync runs: its ``frequency``, its ``times``, and the syncs that it runs after."""

    frequency: str | None
    times: Mapping[str, str]
    run_after: tuple[str, ...]
    run_after_bulk: tuple[str, ...]

    @classmethod
    def of(cls, value: JsonValue, redact: Redact) -> Schedule | None:
        """The schedule of a response; None where there is none."""
        if type(value) is not dict:
            return None
        after = value.get("run_after")
        after = after if type(after) is dict else {}
        times = {key: text_of(value, key, redact) for key in _TIMES}
        return cls(
            text_of(value, "frequency", redact),
            {key: text for key, text in times.items() if text},
            tuple(_ids(after.get("sync_ids"))),
            tuple(_ids(after.get("bulk_sync_ids"))),
        )

    @staticmethod
    def is_readable(value: JsonValue) -> bool:
        """Whether the part about the syncs that it runs after can be read."""
        after = value.get("run_after") if type(value) is dict else value
        ids = after.get("sync_ids") if type(after) is dict else after
        if type(after) not in (dict, type(None)):
            return False
        return ids is None or (type(ids) is list and all(type(one) is str for one in ids))

    def __str__(self) -> str:
        """In words."""
        words = [self.frequency or "no known frequency"]
        words += [f"{key.replace('_', ' ')} {text}" for key, text in self.times.items()]
        return ", ".join(words)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON faces print it."""
        return {
            "frequency": self.frequency,
            **self.times,
            "run_after": list(self.run_after),
            "run_after_bulk": list(self.run_after_bulk),
        }


class Sync(NamedTuple):
    """A sync that reads the model.

    ``running`` says whether it runs now, ``references`` are its references to fields; each is None
    where it could not be read.
    """

    id: str
    name: str | None
    active: bool | None
    mode: str | None
    schedule: Schedule | None
    running: bool | None = None
    references: tuple[Reference, ...] | None = None

    @classmethod
    def of(cls, raw: Document, redact: Redact) -> Sync:
        """The sync of a response, whole or from the list; without its references."""
        active = raw.get("active")
        return cls(
            id=raw["id"],
            name=text_of(raw, "name", redact),
            active=active if type(active) is bool else None,
            mode=text_of(raw, "mode", redact),
            schedule=Schedule.of(raw.get("schedule"), redact),
        )

    @property
    def broken(self) -> tuple[Reference, ...]:
        """The references that the change breaks."""
        return tuple(one for one in self.references or () if one.breaks)

    @property
    def run_after(self) -> tuple[str, ...]:
        """The ids of the syncs that it runs after."""
        return self.schedule.run_after if self.schedule else ()


class Follower(NamedTuple):
    """A sync that runs after others, whether it reads the model or not; ``after`` are their ids."""

    sync: Sync
    after: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON faces print it."""
        sync = as_json(self.sync)
        return {**{key: sync[key] for key in _SUMMARY}, "after": list(self.after)}


class Relating(NamedTuple):
    """Another model with relations to this one's fields."""

    id: str
    name: str | None
    references: tuple[Reference, ...]

    @classmethod
    def of(cls, raw: Document, change: FieldChange, redact: Redact) -> Relating | None:
        """The relations of a model; None for one without any, and for the changed model itself."""
        if raw["id"].lower() in change.owners:
            return None
        found = tuple(references({"relations": raw.get("relations")}, change))
        if not found:
            return None
        shown = tuple(one._replace(field=redact(one.field)) for one in found)
        return cls(raw["id"], text_of(raw, "name", redact), shown)

    @property
    def broken(self) -> tuple[Reference, ...]:
        """The references that the change breaks."""
        return tuple(one for one in self.references if one.breaks)


class Problem(NamedTuple):
    """A problem of a sync as the API reports it (api.md, 4.1); each part may be missing."""

    code: str | None
    message: str | None
    path: str | None
    severity: str | None


def problems(raw: Document, redact: Redact) -> tuple[Problem, ...] | None:
    """The problems of a sync; None where they cannot be read."""
    found = raw.get("problems")
    if found is None:
        return ()
    if type(found) is not list or any(type(one) is not dict for one in found):
        return None
    return tuple(Problem(*(text_of(one, key, redact) for key in Problem._fields)) for one in found)


def reads(item: Document, ids: frozenset[str]) -> bool | None:
    """Whether a sync's ``model_ids`` hold one of ``ids``; None where they cannot be read."""
    found = item.get("model_ids")
    if type(found) is not list or any(type(one) is not str for one in found):
        return None
    return any(one.lower() in ids for one in found)


def is_running(status: JsonValue) -> bool | None:
    """Whether a sync runs now, by its status; None where that is unreadable.

    ``current_execution`` is set while it runs (api.md, section 5); a completed one does not count.
    """
    if type(status) is not dict:
        return None
    current = status.get("current_execution")
    if current is None or current == {}:
        return False
    if type(current) is not dict:
        return None
    return not current.get("completed_at")


def text_of(value: Document, key: str, redact: Redact) -> str | None:
    """The text under a key with credentials masked; None for anything else."""
    found = value.get(key)
    return redact(found) if type(found) is str else None


def _ids(value: JsonValue) -> Iterator[str]:
    for one in value if type(value) is list else ():
        if type(one) is str:
            yield one
