"""Plans on disk between the overview and the write, so that memory holds one for each worker.

What is written is so the very plan that was shown, and not another one made later. The file has no
name and is nobody else's: it is gone when the program is, and holds what the journal is about to
hold.
"""

from __future__ import annotations

import marshal
import os
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from patcher.documents.diff import Change
from patcher.documents.masks import Masks
from patcher.documents.notices import Notice
from patcher.documents.rekeying import Rekeyed
from patcher.documents.values import MISSING, JsonValue
from patcher.errors import JournalError
from patcher.plan import Origin, Plan, Terms
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot


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
        data = marshal.dumps(_packed(plan))
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
        # Only what this process wrote into a file that nobody else can open.
        return _unpacked(marshal.loads(data), self._resource, self._masks)  # noqa: S302


def _full(reason: str | None) -> JournalError:
    return JournalError(
        f"The plan could not be put on disk ({reason}), so nothing was written.",
        hint="Make room there, or name another folder in PATCH_MODEL_STATE_DIR.",
    )


def _packed(plan: Plan) -> tuple[Any, ...]:
    terms: Any = plan.terms
    bare = terms._replace(
        masks=None,
        notices=tuple(map(tuple, terms.notices)),
        rekeyed=tuple(map(tuple, terms.rekeyed)),
        origin=tuple(terms.origin),
    )
    return (
        tuple(plan.base),
        plan.document,
        plan.proposed,
        [(one.path, one.kind, _out(one.old), _out(one.new)) for one in plan.changes],
        plan.cleared,
        plan.carried,
        [tuple(one) for one in plan.warnings],
        tuple(bare),
    )


def _unpacked(packed: tuple[Any, ...], resource: Resource, masks: Masks) -> Plan:
    base, document, proposed, changes, cleared, carried, warnings, terms = packed
    made = Terms(*terms)
    return Plan(
        resource=resource,
        base=Snapshot(*base),
        document=document,
        proposed=proposed,
        changes=tuple(Change(path, kind, _in(old), _in(new)) for path, kind, old, new in changes),
        cleared=cleared,
        carried=carried,
        warnings=tuple(Notice(*one) for one in warnings),
        terms=made._replace(
            masks=masks,
            notices=tuple(Notice(*one) for one in made.notices),
            rekeyed=tuple(Rekeyed(*one) for one in made.rekeyed),
            origin=Origin(*made.origin),
        ),
    )


def _out(value: JsonValue) -> Any:
    return ... if value is MISSING else value


def _in(value: Any) -> JsonValue:
    return MISSING if value is ... else value
