"""The plan: base, proposed, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.documents.notices import Notice
from patcher.documents.values import Document
from patcher.resources.projection import OnUnknown
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot


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
        masks: which values are credentials.
        unknown_fields: what is done with unknown members.
    """

    resource: Resource
    base: Snapshot
    document: Document
    proposed: Document
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[str, ...]
    warnings: tuple[Notice, ...]
    masks: Masks
    unknown_fields: OnUnknown = "error"

    @property
    def is_unchanged(self) -> bool:
        """Whether the change leaves everything as it is."""
        return not self.changes

    @property
    def label(self) -> str:
        """What to call the resource in a sentence: its noun, and its name or id."""
        return f"{self.resource.noun} {self.base.name or self.base.id!r}"

    def __repr__(self) -> str:
        return f"Plan({self.label}, version {self.base.version}, {len(self.changes)} changes)"

    def shown(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Changes as they may be shown: credentials masked, wherever they have been moved to."""
        masked = self.masks.masked_changes(changes)
        return self.masks.without(masked, self._credentials())

    def redacted(self, text: str) -> str:
        """Somebody else's text without the credentials of either document."""
        return self.masks.redacted(text, self._credentials())

    def _credentials(self) -> frozenset[str]:
        return self.masks.credentials(self.document) | self.masks.credentials(self.proposed)

    def to_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The plan as a JSON object (README, "JSON"); credentials masked unless asked for."""
        from patcher.plan.result import PatchResult

        result = PatchResult.of_plan(self)
        return result.to_dict(show_secrets=show_secrets)
