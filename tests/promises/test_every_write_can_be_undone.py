"""Every write can be undone, whatever the server made of it, and wherever the program died."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

import patcher
from patcher.documents.masks import MASK
from patcher.documents.patches import Patch
from patcher.guard.store import Answered
from patcher.guard.undo import UndoPlanner
from patcher.journal import Ending, Intent, Journal
from patcher.operations import Options, Session
from patcher.operations.session import journal_of
from patcher.operations.write import run_patch
from patcher.resources.model import MODEL
from tests.guard.memory import (
    ID,
    HidingStore,
    MemoryStore,
    guard_of,
    intent_of,
    plan_of,
    response,
)
from tests.sandbox import Sandbox, faults, seed

OTHER = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a999"


@pytest.fixture
def journal() -> Journal:
    """The journal that the environment names."""
    return journal_of(os.environ)


def rename(client: patcher.Client, name: str = "Clients") -> str:
    """Renames a model; the journal entry."""
    entry = patcher.patch_model(seed.CONTACTS, {"name": name}, client=client).journal_entry
    assert entry is not None
    return entry


@pytest.mark.parametrize("by", ["entry", "id", "new name", "old name"])
def test_a_write_is_taken_back_whole(
    sandbox: Sandbox, client: patcher.Client, journal: Journal, by: str
) -> None:
    """By its entry, or the model's id or name, old or new: the model is what it was."""
    before = sandbox.stored(seed.CONTACTS)
    change: dict[str, Any] = {"name": "Clients", "labels": None, "configuration": {"x": 1}}
    entry = patcher.patch_model(seed.CONTACTS, change, client=client).journal_entry
    names = {"entry": entry, "id": seed.CONTACTS, "new name": "Clients", "old name": "Contacts"}

    result = patcher.undo(names[by] or "", client=client)

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS) == before
    assert journal.entry(result.journal_entry or "").intent.undoes == entry


@pytest.mark.parametrize("hours", [-5, -0.001, 0, 5])
def test_the_last_write_is_the_last_whatever_the_clock_says(
    sandbox: Sandbox, client: patcher.Client, hours: float
) -> None:
    """With the clock set back between two writes the second one is taken back."""
    session = Session(client)
    moments = iter([datetime.now(timezone.utc) + timedelta(hours=n * hours) for n in range(3)])
    for name in ("First", "Second"):
        clock = partial(next, repeat(next(moments)))
        set_back = Session(session.client, Journal(session.journal.folder, clock))
        run_patch(set_back, seed.CONTACTS, Patch.set("name", name), Options())

    patcher.undo(seed.CONTACTS, client=client)

    assert sandbox.stored(seed.CONTACTS)["name"] == "First"


