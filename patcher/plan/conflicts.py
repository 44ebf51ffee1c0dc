"""A conflict: who changed what since a plan was made, and whether both can stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from patcher.documents.diff import Change, compare
from patcher.documents.pointers import pointer_to, tokens_of
from patcher.documents.threeway import Collision, merge
from patcher.documents.values import MISSING, Document
from patcher.errors import ConflictError
from patcher.plan.plan import Plan
from patcher.resources.snapshot import Snapshot

_NAMED: Final = 5


class Conflict(NamedTuple):
    """Who changed what since a plan was made, credentials masked.

    ``yours`` and ``theirs`` are the changes of either side to the document that the plan was made
    upon, ``both`` the places of which they made something different; ``author`` and ``changed_at``
    say who wrote last, and when, where that is known.
    """

    yours: tuple[Change, ...]
    theirs: tuple[Change, ...]
    both: tuple[Collision, ...]
    author: str | None
    changed_at: str | None

    def to_dict(self) -> dict[str, Any]:
        """The report as the JSON faces print it; values that are not there are left out."""
        return {
            "changed_by": self.author,
            "changed_at": self.changed_at,
            "yours": [change.to_dict() for change in self.yours],
            "theirs": [change.to_dict() for change in self.theirs],
            "both": [
                {name: value for name, value in one._asdict().items() if value is not MISSING}
                for one in self.both
            ],
        }


def conflict(plan: Plan, fresh: Snapshot, document: Document) -> ConflictError:
    """The error for a resource that is no longer as the plan found it.

    ``document`` is the writable document of the reading ``fresh``.
    """
    report = _report(plan, fresh, document)
    return _error(plan, fresh, document, report, "Nothing was written.", _way_out(report))


def outgrown(shown: Plan, now: Plan) -> ConflictError:
    """The error for a plan that, put upon what somebody else wrote, is not what was ``shown``."""
    return _error(
        shown,
        now.base,
        now.document,
        _report(shown, now.base, now.document),
        "Upon that, your change is no longer what was shown. Nothing was written.",
        "Run the same command again to see what it comes to now.",
    )


def _error(
    plan: Plan, fresh: Snapshot, document: Document, report: Conflict, end: str, hint: str
) -> ConflictError:
    when = f" at {fresh.updated_at}" if fresh.updated_at else ""
    by = f" by {fresh.author}" if fresh.author else ""
    return ConflictError(
        f"{plan.label} was changed{by}{when} since it was read ({_facts(plan, fresh, report)}). "
        f"{end}",
        expected=plan.base.version,
        found=fresh.version,
        base=plan.document,
        current=document,
        report=report,
        fresh=fresh,
        hint=hint,
    )


def _report(plan: Plan, fresh: Snapshot, document: Document) -> Conflict:
    shape = plan.resource.shape
    merged = merge(plan.document, plan.proposed, document, shape, plan.terms.touched)
    theirs = compare(plan.document, document, shape.lists)
    hidden = plan.credentials(document)
    both = (_masked(plan, one, hidden) for one in merged.collisions)
    return Conflict(
        yours=plan.shown(plan.changes, document),
        theirs=plan.shown(theirs, document),
        both=tuple({one.path: one for one in both}.values()),
        author=fresh.author,
        changed_at=fresh.updated_at,
    )


def _masked(plan: Plan, collision: Collision, hidden: frozenset[str]) -> Collision:
    """A collision as it may be shown; those below one masked key get the same path."""
    place = plan.masks.shown_place(tokens_of(collision.path))
    sides = (plan.masks.shown_value(value, place, hidden) for value in collision[1:])
    return Collision(pointer_to(place), *sides)


def _facts(plan: Plan, fresh: Snapshot, report: Conflict) -> str:
    facts = []
    if fresh.version != plan.base.version:
        facts.append(f"version {plan.base.version} became {fresh.version}")
    if report.theirs:
        facts.append(f"{_listed(change.path for change in report.theirs)} changed")
    else:
        facts.append("its content is what it was")
    return ", ".join(facts)


def _way_out(report: Conflict) -> str:
    if report.both:
        places = _listed(one.path for one in report.both)
        return (
            f"You both changed {places}. Run the same command again to see yours against the "
            "present state, and put it there if it is right."
        )
    return (
        "What they changed is not what you change: add --on-conflict rebase "
        '(on_conflict="rebase") to keep both.'
    )


def _listed(paths: Iterable[str]) -> str:
    """The first few paths, and whether there are more."""
    found = list(paths)
    return ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
