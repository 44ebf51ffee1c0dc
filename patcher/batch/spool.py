"""Plans on disk between the overview and the write, so that memory holds one for each worker.

What is written is so the very plan that was shown, and not another one made later. The file has no
name and is nobody else's: it is gone when the program is, and holds what the journal is about to
hold.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from patcher.documents.masks import Masks
from patcher.errors import JournalError
from patcher.plan import Plan
from patcher.resources.resource import Resource


class Kept(NamedTuple):
    """Where in the spool something is."""

    offset: int
    length: int


class Spool:
    """A file of plans of one kind of resource; a context manager, and safe to share by threads."""

    def __init__(self, folder: Path, resource: Resource, masks: Masks) -> None:
        """``folder`` is where the file goes, or the platform's place where it cannot."""
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, plan: Plan) -> Kept:
        """Puts a plan away. Raises JournalError when the disk has no room for it."""
        # What all plans of a run share stays here.
        shared: Any = None
        masks = Masks(literal=plan.terms.masks.literal)
        own = replace(plan, resource=shared, terms=plan.terms._replace(masks=masks))
        data = pickle.dumps(own, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            kept = Kept(self._end, len(data))
            self._end += len(data)
        try:
            written = os.pwrite(self._file.fileno(), data, kept.offset)
        except OSError as error:
            raise _full(error.strerror) from error
        if written != len(data):
            raise _full("it took a part only")
        return kept

    def plan(self, kept: Kept) -> Plan:
        """A plan that was put away."""
        data = os.pread(self._file.fileno(), kept.length, kept.offset)
        # Only what this process wrote, into a file without a name.
        own: Plan = pickle.loads(data)  # noqa: S301
        masks = replace(self._masks, literal=own.terms.masks.literal)
        return replace(own, resource=self._resource, terms=own.terms._replace(masks=masks))


def _full(reason: str | None) -> JournalError:
    return JournalError(
        f"The plan could not be put on disk ({reason}), so nothing was written.",
        hint="Make room there, or name another folder in PATCH_MODEL_STATE_DIR.",
    )
