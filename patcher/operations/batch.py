"""The verb for many models: which ones, their plans, their guarded writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from patcher.api import Client
from patcher.api.pace import Pace
from patcher.batch import Batch, BatchControl, BatchOptions, Overview, Spool, Target
from patcher.batch.overview import NamedResource
from patcher.documents.notices import ignore
from patcher.documents.patches import Patch, refuse_indices
from patcher.documents.values import Document
from patcher.documents.where import Condition
from patcher.documents.wording import closest
from patcher.errors import ApiError, ConflictError, InvalidInputError, NotFoundError, SettingsError
from patcher.guard.undo import entries_of
from patcher.operations.read import FORCED, ambiguous, asked_for, named, resources, whole
from patcher.operations.session import (
    OnConflict,
    Options,
    Session,
    SystemClock,
    several,
    shown_name,
)
from patcher.operations.undo import RUN, way_back
from patcher.operations.write import carry_out, opened
from patcher.plan import PatchResult, Plan
from patcher.resources.blockers import OnUnknown
from patcher.resources.projection import UUID, project
from patcher.resources.snapshot import Snapshot

_SHOWN = 5


class Selection(NamedTuple):
    """Which resources are meant.

    Attributes:
        targets: UUIDs and names, as a verb for one takes them; None stands for every one.
        where: what must hold for each, all of it.
        exclude: UUIDs and names of those that are not meant.
    """

    targets: tuple[str, ...] | None
    where: tuple[Condition, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def has_names(self) -> bool:
        """Whether any are named by something else than a UUID."""
        return not all(map(UUID.fullmatch, (*(self.targets or ()), *self.exclude)))

    @property
    def needs_a_list(self) -> bool:
        """Whether it takes the list of all resources to tell."""
        return bool(self.where) or self.targets is None or self.has_names


def select(session: Session, selection: Selection, options: Options) -> list[Target]:
    """The resources that are meant, each once, in the order named; else as the API lists them.

    Raises InvalidPatchError for a condition that cannot be, NotFoundError where there is no such
    resource (to be excluded, too), AmbiguousNameError where there are several.
    """
    for condition in selection.where:
        condition.check(
            session.resource.shape,
            session.masks,
            allow_unknown="carry" in session.unknown_fields(options),
        )
    listed = _Listed({}, {}, {})
    if selection.needs_a_list:
        listed = _listed(session, selection)
    targets = selection.targets
    chosen: dict[str, str | None] = dict.fromkeys(listed.names)
    if targets is not None:
        chosen = _ids(session, listed.ids, targets)
    excluded = _ids(session, listed.ids, selection.exclude)
    chosen = {one: listed_as for one, listed_as in chosen.items() if one not in excluded}
    fitting = _fitting(session, chosen, listed, selection.where)
    return [
        Target(NamedResource(listed.names.get(one), one), listed_as=listed_as)
        for one, listed_as in chosen.items()
        if one in fitting
    ]


def holds(session: Session, where: Iterable[Condition], document: Document) -> bool:
    """Whether a writable document fulfils all conditions."""
    return all(one.holds(document, session.resource.shape, session.masks) for one in where)


class _Listed(NamedTuple):
    """The list of all resources.

    Attributes:
        names: the last name of each by id; None where the list has none.
        ids: for each name that was seen, the ids that were seen to have it.
        fits: whether each fulfils the conditions; None where the list does not tell.
    """

    names: dict[str, str | None]
    ids: dict[str, dict[str, None]]
    fits: dict[str, bool | None]


def _listed(session: Session, selection: Selection) -> _Listed:
    """Reads the list a page at a time, and keeps no more of it than it has to."""
    found = _Listed({}, {}, {})
    items = resources(session.client, session.resource)
    if selection.has_names:
        items = named(session.client, session.resource, items)
    for raw in items:
        resource_id, name = raw["id"].lower(), raw.get("name")
        found.names[resource_id] = shown_name(session, Snapshot(raw))
        if type(name) is str:
            found.ids.setdefault(name, {})[resource_id] = None
        found.fits[resource_id] = _fits(session, raw, selection.where)
    return found


def _fits(session: Session, raw: Document, where: tuple[Condition, ...]) -> bool | None:
    """Whether an item of the list fulfils all conditions; None where it does not tell.

    An item may be lighter than the resource: a key that it lacks may be there all the same.
    """
    if not where:
        return True
    document = _document(session, raw)
    told = [one for one in where if session.resource.tells(raw, document, one.place)]
    if not holds(session, told, document):
        return False
    return True if len(told) == len(where) else None


def _fitting(
    session: Session, ids: Iterable[str], listed: _Listed, where: tuple[Condition, ...]
) -> set[str]:
    """Those of ``ids`` that fulfil the conditions; where the list does not tell, they are read."""
    if not where:
        return set(ids)
    fitting = {one for one in ids if listed.fits.get(one)}
    in_doubt = [one for one in ids if listed.fits.get(one) is None]
    for snapshot in whole(session.client, session.resource, in_doubt):
        if holds(session, where, _document(session, snapshot.raw)):
            fitting.add((snapshot.id or "").lower())
    return fitting


def _document(session: Session, raw: Document) -> Document:
    """The writable document as far as it can be told; the plan is stricter about the rest."""
    return project(raw, session.resource.members, session.resource.shape, "carry").document


def _ids(
    session: Session, by_name: Mapping[str, Iterable[str]], targets: Iterable[str]
) -> dict[str, str | None]:
    """The ids that UUIDs and names stand for, each with its name if it was given by it.

    Raises for all that stand for none together.
    """
    noun, missing = session.resource.noun, []
    ids: dict[str, str | None] = {}
    for text in targets:
        name = text.removeprefix(FORCED)
        if not name:
            raise InvalidInputError(
                f"An empty text names no {noun}.", hint="Give a UUID or an exact name."
            )
        if UUID.fullmatch(text):
            ids.setdefault(text.lower())
            continue
        found = list(by_name.get(name, ()))
        if len(found) > 1:
            raise ambiguous(noun, name, found)
        ids.update(dict.fromkeys(found, name))
        missing += [name] if not found else []
    if missing:
        raise _no_such(noun, missing, by_name)
    return ids


def _no_such(noun: str, missing: list[str], known: Iterable[str]) -> NotFoundError:
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    listed = ", ".join(map(asked_for, missing[:_SHOWN])) + more
    near = closest(missing[0], known)
    hint = f"Did you mean {near!r}?" if near else f"patch-model list shows every {noun}."
    return NotFoundError(f"There is no {noun} called {listed}.", hint=hint)


__all__ = ["BatchControl", "BatchOptions", "BatchRun", "Overview"]

TRIES: Final = 5
"""How often one resource is begun anew while the API wants a pause."""

T = TypeVar("T")


class BatchRun(NamedTuple):
    """One run.

    Attributes:
        session: where it takes place; its client, clock and hold are those of the run.
        flight: what is on its way, and how it is stopped.
        manner: how many at a time, and so on.
        confirm: called with the overview before anything is written; None agrees.
    """

    session: Session
    control: BatchControl
    batch_options: BatchOptions
    confirm: Callable[[Overview], bool] | None = None

    @classmethod
    def within(
        cls,
        session: Session,
        control: BatchControl,
        batch_options: BatchOptions,
        pace: Pace,
        confirm: Callable[[Overview], bool] | None = None,
    ) -> BatchRun:
        """A run of many threads within a session: at one pace, and stopped by one hand."""
        own = session._replace(
            client=session.client.at_pace(pace, control.sleep),
            clock=_BatchClock(control),
            defer=control.defer,
            progress=ignore,
        )
        return cls(own, control, batch_options, confirm)

    def patches(
        self, selection: Selection, patch: Patch, options: Options
    ) -> Iterator[PatchResult]:
        """Makes one change in all that are selected: patch_models."""
        session = self.session
        _refuse_reviews(options)
        session.check(patch, options)
        chosen = select(session, selection, options)
        is_one = len(chosen) == 1
        if not is_one:
            _refuse_what_is_for_one(session, patch, options)

        def plan(job: Target) -> Plan:
            made = session.plan(job.named.id, patch, options, job.listed_as)
            if not holds(session, selection.where, made.document):
                raise ConflictError(
                    f"{made.label} was changed since it was listed, and is no longer one of those "
                    "that are meant. Nothing was written.",
                    found=made.base.version,
                )
            if not is_one:
                refuse_indices(patch, session.resource.shape, made.document)
            return made

        yield from self._of(chosen, plan, options)

    def undoing(self, name: str, options: Options) -> Iterator[PatchResult]:
        """Takes back what the run of that name wrote, each write as ``undo`` does.

        Raises InvalidInputError when the journal knows of no write of it to this API.
        """
        session = self.session
        _refuse_reviews(options)
        way = way_back(session, options)

        def plan(job: Target) -> Plan:
            return way.plan(session.journal.entry(job.entry))

        yield from self._of(_written(session, name), plan, options)

    def _of(
        self, jobs: list[Target], make: Callable[[Target], Plan], options: Options
    ) -> Iterator[PatchResult]:
        session, name = self.session, f"run-{os.urandom(6).hex()}"

        def plan(job: Target) -> Plan:
            made = self._patiently(lambda: make(job))
            origin = made.origin._replace(run=name)
            return replace(made, terms=made.terms._replace(origin=origin))

        def write(made: Plan) -> PatchResult:
            return self._patiently(lambda: carry_out(session, made, options))

        folder = session.journal.folder.parent
        with Spool(folder, session.resource, session.masks) as spool:
            batch = Batch(session.resource, plan, write, spool, self.control, self.batch_options)
            yield from batch.run(jobs, self.confirm)

    def _patiently(self, do: Callable[[], T]) -> T:
        """Begins anew what was not processed, as long as the API wants a pause.

        An ApiError says that nothing was written.
        """
        for _ in range(TRIES - 1):
            try:
                return do()
            except ApiError as error:  # noqa: PERF203 - a try costs nothing beside a request
                if error.status != 429 or not self.session.client.pause_left:
                    raise
        return do()


class _BatchClock(NamedTuple):
    """The machine's time, whose sleep ends when the run is stopped."""

    control: BatchControl

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return SystemClock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits, unless the run is stopped."""
        self.control.sleep(seconds)


def _written(session: Session, run: str) -> list[Target]:
    """The entries of a run that were written, or may have been, and of what; the newest first."""
    if not RUN.fullmatch(run):
        raise InvalidInputError(
            f"{run!r} is no run.",
            hint="A run is called run- and 12 hex digits; patch-model history shows them.",
        )
    found = []
    for entry in entries_of(run, session.journal):
        if entry.intent.where != session.client.settings.url:
            raise InvalidInputError(
                f"{run} was written to {entry.intent.where}, and this is "
                f"{session.client.settings.url}.",
                hint=f"Say --url {entry.intent.where}, with credentials for it.",
            )
        named = NamedResource(entry.intent.name, entry.intent.id)
        found.append((entry.sequence, entry.name, named, entry.may_be_written))
    if not found:
        raise InvalidInputError(
            f"The journal knows of no {run}.", hint="patch-model history shows what it knows."
        )
    newest_first = sorted(found, key=lambda one: one[:2], reverse=True)
    return [Target(named, name) for _, name, named, counts in newest_first if counts]


def _refuse_reviews(options: Options) -> None:
    """What only the API can tell of a plan is asked, and shown, for one resource at a time."""
    asked = [name for name in ("preview", "impact") if getattr(options, name)]
    if asked:
        raise InvalidInputError(
            f"--{asked[0]} is for one model, named as one MODEL.",
            hint="Look at one of them first: patch-model plan MODEL ... --preview --impact",
        )


def _refuse_what_is_for_one(session: Session, patch: Patch, options: Options) -> None:
    refuse_indices(patch, session.resource.shape)
    if options.expect_version is not None:
        raise InvalidInputError(
            "A version is expected of one model, and these are several.",
            hint="Leave out --expect-version: each model is written only if it is as it was shown.",
        )


MOST_WORKERS: Final = 256


def patch_models(  # noqa: PLR0913 - those of patch_model, and those of a run
    models: Iterable[str] | None,
    change: object,
    *,
    client: Client | None = None,
    where: Iterable[str] = (),
    exclude: Iterable[str] = (),
    confirm: Callable[[Overview], bool] | None = None,
    dry_run: bool = False,
    concurrency: int = 8,
    max_rps: float | None = None,
    fail_fast: bool = False,
    run_async: bool = False,
    refresh: bool = False,
    unknown_fields: OnUnknown = "error",
    allow_all_fields: bool = False,
    on_conflict: OnConflict = "fail",
    accept_older: bool = False,
    literal: Iterable[str] = (),
) -> Iterator[PatchResult]:
    """Makes one change in many models, each by a guarded write of its own.

    All plans are made before anything is written. Nothing happens before the first result is
    asked for; when the iterator is closed early, nothing new is begun, and what is on its way is
    finished.

    Args:
        models: UUIDs and exact names; None stands for every model.
        change: as for patch_model; it addresses no list by index in more than one model.
        client: the API; by default as the environment variables say.
        where: conditions, ``PATH=VALUE`` or ``PATH~=REGEX``, which all must hold.
        exclude: UUIDs and names of models that are left alone.
        confirm: called with the Overview before anything is written; False declines. None
            applies.
        dry_run: stop after the plans.
        concurrency: how many models are worked on at a time.
        max_rps: how many requests may be sent in a second.
        fail_fast: whether nothing new is begun after the first failure.
        run_async: as for patch_model.
        refresh: as for patch_model.
        unknown_fields: as for patch_model.
        allow_all_fields: as for patch_model.
        on_conflict: as for patch_model; with "rebase" nobody is asked again.
        accept_older: as for patch_model.
        literal: as for patch_model.

    Returns:
        An iterator of PatchResults as they come, one for each model; what failed has the error in
        ``error``, and the status "not-begun" where nothing was done. The name of the run, for
        ``undo --run``, is in ``result.plan.origin.run``.

    Raises:
        InvalidInputError, InvalidPatchError: the arguments cannot be used; at once.
        ApiError, NotFoundError, AmbiguousNameError: the models cannot be told; with the first
            result. Whatever happens to one model is in its result, and not raised.
    """
    options = Options(
        run_async=run_async,
        refresh=refresh,
        unknown_fields=unknown_fields,
        allow_all_fields=allow_all_fields,
        on_conflict=on_conflict,
        accept_older=accept_older,
        literal=several(literal, "literal paths"),
    )
    selection = Selection(
        None if models is None else several(models, "models"),
        tuple(map(Condition.parse, several(where, "conditions"))),
        several(exclude, "models to exclude"),
    )
    batch_options = BatchOptions(_workers(concurrency), fail_fast=fail_fast, dry_run=dry_run)
    patch, pace = Patch.of(change), Pace(max_rps)

    def results() -> Iterator[PatchResult]:
        with opened(client) as session:
            run = BatchRun.within(session, BatchControl(), batch_options, pace, confirm)
            yield from run.patches(selection, patch, options)

    return results()


def _workers(count: int) -> int:
    if type(count) is not int or not 1 <= count <= MOST_WORKERS:
        raise SettingsError(f"The concurrency is a number from 1 to {MOST_WORKERS}.")
    return count
