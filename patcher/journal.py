"""The journal: the intent and the outcome of each write.

An entry is two files that are each written once and whole: the intent, before the write, and the
ending, after it. A process that dies at any time leaves nothing, an intent, or both, so there is
nothing to repair. All processes share one file, ``sequence``, with the last entry's place in their
order; it is locked while it is incremented, and made again when it is lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, NamedTuple

from patcher.disk import (
    FREE_SPACE,
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

    ``before`` is the raw snapshot that the plan is based on, ``sent`` the body, ``keys`` the
    Idempotency-Keys under which it was sent, in order. ``unknown_fields`` says what was done with
    unknown keys, ``saved_plan`` is the id of the plan's file, ``undoes`` the entry that the write
    undoes, ``run`` the batch that it is part of.
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
    """The outcome of a write: "applied", "unverified", "unknown" or "not-written".

    ``observed`` is the raw snapshot after it, where there was one.
    """

    state: str
    message: str | None = None
    observed: Document | None = None


class Entry(NamedTuple):
    """One record: its name, when the write began (RFC 3339), its intent and its ending.

    ``sequence`` is its place in the order in which writes began, even if the clock was changed.
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
        """Whether the write took effect, or still may."""
        return self.ending is None or self.ending.state != "not-written"


_STATES: Final = frozenset({"applied", "unverified", "unknown", "not-written"})

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(("begun", "noun", "id", "where", "unknown_fields", "state"), (str,)),
    **dict.fromkeys(("name", "saved_plan", "undoes", "run", "message"), (str, NoneType)),
    **dict.fromkeys(("before", "sent"), (dict,)),
    "observed": (dict, NoneType),
    "sequence": (int,),
    "keys": (list,),
}
"""The types that the value of a record's key may have."""

_INTENT: Final = ("begun", "sequence", *Intent._fields)

# The keys that an earlier version did not know, and left out.
_LATER: Final = frozenset({"sequence", *Intent._field_defaults, *Ending._field_defaults})


def _by_time(begun: str) -> int:
    """Returns the sequence of an entry that an earlier version recorded without one."""
    when = moment(begun)
    return int(when[0].timestamp()) * 1_000_000 + int(when[1][:6]) if when else 0


def _is_sound(record: dict[str, Any], keys: Iterable[str]) -> bool:
    """Whether the keys are there and have values that fit; a file can hold anything."""
    return all(_fits(key, record[key]) if key in record else key in _LATER for key in keys)


def _fits(key: str, value: Any) -> bool:
    if type(value) not in _TYPES[key]:
        return False
    if key == "state":
        return value in _STATES
    if key == "unknown_fields":
        return is_unknown_fields(value)
    return key != "keys" or all(type(one) is str for one in value)


def _fields(kind: Any, record: dict[str, Any]) -> Any:
    """Returns the record as a ``kind``, with defaults for what an earlier version left out."""
    return kind(**{name: record[name] for name in kind._fields if name in record})


FORMAT: Final = 1
"""The format of an entry; a reader refuses a higher one."""

_LONGEST_NUMBER: Final = 20
"""A sequence with this many digits or more is not believed."""

_LONGEST_WRITE: Final = timedelta(days=1)
"""How long a write may be in progress; the settle timeout is less."""


def utc_now() -> datetime:
    """Returns the present time."""
    return datetime.now(timezone.utc)


