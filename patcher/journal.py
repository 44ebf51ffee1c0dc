"""The journal: what was there before each write, and how the write ended.

An entry is two files that are each written once and whole: the intent, before the write, and the
ending, after it. A process that dies at any instant leaves either nothing, an intent, or both, and
processes never share a file, so that there is nothing to lock and nothing to repair.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import NoneType
from typing import Any, Final, NamedTuple, get_args

from patcher.documents import jsontext
from patcher.documents.values import Document
from patcher.errors import InvalidPatchError, JournalError
from patcher.resources.projection import OnUnknown

FORMAT: Final = 1
"""The format of an entry; a reader refuses a higher one."""

_TEXT: Final = (str,)
_TEXT_OR_NULL: Final = (str, NoneType)

# What the members of an entry's two files are.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "begun": _TEXT,
    "noun": _TEXT,
    "id": _TEXT,
    "name": _TEXT_OR_NULL,
    "where": _TEXT,
    "before": (dict,),
    "sent": (dict,),
    "keys": (list,),
    "unknown_fields": _TEXT,
    "saved_plan": _TEXT_OR_NULL,
    "undoes": _TEXT_OR_NULL,
    "state": _TEXT,
    "message": _TEXT_OR_NULL,
    "observed": (dict, NoneType),
}
_WORDS: Final = {
    "unknown_fields": get_args(OnUnknown),
    "state": ("applied", "unverified", "unknown", "not-written"),
}


class Intent(NamedTuple):
    """A write about to be made.

    ``before`` is the raw reading it was worked out on, ``sent`` the body, ``keys`` the
    Idempotency-Keys under which it was sent, in order. ``unknown_fields`` says what was done with
    unknown members, ``saved_plan`` is the id of the plan's file, ``undoes`` the entry that the
    write takes back.
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


class Ending(NamedTuple):
    """How a write ended: "applied", "unverified", "unknown" or "not-written".

    ``observed`` is the raw reading after it, where there was one.
    """

    state: str
    message: str | None = None
    observed: Document | None = None


class Entry(NamedTuple):
    """One record: its name, when the write was begun (RFC 3339), and what is known of it."""

    name: str
    begun: str
    intent: Intent
    ending: Ending | None


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(timezone.utc)


class Journal(NamedTuple):
    """The entries in one folder, which belongs to one user (0700, files 0600)."""

    folder: Path
    now: Callable[[], datetime] = utc_now

    def open(self, intent: Intent) -> str:
        """Records an intent and returns the entry's name, once it is safe on disk.

        Raises JournalError when it cannot be recorded.
        """
        self._prepare()
        name = "@" + os.urandom(6).hex()
        record = {"format": FORMAT, "entry": name, "begun": self._timestamp(), **intent._asdict()}
        self._write(self._intent_path(name), record)
        return name

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
        """The entry of that name. Raises JournalError when there is none, or it is unreadable."""
        record = self._read(self._intent_path(name))
        ending = self._ending_path(name)
        try:
            return Entry(
                name=name,
                begun=_sound("begun", record["begun"]),
                intent=_fields(Intent, record)._replace(keys=tuple(record["keys"])),
                ending=_fields(Ending, self._read(ending)) if ending.exists() else None,
            )
        except (KeyError, TypeError) as error:
            raise JournalError(
                f"Journal entry {name} is not complete, or not as this version writes them."
            ) from error

    def _tried(self, name: str) -> Entry | JournalError:
        try:
            return self.entry(name)
        except JournalError as error:
            return error

    def names(self) -> tuple[str, ...]:
        """The names of all entries, in no particular order."""
        if not self.folder.is_dir():
            return ()
        return tuple("@" + path.name[:12] for path in self.folder.glob("????????????.intent.json"))

    def entries(self) -> tuple[list[Entry], list[JournalError]]:
        """All entries, the newest first, and why others cannot be read."""
        tried = [self._tried(name) for name in self.names()]
        found = [one for one in tried if isinstance(one, Entry)]
        unreadable = [one for one in tried if isinstance(one, JournalError)]
        return sorted(found, key=lambda one: (one.begun, one.name), reverse=True), unreadable

    def prune(self, days: float) -> int:
        """Removes the entries begun more than so many days ago; how many there were.

        An intent goes before its ending, so that a crash leaves no half entry behind; what a
        crash has left goes by its age on disk. Raises JournalError when one cannot be removed.
        """
        oldest = self.now() - timedelta(days=days)
        entries, _ = self.entries()
        old = [one.name for one in entries if (_moment(one.begun) or self.now()) < oldest]
        try:
            for name in old:
                self._intent_path(name).unlink(missing_ok=True)
                self._ending_path(name).unlink(missing_ok=True)
            for path in self._leftovers():
                if path.stat().st_mtime < oldest.timestamp():
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise JournalError(
                f"The journal in {self.folder} cannot be pruned ({error.strerror})."
            ) from error
        return len(old)

    def _leftovers(self) -> Iterator[Path]:
        """Drafts that were never finished, and endings whose intent is gone."""
        if not self.folder.is_dir():
            return
        yield from self.folder.glob(".????????????.*.json.????????")
        for path in self.folder.glob("????????????.ending.json"):
            if not self._intent_path(path.name[:12]).exists():
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
            status = self.folder.stat()
        except OSError as error:
            raise self._unwritable(error) from error
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise JournalError(
                f"The journal's folder {self.folder} is open to other users, so nothing was "
                "written.",
                hint=f"Make it yours alone: chmod 700 {self.folder}",
            )

    def _write(self, path: Path, record: dict[str, Any], *, durable: bool = True) -> None:
        """Writes a file whole, or not at all; ``durable`` waits until it is on disk."""
        draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:
                file.write(jsontext.dump(record))
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            draft.replace(path)
            if durable:
                self._sync_folder()
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise self._unwritable(error) from error

    def _sync_folder(self) -> None:
        """Waits until a new name in the folder is on disk."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            record = jsontext.parse(path.read_bytes(), what=str(path))
        except InvalidPatchError as error:
            raise JournalError(f"{path} is not a journal entry: {error.message}") from error
        except FileNotFoundError as error:
            raise JournalError(
                f"There is no journal entry @{path.name[:12]} in {self.folder}.",
                hint="patch-model history lists those that there are.",
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
    try:
        moment = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _fields(kind: Any, record: dict[str, Any]) -> Any:
    """The record as one of ``kind``; what an earlier version did not record has its default."""
    defaults = kind._field_defaults
    given = {**defaults, **record}
    return kind(**{name: _sound(name, given[name]) for name in kind._fields})


def _sound(name: str, value: Any) -> Any:
    """The value of a member. Raises TypeError where it cannot be one."""
    if type(value) not in _KINDS[name] or value not in _WORDS.get(name, (value,)):
        raise TypeError(name)
    if name == "keys" and any(type(key) is not str for key in value):
        raise TypeError(name)
    return value
