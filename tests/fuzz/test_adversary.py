"""The promises as laws, held against an adversary: whole runs, each with its own bad luck."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patcher.api import Client
from patcher.documents.patches import Patch
from patcher.errors import PatchError
from patcher.journal import Ending, Entry, Journal
from patcher.operations import Options, Session
from patcher.operations.undo import run_undo
from patcher.operations.write import run_patch
from tests.fuzz.adversary import DECLINED, ID, UNPROCESSED, Put, World

SETTLE = 5.0


class WatchedJournal(Journal):
    """A journal that notes when each entry was closed, as the world counts time."""

    world: World
    closed: dict[str, int]

    def close(self, name: str, ending: Ending, *, observed: bytes | None = None) -> None:
        self.closed[name] = self.world.tick
        super().close(name, ending, observed=observed)


@dataclass
class Run:
    """One change, from the plan to its end, and what the world knows about it."""

    world: World
    session: Session
    closed: dict[str, int]
    status: str = ""
    exit_code: int = 0
    codes: frozenset[str] = frozenset()
    ended: float = 0.0

    @classmethod
    def of(cls, world: World, folder: Path) -> Run:
        client = Client("http://127.0.0.1:9", "key", sleep=world.clock.sleep)
        client._transport = world  # type: ignore[assignment]
        journal = WatchedJournal(folder / "journal")
        journal.world, journal.closed = world, {}
        session = Session(
            client,
            journal,
            clock=world.clock,
            settle_timeout=SETTLE,
            environ={"PATCH_MODEL_VERSION_STEP": str(world.step)},
        )
        return cls(world, session, journal.closed)

    def go(self) -> None:
        on_conflict = self.world.pick(("fail", "rebase"))
        options = Options(on_conflict=on_conflict, run_async=self.world.pick((False, True)))
        try:
            result = run_patch(self.session, ID, Patch.of(self.world.change), options)
        except PatchError as error:
            result = error.result
        self.ended = self.world.clock.now
        self.status, self.exit_code = result.status, result.exit_code
        self.codes = frozenset(notice.code for notice in result.warnings)

    @property
    def entries(self) -> list[tuple[Entry, list[Put]]]:
        """The journal's entries, each with the PUTs that were sent under its keys."""
        found = [self.session.journal.entry(name) for name in self.session.journal.names()]
        return [
            (one, [put for put in self.world.puts if put.key in one.intent.keys]) for one in found
        ]

    def has_seen(self, put: Put) -> bool:
        """Whether a reading showed that a PUT had acted, before its entry was closed.

        What was believed then stands: a later reading cannot tell whose write it was any more.
        """
        ends = [self.closed[one.name] for one, _ in self.entries if put.key in one.intent.keys]
        return put.shown is not None and put.shown <= ends[0]


def nothing_written_is_true(run: Run) -> Iterator[str]:
    """Not written, by the journal or the exit code, is never said of a PUT that acted or may.

    What no reading showed cannot be known, and then only the API's own word is believed.
    """
    for entry, puts in run.entries:
        for put in puts if entry.ending and entry.ending.state == "not-written" else ():
            if put.answer not in UNPROCESSED | DECLINED:
                yield f"not written, after {put.answer}"
            if put.answer in DECLINED and put.moved and put.moved <= run.closed[entry.name]:
                yield f"not written, after {put.answer}, though a later state was seen"
            if run.has_seen(put):
                yield f"not written, after {put.answer}, and seen to have acted"
            if put.acted and not put.is_looked_into:
                yield f"not written, after {put.answer}, without a look"
    if run.exit_code in (3, 4) or run.status == "unchanged":
        yield from (f"{run.status}, and had acted" for put in run.world.puts if run.has_seen(put))


def applied_is_true(run: Run) -> Iterator[str]:
    """Applied is said only of what acted, or with the warning that a reading alone proves it."""
    is_said = "proved-by-reading" in run.codes
    if run.status == "applied" and not is_said and not any(put.acted for put in run.world.puts):
        yield "applied, and nothing had acted"


