"""Builds the impact report: syncs and models that depend on the changed model. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from patcher.documents.wording import Notice, counted, first_few
from patcher.impact.fieldchange import FieldChange
from patcher.impact.preview import as_json
from patcher.impact.syncs import Follower, Problem, Relating, Sync

_NAMED: Final = 3


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
