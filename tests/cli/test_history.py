"""``history`` and ``undo``, as they are typed; and a conflict as it is read."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from patcher.journal import Intent, Journal
from tests.cli.conftest import Command
from tests.cli.scripted import state
from tests.cli.terminal import Terminal
from tests.sandbox import Sandbox, faults, seed


@pytest.fixture
def journal() -> Journal:
    """The journal of the test."""
    return Journal(state() / "journal")


def rename(patch_model: Command, name: str = "Clients", model: str = seed.CONTACTS) -> str:
    """Renames a model; the journal entry."""
    done = patch_model("apply", model, "--set", f"name={name}", "--yes", "-o", "json")
    entry: str = json.loads(done.out)["journal_entry"]
    return entry


def test_history_lists_the_newest_first_without_the_api(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When, which, what and how it ended, and which undoes which: from the disk alone."""
    first = rename(patch_model)
    undone = json.loads(patch_model("undo", "Clients", "--yes", "-o", "json").out)["journal_entry"]
    sandbox.fault(faults.status_before(422))
    refused = json.loads(
        patch_model("apply", "Orders", "--set", "identifier=x", "--yes", "-o", "json").out
    )["journal_entry"]
    monkeypatch.delenv("POLYTOMIC_API_KEY")
    sandbox.reset_requests()

    listed = patch_model("history")

    rows = listed.out.splitlines()
    assert (listed.code, sandbox.requests) == (0, [])
    assert [row[:13] for row in rows[1:]] == [refused, undone, first]
    assert "  not written  " in rows[1]
    assert "/identifier" in rows[1]
    assert f"  undoes {first}  " in rows[2]
    assert "Contacts" in rows[3]
    assert "/name" in rows[3]


