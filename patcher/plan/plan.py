"""A plan (base, proposed document, changes) and the result of a change, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.documents.patches import Renamed
from patcher.documents.pointers import pointer_to
from patcher.documents.spellings import cut
from patcher.documents.values import UUID, Document, Tokens, bounded, strictly_equal
from patcher.documents.wording import Notice
from patcher.errors import PatchError
from patcher.resources.blockers import OnUnknown
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

if TYPE_CHECKING:
    from deepdiff import DeepDiff

    from patcher.impact import Aftermath, Impact, Preview


def host_of(url: str) -> str:
    """The host of an API's address, with what else tells it from others: port and path."""
    return url.partition("://")[2] or url


class Origin(NamedTuple):
    """Where a plan comes from.

    ``url`` and ``organization`` (None where unknown) say which API it was made for, ``saved_plan``
    is the ID of the file it was loaded from, ``undoes`` the journal entry that it undoes, ``run``
    the batch that it is part of.
    """

    url: str = ""
    organization: str | None = None
    saved_plan: str | None = None
    undoes: str | None = None
    run: str | None = None

    @property
    def place(self) -> str:
        """The host, and the organization if it is known."""
        organization = f" (organization {self.organization})" if self.organization else ""
        return host_of(self.url) + organization

    @property
    def short_place(self) -> str:
        """``place`` for a question: of a long organization ID only the beginning."""
        name = self.organization or ""
        return self._replace(organization=f"{name[:8]}..." if len(name) > 12 else name).place


class Terms(NamedTuple):
    """What a plan keeps when it is made again on a newer snapshot.

    Attributes:
        masks: which values are credentials.
        unknown_fields: what is done with unknown keys.
        allow_all_fields: whether a list whose absence means everything may be emptied.
        strict: whether a finding that the change introduces refuses it.
        written_keys: the top-level keys that the change names.
        read_paths: places that the change depends on without changing them.
        notices: warnings about the change itself, and from earlier snapshots.
        restored: unknown top-level keys that the plan may restore, though the snapshot has none.
        origin: where the plan comes from.
        renames: list items to which the change gives another identity.
        undone: the document sent by the write that the plan undoes; whatever else the resource
            has, the server added.
        named: places that the change writes, if the snapshot has blockers that these may settle.
        explained: whether deepdiff is asked what kind of change each is.
    """

    masks: Masks
    unknown_fields: OnUnknown = "error"
    allow_all_fields: bool = False
    written_keys: frozenset[str] = frozenset()
    read_paths: tuple[Tokens, ...] = ()
    notices: tuple[Notice, ...] = ()
    restored: frozenset[str] = frozenset()
    origin: Origin = Origin()
    renames: tuple[Renamed, ...] = ()
    strict: bool = False
    undone: Document | None = None
    named: tuple[Tokens, ...] = ()
    explained: bool = True


