"""--preview and --impact as people and programs see them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from patcher.cli.confirmation import show_progress
from patcher.operations.session import Progress
from tests.cli.conftest import Command
from tests.cli.terminal import Terminal
from tests.sandbox import Sandbox, faults, seed

QUERY = "configuration.query=select id, email, first_name, last_name, company_id, is_active from c"
BROKEN = "configuration.query=select SYNTAXERROR"
ERROR = 'ERROR: syntax error at or near "SYNTAXERROR" (SQLSTATE 42601)'
MAP = """
Preview: 8 fields would be exposed.
  - lost     plan
  ! /tracking_columns/1 "plan" would lose its column

Downstream: 1 sync reads it, 1 sync runs after, 0 models relate to it.
  ! sync "Contacts to Salesforce"  ID
      active, updateOrCreate, hourly, minute 15, running now
      dropped: "plan" in /fields/1/source, /overrides/0/field_id (by id)
    sync "Renewal reminders"  ID
      active, create, runafter; runs after "Contacts to Salesforce"
"""


def without_ids(text: str) -> str:
    """Text with every UUID replaced."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)


def test_the_plan_shows_both(sandbox: Sandbox, patch_model: Command) -> None:
    """What the source says, and who is downstream, stand below the changes."""
    sandbox.run_sync(seed.CONTACTS_TO_SALESFORCE)
    done = patch_model("plan", "Contacts", "--set", QUERY, "--preview", "--impact")

    assert done.code == 0
    assert without_ids(done.out).endswith(f"{MAP}\nPlan: 1 change, 9 preserved, 3 warnings\n")
    assert "Unknown" not in done.out
    assert 'Warning: /tracking_columns/1 names the column "plan"' in done.err


