"""Files on disk: who owns them, who else has access, and when they are durable."""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_SMALL: Final = 65_536
"""How much of a small file is read, in bytes."""

FREE_SPACE: Final = "Free some space there, or set PATCH_MODEL_STATE_DIR to another folder."
"""The hint for a state folder that cannot be written."""


class NotPrivateError(OSError):
    """A file or folder that other users can read or could have put there."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def refuse_open_folder(folder: Path) -> None:
    """Raises NotPrivateError for a folder that others can enter, and OSError for no folder."""
    status = folder.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    _refuse_open(status, folder, 0o700, instead="Use another folder.", advice="Make it private")


def read_file(path: Path) -> bytes:
    """Reads a regular file. Raises NotPrivateError for anything else, and OSError."""
    with os.fdopen(_open_file(path, os.O_RDONLY), "rb") as file:
        return file.read()


def read_private(path: Path) -> bytes:
    """Reads a file that only this user can access.

    Raises NotPrivateError for a link, for anything but a file, for another user's file, and for
    one that others can read or write; OSError when it cannot be read.
    """
    with os.fdopen(_open_file(path, os.O_RDONLY, is_private=True), "rb") as file:
        return file.read()


def update_private(path: Path, change: Callable[[bytes], bytes]) -> bytes:
    """Changes a small private file in place, one process at a time; returns the new content.

    ``change`` takes the content, which is empty for a new file, and returns the new one. A crash
    can leave half of it, and nothing waits for the disk: this is for content that can be made
    again. Raises what ``read_private`` raises, and OSError when the file cannot be written.
    """
    descriptor = _open_file(path, os.O_RDWR | os.O_CREAT, is_private=True)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        content = os.pread(descriptor, _SMALL, 0)
        changed = change(content)
        if changed != content:
            os.pwrite(descriptor, changed, 0)
        if len(changed) < len(content):
            os.ftruncate(descriptor, len(changed))
        return changed
    finally:
        os.close(descriptor)


def create_private(path: Path, content: bytes) -> bool:
    """Creates a private file and waits until it is on disk; False if there is one already.

    Raises OSError when it cannot be created.
    """
    try:
        _create(path, content)
    except FileExistsError:
        return False
    sync_folder(path.parent)
    return True


def _create(path: Path, content: bytes, *, durable: bool = True, mode: int = 0o600) -> None:
    """Writes a new file; ``durable`` waits until its content is on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # A file object would ask the system three times what kind of file it has.
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        if mode != 0o600:
            os.fchmod(descriptor, mode)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_file(path: Path, flags: int, *, is_private: bool = False) -> int:
    # A link is not followed and a pipe not waited for, which might never end.
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotPrivateError("is a link", "Remove it.") from error
        if error.errno == errno.ENXIO:  # a socket, or a missing device
            raise NotPrivateError("is not a regular file", "Remove it.") from error
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotPrivateError("is not a regular file", "Remove it.")
        if is_private:
            advice = "If you know that it was not altered, make it private"
            _refuse_open(status, path, 0o600, instead="Remove it.", advice=advice)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_open(
    status: os.stat_result, path: Path, mode: int, *, instead: str, advice: str
) -> None:
    """Raises NotPrivateError for a file or folder of another user, or one that others can access.

    ``instead`` is the hint for the first; ``advice`` begins that for the second, to set ``mode``.
    """
    if status.st_uid != os.geteuid():
        raise NotPrivateError("belongs to another user", instead)
    if stat.S_IMODE(status.st_mode) & 0o077:
        chmod = shlex.join(("chmod", f"{mode:o}", str(path)))
        raise NotPrivateError("is open to other users", f"{advice}: {chmod}")


def write_whole(path: Path, content: bytes, *, durable: bool = True, mode: int = 0o600) -> None:
    """Writes a whole file with ``mode``, or nothing, by way of a file with a random name.

    A link in its place is replaced, not followed. ``durable`` waits until the content is on disk;
    its name may take longer (``sync_folder``). Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        _create(draft, content, durable=durable, mode=mode)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Waits until new names in a folder are on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
