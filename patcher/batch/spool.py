"""Stores the plans of a batch on disk between the overview and the write.

So the very plan that was shown is written, not another one made later. The file has no name, so
that no other process can open it and it disappears with the program.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from patcher.disk import FREE_SPACE
from patcher.documents.masks import Masks
from patcher.errors import JournalError
from patcher.plan import Plan
from patcher.resources.resource import Resource


class Slot(NamedTuple):
    """The place of a plan in the file, in bytes."""

    offset: int
    length: int


class Spool:
    """A file of plans for one kind of resource; a context manager that threads can share."""

    def __init__(self, folder: Path, resource: Resource, masks: Masks) -> None:
        """Creates the file in ``folder``, or in the platform's folder for temporary files."""
        self._resource = resource
        self._masks = masks
        self._lock = threading.Lock()
        self._end = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed at the end
        except OSError:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - likewise

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def keep(self, plan: Plan) -> Slot:
        """Stores a plan. Raises JournalError when the disk has no room for it."""
        # What all plans of a run share is not stored.
        shared: Any = None
        masks = Masks(literal=plan.terms.masks.literal)
        own = replace(plan, resource=shared, terms=plan.terms._replace(masks=masks))
        data = pickle.dumps(own, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            slot = Slot(self._end, len(data))
            self._end += len(data)
        try:
            written = os.pwrite(self._file.fileno(), data, slot.offset)
        except OSError as error:
            raise _full(error.strerror) from error
        if written != len(data):
            raise _full("only a part was written")
        return slot

    def plan(self, slot: Slot) -> Plan:
        """Returns a stored plan."""
        data = os.pread(self._file.fileno(), slot.length, slot.offset)
        # Safe: only this process can write to the file.
        own: Plan = pickle.loads(data)  # noqa: S301
        masks = replace(self._masks, literal=own.terms.masks.literal)
        return replace(own, resource=self._resource, terms=own.terms._replace(masks=masks))


def _full(reason: str | None) -> JournalError:
    return JournalError(
        f"The plan could not be stored on disk ({reason}). Nothing was written.", hint=FREE_SPACE
    )
