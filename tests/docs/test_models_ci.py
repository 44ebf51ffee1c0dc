"""The workflow for models as files, with a stand-in for ``gh`` and a real git repository."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import patcher
from patcher.documents import yamltext
from patcher.sandbox import Sandbox
from tests import warm
from tests.docs.console import ROOT
from tests.files.project import IDENTITY, Project
from tests.sandbox import seed

SCRIPT = ROOT / "examples" / "models_ci.sh"
WORKFLOW = ROOT / "examples" / "models_workflow.yml"

GH = """#!/bin/sh
echo "$*" >> "$GH/calls"
case "$*" in
  "api --paginate "*) [ -f "$GH/comment" ] && echo 11; true ;;
  "api -X PATCH "*/comments/11*|"api repos/o/r/issues/7/comments -F "*) cp body.md "$GH/comment" ;;
  "api repos/o/r/commits/"*) echo 7 ;;
  "run list "*) cat "$GH/succeeded" 2>/dev/null; true ;;
  "issue list "*) [ -f "$GH/issue" ] && echo 3; true ;;
  "issue create "*|"issue edit 3 "*) cp body.md "$GH/issue" ;;
  *) echo "unexpected: $*" >&2; exit 64 ;;
esac
"""


class Remote:
    """A repository with an origin, a sandbox behind it, and what GitHub would hold."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.project = Project(folder / "work").init()
        binaries = folder / "bin"
        binaries.mkdir()
        self.github = folder / "gh"
        self.github.mkdir()
        warm.command(binaries)
        (binaries / "gh").write_text(GH)
        (binaries / "gh").chmod(0o755)
        self.environ = {
            **IDENTITY,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "GH": str(self.github),
            "PATCH_MODEL_STATE_DIR": str(folder / "state"),
            "POLYTOMIC_DEPLOYMENT_URL": sandbox.url,
            "POLYTOMIC_API_KEY": sandbox.api_key,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_BASE_REF": "main",
            "GITHUB_REF_NAME": "main",
            "PULL_REQUEST": "7",
            "WORKFLOW": "models",
        }
        with patcher.Client(sandbox.url, sandbox.api_key) as client:
            list(patcher.pull_models(self.project.models, client=client))
        self.project.commit("All models")
        self.project.git("init", "-q", "--bare", "-b", "main", str(folder / "origin"))
        self.project.git("remote", "add", "origin", str(folder / "origin"))
        self.push()

    def push(self) -> str:
        """Pushes main; the id of its tip."""
        self.project.git("push", "-q", "origin", "main")
        self.project.git("fetch", "-q", "origin")
        return self.project.git("rev-parse", "main").strip()

    def run(self, step: str, **environ: str) -> int:
        """Runs a step of the workflow; its exit code."""
        done = subprocess.run(
            ["sh", str(SCRIPT), step],
            cwd=self.project.path,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "unexpected" not in done.stderr, done.stderr
        return done.returncode

    def held(self, name: str) -> str:
        """What GitHub holds under a name."""
        return (self.github / name).read_text()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """A repository with all models, pushed."""
    with Sandbox(models=3) as sandbox:
        yield Remote(sandbox, tmp_path)


def test_a_pull_request_has_one_comment_with_its_plan(remote: Remote) -> None:
    """The plan is against the target branch; a second run replaces the comment."""
    project = remote.project
    project.git("checkout", "-q", "-b", "feature")
    project.edit("orders", "name: Orders", "name: Ours")
    project.commit()
    assert remote.run("plan") == 0
    first = remote.held("comment")
    project.edit("orders", "name: Ours", "name: Mine")
    project.commit()
    assert remote.run("plan") == 0

    assert first.startswith("<!-- patch-model: models -->\n### Plan for")
    assert '"Ours"' in first
    assert '"Mine"' in remote.held("comment")
    assert remote.held("calls").count("-X PATCH") == 1
    assert remote.sandbox.puts() == []


def test_a_merge_is_applied_at_the_tip_only(remote: Remote) -> None:
    """A run that was superseded writes nothing and is no success; a failed one is made up for."""
    project = remote.project
    before = remote.push()
    project.edit("orders", "name: Orders", "name: Ours")
    first = project.commit()
    project.edit("accounts", "name: Accounts", "name: Our accounts")
    project.commit()
    tip = remote.push()

    assert remote.run("apply", GITHUB_SHA=first, BEFORE=before) == 1
    assert remote.sandbox.puts() == []
    (remote.github / "succeeded").write_text(before)
    assert remote.run("apply", GITHUB_SHA=tip, BEFORE=first) == 0
    assert remote.sandbox.stored(seed.ORDERS)["name"] == "Ours"
    assert remote.sandbox.stored(seed.ACCOUNTS)["name"] == "Our accounts"
    assert remote.run("apply", GITHUB_SHA=tip, BEFORE=first) == 0
    assert len(remote.sandbox.puts()) == 2


def test_the_push_that_creates_the_branch_has_its_first_commit_as_base(remote: Remote) -> None:
    """GitHub names no commit before it; what was changed since the first pull is applied."""
    assert remote.run("apply", GITHUB_SHA=remote.push(), BEFORE="0" * 40) == 0
    assert remote.sandbox.puts() == []
    remote.project.edit("orders", "name: Orders", "name: Ours")
    remote.project.commit()

    assert remote.run("apply", GITHUB_SHA=remote.push(), BEFORE="0" * 40) == 0
    assert remote.sandbox.stored(seed.ORDERS)["name"] == "Ours"


def test_a_conflict_is_said_on_the_pull_request(remote: Remote) -> None:
    """With the values of both sides, and how to go on."""
    before = remote.push()
    remote.project.edit("orders", "name: Orders", "name: Ours")
    remote.project.commit()
    tip = remote.push()
    remote.sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})

    assert remote.run("apply", GITHUB_SHA=tip, BEFORE=before) == 7
    assert '"Theirs"' in remote.held("comment")
    assert "To go on: " in remote.held("comment")


def test_drift_opens_one_issue(remote: Remote) -> None:
    """Nothing is said where nothing differs, and a second night edits the issue."""
    assert remote.run("drift") == 0
    assert not (remote.github / "issue").exists()
    remote.sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})

    assert (remote.run("drift"), remote.run("drift")) == (0, 0)
    assert "Behind: models/orders.yaml (/name)" in remote.held("issue")
    assert remote.held("calls").count("issue create") == 1


def test_the_workflow_is_pinned_and_gives_forks_nothing() -> None:
    """Each action is named by digest, with its version; only a branch of ours is planned."""
    text = WORKFLOW.read_text()
    workflow = yamltext.parse(text, what="the workflow")
    used = re.findall(r"uses: (.*)", text)

    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)
    assert set(workflow["jobs"]) == {"plan", "apply", "drift"}
    assert "head.repo.full_name == github.repository" in workflow["jobs"]["plan"]["if"]
    steps = [one for job in workflow["jobs"].values() for one in job["steps"]]
    assert all(one["with"]["fetch-depth"] == 0 for one in steps if "checkout" in str(one))
