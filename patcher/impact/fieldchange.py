"""What a change takes away from those who refer to fields: by name, by id, by the identifier. Pure.

A field that goes while another comes is dropped, unless the change itself says that it is renamed:
by giving a single member of a list another name in its place (documents.rekeying).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from patcher.documents.patches import Rekeyed
from patcher.documents.pointers import lookup
from patcher.documents.values import Document, JsonValue
from patcher.impact.preview import Preview, Redact, names_of
from patcher.resources.columns import Columns
from patcher.resources.snapshot import Snapshot

Breakage: TypeAlias = Literal["dropped", "renamed", "identifier-changed"]
"""Why a reference no longer leads where it did."""


class FieldChange(NamedTuple):
    """What is no longer there under its name, and what else identifies records.

    Attributes:
        dropped: names of fields that go.
        renamed: fields that the change says to be called otherwise, old name to new.
        identifier: the identifier before and after, where it changes; None where there is none.
        is_certain: whether that is all; False where the source is another and no preview told
            what it has.
        ids: the ids of the fields that are there now, by name.
        owners: whose fields they are: the ids that references name beside a field.
    """

    dropped: frozenset[str]
    renamed: Mapping[str, str]
    identifier: tuple[str | None, str | None] | None
    is_certain: bool
    ids: Mapping[str, str]
    owners: frozenset[str]

    def breakage(self, name: str, *, identifies: bool = False) -> Breakage | None:
        """What happens to a reference to the field ``name``, or None.

        ``identifies`` says that records are matched by it.
        """
        if name in self.renamed:
            return "renamed"
        if name in self.dropped:
            return "dropped"
        if identifies and self.identifier and self.identifier[0] == name:
            return "identifier-changed"
        return None

    @property
    def breaks_nothing(self) -> bool:
        """Whether no reference at all is broken, as far as can be known."""
        return not (self.dropped or self.renamed or self.identifier)

    def redacted(self, redact: Redact) -> FieldChange:
        """The same without credentials, wherever one is repeated."""
        old, new = self.identifier or (None, None)
        return self._replace(
            dropped=frozenset(map(redact, self.dropped)),
            renamed={redact(name): redact(now) for name, now in self.renamed.items()},
            identifier=self.identifier and (old and redact(old), new and redact(new)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As the JSON faces print it (README, "JSON")."""
        old, new = self.identifier or (None, None)
        return {
            "dropped": sorted(self.dropped),
            "renamed": [{"from": name, "to": now} for name, now in self.renamed.items()],
            "identifier": {"from": old, "to": new} if self.identifier else None,
            "is_certain": self.is_certain,
        }


def field_change(
    columns: Columns,
    reading: Snapshot,
    document: Document,
    proposed: Document,
    rekeyed: Iterable[Rekeyed],
    preview: Preview | None,
) -> FieldChange:
    """What writing ``proposed`` in the place of ``document`` takes away.

    ``reading`` is where ``document`` comes from. Without a ``preview`` that was done, a change of
    the source leaves open what becomes of the fields.
    """
    now = columns.exposed_now(reading)
    before = {*now, *_own(columns, document)} | _enriched(columns, document, {})
    after = _source_names(columns, now, document, proposed, preview)
    after |= names_of(proposed.get(columns.added)) | _enriched(columns, proposed, document)
    gone = before - after
    renamed = _renamed(rekeyed, gone, after)
    in_doubt = columns.in_doubt(document, proposed)
    old, new = document.get("identifier"), proposed.get("identifier")
    return FieldChange(
        dropped=frozenset(gone - renamed.keys()),
        renamed=renamed,
        identifier=(old, new) if old != new else None,
        is_certain=not in_doubt or bool(preview and preview.is_done),
        ids={name: one for name, one in now.items() if one},
        owners=_owners(columns, reading, document),
    )


def _source_names(
    columns: Columns,
    now: Iterable[str],
    document: Document,
    proposed: Document,
    preview: Preview | None,
) -> set[str]:
    """What is exposed of the source then, as far as anybody knows."""
    if preview is not None and preview.is_done:
        return set(preview.exposed)
    listed = proposed.get(columns.listed)
    return names_of(listed) if listed else set(now) - names_of(document.get(columns.added))


def _own(columns: Columns, document: Document) -> set[str]:
    return names_of(document.get(columns.listed)) | names_of(document.get(columns.added))


def _enriched(columns: Columns, document: Document, otherwise: Document) -> set[str]:
    """What the enricher adds; one that lists nothing adds all, of which ``otherwise`` is known."""
    if type(lookup(document, columns.enriched[:-1], None)) is not dict:
        return set()
    listed = lookup(document, columns.enriched, None)
    return names_of(listed or lookup(otherwise, columns.enriched, None))


def _renamed(rekeyed: Iterable[Rekeyed], gone: set[str], after: set[str]) -> dict[str, str]:
    """The fields that are called otherwise in the end, of those that are gone by their name."""
    names: dict[str, str] = {}
    for one in rekeyed:
        first = next((old for old, new in names.items() if new == one.old), one.old)
        names[first] = one.new
    return {old: new for old, new in names.items() if old in gone and new in after}


def _owners(columns: Columns, reading: Snapshot, document: Document) -> frozenset[str]:
    """The ids beside a field: the resource's, and that of its enricher (api.md, 2.6)."""
    found: tuple[JsonValue, ...] = (reading.id, lookup(document, columns.enricher_ids, None))
    return frozenset(one.lower() for one in found if type(one) is str)
