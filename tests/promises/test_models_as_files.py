"""People edit files on branches, merge, revert and apply, while others write to the API."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import patcher
from patcher import Client
from patcher.files.modelfile import ModelFile
from patcher.sandbox import Sandbox, seed
from tests.files.project import IDENTITY, Project

MODELS = {seed.ORDERS: "orders", seed.ACCOUNTS: "accounts"}
PLACES = ("name", "identifier")
Values: TypeAlias = dict[str, Any]

models = st.sampled_from(sorted(MODELS))
places = st.sampled_from(PLACES)
values = st.sampled_from(["one", "two", "three"])
branches = st.sampled_from(["left", "right"])


def of(document: dict[str, Any]) -> Values:
    """What the test looks at in a document."""
    return {place: document.get(place) for place in PLACES}


class Team(RuleBasedStateMachine):
    """A repository, two branches, an API, and a pipeline that applies main."""

    @initialize()
    def begin(self) -> None:
        """All models are pulled, committed, and so applied."""
        self.stack = ExitStack()
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        patch.setenv("PATCH_MODEL_STATE_DIR", str(folder / "state"))
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        self.sandbox = self.stack.enter_context(Sandbox(models=3))
        self.client = self.stack.enter_context(Client(self.sandbox.url, self.sandbox.api_key))
        self.project = Project(folder / "project").init()
        list(patcher.pull_models(self.project.models, client=self.client))
        self.applied = self.project.commit("All models")
        for branch in ("left", "right"):
            self.project.git("branch", branch)

    def teardown(self) -> None:
        """Ends what was started."""
        if hasattr(self, "stack"):
            self.stack.close()

    def file(self, model: str) -> Values:
        """A file of the work tree."""
        path = self.project.file(MODELS[model])
        return of(ModelFile.of(path, path.read_bytes()).document())

    def before(self, model: str) -> Values:
        """A file as it was last applied."""
        path = f"models/{MODELS[model]}.yaml"
        text = self.project.git("show", f"{self.applied}:{path}")
        return of(ModelFile.of(Path(path), text.encode()).document())

    def live(self, model: str) -> Values:
        """A model."""
        return of(self.sandbox.stored(model))

    def set(self, model: str, place: str, value: Any) -> None:
        """Writes a value into a file."""
        path = self.project.file(MODELS[model])
        text = re.sub(rf"^{place}: .*$", f"{place}: {value}", path.read_text(), flags=re.MULTILINE)
        path.write_text(text)

    @rule(branch=branches, model=models, place=places, value=values)
    def edit(self, branch: str, model: str, place: str, value: str) -> None:
        """Someone commits a change on a branch."""
        self.project.git("checkout", "-q", branch)
        self.set(model, place, value)
        self.project.commit()
        self.project.git("checkout", "-q", "main")

    @rule(branch=branches)
    def merge(self, branch: str) -> None:
        """A branch is merged, unless git sees a conflict, and goes on from main."""
        try:
            self.project.git("merge", "-q", "--no-ff", "-m", "Merge", branch)
        except AssertionError:
            self.project.git("merge", "--abort")
        self.project.git("branch", "-f", branch, "main")

    @rule()
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

    @rule(model=models, place=places, value=values)
    def write(self, model: str, place: str, value: str) -> None:
        """Someone else writes to the API."""
        self.sandbox.write_as_other(model, {place: value})

    @rule(rebases=st.booleans())
    def apply(self, rebases: bool) -> None:
        """The pipeline: nothing of theirs is overwritten, what was merged arrives, once."""
        sides = {one: (self.before(one), self.file(one), self.live(one)) for one in MODELS}
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
        return {str(key): one for key, one in found.items() if key in MODELS}

    @rule()
    def pull(self) -> None:
        """What others changed gets into the files, or a file is left alone; git gets it all."""
        sides = {one: (self.before(one), self.file(one), self.live(one)) for one in MODELS}
        pulled = patcher.pull_models(self.project.models, client=self.client, base=self.applied)
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
        self.project.commit("What others changed")

    @precondition(lambda self: hasattr(self, "project"))
    @rule(model=models)
    def settle(self, model: str) -> None:
        """Someone takes the live values into a file, and commits that."""
        for place, value in self.live(model).items():
            self.set(model, place, value)
        self.project.commit("Theirs")


TestTeam = Team.TestCase
TestTeam.settings = settings(
    max_examples=8,
    stateful_step_count=12,
    phases=[Phase.generate],  # shrinking would run git thousands of times
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