class Journal:
    """The entries in one folder, which belongs to one user (0700, files 0600)."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = utc_now) -> None:
        self.folder = folder
        self.now = now

    def open(self, intent: Intent, *, before: bytes | None = None) -> str:
        """Records an intent and returns the entry's new name, once it is safe on disk.

        ``before`` is the JSON text of ``intent.before``, if known. Raises JournalError when it
        cannot be recorded.
        """
        self._prepare()
        name = "@" + os.urandom(6).hex()
        record = {"format": FORMAT, "entry": name, "begun": self._timestamp()}
        record |= {"sequence": self._next_in_order(), **intent._asdict()}
        self._write(self._path(name, "intent"), record, before=before)
        return name

    def _next_in_order(self) -> int:
        """Returns a number above those of all earlier entries, whatever the clock says.

        It is the time in microseconds since 1970, unless the clock was set back.
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
                f"{self.folder / 'sequence'} {error.reason}. Nothing was written.",
                hint=error.hint,
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _last_in_order(self) -> int:
        """Returns the highest sequence, from all entries."""
        return max((entry.sequence for entry in self.entries()[0]), default=0)

    def add_key(self, name: str, key: str) -> None:
        """Records a further Idempotency-Key, before it is used."""
        path = self._path(name, "intent")
        record = self._read(path)
        record["keys"] = [*record["keys"], key]
        self._write(path, record)

    def close(self, name: str, ending: Ending, *, observed: bytes | None = None) -> None:
        """Records the outcome of a write. Raises JournalError when it cannot be recorded.

        ``observed`` is the JSON text of ``ending.observed``, if known. Nothing waits for the disk
        here: without the ending, after a power failure, a read finds out the outcome.
        """
        record = {"format": FORMAT, "entry": name, "ended": self._timestamp(), **ending._asdict()}
        self._write(self._path(name, "ending"), record, durable=False, observed=observed)

    def entry(self, name: str) -> Entry:
        """Returns the entry of that name.

        Raises JournalError when there is none, when it is unreadable, and when another user could
        have written it.
        """
        self._is_there()
        record, ending = self._read(self._path(name, "intent")), self._ending(name)
        if not _is_sound(record, _INTENT) or not (
            ending is None or _is_sound(ending, Ending._fields)
        ):
            raise JournalError(
                f"Journal entry {name} is incomplete, or of a format unknown to this version."
            )
        return Entry(
            name=name,
            begun=record["begun"],
            sequence=record["sequence"] if "sequence" in record else _by_time(record["begun"]),
            intent=_fields(Intent, record)._replace(keys=tuple(record["keys"])),
            ending=None if ending is None else _fields(Ending, ending),
        )

    def _ending(self, name: str) -> dict[str, Any] | None:
        """Returns the record of an ending; None where there is none, or a crash left half of it.

        After a power failure a file may be there without its content.
        """
        path = self._path(name, "ending")
        if not (path.exists() or path.is_symlink()):
            return None
        with suppress(OSError):  # _read reports what is wrong with the file
            if not read_private(path).endswith((b"}", b"]")):
                return None
        return self._read(path)

    def tried(self, name: str) -> Entry | JournalError:
        """Returns the entry of that name, or why it cannot be read."""
        try:
            return self.entry(name)
        except JournalError as error:
            return error

    def names(self) -> tuple[str, ...]:
        """Returns the names of all entries, in no particular order.

        Raises JournalError when another user could have put them there.
        """
        if not self._is_there():
            return ()
        return tuple("@" + path.name[:12] for path in self.folder.glob("????????????.intent.json"))

    def has(self, name: str) -> bool:
        """Whether there is an entry of that name, readable or not."""
        return os.path.lexists(self._path(name, "intent"))

    def written_at(self, name: str) -> float:
        """Returns when an entry was written to disk, readable or not, as a POSIX timestamp."""
        try:
            return self._path(name, "intent").lstat().st_mtime
        except OSError:
            return self.now().timestamp()

    def entries(self) -> tuple[list[Entry], list[JournalError]]:
        """Returns all entries, the newest first, and why others cannot be read."""
        tried = [self.tried(name) for name in self.names()]
        found = [one for one in tried if isinstance(one, Entry)]
        unreadable = [one for one in tried if isinstance(one, JournalError)]
        return sorted(found, key=lambda one: (one.sequence, one.name), reverse=True), unreadable

    def of_run(self, run: str) -> Iterator[Entry]:
        """Yields the entries of a run, in no particular order, one at a time.

        An unreadable entry is skipped unless it names the run; then JournalError is raised.
        """
        mark = jsontext.dump(run).encode()
        for name in self.names():
            # Parsing every entry would be slow, and most belong to something else.
            if mark in self._path(name, "intent").read_bytes():
                entry = self.entry(name)
                if entry.intent.run == run:
                    yield entry

    def prune(self, days: float) -> int:
        """Removes the entries begun more than so many days ago; returns how many there were.

        An entry without an ending, or an unfinished file, may be a write in progress and stays for
        at least a day. An intent is removed before its ending, so that a crash leaves no half
        entry; what a crash left is removed by its age on disk. Raises JournalError when one cannot
        be removed.
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
                self._path(name, "intent").unlink(missing_ok=True)
                self._path(name, "ending").unlink(missing_ok=True)
            for path in self._leftovers():
                with suppress(FileNotFoundError):  # it was finished meanwhile
                    if path.stat().st_mtime < unfinished.timestamp():
                        path.unlink()
        except OSError as error:
            raise JournalError(
                f"The journal in {self.folder} cannot be pruned ({error.strerror})."
            ) from error
        return len(old)

    def _leftovers(self) -> Iterator[Path]:
        """Yields files that were never finished, and endings and claims without their intent."""
        yield from self.folder.glob(".????????????.*.json.????????")
        for path in self.folder.glob("????????????.ending.json"):
            if not self.has(path.name[:12]):
                yield path
        for path in self.folder.glob("*.claim.json"):
            with suppress(JournalError, OSError, InvalidPatchError):
                found = jsontext.parse(read_private(path), what=str(path))
                if type(found) is dict and not self.has(str(found.get("entry"))):
                    yield path

    def _path(self, name: str, record: Literal["intent", "ending"]) -> Path:
        # A name that a forged record gives may be any text, and no path.
        return self.folder / f"{''.join(filter(str.isalnum, name))}.{record}.json"

    def _timestamp(self) -> str:
        return self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _prepare(self) -> None:
        """Creates the folder, and refuses one that other users can write to."""
        if self._is_there():
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        self._is_there()

    def _is_there(self) -> bool:
        """Whether the folder exists. Raises JournalError for one that is open to other users."""
        try:
            refuse_open_folder(self.folder)
        except NotPrivateError as error:
            raise JournalError(
                f"The journal's folder {self.folder} {error.reason}, so it is not used.",
                hint=error.hint,
            ) from error
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise JournalError(f"{self.folder} cannot be read: {error.strerror}.") from error
        return True

    def _write(
        self, path: Path, record: dict[str, Any], *, durable: bool = True, **texts: bytes | None
    ) -> None:
        """Writes a whole file, or nothing; ``durable`` waits until it is on disk.

        ``texts`` are the JSON texts of some of the keys, where they are known.
        """
        known = {key: text for key, text in texts.items() if text is not None}
        others = {key: value for key, value in record.items() if key not in known}
        content = jsontext.dump(others).encode("ascii").removesuffix(b"}")
        content += b"".join(b',"%b":%b' % (key.encode("ascii"), known[key]) for key in known)
        try:
            write_whole(path, content + b"}", durable=durable)
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
                hint="patch-model history lists the entries.",
            ) from error
        except NotPrivateError as error:
            raise JournalError(
                f"{path} {error.reason}, and is not trusted.", hint=error.hint
            ) from error
        except OSError as error:
            raise JournalError(f"{path} cannot be read: {error.strerror}.") from error
        if type(record) is not dict or type(record.get("format")) is not int:
            raise JournalError(f"{path} is not a journal entry.")
        if record["format"] > FORMAT:
            raise JournalError(
                f"{path} has a newer format ({record['format']}).",
                hint="Use the version of patch-model that wrote it, or a newer one.",
            )
        return record

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(
            f"The journal in {self.folder} cannot be written ({error.strerror}). Nothing was "
            "written.",
            hint=FREE_SPACE,
        )


def _moment(timestamp: str) -> datetime | None:
    found = moment(timestamp)
    return found and found[0]
