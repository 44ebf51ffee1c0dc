"""The file that is edited (0600), and the record of what the edit is based on.

While the editor runs, that record is in a second file, so that neither a kill nor a power failure
loses it. A kept text has the record at its end, as a comment, and can be moved elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import stat
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from patcher.disk import FREE_SPACE, NotPrivateError, read_file, refuse_open_folder, write_whole
from patcher.documents import jsontext
from patcher.documents.values import Document
from patcher.editor.buffer import MARKS, Format
from patcher.errors import InvalidInputError, InvalidPatchError, JournalError, PatchError
from patcher.resources.snapshot import Snapshot

FORMAT: Final = 1
"""The format of the record in a kept text; a reader refuses a higher one."""

_KIND: Final = "patch-model edit"
_FOOT: Final = b"-------- patch-model needs what follows to resume this edit --------"
# The record of any edit, and a file that is about to be renamed into place.
_OURS: Final = re.compile(r"\.{1,2}.+\.(?:base|(?:base\.)?[0-9a-f]{8})")


class Basis(NamedTuple):
    """What an edit is based on: the API, the kind of resource, the format, and the snapshot."""

    url: str
    noun: str
    format: Format
    base: Snapshot

    def record(self) -> bytes:
        """Returns one line of JSON, with a checksum that shows whether it was altered."""
        content: Document = {
            "kind": _KIND,
            "format": FORMAT,
            "url": self.url,
            "noun": self.noun,
            "id": self.base.id,
            "version": self.base.version,
            "buffer": self.format,
            "base": self.base.raw,
        }
        return jsontext.dump({**content, "checksum": _checksum(content)}).encode("ascii")

    @classmethod
    def of(cls, record: bytes, path: Path) -> Basis:
        """Returns the basis in a record. Raises InvalidInputError when it is not whole."""
        content: Any = None
        with suppress(InvalidPatchError):
            content = jsontext.parse(record, what=f"The last line of {path}")
        if type(content) is not dict or content.get("kind") != _KIND:
            raise _unusable(path)
        if type(content.get("format")) is int and content["format"] > FORMAT:
            raise InvalidInputError(
                f"{path} was saved by a newer version of patch-model.",
                hint="Resume it with that version.",
            )
        if content.pop("checksum", None) != _checksum(content) or not _is_whole(content):
            raise _unusable(path)
        return cls(content["url"], content["noun"], content["buffer"], Snapshot(content["base"]))


class Draft:
    """A text on disk that an editor works on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def begin(cls, folder: Path, name: str, basis: Basis, text: str) -> Draft:
        """Creates a file in ``folder``, which belongs to one user, with ``name`` in its name.

        Raises JournalError when it cannot be created.
        """
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or basis.noun
        path = folder / f"{slug}-{os.urandom(3).hex()}.{basis.format}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            refuse_open_folder(folder)
        except NotPrivateError as error:
            raise JournalError(
                f"The folder for edits, {folder}, {error.reason}. Nothing was written.",
                hint=error.hint,
            ) from error
        except OSError as error:
            raise _unwritable(folder, error) from error
        draft = cls(path)
        try:
            draft.rest_on(basis)
            draft.write(text.encode())
        except BaseException:
            draft.discard()
            raise
        return draft

    @classmethod
    def unfinished(cls, folder: Path, resource_id: str) -> list[Draft]:
        """Returns the edits of a resource that are open, were cut off or kept, the newest first.

        Returns none where other users could have put them there.
        """
        try:
            refuse_open_folder(folder)
        except OSError:
            return []
        texts = [path for ending in MARKS for path in folder.glob(f"[!.]*.{ending}")]
        drafts = map(cls, sorted(texts, key=_last_change, reverse=True))
        return [one for one in drafts if one.is_edit(resource_id)]

    def rest_on(self, basis: Basis) -> None:
        """Records what the text is based on, in a file next to it."""
        self._put(self._base_file, basis.record())

    def write(self, text: bytes) -> None:
        """Writes the whole text into the file, or nothing."""
        self._put(self.path, text)

    def read(self) -> bytes:
        """Returns the text without its record. Raises InvalidInputError when there is none."""
        try:
            return _split(read_file(self.path))[0]
        except OSError as error:
            raise self._unreadable(error) from error

    def recover(self) -> None:
        """Makes room for a text after an editor that failed.

        A file that it had renamed in order to save another gets its name back. Whatever it put in
        the place of the file is moved aside, as a copy; only what cannot hold text is removed.
        """
        with suppress(OSError):
            mode = self.path.lstat().st_mode if os.path.lexists(self.path) else None
            if mode is None:
                read_file(self._backup)
                self._backup.rename(self.path)
            elif stat.S_ISLNK(mode) or stat.S_ISDIR(mode):
                self.path.rename(self._moved_aside)
            elif not stat.S_ISREG(mode):
                self.path.unlink()

    def siblings(self) -> frozenset[Path]:
        """Returns the files in the folder now, for ``copies``."""
        with suppress(OSError):
            return frozenset(self.path.parent.iterdir())
        return frozenset()

    def copies(
        self, before: frozenset[Path] = frozenset(), known: Container[bytes | None] = ()
    ) -> list[Path]:
        """Returns what an editor left in the folder: swap files, and what it saved when it ended.

        These are the files whose names contain the text's own, and those that were not there
        ``before`` and do not belong to another edit. A backup with one of the ``known`` texts is
        removed.
        """
        if _content(self._backup) in known:
            with suppress(OSError):
                self._backup.unlink()
        found = [
            one for one in self.siblings() if one != self.path and not _OURS.fullmatch(one.name)
        ]
        others = [one.name for one in found if Draft(one).is_edit()]
        return sorted(
            one
            for one in found
            if (one.is_file() or one == self._moved_aside)
            and (
                self.path.name in one.name
                or not (one in before or any(name in one.name for name in others))
            )
        )

    def keep(self, basis: Basis, *, is_open: bool = False) -> None:
        """Appends the record to the text, or leaves the two files as they are where it cannot.

        With ``is_open`` an editor may still save the text, without the record, so the second file
        stays, too.
        """
        with suppress(OSError, PatchError):
            text = self.read()
            end = b"" if text.endswith(b"\n") or not text else b"\n"
            mark = MARKS[basis.format].encode()
            foot = mark + b" " + _FOOT + b"\n" + mark + b" " + basis.record() + b"\n"
            self.write(text + end + foot)
            if not is_open:
                self._base_file.unlink()

    def keep_apart(self, text: bytes, basis: Basis) -> Path | None:
        """Keeps another text in its own file, which can be resumed, too; None if it cannot."""
        name = f"{self.path.stem}-earlier-{os.urandom(3).hex()}{self.path.suffix}"
        other = Draft(self.path.with_name(name))
        try:
            other.rest_on(basis)
            other.write(text)
        except PatchError:
            return None
        other.keep(basis)
        return other.path

    def discard(self) -> None:
        """Removes the file, its record, and an editor's backup of it."""
        for path in (self.path, self._base_file, self._backup):
            with suppress(OSError):
                path.unlink()

    def basis(self) -> Basis:
        """Returns what a kept text, or one whose edit was cut off, is based on.

        Raises InvalidInputError for any other file.
        """
        try:
            foot = _split(read_file(self.path))[1]
            record = foot if foot is not None else read_file(self._base_file)
        except FileNotFoundError as error:
            if self.path.exists():
                raise _unusable(self.path) from error
            raise InvalidInputError(f"There is no file {self.path}.") from error
        except OSError as error:
            raise self._unreadable(error) from error
        return Basis.of(record, self.path)

    def is_edit(self, resource_id: str | None = None) -> bool:
        """Whether it exists and can be resumed, as an edit of this resource if one is given."""
        try:
            return resource_id in (None, self.basis().base.id)
        except InvalidInputError:
            return False

    def is_untouched(self, pristine: str) -> bool:
        """Whether it is a kept text that still holds just what the edit began with."""
        text, record = _split(_content(self.path) or b"")
        return record is not None and text == pristine.encode()

    @property
    def _base_file(self) -> Path:
        return self.path.with_name(f".{self.path.name}.base")

    @property
    def _backup(self) -> Path:
        return self.path.with_name(f"{self.path.name}~")

    @property
    def _moved_aside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.left")

    def _unreadable(self, error: OSError) -> InvalidInputError:
        reason = getattr(error, "reason", f"cannot be read: {error.strerror}")
        return InvalidInputError(f"{self.path} {reason}. Nothing was written.")

    def _put(self, path: Path, content: bytes) -> None:
        try:
            write_whole(path, content)
        except OSError as error:
            raise _unwritable(path.parent, error) from error


