"""How a command ends: exit codes, output that is lost, and JSON whatever happens."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from tests import warm
from tests.cli.conftest import Command, Outcome
from tests.sandbox import Sandbox, faults, seed

RENAME = ("--set", "name=Clients")

READING: tuple[tuple[str, ...], ...] = (
    ("get", "Contacts"),
    ("get", "Contacts", "-o", "json"),
    ("list",),
    ("list", "-o", "json"),
    ("plan", "Contacts", *RENAME),
    ("plan", "Contacts", *RENAME, "--exit-code", "-o", "json"),
    ("plan", "Contacts", *RENAME, "-o", "markdown"),
    ("plan", "Contacts", *RENAME, "-o", "html"),
    ("plan", "--all", *RENAME, "-o", "json"),
    ("apply", "Contacts", *RENAME, "--dry-run"),
    ("apply", "Contacts", "Orders", "--set", "identifier=id", "--dry-run"),
    ("history",),
    ("history", "-o", "json"),
    ("completion", "bash"),
    ("sandbox", "--port", "0"),
    ("demo",),
    ("--help",),
    ("-h",),
    ("apply", "--help"),
    ("--version",),
    ("-v", "--version"),
)


START = (sys.executable, "-m", "patcher")


def ran(
    *arguments: str, stdout: int | IO[Any] | None = None, closes: Sequence[int] = ()
) -> Outcome:
    """A process whose standard output is another than the usual, or is closed.

    Few commands are started for real: the interpreter ends alike after all of them.
    """
    done = subprocess.run(
        [*(START if arguments in (READING[0], ("--help",)) else warm.words()), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=None if 2 in closes else subprocess.PIPE,
        preexec_fn=(lambda: os.closerange(closes[0], closes[0] + 1)) if closes else None,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, "", done.stderr or "")


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_output_that_is_the_work_and_is_lost_is_a_failure(
    sandbox: Sandbox, arguments: tuple[str, ...]
) -> None:
    """On a full disk each command that only shows something ends with 74, and says why."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = ran(*arguments, stdout=full)

    assert done.code == 74
    assert "Standard output could not be written: No space left on device" in done.err
    assert "Traceback" not in done.err
    assert "Exception ignored" not in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (READING[0], 74, "Error: Standard output could not be written"),
        (("apply", "Contacts", *RENAME, "-y"), 0, "Warning: standard output could not be written"),
    ],
)
def test_the_caller_of_run_learns_of_lost_output(
    sandbox: Sandbox,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """Within one process, too: what only shows something failed, and what wrote did not."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        done = patch_model(*arguments)

    assert done.code == code
    assert said in done.err


@pytest.mark.parametrize("arguments", [READING[0], READING[3], ("--help",), ("--version",)])
def test_a_closed_output_is_lost_too(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    """With standard output closed nothing can be shown: exit 74."""
    done = ran(*arguments, closes=[1])

    assert done.code == 74
    assert "closed" in done.err


@pytest.mark.parametrize("arguments", [READING[0], READING[3], ("--help",), ("--version",)])
def test_a_closed_pipe_is_no_failure(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    """A reader that has seen enough is what pipes are for: exit 0, not a word."""
    read, write = os.pipe()
    os.close(read)
    done = ran(*arguments, stdout=write)
    os.close(write)

    assert (done.code, done.err) == (0, "")


def test_a_file_that_is_cut_is_a_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file that may not grow as large as the document: exit 74, and not a silent half of it."""
    file = tmp_path / "contacts.yaml"
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 1; exec '{sys.executable}' -m patcher get Contacts > '{file}'"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 74
    assert "File too large" in done.stderr


@pytest.mark.parametrize("closes", [(), (2,)])
def test_messages_that_are_lost_change_nothing(
    sandbox: Sandbox, tmp_path: Path, closes: tuple[int, ...]
) -> None:
    """Standard error full or closed: the output is whole, and the exit code is the command's."""
    for arguments, code in ((("get", "Contacts", "-v"), 0), (("get", "Nobody"), 3), (("nope",), 2)):
        with (
            (tmp_path / "out").open("w", encoding="utf-8") as out,
            Path("/dev/full").open() as full,
        ):
            done = subprocess.run(
                [*(START if arguments == ("nope",) else warm.words()), *arguments],
                stdout=out,
                stderr=None if closes else full,
                preexec_fn=(lambda: os.close(2)) if closes else None,
                check=False,
            )
        assert done.returncode == code
        assert (tmp_path / "out").read_text().startswith("name: Contacts" if code == 0 else "")


@pytest.mark.parametrize("output", ["text", "json"])
def test_what_a_write_did_goes_before_lost_output(sandbox: Sandbox, output: str) -> None:
    """Written, unchanged, undone, in conflict: the exit code says that, and stderr the loss."""
    orders = ("apply", "Orders", "--set", "name=Bills", "-y", "-o", output)
    many = ("apply", "--all", "--set", "identifier=key", "-y", "-o", output)
    commands: list[tuple[tuple[str, ...], int]] = [
        (orders, 0),
        (("apply", seed.ORDERS, *orders[2:]), 0),
        (("undo", seed.ORDERS, "-y", "-o", output), 0),
        (("apply", "Orders", *RENAME, "-y", "--expect-version", "99", "-o", output), 4),
        (many, 0),
        (("history", "--prune", "0", "-o", output), 0),
    ]
    for arguments, code in commands:
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = ran(*arguments, stdout=full)
        assert done.code == code, arguments
        if code == 0 or output == "json":
            assert "output could not be written" in done.err
    assert sandbox.stored(seed.ORDERS)["identifier"] == "key"


def test_a_plan_that_cannot_be_put_on_disk_is_lost_work(sandbox: Sandbox, tmp_path: Path) -> None:
    """Plan --out on a full disk: exit 74 with one object, and no half of a plan in its place."""
    file = tmp_path / "plans" / "plan.json"
    file.parent.mkdir()
    arguments = ("plan", "Contacts", *RENAME, "-o", "json", "--out", str(file))
    done = subprocess.run(
        [*START, *arguments],
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        text=True,
        check=False,
    )

    assert done.returncode == 74
    assert json.loads(done.stdout)["exit_code"] == 74
    assert "File too large" in done.stderr
    assert list(file.parent.iterdir()) == []


WRITINGS = (
    ("-o", "json"),
    ("-ojson",),
    ("--output", "json"),
    ("--output=json",),
    ("-vo", "json"),
    ("-vojson",),
    ("-o", "text", "-ojson"),
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "Nobody"),
        ("get",),
        ("list", "surplus"),
        ("plan", "Contacts", "--set", "nope"),
        ("apply", "Contacts", *RENAME),
        ("apply", "Contacts", *RENAME, "--nope"),
        ("apply", "Contacts", "Orders", *RENAME, "--dry-run=5"),
        ("apply", "--all", "--where", "("),
        ("apply", "--all", "Contacts", *RENAME),
        ("edit", "Contacts"),
        ("history", "--limit", "none"),
        ("undo",),
        ("undo", "--run", "nope"),
        ("nope",),
        ("sandbox",),
        ("completion", "tcsh"),
        (),
    ],
    ids=" ".join,
)
def test_an_error_is_one_line_of_json(
    sandbox: Sandbox, patch_model: Command, arguments: tuple[str, ...]
) -> None:
    """However -o json is written, and wherever: one object on one line, with the exit code."""
    for writing in WRITINGS:
        done = patch_model(*arguments[:1], *writing, *arguments[1:])
        last = patch_model(*arguments, *writing)
        assert (done.code, done.out) == (last.code, last.out)
        (line,) = done.out.splitlines()
        assert json.loads(line)["exit_code"] == done.code != 0
        assert json.loads(line)["error"]["message"] in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "Contacts", "-yo", "json", "--expect-version", "9", *RENAME),
        ("history", "-n0o", "json", "-o", "json"),
        ("get", "Nobody", "-o=json"),
        ("get", "Nobody", "-o", "JSON"),
    ],
)
def test_flags_and_values_are_taken_apart_as_click_does(
    sandbox: Sandbox, patch_model: Command, words: tuple[str, ...]
) -> None:
    """Flags that stand before the o in one word, and a value that is a word of its own."""
    done = patch_model(*words)

    assert json.loads(done.out)["exit_code"] == done.code


