"""Claims: of all processes that apply one saved plan, only one writes.

A claim is a file that only one process can create, on disk before the write. It names the write's
journal entry, which has the outcome. A claim whose write was not made no longer counts: the next
process creates one with the next number, so no claim is ever removed.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from patcher.disk import FREE_SPACE, create_private, read_private
from patcher.documents import jsontext
from patcher.errors import ConflictError, InvalidPatchError, JournalError
from patcher.journal import Entry, Journal
from patcher.resources.snapshot import Snapshot


class Claim(NamedTuple):
    """Who applies a saved plan: the entry of the write, and the process that makes it."""

    entry: str
    process: int
    host: str

    def __str__(self) -> str:
        """Describes the process."""
        return f"process {self.process} on {self.host}"

    @property
    def is_alive(self) -> bool:
        """Whether the process may still be running; True for one on another machine."""
        if self.host != os.uname().nodename:
            return True
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except OSError:  # another user's
            return True
        return True


def claim(journal: Journal, plan_id: str, entry: str) -> None:
    """Claims a saved plan for the write of a journal entry, which is on disk.

    Raises ConflictError where another write claimed it that was or may have been made, and
    JournalError where the claim cannot be written to disk.
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
                f"The plan cannot be claimed in {journal.folder} ({error.strerror}). Nothing was "
                "written.",
                hint=FREE_SPACE,
            ) from error
        held = _read(path)
        known = journal.tried(held.entry) if held else None
        if held and isinstance(known, Entry):
            if known.may_be_written:
                raise spent(journal, plan_id, known)
        elif held is None or journal.has(held.entry):
            raise ConflictError(
                "This plan was claimed by another process, and the outcome cannot be read. "
                f"Nothing was written. The claim is {path}",
                hint="Create a new plan: patch-model plan ... --out FILE",
            )


def spent(journal: Journal, plan_id: str, entry: Entry) -> ConflictError:
    """Returns the error for a saved plan that the write of ``entry`` applied or is applying."""
    held = _holder(journal, plan_id, entry) if entry.ending is None else None
    hint = "Create a new plan: patch-model plan ... --out FILE. What this one did: "
    how = "was sent before, with an unknown outcome"
    if entry.is_written:
        how = "was already applied"
    elif held is not None and held.is_alive:
        how = f"is being applied by {held}"
        hint = "Wait for it. Its outcome: "
    return ConflictError(
        f"This plan {how} (entry {entry.name}, {entry.begun}). Nothing was written.",
        expected=Snapshot(entry.intent.before).version,
        hint=f"{hint}patch-model history {entry.name}",
    )


def _holder(journal: Journal, plan_id: str, entry: Entry) -> Claim | None:
    """Returns the claim of an entry's write; None where there is none."""
    claims = (_read(_path(journal, plan_id, number)) for number in count(1))
    return next(held for held in claims if held is None or held.entry == entry.name)


def _read(path: Path) -> Claim | None:
    """Returns the claim in a file; None where there is none, or not a whole one."""
    found: Any = None
    with suppress(OSError, InvalidPatchError):
        found = jsontext.parse(read_private(path), what=str(path))
    kinds = {"entry": str, "process": int, "host": str}
    if type(found) is not dict or any(type(found.get(key)) is not kinds[key] for key in kinds):
        return None
    return Claim(*(found[key] for key in kinds))


def _path(journal: Journal, plan_id: str, number: int) -> Path:
    """Returns the file of a plan's claim; the id comes from a file that may be forged."""
    digest = hashlib.sha256(plan_id.encode("utf-8", "surrogatepass")).hexdigest()
    return journal.folder / f"{digest[:24]}.{number}.claim.json"
