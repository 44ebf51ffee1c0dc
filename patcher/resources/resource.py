"""The description of a kind of resource, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from patcher.documents.masks import Masks
from patcher.documents.pointers import list_above, lookup
from patcher.documents.shape import Shape
from patcher.documents.values import Document, JsonValue, Tokens
from patcher.documents.wording import Notice
from patcher.resources.blockers import Blocker, OnUnknown
from patcher.resources.findings import Check, Columns, Findings
from patcher.resources.projection import Member, Projection, option, project
from patcher.resources.schema import DocumentSchema
from patcher.resources.snapshot import Snapshot

Fill: TypeAlias = Literal["any", "other", "own", "id"]
"""What the server stores at a place that a write leaves out: ``any`` value, or any ``other`` than
the previous one. At its ``own`` places it stores its value whatever is sent. ``id`` is like
``any``, and an object sent without it is a new one."""


class Resource(NamedTuple):
    """A kind of resource whose update replaces it whole.

    Attributes:
        noun: its name in a sentence and in JSON (``model_id``).
        collection: the API path of all of them; one is at ``collection/id``.
        write_job: the API's job type for an asynchronous update.
        shape: the outline of the writable document.
        schema: its JSON Schema.
        members: the lists of the response that have another form in the document.
        filled: places that the server fills in ("-" stands for each list item).
        json_texts: places of texts that may come back as the JSON value they contain.
        columns: where the document refers to columns of its source.
        preview: the path and the job type of the API's dry run.
        checks: what is checked beyond the schema.
    """

    noun: str
    collection: str
    write_job: str
    shape: Shape
    schema: DocumentSchema
    members: tuple[Member, ...]
    filled: Mapping[Tokens, Fill]
    json_texts: frozenset[Tokens]
    columns: Columns
    preview: tuple[str, str]
    checks: tuple[Check, ...]

    def findings(self, document: Document, proposed: Document) -> Findings:
        """What is wrong with writing ``proposed`` where ``document`` is.

        A finding that writing ``document`` again would have as well is an existing one.
        """
        found = [one for check in self.checks for one in check(document, proposed)]
        if not found:
            return Findings()
        known = {one.identity for check in self.checks for one in check(document, document)}
        return Findings(
            introduced=tuple(one for one in found if one.identity not in known),
            existing=tuple(one for one in found if one.identity in known),
        )

    def document(
        self, snapshot: Snapshot, unknown_fields: OnUnknown = "error"
    ) -> tuple[Document, tuple[Notice, ...]]:
        """The writable document of a snapshot, and what was done with unknown keys.

        Values that cannot be sent are in it as the API shows them; ``projection`` lists them.
        """
        found = project(snapshot.raw, self.members, self.shape, unknown_fields)
        return found.document, found.notices

    def tells(self, item: Document, document: Document, place: Tokens) -> bool:
        """Whether a list ``item``, as a ``document``, shows the value at a place.

        What an item leaves out, or shows as null where a value is required, may still exist.
        """
        made_by = (member.source for member in self.members if place[0] in member.makes)
        source = next(made_by, place[0])
        is_light = item.get(source) is None and place[0] in self.shape.required
        if source not in item or is_light:
            return False
        holders = (lookup(document, place[:depth], None) for depth in range(1, len(place)))
        return all(
            type(holder) is not dict or key in holder
            for holder, key in zip(holders, place[1:], strict=True)
        )

    def projection(
        self, snapshot: Snapshot, unknown_fields: OnUnknown = "error", masks: Masks | None = None
    ) -> Projection:
        """The writable document of a snapshot, and its values that cannot be sent.

        ``masks`` know what is a credential, and which values only look like masks.
        """
        found = project(snapshot.raw, self.members, self.shape, unknown_fields)
        hidden = (_hidden(found.document, at) for at in self.redacted(found.document, masks))
        return found._replace(blockers=(*found.blockers, *hidden))

    def passed_over(
        self, snapshot: Snapshot, unlike: Snapshot | None = None
    ) -> dict[Tokens, JsonValue]:
        """Non-blank values of a snapshot that are not sent, since they belong to something else.

        By list of the document, item in it, and key. What ``unlike`` shows as well is left out,
        as far as whole keys of the response are the same.
        """
        return {
            place: value
            for member in self.members
            if type(items := snapshot.raw.get(member.source)) is list
            and (unlike is None or items != unlike.raw.get(member.source))
            for place, value in member.passed_over(items)
        }

    def redacted(self, document: Document, masks: Masks | None = None) -> tuple[Tokens, ...]:
        """Places whose value looks like a mask: maybe the server's redaction of a secret."""
        known, roots = masks or Masks(self.shape.opaque), self.shape.opaque
        return tuple(
            place for root in roots for place in known.find(lookup(document, root, None), root)
        )


def _hidden(document: Document, place: Tokens) -> Blocker:
    # A key that is a mask can only be removed.
    is_key = bool(Masks().find({place[-1]: None}))
    give = () if is_key else (option("set", place, "=@FILE"),)
    ways = (*give, option("unset", place), option("literal", place))
    return Blocker(place, "a mask instead of the value", ways, list_above(document, place))