@pytest.mark.parametrize(
    "words",
    [
        ("get", "Nobody", "-o", "yaml"),
        ("get", "Nobody", "-ojson", "-oyaml"),
        ("get", "-o", "yaml", "--", "-ojson"),
        ("apply", "Nobody", "--set", "-ojson", *RENAME),
        ("apply", "Nobody", "--set", "name=-ojson", "-y"),
        ("apply", "Nobody", "-yourjson", *RENAME),
        ("apply", "Contacts", *RENAME, "--url", "-o", "json"),
    ],
)
def test_what_only_looks_like_it_is_not_taken_for_it(
    sandbox: Sandbox, patch_model: Command, words: tuple[str, ...]
) -> None:
    """A value, an argument behind -- and another format ask for no JSON."""
    done = patch_model(*words)

    assert done.code != 0
    assert done.out == ""


def test_a_run_prints_its_own_errors_as_a_line(sandbox: Sandbox, patch_model: Command) -> None:
    """Those of its models come before it, a line each."""
    done = patch_model("apply", "--all", "--where", "name~=(", *RENAME, "-yo", "json")
    later = patch_model("undo", "--run", "run-000000000000", "-yo", "json")

    assert [json.loads(row)["exit_code"] for row in done.out.splitlines()] == [2]
    assert [json.loads(row)["exit_code"] for row in later.out.splitlines()] == [2]


def test_an_internal_error_is_one_object(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is exit 70 and one object; -vv, however written, shows where."""

    def fail(*_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("patcher.operations.read.summaries", fail)
    plain, traced = patch_model("list", "-ojson"), patch_model("list", "-v", "-vojson")

    assert (plain.code, json.loads(plain.out)["exit_code"]) == (70, 70)
    assert "Traceback" not in plain.err
    assert "Traceback" in traced.err
    assert json.loads(traced.out)["exit_code"] == 70


def test_an_error_after_the_object_adds_no_other(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A fault of ours once the result is printed: exit 70, and still one object."""

    def fail(*_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("patcher.cli.write.console.say", fail)
    out = str(tmp_path / "plan.json")
    done = patch_model("plan", "Contacts", *RENAME, "-o", "json", "--out", out)

    assert done.code == 70
    assert json.loads(done.out)["status"] == "planned"


def test_an_error_with_its_result_is_one_line_too(sandbox: Sandbox, patch_model: Command) -> None:
    """What was to be done, and how it ended, is in the same object."""
    sandbox.fault(faults.status_before(403, kind="model", method="PUT"))
    done = patch_model("apply", "Contacts", *RENAME, "-yo", "json")

    (line,) = done.out.splitlines()
    assert json.loads(line)["changes"][0]["path"] == "/name"
    assert "run" not in json.loads(line)
