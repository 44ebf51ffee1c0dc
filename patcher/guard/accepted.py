"""Stale reads: what was last accepted of each resource, and reading again what is older.

A reading from a replica that lags behind shows an earlier state, and a plan on it would undo what
was written since. So the version and the time of the last reading that was planned on, or seen
after a write, are kept, in one small file a resource: no file is shared by all of them, and
looking one up takes as long with ten thousand as with one. What is lost is made again from the
journal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from patcher.disk import NotPrivateError, read_private, update_private, write_whole
from patcher.documents.notices import ignore
from patcher.documents.values import Document
from patcher.errors import JournalError, StaleReadError
from patcher.guard.outcome import PATIENCE, Clock
from patcher.journal import Entry, Journal
from patcher.resources.snapshot import Snapshot

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 1.0

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MARK: Final = "complete"
"""The name of the file that says that the folder holds all that the journal knows."""


def read_fresh(
    read: Callable[[], Snapshot],
    known: Snapshot | None,
    clock: Clock,
    noun: str,
    *,
    hint: str,
    tell: Callable[[str], None] = ignore,
) -> Snapshot:
    """A reading that is not older than ``known``, which is read again for a few seconds.

    ``noun`` and ``hint`` go into the error: what kind of resource it is, and the way out. ``tell``
    is called before the first wait. Raises StaleReadError, and whatever ``read`` does.
    """
    deadline, pause = clock.monotonic() + PATIENCE, _FIRST_PAUSE
    while True:
        now = read()
        if known is None or not now.is_older_than(known):
            return now
        left = deadline - clock.monotonic()
        if left <= 0:
            break
        if pause == _FIRST_PAUSE:
            tell("The API shows an older state than before; reading again")
        clock.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)
    raise StaleReadError(
        f"The API shows an older state of {noun} {now.name or now.id!r} than before: "
        f"{_state(now)}, after {_state(known)}. It was read again for {PATIENCE:g} s. Nothing was "
        "written.",
        expected=known.version,
        found=now.version,
        hint=hint,
    )


class Accepted(NamedTuple):
    """What was last accepted of each resource of one kind, at any URL.

    Attributes:
        folder: where the files are: 0700, the files 0600.
        journal: what they are made from when they are lost or damaged.
        noun: what kind of resource it is.
    """

    folder: Path
    journal: Journal
    noun: str

    def last(self, url: str, resource_id: str) -> Snapshot | None:
        """What was last accepted, as a reading of id, version and time; None where nothing was."""
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
        """Makes a reading the last one accepted; one that is older only if ``older`` says so.

        Where it cannot be put on disk it is not remembered: no write depends on it.
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
            except FileNotFoundError:
                self._make_folder()
                update_private(path, change)

    def _made_again(self) -> dict[_Key, Snapshot]:
        """What the journal knows, put in the folder."""
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
        """The latest state of each resource that the journal knows; it reads all entries."""
        latest: dict[_Key, Snapshot] = {}
        for entry in self._entries():
            intent, ending = entry.intent, entry.ending
            key = _key(intent.where, intent.noun, intent.id)
            for raw in (intent.before, ending.observed if ending else None):
                if raw is None or intent.noun != self.noun:
                    continue
                if key not in latest or latest[key].is_older_than(Snapshot(raw)):
                    latest[key] = Snapshot(raw)
        return latest

    def _entries(self) -> Iterator[Entry]:
        with suppress(JournalError):
            for name in self.journal.names():
                entry = self.journal.tried(name)
                if isinstance(entry, Entry):
                    yield entry

    def _path(self, key: _Key) -> Path:
        digest = hashlib.sha256("\n".join(key).encode()).hexdigest()
        return self.folder / f"{digest[:32]}.json"


class _Key(NamedTuple):
    """What a file is about."""

    url: str
    noun: str
    id: str


def _key(url: str, noun: str, resource_id: str) -> _Key:
    """The key of a resource."""
    return _Key(_plain(url), noun, resource_id.lower())


@lru_cache
def _plain(url: str) -> str:
    """A URL as it is the same however its host and port are spelled."""
    parts = urlsplit(url)
    is_default = parts.port in (None, _DEFAULT_PORTS.get(parts.scheme))
    host = parts.netloc.lower().removesuffix(f":{parts.port}")
    netloc = host if is_default else f"{host}:{parts.port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def _dumped(key: _Key, snapshot: Snapshot) -> bytes:
    state = {"version": snapshot.version, "updated_at": snapshot.updated_at}
    return json.dumps({**key._asdict(), **state}).encode("ascii")


def _parsed(content: bytes, key: _Key) -> Snapshot | None:
    """The state in a file; None where it is damaged, or of another resource."""
    try:
        found: Document = json.loads(content)
        is_ours = type(found) is dict and _Key(*(found[name] for name in _Key._fields)) == key
        is_whole = is_ours and type(found["version"]) in (int, type(None))
        is_whole = is_whole and type(found["updated_at"]) in (str, type(None))
    except (ValueError, KeyError, RecursionError):
        return None
    return Snapshot(found) if is_whole else None


def _state(snapshot: Snapshot) -> str:
    """A state in words, by what a reading can be told to be older by."""
    when = f" of {snapshot.updated_at}" if snapshot.updated_at else ""
    return f"version {snapshot.shown_version}{when}" if snapshot.version else f"the state{when}"
