"""The names of all resources, as somebody needs them who is typing one: at once, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from patcher.api import Client, Settings
from patcher.disk import read_private, refuse_open_folder, write_whole
from patcher.errors import ApiError, PatchError
from patcher.operations.lookup import FORCED, resources
from patcher.operations.undoing import ENTRY
from patcher.resources.model import MODEL
from patcher.resources.projection import UUID
from patcher.resources.resource import Resource

KEPT_FOR: Final = 60.0
"""Seconds for which names are not asked for again."""

FAILED_FOR: Final = 10.0
"""Seconds for which it is not tried again after a failure."""

PATIENCE: Final = 2.0
"""Seconds to wait for one answer, and about half of those to wait for all pages."""


class Known(NamedTuple):
    """A resource by id and name."""

    id: str
    name: str


class NameCache(NamedTuple):
    """Names in a file of the user's own, for a short time.

    Attributes:
        folder: where the files are, one for each API and credential.
        now: the time, in seconds.
        monotonic: a clock to be patient by.
    """

    folder: Path
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def names(self, settings: Settings, resource: Resource = MODEL) -> tuple[Known, ...]:
        """The resources that the API lists, perhaps as it did a minute ago; none on a failure.

        Where there are so many that the pages take too long, the last written ones.
        """
        path = self.folder / f"{resource.noun}s-{_digest(settings)}.json"
        kept = self._kept(path)
        if kept is not None:
            return kept
        try:
            found, good_for = tuple(self._asked(settings, resource)), KEPT_FOR
        except PatchError:
            found, good_for = (), FAILED_FOR
        with contextlib.suppress(OSError):
            _write(path, {"until": self.now() + good_for, "names": [list(one) for one in found]})
        return found

    def _asked(self, settings: Settings, resource: Resource) -> Iterator[Known]:
        deadline = self.monotonic() + 2 * PATIENCE
        with Client(settings=settings, sleep=_give_up) as client:
            for item in resources(client, resource):
                if type(item.get("name")) is str:
                    yield Known(item["id"], item["name"])
                if self.monotonic() > deadline:
                    return

    def _kept(self, path: Path) -> tuple[Known, ...] | None:
        """The names in a file; None where it is too old, not there or none of ours."""
        try:
            refuse_open_folder(path.parent)
            content = json.loads(read_private(path))
            is_fresh = 0 < content["until"] - self.now() <= KEPT_FOR
            return tuple(Known(str(i), str(n)) for i, n in content["names"]) if is_fresh else None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def ways_to_name(known: Iterable[Known], typed: str) -> Iterator[tuple[str, str]]:
    """The words that ``typed`` may become, each with the id or the name of what it stands for.

    A resource goes by its name where that can be seen whole and means it and no other, with
    ``name:`` before it where it would mean something else without; any other goes by its id.
    """
    found = list(known)
    times = Counter(one.name for one in found)
    for one in found:
        words = [] if times[one.name] > 1 else _words(one.name)
        word = next((word for word in words if word.startswith(typed)), None)
        if word is not None:
            yield word, one.id
        elif one.id.startswith(typed.lower()) and (not words or typed):
            yield one.id, one.name


def _words(name: str) -> list[str]:
    """How a name may be typed; not at all where what one sees is not what there is."""
    if not name or not name.isprintable() or name != name.strip():
        return []
    means_another = UUID.fullmatch(name) or ENTRY.fullmatch(name) or name.startswith((FORCED, "-"))
    return [f"{FORCED}{name}"] if means_another else [name, f"{FORCED}{name}"]


def _give_up(seconds: float) -> NoReturn:
    raise ApiError(f"Nobody waits {seconds:g} seconds for a name.")


def _digest(settings: Settings) -> str:
    """What tells APIs and credentials apart, and nothing else about them.

    It is slow to compute, and short: many credentials have the same.
    """
    text = f"{settings.url}\n{settings.authorization}".encode()
    return hashlib.scrypt(text, salt=b"patch-model names", n=2**12, r=8, p=1, dklen=4).hex()


def _write(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps(content).encode("ascii"), durable=False)
