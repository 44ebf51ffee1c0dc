"""Models as files: pull them, plan what files change, and apply it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from patcher.api import Client
from patcher.api.pace import Pace
from patcher.batch.pool import BatchControl, each
from patcher.documents.diff import Change
from patcher.documents.values import strictly_equal
from patcher.documents.wording import ignore, spelled
from patcher.errors import ApiError, InvalidInputError, PatchError
from patcher.files.baseline import Baseline
from patcher.files.masked import file_document
from patcher.files.merging import (
    State,
    conflict_of,
    in_file_order,
    never_applied,
    not_applied_error,
    sides,
)
from patcher.files.modelfile import Header, ModelFile, NewFile, Unusable, create, read_files
from patcher.operations.apply import Paths, live_of, read_live
from patcher.operations.arguments import Options
from patcher.operations.batch import workers
from patcher.operations.read import Selection, select
from patcher.operations.session import Session, opened, shown_name
from patcher.plan.plan import error_dict
from patcher.resources.blockers import OnUnknown

PullStatus: TypeAlias = (
    State | Literal["created", "updated", "deleted", "skipped", "conflict", "failed"]
)
"""How the pull of a model ended. "ahead" (the file has what the model has not), "behind" and
"diverged" are what a check finds; "deleted" is a file that was deleted on purpose, "skipped" one
that is not checked out, or in another folder."""


@dataclass(frozen=True)
class PullResult:
    """How the pull of one model ended.

    Attributes:
        model_id: its id, or None where the file does not say.
        path: its file; None where there is none.
        status: how it ended.
        name: its name, as it may be shown.
        changes: what was changed in the file, or would be; credentials are masked in a file.
        error: why it ended, or None.
    """

    model_id: str | None
    path: Path | None
    status: PullStatus
    name: str | None = None
    changes: tuple[Change, ...] = ()
    error: PatchError | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of the command line for this result."""
        if self.error is not None:
            return self.error.exit_code
        return int(self.status in ("ahead", "behind", "diverged"))

    def to_dict(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return {
            "model_id": self.model_id,
            "name": self.name,
            "path": None if self.path is None else str(self.path),
            "status": self.status,
            "exit_code": self.exit_code,
            "changes": [change.to_dict() for change in self.changes],
            "error": error_dict(self.error),
        }


@dataclass
class Puller:
    """One pull: the files that are there, what they were before, and what is to be made.

    Attributes:
        session: what the models are read with.
        folder: where the files are, at any depth, and where new ones are put.
        base: the revision, folder or "live" that a file is compared with.
        options: how the models are read.
        check: whether to report only.
        workers: how many models are read at a time.
        watch: called with how many are done, and how many there are.
        say: called with what else there is to say about the base.
    """

    session: Session
    folder: Path
    base: str | None
    options: Options
    check: bool = False
    workers: int = 8
    watch: Callable[[int, int], None] = ignore
    say: Callable[[str], None] = ignore
    _files: dict[str, ModelFile] = field(default_factory=dict, init=False)
    _unknown: list[Path] = field(default_factory=list, init=False)
    _new: list[NewFile] = field(default_factory=list, init=False)

    def run(self, selection: Selection) -> Iterator[PullResult]:
        """The result of each selected model, as it comes; those of new files come last."""
        if os.path.isfile(self.folder):  # noqa: PTH113 - False where it cannot be known
            raise InvalidInputError(
                f"{self.folder} is a file.", hint="Name the folder that it is in."
            )
        found = read_files([self.folder]) if os.path.lexists(self.folder) else []
        with closing(Baseline.choose(self.base, self.folder)) as baseline:
            if baseline.note:
                self.say(baseline.note)
            found = baseline.checked(found)
            self._files = {one.id: one for one in found if isinstance(one, ModelFile)}
            unusable = [one for one in found if isinstance(one, Unusable)]
            self._unknown = [one.path for one in unusable if one.id is None]
            is_all = selection.targets is None and not selection.where
            ids = [one.named.id.lower() for one in select(self.session, selection, self.options)]
            if is_all and not selection.exclude:
                ids = [*dict.fromkeys((*ids, *self._files))]
            for one in unusable:
                if is_all or one.id in ids:
                    yield PullResult(one.id, one.path, "failed", error=one.error)
            refused = {one.id for one in unusable}
            rest = [one for one in ids if one not in refused]
            yield from self._each(rest, baseline, is_named=selection.targets is not None)
            used = [one.path for one in self._files.values()]
            for new, path, error in create(self.folder, self._new, used):
                status: PullStatus = "failed" if error else "created"
                where = None if error else path
                yield PullResult(new.header.id, where, status, new.name, error=error)

    def _each(self, ids: list[str], baseline: Baseline, *, is_named: bool) -> Iterator[PullResult]:
        def pull(model_id: str) -> PullResult | None:
            file = self._files.get(model_id)
            if file is not None:
                return self._existing(file, baseline)
            before = baseline.before(model_id)
            elsewhere = next((one for one in before if baseline.is_there(one)), None)
            if is_named and elsewhere and baseline.is_sparse(elsewhere):
                where = shlex.quote(str(elsewhere.parent))
                raise InvalidInputError(
                    f"{elsewhere} is not checked out (sparse checkout).",
                    hint=f"Check it out first: git sparse-checkout add {where}",
                )
            if elsewhere and not is_named:
                return PullResult(model_id, elsewhere, "skipped")
            if before and not is_named and not self._unknown:
                return PullResult(model_id, before[0], "deleted")
            return self._missing(model_id)

        self.watch(0, len(ids))
        with closing(each(ids, pull, readers=self.workers)) as outcomes:
            for count, (index, outcome) in enumerate(outcomes, 1):
                self.watch(count, len(ids))
                if isinstance(outcome, PatchError):
                    yield self._failed(ids[index], outcome)
                elif outcome is not None:
                    yield outcome

    def _failed(self, model_id: str, error: PatchError) -> PullResult:
        file = self._files.get(model_id)
        if file is not None and not isinstance(error, ApiError):
            error = file.located(error)
        status: PullStatus = "conflict" if error.exit_code == 4 else "failed"
        return PullResult(model_id, file.path if file else None, status, error=error)

    def _existing(self, file: ModelFile, baseline: Baseline) -> PullResult:
        live = live_of(self.session, file, self.options)
        found = sides(file, baseline, live, refuse=True)
        name = shown_name(self.session, live.snapshot)
        if not baseline.is_given or self.check:
            commit = never_applied(file, baseline, live, found)
            if commit is not None and self.check:
                return PullResult(file.id, file.path, "ahead", name)
            if commit is not None:
                raise not_applied_error(file, live, commit)
        if found.merged.collisions:
            raise conflict_of(file, live, found, "The file was left alone.")
        changes = found.others
        if self.check or not changes:
            status: PullStatus = found.state if self.check else "unchanged"
            return PullResult(file.id, file.path, status, name, changes)
        old = file.document()
        nulls = {key: None for key, value in old.items() if value is None}
        new = {**nulls, **in_file_order(found.merged.document, found.mine, live.resource.shape)}
        if not strictly_equal(old, new):
            file.write(file.changed(old, new))
        return PullResult(file.id, file.path, "updated", name, changes)

    def _missing(self, model_id: str) -> PullResult | None:
        live = read_live(self.session, model_id, self.options)
        name = shown_name(self.session, live.snapshot)
        if self._unknown:
            raise InvalidInputError(
                f"{live.label} has no file, but {self._unknown[0]} can't be read and may be it.",
                hint="Fix or delete that file first.",
            )
        document = file_document(live.document, live.terms.masks)
        if self.check:
            return PullResult(model_id, None, "behind", name)
        url = self.session.client.settings.url
        owner = self.session.organization(live.snapshot.organization)
        header = Header(live.resource.noun, model_id, url, owner)
        notes = {one.place: spelled(one.note) for one in live.found.blockers}
        self._new.append(NewFile.of(header, name, document, notes))
        return None


def pull_models(
    folder: Paths,
    models: Iterable[str] | None = None,
    *,
    client: Client | None = None,
    where: Iterable[str] = (),
    exclude: Iterable[str] = (),
    base: str | None = None,
    check: bool = False,
    concurrency: int = 8,
    max_rps: float | None = None,
    unknown_fields: OnUnknown = "error",
    accept_older: bool = False,
) -> Iterator[PullResult]:
    """Writes one YAML file a model, and merges what others changed into files that are there.

    Args:
        folder: where the files are, at any depth, and where new ones are put.
        models: UUIDs and exact names; None stands for every model.
        client: the API; by default as the environment variables say.
        where: conditions, as for patch_models.
        exclude: UUIDs and names of models that are left out.
        base: what the files were before your changes: a revision of git, a folder with an older
            copy, or "live"; by default HEAD.
        check: report who is ahead or behind, and write nothing.
        concurrency: how many models are read at a time.
        max_rps: how many requests may be sent in a second.
        unknown_fields: as for patch_models.
        accept_older: as for patch_models.

    Returns:
        An iterator of PullResults as they come. What failed has the error in ``error``, and its
        file is as it was.

    Raises:
        InvalidInputError: the arguments or the base cannot be used; with the first result.
        ApiError, NotFoundError, AmbiguousNameError: the models cannot be listed; likewise.
    """
    selection = Selection.of(models, where, exclude)
    options = Options(unknown_fields=unknown_fields, accept_older=accept_older)
    count, pace = workers(concurrency), Pace(max_rps)

    def results() -> Iterator[PullResult]:
        with opened(client) as session:
            here = session.for_batch(pace, BatchControl())
            yield from Puller(here, Path(folder), base, options, check, count).run(selection)

    return results()
