"""Reads files at a revision through the git command.

It starts a few processes, not one per file; every failure has git's own reason.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from patcher.errors import InvalidInputError

_ENDINGS: Final = (".yaml", ".yml")
# What makes git look elsewhere (git rev-parse --local-env-vars); a hook sets some of these.
_LOCAL: Final = frozenset(
    {"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE"}
    | {"GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS"}
    | {"GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR"}
)
_UNFINISHED: Final = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
_YAML: Final = tuple(f":(glob,icase)**/*{ending}" for ending in _ENDINGS)
_NO_REPOSITORY: Final = "not a git repository"

# What `git ls-files -t` says of a file.
CONFLICTED: Final = "M"
NOT_CHECKED_OUT: Final = "S"


class Repository:
    """The repository around a folder. Safe to share by threads."""

    def __init__(self, folder: Path) -> None:
        """Use ``Repository.around``. Raises InvalidInputError where git fails."""
        self._folder = folder
        asked = ("--is-inside-work-tree", "--is-shallow-repository", "--show-cdup")
        found = self._text("rev-parse", *asked, "--absolute-git-dir").split("\n", len(asked))
        if found[0] != "true":
            raise InvalidInputError(
                f"{folder} is in a git repository without a work tree (a bare one).",
                hint="Run the command in a clone, or in a work tree: git worktree add DIR",
            )
        self.is_shallow = found[1] == "true"
        self.top, self._git_folder = (folder / found[2]).resolve(), Path(found[3][:-1])
        self._folder = self.top
        self._lock = threading.Lock()
        self._objects: subprocess.Popen[bytes] | None = None
        self._history: dict[str, list[tuple[str, str]]] | None = None

    @classmethod
    def around(cls, folder: Path) -> Repository | None:
        """The repository that a folder is in; None where it is in none.

        Raises InvalidInputError for any other failure of git, and where git is not installed.
        """
        folder = folder.resolve()
        is_below_one = any((one / ".git").exists() for one in (folder, *folder.parents))
        while not folder.is_dir():
            folder = folder.parent
        try:
            return cls(folder)
        except FileNotFoundError as error:
            if not is_below_one:
                return None
            raise InvalidInputError(
                f"{folder} is in a git repository, and git is not installed.",
                hint="Install git, or name an older copy of the files: --base DIR",
            ) from error
        except InvalidInputError as error:
            if not is_below_one and _NO_REPOSITORY in error.message:
                return None
            raise

    def close(self) -> None:
        """Ends the process that objects are read from."""
        if self._objects is not None:
            self._objects.communicate()
            self._objects = None

    @property
    def unfinished(self) -> str | None:
        """What is unfinished in the work tree: "merge", "rebase" or the like."""
        found = (what for name, what in _UNFINISHED.items() if (self._git_folder / name).exists())
        return next(found, None)

    def commit(self, revision: str) -> str | None:
        """The id of the commit that a revision names, or None."""
        named = f"{revision}^{{commit}}"
        options = ("rev-parse", "--verify", "--quiet", "--end-of-options", named)
        done = self._run(*options, may_fail=True)
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def merge_base(self, one: str, other: str) -> str | None:
        """The id of the last commit that is in the history of both, or None."""
        done = self._run("merge-base", "--end-of-options", one, other, may_fail=True)
        if done.returncode not in (0, 1):
            raise self._failed("merge-base", done)
        return done.stdout.decode().strip() or None

    def default_branch(self) -> str | None:
        """The branch that others start from, as far as this clone knows; None where it does not.

        With a remote that is its HEAD; without one the branch "main" or "master", or the only one.
        """
        form = "--format=%(refname)%00%(symref)"
        rows = self._text("for-each-ref", form, "refs/heads", "refs/remotes").splitlines()
        names = dict(row.split("\0") for row in rows)
        remote = [to for name, to in names.items() if name.endswith("/HEAD") and to]
        if remote:
            origin = names.get("refs/remotes/origin/HEAD") or remote[0]
            return origin.removeprefix("refs/remotes/")
        if self._text("remote"):
            return None
        heads = [name.removeprefix("refs/heads/") for name in names]
        usual = [name for name in ("main", "master") if name in heads]
        return usual[0] if usual else heads[0] if len(heads) == 1 else None

    def changed(self, one: str, other: str) -> set[str]:
        """The paths that differ between two commits."""
        options = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options")
        return set(_split(self._run(*options, one, other).stdout))

    def files(self, commit: str) -> dict[str, str]:
        """The YAML files of a commit: their object ids by path."""
        self._fetch_missing(commit)
        found = {}
        for row in _split(self._run("ls-tree", "-r", "-z", "--full-tree", commit).stdout):
            facts, _, path = row.partition("\t")
            mode, _, oid = facts.split(" ")
            if mode.startswith("100") and path.lower().endswith(_ENDINGS):
                found[path] = oid
        return found

    def _fetch_missing(self, commit: str) -> None:
        """Fetches what a partial clone lacks of a commit; one by one would take minutes."""
        if self._run("config", "--get-regexp", r"^remote\..*\.promisor$", may_fail=True).stdout:
            nothing = self._text("hash-object", "-t", "tree", "--stdin").strip()
            self._run("diff-tree", "-r", "--shortstat", nothing, commit, "--", *_YAML)

    def content(self, oid: str) -> bytes:
        """The content of an object."""
        with self._lock:
            if self._objects is None:
                self._objects = subprocess.Popen(
                    ["git", "cat-file", "--batch"],  # noqa: S607 - the git of the user
                    cwd=self._folder,
                    env=_environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            asked, answer = self._objects.stdin, self._objects.stdout
            if asked is None or answer is None:
                raise AssertionError("both are pipes")
            try:
                asked.write(f"{oid}\n".encode())
                asked.flush()
                head = answer.readline().split()
                content = answer.read(int(head[2]) + 1) if len(head) == 3 else b""
            except OSError:  # the process has ended
                head, content = [], b""
            if len(head) != 3 or len(content) != int(head[2]) + 1:
                hint = "Fetch it, or repair the clone: git fsck"
                raise InvalidInputError(f"git has no object {oid}.", hint=hint)
            return content[:-1]

    def index(self) -> dict[str, str]:
        """The state of each YAML file in the index; CONFLICTED and NOT_CHECKED_OUT are two."""
        rows = _split(self._run("ls-files", "-t", "-z", "--", *_YAML).stdout)
        return {row[2:]: row[0] for row in rows}

    def filtered(self, paths: Iterable[str]) -> dict[str, str]:
        """The filter (LFS, git-crypt) of each path that has one."""
        listed = b"".join(os.fsencode(path) + b"\0" for path in paths)
        options = ("check-attr", "-z", "--stdin", "filter")
        fields = _split(self._run(*options, stdin=listed).stdout)
        found = zip(fields[::3], fields[2::3], strict=True)
        return {path: name for path, name in found if name not in ("unspecified", "unset")}

    def versions(self, path: str, commit: str) -> list[tuple[str, str]]:
        """The commits up to one that changed a path, the newest first, with the object of each."""
        with self._lock:
            if self._history is None:
                self._history = self._read_history(commit)
        return self._history.get(path, [])

    def _read_history(self, commit: str) -> dict[str, list[tuple[str, str]]]:
        """All at once: a history of thousands of commits takes longer to start than to read."""
        options = ("--format=%x01%H", "--raw", "-z", "--no-abbrev", "--no-renames", "-m")
        limits = ("--no-show-signature", "--first-parent", commit, "--", *_YAML)
        fields = iter(_split(self._run("log", *options, *limits).stdout))
        found: dict[str, list[tuple[str, str]]] = {}
        current = ""
        for row in fields:
            if row.startswith("\x01"):
                current = row[1:]
            else:
                path, oid = next(fields), row.split(" ")[3]
                found.setdefault(path, []).append((current, oid))
        return found

    def path_of(self, path: Path) -> str | None:
        """A path as git names it; None outside of the work tree."""
        whole, top = path.parent.resolve() / path.name, self.top
        return whole.relative_to(top).as_posix() if whole.is_relative_to(top) else None

    def holds(self, path: Path) -> bool:
        """Whether a file is in this work tree and not in one within it, such as a submodule's."""
        parents = path.resolve().parents
        return next((one for one in parents if (one / ".git").exists()), None) == self.top

    def _text(self, *arguments: str) -> str:
        return os.fsdecode(self._run(*arguments).stdout)

    def _run(
        self, *arguments: str, stdin: bytes = b"", may_fail: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(  # noqa: S603 - a list, and what a user names comes after an end
            ["git", *arguments],  # noqa: S607 - the git of the user
            cwd=self._folder,
            env=_environment(),
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0 and not may_fail:
            raise self._failed(arguments[0], done)
        return done

    def _failed(self, command: str, done: subprocess.CompletedProcess[bytes]) -> InvalidInputError:
        """The error with git's own reason, and its advice where it gives some."""
        rows = [row.strip() for row in done.stderr.decode("utf-8", "replace").splitlines()]
        rows = [row for row in rows if row]
        fatal = [row.partition(": ")[2] for row in rows if row.startswith(("fatal:", "error:"))]
        reason = (*fatal, *rows, f"exit code {done.returncode}")[0].rstrip(".")
        advice = next((row for row in rows if row.startswith("git config")), None)
        return InvalidInputError(
            f"git {command} failed in {self._folder}: {reason}.",
            hint=advice or "Repair the repository, or name an older copy: --base DIR",
        )


def _split(output: bytes) -> list[str]:
    """The fields of an output of which each ends with a zero byte."""
    return [os.fsdecode(one) for one in output.split(b"\0") if one]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
