"""The help of the commands: in groups, in words, and no longer than a screen."""

from __future__ import annotations

import re

import pytest

from patcher.cli.main import COMMANDS
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_eighty_columns_and_speaks_no_click(patch_model: Command, name: str) -> None:
    """No row is wider than a screen, and none has a type or a range of click's in it."""
    done = patch_model("help", name)

    assert done.code == 0
    assert done.out == patch_model(name, "--help").out
    assert max(map(len, done.out.splitlines())) <= 80
    assert not re.search(r"RANGE|INTEGER|FLOAT|x[<>]", done.out)


def test_the_help_of_apply_is_one_screen(patch_model: Command) -> None:
    """The command with the most options has groups, each explained, in 50 rows."""
    done = patch_model("apply", "--help")
    headings = re.findall(r"^([A-Z][A-Za-z ]*):", done.out, re.MULTILINE)

    assert len(done.out.splitlines()) <= 50
    assert headings[1:] == [
        "Arguments",
        "Change",
        "Select models",
        "Safety",
        "Output",
        "Connection",
    ]
    assert re.search(r"^  MODEL +ID or exact name", done.out, re.MULTILINE)


@pytest.mark.parametrize(("name", "arguments"), [("list", []), ("pull", ["MODEL"])])
def test_only_arguments_are_called_arguments(
    patch_model: Command, name: str, arguments: list[str]
) -> None:
    """A word that only an option has, such as the PATH of --where, is not among them."""
    rows = re.findall(r"^  ([A-Z]+)  ", patch_model("help", name).out, re.MULTILINE)

    assert rows == arguments


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("history", "--limit", "0"), "--limit: expected a whole number from 1."),
        (("history", "--limit", "1.5"), "--limit: expected a whole number from 1."),
        (("history", "--prune", "nan"), "--prune: expected a number from 0 to 36500."),
        (("list", "--timeout", "s3cret"), "--timeout: expected a number."),
    ],
)
def test_a_number_out_of_bounds_is_refused(
    patch_model: Command, given: tuple[str, ...], expected: str
) -> None:
    """The bounds are named, and what was typed is not."""
    done = patch_model(*given)

    assert done.code == 2
    assert expected in done.err
    assert "s3cret" not in done.err
