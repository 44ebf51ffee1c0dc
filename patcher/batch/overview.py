"""The overview of a batch: plans that change alike shown once, and how many ended how."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from patcher.batch.spool import Kept, Spool
from patcher.documents.diff import Change
from patcher.documents.jsontext import canonical
from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.shape import ListKeys, keys_of
from patcher.documents.values import Document, Tokens
from patcher.plan.plan import PatchResult, Plan, Status


class NamedResource(NamedTuple):
    """One resource of many: its name, where it has one, and its id."""

    name: str | None
    id: str


class Refusal(NamedTuple):
    """One resource of many whose plan was refused, and why."""

    named: NamedResource
    message: str
    hint: str | None


class Group(NamedTuple):
    """Resources that are changed alike.

    Attributes:
        members: which ones.
        changes: what changes in each of them, as it may be shown. Paths have the identity of a
            keyed list's member in the place of its index, which differs from one to the next; a
            member that comes or goes as a whole has the list's own path.
        cleared: top-level members whose value the change removes or empties.
        carried: top-level members that are carried over, where there are any.
        warnings: what else a person should know.
    """

    members: tuple[NamedResource, ...]
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[str, ...]
    warnings: tuple[Notice, ...]


def likeness(plan: Plan, *, show_secrets: bool = False) -> bytes:
    """A digest that is the same for two plans which change, clear and warn of the same."""
    facts = [
        [change.to_dict() for change in general_changes(plan, show_secrets=show_secrets)],
        sorted(plan.cleared),
        [list(notice) for notice in plan.warnings],
    ]
    return hashlib.blake2b(canonical(facts).encode(), digest_size=16).digest()


def general_changes(plan: Plan, *, show_secrets: bool = False) -> tuple[Change, ...]:
    """The changes of a plan with the paths of a Group; credentials masked unless asked for."""
    found = []
    for one in plan.changes if show_secrets else plan.shown(plan.changes):
        document = plan.proposed if one.kind == "added" else plan.document
        place = _general(document, tokens_of(one.path), plan.resource.shape.lists)
        found.append(Change(pointer_to(place), one.kind, one.old, one.new))
    return tuple(found)


def _general(document: Document, place: Tokens, lists: ListKeys) -> Tokens:
    """``place`` without the index of a keyed list's member."""
    for depth in range(1, len(place)):
        keyed = lists.get(place[:depth])
        members = lookup(document, place[:depth], None)
        keys = keys_of(members, keyed) if keyed and type(members) is list else None
        if keys is not None:
            key, below = keys[int(place[depth])], place[depth + 1 :]
            name = key if isinstance(key, str) else repr(key)
            return (*place[:depth], name, *below) if below else place[:depth]
    return place


class Tally:
    """A count of results; no result is kept."""

    def __init__(self) -> None:
        self.statuses: Counter[Status] = Counter()
        self.codes: Counter[int] = Counter()

    def add(self, result: PatchResult) -> None:
        """Counts a result."""
        self.statuses[result.status] += 1
        self.codes[result.exit_code] += 1

    @property
    def total(self) -> int:
        """How many there were."""
        return self.codes.total()

    @property
    def exit_code(self) -> int:
        """The exit code of them all together.

        6 where the outcome of any is unknown, 5 where any was not stored as intended, 7 where any
        failed; 1 where the answer was no, and 130 where it was stopped before anything was
        written.
        """
        for code in (6, 5):
            if self.codes[code]:
                return code
        others = {code for code, count in self.codes.items() if count and code}
        if not others:
            return 0
        if others == {1} or (others == {130} and not self.statuses["applied"]):
            return others.pop()
        return 7


class Sketch(NamedTuple):
    """What is remembered of a plan that was put away."""

    kept: Kept
    named: NamedResource
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
        self.members: list[tuple[int, NamedResource]] = []
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
            NamedResource(plan.name, plan.base.id or ""),
            likeness(plan, show_secrets=self.show_secrets),
            plan.carried,
        )

    def add(self, position: int, sketch: Sketch) -> None:
        """Adds a plan that was put away."""
        alike = self._groups.setdefault(sketch.likeness, _Alike(sketch.kept))
        alike.members.append((position, sketch.named))
        alike.carried.update(dict.fromkeys(sketch.carried))
        self._planned.append(Planned(position, sketch.kept))
