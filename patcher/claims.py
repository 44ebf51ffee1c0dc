"""Claims: of all processes that apply one saved plan, one alone writes.

A claim is a file that only one process can make, on disk before the write. It names the journal's
entry of that write, which says how it ended. A claim whose write was not made counts no longer:
the next process makes one with the next number, so that none is ever taken away from another.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from patcher.disk import create_private, read_private
from patcher.documents import jsontext
from patcher.errors import ConflictError, InvalidPatchError, JournalError
from patcher.journal import Entry, Journal
from patcher.resources.snapshot import Snapshot


class Claim(NamedTuple):
    """Who has a saved plan: the entry of the write, and the process that makes it."""

    entry: str
    process: int
    host: str

    def __str__(self) -> str:
        """In words."""
        return f"process {self.process} on {self.host}"

    @property
    def is_alive(self) -> bool:
        """Whether the process may still be at it; of another machine's that cannot be told."""
        if self.host != os.uname().nodename:
            return True
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except OSError:  # somebody else's
            return True
        return True


def claim(journal: Journal, plan_id: str, entry: str) -> None:
    """Claims a saved plan for the write of a journal entry, which is on disk.

    Raises ConflictError where another write has it, which was made or may have been, and
    JournalError where it cannot be put on disk.
    """
    own = Claim(entry, os.getpid(), os.uname().nodename)
    content = jsontext.dump(own._asdict()).encode("ascii")
    for number in count(1):
        path = _path(journal, plan_id, number)
        try:
            if create_private(path, content):
                return
        except OSError as error:
            raise JournalError(
                f"The plan cannot be claimed in {journal.folder} ({error.strerror}), so nothing "
                "was sent.",
                hint="Make room there, or name another folder in PATCH_MODEL_STATE_DIR.",
            ) from error
        held = _read(path)
        known = journal.tried(held.entry) if held else None
        if held and isinstance(known, Entry):
            if known.may_be_written:
                raise spent(journal, plan_id, known)
        elif held is None or journal.has(held.entry):
            raise ConflictError(
                "This plan was claimed by another process, and what became of it cannot be read. "
                f"Nothing was written. The claim is {path}",
                hint="Make a new plan: patch-model plan ... --out FILE",
            )


def spent(journal: Journal, plan_id: str, entry: Entry) -> ConflictError:
    """The error for a saved plan that the write of ``entry`` has used up, or is about to."""
    held = _holder(journal, plan_id, entry) if entry.ending is None else None
    hint = "Make a new plan: patch-model plan ... --out FILE. What this one did: "
    how = "was sent before, with an unknown outcome"
    if entry.is_written:
        how = "was applied already"
    elif held is not None and held.is_alive:
        how = f"is being applied by {held}"
        hint = "Wait for it. How it ended: "
    return ConflictError(
        f"This plan {how} (entry {entry.name}, {entry.begun}). Nothing was written.",
        expected=Snapshot(entry.intent.before).version,
        hint=f"{hint}patch-model history {entry.name}",
    )


def _holder(journal: Journal, plan_id: str, entry: Entry) -> Claim | None:
    """The claim of an entry's write; None where there is none."""
    for number in count(1):
        held = _read(_path(journal, plan_id, number))
        if held is None or held.entry == entry.name:
            return held
    raise AssertionError("there is an end to claims")  # pragma: no cover


def _read(path: Path) -> Claim | None:
    """The claim in a file; None where there is none, or not a whole one."""
    found: Any = None
    with suppress(OSError, InvalidPatchError):
        found = jsontext.parse(read_private(path), what=str(path))
    kinds = {"entry": str, "process": int, "host": str}
    if type(found) is not dict or any(type(found.get(key)) is not kinds[key] for key in kinds):
        return None
    return Claim(*(found[key] for key in kinds))


def _path(journal: Journal, plan_id: str, number: int) -> Path:
    """The file of a plan's claim; the id comes from a file that anybody may have made."""
    digest = hashlib.sha256(plan_id.encode("utf-8", "surrogatepass")).hexdigest()
    return journal.folder / f"{digest[:24]}.{number}.claim.json"
