"""Promise 3 as a law: no interleaving of writers makes an update disappear without a word.

Any number of writers change one model: some through patch-model, in every way that it can write,
some by a bare fetch, merge and put, at every moment at which they can get into each other's way.
The account of what was lost is taken on the server (ledger.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_state_machine

from patcher import Client, load_plan, save_plan
from patcher.api import Settings
from patcher.api.settings import basic
from patcher.documents.patches import Patch
from patcher.errors import PatchError, VerificationError
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.arguments import OnConflict
from patcher.operations.edit import edited
from patcher.operations.saved import run_saved
from patcher.operations.session import failed
from patcher.operations.undo import run_undo
from patcher.operations.write import run_patch, run_plan
from patcher.plan import PatchResult
from patcher.sandbox.messages import PARTNER, USER, person
from tests.guard.memory import FakeClock
from tests.promises.ledger import CallerFault, Ledger, Place, Write, changed, places
from tests.sandbox import Sandbox, faults, seed
from tests.sandbox.faults import When

BO = person("Bo Other")

# Where one writer may change something; the last but one is a list with members of its own.
_WHERE = (
    "name",
    "identifier",
    "configuration.a",
    "configuration.b",
    "policies",
    "tracking_columns",
)
CHANGES = st.lists(st.sampled_from(_WHERE), min_size=1, max_size=2, unique=True).map(tuple)

Where = tuple[str, ...]
How = Literal["patch-model", "bare", "stale"]


class Other(NamedTuple):
    """Somebody else's write: how it is made, of what, and at which moment of ours."""

    how: How
    where: Where
    moment: str


# Each moment as the request of ours that it is next to, which one of its kind, and the side.
MOMENTS: dict[str, tuple[str, str, int, When]] = {
    "between the plan and the second reading": ("GET", "model", 2, "before"),
    "just after the second reading": ("GET", "model", 2, "after"),
    "before the write": ("PUT", "model", 1, "before"),
    "while its job waits": ("GET", "job", 2, "before"),
    "between the write and its answer": ("PUT", "model", 1, "after"),
    "before the write is looked for": ("GET", "model", 3, "before"),
    "after it was looked for": ("GET", "model", 3, "after"),
}
OTHERS = st.lists(
    st.builds(
        Other,
        st.sampled_from(["patch-model", "bare", "bare", "stale"]),
        CHANGES,
        st.sampled_from(list(MOMENTS)),
    ),
    min_size=1,
    max_size=2,
)
ANSWERS = st.sampled_from([None, None, None, "lost after the write", "lost before the write"])
ON_CONFLICT = st.sampled_from(["fail", "rebase"])


@dataclass
class World:
    """A sandbox, its account, and two people who use patch-model on it."""

    sandbox: Sandbox
    ledger: Ledger
    me: Session
    colleague: Session
    folder: Path

    @classmethod
    def around(cls, sandbox: Sandbox, folder: Path) -> World:
        bearer = f"Bearer {sandbox.api_key}"
        partner = basic(sandbox.organization_id, sandbox.partner_key, source="key")
        sessions = [
            Session(Client(settings=Settings(sandbox.url, authorization)), Journal(folder))
            for authorization in (bearer, partner)
        ]
        ledger = Ledger(sandbox, {USER["name"]: bearer, PARTNER["name"]: partner})
        return cls(sandbox, ledger, sessions[0], sessions[1], folder)

    def close(self) -> None:
        for session in (self.me, self.colleague):
            session.client.close()


def session_of(person: Session, folder: Path) -> Session:
    """A session of the same person with a journal of its own, in which no wait takes time."""
    return Session(person.client, Journal(folder), clock=FakeClock(), settle_timeout=5)


def plain_model() -> dict[str, Any]:
    """A model without credentials, whose digests in a saved plan are slow on purpose."""
    model = {**seed.contacts(), "configuration": {"query": "select 1"}}
    del model["enricher"]
    return model


