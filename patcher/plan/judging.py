"""The faults that a plan warns of, or is refused for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from patcher.documents.masks import Masks
from patcher.documents.notices import Notice
from patcher.documents.values import Document
from patcher.errors import InvalidPatchError
from patcher.plan.plan import Plan, Terms
from patcher.resources.findings import Fault, Faults
from patcher.resources.resource import Resource

ALLOWED: Final = "fields-widened"
"""The code of the fault that ``allow_all_fields`` asks for by name."""

_NAMED: Final = 3


def fault_notices(
    resource: Resource, document: Document, proposed: Document, terms: Terms
) -> tuple[Notice, ...]:
    """What to warn of before ``proposed`` is written where ``document`` is.

    Raises InvalidPatchError where ``terms`` are strict and the change brings a fault in.
    """
    faults = resource.faults(document, proposed)
    if faults == Faults():
        return ()
    masks = terms.masks.upon(document, proposed)
    faults = faults._replace(brought=_shown(faults.brought, masks))
    if terms.strict:
        refuse(resource, faults, allow_all_fields=terms.allow_all_fields)
    warnings = [Notice(one.code, one.path, f"{one.what} {one.way_out}") for one in faults.brought]
    return (*warnings, *_remark(resource, faults.before))


def refuse_faults(plan: Plan) -> None:
    """Refuses a plan as strict terms would have done. Raises InvalidPatchError."""
    fault_notices(plan.resource, plan.document, plan.proposed, plan.terms._replace(strict=True))


def refuse(resource: Resource, faults: Faults, *, allow_all_fields: bool) -> None:
    """Raises InvalidPatchError, naming all of them, for faults that a change brings in."""
    counted = [one for one in faults.brought if not (allow_all_fields and one.code == ALLOWED)]
    if not counted:
        return
    first, *others = counted
    also = f" And {len(others)} more: {_listed(others)}." if others else ""
    raise InvalidPatchError(
        f"The change is refused, since --strict is on. {first.what}{also}",
        path=first.path,
        hint=f"{first.way_out} Without --strict the {resource.noun} can be written all the same.",
    )


def _shown(faults: Iterable[Fault], masks: Masks) -> tuple[Fault, ...]:
    """Faults whose sentences hold no credential."""
    return tuple(
        one._replace(what=masks.redacted(one.what), advice=masks.redacted(one.way_out))
        for one in faults
    )


def _remark(resource: Resource, before: tuple[Fault, ...]) -> Iterator[Notice]:
    """One sentence about all that the change is not to blame for."""
    if before:
        yield Notice(
            "known-faults",
            "",
            f"This {resource.noun} is so already, and the change leaves it: {_listed(before)}.",
        )


def _listed(faults: Iterable[Fault]) -> str:
    """The places by code, some of each."""
    by_code: dict[str, list[str]] = {}
    for fault in faults:
        by_code.setdefault(fault.code, []).append(fault.path)
    parts = []
    for code, paths in by_code.items():
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        parts.append(f"{code} at {', '.join(paths[:_NAMED])}{more}")
    return "; ".join(parts)
