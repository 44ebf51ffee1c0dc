"""People edit files on branches, merge, revert and apply, while others write to the API."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import patcher
from patcher import Client
from tests.files.project import IDENTITY, Project
from tests.sandbox import Sandbox, seed

MODELS = {seed.ORDERS: "orders", seed.ACCOUNTS: "accounts"}
PLACES = ("name", "identifier")
BRANCHES = ("left", "right")
Values: TypeAlias = dict[str, Any]

models = st.sampled_from(sorted(MODELS))
changes = st.dictionaries(
    st.sampled_from(PLACES), st.sampled_from(["one", "two", "three", "four"]), min_size=1
)


class Edit(NamedTuple):
    """A commit on a branch, which is merged at once or waits."""

    branch: str
    model: str
    changes: Values
    is_merged: bool


class Day(NamedTuple):
    """What happens in a day: people edit, others write, a run, a revert, what others did stays."""

    edits: list[Edit]
    writes: dict[str, Values]
    run: Literal["apply", "rebase", "pull"]
    is_reverted: bool
    settled: list[str]


often = st.sampled_from([True, True, True, False])
edits = st.builds(Edit, st.sampled_from(BRANCHES), models, changes, often)
days = st.builds(
    Day,
    st.lists(edits, min_size=1, max_size=2),
    st.dictionaries(models, changes, max_size=1),
    st.sampled_from(["apply", "rebase", "rebase", "pull"]),
    often.map(lambda one: not one),
    st.lists(models, max_size=2),
)


def of(document: dict[str, Any]) -> Values:
    """What the test looks at in a document."""
    return {place: document.get(place) for place in PLACES}


class World:
    """A repository with a work tree for each branch, and an API; used by one team after another."""

    def __init__(self, path: Path, sandbox: Sandbox, client: Client) -> None:
        self.sandbox, self.client = sandbox, client
        self.seen: set[str] = set()
        self.project = Project(path / "project").init()
        list(patcher.pull_models(self.project.models, list(MODELS), client=client))
        self.start = self.project.commit("Two models")
        self.seeds = {one: of(sandbox.stored(one)) for one in MODELS}
        self.trees = {one: Project(path / one) for one in BRANCHES}
        for branch, tree in self.trees.items():
            self.project.git("worktree", "add", "-q", "-b", branch, str(tree.path))

    @contextmanager
    def state(self) -> Iterator[None]:
        """Within it, everything is as it was pulled and committed, with an empty journal."""
        for tree in (self.project, *self.trees.values()):
            tree.git("reset", "-q", "--hard", self.start)
        for model, document in self.seeds.items():
            self.sandbox.write_as_other(model, document)
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATCH_MODEL_STATE_DIR", folder)
            yield


class Team:
    """Two branches, an API that others write to, and a pipeline that applies main."""

    def __init__(self, world: World) -> None:
        self.sandbox, self.client = world.sandbox, world.client
        self.project, self.trees = world.project, world.trees
        self.seen = world.seen
        self.applied = world.start
        self.before = {one: self.file(one) for one in MODELS}

    def live_through(self, day: Day) -> None:
        """Does what happens in a day."""
        for edit in day.edits:
            self.set(self.trees[edit.branch], edit.model, edit.changes)
            if edit.is_merged:
                self.merge(edit.branch)
        for model, changes in day.writes.items():
            self.sandbox.write_as_other(model, changes)
        if day.run == "pull":
            self.pull()
        else:
            self.apply(rebases=day.run == "rebase")
        if day.is_reverted:
            self.revert()
        for model in day.settled:
            self.set(self.project, model, self.live(model))

    def file(self, model: str) -> Values:
        """A file of the work tree."""
        text = self.project.file(MODELS[model]).read_text()
        return dict(re.findall(r"^(name|identifier): (.*)$", text, flags=re.MULTILINE))

    def live(self, model: str) -> Values:
        """A model."""
        return of(self.sandbox.stored(model))

    def set(self, tree: Project, model: str, changes: Values) -> None:
        """Commits values in a file."""
        path = tree.file(MODELS[model])
        text = path.read_text()
        for place, value in changes.items():
            text = re.sub(rf"^{place}: .*$", f"{place}: {value}", text, flags=re.MULTILINE)
        path.write_text(text)
        tree.git("commit", "-q", "--allow-empty", "-a", "-m", "A change")

    def merge(self, branch: str) -> None:
        """A branch is merged, unless git sees a conflict, and goes on from main."""
        try:
            self.project.git("merge", "-q", "--no-ff", "-m", "Merge", branch)
        except AssertionError:
            self.project.git("merge", "--abort")
        self.trees[branch].git("reset", "-q", "--hard", "main")

    def revert(self) -> None:
        """The last merge is reverted, where there is one that can be."""
        found = self.project.git("log", "--merges", "--format=%H", "-1").strip()
        if not found:
            return
        try:
            self.project.git("revert", "--no-edit", "-m", "1", found)
        except AssertionError:
            self.project.git("reset", "-q", "--hard")
            self.project.git("update-ref", "-d", "REVERT_HEAD")

    def sides(self) -> dict[str, tuple[Values, Values, Values]]:
        """Each model as it was last applied, as its file says, and as it is."""
        return {one: (self.before[one], self.file(one), self.live(one)) for one in MODELS}

    def apply(self, *, rebases: bool) -> None:
        """The pipeline: nothing of theirs is overwritten, what was merged arrives, once."""
        sides = self.sides()
        puts = len(self.sandbox.puts())
        results = self.applies("rebase" if rebases else "fail")
        for model, (base, mine, theirs) in sides.items():
            after, result = self.live(model), results[model]
            yours = {one for one in PLACES if mine[one] != base[one]}
            clash = {one for one in yours if theirs[one] not in (base[one], mine[one])}
            apart = {one for one in PLACES if one not in yours and theirs[one] != base[one]}
            left = {one for one in yours if theirs[one] != mine[one]}
            if clash or (left and apart and not rebases):
                assert result.exit_code == 4
            if clash or result.exit_code:
                assert after == theirs
            else:
                assert after == {one: mine[one] if one in yours else theirs[one] for one in PLACES}
        written = len(self.sandbox.puts()) - puts
        assert written == sum(one.status == "applied" for one in results.values())
        if all(one.exit_code == 0 for one in results.values()):
            again = self.applies("fail")
            assert {one.status for one in again.values()} == {"unchanged"}
            self.applied = self.project.git("rev-parse", "HEAD").strip()
            self.before = {one: self.file(one) for one in MODELS}

    def applies(self, on_conflict: Any) -> dict[str, patcher.PatchResult]:
        """The results of applying main, by model."""
        results = patcher.apply_files(
            [self.project.models],
            client=self.client,
            base=self.applied,
            on_conflict=on_conflict,
            concurrency=1,
        )
        found = {}
        for one in results:
            found[one.plan.base.id if one.plan else one.target] = one
        self.seen.update(one.status for one in found.values())
        return {str(key): one for key, one in found.items()}

    def pull(self) -> None:
        """What others changed gets into the files, or a file is left alone; git gets it all."""
        sides = self.sides()
        pulled = patcher.pull_models(
            self.project.models, list(MODELS), client=self.client, base=self.applied
        )
        results = {one.model_id: one for one in pulled}
        for model, (base, mine, theirs) in sides.items():
            clash = [
                one
                for one in PLACES
                if mine[one] != base[one] and theirs[one] not in (base[one], mine[one])
            ]
            expected = {one: theirs[one] if mine[one] == base[one] else mine[one] for one in PLACES}
            assert self.file(model) == (mine if clash else expected)
            assert (results[model].status == "conflict") == bool(clash)
        self.project.git("commit", "-q", "--allow-empty", "-a", "-m", "What others changed")


@pytest.fixture
def world(
    sandbox: Sandbox, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """What the teams work with."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    world = World(tmp_path, sandbox, client)
    yield world
    assert {"applied", "unchanged"} <= world.seen  # else it has shown nothing


@settings(
    max_examples=8,
    phases=[Phase.generate],  # shrinking would run git thousands of times
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(lived=st.lists(days, min_size=2, max_size=4))
def test_nothing_of_theirs_is_lost_and_what_was_merged_arrives(
    world: World, lived: list[Day]
) -> None:
    """Whatever people edit, merge, revert and apply while others write, day after day."""
    with world.state():
        team = Team(world)
        for day in lived:
            team.live_through(day)
    assert world.seen <= {"applied", "unchanged", "conflict"}