def test_history_hides_the_key_whatever_the_address_is(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is not valid keeps no one from reading the journal, nor the key masked."""
    entry = rename(patch_model, "For own-key-0123456789")
    monkeypatch.setenv("POLYTOMIC_API_KEY", "own-key-0123456789")
    monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", "no address")

    for arguments in (("history",), ("history", entry), ("history", entry, "-o", "json")):
        shown = patch_model(*arguments)
        assert (shown.code, "own-key" in shown.out) == (0, False)


def test_history_of_one_model_by_any_of_its_names(sandbox: Sandbox, patch_model: Command) -> None:
    """The name before, the name after and the id all find it, and nothing of another model."""
    entry = rename(patch_model)
    rename(patch_model, "Other", seed.ORDERS)

    for text in ("Contacts", "Clients", "name:Clients", seed.CONTACTS):
        found = json.loads(patch_model("history", text, "-o", "json").out)["entries"]
        assert [row["entry"] for row in found] == [entry]


def test_history_says_how_many_more_there_are(sandbox: Sandbox, patch_model: Command) -> None:
    """Under a limit the rest is counted."""
    for name in ("a", "b", "c"):
        rename(patch_model, name)

    listed = patch_model("history", "-n", "1")

    assert len(listed.out.splitlines()) == 3
    assert "2 older entries; use --limit 3" in listed.out


def test_one_entry_is_shown_as_a_diff(sandbox: Sandbox, patch_model: Command) -> None:
    """The diff that the plan showed, how it ended, and the command that takes it back."""
    entry = rename(patch_model)

    shown = patch_model("history", entry)
    as_json = json.loads(patch_model("history", entry, "-o", "json").out)

    assert '- "Contacts"' in shown.out
    assert '+ "Clients"' in shown.out
    assert "version 1 -> 2" in shown.out
    assert f"patch-model undo {entry}" in shown.out
    assert (as_json["state"], as_json["version_after"]) == ("applied", 2)
    assert as_json["changes"] == [
        {"path": "/name", "kind": "changed", "old": "Contacts", "new": "Clients"}
    ]


def test_what_a_write_changed_is_not_called_preserved(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Later, too, a property that the write changed is not among those that it carried."""
    made = json.loads(patch_model("apply", "Orders", "identifier=total", "-y", "-o", "json").out)
    shown = json.loads(patch_model("history", made["journal_entry"], "-o", "json").out)
    text = patch_model("history", made["journal_entry"]).out

    assert "/identifier" not in made["carried"]
    assert "/identifier" not in text.partition("Preserved")[2].partition("Status")[0]
    assert shown["changes"][0]["path"] == "/identifier"


def test_credentials_are_masked_in_history(sandbox: Sandbox, patch_model: Command) -> None:
    """Neither the old value nor the new one is in the list, the diff or the JSON."""
    place = "configuration.session.api_token"
    patch_model("apply", "Contacts", "--set", f"{place}=tok_new_secret", "--yes")
    (entry,) = (
        row["entry"] for row in json.loads(patch_model("history", "-o", "json").out)["entries"]
    )

    said = "".join(
        patch_model("history", *arguments).out
        for arguments in ((), (entry,), ("-o", "json"), (entry, "-o", "json"))
    )

    assert "/configuration/session/api_token" in said
    assert "tok_" not in said


@pytest.mark.parametrize("state_of", ["unrecorded", "unknown", "unverified"])
def test_what_ended_otherwise_is_said_to_have(
    sandbox: Sandbox, patch_model: Command, journal: Journal, state_of: str
) -> None:
    """A write without an ending, without an outcome, or not alone stands out."""
    if state_of == "unrecorded":
        entry = rename(patch_model)
        (journal.folder / f"{entry[1:]}.ending.json").unlink()
    elif state_of == "unknown":
        sandbox.fault(faults.drop_before())
        patch_model("apply", "Contacts", "--set", "name=x", "--yes", "--settle-timeout", "0")
    else:
        sandbox.fault(faults.concurrent_write({"labels": []}, "before", method="PUT"))
        patch_model("apply", "Contacts", "--set", "name=x", "--yes")

    said = {"unrecorded": "not recorded", "unknown": "unknown", "unverified": "not as intended"}
    assert said[state_of] in patch_model("history").out
    (row,) = json.loads(patch_model("history", "-o", "json").out)["entries"]
    assert row["state"] == state_of


def test_a_broken_entry_spoils_nothing(
    sandbox: Sandbox, patch_model: Command, journal: Journal
) -> None:
    """What cannot be read is warned about, the rest is listed."""
    entry = rename(patch_model)
    (journal.folder / "0123456789ab.intent.json").write_text("{")
    journal.open(
        Intent("model", seed.ORDERS, None, "elsewhere", {"fields": 5}, {"name": 5}, ("k",))
    )

    listed = patch_model("history")

    assert listed.code == 0
    assert entry in listed.out
    assert "elsewhere" in listed.out
    assert "0123456789ab" in listed.err
    odd = next(row for row in listed.out.splitlines() if "not recorded" in row)
    assert "can't be shown any more" in patch_model("history", odd[:13]).out


def test_an_empty_journal_is_no_error(patch_model: Command) -> None:
    """Where nothing was written yet, that is said."""
    listed = patch_model("history")

    assert (listed.code, listed.out) == (0, "No writes recorded.\n")


@pytest.mark.parametrize("command", ["history", "undo"])
def test_an_entry_that_is_not_there_is_an_error(
    sandbox: Sandbox, patch_model: Command, command: str
) -> None:
    """A name that no entry has: exit 3, and how to list them."""
    missing = patch_model(command, "@0123456789ab")

    assert missing.code == 3
    assert "There is no journal entry @0123456789ab" in missing.err
    assert "patch-model history" in missing.err


def test_old_entries_are_pruned(sandbox: Sandbox, patch_model: Command, journal: Journal) -> None:
    """What is older goes, with its ending and what crashes left; the rest stays."""
    young = rename(patch_model)
    long_ago = datetime.now(timezone.utc) - timedelta(days=40)
    old = Journal(journal.folder, now=lambda: long_ago)
    intent = Intent("model", "i", "n", "w", {}, {}, ("k",))
    old.open(intent)
    orphan, draft = (
        journal.folder / "0123456789ab.ending.json",
        journal.folder / (".0123456789ab.intent.json.01234567"),
    )
    for path in (orphan, draft):
        path.write_text("{}")
        os.utime(path, (long_ago.timestamp(),) * 2)

    refused = patch_model("history", "Contacts", "--prune", "30")
    pruned = patch_model("history", "--prune", "30")
    again = patch_model("history", "--prune", "30", "-o", "json")

    assert (refused.code, pruned.out) == (2, "1 entry removed.\n")
    assert json.loads(again.out) == {"removed": 0}
    assert journal.names() == (young,)
    assert len(list(journal.folder.glob("*.json"))) == 2


@pytest.mark.parametrize("days", ["nan", "inf", "1e300", "-1"])
def test_prune_takes_a_number_of_days(
    patch_model: Command, sandbox: Sandbox, journal: Journal, days: str
) -> None:
    """What no calendar holds is refused, exit 2, and nothing is removed."""
    young = rename(patch_model)

    refused = patch_model("history", "--prune", days)

    assert (refused.code, journal.names()) == (2, (young,))


def test_an_undo_that_collides_names_a_way_out_that_works(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """The same command would collide for ever: where to look, and how to go back by hand."""
    entry = rename(patch_model)
    sandbox.write_as_other(seed.CONTACTS, {"name": "Buyers"})

    refused = patch_model("undo", "Buyers", "--yes", "--on-conflict", "rebase")

    assert refused.code == 4
    assert f"patch-model history {entry}" in refused.err
    assert f"patch-model edit {seed.CONTACTS}" in refused.err
    assert "Run the same command again" not in refused.err


def test_a_model_is_found_by_its_id_in_whatever_case(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """A UUID is one, however it is spelt."""
    entry = rename(patch_model)

    assert entry in patch_model("history", seed.CONTACTS.upper()).out


def test_an_undo_is_asked_about(sandbox: Sandbox, patch_model: Command) -> None:
    """On a terminal the way back is shown and asked about; no is no."""
    rename(patch_model)
    sandbox.reset_requests()
    for answer, code in (("n\n", 1), ("y\n", 0)):
        terminal = Terminal("undo", "Clients")
        terminal.wait_for("[y/N]")
        terminal.type(answer)
        assert terminal.finish() == code

    assert '+ "Contacts"' in terminal.screen.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"
    assert len(sandbox.puts()) == 1


def test_an_undo_without_a_terminal_needs_yes(sandbox: Sandbox, patch_model: Command) -> None:
    """As every write: exit 2, nothing sent; a dry run needs none."""
    rename(patch_model)
    sandbox.reset_requests()

    assert patch_model("undo", "Clients").code == 2
    assert patch_model("undo", "Clients", "--dry-run").code == 0
    assert sandbox.puts() == []


def test_a_conflict_names_both_sides_and_the_way_out(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Yours, theirs, both, who and when, on the screen and in the JSON."""
    fault = {"name": "Buyers", "identifier": "email"}
    for _ in range(2):
        sandbox.fault(faults.concurrent_write(fault, "before", method="GET", kind="model", nth=2))
    arguments = ("apply", seed.CONTACTS, "--set", "name=Clients", "--yes")

    text = patch_model(*arguments, "--on-conflict", "rebase")

    rows = [row.strip() for row in text.err.splitlines()]
    assert (text.code, sandbox.puts()) == (4, [])
    assert "was changed by Bo Other at" in text.err
    start = rows.index("! /name")
    assert rows[start + 1 : start + 4] == [
        'was    "Contacts"',
        'yours  "Clients"',
        'theirs "Buyers"',
    ]
    assert rows.index("Changed by them alone:") < rows.index('+ "email"')
    assert "You both changed /name" in text.err


def test_both_texts_of_a_query_are_shown_as_diffs(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Where both changed SQL, each side is a diff against what it was."""
    query = sandbox.stored(seed.CONTACTS)["configuration"]["query"]
    mine = tmp_path / "mine.sql"
    mine.write_text(query.replace("'customer'", "'mine'"))
    theirs = {"configuration": {"query": query.replace("'customer'", "'theirs'")}}
    sandbox.fault(faults.concurrent_write(theirs, "before", method="GET", kind="model", nth=2))

    done = patch_model("apply", seed.CONTACTS, "--set", f"configuration.query=@{mine}", "--yes")

    rows = [row.strip() for row in done.err.splitlines()]
    assert done.code == 4
    assert rows.index("yours:") < rows.index("+   and co.status = 'mine'") < rows.index("theirs:")
    assert "+   and co.status = 'theirs'" in rows


def test_an_apply_is_asked_again_upon_theirs(sandbox: Sandbox, tmp_path: Path) -> None:
    """On a terminal the rebased diff is shown, with what happened, and asked about anew."""
    terminal = Terminal("apply", seed.CONTACTS, "--set", "name=Clients", "--on-conflict", "rebase")
    terminal.wait_for("Write to")
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    terminal.type("y\n")
    terminal.wait_for_times("Write to", 2)
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert "both are kept" in terminal.screen
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Clients", "email")


def test_what_came_to_nothing_is_said(sandbox: Sandbox, patch_model: Command) -> None:
    """When they did just what was asked for, nothing is sent and the screen says why."""
    fault = faults.concurrent_write({"name": "B"}, "before", method="GET", kind="model", nth=2)
    sandbox.fault(fault)

    done = patch_model(
        "apply", seed.CONTACTS, "--set", "name=B", "--yes", "--on-conflict", "rebase"
    )

    assert (done.code, sandbox.puts()) == (0, [])
    assert "No changes" in done.out