def test_without_preview_the_plan_says_what_it_does_not_know(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """A change of the query names the members whose columns only the source can tell."""
    done = patch_model("plan", "Contacts", "--set", QUERY)
    other = patch_model("plan", "Contacts", "--set", "name=New")
    widened = patch_model("plan", "Orders", "--set", "fields:=[]", "--allow-all-fields")

    unknown = done.out.partition("Unknown without --preview:\n")[2].partition("\nPlan:")[0]
    assert unknown.startswith("    which /fields the source exposes\n")
    assert " ".join(unknown.split()).endswith(
        "exist: /identifier, /tracking_columns (2), /relations (1), /additional_fields (2)"
    )
    assert "Unknown" not in other.out
    assert "    which /fields the source exposes\n\nPlan: " in widened.out


def test_a_write_of_the_past_leaves_nothing_open(sandbox: Sandbox, patch_model: Command) -> None:
    """The history shows what was written, and not what nobody knew before."""
    written = patch_model("apply", "Contacts", "--set", QUERY, "--yes", "-o", "json")
    entry = json.loads(written.out)["journal_entry"]
    shown = patch_model("history", entry)

    assert "/configuration/query" in shown.out
    assert "Not known" not in shown.out


def test_impact_without_preview_leaves_the_source_open(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Who reads the model is shown, and that a changed source may break more."""
    done = patch_model("plan", "Contacts", "--set", QUERY, "--impact")

    assert (
        "Unknown without --preview: whether the changed source has the columns they read"
        in done.out
    )
    assert "dropped" not in done.out


@pytest.mark.parametrize("as_job", [False, True])
def test_a_plan_whose_preview_is_refused_ends_with_3(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path, as_job: bool
) -> None:
    """The plan is shown with the source's own words, is not saved, and the exit code says so."""
    if as_job:
        sandbox.fault(faults.job(2, forced=True, method="POST", kind="preview"))
    file = tmp_path / "plan.json"
    done = patch_model(
        "plan", "Contacts", "--set", BROKEN, "--preview", "--exit-code", "--out", str(file)
    )

    assert done.code == 3
    assert f"Preview: refused{'' if as_job else ' (400)'}\n      {ERROR}\n" in done.out
    assert "~ changed   /configuration/query" in done.out
    assert f"Error: The preview of model 'Contacts' was refused: {ERROR}" in done.err
    assert not file.exists()


def test_apply_with_a_refused_preview_writes_nothing(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """With --preview, apply refuses with exit code 3 and the source's own message."""
    done = patch_model("apply", "Contacts", "--set", BROKEN, "--preview", "--yes")

    assert (done.code, sandbox.puts()) == (3, [])
    assert ERROR in done.err
    assert "Nothing was written." in done.err
    assert sandbox.stored(seed.CONTACTS) == seed.contacts()


def test_a_message_of_several_lines_is_shown_in_lines(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Where the source points at the place of the error, apply shows it as the source drew it."""
    said = 'ERROR: no column "x"\nLINE 1: select x\n               ^'
    sandbox.fault(faults.job(2, said, forced=True, method="POST", kind="preview"))
    done = patch_model("apply", "Contacts", "--set", QUERY, "--preview", "--yes")

    assert (done.code, sandbox.puts()) == (3, [])
    assert done.err.startswith(
        "Error: The preview of model 'Contacts' was refused: ERROR: no column \"x\" (and more). "
        "Nothing was written.\n"
        '      ERROR: no column "x"\n'
        "      LINE 1: select x\n"
        "                     ^\n"
    )


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("apply", "--dry-run")])
def test_json_of_a_refused_preview_is_one_object(
    sandbox: Sandbox, patch_model: Command, command: tuple[str, ...]
) -> None:
    """Programs get one object with the plan, the preview and the error in it."""
    name, *more = command
    done = patch_model(name, "Contacts", "--set", BROKEN, "--preview", "-o", "json", *more)
    result = json.loads(done.out)

    assert (done.code, result["exit_code"], result["status"]) == (3, 3, "failed")
    assert result["preview"] == {
        "state": "refused",
        "message": ERROR,
        "exposed": [],
        "gained": [],
        "lost": [],
        "unlisted": [],
        "columns": [],
    }
    assert result["error"]["type"] == "ApiError"
    assert result["changes"][0]["path"] == "/configuration/query"
    assert result["needs_preview"][0] == "/fields"


def test_json_has_null_where_nobody_asked(sandbox: Sandbox, patch_model: Command) -> None:
    """The keys are there always, and null where their option was not given."""
    result = json.loads(patch_model("plan", "Contacts", "--set", "name=New", "-o", "json").out)

    assert (result["preview"], result["impact"], result["needs_preview"]) == (None, None, [])


def test_apply_reads_the_syncs_again(sandbox: Sandbox, patch_model: Command) -> None:
    """After the write the problems of those downstream are shown, in the API's own words."""
    done = patch_model("apply", "Contacts", "--remove", "fields=plan", "--impact", "--yes")

    assert done.code == 0
    assert "Downstream after the write: 1 sync read again, 1 with problems.\n" in done.out
    assert "      error at fields[1].source: field plan of model Contacts not found\n" in done.out
    assert 'Warning: After the write, sync "Contacts to Salesforce" has problems' in done.err


def test_apply_says_when_all_is_well(sandbox: Sandbox, patch_model: Command) -> None:
    """Readers without problems are said to have none; so is that there are no readers."""
    well = patch_model("apply", "Contacts", "--set", "name=New", "--impact", "--yes")
    for sync in sandbox.syncs.ids():
        sandbox.syncs.delete(sync)
    alone = patch_model("apply", "New", "--set", "name=Contacts", "--impact", "--yes")

    assert "1 sync read again, no problems reported.\n" in well.out
    assert "Downstream: 0 syncs read it, 0 models relate to it.\n" in alone.out
    assert alone.out.endswith("Downstream after the write: 0 syncs read it.\n")


def test_a_saved_plan_can_be_reviewed_before_it_is_applied(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Both options go with apply --plan; plan --show, which asks nobody, takes neither."""
    file = str(tmp_path / "plan.json")
    patch_model("plan", "Contacts", "--remove", "fields=plan", "--out", file)
    shown = patch_model("plan", "--show", file, "--impact")
    done = patch_model("apply", "--plan", file, "--impact", "--preview", "--yes")

    assert shown.code == 2
    assert "--impact can't be combined with --show" in shown.err
    assert patch_model("plan", "--show", file, "--preview").code == 2
    assert done.code == 0
    assert 'dropped: "plan" in /fields/1/source' in done.out
    assert "Preview: 8 fields would be exposed." in done.out


def test_what_could_not_be_read_is_shown(sandbox: Sandbox, patch_model: Command) -> None:
    """Without permission for the syncs the plan says so, and its exit code stays its own."""
    sandbox.fault(faults.status_before(403, method="GET", kind="syncs", every=True))
    sandbox.fault(faults.status_before(403, method="GET", kind="models", nth=2))
    done = patch_model("plan", "Contacts", "--set", "name=New", "--impact", "--exit-code")

    assert done.code == 1
    assert "Downstream: the syncs could not be listed, the models could not be listed." in done.out
    assert "  ? not read: /api/syncs: GET /api/syncs: scripted fault: 403 (403)\n" in done.out
    assert "Warning: Not all downstream syncs and models could be read: " in done.err


def test_models_with_relations_are_shown(sandbox: Sandbox, patch_model: Command) -> None:
    """Other models are shown with the fields they lead to, and marked where one of these goes."""
    kept = patch_model("plan", "Accounts", "--remove", "fields=seats", "--impact")
    broken = patch_model("plan", "Accounts", "--remove", "fields=id", "--impact")

    assert '    model "Orders"  ID\n      has relations to "id"\n' in without_ids(kept.out)
    assert (
        '  ! model "Orders"  ID\n      has relations to "id"\n'
        '      dropped: "id" in /relations/0/to\n'
    ) in without_ids(broken.out)
    assert 'Warning: The change breaks 2 models ("Orders", "Contacts")' in broken.err


def test_another_identifier_is_said_to_those_downstream(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """A new identifier is said beside the syncs, and breaks those that match records by the old."""
    done = patch_model("plan", "Contacts", "--unset", "identifier", "--impact")

    assert '  The identifier changes from "id" to none. ' in done.out
    assert 'identifier changed: "id" in /identities/mappings/0/source,' in done.out


def test_unknown_facts_are_said_to_be_unknown(sandbox: Sandbox, patch_model: Command) -> None:
    """A sync without a name, mode, schedule or status is shown as far as it is known."""
    made = seed.fixed_id("sync: odd")
    item: dict[str, Any] = {"id": made, "model_ids": [seed.CONTACTS]}
    page = json.dumps({"data": [item]})
    sandbox.fault(faults.raw_body(page, method="GET", kind="syncs"))
    sandbox.fault(faults.raw_body(json.dumps({"data": item}), method="GET", kind="sync"))
    done = patch_model("plan", "Contacts", "--set", "name=New", "--impact")

    assert f"    sync {made}\n" in done.out
    assert (
        "      active or paused, unknown mode, unknown schedule, may be running now\n"
    ) in done.out


def test_nothing_from_the_api_moves_the_cursor(sandbox: Sandbox, patch_model: Command) -> None:
    """Escapes in a sync's name, and in what the source says, are shown as escapes."""
    sandbox.syncs.merge(seed.CONTACTS_TO_SALESFORCE, {"name": "\x1b[2Jx", "mode": "\x1b]0;y\x07"})
    told: dict[str, Any] = {"forced": True, "method": "POST", "kind": "preview"}
    sandbox.fault(faults.job(2, "one\x1b[2J\ntwo", **told))
    done = patch_model("plan", "Contacts", "--remove", "fields=plan", "--impact", "--preview")

    assert "\x1b" not in done.out + done.err
    assert "\\u001b[2Jx" in done.out
    assert "Preview: refused\n      one\\u001b[2J\n      two\n" in done.out


def test_progress_is_on_the_terminal_and_goes_away(sandbox: Sandbox) -> None:
    """On a terminal one line tells how far the scan is, and is gone when it is over."""
    for number in range(3):
        sandbox.syncs.create({"name": str(number), "model_ids": [seed.CONTACTS]})
    terminal = Terminal("plan", "Contacts", "--set", "name=New", "--impact")
    code = terminal.finish()

    assert code == 0
    assert "\r\x1b[KListing the models: 3" in terminal.screen
    assert "\r\x1b[KReading the syncs: 5 of 5\r\x1b[K" in terminal.screen
    assert terminal.screen.rfind("\x1b[K") < terminal.screen.find("Downstream:")


def test_waiting_for_an_outcome_is_on_the_terminal_and_goes_away(sandbox: Sandbox) -> None:
    """While it is not clear what became of a write, a line says what is being waited for."""
    sandbox.fault(faults.late_write(2, 504))
    terminal = Terminal("apply", "Contacts", "--set", "name=New", "--yes")
    code = terminal.finish()

    assert code == 0
    line = "\r\x1b[KChecking whether the write succeeded (up to 30 s)\r\x1b[K"
    assert line in terminal.screen
    assert terminal.screen.find(line) < terminal.screen.find("Written")


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {}])
def test_progress_is_for_terminals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    """Where there is no terminal, or one without a cursor, nothing is told."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setattr("patcher.cli.console.is_terminal", lambda _: True)
    show_progress(Progress("Listing", 5, 7))

    assert capsys.readouterr().err == ""
