"""The recipes for pipelines in examples/: each step that is a command is run on the sandbox."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

import patcher
from patcher.api import Client
from patcher.sandbox import seed
from tests.docs.console import ROOT, surroundings

EXAMPLES = ROOT / "examples"
RECIPES = {"ci_review.sh", "github_workflow.yml", "airflow_task.py", "precommit_check.py"}
WORKFLOW: Mapping[str, Any] = YAML(typ="safe").load(EXAMPLES / "github_workflow.yml")

# A stand-in for GitHub's own command: it keeps a comment, and hands the artifact back.
_GH = """#!/bin/sh
echo "$@" >> "$STORE/calls"
case "$1 $2" in
    "pr comment")
        while [ "$1" != --body-file ]; do shift; done
        cp "$2" "$STORE/comment.md" ;;
    "run list") echo 4711 ;;
    "run download")
        [ "$3" = 4711 ] || exit 1
        while [ "$1" != --dir ]; do shift; done
        cp -r "$STORE/plans" "$2" ;;
    *) exit 1 ;;
esac
"""


class Place(NamedTuple):
    """A folder to work in, and the environment of its commands."""

    folder: Path
    environ: dict[str, str]

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """How a command ended."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def write(self, name: str, text: str) -> str:
        """Writes a file; its name."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)
        return name

    def change(self, model: str, **members: Any) -> None:
        """Somebody else changes a model."""
        url = self.environ["POLYTOMIC_DEPLOYMENT_URL"]
        with Client(url, self.environ["POLYTOMIC_API_KEY"]) as client:
            patcher.patch_model(model, members, client=client)

    def model(self, name: str) -> dict[str, Any]:
        """A model's document, by its name."""
        done = self.run("patch-model", "get", name)
        found: dict[str, Any] = YAML(typ="safe").load(done.stdout) if done.returncode == 0 else {}
        return found


@pytest.fixture
def place() -> Iterator[Place]:
    """A folder, with a sandbox behind it."""
    with surroundings() as (environ, folder):
        yield Place(folder, environ)


def test_the_script_plans_shows_and_applies_what_it_showed(place: Place) -> None:
    """Two changes: planned, shown together, applied; a second time there is nothing to do."""
    place.write("changes/Contacts.yaml", "name: Customers\n")
    place.write(f"changes/{seed.ORDERS}.json", '{"configuration": {"limit": 5}}')
    script = ("sh", "examples/ci_review.sh")
    files = ("changes/Contacts.yaml", f"changes/{seed.ORDERS}.json")
    planned = place.run(*script, "plan", "review", *files)
    before = place.model("Contacts")
    applied = place.run(*script, "apply", "review")
    again = place.run(*script, "apply", "review")

    assert (planned.returncode, planned.stderr.count("The plan is in")) == (0, 0)
    assert planned.stdout.count("### Plan for") == 2
    assert "hunter2" not in "".join(
        path.read_text() for path in (place.folder / "review").iterdir()
    )
    assert before["name"] == "Contacts"
    assert (applied.returncode, again.returncode) == (0, 0)
    assert place.model("Customers")["labels"] == before["labels"]
    assert place.model("Orders")["configuration"]["limit"] == 5
    assert "Written" not in again.stdout


def test_the_script_says_what_could_not_be_planned(place: Place) -> None:
    """A refused change is in the comment, in code, and the step fails; others are planned."""
    place.write("changes/Contacts.yaml", "fields: [id]\n")
    place.write("changes/Accounts.yaml", "name: Firms\n")
    place.write("changes/Nobody.yaml", "name: '@everyone </details>'\n")
    names = (f"changes/{name}.yaml" for name in ("Contacts", "Accounts", "Nobody"))
    done = place.run("sh", "examples/ci_review.sh", "plan", "review", *names)
    comment = (place.folder / "review" / "comment.md").read_text()

    assert done.returncode == 3
    assert "### No plan\n\n    changes/Contacts.yaml\n    Error: The change is refused" in comment
    assert '### Plan for `model "Accounts"`' in comment
    assert "    Error: There is no model called" in comment
    assert [path.name for path in (place.folder / "review").glob("*.json")] == [
        "Accounts.plan.json"
    ]


def test_the_script_passes_a_conflict_on(place: Place) -> None:
    """One of two models was changed since the review: it is refused, and the other written."""
    place.write("changes/Contacts.yaml", "name: Customers\n")
    place.write("changes/Accounts.yaml", "name: Firms\n")
    script = ("sh", "examples/ci_review.sh")
    place.run(*script, "plan", "review", "changes/Contacts.yaml", "changes/Accounts.yaml")
    place.change(seed.ACCOUNTS, identifier="domain")
    done = place.run(*script, "apply", "review")

    assert done.returncode == 4
    assert place.model("Customers")["name"] == "Customers"
    assert place.model("Accounts")["identifier"] == "domain"


