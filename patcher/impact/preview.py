"""The API's dry run of a change, compared with the fields exposed now. Pure.

Documented is that it "previews the fields a model would expose" (api.md, 2.5). Undocumented are
the form of the response (the object or a job), of the job's result, and whether it shows the fields
that the body lists or all of the source. All of these forms are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.values import Document, JsonValue
from patcher.documents.wording import Notice, first_few
from patcher.resources.findings import Columns
from patcher.resources.snapshot import Snapshot

_NAMED: Final = 5

State: TypeAlias = Literal["done", "refused", "unavailable"]
"""The preview succeeded; the source or the API refused; or there is no readable response."""

Redact: TypeAlias = Callable[[str], str]
"""Masks the credentials in a text from elsewhere."""


def as_json(value: Any) -> Any:
    """A value as JSON output prints it; a record is an object of its fields, if nothing else."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if not isinstance(value, tuple):
        return value
    if hasattr(value, "_asdict"):
        return {key: as_json(one) for key, one in value._asdict().items()}
    return [as_json(one) for one in value]


class PreviewColumn(NamedTuple):
    """A place of the proposed document that names a column the source would not have.

    ``outcome`` is "lost" if it is exposed now, "missing" if it is not, "unknown" if the preview
    does not show it.
    """

    path: str
    name: str
    outcome: Literal["lost", "missing", "unknown"]


class Preview(NamedTuple):
    """The result of a dry run.

    Attributes:
        state: how it ended.
        message: why it was refused or is unavailable; None where it is done.
        exposed: the names that would be exposed, in the order of the response.
        gained, lost: names that are newly exposed, and names that are no longer exposed.
        unlisted: fields of the source that the document's list leaves out.
        columns: places that name a column which would, or may, be missing.
        status, key, details: the HTTP status of a refusal, and the API's own error key and
            metadata if any.
    """

    state: State
    message: str | None = None
    exposed: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    columns: tuple[PreviewColumn, ...] = ()
    status: int | None = None
    key: str | None = None
    details: Document | None = None

    @property
    def is_done(self) -> bool:
        """Whether the preview succeeded."""
        return self.state == "done"

    def redacted(self, redact: Redact) -> Preview:
        """The same with credentials masked."""

        def all_of(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(map(redact, texts))

        return self._replace(
            message=redact(self.message) if self.message else None,
            exposed=all_of(self.exposed),
            gained=all_of(self.gained),
            lost=all_of(self.lost),
            unlisted=all_of(self.unlisted),
            columns=tuple(one._replace(name=redact(one.name)) for one in self.columns),
        )

    def to_dict(self) -> dict[str, Any]:
        """As the JSON faces print it (docs/json.md)."""
        facts = self._asdict().items()
        return {key: as_json(one) for key, one in facts if key not in ("status", "key", "details")}

    def notices(self) -> Iterator[Notice]:
        """A warning for each place that would lose its column; one for all in a list."""
        texts = {
            "lost": ("column-lost", "would not be there"),
            "missing": ("column-lost", "the source does not have, now or then"),
            "unknown": ("column-unknown", "the preview does not show"),
        }
        together: dict[tuple[str, str], list[PreviewColumn]] = {}
        for column in self.columns:
            together.setdefault((column.outcome, column.path.split("/")[1]), []).append(column)
        for (outcome, key), found in together.items():
            code, text = texts[outcome]
            names = first_few((f'"{one.name}"' for one in found), _NAMED)
            path = found[0].path if len(found) == 1 else pointer_to((key,))
            noun = "column" if len(found) == 1 else "columns"
            yield Notice(code, path, f"{path} names the {noun} {names}, which {text}.")


def read_preview(
    result: JsonValue, columns: Columns, base: Snapshot, proposed: Document
) -> Preview:
    """The preview of ``proposed`` in ``result``: the data of the response, or a job's result.

    ``base`` is the current snapshot.
    """
    items = _items(result, columns.exposed)
    if items is None:
        return Preview("unavailable", "The preview returned no list of fields.")
    names = [name_of(item) for item in items]
    found = [name for name in names if name]
    if len(found) < len(names):
        text = f"{len(names) - len(found)} of the {len(names)} fields in the preview have no name."
        return Preview("unavailable", text)
    is_added = {
        name: type(item) is dict and item.get(columns.flag) is True
        for name, item in zip(found, items, strict=True)
    }
    return _compared(is_added, columns, base, proposed)


def _compared(
    shown: dict[str, bool], columns: Columns, base: Snapshot, proposed: Document
) -> Preview:
    """The preview of these names; True marks user-added fields."""
    now = columns.exposed_now(base)
    listed = proposed.get(columns.listed)
    added = names_of(proposed.get(columns.added))
    # Previews may leave them out (api.md, 2.5); where none is shown, absence says nothing.
    unseen = frozenset[str]() if any(shown.values()) else frozenset(added - shown.keys())
    chosen = names_of(listed) | added if listed else None
    exposed = [name for name, flag in shown.items() if chosen is None or name in chosen or flag]
    there = {*exposed, *unseen}
    enriched = names_of(lookup(proposed, columns.enriched, None))  # not the source's
    doubtful = (
        (place, name)
        for place, name in columns.references(proposed)
        if name not in shown and name not in enriched
    )
    return Preview(
        "done",
        exposed=tuple(exposed),
        gained=tuple(name for name in exposed if name not in now),
        lost=tuple(name for name in now if name not in there),
        unlisted=tuple(name for name in shown if name not in there),
        columns=tuple(
            PreviewColumn(
                pointer_to(place),
                name,
                "unknown" if name in unseen else "lost" if name in now else "missing",
            )
            for place, name in doubtful
        ),
    )


def names_of(items: JsonValue) -> set[str]:
    """The names in a list of names, or of objects that have one."""
    found = map(name_of, items if type(items) is list else ())
    return {name for name in found if name}


def name_of(item: JsonValue) -> str | None:
    """The name of an item in a list of fields, or None."""
    name = item.get("name") if type(item) is dict else item
    return name if type(name) is str and name else None


def _items(result: JsonValue, key: str) -> list[JsonValue] | None:
    """The list of fields: bare, in an object, or in an object in an envelope; None without one."""
    if type(result) is dict:
        result = result[key] if key in result else result.get("data")
        if type(result) is dict:
            result = result.get(key)
    return result if type(result) is list else None
