"""The recipes for pipelines in examples/: each step that is a command is run on the sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import patcher
from patcher.api import Client
from tests.docs.console import ROOT, surroundings
from tests.sandbox import seed

EXAMPLES = ROOT / "examples"
RECIPES = {"ci_review.sh", "airflow_task.py", "precommit_check.py"}


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
        """Someone else changes a model."""
        url = self.environ["POLYTOMIC_DEPLOYMENT_URL"]
        with Client(url, self.environ["POLYTOMIC_API_KEY"]) as client:
            patcher.patch_model(model, members, client=client)

    def model(self, name: str) -> dict[str, Any]:
        """A model's document, by its name."""
        url = self.environ["POLYTOMIC_DEPLOYMENT_URL"]
        with Client(url, self.environ["POLYTOMIC_API_KEY"]) as client:
            return dict(patcher.plan_patch(name, {}, client=client).document)


@pytest.fixture
def place() -> Iterator[Place]:
    """A folder, with a sandbox behind it."""
    with surroundings() as (environ, folder):
        yield Place(folder, environ)


SCRIPT = ("sh", "examples/ci_review.sh")


def test_the_script_plans_shows_and_applies_what_it_showed(place: Place) -> None:
    """Two changes: planned, shown together, applied; a second time there is nothing to do."""
    place.write("changes/a/Accounts.yaml", "name: Firms\n")
    place.write(f"changes/b/{seed.ORDERS}.json", '{"configuration": {"limit": 5}}')
    files = ("changes/a/Accounts.yaml", f"changes/b/{seed.ORDERS}.json")
    planned = place.run(*SCRIPT, "plan", "review", *files)
    before = place.model("Accounts")
    applied = place.run(*SCRIPT, "apply", "review")
    again = place.run(*SCRIPT, "apply", "review")
    kept = [path.read_text() for path in (place.folder / "review").rglob("*") if path.is_file()]

    assert planned.returncode == 0
    assert planned.stdout.count("### Plan for") == 2
    assert "hunter2" not in "".join(kept)
    assert before["name"] == "Accounts"
    assert (applied.returncode, again.returncode) == (0, 0)
    assert place.model("Firms")["labels"] == before["labels"]
    assert place.model("Orders")["configuration"]["limit"] == 5
    assert "Written" in applied.stdout
    assert "Written" not in again.stdout
    assert list((place.folder / "state").rglob("*.intent.json"))


def test_the_script_refuses_what_would_be_lost(place: Place) -> None:
    """A change without a plan, and a second one for a model, are in the comment and stop it all."""
    place.write("changes/a/Contacts.yaml", "name: Customers\n")
    place.write("changes/b/Contacts.yaml", "identifier: email\n")
    place.write("changes/Nobody.yaml", "name: '@everyone </details>'\n")
    files = ("changes/a/Contacts.yaml", "changes/b/Contacts.yaml", "changes/Nobody.yaml")
    done = place.run(*SCRIPT, "plan", "review", *files)
    comment = (place.folder / "review" / "comment.md").read_text()
    applied = place.run(*SCRIPT, "apply", "review")

    assert done.returncode == 2
    assert "### No plan\n\n    changes/b/Contacts.yaml\n    Error: changes/a/Contacts.y" in comment
    assert "    changes/Nobody.yaml\n    Error: There is no model called" in comment
    assert comment.count("### Plan for") == 1
    assert (applied.returncode, applied.stdout) == (2, "")
    assert place.model("Contacts")["name"] == "Contacts"


@pytest.mark.parametrize("files", [(), ("changes/README.md", "changes/Deleted.yaml")])
def test_the_script_has_nothing_to_do(place: Place, files: tuple[str, ...]) -> None:
    """No files, or none that is a change: an empty review, and nothing to apply."""
    place.write("changes/README.md", "Changes to models\n")
    planned = place.run(*SCRIPT, "plan", "review", *files)
    applied = place.run(*SCRIPT, "apply", "review")

    assert (planned.returncode, planned.stdout) == (0, "No changes to models.\n")
    assert planned.stderr.count("Passed over") == len(files)
    assert (applied.returncode, applied.stdout) == (0, "No plans to apply.\n")


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        (("apply", "nowhere"), {}, "not a review"),
        (("apply", "nowhere"), {"PATCH_MODEL_STATE_DIR": ""}, "undo needs the journal"),
        (("plan", "bin"), {}, "must be a new folder"),
        (("plan", "review", "../Contacts.yaml"), {}, "outside"),
        (("show", "review"), {}, "usage"),
    ],
)
def test_the_script_refuses_a_wrong_call(
    place: Place, arguments: tuple[str, ...], environ: dict[str, str], words: str
) -> None:
    """A lost review is no empty one, an old one is not mixed with a new one, a journal is kept."""
    done = place.run(*SCRIPT, *arguments, **environ)

    assert done.returncode == 2
    assert words in done.stderr


