"""The journal: what was there before each write, and how the write ended.

An entry is two files that are each written once and whole: the intent, before the write, and the
ending, after it. A process that dies at any instant leaves either nothing, an intent, or both, so
that there is nothing to repair. All processes share one file, ``sequence``, which holds the last
entry's place in their order; it is locked while it is counted up, and made again when it is lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import NoneType
from typing import Any, Final, NamedTuple

from patcher.disk import (
    NotPrivateError,
    read_private,
    refuse_open_folder,
    sync_folder,
    update_private,
    write_whole,
)
from patcher.documents import jsontext
from patcher.documents.values import Document
from patcher.errors import InvalidPatchError, JournalError
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


__all__ = ["FORMAT", "Ending", "Entry", "Intent", "Journal", "utc_now"]

FORMAT: Final = 1
"""The format of an entry; a reader refuses a higher one."""


_LONGEST_NUMBER: Final = 20
"""How many digits of a sequence are believed."""

_LONGEST_WRITE: Final = timedelta(days=1)
"""How long a write may be on its way; the settle timeout is less."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(timezone.utc)


def new_name() -> str:
    """A name for an entry that no other one has."""
    return "@" + os.urandom(6).hex()


class Journal(NamedTuple):
    """The entries in one folder, which belongs to one user (0700, files 0600)."""

    folder: Path
    now: Callable[[], datetime] = utc_now

    def open(self, intent: Intent, name: str | None = None) -> str:
        """Records an intent and returns the entry's name, once it is safe on disk.

        ``name`` is one of ``new_name``'s. Raises JournalError when it cannot be recorded.
        """
        self._prepare()
        name = name or new_name()
        record = {"format": FORMAT, "entry": name, "begun": self._timestamp()}
        record |= {"sequence": self._next_in_order(), **intent._asdict()}
        self._write(self._intent_path(name), record)
        return name

    def _next_in_order(self) -> int:
        """A number above those of all entries that were begun before, whatever the clock says.

        It is the time, in microseconds since 1970, as long as the clock goes on.
        """
        now = int(self.now().timestamp() * 1_000_000)

        def change(found: bytes) -> bytes:
            is_whole = found.isdigit() and len(found) < _LONGEST_NUMBER
            last = int(found) if is_whole else self._last_in_order()
            return str(max(now, last + 1)).encode("ascii")

        try:
            return int(update_private(self.folder / "sequence", change))
        except NotPrivateError as error:
            raise JournalError(
                f"{self.folder / 'sequence'} {error.reason}, so nothing was written.",
                hint=error.mend,
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _last_in_order(self) -> int:
        """The highest number of an entry; it reads all of them."""
        return max((entry.sequence for entry in self.entries()[0]), default=0)

    def add_key(self, name: str, key: str) -> None:
        """Records a further Idempotency-Key, before it is used."""
        path = self._intent_path(name)
        record = self._read(path)
        record["keys"] = [*record["keys"], key]
        self._write(path, record)

    def close(self, name: str, ending: Ending) -> None:
        """Records how the write ended. Raises JournalError when it cannot be recorded.

        Nothing waits for the disk here: an ending that a power failure takes leaves an intent,
        and a reading tells how it ended.
        """
        record = {"format": FORMAT, "entry": name, "ended": self._timestamp(), **ending._asdict()}
        self._write(self._ending_path(name), record, durable=False)

    def entry(self, name: str) -> Entry:
        """The entry of that name.

        Raises JournalError when there is none, when it is unreadable, and when somebody else could
        have written it.
        """
        self._refuse_open_folder("nothing in it is trusted")
        record = self._read(self._intent_path(name))
        entry = entry_of(name, record, self._ending(name))
        if entry is None:
            raise JournalError(
                f"Journal entry {name} is not complete, or not as this version writes them."
            )
        return entry

    def _ending(self, name: str) -> dict[str, Any] | None:
        """The record of an ending; None where there is none, or a crash left half of one.

        A name can outlive a power failure, and its content not.
        """
        path = self._ending_path(name)
        if not (path.exists() or path.is_symlink()):
            return None
        with suppress(OSError):  # what is wrong with the file is said when it is read
            if not read_private(path).endswith((b"}", b"]")):
                return None
        return self._read(path)

    def tried(self, name: str) -> Entry | JournalError:
        """The entry of that name, or why there is none to be had."""
        try:
            return self.entry(name)
        except JournalError as error:
            return error

    def names(self) -> tuple[str, ...]:
        """The names of all entries, in no particular order.

        Raises JournalError when somebody else could have put them there.
        """
        if not self.folder.is_dir():
            return ()
        self._refuse_open_folder("nothing in it is trusted")
        return tuple("@" + path.name[:12] for path in self.folder.glob("????????????.intent.json"))

    def has(self, name: str) -> bool:
        """Whether there is an entry of that name, readable or not."""
        return os.path.lexists(self._intent_path(name))

    def written_at(self, name: str) -> float:
        """When the entry of that name was put on disk, as a POSIX timestamp, readable or not."""
        try:
            return self._intent_path(name).lstat().st_mtime
        except OSError:
            return self.now().timestamp()

    def entries(self) -> tuple[list[Entry], list[JournalError]]:
        """All entries, the newest first, and why others cannot be read."""
        tried = [self.tried(name) for name in self.names()]
        found = [one for one in tried if isinstance(one, Entry)]
        unreadable = [one for one in tried if isinstance(one, JournalError)]
        return sorted(found, key=lambda one: (one.sequence, one.name), reverse=True), unreadable

    def prune(self, days: float) -> int:
        """Removes the entries begun more than so many days ago; how many there were.

        One without an ending, and a file that is not finished, may be a write on its way: they
        stay for a day at least. An intent goes before its ending, so that a crash leaves no half
        entry behind; what a crash has left goes by its age on disk. Raises JournalError when one
        cannot be removed.
        """
        now = self.now()
        oldest = now - timedelta(days=days)
        unfinished = min(oldest, now - _LONGEST_WRITE)
        old = [
            one.name
            for one in self.entries()[0]
            if (_moment(one.begun) or now) < (oldest if one.ending else unfinished)
        ]
        try:
            for name in old:
                self._intent_path(name).unlink(missing_ok=True)
                self._ending_path(name).unlink(missing_ok=True)
            for path in self._leftovers():
                with suppress(FileNotFoundError):  # finished meanwhile
                    if path.stat().st_mtime < unfinished.timestamp():
                        path.unlink()
        except OSError as error:
            raise JournalError(
                f"The journal in {self.folder} cannot be pruned ({error.strerror})."
            ) from error
        return len(old)

    def _leftovers(self) -> Iterator[Path]:
        """Drafts that were never finished, and endings and claims whose intent is gone."""
        if not self.folder.is_dir():
            return
        yield from self.folder.glob(".????????????.*.json.????????")
        for path in self.folder.glob("????????????.ending.json"):
            if not self.has(path.name[:12]):
                yield path
        for path in self.folder.glob("*.claim.json"):
            with suppress(JournalError, OSError, InvalidPatchError):
                found = jsontext.parse(read_private(path), what=str(path))
                if type(found) is dict and not self.has(str(found.get("entry"))):
                    yield path

    def _intent_path(self, name: str) -> Path:
        return self.folder / f"{name.removeprefix('@')}.intent.json"

    def _ending_path(self, name: str) -> Path:
        return self.folder / f"{name.removeprefix('@')}.ending.json"

    def _timestamp(self) -> str:
        return self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _prepare(self) -> None:
        """Makes the folder, and refuses one that others could have put something in."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        self._refuse_open_folder("nothing was written")

    def _refuse_open_folder(self, so: str) -> None:
        try:
            refuse_open_folder(self.folder)
        except NotPrivateError as error:
            raise JournalError(
                f"The journal's folder {self.folder} {error.reason}, so {so}.", hint=error.mend
            ) from error
        except FileNotFoundError:
            return  # there is nothing in it either
        except OSError as error:
            raise JournalError(f"{self.folder} cannot be read: {error.strerror}.") from error

    def _write(self, path: Path, record: dict[str, Any], *, durable: bool = True) -> None:
        """Writes a file whole, or not at all; ``durable`` waits until it is on disk."""
        try:
            write_whole(path, jsontext.dump(record).encode("ascii"), durable=durable)
            if durable:
                sync_folder(self.folder)
        except OSError as error:
            raise self._unwritable(error) from error

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            record = jsontext.parse(read_private(path), what=str(path))
        except InvalidPatchError as error:
            raise JournalError(f"{path} is not a journal entry: {error.message}") from error
        except FileNotFoundError as error:
            raise JournalError(
                f"There is no journal entry @{path.name[:12]} in {self.folder}.",
                hint="patch-model history lists those that there are.",
            ) from error
        except NotPrivateError as error:
            raise JournalError(
                f"{path} {error.reason}, and is not trusted.", hint=error.mend
            ) from error
        except OSError as error:
            raise JournalError(f"{path} cannot be read: {error.strerror}.") from error
        if type(record) is not dict or type(record.get("format")) is not int:
            raise JournalError(f"{path} is not a journal entry.")
        if record["format"] > FORMAT:
            raise JournalError(
                f"{path} is of a newer format ({record['format']}).",
                hint="Use the version of patch-model that wrote it, or a newer one.",
            )
        return record

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(
            f"The journal in {self.folder} cannot be written ({error.strerror}), so nothing was "
            "sent.",
            hint="Make room there, or name another folder in PATCH_MODEL_STATE_DIR.",
        )


def _moment(timestamp: str) -> datetime | None:
    found = moment(timestamp)
    return found and found[0]
