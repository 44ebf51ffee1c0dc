"""A snapshot of a resource: one response of the API, with its metadata."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.spellings import cut
from patcher.documents.values import Document, strictly_equal

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

_LONGEST_VERSION: Final = 40
"""Longest version shown, in characters; no real number is that long."""


class Snapshot(NamedTuple):
    """A response of the API for one resource, parsed strictly.

    ``raw`` is the resource as the API shows it. ``etag`` is its strong entity tag (RFC 9110,
    section 8.8.3), if any; the API documents none. ``text`` is the JSON text of ``raw`` as it
    came, if known: two snapshots of the same text are equal.
    """

    raw: Document
    etag: str | None = None
    text: bytes | None = None

    def __repr__(self) -> str:
        return f"Snapshot({self.id!r}, version {self.version})"

    @property
    def id(self) -> str | None:
        """The resource's UUID."""
        return self._text("id")

    @property
    def name(self) -> str | None:
        """The resource's name."""
        return self._text("name")

    @property
    def organization(self) -> str | None:
        """The ID of the organization it belongs to."""
        return self._text("organization_id")

    @property
    def version(self) -> int | None:
        """The counter of writes, or None where it is missing or not an integer."""
        version = self.raw.get("version")
        return version if type(version) is int else None

    @property
    def shown_version(self) -> str:
        """The version for a message, of whatever type it is."""
        version = self.raw.get("version")
        return "none" if version is None else jsontext.dump(version)[:_LONGEST_VERSION]

    @property
    def updated_at(self) -> str | None:
        """When it was last written (RFC 3339), as the server formats it."""
        return self._text("updated_at")

    @property
    def author(self) -> str | None:
        """Who wrote it last: a name, else an ID."""
        known = self._of_actor("name") or self.author_id
        return known and cut(known)

    @property
    def author_id(self) -> str | None:
        """The ID of who wrote it last, or None."""
        return self._of_actor("id")

    @property
    def last_write(self) -> str:
        """By whom and when it was last written, " by A at T", as far as known."""
        by = f" by {self.author}" if self.author else ""
        at = f" at {self.updated_at}" if self.updated_at else ""
        return by + at

    def version_change(self, before: Snapshot) -> str:
        """``version 3 became 4``; nothing where both have the same version."""
        is_other = self.has_other_version(before)
        return f"version {before.shown_version} became {self.shown_version}" if is_other else ""

    def is_newer_than(self, other: Snapshot) -> bool:
        """Whether this is a later state than ``other``, by version or by time.

        If not, this may be the replay of an old response (Idempotency-Key guide), which proves
        nothing about a write made since.
        """
        versions = _order(self.version, other.version)
        times = _order(moment(self.updated_at), moment(other.updated_at))
        return -1 not in (versions, times) and 1 in (versions, times)

    def is_older_than(self, other: Snapshot) -> bool:
        """Whether this is an earlier state than ``other``, as a lagging replica shows it.

        The version decides where both have an integer and the two differ, else the time. Times are
        compared in the coarser precision of the two: the response to a write may have nanoseconds
        that the server stores, and later shows, as microseconds.
        """
        by_version = _order(self.version, other.version)
        if by_version:
            return by_version < 0
        ours, theirs = moment(self.updated_at), moment(other.updated_at)
        if ours is None or theirs is None:
            return False
        digits = min(_precision(self.updated_at), _precision(other.updated_at))
        return (ours[0], ours[1][:digits]) < (theirs[0], theirs[1][:digits])

    def has_other_version(self, other: Snapshot) -> bool:
        """Whether the versions differ strictly, whatever their type."""
        return not strictly_equal(self.raw.get("version"), other.raw.get("version"))

    def has_moved_from(self, other: Snapshot) -> bool:
        """Whether version or time differ; content is not compared."""
        return self.has_other_version(other) or self.updated_at != other.updated_at

    def _of_actor(self, key: str) -> str | None:
        actor = self.raw.get("updated_by")
        known = actor.get(key) if type(actor) is dict else None
        return known if type(known) is str and known else None

    def _text(self, key: str) -> str | None:
        value = self.raw.get(key)
        return value if type(value) is str else None


def moment(timestamp: str | None) -> tuple[datetime, str] | None:
    """An RFC 3339 timestamp as a sortable value, or None where it is not one.

    The fraction is kept as text: the API's nanoseconds do not fit a datetime.
    """
    match = _TIMESTAMP.fullmatch(timestamp or "")
    if match is None:
        return None
    date, time, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone
    try:
        when = datetime.fromisoformat(f"{date}T{time}{offset}").astimezone(timezone.utc)
    except (ValueError, OverflowError):  # the 30th of February, or before the year 1
        return None
    return when, (fraction or "").ljust(18, "0")


def _precision(timestamp: str | None) -> int:
    """How many digits of a second an RFC 3339 timestamp has."""
    match = _TIMESTAMP.fullmatch(timestamp or "")
    return len(match[3] or "") if match else 0


def _order(ours: Any, theirs: Any) -> int:
    """-1, 0 or 1; 0 also where one of the two is unknown."""
    if ours is None or theirs is None:
        return 0
    return int(ours > theirs) - int(ours < theirs)