@dataclass(frozen=True, repr=False)
class Plan:
    """A change to one resource that is not written yet.

    Attributes:
        resource: the kind of resource.
        base: the snapshot that the plan was made on.
        document: its writable document.
        proposed: the document that would replace it: exactly the body of the write.
        changes: the differences between the two; empty means that there is nothing to do.
        cleared: top-level keys (JSON Pointers) whose value the change removes or empties.
        carried: top-level keys that the change does not name, and that a PUT of the change alone
            would clear.
        warnings: what else the user should know.
        terms: what it keeps when it is made again on a newer snapshot.
        preview: the result of the API's dry run; None where it was not requested.
        impact: what is downstream of it; None where that was not requested.
    """

    resource: Resource
    base: Snapshot
    document: Document
    proposed: Document
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[str, ...]
    warnings: tuple[Notice, ...]
    terms: Terms
    preview: Preview | None = None
    impact: Impact | None = None

    @cached_property
    def masks(self) -> Masks:
        """Which values are credentials, in either document."""
        return self.terms.masks.on(self.document, self.proposed)

    @property
    def unknown_fields(self) -> OnUnknown:
        """What is done with unknown keys."""
        return self.terms.unknown_fields

    @property
    def origin(self) -> Origin:
        """Where the plan comes from."""
        return self.terms.origin

    def is_on(self, now: Snapshot, document: Document) -> bool:
        """Whether a snapshot, whose writable document is given, is as the plan found it."""
        return not now.has_other_version(self.base) and strictly_equal(document, self.document)

    @property
    def is_unchanged(self) -> bool:
        """Whether the change leaves everything as it is."""
        return not self.changes

    @property
    def needs_preview(self) -> tuple[str, ...]:
        """The keys whose columns are unknown without a preview, as JSON Pointers.

        These name columns of a source that the change replaces; the list of exposed ones is first.
        """
        is_previewed = self.preview is not None and self.preview.is_done
        if is_previewed or self.is_unchanged:
            return ()
        in_doubt = self.resource.columns.in_doubt(self.document, self.proposed)
        return tuple(pointer_to((key,)) for key in in_doubt)

    @property
    def name(self) -> str | None:
        """The resource's name with credentials masked, or None."""
        return self.base.name and self.masks.masked_text(self.base.name)

    @property
    def label(self) -> str:
        """The resource in a sentence: its noun, and its name or ID."""
        return f"{self.resource.noun} {cut(self.name or str(self.base.id))!r}"

    def __str__(self) -> str:
        """The plan and its warnings as the command line shows them, without colour."""
        from patcher.render.plan import plan_lines, warning_lines
        from patcher.render.text import plain

        return plain((*plan_lines(self), *warning_lines(self.warnings))).rstrip("\n")

    def _repr_html_(self) -> str:
        """The plan as a table, for notebooks."""
        from patcher.render.html import notebook
        from patcher.render.plan import outline

        return notebook(outline(self))

    def deepdiff(self, *, show_secrets: bool = False) -> DeepDiff:
        """The two documents as DeepDiff compares them.

        Credentials are masked unless asked for, so that a changed one is in ``changes`` alone.
        """
        from patcher.documents.diff import deepdiff

        if show_secrets:
            return deepdiff(self.document, self.proposed)
        masks = self.masks
        return deepdiff(masks.masked_value(self.document), masks.masked_value(self.proposed))

    def __repr__(self) -> str:
        return f"Plan({self.label}, version {self.base.version}, {len(self.changes)} changes)"

    def shown(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Changes with credentials masked."""
        return self.masks.masked_changes(changes)

    def redacted(self, text: str) -> str:
        """A foreign text with the credentials of either document masked."""
        return self.masks.redacted(text)

    def redacted_details(self, details: Document | None) -> Document | None:
        """A foreign object with credentials, and values of credential keys, masked."""
        if not details:
            return None
        place = next(iter(self.masks.places), ())  # an opaque one, where keys are checked
        shown: Document = bounded(self.masks.masked_value(details, place), self.redacted)
        return shown

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The plan as a JSON object (docs/json.md); credentials masked unless asked for."""
        return PatchResult.of_plan(self).to_dict(show_secrets=show_secrets)


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
    """The outcome of a change to one resource.

    Attributes:
        resource: the kind of resource.
        status: the outcome.
        target: the name or ID that the caller gave.
        plan: the plan, or None when none was made.
        version_after: the version after the write, or None.
        document: the writable document after the write, or None.
        notices: warnings after the plan was made.
        journal_entry: the name of the journal entry of the write, or None.
        error: the error that ended it, or None.
        aftermath: the state of what is downstream after the write; None where that was not
            requested.
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
        """The result of a plan that is not written."""
        return cls(plan.resource, "unchanged" if plan.is_unchanged else "planned", plan=plan)

    @classmethod
    def of_error(
        cls, error: PatchError, resource: Resource, *, target: str = "", plan: Plan | None = None
    ) -> PatchResult:
        """The result of a change that ended with ``error``."""
        return cls(
            resource,
            _STATUS_OF_EXIT.get(error.exit_code, "failed"),
            target=target,
            plan=plan,
            version_after=getattr(error, "version_after", None),
            document=getattr(error, "stored", None),
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
        """The version that the plan was made on."""
        return self.plan.base.version if self.plan else None

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The warnings of the plan and those after it."""
        return (*(self.plan.warnings if self.plan else ()), *self.notices)

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The result as a JSON object (docs/json.md); credentials masked unless asked for."""
        plan = self.plan
        changes = plan.changes if plan else ()
        if plan and not show_secrets:
            changes = plan.shown(changes)
        resource_id, name = self._identity()
        return {
            f"{self.resource.noun}_id": resource_id,
            "name": name,
            "url": plan.origin.url or None if plan else None,
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
            "error": error_dict(self.error),
        }

    def _identity(self) -> tuple[str | None, str | None]:
        if self.plan:
            return self.plan.base.id, self.plan.name
        if UUID.fullmatch(self.target):
            return self.target, None
        return None, self.target or None


def error_dict(error: PatchError | None) -> dict[str, Any] | None:
    """An error as results hold it in JSON (docs/json.md); None for none."""
    if error is None:
        return None
    found: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.command_hint,
        "details": error.details,
    }
    differences = getattr(error, "differences", None)
    if differences is not None:
        found["differences"] = [change.to_dict() for change in differences]
    if error.report is not None:
        found["conflict"] = error.report.to_dict()
    return found
