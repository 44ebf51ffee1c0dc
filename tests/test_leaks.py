"""The watch over keys and credentials: it sees every way out, and a planted leak fails a test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from patcher.cli import console
from patcher.errors import InvalidInputError
from patcher.sandbox import Sandbox, server
from tests import leaks
from tests.cli.terminal import Terminal
from tests.leaks import KEYS, SECRETS, Watch
from tests.sandbox import seed

ROOT = Path(__file__).parents[1]
KEY, SECRET = KEYS[0], SECRETS[0]


def print_here(text: str, folder: Path) -> None:
    """What a command prints in this process."""
    console.out(f"a {text} b\n")


def say_here(text: str, folder: Path) -> None:
    """What it says on standard error."""
    console.say(f"a {text} b")


def raise_here(text: str, folder: Path) -> None:
    """What an error says."""
    InvalidInputError("No.", hint=f"a {text} b")


def print_there(text: str, folder: Path) -> None:
    """What a process prints."""
    code = "import sys; print(sys.argv[1], file=sys.stderr)"
    subprocess.run([sys.executable, "-c", code, text], capture_output=True, check=True)


def show(text: str, folder: Path) -> None:
    """What is on a terminal."""
    Terminal("list", "--api-key-file", text).finish()


def write(text: str, folder: Path) -> None:
    """What is in a file."""
    (folder / "deep").mkdir()
    (folder / "deep" / "plan.json").write_text(f'{{"a": "{text}"}}')


def name(text: str, folder: Path) -> None:
    """What a file is called."""
    (folder / text).touch()


WAYS = [print_here, say_here, raise_here, print_there, show, write, name]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("word", [KEY, SECRET])
def test_every_way_out_is_watched(
    way: Callable[[str, Path], None], word: str, nothing_leaks: Watch, tmp_path: Path
) -> None:
    """A key or a credential is seen wherever it comes out, and is not repeated in what is said."""
    way(word, tmp_path)
    nothing_leaks.see_files(tmp_path)

    found = nothing_leaks.leaks()
    nothing_leaks.mine(tmp_path)
    nothing_leaks.forget()

    assert found
    assert word not in str(found)


@pytest.mark.parametrize(
    "place", ["state/journal/0123456789ab.intent.json", "state/edits/a.yaml", "seen-1"]
)
def test_a_document_may_be_where_the_design_says(
    place: str, nothing_leaks: Watch, tmp_path: Path
) -> None:
    """The journal and the texts of edits hold credentials, and never a key."""
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SECRET)
    nothing_leaks.see_files(tmp_path)
    assert nothing_leaks.leaks() == []

    path.write_text(KEY)
    nothing_leaks.see_files(tmp_path)
    path.unlink()

    assert len(nothing_leaks.leaks()) == 1
    nothing_leaks.forget()


@pytest.mark.parametrize(("command", "count"), [("get", 0), ("plan", 1), ("list", 1)])
def test_only_get_prints_a_document(command: str, count: int, nothing_leaks: Watch) -> None:
    """On standard output, and on standard error not even get."""
    with click.Context(click.Command(command), info_name=command):
        console.out(SECRET)
        assert len(nothing_leaks.leaks()) == count
        console.say(SECRET)

    assert len(nothing_leaks.leaks()) == count + 1
    nothing_leaks.forget()


def test_the_words_are_those_of_the_sandbox() -> None:
    """What is searched for is what the tests' models and servers really have."""
    text = str([document for _, document in seed.documents(3)])

    assert {server.DEFAULT_API_KEY, server.DEFAULT_PARTNER_KEY} <= set(KEYS)
    assert [word for word in SECRETS if word in text] == list(SECRETS[:3])


LEAKING = """
from patcher.plan import Plan
from tests.sandbox import seed

PLAN = ("plan", seed.ORDERS, "--set", "configuration.password=new")


def test_masked(sandbox, patch_model):
    assert patch_model(*PLAN).code == 0


def test_leaking(sandbox, patch_model, monkeypatch):
    monkeypatch.setattr(Plan, "shown", lambda self, changes, *others: tuple(changes))
    assert patch_model(*PLAN).code == 0
"""


def test_a_planted_leak_fails_the_test_in_which_it_happens(
    tmp_path: Path, nothing_leaks: Watch
) -> None:
    """Where a plan is shown without its masks, a test that is green itself ends as an error."""
    (tmp_path / "conftest.py").write_text(
        "from tests.cli.conftest import patch_model, sandbox\n"
        "from tests.conftest import clean_environment, nothing_leaks\n"
    )
    (tmp_path / "test_it.py").write_text(LEAKING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--basetemp=basetemp",
            ".",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    nothing_leaks.forget()

    assert (done.returncode, "2 passed, 1 error" in done.stdout) == (1, True)
    assert "ERROR test_it.py::test_leaking" in done.stdout
    assert "standard output of plan holds hun..." in done.stdout


def test_what_is_watched_is_one_test_alone(nothing_leaks: Watch) -> None:
    """Each test has a watch of its own, and the one that runs is the last."""
    assert leaks.watching() is nothing_leaks


def test_the_sandbox_of_the_tests_has_the_keys_that_are_searched_for() -> None:
    """A sandbox with another key would have its leaks pass unseen."""
    with Sandbox(models=1) as running:
        assert running.api_key in KEYS
        assert running.partner_key in KEYS
