"""Stale reads: remembers the last accepted state of each resource, and reads older ones again.

A snapshot from a replica that lags behind shows an earlier state, and a plan on it would undo what
was written since. So the version and the time of the last snapshot that was planned on, or seen
after a write, are kept in one small file per resource: looking one up takes as long with ten
thousand resources as with one. Lost files are made again from the journal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from patcher.backoff import Clock, attempts, time_left
from patcher.disk import NotPrivateError, read_private, update_private, write_whole
from patcher.documents.wording import ignore
from patcher.errors import JournalError, StaleReadError
from patcher.guard.outcome import PATIENCE
from patcher.journal import Entry, Journal
from patcher.resources.snapshot import Snapshot

_MARK: Final = "complete"
"""The name of the file whose presence says that the folder holds all that the journal has."""


def read_fresh(
    read: Callable[[], Snapshot],
    known: Snapshot | None,
    clock: Clock,
    noun: str,
    *,
    hint: str,
    notify: Callable[[str], None] = ignore,
) -> Snapshot:
    """Reads until the snapshot is not older than ``known``, for a few seconds at most.

    ``noun`` and ``hint`` go into the error: the kind of resource, and the way out. ``notify`` is
    called before the first wait. Raises StaleReadError, and whatever ``read`` raises.
    """
    if known is None:
        return read()
    older = "The API shows an older state than before; reading again"
    for _ in attempts(clock, time_left(clock, PATIENCE), lambda _: notify(older)):
        now = read()
        if not now.is_older_than(known):
            return now
    raise StaleReadError(
        f"The API shows an older state of {noun} {now.name or now.id!r} than before: "
        f"{_state(now)}, after {_state(known)}. It was read again for {PATIENCE:g} s. Nothing was "
        "written.",
        expected=known.version,
        found=now.version,
        hint=hint,
    )


class Accepted:
    """The last accepted state of each resource of one kind, at any URL as the settings spell it.

    Attributes:
        folder: where the files are: 0700, the files 0600.
        journal: the source of lost or damaged files.
        noun: the kind of resource.
    """

    def __init__(self, folder: Path, journal: Journal, noun: str) -> None:
        self.folder = folder
        self.journal = journal
        self.noun = noun

    def last(self, url: str, resource_id: str) -> Snapshot | None:
        """Returns the last accepted id, version and time, or None where there is none."""
        key = _key(url, self.noun, resource_id)
        try:
            return _parsed(read_private(self._path(key)), key) or self._recorded().get(key)
        except FileNotFoundError:
            if (self.folder / _MARK).exists():
                return None
        except OSError:  # a file that is not private is as good as damaged
            pass
        return self._made_again().get(key)

    def accept(self, url: str, snapshot: Snapshot, *, older: bool = False) -> None:
        """Makes a snapshot the last accepted one; an older one only with ``older``.

        One that cannot be put on disk is not remembered: no write depends on it.
        """
        if snapshot.id is None or (snapshot.version is None and snapshot.updated_at is None):
            return
        key = _key(url, self.noun, snapshot.id)
        path, content = self._path(key), _dumped(key, snapshot)

        def change(found: bytes) -> bytes:
            known = None if older else _parsed(found, key)
            return found if known is not None and snapshot.is_older_than(known) else content

        with suppress(OSError):
            try:
                update_private(path, change)
            except NotPrivateError:
                write_whole(path, content, durable=False)
            except FileNotFoundError:  # the folder, which is there from the first write on
                self._make_folder()
                update_private(path, change)

    def _made_again(self) -> dict[_Key, Snapshot]:
        """Returns what the journal has, and puts it in the folder."""
        found = self._recorded()
        for key, snapshot in found.items():
            self.accept(key.url, snapshot._replace(raw={**snapshot.raw, "id": key.id}))
        with suppress(OSError):
            self._make_folder()
            write_whole(self.folder / _MARK, b"", durable=False)
        return found

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _recorded(self) -> dict[_Key, Snapshot]:
        """Returns the latest state of each resource in the journal, from all of its entries."""
        latest: dict[_Key, Snapshot] = {}
        entries: list[Entry] = []
        with suppress(JournalError):
            entries, _ = self.journal.entries()
        for entry in entries:
            intent, ending = entry.intent, entry.ending
            key = _key(intent.where, intent.noun, intent.id)
            for raw in (intent.before, ending.observed if ending else None):
                if raw is None or intent.noun != self.noun:
                    continue
                if key not in latest or latest[key].is_older_than(Snapshot(raw)):
                    latest[key] = Snapshot(raw)
        return latest

    def _path(self, key: _Key) -> Path:
        digest = hashlib.sha256("\n".join(key).encode()).hexdigest()
        return self.folder / f"{digest[:32]}.json"


class _Key(NamedTuple):
    """The resource that a file is about."""

    url: str
    noun: str
    id: str


def _key(url: str, noun: str, resource_id: str) -> _Key:
    return _Key(url, noun, resource_id.lower())


def _dumped(key: _Key, snapshot: Snapshot) -> bytes:
    state = {"version": snapshot.version, "updated_at": snapshot.updated_at}
    return json.dumps({**key._asdict(), **state}).encode("ascii")


def _parsed(content: bytes, key: _Key) -> Snapshot | None:
    """Returns the state in a file; None where it is not just as it would be written."""
    try:
        found = Snapshot(json.loads(content))
        return found if _dumped(key, found) == content else None
    except (ValueError, AttributeError, RecursionError):  # not JSON, or not an object
        return None


def _state(snapshot: Snapshot) -> str:
    """Describes a state by what makes a snapshot older."""
    when = f" of {snapshot.updated_at}" if snapshot.updated_at else ""
    return f"version {snapshot.shown_version}{when}" if snapshot.version else f"the state{when}"