class Runner(NamedTuple):
    """What GitHub does with the workflow: steps that are commands are run, others stood in for."""

    place: Place

    @property
    def store(self) -> Path:
        """What is kept between jobs, and what ``gh`` was told."""
        return self.place.folder / "store"

    def job(self, name: str, **event: str) -> int:
        """Runs a job's steps in a folder of its own; the exit code of the first that failed."""
        work = self.place.folder / f"work-{name}-{len(list(self.place.folder.iterdir()))}"
        code = 0
        for step in WORKFLOW["jobs"][name]["steps"]:
            action = step.get("uses", "")
            if action.startswith("actions/checkout"):
                shutil.copytree(self.place.folder / "repository", work)
            work.mkdir(exist_ok=True)
            if action.startswith("actions/upload-artifact") and code == 0:
                shutil.rmtree(self.store / "plans", ignore_errors=True)
                shutil.copytree(work / step["with"]["path"], self.store / "plans")
            if "run" in step and step["name"] != "Install" and (code == 0 or "if" in step):
                done = Place(work, self._environ(step, event)).run(
                    "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]
                )
                code = code or done.returncode
        return code

    def _environ(self, step: Mapping[str, Any], event: Mapping[str, str]) -> dict[str, str]:
        """The environment of a step, with what its expressions stand for."""
        known = {
            "secrets.POLYTOMIC_API_KEY": self.place.environ["POLYTOMIC_API_KEY"],
            "github.token": "token",
            **event,
        }
        theirs = {key: value for key, value in self.place.environ.items() if "KEY" not in key}
        given = {
            key: re.sub(r"\$\{\{ (.*?) \}\}", lambda match: known[match[1]], value)
            for key, value in step.get("env", {}).items()
        }
        return {
            **theirs,
            "STORE": str(self.store),
            "GITHUB_STEP_SUMMARY": str(self.store / "summary.md"),
            "GITHUB_REPOSITORY": "example/models",
            "GITHUB_WORKFLOW": WORKFLOW["name"],
            **given,
        }


