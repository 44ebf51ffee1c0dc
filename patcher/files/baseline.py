"""What the files were before: at a revision of git, in an older copy, or as the API has them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from patcher.documents.values import Document
from patcher.errors import InvalidInputError
from patcher.files.git import CONFLICTED, NOT_CHECKED_OUT, Repository
from patcher.files.modelfile import Header, Located, ModelFile, Unusable, read_files

LIVE: Final = "live"
_FEWEST_DIGITS: Final = 12
_OLDEST: Final = 50
"""So many older versions of a file are compared with the model."""


class Earlier(NamedTuple):
    """An earlier version of a file: its path then, and its content."""

    path: str
    content: bytes


@dataclass(frozen=True)
class Baseline:
    """What the files are compared with, to tell your changes from those of others.

    Attributes:
        label: what to call it in a sentence.
        files: what it has of each model, by id.
        is_live: whether it is the model itself, so that all that differs is yours.
        repository: the repository around the files; None without one.
        commit: the commit that it is, if it is one.
        own: the paths that the branch's own commits changed.
        branch: the branch to name instead of the guess.
        note: a sentence to show with it.
        is_given: whether the caller has named it.
    """

    label: str
    files: Mapping[str, list[Earlier]] = field(default_factory=dict)
    is_live: bool = False
    repository: Repository | None = None
    commit: str | None = None
    own: frozenset[str] = frozenset()
    branch: str | None = None
    note: str | None = None
    is_given: bool = False

    @classmethod
    def choose(cls, base: str | None, folder: Path) -> Baseline:
        """The baseline that ``base`` names for the files in a folder; by default HEAD.

        Raises InvalidInputError where it names none, or more than one thing, and where HEAD
        could be the wrong one.
        """
        if base == "":
            raise InvalidInputError(
                "--base is empty.",
                hint="Name a revision, a folder, or live; is the variable that holds it set?",
            )
        is_folder = base not in (None, LIVE) and os.path.isdir(str(base))  # noqa: PTH112 - see read_files
        try:
            repository = Repository.around(folder)
        except InvalidInputError:
            if base != LIVE and not is_folder:
                raise
            repository = None
        if base is None:
            return cls._head(repository)
        if base == LIVE:
            return cls(LIVE, is_live=True, is_given=True, repository=repository)
        commit = repository.commit(base) if repository else None
        if is_folder and commit:
            raise InvalidInputError(
                f"--base {base} is both a folder and a revision of git.",
                hint=f"Name the folder as ./{base}, or the revision by its id: {commit}",
            )
        if is_folder:
            files = _by_id(_copies(Path(base)))
            return cls(base, files, repository=repository, is_given=True)
        if repository is None or commit is None:
            raise _no_revision(base, repository)
        return cls._at(base, commit, repository)

    @classmethod
    def _at(cls, base: str, commit: str, repository: Repository) -> Baseline:
        shared = repository.merge_base(commit, repository.commit("HEAD") or commit)
        if shared is None:
            what = f"{base} and HEAD have no commit in common"
            hint = "Name another base: --base REV"
            if repository.is_shallow:
                what = f"This shallow clone does not reach the commit that {base} and HEAD share"
                hint = "Fetch it first: git fetch --unshallow (actions/checkout: fetch-depth: 0)"
            raise InvalidInputError(f"{what}.", hint=hint)
        label, note = base, None
        if shared != commit:
            label = f"{base} ({shared[:_FEWEST_DIGITS]})"
            note = (
                f"{base} is not part of this branch; the base is their merge base, "
                f"{shared[:_FEWEST_DIGITS]}."
            )
        files = _files_at(repository, shared)
        return cls(label, files, repository=repository, commit=shared, note=note, is_given=True)

    @classmethod
    def _head(cls, repository: Repository | None) -> Baseline:
        if repository is None:
            return cls("an earlier version")
        unfinished = repository.unfinished
        if unfinished is not None:
            raise InvalidInputError(
                f"A {unfinished} is in progress in {repository.top}.",
                hint=f"Finish it (git {unfinished} --continue) or abort it, or name the base: "
                "--base REV",
            )
        head = repository.commit("HEAD")
        if head is None:
            return cls("HEAD", repository=repository)
        branch = repository.default_branch()
        start = repository.merge_base(branch, head) if branch else None
        if start is None:
            what = "it is a shallow clone" if repository.is_shallow else "git knows none here"
            raise InvalidInputError(
                "There is no default branch to compare with, so what you changed is unclear "
                f"({what}).",
                hint="Name the base: --base REV, such as the target branch of a pull request, or "
                "the commit that was applied last; --base HEAD if only uncommitted changes are "
                "yours.",
            )
        own = frozenset(repository.changed(start, head))
        files = _files_at(repository, head)
        return cls("HEAD", files, repository=repository, commit=head, own=own, branch=branch)

    def close(self) -> None:
        """Ends what was started to read it."""
        if self.repository is not None:
            self.repository.close()

    def document(self, file: ModelFile, mine: Document | None = None) -> Document | None:
        """The document of a file's model then; None where there was none.

        ``mine`` is the document of the file itself, for a file that has not changed.

        Raises InvalidInputError where there were several files of it, or one that is unreadable.
        """
        found = self.files.get(file.id, [])
        if len(found) > 1:
            here = self.path_of(file.path)
            found = [one for one in found if one.path == here]
            if not found:
                raise InvalidInputError(
                    f"{self.label} has several files of the model {file.id}, so there is no base "
                    f"for {file.path}.",
                    hint="Name another base: --base REV",
                )
        if not found:
            return None
        path, content = found[0]
        if self.commit is None and os.path.realpath(path) == os.path.realpath(file.path):
            raise InvalidInputError(
                f"--base {self.label} has {file.path} itself, not an older copy of it.",
                hint="Name another folder, or a revision: --base REV",
            )
        if mine is not None and content == file.content:
            return mine
        try:
            return ModelFile.of(Path(f"{path} at {self.label}"), content).document()
        except InvalidInputError as error:
            error.command_hint = "Name another base: --base REV"
            raise

    def path_of(self, path: Path) -> str | None:
        """A path as git names it, or as it is where there is no repository."""
        return self.repository.path_of(path) if self.repository else str(path)

    def older(self, file: ModelFile) -> Iterator[tuple[str, Document]]:
        """The versions of a file before the baseline: the commit of each, and the document."""
        here, repository = self.path_of(file.path), self.repository
        if repository is None or here is None or self.commit is None:
            return
        seen = {"0" * len(self.commit)}  # where it was deleted
        for commit, oid in repository.versions(here, self.commit)[:_OLDEST]:
            if oid in seen:
                continue
            seen.add(oid)
            content = repository.content(oid)
            with suppress(InvalidInputError):
                older = ModelFile.of(file.path, content)
                if older.id == file.id:
                    yield commit[:_FEWEST_DIGITS], older.document()

    def checked(self, files: Iterable[Located]) -> list[Located]:
        """``files``; those that git has not merged, or keeps filtered, become Unusable."""
        files = list(files)
        if self.repository is None or not files:
            return files
        paths = {one.path: self.path_of(one.path) for one in files}
        filtered = self.repository.filtered(path for path in paths.values() if path is not None)
        ids = {one.path: model_id for model_id, found in self.files.items() for one in found}

        def checked(one: Located, path: str) -> Located:
            known = one.id or ids.get(path)
            if isinstance(one, Unusable):
                return replace(one, id=known)
            if self.index.get(path) == CONFLICTED:
                what = "has an unresolved merge conflict."
                hint = "Resolve it, then: git add FILE"
            elif path in filtered:
                what = f"is under the git filter {filtered[path]!r}, so git does not hold its text."
                hint = "Remove the filter for this file from .gitattributes."
            else:
                return one
            return Unusable(one.path, InvalidInputError(f"{one.path} {what}", hint=hint), known)

        return [checked(one, paths[one.path] or "") for one in files]

    @cached_property
    def index(self) -> Mapping[str, str]:
        """The state of each file in git's index, by path."""
        return self.repository.index() if self.repository else {}

    def before(self, model_id: str) -> list[Path]:
        """The paths of a model's files at the base."""
        top = self.repository.top if self.repository and self.commit else Path()
        return [Path(os.path.relpath(top / one.path)) for one in self.files.get(model_id, [])]

    def is_there(self, path: Path) -> bool:
        """Whether a file of a commit was not deleted: not checked out, or in another folder."""
        return self.commit is not None and (os.path.lexists(path) or self.is_sparse(path))

    def is_sparse(self, path: Path) -> bool:
        """Whether a sparse checkout leaves a file out."""
        return self.index.get(self.path_of(path) or "") == NOT_CHECKED_OUT


def _copies(folder: Path) -> Iterator[Earlier]:
    for one in read_files([folder]):
        if isinstance(one, Unusable):
            raise one.error
        yield Earlier(str(one.path), one.content)


def _files_at(repository: Repository, commit: str) -> dict[str, list[Earlier]]:
    found = repository.files(commit).items()
    return _by_id(Earlier(path, repository.content(oid)) for path, oid in found)


def _by_id(found: Iterable[Earlier]) -> dict[str, list[Earlier]]:
    files: dict[str, list[Earlier]] = {}
    for one in found:
        header = Header.of(one.content)
        if header is not None:
            files.setdefault(header.id, []).append(one)
    return files


def _no_revision(base: str, repository: Repository | None) -> InvalidInputError:
    if repository is None:
        return InvalidInputError(
            f"--base {base} is not a folder, and the files are not in a git repository.",
            hint="Name a folder with an older copy of the files, or --base live.",
        )
    hint = "Check the spelling, or fetch it first: git fetch origin BRANCH"
    if repository.is_shallow:
        hint = "This is a shallow clone. Fetch its history first: git fetch --unshallow"
    return InvalidInputError(
        f"--base {base} is neither a folder nor a revision of this repository.", hint=hint
    )