class Writers(RuleBasedStateMachine):
    """One model and everybody who writes to it."""

    world: ClassVar[World]
    numbers: ClassVar[Iterator[int]] = itertools.count()

    @initialize()
    def begin(self) -> None:
        number = next(self.numbers)
        world = self.world
        world.sandbox.reset()
        folder = world.folder / f"run-{number}"
        self.me = session_of(world.me, folder / "mine")
        self.colleague = session_of(world.colleague, folder / "theirs")
        folder.mkdir()
        self.folder = folder
        self.model_id = world.sandbox.create(plain_model())
        self.values = itertools.count()
        self.stale = world.sandbox.stored(self.model_id)
        self.plans: list[tuple[Path, set[Place]]] = []
        self.done: list[tuple[str, set[Place]]] = []
        self.refreshing = False
        world.ledger.writes.clear()
        world.ledger.seen.clear()

    # What the writers do

    @rule(where=CHANGES, how=st.sampled_from(["patch-model", "bare", "stale"]))
    def somebody_writes(self, where: Where, how: How) -> None:
        """A write that nobody is in the way of."""
        self._other(how, where)

    @rule()
    def somebody_fetches(self) -> None:
        """A bare writer reads the model, and will write on what it read some time later."""
        self.stale = self.world.sandbox.stored(self.model_id)

    @rule(where=CHANGES, on_conflict=ON_CONFLICT, others=OTHERS, answer=ANSWERS, job=st.booleans())
    def i_patch(
        self, where: Where, on_conflict: OnConflict, others: list[Other], answer: str, job: bool
    ) -> None:
        """A change through patch_model."""
        change, named = self._change(where)
        options = Options(on_conflict=on_conflict, run_async=job)
        result = self._watched(
            lambda: run_patch(self.me, self.model_id, change, options), named, others, answer
        )
        if result.journal_entry:
            self.done.append((result.journal_entry, named))

    @rule(where=CHANGES, others=OTHERS, answer=ANSWERS)
    def i_refresh(self, where: Where, others: list[Other], answer: str) -> None:
        """A change with the API's refresh, which may move the version by itself."""
        change, named = self._change(where)
        options = Options(refresh=True)
        self.refreshing = True
        self._watched(
            lambda: run_patch(self.me, self.model_id, change, options), named, others, answer
        )
        self.refreshing = False

    @rule(where=CHANGES, on_conflict=ON_CONFLICT, others=OTHERS, answer=ANSWERS)
    def i_edit(
        self, where: Where, on_conflict: OnConflict, others: list[Other], answer: str
    ) -> None:
        """A guarded edit of the whole document."""
        change, named = self._change(where)
        options = Options(on_conflict=on_conflict)
        results: list[PatchResult] = []

        def edit() -> PatchResult:
            with edited(self.me, self.model_id, options, results.append) as document:
                changed = change.apply(document, self.me.resource.shape).document
                document.clear()
                document.update(changed)
            return results[0]

        self._watched(edit, named, others, answer)

    @rule(where=CHANGES)
    def i_save_a_plan(self, where: Where) -> None:
        """A plan is made, and put aside."""
        change, named = self._change(where)
        path = self.folder / f"plan-{next(self.values)}.json"
        save_plan(run_plan(self.me, self.model_id, change, Options()), path)
        self.plans.append((path, named))

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), others=OTHERS, answer=ANSWERS)
    def i_apply_a_plan(self, data: st.DataObject, others: list[Other], answer: str) -> None:
        """A saved plan is applied, perhaps a second time, perhaps late."""
        path, named = data.draw(st.sampled_from(self.plans))
        saved = load_plan(path)
        self._watched(lambda: run_saved(self.me, saved, Options()), named, others, answer)

    @precondition(lambda self: self.done)
    @rule(data=st.data(), on_conflict=ON_CONFLICT, others=OTHERS, answer=ANSWERS)
    def i_undo(
        self, data: st.DataObject, on_conflict: OnConflict, others: list[Other], answer: str
    ) -> None:
        """A write of mine is taken back, perhaps the last one."""
        entry, named = data.draw(st.sampled_from(self.done[-3:]))
        options = Options(on_conflict=on_conflict)
        result = self._watched(lambda: run_undo(self.me, entry, options), named, others, answer)
        if result.journal_entry:
            self.done.append((result.journal_entry, named))

    # The law

    def _watched(
        self,
        act: Callable[[], PatchResult],
        named: set[Place],
        others: list[Other],
        answer: str | None,
    ) -> PatchResult:
        """Does something of mine with others in the way, and holds it to the law."""
        self._script(others, answer)
        begun = len(self.world.ledger.writes)
        try:
            result = act()
        except PatchError as error:
            result = error.result or failed(error)
        finally:
            self.world.sandbox.reset()
        mine = [one for one in self.world.ledger.writes[begun:] if one.by == USER["name"]]
        assert len(mine) <= 1, "a write was sent twice"
        if mine:
            self._judge(mine[0], result, named)
        elif result.status == "unverified":  # a job that failed, which may have left anything
            assert "job" in str(result.error)
        else:
            assert result.status in {"unchanged", "conflict", "failed", "unknown"}, result
        return result

    def _judge(self, write: Write, result: PatchResult, named: set[Place]) -> None:
        assert result.status in {"applied", "unverified", "unknown"}, result
        assert write.made.keys() <= named, "something was changed that nobody asked for"
        if write.lost:
            self.law(write, result)
        if isinstance(result.error, VerificationError):
            self._judge_differences(write, result.error)

    def law(self, write: Write, result: PatchResult) -> None:
        """An update was taken away that I had not seen: that is said, and what is known of it."""
        if self.refreshing and result.status == "applied":
            assert "version-moved-further" in [notice.code for notice in result.notices]
            return
        assert result.status in {"unverified", "unknown"}, f"lost without a word: {write.lost}"
        if result.status == "unverified":
            assert result.error is not None
            assert "not the only write" in result.error.message
            assert "overwritten" in result.error.message
            assert result.journal_entry
            assert result.journal_entry in (result.error.hint or "")

    def _judge_differences(self, write: Write, error: VerificationError) -> None:
        """Where what was found differs from what I wrote, each such place is named."""
        assert error.stored is not None
        assert error.sent is not None
        differing = changed(places(error.sent), places(error.stored))
        assert changed(write.after, places(error.sent)) == {}
        assert {place[0] for place in differing} == {
            change.path.split("/")[1] for change in error.differences
        }
        assert all(change.path in error.message for change in error.differences[:5])

    # The others

    def _script(self, others: list[Other], answer: str | None) -> None:
        mine = self.me.client.settings.authorization
        sandbox = self.world.sandbox
        if answer:
            drop = faults.drop_after() if "after" in answer else faults.drop_before()
            sandbox.fault(CallerFault(drop.action, authorization=mine))
        for other in others:
            method, kind, nth, side = MOMENTS[other.moment]
            meanwhile = faults.acting(lambda *_, one=other: self._other(one.how, one.where), side)
            sandbox.fault(
                CallerFault(meanwhile, method=method, kind=kind, nth=nth, authorization=mine)
            )
        self.world.ledger.watch(sandbox)

    def _other(self, how: How, where: Where) -> None:
        """Somebody else's write, which nobody is in the way of."""
        sandbox = self.world.sandbox
        change, _ = self._change(where)
        if how == "patch-model":
            result = run_patch(self.colleague, self.model_id, change, Options())
            assert result.status == "applied"
            return
        document = sandbox.stored(self.model_id) if how == "bare" else self.stale
        body = change.apply(document, self.me.resource.shape).document
        sandbox._models.replace(self.model_id, body, BO)

    def _change(self, where: Where) -> tuple[Patch, set[Place]]:
        """A change of these members to values that nothing had before, and what it may touch."""
        patch = Patch(())
        named: set[Place] = set()
        for member in where:
            value = f"value-{next(self.values)}"
            if member == "policies":
                value = f"00000000-0000-4000-8000-{next(self.values):012}"
            if member in ("policies", "tracking_columns"):
                patch += Patch.add(member, value)
                named.add((member, value))
            else:
                patch += Patch.set(member, value)
                named.add(tuple(member.split(".")))
        return patch, named


