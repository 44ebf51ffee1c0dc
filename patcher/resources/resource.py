"""What a resource is to the rest of the program: a description, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.documents.masks import find_masks
from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import Document, JsonValue, Tokens
from patcher.errors import UnknownFieldError
from patcher.resources.columns import Columns
from patcher.resources.faults import Check, Faults, find_faults
from patcher.resources.projection import Draft, Member, OnUnknown, SplitList, project
from patcher.resources.schema import DocumentSchema
from patcher.resources.snapshot import Snapshot

_SHOWN: Final = 5

Fill: TypeAlias = Literal["any", "other", "own"]
"""What the server puts at a place that a write leaves out: ``any`` value, or one ``other`` than
what was there before. A place that is its ``own`` has the server's value, whatever was sent."""


class Resource(NamedTuple):
    """A kind of resource whose update replaces it whole.

    Attributes:
        noun: what one of them is called in a sentence and in JSON (``model_id``).
        collection: the path of all of them; one is at ``collection/id``.
        write_job: the API's job type for an asynchronous update.
        shape: the outline of the writable document.
        schema: its JSON Schema.
        members: how the response becomes the document.
        filled: the places that the server fills in by itself ("-" stands for each list item).
        json_texts: texts that may come back as the JSON value that they spell (places likewise).
        blank_texts: top-level texts for which empty means absent.
        watched_ids: a list of the response whose members' ids others refer to, and the document
            lists that its members come from; None where there is no such list.
        columns: where the document speaks of its source's columns; None where it does not.
        preview: the path of the API's dry run, and the type of its job; None where there is none.
    """

    noun: str
    collection: str
    write_job: str
    shape: Shape
    schema: DocumentSchema
    members: tuple[Member, ...]
    filled: Mapping[Tokens, Fill] = MappingProxyType({})
    json_texts: frozenset[Tokens] = frozenset()
    blank_texts: frozenset[str] = frozenset()
    watched_ids: tuple[str, tuple[str, ...]] | None = None
    columns: Columns | None = None
    preview: tuple[str, str] | None = None
    checks: tuple[Check, ...] = ()

    def faults(self, document: Document, proposed: Document) -> Faults:
        """What is wrong with writing ``proposed`` where ``document`` is."""
        return find_faults(self.checks, document, proposed)

    def document(
        self, snapshot: Snapshot, on_unknown: OnUnknown = "error"
    ) -> tuple[Document, tuple[Notice, ...]]:
        """The writable document of a reading, and what was done about unknown members.

        Raises UnknownFieldError, naming each place, where something is not known
        (``on_unknown`` is "error") or cannot be carried at all.
        """
        draft = self.draft(snapshot, on_unknown)
        if draft.stoppers:
            raise self._cannot_carry(draft)
        return draft.document, tuple(draft.notices)

    def tells(self, item: Document, document: Document, place: Tokens) -> bool:
        """Whether an ``item`` of a list, as a ``document``, tells what is at a place of it.

        What a list leaves out, or shows as null where there must be a value, may still be there.
        """
        source = place[0]
        for member in self.members:
            if isinstance(member, SplitList) and source == member.flagged:
                source = member.source
        is_light = item.get(source) is None and place[0] in self.shape.required
        if source not in item or is_light:
            return False
        holders = (lookup(document, place[:depth], None) for depth in range(1, len(place)))
        return all(
            type(holder) is not dict or key in holder
            for holder, key in zip(holders, place[1:], strict=True)
        )

    def draft(self, snapshot: Snapshot, on_unknown: OnUnknown = "error") -> Draft:
        """The writable document of a reading, with what stands in its way."""
        draft = project(snapshot.raw, self.members, self.shape, on_unknown)
        for place in self.redacted(draft.document):
            draft.stop(place, "a mask in place of the value")
        return draft

    def redacted(self, document: Document) -> frozenset[Tokens]:
        """Where a value reads like a mask: it may be the server's redaction, not the secret."""
        return frozenset(
            (*root, *place)
            for root in self.shape.opaque
            for place in find_masks(lookup(document, root, None))
        )

    def _cannot_carry(self, draft: Draft) -> UnknownFieldError:
        places = list(draft.stoppers.items())
        listed = "; ".join(f"{pointer_to(place)} ({why})" for place, why in places[:_SHOWN])
        more = f"; and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        hint = (
            "--unknown-fields carry sends such members along as they are, "
            "--unknown-fields drop leaves them out and so clears them."
            if draft.negotiable
            else f"Correct this {self.noun} where it was made, or use a newer patch-model."
        )
        return UnknownFieldError(
            f"This {self.noun} holds what cannot be carried over safely: {listed}{more}.",
            paths=[pointer_to(place) for place, _ in places],
            hint=hint,
        )


def is_blank(value: JsonValue) -> bool:
    """Whether a value says nothing: null, or an empty text, list or object."""
    return value is None or (type(value) in (str, list, dict) and not value)
