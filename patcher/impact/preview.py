"""What the API's dry run of a change says, against what is exposed now. Pure.

Documented is that it "previews the fields a model would expose" (api.md, 2.5). Whether the answer
is the object or a job, and what the result of the job looks like, is not; nor is whether it shows
the fields that the body lists, or all that the source has. What can be read is read either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.values import Document, JsonValue
from patcher.resources.findings import Columns
from patcher.resources.snapshot import Snapshot

_NAMED: Final = 5

State: TypeAlias = Literal["done", "refused", "unavailable"]
"""The source was asked; it, or the API, refused; or no answer could be had or read."""

Redact: TypeAlias = Callable[[str], str]
"""Takes the credentials out of somebody else's text."""


class PreviewColumn(NamedTuple):
    """A place of the proposed document whose column the source would not have.

    ``outcome`` is "lost" where it is exposed now, "missing" where it is not exposed now either,
    "unknown" where the preview does not tell.
    """

    path: str
    name: str
    outcome: Literal["lost", "missing", "unknown"]

    def to_dict(self) -> dict[str, str]:
        """As the JSON faces print it."""
        return self._asdict()


class Preview(NamedTuple):
    """What a dry run said.

    Attributes:
        state: how it ended.
        message: what was said against it, or why there is none; None where it is done.
        exposed: the names that would be exposed, in the answer's order.
        gained, lost: what of them is not exposed now, and what is now and would not be.
        unlisted: what the source has and the document's list of fields leaves out.
        columns: the places that name a column which would not be there, or may not.
        status, key, details: the HTTP status of a refusal, and the API's own error key and
            metadata, where there are.
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
        """Whether the source was asked, and answered."""
        return self.state == "done"

    def redacted(self, redact: Redact) -> Preview:
        """The same without credentials, wherever one is repeated."""

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
        return {
            "state": self.state,
            "message": self.message,
            "exposed": list(self.exposed),
            "gained": list(self.gained),
            "lost": list(self.lost),
            "unlisted": list(self.unlisted),
            "columns": [column.to_dict() for column in self.columns],
        }

    def notices(self) -> Iterator[Notice]:
        """What to warn of: each place that would lose its column, those in a list as one."""
        texts = {
            "lost": ("column-lost", "would not be there"),
            "missing": ("column-lost", "the source does not have, now or then"),
            "unknown": ("column-unknown", "the preview does not tell of"),
        }
        together: dict[tuple[str, str], list[PreviewColumn]] = {}
        for column in self.columns:
            together.setdefault((column.outcome, column.path.split("/")[1]), []).append(column)
        for (outcome, member), found in together.items():
            code, text = texts[outcome]
            names = ", ".join(f'"{one.name}"' for one in found[:_NAMED])
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            path = found[0].path if len(found) == 1 else pointer_to((member,))
            yield Notice(code, path, f"{path} names {_column(names + more, len(found))} {text}.")


def _column(names: str, number: int) -> str:
    return f"the column {names}, which" if number == 1 else f"the columns {names}, which"


def read_preview(
    result: JsonValue,
    columns: Columns,
    reading: Snapshot,
    proposed: Document,
) -> Preview:
    """What ``result``, the data of the answer or the result of its job, says about ``proposed``.

    ``reading`` is what is there now.
    """
    members = _members(result, columns.exposed)
    if members is None:
        return Preview("unavailable", "The preview ended without a list of fields.")
    names = [name_of(member) for member in members]
    found = [name for name in names if name]
    if len(found) < len(names):
        text = f"{len(names) - len(found)} of the {len(names)} fields in the preview have no name."
        return Preview("unavailable", text)
    is_added = {
        name: type(member) is dict and member.get(columns.flag) is True
        for name, member in zip(found, members, strict=True)
    }
    return _compared(is_added, columns, reading, proposed)


def _compared(
    shown: dict[str, bool], columns: Columns, reading: Snapshot, proposed: Document
) -> Preview:
    """The preview that shows these names; True is said of those that a user added."""
    now = columns.exposed_now(reading)
    listed = proposed.get(columns.listed)
    added = names_of(proposed.get(columns.added))
    # Previews may leave them out (api.md, 2.5); where none is shown, absence says nothing.
    unseen = frozenset[str]() if any(shown.values()) else frozenset(added - shown.keys())
    chosen = names_of(listed) | added if listed else None
    exposed = [name for name, flag in shown.items() if chosen is None or name in chosen or flag]
    there = {*exposed, *unseen}
    return Preview(
        "done",
        exposed=tuple(exposed),
        gained=tuple(name for name in exposed if name not in now),
        lost=tuple(name for name in now if name not in there),
        unlisted=tuple(name for name in shown if name not in there),
        columns=tuple(_doubtful(shown, unseen, now, columns, proposed)),
    )


def _doubtful(
    shown: Mapping[str, bool],
    unseen: frozenset[str],
    now: Mapping[str, str | None],
    columns: Columns,
    proposed: Document,
) -> Iterator[PreviewColumn]:
    """The places that name what is not shown; what an enricher adds is not the source's."""
    enriched = names_of(lookup(proposed, columns.enriched, None))
    for place, name in columns.references(proposed):
        if name in shown or name in enriched:
            continue
        if name in unseen:
            yield PreviewColumn(pointer_to(place), name, "unknown")
        else:
            yield PreviewColumn(pointer_to(place), name, "lost" if name in now else "missing")


def names_of(members: JsonValue) -> set[str]:
    """The names in a list of names, or of objects that have one."""
    found = map(name_of, members if type(members) is list else ())
    return {name for name in found if name}


def name_of(member: JsonValue) -> str | None:
    """The name that a member of a list of fields is, or has."""
    name = member.get("name") if type(member) is dict else member
    return name if type(name) is str and name else None


def _members(result: JsonValue, key: str) -> list[JsonValue] | None:
    """The list of fields, bare, in the object, or in the object in an envelope."""
    if type(result) is dict:
        result = result[key] if key in result else result.get("data")
        if type(result) is dict:
            result = result.get(key)
    return result if type(result) is list else None
