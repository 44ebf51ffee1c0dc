"""All that the suite's commands print or write, searched for its keys and its models' credentials.

What is watched: everything that patch-model writes to its streams in this process, what its
processes print, the screens of its terminals, the message of every error of ours, and every file in
a test's own folder. An API key is allowed nowhere (but where the emulator's command tells its own);
a credential of a model where the design says that the document itself is: ``get``, the text of an
edit, the journal, and ``--show-secrets`` on a terminal.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import click
import pytest

from patcher import errors
from patcher.cli import console

KEYS: Final = (
    "sandbox-key",
    "sandbox-partner-key",
    "hostile-key-0123456789",
    "transport-key-1",
)
SECRETS: Final = ("hunter2-orders", "tok_live_51c0ffee", "enr_4f1d0d2b", "s3cr3t-token")

_LARGEST: Final = 8 * 1024 * 1024

# Files that hold a document as it is: the journal, texts that are edited, and what a scripted
# editor kept of them; the emulator's database is the server's own.
_DOCUMENTS: Final = ("/journal/", "/edits/", "/seen-", ".intent.json", ".ending.json")
_SERVERS: Final = (".db", ".db-wal", ".db-shm")


class Watch:
    """What one test's commands printed and wrote."""

    def __init__(self) -> None:
        self._leaks: set[str] = set()
        self._mine: set[Path] = set()

    def mine(self, path: Path) -> Path:
        """``path``, which holds what the test itself puts there."""
        self._mine.add(path)
        return path

    def see(self, where: str, text: str, *, may_show: bool = False, has_key: bool = False) -> None:
        """Looks at a text. ``may_show`` allows models' credentials in it, ``has_key`` the keys."""
        forbidden = (() if has_key else KEYS) + (() if may_show else SECRETS)
        self._leaks |= {
            f"{_unsaid(where)} holds {word[:3]}..." for word in forbidden if word in text
        }

    def see_files(self, folder: Path) -> None:
        """Looks at the files below a folder, and at their names."""
        for path in _files(folder):
            if not self._mine.isdisjoint((path, *path.parents)):
                continue
            name = path.relative_to(folder).as_posix()
            if name.endswith(_SERVERS):
                continue
            is_document = any(part in f"/{name}" for part in _DOCUMENTS)
            text = path.read_bytes().decode("utf-8", "replace")
            self.see(f"the name of {name}", name)
            self.see(f"the file {name}", text, may_show=is_document)

    def forget(self) -> None:
        """Drops what was seen so far: the test knows."""
        self._leaks.clear()

    def leaks(self) -> list[str]:
        """Where a word is that must not be there; not the words themselves."""
        return sorted(self._leaks)


def _unsaid(where: str) -> str:
    for word in (*KEYS, *SECRETS):
        where = where.replace(word, f"{word[:3]}...")
    return where


_watches: list[Watch] = []


def watching() -> Watch:
    """The watch of the test that is running."""
    return _watches[-1]


def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Watches a test; the body of a fixture."""
    found = Watch()
    _watches.append(found)
    _watch_streams(found, monkeypatch)
    _watch_processes(found, monkeypatch)
    _watch_errors(found, monkeypatch)
    try:
        yield found
    finally:
        _watches.pop()


def _watch_streams(found: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    write = console.write

    def watched(text: str, stream: IO[str] | None, *, is_document: bool = False) -> None:
        context = click.get_current_context(silent=True)
        command = context.info_name if context else None
        is_out = stream is sys.stdout
        shows = command == "get" or (
            context is not None
            and context.params.get("show_secrets") is True
            and console.is_terminal(stream)
        )
        found.see(
            f"standard {'output' if is_out else 'error'} of {command or 'a command'}",
            text,
            may_show=is_out and shows,
            has_key=is_out and command == "sandbox",
        )
        write(text, stream, is_document=is_document)

    monkeypatch.setattr(console, "write", watched)


def _watch_processes(found: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    communicate: Callable[..., Any] = subprocess.Popen.communicate

    def watched(self: Any, *args: Any, **options: Any) -> Any:
        streams = communicate(self, *args, **options)
        words = _words(self.args)
        for name, text in zip(("output", "error"), streams, strict=True):
            found.see(
                f"standard {name} of {' '.join(words)[:80]}",
                text.decode("utf-8", "replace") if isinstance(text, bytes) else text or "",
                may_show=name == "output" and "get" in words,
                has_key=name == "output" and "sandbox" in words,
            )
        return streams

    monkeypatch.setattr(subprocess.Popen, "communicate", watched)


def _watch_errors(found: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = errors.PatchError.__init__

    def watched(self: errors.PatchError, message: str, *, hint: str | None = None) -> None:
        begin(self, message, hint=hint)
        found.see(f"the message of {type(self).__name__}", f"{message}\n{hint}")

    monkeypatch.setattr(errors.PatchError, "__init__", watched)


def see_folder(folder: Path) -> None:
    """Looks at the files below a folder that is not the test's own, before it is removed."""
    if _watches:
        watching().see_files(folder)


def see_screen(arguments: Iterable[str], screen: str) -> None:
    """Looks at what was on a terminal."""
    words = list(arguments)
    if _watches:
        watching().see(
            f"the screen of {' '.join(words)[:80]}",
            screen,
            may_show="--show-secrets" in words or "get" in words[:1],
        )


def _words(arguments: Any) -> list[str]:
    """The words of a process's command line, those of a shell's script too."""
    parts: Sequence[Any] = [arguments] if isinstance(arguments, (str, bytes)) else arguments
    return [word for part in parts for word in os.fsdecode(part).split()]


def _files(folder: Path) -> Iterator[Path]:
    """The regular files below a folder that can be read; links are not followed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False) and entry.stat().st_size < _LARGEST:
            yield Path(entry.path)
