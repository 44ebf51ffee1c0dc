"""The overview of a run, while its plans are on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from patcher.fleet.spool import Kept, Spool
from patcher.plan import Plan
from patcher.plan.groups import Group, Named, Refusal, general_changes, likeness


class Sketch(NamedTuple):
    """What is remembered of a plan that was put away."""

    kept: Kept
    named: Named
    likeness: bytes
    carried: tuple[str, ...]


class Planned(NamedTuple):
    """A plan that was put away, and its place in the order in which it was asked for."""

    position: int
    kept: Kept


class _Alike:
    """A group being gathered: an example of its plans, and its members."""

    def __init__(self, example: Kept) -> None:
        self.example = example
        self.members: list[tuple[int, Named]] = []
        self.carried: dict[str, None] = {}


class Overview:
    """What a run is about to do.

    Attributes:
        total: how many resources the run is about.
        refused: those whose plan was refused, and why; they are not written.
        unchanged: how many are as they should be already.
        show_secrets: whether the values of credentials are shown, and told apart.
    """

    def __init__(self, spool: Spool, total: int, *, show_secrets: bool = False) -> None:
        self.total = total
        self.refused: list[Refusal] = []
        self.unchanged = 0
        self.show_secrets = show_secrets
        self._spool = spool
        self._planned: list[Planned] = []
        self._groups: dict[bytes, _Alike] = {}

    @property
    def changing(self) -> int:
        """How many resources the run is about to write."""
        return len(self._planned)

    def groups(self) -> Iterator[Group]:
        """The resources that change, those that change alike together, the largest group first."""
        for alike in self._groups.values():
            alike.members.sort()
        order = sorted(self._groups.values(), key=lambda one: (-len(one.members), one.members[0]))
        for alike in order:
            plan = self._spool.plan(alike.example)
            yield Group(
                members=tuple(named for _, named in alike.members),
                changes=general_changes(plan, show_secrets=self.show_secrets),
                cleared=plan.cleared,
                carried=tuple(alike.carried),
                warnings=plan.warnings,
            )

    def planned(self) -> list[Planned]:
        """The plans that were put away, in the order in which they were asked for."""
        return sorted(self._planned)

    def sketch(self, plan: Plan) -> Sketch:
        """Puts a plan away, in whatever thread; JournalError when there is no room for it."""
        return Sketch(
            self._spool.keep(plan),
            Named(plan.name, plan.base.id or ""),
            likeness(plan, show_secrets=self.show_secrets),
            plan.carried,
        )

    def add(self, position: int, sketch: Sketch) -> None:
        """Adds a plan that was put away."""
        alike = self._groups.setdefault(sketch.likeness, _Alike(sketch.kept))
        alike.members.append((position, sketch.named))
        alike.carried.update(dict.fromkeys(sketch.carried))
        self._planned.append(Planned(position, sketch.kept))
