"""``plan -o markdown`` and ``plan -o html``: reports for people elsewhere."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from patcher.cli import console
from tests.cli.conftest import Command
from tests.cli.terminal import Terminal
from tests.sandbox import Sandbox

CHANGE = ("Contacts", "--set", "name=Customers", "--remove", "fields=plan")


@pytest.mark.parametrize(
    ("output", "beginning"), [("markdown", "### Plan for `model"), ("html", "<!doctype html>")]
)
def test_a_report_is_all_of_standard_output(
    sandbox: Sandbox, patch_model: Command, output: str, beginning: str
) -> None:
    """The report holds the warnings, so standard error is silent; nothing is written."""
    done = patch_model("plan", *CHANGE, "-o", output)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(beginning)
    assert "tracking-column-not-in-fields" in done.out
    assert "/fields/5" in done.out
    assert sandbox.puts() == []


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_a_saved_plan_gives_the_same_report(
    sandbox: Sandbox,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    output: str,
) -> None:
    """--show and --out go with every format, and differences with --exit-code."""
    file = tmp_path / "plan.json"
    monkeypatch.setattr(console, "now", lambda: "not when it was saved")
    made = patch_model("plan", *CHANGE, "-o", output, "--out", str(file), "--exit-code")
    monkeypatch.delenv("POLYTOMIC_API_KEY")
    shown = patch_model("plan", "--show", str(file), "-o", output)

    assert (made.code, shown.code) == (1, 0)
    assert shown.out == made.out
    assert str(file) in made.err


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_preview_and_impact_are_in_the_report(
    sandbox: Sandbox, patch_model: Command, output: str
) -> None:
    """What the source said and who is downstream is shown as on the terminal, alarms unfolded."""
    options = ("Contacts", "--remove", "fields=plan", "--preview", "--impact")
    text = patch_model("plan", *options)
    done = patch_model("plan", *options, "-o", output)
    shown = html.unescape(done.out)

    assert done.code == text.code == 0
    assert "Contacts to Salesforce" in text.out
    said = text.out.partition("Preview:")[2].partition("\nPlan:")[0]
    for row in said.splitlines():
        assert row.strip() in re.sub(r"<[^>]*>", "", shown)
    assert "<details open" in done.out


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_what_a_preview_refuses_is_reported(
    sandbox: Sandbox, patch_model: Command, output: str
) -> None:
    """A query that the source refuses is exit code 3, and the report shows what it said."""
    options = ("Contacts", "--set", "configuration.query=select SYNTAXERROR", "--preview")
    done = patch_model("plan", *options, "-o", output)

    assert done.code == 3
    assert "Preview: refused" in done.out


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_an_error_leaves_no_half_report(
    sandbox: Sandbox, patch_model: Command, output: str
) -> None:
    """Standard output stays empty; standard error and the exit code tell."""
    done = patch_model("plan", "Contcats", "--set", "name=x", "-o", output)

    assert (done.code, done.out) == (3, "")
    assert "Did you mean" in done.err


def test_a_report_never_shows_credentials(sandbox: Sandbox) -> None:
    """--show-secrets is refused, on a terminal too, and the default shows masks."""
    terminal = Terminal("plan", *CHANGE, "-o", "html", "--show-secrets")

    assert terminal.finish() == 2
    assert "A report never shows credentials." in terminal.screen
    assert "<html" not in terminal.screen


def test_html_survives_every_encoding(sandbox: Sandbox, process: Command) -> None:
    """A name in any script is there also where standard output knows only ASCII."""
    environ = {"PYTHONIOENCODING": "ascii"}
    done = process("plan", "Contacts", "--set", "name=顧客", "-o", "html", env=environ)

    assert (done.code, done.err) == (0, "")
    assert "&#39015;&#23458;" in done.out


def test_no_report_costs_anything_on_the_way_to_help() -> None:
    """Neither report is loaded unless it is asked for."""
    code = (
        "import sys\nfrom patcher.cli.main import run\nrun(['plan', '--help'])\n"
        "print([m for m in sys.modules if m in ('patcher.render.html', 'patcher.render.markdown')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
