"""The overview of a batch: groups plans with identical changes, and counts results."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from patcher.batch.spool import Slot, Spool
from patcher.documents.diff import Change, compare
from patcher.documents.jsontext import canonical
from patcher.documents.pointers import pointer_to, tokens_of
from patcher.documents.shape import ListKeys, identified
from patcher.documents.values import Document, Tokens
from patcher.documents.wording import Notice
from patcher.plan.conflicts import Conflict
from patcher.plan.plan import PatchResult, Plan, Status


class NamedResource(NamedTuple):
    """One resource of a batch: its name, where it has one, and its id."""

    name: str | None
    id: str


class Refusal(NamedTuple):
    """One resource of a batch whose plan was refused, and why.

    ``report`` says who changed what where that is a conflict, ``file`` is its file, if any.
    """

    named: NamedResource
    message: str
    hint: str | None
    report: Conflict | None = None
    file: str = ""


class Group(NamedTuple):
    """Resources with identical changes.

    Attributes:
        members: the resources.
        changes: the changes of each, ready to be shown. Paths have the identity of a keyed list's
            item instead of its index, which differs between resources; an item that is added or
            removed as a whole has the list's own path.
        cleared: top-level keys whose value the change removes or empties.
        carried: top-level keys that are carried over, where there are any.
        warnings: the warnings of each.
    """

    members: tuple[NamedResource, ...]
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[str, ...]
    warnings: tuple[Notice, ...]


def change_digest(plan: Plan, *, show_secrets: bool = False) -> bytes:
    """Returns a digest that is equal for plans with equal changes, clearings and warnings."""
    facts = [
        [change.to_dict() for change in general_changes(plan, show_secrets=show_secrets)],
        sorted(plan.cleared),
        [list(notice) for notice in plan.warnings],
    ]
    return hashlib.blake2b(canonical(facts).encode(), digest_size=16).digest()


def general_changes(plan: Plan, *, show_secrets: bool = False) -> Iterator[Change]:
    """Yields the changes of a plan with the paths of a Group; masked unless ``show_secrets``."""
    for one in plan.changes if show_secrets else plan.shown(plan.changes):
        document = plan.proposed if one.kind == "added" else plan.document
        place = _general(document, tokens_of(one.path), plan.resource.shape.lists)
        yield Change(pointer_to(place), one.kind, one.old, one.new)


def _general(document: Document, place: Tokens, lists: ListKeys) -> Tokens:
    """Returns ``place`` without the index of a keyed list's item."""
    found = identified(document, place, lists)
    if found is None:
        return place
    depth, key = found
    below = place[depth + 1 :]
    name = key if isinstance(key, str) else repr(key)
    return (*place[:depth], name, *below) if below else place[:depth]


class Tally:
    """Counts results, without keeping any."""

    def __init__(self) -> None:
        self.statuses: Counter[Status] = Counter()
        self.codes: Counter[int] = Counter()

    def add(self, result: PatchResult) -> None:
        """Counts a result."""
        self.statuses[result.status] += 1
        self.codes[result.exit_code] += 1

    @property
    def total(self) -> int:
        """The number of results."""
        return self.codes.total()

    @property
    def exit_code(self) -> int:
        """The exit code of all results together.

        6 if any outcome is unknown, 5 if any was not stored as intended, 7 if any failed; 1 if
        the answer was no, and 130 if the run was stopped before anything was written.
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


class Summary(NamedTuple):
    """What the overview needs of a stored plan."""

    slot: Slot
    named: NamedResource
    digest: bytes
    carried: tuple[str, ...]


class Overview:
    """What a run is about to do.

    Attributes:
        total: the number of resources.
        refused: those whose plan was refused, and why; they are not written.
        unchanged: the number of those that are up to date already.
        show_secrets: whether the values of credentials are shown, and make different groups.
    """

    def __init__(self, spool: Spool, total: int, *, show_secrets: bool = False) -> None:
        self.total = total
        self.refused: list[Refusal] = []
        self.unchanged = 0
        self.show_secrets = show_secrets
        self._spool = spool
        self._groups: dict[bytes, list[tuple[int, Summary]]] = {}

    @property
    def changing(self) -> int:
        """The number of resources that the run is about to write."""
        return sum(map(len, self._groups.values()))

    def groups(self) -> Iterator[Group]:
        """Yields the resources that change, grouped by their changes, the largest group first."""
        found = [sorted(group) for group in self._groups.values()]
        for group in sorted(found, key=lambda one: (-len(one), one[0])):
            summaries = [summary for _, summary in group]
            plan = self._spool.plan(summaries[0].slot)
            # Only what is shown is explained by deepdiff, not each plan of the batch.
            changes = compare(plan.document, plan.proposed, plan.resource.shape.lists)
            plan = replace(plan, changes=changes)
            yield Group(
                members=tuple(one.named for one in summaries),
                changes=tuple(general_changes(plan, show_secrets=self.show_secrets)),
                cleared=plan.cleared,
                carried=tuple(dict.fromkeys(key for one in summaries for key in one.carried)),
                warnings=plan.warnings,
            )

    def planned(self) -> list[Slot]:
        """Returns the stored plans, in the order of the run's targets."""
        found = sorted(one for group in self._groups.values() for one in group)
        return [summary.slot for _, summary in found]

    def store(self, plan: Plan) -> Summary:
        """Stores a plan, from any thread; raises JournalError when there is no room for it."""
        return Summary(
            self._spool.keep(plan),
            NamedResource(plan.name, plan.base.id or ""),
            change_digest(plan, show_secrets=self.show_secrets),
            plan.carried,
        )

    def add(self, position: int, summary: Summary) -> None:
        """Adds a stored plan, the one for the target at ``position``."""
        self._groups.setdefault(summary.digest, []).append((position, summary))