def no_second_put(run: Run) -> Iterator[str]:
    """None follows one that may have been acted on, or that a reading showed to have acted."""
    for first, second in zip(run.world.puts, run.world.puts[1:], strict=False):
        if first.answer not in UNPROCESSED:
            yield f"a second PUT after {first.answer}"
        if run.has_seen(first) and (first.shown or 0) < second.tick:
            yield "a second PUT after one that was seen to have acted"


def nobody_is_overwritten_silently(run: Run) -> Iterator[str]:
    """Where versions count, whoever's update is gone is spoken of: exit 4, 5 or 6.

    Of a job that is done a replica may show only what somebody else had made equal before.
    """
    is_silent = run.exit_code == 0 and "proved-by-reading" not in run.codes
    seen = [put for put in run.world.puts if run.has_seen(put)]
    if is_silent and run.world.counts and any(map(run.world.is_lost, seen)):
        yield "an update was overwritten without a word"


def each_put_has_a_fresh_key(run: Run) -> Iterator[str]:
    """One key a PUT, each of them recorded before it was used."""
    keys = [put.key for put in run.world.puts]
    if len(set(keys)) < len(keys):
        yield "a key was used twice"
    if not set(keys) <= {key for entry, _ in run.entries for key in entry.intent.keys}:
        yield "a key is not in the journal"


def doubt_has_a_reason(run: Run) -> Iterator[str]:
    """Exit code 6 is not the way out of everything: an answer was unclear, or others wrote.

    Or what a failed job left could not be read.
    """
    if run.exit_code == 6:
        put = run.world.puts[-1]
        is_clear = put.answer in UNPROCESSED | {"200"} and not put.acted
        if is_clear and put.is_read and run.world.latest == put.based_on:
            yield f"in doubt after {put.answer}"


def waits_end(run: Run) -> Iterator[str]:
    """Looking for an outcome ends within the settle timeout."""
    if run.world.puts and run.exit_code in (0, 3, 6) and len(run.entries) == 1:
        put = run.world.puts[-1]
        waited = run.ended - put.answered
        if put.answer not in ("unsent", "429") and waited > SETTLE + 1e-6:
            yield f"waited {waited:g} s after {put.answer}"


def the_way_back_is_known(run: Run) -> Iterator[str]:
    """What acted is undone by its entry, unless it was said that this may not be all."""
    world = run.world
    world.settle_down()
    for entry, puts in run.entries:
        acted = [state for put in puts if run.has_seen(put) for state in put.acted]
        if not acted or acted[-1] != world.latest or run.exit_code not in (0, 6):
            continue
        error = None
        try:
            run_undo(run.session, entry.name, Options())
        except PatchError as caught:
            error = caught
        stored, before = world.store.raw, entry.intent.before
        is_back = all(stored.get(key) == before.get(key) for key in world.change)
        is_said = run.exit_code == 6 or "proved-by-reading" in run.codes
        if not is_back and not (error and is_said):
            yield f"cannot be undone: {error}"


LAWS = (
    nothing_written_is_true,
    applied_is_true,
    no_second_put,
    nobody_is_overwritten_silently,
    each_put_has_a_fresh_key,
    doubt_has_a_reason,
    waits_end,
    the_way_back_is_known,
)


@settings(
    max_examples=max(60, settings().max_examples),
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_no_promise_is_broken(data: st.DataObject) -> None:
    """Whatever comes late, twice, out of order or from a replica, each law holds."""

    def pick(options: Sequence[Any]) -> Any:
        return data.draw(st.sampled_from(options))

    with tempfile.TemporaryDirectory() as folder:
        run = Run.of(World(pick), Path(folder))
        run.go()
        broken = [f"{law.__name__}: {how}" for law in LAWS for how in law(run)]
        assert broken == []
