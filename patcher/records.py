"""What the journal knows of a write: what was meant, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, NamedTuple

from patcher.documents.values import Document
from patcher.resources.blockers import OnUnknown, is_unknown_fields
from patcher.resources.snapshot import moment


class Intent(NamedTuple):
    """A write about to be made.

    ``before`` is the raw reading it was worked out on, ``sent`` the body, ``keys`` the
    Idempotency-Keys under which it was sent, in order. ``unknown_fields`` says what was done with
    unknown members, ``saved_plan`` is the id of the plan's file, ``undoes`` the entry that the
    write takes back, ``run`` the run of many writes that it is part of.
    """

    noun: str
    id: str
    name: str | None
    where: str
    before: Document
    sent: Document
    keys: tuple[str, ...]
    unknown_fields: OnUnknown = "error"
    saved_plan: str | None = None
    undoes: str | None = None
    run: str | None = None


class Ending(NamedTuple):
    """How a write ended: "applied", "unverified", "unknown" or "not-written".

    ``observed`` is the raw reading after it, where there was one.
    """

    state: str
    message: str | None = None
    observed: Document | None = None


class Entry(NamedTuple):
    """One record: its name, when the write was begun (RFC 3339), and what is known of it.

    ``sequence`` is its place in the order in which writes were begun; the clock may have been set.
    """

    name: str
    begun: str
    sequence: int
    intent: Intent
    ending: Ending | None

    @property
    def is_written(self) -> bool:
        """Whether the write took effect."""
        return self.ending is not None and self.ending.state in ("applied", "unverified")

    @property
    def may_be_written(self) -> bool:
        """Whether the write took effect, or may still."""
        return self.ending is None or self.ending.state != "not-written"


_STATES: Final = frozenset({"applied", "unverified", "unknown", "not-written"})
_TEXT_OR_NULL: Final = (str, NoneType)

# What a record's members are; those that an earlier version did not know may be missing.
_INTENT: Final[Mapping[str, tuple[type, ...]]] = {
    "begun": (str,),
    "sequence": (int,),
    "noun": (str,),
    "id": (str,),
    "name": _TEXT_OR_NULL,
    "where": (str,),
    "before": (dict,),
    "sent": (dict,),
    "keys": (list,),
    "unknown_fields": (str,),
    "saved_plan": _TEXT_OR_NULL,
    "undoes": _TEXT_OR_NULL,
    "run": _TEXT_OR_NULL,
}
_ENDING: Final[Mapping[str, tuple[type, ...]]] = {
    "state": (str,),
    "message": _TEXT_OR_NULL,
    "observed": (dict, NoneType),
}
_LATER: Final = frozenset({"sequence", *Intent._field_defaults, *Ending._field_defaults})


def entry_of(name: str, record: dict[str, Any], ending: dict[str, Any] | None) -> Entry | None:
    """The entry in the records of an intent and an ending; None where they are not whole."""
    if not _is_sound(record, _INTENT):
        return None
    if ending is not None and not _is_sound(ending, _ENDING):
        return None
    return Entry(
        name=name,
        begun=record["begun"],
        sequence=record["sequence"] if "sequence" in record else _by_time(record["begun"]),
        intent=_fields(Intent, record)._replace(keys=tuple(record["keys"])),
        ending=None if ending is None else _fields(Ending, ending),
    )


def _by_time(begun: str) -> int:
    """The place in the order of an entry that an earlier version has recorded without one."""
    when = moment(begun)
    return int(when[0].timestamp()) * 1_000_000 + int(when[1][:6]) if when else 0


def _is_sound(record: dict[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> bool:
    """Whether the members are what they have to be; a file can hold anything."""
    return (
        all(
            type(record[name]) in allowed if name in record else name in _LATER
            for name, allowed in kinds.items()
        )
        and record.get("state", "applied") in _STATES
        and is_unknown_fields(record.get("unknown_fields", "error"))
        and all(type(key) is str for key in record.get("keys", ()))
    )


def _fields(kind: Any, record: dict[str, Any]) -> Any:
    """The record as one of ``kind``; what an earlier version did not record has its default."""
    defaults = kind._field_defaults
    return kind(
        **{
            name: record.get(name, defaults[name]) if name in defaults else record[name]
            for name in kind._fields
        }
    )
