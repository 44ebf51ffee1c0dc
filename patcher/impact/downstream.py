"""The impact report: the syncs and models that depend on the changed model. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from patcher.documents.pointers import lookup
from patcher.documents.values import Document, JsonValue
from patcher.documents.wording import Notice, counted, first_few
from patcher.impact.fieldchange import FieldChange, Reference, references
from patcher.impact.preview import Redact, as_json

_NAMED: Final = 3
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
        times = {key: text_of(value, key, redact) for key in _TIMES}
        return cls(
            text_of(value, "frequency", redact),
            {key: text for key, text in times.items() if text},
            _texts(lookup(value, ("run_after", "sync_ids"))),
            _texts(lookup(value, ("run_after", "bulk_sync_ids"))),
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


def _texts(value: JsonValue) -> tuple[str, ...]:
    """The texts in a list; none for any other value."""
    return tuple(one for one in (value if type(value) is list else ()) if type(one) is str)


class Unread(NamedTuple):
    """Something missing in the report because it could not be read: a path of the API and why."""

    what: str
    reason: str


class Checked(NamedTuple):
    """A sync after the write; ``problems`` is None where they could not be read."""

    id: str
    name: str | None
    problems: tuple[Problem, ...] | None


class Aftermath(NamedTuple):
    """The state of the syncs after the write."""

    syncs: tuple[Checked, ...]
    unread: tuple[Unread, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As the JSON faces print it."""
        return {"syncs": as_json(self.syncs), "unread": as_json(self.unread)}

    def notices(self) -> Iterator[Notice]:
        """A warning for each sync with problems, and one if some could not be read."""
        for one in self.syncs:
            if one.problems:
                said = "; ".join(problem.message or problem.code or "?" for problem in one.problems)
                text = f'After the write, sync "{one.name or one.id}" has problems: {said}.'
                yield Notice("sync-problems", "", text)
        if self.unread:
            yield _incomplete(self.unread, "Not all syncs could be read again after the write")


class Impact(NamedTuple):
    """The syncs and models that depend on the changed model.

    Attributes:
        change: what the change does to the fields.
        syncs: syncs that read the model; None where they could not be listed.
        models: other models with relations to it; None where they could not be listed.
        followers: syncs that run after one of ``syncs``, directly or not; None likewise.
        unread: what could not be read.
    """

    change: FieldChange
    syncs: tuple[Sync, ...] | None
    models: tuple[Relating, ...] | None
    followers: tuple[Follower, ...] | None
    unread: tuple[Unread, ...]

    @property
    def broken_syncs(self) -> tuple[Sync, ...]:
        """The syncs with a reference that the change breaks."""
        return tuple(one for one in self.syncs or () if one.broken)

    @property
    def broken_models(self) -> tuple[Relating, ...]:
        """The models with a relation that it breaks."""
        return tuple(one for one in self.models or () if one.broken)

    def to_dict(self, aftermath: Aftermath | None = None) -> dict[str, Any]:
        """As the JSON faces print it (docs/json.md)."""
        return {
            "fields": self.change.to_dict(),
            "syncs": as_json(self.syncs),
            "models": as_json(self.models),
            "run_after": as_json(self.followers),
            "unread": as_json(self.unread),
            "after": as_json(aftermath),
        }

    def notices(self) -> Iterator[Notice]:
        """A warning for what the change breaks, and one if something could not be read."""
        for code, broken, noun in (
            ("breaks-syncs", self.broken_syncs, "sync"),
            ("breaks-relations", self.broken_models, "model"),
        ):
            if broken:
                fields = {one.field: None for each in broken for one in each.broken}
                names = [f'"{one.name or one.id}"' for one in broken]
                yield Notice(
                    code,
                    "",
                    f"The change breaks {counted(len(broken), noun)} ({first_few(names, _NAMED)}), "
                    f"which {'refers' if len(broken) == 1 else 'refer'} to "
                    f"{first_few(fields, _NAMED)}.",
                )
        if self.unread:
            yield _incomplete(self.unread, "Not all downstream syncs and models could be read")


def followers(syncs: Iterable[Sync], of: Iterable[str]) -> tuple[Follower, ...]:
    """The ``syncs`` that run after those of the ids ``of``, directly or not."""
    waiting = [one for one in syncs if one.run_after]
    reached, found = set(of), dict[str, Sync]()
    while fresh := [
        one for one in waiting if one.id not in found and not reached.isdisjoint(one.run_after)
    ]:
        found |= {one.id: one for one in fresh}
        reached |= found.keys()
    return tuple(
        Follower(one, tuple(id_ for id_ in one.run_after if id_ in reached))
        for one in found.values()
    )


def _incomplete(unread: tuple[Unread, ...], what: str) -> Notice:
    listed = first_few((f"{one.what} ({one.reason})" for one in unread), _NAMED, "; ")
    return Notice("impact-incomplete", "", f"{what}: {listed}.")
