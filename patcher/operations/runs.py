"""A run over many resources within a session: which ones, their plans, their guarded writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from patcher.api.pace import Pace
from patcher.batch import Fleet, Flight, Job, Manner, Overview, Spool
from patcher.batch.overview import Named
from patcher.documents.patches import Patch, refuse_indices
from patcher.errors import ApiError, ConflictError, InvalidInputError
from patcher.guard.undo import entries_of
from patcher.operations.progress import unwatched
from patcher.operations.selection import Selection, holds, select
from patcher.operations.session import Options, Session, SystemClock
from patcher.operations.undoing import RUN, way_back
from patcher.operations.writing import carry_out
from patcher.plan import PatchResult, Plan

__all__ = ["Flight", "Manner", "Overview", "Run"]

TRIES: Final = 5
"""How often one resource is begun anew while the API wants a pause."""

T = TypeVar("T")


class Run(NamedTuple):
    """One run.

    Attributes:
        session: where it takes place; its client, clock and hold are those of the run.
        flight: what is on its way, and how it is stopped.
        manner: how many at a time, and so on.
        confirm: called with the overview before anything is written; None agrees.
    """

    session: Session
    flight: Flight
    manner: Manner
    confirm: Callable[[Overview], bool] | None = None

    @classmethod
    def within(
        cls,
        session: Session,
        flight: Flight,
        manner: Manner,
        pace: Pace,
        confirm: Callable[[Overview], bool] | None = None,
    ) -> Run:
        """A run of many threads within a session: at one pace, and stopped by one hand."""
        own = session._replace(
            client=session.client.at_pace(pace, flight.sleep),
            clock=_FlightClock(flight),
            hold=flight.hold,
            progress=unwatched,
        )
        return cls(own, flight, manner, confirm)

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

        def plan(job: Job) -> Plan:
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

        def plan(job: Job) -> Plan:
            return way.plan(session.journal.entry(job.entry))

        yield from self._of(_written(session, name), plan, options)

    def _of(
        self, jobs: list[Job], make: Callable[[Job], Plan], options: Options
    ) -> Iterator[PatchResult]:
        session, name = self.session, f"run-{os.urandom(6).hex()}"

        def plan(job: Job) -> Plan:
            made = self._patiently(lambda: make(job))
            origin = made.origin._replace(run=name)
            return replace(made, terms=made.terms._replace(origin=origin))

        def write(made: Plan) -> PatchResult:
            return self._patiently(lambda: carry_out(session, made, options))

        folder = session.journal.folder.parent
        with Spool(folder, session.resource, session.masks) as spool:
            fleet = Fleet(session.resource, plan, write, spool, self.flight, self.manner)
            yield from fleet.run(jobs, self.confirm)

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


class _FlightClock(NamedTuple):
    """The machine's time, whose sleep ends when the run is stopped."""

    flight: Flight

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return SystemClock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits, unless the run is stopped."""
        self.flight.sleep(seconds)


def _written(session: Session, run: str) -> list[Job]:
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
        named = Named(entry.intent.name, entry.intent.id)
        found.append((entry.sequence, entry.name, named, entry.may_be_written))
    if not found:
        raise InvalidInputError(
            f"The journal knows of no {run}.", hint="patch-model history shows what it knows."
        )
    newest_first = sorted(found, key=lambda one: one[:2], reverse=True)
    return [Job(named, name) for _, name, named, counts in newest_first if counts]


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