class BlindWriters(Writers):
    """The same where the version tells nothing: then it is said that nothing would show."""

    def law(self, write: Write, result: PatchResult) -> None:
        if result.status == "applied":
            assert "overlap-undetectable" in [notice.code for notice in result.notices]


class TaggedWriters(Writers):
    """The same where the server has ETags: then nothing is lost at all."""

    def law(self, write: Write, result: PatchResult) -> None:
        pytest.fail(f"lost in spite of If-Match: {write.lost}")


@pytest.mark.parametrize(
    ("writers", "modes", "examples"),
    [
        (Writers, {}, 15),
        (BlindWriters, {"version_step": 0}, 6),
        (BlindWriters, {"without_version": True}, 6),
        (TaggedWriters, {"etags": True}, 8),
    ],
    ids=["versions", "a version that stays", "no version", "etags"],
)
def test_no_update_is_lost_without_a_word(
    tmp_path: Path, writers: type[Writers], modes: dict[str, Any], examples: int
) -> None:
    """Whoever writes when: what patch-model took away is said, or cannot have been taken away."""
    with among(writers, tmp_path, **modes):
        run_state_machine(  # type: ignore[no-untyped-call]
            writers,
            settings=settings(
                max_examples=examples,
                stateful_step_count=8,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class Case(NamedTuple):
    """A moment, and what becomes of a write when somebody else writes in it."""

    moment: str
    status: str
    job: bool = False
    is_lost: bool = False
    differs: tuple[str, ...] = ()


@pytest.mark.parametrize("how", ["bare", "patch-model"])
@pytest.mark.parametrize(
    "case",
    [
        Case("between the plan and the second reading", "conflict"),
        Case("just after the second reading", "unverified", is_lost=True),
        Case("before the write", "unverified", is_lost=True),
        Case("while its job waits", "unverified", job=True, is_lost=True),
        Case("between the write and its answer", "applied"),
        Case("before the write is looked for", "unverified", job=True, differs=("/identifier",)),
        Case("after it was looked for", "applied", job=True),
    ],
)
def test_each_moment_has_its_answer(tmp_path: Path, how: How, case: Case) -> None:
    """Where somebody else's write comes in, what becomes of it, and what is said."""
    with among(Writers, tmp_path):
        state = Writers()
        state.begin()
        options = Options(run_async=case.job)
        result = state._watched(
            lambda: run_patch(state.me, state.model_id, Patch.set("name", "Clients"), options),
            {("name",)},
            [Other(how, ("identifier",), case.moment)],
            None,
        )
        mine = [one for one in state.world.ledger.writes if one.by == USER["name"]]

    lost = [("identifier",)] if case.is_lost else []
    differences = getattr(result.error, "differences", ())
    assert result.status == case.status
    assert [list(one.lost) for one in mine] == ([] if case.status == "conflict" else [lost])
    assert tuple(change.path for change in differences) == case.differs


@contextmanager
def among(writers: type[Writers], folder: Path, **modes: Any) -> Iterator[None]:
    """A sandbox for them all to meet on."""
    with Sandbox(validate_responses=False, **modes) as sandbox:
        writers.world = World.around(sandbox, folder)
        try:
            yield
        finally:
            writers.world.close()