def test_the_script_passes_a_conflict_on(place: Place) -> None:
    """One of two models was changed since the review: it is refused, and the other written."""
    place.write("changes/Orders.yaml", "name: Sales\n")
    place.write("changes/Accounts.yaml", "name: Firms\n")
    place.run(*SCRIPT, "plan", "review", "changes/Accounts.yaml", "changes/Orders.yaml")
    place.change(seed.ACCOUNTS, identifier="domain")
    done = place.run(*SCRIPT, "apply", "review")

    assert done.returncode == 4
    assert place.model("Sales")["name"] == "Sales"
    assert place.model("Accounts")["identifier"] == "domain"
    assert "    Error: model 'Accounts' was changed" in done.stdout
    assert (place.folder / "review" / "result.md").read_text() == done.stdout


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The same place, whose environment and folder are this process's."""
    for name in ("POLYTOMIC_DEPLOYMENT_URL", "POLYTOMIC_API_KEY", "PATCH_MODEL_STATE_DIR"):
        monkeypatch.setenv(name, place.environ[name])
    monkeypatch.chdir(place.folder)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return place


def test_the_airflow_task_runs_and_runs_again(place: Place) -> None:
    """As a command: applied once, unchanged the second time."""
    command = ("python", "examples/airflow_task.py", seed.CONTACTS, '{"name": "Customers"}')
    outputs = [place.run(*command).stdout for _ in range(2)]

    assert outputs == ["applied ['/name']\n", "unchanged []\n"]


class GiveUp(Exception):  # noqa: N818 - it stands for Airflow's own
    """What ends a task for good."""


@pytest.mark.parametrize(
    ("model", "change", "words"),
    [
        ("Nobody", {"name": "x"}, "There is no model called"),
        ("Contacts", {"version": 3}, "/version"),
        ("Contacts", {"fields": ["id"]}, "--strict"),
    ],
)
def test_the_airflow_task_gives_up(
    here: Place, model: str, change: dict[str, Any], words: str
) -> None:
    """What no further try can change is raised as Airflow's own failure; no Airflow is needed."""
    from airflow_task import change_model

    with pytest.raises(GiveUp, match=words):
        change_model(model, change, give_up=GiveUp)

    assert "airflow" not in sys.modules


@pytest.mark.parametrize(
    ("error", "worth"),
    [
        (patcher.ConflictError("moved"), True),
        (patcher.ApiError("unreachable"), True),
        (patcher.ApiError("busy", status=503), True),
        (patcher.ApiError("throttled", status=429), True),
        (patcher.ApiError("refused", status=422), False),
        (patcher.NotFoundError("gone", status=404), False),
        (patcher.OutcomeUnknownError("lost", journal_entry="@4b1d6a0c9e2f"), False),
    ],
)
def test_the_airflow_task_knows_what_is_worth_a_retry(
    here: Place, error: patcher.PatchError, worth: bool
) -> None:
    """Conflicts and failures that pass, not refusals and not unknown outcomes."""
    from airflow_task import is_worth_a_retry

    assert is_worth_a_retry(error) is worth


def test_the_check_before_a_commit_plans_and_refuses_surprises(
    here: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be made passes, what cannot or does more is named, and nothing is written."""
    from precommit_check import main

    good = here.write("changes/Contacts.json", '{"name": "Customers", "labels": null}')
    files = [
        here.write("changes/Accounts.json", '{"labels": []}'),
        here.write("changes/Orders.json", '{"fields": ["id"]}'),
        here.write("changes/Nobody.json", "{"),
        here.write("changes/List.json", "[]"),
        here.write(f"changes/{seed.CONTACTS}.json", '{"identifier": "email"}'),
    ]
    others = [here.write("changes/README.md", "text"), "changes/Deleted.json"]
    passed = main([good, *others])
    said = capsys.readouterr()
    refused = main([good, *files])
    told = capsys.readouterr().err.splitlines()

    assert (passed, said.out, said.err) == (0, f"{good}: /name, /labels\n", "")
    assert main([]) == 0
    assert refused == 1
    assert told[0] == f"{files[0]}: clears /labels"
    assert told[1].startswith(f"{files[1]}: ")
    assert "--strict" in told[1]
    assert told[2].startswith(f"{files[2]}: cannot be read: ")
    assert told[3].startswith(f"{files[3]}: expected a merge patch")
    assert told[4].startswith(f"{files[4]}: changes the same model as {good}")
    assert here.model("Contacts")["name"] == "Contacts"


def test_the_recipes_use_the_public_names_alone() -> None:
    """The Python recipes import the package and the standard library, and nothing besides."""
    for name in ("airflow_task.py", "precommit_check.py"):
        code = (EXAMPLES / name).read_text().split('"""', 2)[2]
        imported = set(re.findall(r"^(?:from|import) (\S+)", code, re.MULTILINE))

        assert imported - set(sys.stdlib_module_names) == {"patcher"}
        assert set(re.findall(r"patcher\.(\w+)", code)) <= set(patcher.__all__)