@pytest.fixture
def runner(place: Place) -> Runner:
    """A repository with a base and a change upon it, and GitHub's command in the path."""
    if shutil.which("git") is None:
        pytest.skip("there is no git here, so that the workflow's steps were not run")
    (place.folder / "store").mkdir()
    place.write("bin/gh", _GH)
    (place.folder / "bin" / "gh").chmod(0o755)
    repository = place.folder / "repository"
    repository.mkdir()
    git = Place(
        repository,
        {
            **place.environ,
            **{
                f"GIT_{who}_{what}": "x"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        },
    )
    git.write("changes/Orders.yaml", "name: Orders\n")
    for command in ("init -q -b main", "add .", "commit -qm base", "tag base"):
        git.run("git", *command.split())
    git.write("changes/Contacts.yaml", "name: Customers\n")
    git.write("changes/Accounts.yaml", "tracking_columns: null\n")
    for command in ("add .", "commit -qm change"):
        assert git.run("git", *command.split()).returncode == 0
    return Runner(place)


BASE = {"github.event.pull_request.base.sha": "base", "github.event.pull_request.number": "7"}
HEAD = {"github.event.pull_request.head.sha": "abc123"}


def test_the_workflow_comments_and_applies_what_it_commented(runner: Runner) -> None:
    """What the pull request changes is planned and commented; on merge just that is written."""
    planned = runner.job("plan", **BASE)
    comment = (runner.store / "comment.md").read_text()
    unwritten = runner.place.model("Contacts")
    applied = runner.job("apply", **HEAD)
    calls = (runner.store / "calls").read_text()

    assert (planned, applied) == (0, 0)
    assert comment.count("### Plan for") == 2
    assert '### Plan for `model "Contacts"`' in comment
    assert "Orders" not in comment
    assert (runner.store / "summary.md").read_text() == comment
    assert unwritten["name"] == "Contacts"
    assert runner.place.model("Customers")["policies"] == unwritten["policies"]
    assert "tracking_columns" not in runner.place.model("Accounts")
    assert "pr comment 7 --repo example/models" in calls
    assert "--commit abc123 --status success" in calls


def test_the_workflow_refuses_what_was_changed_since(runner: Runner) -> None:
    """A model that moved between review and merge fails the job, and keeps what was put there."""
    runner.job("plan", **BASE)
    runner.place.change(seed.CONTACTS, identifier="email")

    assert runner.job("apply", **HEAD) == 4
    assert runner.place.model("Contacts")["identifier"] == "email"


def test_the_workflow_comments_a_refusal_and_keeps_no_plan(runner: Runner) -> None:
    """A change that cannot be made fails the job, is told in the comment, and is not applied."""
    runner.place.change(seed.ACCOUNTS, name="Firms")

    assert runner.job("plan", **BASE) == 3
    assert "### No plan" in (runner.store / "comment.md").read_text()
    assert not (runner.store / "plans").exists()
    assert runner.job("apply", **HEAD) != 0


def test_the_workflow_gives_away_nothing() -> None:
    """No expression stands in a script, secrets go to the steps that need them, and to no fork."""
    text = (EXAMPLES / "github_workflow.yml").read_text()
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    keyed = [step["name"] for step in steps if "POLYTOMIC_API_KEY" in step.get("env", {})]

    assert "pull_request_target" not in text
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all("${{" not in step.get("run", "") for step in steps)
    assert keyed == ["Plan", "Apply"]
    assert "head.repo.full_name == github.repository" in WORKFLOW["jobs"]["plan"]["if"]
    assert WORKFLOW["jobs"]["apply"]["if"] == "github.event.pull_request.merged == true"


def test_the_airflow_task_runs_and_runs_again(place: Place) -> None:
    """As a command: applied once, unchanged the second time."""
    command = ("python", "examples/airflow_task.py", seed.CONTACTS, '{"name": "Customers"}')
    outputs = [place.run(*command).stdout for _ in range(2)]

    assert outputs == ["applied ['/name']\n", "unchanged []\n"]


@pytest.mark.parametrize(
    ("model", "change", "ending"),
    [
        ("Contacts", "{'name': 'Customers'}", "applied"),
        ("Nobody", "{'name': 'x'}", "GiveUp There is no model called"),
        ("Contacts", "{'version': 3}", "GiveUp /version belongs to the server"),
        ("Contacts", "{'fields': ['id']}", "GiveUp The change is refused, since --strict"),
    ],
)
def test_the_airflow_task_tells_what_may_be_tried_again(
    place: Place, model: str, change: str, ending: str
) -> None:
    """What no further try can mend is raised as Airflow's own failure; no Airflow is needed."""
    code = (
        "import sys; sys.path.insert(0, 'examples')\n"
        "from airflow_task import change_model\n"
        "class GiveUp(Exception): pass\n"
        "try:\n"
        f"    print(change_model({model!r}, {change}, give_up=GiveUp)['status'])\n"
        "except GiveUp as error:\n"
        "    print('GiveUp', error)\n"
        "assert 'airflow' not in sys.modules\n"
    )
    done = place.run("python", "-c", code)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(ending)


def test_the_airflow_task_lets_a_failure_pass_that_may_pass(place: Place) -> None:
    """An API that does not answer is for Airflow's own retries."""
    code = "import sys; sys.path.insert(0, 'examples'); from airflow_task import change_model\n"
    done = place.run(
        "python",
        "-c",
        f"{code}\nchange_model({seed.CONTACTS!r}, {{'name': 'x'}})",
        POLYTOMIC_DEPLOYMENT_URL="http://127.0.0.1:9",
    )

    assert "connection refused" in done.stderr.splitlines()[-1]
    assert "RuntimeError" not in done.stderr


def test_the_check_before_a_commit_plans_and_refuses_surprises(place: Place) -> None:
    """What can be made passes, what cannot or does more is told, and nothing is written."""
    good = place.write("changes/Contacts.json", '{"name": "Customers", "labels": null}')
    files = [
        place.write("changes/Accounts.json", '{"labels": []}'),
        place.write("changes/Orders.json", '{"fields": ["id"]}'),
        place.write("changes/Nobody.json", "{"),
    ]
    passed = place.run("python", "examples/precommit_check.py", good)
    refused = place.run("python", "examples/precommit_check.py", good, *files)

    assert (passed.returncode, passed.stdout) == (0, f"{good}: /name, /labels\n")
    assert refused.returncode == 1
    told = refused.stderr.splitlines()
    assert told[0] == f"{files[0]}: clears /labels"
    assert told[1].startswith(f"{files[1]}: The change is refused, since --strict is on.")
    assert told[2].startswith(f"{files[2]}: cannot be read: ")
    assert place.model("Contacts")["name"] == "Contacts"


def test_the_recipes_use_the_public_names_alone() -> None:
    """The Python recipes import the package and the standard library, and nothing besides."""
    for name in ("airflow_task.py", "precommit_check.py"):
        code = (EXAMPLES / name).read_text().split('"""', 2)[2]
        imported = set(re.findall(r"^(?:from|import) (\S+)", code, re.MULTILINE))

        assert imported - set(sys.stdlib_module_names) == {"patcher"}
        assert set(re.findall(r"patcher\.(\w+)", code)) <= set(patcher.__all__)
