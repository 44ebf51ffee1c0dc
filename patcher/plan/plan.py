"""The plan (base, proposed, and what differs between them), and how a change ended, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.documents.notices import Notice
from patcher.documents.patches import Renamed
from patcher.documents.pointers import pointer_to
from patcher.documents.spellings import cut
from patcher.documents.values import Document, Tokens, bounded
from patcher.errors import PatchError
from patcher.resources.blockers import OnUnknown
from patcher.resources.projection import UUID
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

    ``url`` and ``organization`` (None where the credentials name none) say which API it was made
    upon, ``saved_plan`` the id of the file it was read from, ``undoes`` the journal entry that it
    takes back, ``run`` the run of many that it is part of.
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
    """What goes with a plan when it is made again upon a later reading.

    Attributes:
        masks: which values are credentials.
        unknown_fields: what is done with unknown members.
        allow_all_fields: whether a list whose absence stands for everything may be emptied.
        strict: whether a fault that the change brings in refuses it.
        mentioned: the top-level members that the change names.
        read_paths: places that the change depends on without changing them.
        notices: what is known of the change itself, and of earlier readings.
        restored: unknown top-level members that the plan may bring back, though the reading has
            none of that name.
        origin: where the plan comes from.
        rekeyed: list members that the change gives another identity in their place.
        undone: the document sent by the write that the plan takes back; what the resource holds
            beyond it, the server added.
        named: places that the change writes, where the reading has blockers that this settles.
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


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """A change to one resource, worked out but not written.

    Attributes:
        resource: what kind of resource it is.
        base: the reading that the change was worked out on.
        document: its writable document.
        proposed: the document that would replace it; exactly the body of the write.
        changes: what differs between the two; empty means that there is nothing to do.
        cleared: top-level members (JSON Pointers) whose value the change removes or empties.
        carried: top-level members that the change does not mention, and that a write of the
            change alone would have cleared.
        warnings: what else a person should know.
        terms: what goes with it when it is made again upon a later reading.
        preview: what the API's dry run of it said; None where it was not asked.
        impact: who is downstream of it; None where nobody looked.
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

    @property
    def masks(self) -> Masks:
        """Which values are credentials, in either document."""
        return self.masks_with()

    def masks_with(self, *others: Document) -> Masks:
        """Which values are credentials, in either document or one of the ``others``."""
        return self.terms.masks.on(self.document, self.proposed, *others)

    @property
    def unknown_fields(self) -> OnUnknown:
        """What is done with unknown members."""
        return self.terms.unknown_fields

    @property
    def origin(self) -> Origin:
        """Where the plan comes from."""
        return self.terms.origin

    @property
    def is_unchanged(self) -> bool:
        """Whether the change leaves everything as it is."""
        return not self.changes

    @property
    def needs_preview(self) -> tuple[str, ...]:
        """What nobody but the source can tell, and no preview has told: JSON Pointers.

        They are the members that name columns of a source which the change replaces, the list of
        what is exposed first.
        """
        columns = self.resource.columns
        is_previewed = self.preview is not None and self.preview.is_done
        if columns is None or is_previewed or self.is_unchanged:
            return ()
        return tuple(pointer_to((key,)) for key in columns.in_doubt(self.document, self.proposed))

    @property
    def name(self) -> str | None:
        """The resource's name as it may be shown, or None."""
        return self.base.name and self.masks.masked_text(self.base.name)

    @property
    def label(self) -> str:
        """What to call the resource in a sentence: its noun, and its name or id."""
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
        return deepdiff(masks.masked_document(self.document), masks.masked_document(self.proposed))

    def __repr__(self) -> str:
        return f"Plan({self.label}, version {self.base.version}, {len(self.changes)} changes)"

    def shown(self, changes: Iterable[Change], *others: Document) -> tuple[Change, ...]:
        """Changes as they may be shown: credentials masked, wherever they have been moved to.

        ``others`` are further documents whose credentials must not be seen in them.
        """
        return self.masks_with(*others).masked_changes(changes)

    def redacted(self, text: str) -> str:
        """Somebody else's text without the credentials of either document."""
        return self.masks.redacted(text)

    def redacted_details(self, details: Document | None) -> Document | None:
        """Somebody else's object likewise, and without what stands under a credential's key."""
        if not details:
            return None
        place = next(iter(self.masks.places), ())  # where any key may be one
        shown: Document = bounded(self.masks.masked_value(details, place), self.redacted)
        return shown

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The plan as a JSON object (docs/json.md); credentials masked unless asked for."""
        result = PatchResult.of_plan(self)
        return result.to_dict(show_secrets=show_secrets)


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
        "hint": error.command_hint,
        "details": error.details,
    }
    differences = getattr(error, "differences", None)
    if differences is not None:
        found["differences"] = [change.to_dict() for change in differences]
    report = getattr(error, "report", None)
    if report is not None:
        found["conflict"] = report.to_dict()
    return found