def test_an_undo_can_be_undone(sandbox: Sandbox, client: patcher.Client) -> None:
    """The last write of a model may be an undo; taken back, the change is there again."""
    rename(client)

    patcher.undo(seed.CONTACTS, client=client)
    patcher.undo(seed.CONTACTS, client=client)

    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_an_older_write_is_refused_while_a_later_one_stands(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """The model moved since that write's outcome: exit 4, and a rebase where it is disjoint."""
    entry = rename(client)
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    sandbox.reset_requests()

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.undo(entry, client=client)
    refused = list(sandbox.puts())
    patcher.undo(entry, client=client, on_conflict="rebase")

    stored = sandbox.stored(seed.CONTACTS)
    assert refused == []
    assert "--on-conflict rebase" in (caught.value.command_hint or "")
    assert (stored["name"], stored["identifier"]) == ("Contacts", "email")


def test_a_later_write_of_the_same_counts_as_moved(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Another version is another write, whatever it left: refused, and a rebase goes on."""
    entry = rename(client)
    sandbox.write_as_other(seed.CONTACTS, {"name": "Clients"})

    with pytest.raises(patcher.ConflictError, match="its content is the same"):
        patcher.undo(entry, client=client)
    result = patcher.undo(entry, client=client, on_conflict="rebase")

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"


def test_an_undo_never_overwrites_the_same_place(sandbox: Sandbox, client: patcher.Client) -> None:
    """Where they changed what is to be taken back, even a rebase is refused."""
    entry = rename(client)
    sandbox.write_as_other(seed.CONTACTS, {"name": "Buyers"})
    sandbox.reset_requests()

    with pytest.raises(patcher.ConflictError) as caught:
        patcher.undo(entry, client=client, on_conflict="rebase")

    assert [one.path for one in caught.value.report.both] == ["/name"]
    assert sandbox.puts() == []


def test_what_is_back_already_needs_no_write(sandbox: Sandbox, client: patcher.Client) -> None:
    """Somebody took it back by hand: unchanged, nothing sent."""
    entry = rename(client)
    sandbox.write_as_other(seed.CONTACTS, {"name": "Contacts"})
    sandbox.reset_requests()

    result = patcher.undo(entry, client=client)

    assert (result.status, sandbox.puts()) == ("unchanged", [])


def test_moved_is_judged_by_what_was_observed() -> None:
    """A list that the server keeps in an order of its own is not somebody else's change."""
    with (
        Sandbox(models=1, order="sorted") as own,
        patcher.Client(own.url, own.api_key) as client,
    ):
        before = own.stored(seed.CONTACTS)
        change = {"fields": ["plan", "id", "email", "first_name", "last_name"]}
        patcher.patch_model(seed.CONTACTS, change, client=client)

        result = patcher.undo(seed.CONTACTS, client=client)

        assert result.status == "applied"
        assert set(own.stored(seed.CONTACTS)["fields"]) == set(before["fields"])


def overlapped(sandbox: Sandbox, client: patcher.Client, theirs: dict[str, Any]) -> str:
    """A write that somebody else's came upon before it was verified; its journal entry."""
    sandbox.fault(faults.concurrent_write(theirs, method="GET", kind="model", nth=3))
    with pytest.raises(patcher.VerificationError) as caught:
        patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, run_async=True)
    return str(caught.value.result.journal_entry)


def test_what_others_wrote_at_the_same_time_is_not_taken_back(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """It was observed together with the write, and is no part of it: a conflict that names it."""
    entry = overlapped(sandbox, client, {"identifier": "email"})
    sandbox.reset_requests()

    with pytest.raises(patcher.ConflictError, match="/identifier changed") as caught:
        patcher.undo(entry, client=client)

    assert sandbox.puts() == []
    assert [change.path for change in caught.value.report.yours] == ["/name"]


def test_on_demand_an_undo_leaves_what_others_wrote_at_the_same_time(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """Rebased, the write alone goes back."""
    before = sandbox.stored(seed.CONTACTS)
    entry = overlapped(sandbox, client, {"identifier": "email"})

    patcher.undo(entry, client=client, on_conflict="rebase")

    assert sandbox.stored(seed.CONTACTS) == {**before, "identifier": "email"}


@pytest.mark.parametrize(
    ("step", "known_step", "is_theirs"),
    [(1, 1, False), (2, 2, False), (2, 1, True), (0, 1, True)],
    ids=["one write", "one write of two steps", "two writes", "a version that says nothing"],
)
def test_a_difference_goes_back_with_the_write_that_made_it(
    tmp_path: Path, step: int, known_step: int, is_theirs: bool
) -> None:
    """What the only write left is undone whole; what may be somebody else's needs a decision."""

    def mangle(store: MemoryStore, body: dict[str, Any]) -> Answered:
        store.write({**body, "connection_id": OTHER}, step=step)
        return Answered(store.snapshot())

    store = MemoryStore(on_replace=mangle)
    plan = plan_of(store, {"name": "Clients"})
    guard = replace(guard_of(store, tmp_path), version_step=known_step)
    with pytest.raises(patcher.VerificationError) as caught:
        guard.write(plan)
    entry = guard.journal.entry(caught.value.result.journal_entry)
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms, version_step=known_step)

    if is_theirs:
        with pytest.raises(patcher.ConflictError, match="/connection_id"):
            way.plan(entry)
    else:
        assert way.plan(entry).proposed == plan.document


ECHO = {"table": "", "limit": 100, "headers": [{"name": "x"}]}


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "ending lost"])
def test_what_the_server_adds_each_time_does_not_stand_in_the_way(
    tmp_path: Path, lost: bool
) -> None:
    """The undo is a write like any other: what it adds again is a warning, and no exit code 5."""

    def echo(store: MemoryStore, body: dict[str, Any]) -> Answered:
        filled = {"organization_id": OTHER, "policies": [OTHER], "tracking_columns": ["id"]}
        store.write({**filled, **body, "configuration": {**ECHO, **body["configuration"]}})
        return Answered(store.snapshot())

    store = MemoryStore(response(policies=None), on_replace=echo)
    guard = guard_of(store, tmp_path)
    change = {"op": "replace", "path": "/configuration", "value": {"query": "SELECT 2"}}
    plan = plan_of(store, [change])
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms)

    first = guard.write(plan)
    back = way.plan(guard.journal.entry(str(first.journal_entry)))
    second = guard.write(back)

    assert {notice.code for notice in first.notices} == {"server-added", "server-default"}
    assert second.status == "applied"
    assert store.bodies[1] == plan.document
    assert way.plan(guard.journal.entry(str(first.journal_entry))).is_unchanged
    if lost:
        for path in (tmp_path / "journal").glob("*.ending.json"):
            path.unlink()
        with pytest.raises(patcher.OutcomeUnknownError, match="may or may not"):
            way.plan(guard.journal.entry(str(second.journal_entry)))
    else:
        third = guard.write(way.plan(guard.journal.entry(str(second.journal_entry))))
        assert third.status == "applied"
        assert store.raw["configuration"]["query"] == "SELECT 2"