def _split(content: bytes) -> tuple[bytes, bytes | None]:
    """Splits a kept text from the record at its end; the record is None where there is none.

    Other line ends, and lines that someone wrote below the record, do no harm.
    """
    lines = content.splitlines(keepends=True)
    for i in range(len(lines) - 1, -1, -1):
        mark, _, foot = lines[i].strip().partition(b" ")
        if foot == _FOOT and mark.decode("ascii", "replace") in MARKS.values():
            record = b"".join(lines[i + 1 : i + 2]).strip().removeprefix(mark).strip()
            return b"".join((*lines[:i], *lines[i + 2 :])), record
    return content, None


def _content(path: Path) -> bytes | None:
    try:
        return read_file(path)
    except OSError:
        return None


def _last_change(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _is_whole(content: Document) -> bool:
    """Whether the properties exist and have their types, which the checksum does not prove."""
    kinds = {"url": str, "noun": str, "buffer": str, "base": dict, "format": int}
    return (
        all(type(content.get(name)) is kind for name, kind in kinds.items())
        and content["buffer"] in MARKS
    )


def _checksum(content: Document) -> str:
    ordered = {key: content[key] for key in sorted(content)}
    return hashlib.sha256(jsontext.dump(ordered).encode("ascii")).hexdigest()


def _unusable(path: Path) -> InvalidInputError:
    return InvalidInputError(
        f"{path} holds no edit that can be resumed: the record at its end is missing or altered.",
        hint="To see what it would change as a whole document: patch-model plan MODEL --document "
        + shlex.quote(f"@{path}"),
    )


def _unwritable(folder: Path, error: OSError) -> JournalError:
    return JournalError(
        f"The text cannot be written to {folder} ({error.strerror}). Nothing was written.",
        hint=FREE_SPACE,
    )
