"""How a change ended, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from patcher.documents.notices import Notice
from patcher.documents.values import Document
from patcher.errors import PatchError
from patcher.plan.plan import Plan
from patcher.resources.projection import UUID
from patcher.resources.resource import Resource

if TYPE_CHECKING:
    from patcher.impact import Aftermath

Status: TypeAlias = Literal[
    "planned",
    "applied",
    "unchanged",
    "declined",
    "conflict",
    "failed",
    "unverified",
    "unknown",
    "not-begun",
]

_STATUS_OF_EXIT: Final[Mapping[int, Status]] = {
    1: "declined",
    4: "conflict",
    5: "unverified",
    6: "unknown",
}


@dataclass(frozen=True, slots=True, repr=False)
class PatchResult:
    """How a change to one resource ended, as far as it got.

    Attributes:
        resource: what kind of resource it is.
        status: how it ended.
        target: what the caller called the resource.
        plan: what was to be done, or None when it did not get so far.
        version_after: the version seen after the write, or None.
        document: the writable document seen after the write, or None.
        notices: warnings that came up after the plan.
        journal_entry: the name of the journal's record of the write, or None.
        error: why it ended, or None.
        aftermath: what those downstream say after the write; None where nobody looked.
    """

    resource: Resource
    status: Status
    target: str = ""
    plan: Plan | None = None
    version_after: int | None = None
    document: Document | None = None
    notices: tuple[Notice, ...] = ()
    journal_entry: str | None = None
    error: PatchError | None = None
    aftermath: Aftermath | None = None

    @classmethod
    def of_plan(cls, plan: Plan) -> PatchResult:
        """The result of a change that was worked out, and not or not yet written."""
        return cls(plan.resource, "unchanged" if plan.is_unchanged else "planned", plan=plan)

    @classmethod
    def of_error(
        cls,
        error: PatchError,
        resource: Resource,
        *,
        target: str = "",
        plan: Plan | None = None,
        notices: tuple[Notice, ...] = (),
        journal_entry: str | None = None,
    ) -> PatchResult:
        """The result of a change that ended with ``error``."""
        return cls(
            resource,
            _STATUS_OF_EXIT.get(error.exit_code, "failed"),
            target=target,
            plan=plan,
            version_after=getattr(error, "version_after", None),
            document=getattr(error, "stored", None),
            notices=notices,
            journal_entry=journal_entry,
            error=error,
        )

    def __repr__(self) -> str:
        return f"PatchResult({self.status!r}, {self.plan or self.target!r})"

    @property
    def exit_code(self) -> int:
        """The exit code of the command line for this result."""
        return self.error.exit_code if self.error else 0

    @property
    def version_before(self) -> int | None:
        """The version that the change was worked out on."""
        return self.plan.base.version if self.plan else None

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The plan's warnings and those that came up after it."""
        return (*(self.plan.warnings if self.plan else ()), *self.notices)

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The result as a JSON object (README, "JSON"); credentials masked unless asked for."""
        plan = self.plan
        changes = plan.changes if plan else ()
        if plan and not show_secrets:
            changes = plan.shown(changes)
        resource_id, name = self._identity()
        return {
            f"{self.resource.noun}_id": resource_id,
            "name": name,
            "status": self.status,
            "exit_code": self.exit_code,
            "version_before": self.version_before,
            "version_after": self.version_after,
            "changes": [change.to_dict() for change in changes],
            "cleared": list(plan.cleared) if plan else [],
            "carried": list(plan.carried) if plan else [],
            "warnings": [notice.to_dict() for notice in self.warnings],
            "needs_preview": list(plan.needs_preview) if plan else [],
            "preview": plan.preview.to_dict() if plan and plan.preview else None,
            "impact": plan.impact.to_dict(self.aftermath) if plan and plan.impact else None,
            "journal_entry": self.journal_entry,
            "error": _error_dict(self.error),
        }

    def _identity(self) -> tuple[str | None, str | None]:
        if self.plan:
            return self.plan.base.id, self.plan.name
        if UUID.fullmatch(self.target):
            return self.target, None
        return None, self.target or None


def _error_dict(error: PatchError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    found: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "details": error.details,
    }
    differences = getattr(error, "differences", None)
    if differences is not None:
        found["differences"] = [change.to_dict() for change in differences]
    report = getattr(error, "report", None)
    if report is not None:
        found["conflict"] = report.to_dict()
    return found