def test_an_overlapping_write_that_is_stored_as_sent_is_undone_whole() -> None:
    """Nothing of theirs is in it, and an order of the server's own is not theirs either."""
    with Sandbox(models=1, order="sorted") as own, patcher.Client(own.url, own.api_key) as client:
        own.fault(faults.concurrent_write({"identifier": "email"}))
        change = {"fields": ["plan", "id", "email", "first_name", "last_name"]}
        with pytest.raises(patcher.VerificationError, match="is stored as sent"):
            patcher.patch_model(seed.CONTACTS, change, client=client)

        assert patcher.undo(seed.CONTACTS, client=client).status == "applied"


def test_the_step_of_the_version_is_the_sessions(
    sandbox: Sandbox, client: patcher.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a write is known to move the version by two, two is nobody else's."""
    before = sandbox.stored(seed.CONTACTS)
    entry = overlapped(sandbox, client, {"identifier": "email"})
    monkeypatch.setenv("PATCH_MODEL_VERSION_STEP", "2")

    patcher.undo(entry, client=client)

    assert sandbox.stored(seed.CONTACTS) == before


def test_a_refused_write_has_nothing_to_undo(sandbox: Sandbox, client: patcher.Client) -> None:
    """An entry that was not written is no write: exit 2, and it is passed over by name."""
    first = rename(client)
    sandbox.fault(faults.status_before(422))
    with pytest.raises(patcher.ApiError) as caught:
        rename(client, "Others")
    refused = caught.value.result.journal_entry

    with pytest.raises(patcher.InvalidInputError, match="nothing to undo"):
        patcher.undo(refused, client=client)
    result = patcher.undo(seed.CONTACTS, client=client)

    assert result.plan is not None
    assert result.plan.origin.undoes == first


def test_an_unknown_outcome_is_settled_by_a_reading(
    sandbox: Sandbox,
    client: patcher.Client,
    journal: Journal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not there so far: nothing to undo. There by now: taken back, and recorded as written."""
    monkeypatch.setattr("patcher.operations.session.DEFAULT_SETTLE_TIMEOUT", 0.0)
    sandbox.fault(faults.late_write())
    with pytest.raises(patcher.OutcomeUnknownError) as caught:
        rename(client)
    entry = caught.value.journal_entry or ""
    with pytest.raises(patcher.InvalidInputError, match="not visible yet"):
        patcher.undo(entry, client=client)
    with pytest.raises(patcher.InvalidInputError, match="not visible yet"):
        patcher.undo(seed.CONTACTS, client=client)
    sandbox.release()

    result = patcher.undo(seed.CONTACTS, client=client)

    ending = journal.entry(entry).ending
    assert result.status == "applied"
    assert ending is not None
    assert ending.state == "applied"
    assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"


def test_an_unsettled_write_that_others_wrote_over_is_a_conflict(
    sandbox: Sandbox, client: patcher.Client, journal: Journal
) -> None:
    """Neither what was there nor what was sent: exit 4, and nobody guesses."""
    entry = rename(client)
    (journal.folder / f"{entry[1:]}.ending.json").unlink()
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    with pytest.raises(patcher.ConflictError, match="is unknown"):
        patcher.undo(entry, client=client, on_conflict="rebase")


def test_a_write_to_another_api_is_not_undone_here(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """An entry belongs to one URL: refused, naming both; by model it is passed over."""
    entry = rename(client)
    with Sandbox(models=3) as other, patcher.Client(other.url, other.api_key) as elsewhere:
        with pytest.raises(patcher.InvalidInputError, match="was written to"):
            patcher.undo(entry, client=elsewhere)
        with pytest.raises(patcher.InvalidInputError, match="No writes recorded"):
            patcher.undo(seed.CONTACTS, client=elsewhere)
        assert other.puts() == []


def test_a_name_that_nobody_knows_is_no_model(sandbox: Sandbox, client: patcher.Client) -> None:
    """Neither the API nor the journal knows it: as everywhere."""
    rename(client)

    with pytest.raises(patcher.NotFoundError):
        patcher.undo("Nobody", client=client)


def test_unknown_members_go_back_the_way_they_went(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """What the write left out or carried by permission needs no second one to be undone."""
    sandbox.fault(faults.growth({"new_key": {"a": 1}}, every=True, method="*"))
    before = sandbox.stored(seed.CONTACTS)
    patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, unknown_fields="drop")

    result = patcher.undo(seed.CONTACTS, client=client)

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS) == before


def test_what_a_write_dropped_comes_back(tmp_path: Path) -> None:
    """A member that was left out, and so cleared, is sent again; an undo of that leaves it out."""
    store = MemoryStore(raw=response(new_key={"a": 1}))
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {"name": "Clients"}, unknown_fields="drop")
    entry = guard.journal.entry(guard.write(plan).journal_entry or "")
    assert "new_key" not in store.raw
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms._replace(unknown_fields="error"))

    back = way.plan(entry)
    undone = guard.write(back).journal_entry or ""

    assert ("/new_key", "added") in [(change.path, change.kind) for change in back.changes]
    assert (store.raw["new_key"], store.raw["name"]) == ({"a": 1}, "Customers")
    guard.write(way.plan(guard.journal.entry(undone)))
    assert "new_key" not in store.raw


def test_what_a_write_dropped_stays_away_where_that_is_said(tmp_path: Path) -> None:
    """Who says drop to the undo means it: the rest is taken back."""
    store = MemoryStore(raw=response(new_key={"a": 1}))
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {"name": "Clients"}, unknown_fields="drop")
    entry = guard.journal.entry(guard.write(plan).journal_entry or "")
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms)

    assert [change.path for change in way.plan(entry).changes] == ["/name"]


def test_an_unknown_key_that_a_change_removed_comes_back(tmp_path: Path) -> None:
    """It was removed by name, and so was no blocker; the undo carries it, and no other."""
    store = MemoryStore(raw=response(new_key={"a": 1}))
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {"new_key": None})
    entry = guard.journal.entry(guard.write(plan).journal_entry or "")
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms)

    back = way.plan(entry)
    guard.write(back)

    assert back.unknown_fields == "new_key=carry"
    assert store.raw["new_key"] == {"a": 1}


@pytest.mark.parametrize(
    ("members", "change", "place", "kept"),
    [
        ({"labels": [{}]}, {"labels": [ID]}, "/labels/0", [ID]),
        ({"labels": [{}]}, {"labels": None}, "/labels/0", None),
        ({"labels": {}}, {"labels": [ID]}, "/labels", [ID]),
        (
            {"fields": [{"name": "a"}, {"label": "B"}]},
            {"fields": ["a", "b"]},
            "/fields/1",
            ["a", "b"],
        ),
        (
            {"configuration": {"token": MASK, "query": "x"}},
            {"configuration": {"token": "real"}},
            "/configuration/token",
            {"token": "real", "query": "x"},
        ),
    ],
)
def test_what_cannot_be_brought_back_stays_as_it_is(
    tmp_path: Path, members: dict[str, Any], change: dict[str, Any], place: str, kept: Any
) -> None:
    """What no write could send stays as the change left it; plan and undo both say so."""
    store = MemoryStore(raw=response(**members))
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {**change, "name": "Clients"})
    entry = guard.journal.entry(guard.write(plan).journal_entry or "")
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms._replace(named=()))

    back = way.plan(entry)

    for made in (plan, back):
        found = [one.path for one in made.warnings if one.code == "undo-incomplete"]
        assert found == [place]
    assert [one.path for one in back.changes] == ["/name"]
    assert back.proposed.get(next(iter(change))) == kept


def test_a_hidden_value_is_sent_again_as_it_was_written(tmp_path: Path) -> None:
    """The journal knows the value that the API hides, as long as nobody has written since."""
    store = HidingStore(raw=response(configuration={"token": "first"}))
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {"name": "Clients", "configuration": {"token": "second"}})
    entry_name = guard.journal.open(intent_of(plan))
    store.write(plan.proposed)
    guard.journal.close(entry_name, Ending("applied", observed=store.snapshot().raw))
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms._replace(named=()))

    back = way.plan(guard.journal.entry(entry_name))

    assert (back.proposed["name"], back.proposed["configuration"]["token"]) == (
        "Customers",
        "second",
    )
    store.write({**plan.proposed, "identifier": "email"}, by="Bo")
    rebasing = replace(way, rebases=True)
    with pytest.raises(patcher.UnknownFieldError) as caught:
        rebasing.plan(guard.journal.entry(entry_name))
    assert caught.value.paths == ("/configuration/token",)


def test_the_last_write_is_not_passed_over_while_it_may_still_land(
    sandbox: Sandbox, client: patcher.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking an earlier one back would be overwritten by it: refused; by its entry it is done."""
    monkeypatch.setattr("patcher.operations.session.DEFAULT_SETTLE_TIMEOUT", 0.0)
    first = rename(client)
    sandbox.fault(faults.late_write())
    with pytest.raises(patcher.OutcomeUnknownError):
        patcher.patch_model(seed.CONTACTS, {"identifier": "email"}, client=client)

    with pytest.raises(patcher.InvalidInputError, match="not visible yet") as caught:
        patcher.undo(seed.CONTACTS, client=client)
    result = patcher.undo(first, client=client)

    assert "name its entry" in (caught.value.hint or "")
    assert (result.status, sandbox.stored(seed.CONTACTS)["name"]) == ("applied", "Contacts")


def test_an_ending_that_a_power_failure_took_leaves_the_intent(
    sandbox: Sandbox, client: patcher.Client, journal: Journal
) -> None:
    """A name can outlive a crash, and its content not: a reading says how the write ended."""
    before = sandbox.stored(seed.CONTACTS)
    entry = rename(client)
    for content in ("", '{"format": 1, "ent'):
        (journal.folder / f"{entry[1:]}.ending.json").write_text(content)
        assert journal.entry(entry).ending is None

    patcher.undo(seed.CONTACTS, client=client)

    assert sandbox.stored(seed.CONTACTS) == before


def test_a_plan_is_for_the_api_that_it_was_made_upon(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A copy can hold the same ids and versions; a write there could not be undone: exit 2."""
    plan = patcher.plan_patch(seed.CONTACTS, {"name": "Clients"}, client=client)
    with Sandbox(models=3) as copy, patcher.Client(copy.url, copy.api_key) as other:
        for verb in (patcher.apply_plan, patcher.rebase):
            with pytest.raises(patcher.InvalidInputError, match="was made for"):
                verb(plan, client=other)
        assert copy.puts() == []


def test_opening_every_field_on_the_way_back_needs_to_be_said(tmp_path: Path) -> None:
    """Where what was there before means every field, undoing needs the same permission."""
    store = MemoryStore(raw=response(fields=[]))
    guard = guard_of(store, tmp_path)
    plan = plan_of(store, {"fields": ["email"]}, allow_all_fields=True)
    entry = guard.journal.entry(guard.write(plan).journal_entry or "")
    way = UndoPlanner(store.read, guard.journal, MODEL, plan.terms._replace(allow_all_fields=False))

    with pytest.raises(patcher.InvalidPatchError, match="every field"):
        way.plan(entry)
    allowed = replace(way, terms=plan.terms).plan(entry)

    assert allowed.proposed["fields"] == []


def test_a_refresh_is_no_part_of_the_document(sandbox: Sandbox, client: patcher.Client) -> None:
    """A write with refresh is undone like any other, without one."""
    before = sandbox.stored(seed.CONTACTS)
    patcher.patch_model(seed.CONTACTS, {"name": "Clients"}, client=client, refresh=True)
    sandbox.reset_requests()

    patcher.undo(seed.CONTACTS, client=client)

    assert sandbox.stored(seed.CONTACTS) == before
    assert "refresh" not in sandbox.puts()[0].json


def test_killed_between_any_two_steps_nothing_is_lost(
    sandbox: Sandbox, client: patcher.Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL at every step in turn: the journal is readable, and the way back is there."""
    monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", sandbox.url)
    monkeypatch.setenv("POLYTOMIC_API_KEY", sandbox.api_key)
    before = sandbox.stored(seed.CONTACTS)
    written = 0
    crashing = Crashing()
    for step in range(1, 60):
        known = set(journal.names())
        code = crashing.at(step)
        entries, unreadable = journal.entries()
        new = [one for one in entries if one.name not in known]
        assert unreadable == []
        if sandbox.stored(seed.CONTACTS) == before:
            assert len(new) <= 1
        else:
            written += 1
            assert new[0].intent.before["name"] == "Contacts"
            assert patcher.undo(new[0].name, client=client).status == "applied"
            assert sandbox.stored(seed.CONTACTS) == before
        if code == 0:
            break
    crashing.end()
    assert code == 0
    assert step > 10
    assert written > 2


class Crashing:
    """A process that forks one after the other, each of which dies in its write."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.promises.crashing", seed.CONTACTS, "Clients"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def at(self, step: int) -> int:
        """Runs a write that dies at a step; its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(step, file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code

    def end(self) -> None:
        """Has it end, as it does when it is asked for nothing more."""
        self._process.communicate(timeout=60)


def test_many_processes_share_a_journal(journal: Journal) -> None:
    """Writers that know nothing of each other leave nothing but whole entries."""
    program = (
        "import os\n"
        "from patcher.journal import Ending, Intent\n"
        "from patcher.operations.session import journal_of\n"
        "journal = journal_of(os.environ)\n"
        "intent = Intent('model', 'i', 'n', 'w', {'a': 'x' * 9999}, {}, ('k',))\n"
        "for _ in range(10):\n"
        "    name = journal.open(intent)\n"
        "    journal.entries()\n"
        "    journal.close(name, Ending('applied'))\n"
    )
    root = Path(__file__).parents[2]
    writers = [subprocess.Popen([sys.executable, "-c", program], cwd=root) for _ in range(4)]

    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    entries, unreadable = journal.entries()
    assert (len(entries), unreadable) == (40, [])
    assert all(one.ending == Ending("applied") for one in entries)


def test_without_a_journal_nothing_is_written(
    sandbox: Sandbox, client: patcher.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be written stops the write before it is sent: exit 3."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PATCH_MODEL_STATE_DIR", str(tmp_path / "file"))

    with pytest.raises(patcher.JournalError) as caught:
        rename(client)

    assert (caught.value.exit_code, sandbox.puts()) == (3, [])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("call", ["open", "fsync"])
def test_on_a_full_or_read_only_disk_nothing_is_written(
    sandbox: Sandbox,
    client: patcher.Client,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    call: str,
) -> None:
    """Whatever the disk refuses, and when: exit 3, nothing sent, and no half entry."""
    plan = patcher.plan_patch(seed.CONTACTS, {"name": "Clients"}, client=client)
    real = getattr(os, call)

    def refuse(*arguments: Any) -> Any:
        if call == "open" and "intent" not in str(arguments[0]):
            return real(*arguments)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        with pytest.raises(patcher.JournalError) as caught:
            patcher.apply_plan(plan, client=client)

    assert (caught.value.exit_code, sandbox.puts()) == (3, [])
    assert os.strerror(number) in caught.value.message
    assert journal_of(os.environ).entries() == ([], [])


def test_entries_of_an_earlier_version_are_read(journal: Journal) -> None:
    """What was not recorded then has its default."""
    name = journal.open(Intent("model", "i", "n", "w", {}, {}, ("k",)))
    path = journal.folder / f"{name[1:]}.intent.json"
    record = json.loads(path.read_text())
    for key in ("unknown_fields", "saved_plan", "undoes"):
        del record[key]
    path.write_text(json.dumps(record))

    intent = journal.entry(name).intent

    assert (intent.unknown_fields, intent.saved_plan, intent.undoes) == ("error", None, None)


def test_an_undo_can_be_taken_back_without_the_entry_that_it_undid(
    sandbox: Sandbox, client: patcher.Client, journal: Journal
) -> None:
    """The first entry is gone and the outcome of the undo was not seen: a read tells."""
    first = rename(client)
    second = patcher.undo(first, client=client).journal_entry or ""
    for name, kind in ((first, "intent"), (first, "ending"), (second, "ending")):
        (journal.folder / f"{name.removeprefix('@')}.{kind}.json").unlink()

    result = patcher.undo(second, client=client)

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"
