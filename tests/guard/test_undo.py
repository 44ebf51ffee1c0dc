"""The plan that undoes a write, made from the journal's record and the present state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patcher.documents.masks import MASK, Masks
from patcher.errors import (
    ConflictError,
    InvalidInputError,
    OutcomeUnknownError,
    UnknownFieldError,
)
from patcher.guard.undo import UndoPlanner, recorded_plan
from patcher.journal import Ending, Entry, Journal
from patcher.plan import Origin, Plan
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

OTHER = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a999"
PLAIN = Masks(MODEL.shape.opaque)
HINT = ("configuration", "hint")
LITERAL = Masks(MODEL.shape.opaque, literal=frozenset({HINT}))


def write(store: MemoryStore, folder: Path, plan: Plan) -> Entry:
    """The record of a write of ``plan``."""
    guard = guard_of(store, folder)
    return guard.journal.entry(str(guard.write(plan).journal_entry))


def way_back(store: MemoryStore, folder: Path, plan: Plan, **terms: Any) -> UndoPlanner:
    """Undoes under the terms of ``plan``, but for those given."""
    journal = Journal(folder / "journal")
    bare = plan.terms._replace(named=(), written_keys=frozenset(), **terms)
    return UndoPlanner(store.read, journal, MODEL, bare)


def recorded(entry: Entry) -> Plan:
    """The plan of a write as the journal has it, read by one who knows only what is secret."""
    return recorded_plan(entry, MODEL, PLAIN)


def test_a_record_has_the_plan_that_was_made(tmp_path: Path) -> None:
    """Both documents, the changes, the terms and the origin are those of the plan itself."""
    store = MemoryStore(response(organization_id=OTHER, new_key=1))
    origin = Origin("https://api.test", OTHER, saved_plan="p1", undoes="@0123456789ab")
    plan = plan_of(store, {"name": "Clients"}, unknown_fields="drop", origin=origin)

    again = recorded(write(store, tmp_path, plan))

    assert (again.document, again.proposed) == (plan.document, plan.proposed)
    assert (again.changes, again.base.raw) == (plan.changes, plan.base.raw)
    assert (again.origin, again.unknown_fields) == (origin, "drop")
    assert again.terms.written_keys == {"name"}


def test_a_record_has_what_needed_to_be_allowed(tmp_path: Path) -> None:
    """All fields opened, a text like a mask, a blocker settled: what was written can be read."""
    store = MemoryStore(response(labels=[{}], configuration={"query": "SELECT 1", "hint": MASK}))
    change = {"fields": None, "labels": [ID], "configuration": {"query": None}}
    plan = plan_of(store, change, masks=LITERAL, allow_all_fields=True)

    again = recorded(write(store, tmp_path, plan))

    assert (again.proposed, again.changes) == (plan.proposed, plan.changes)
    assert again.terms.masks.literal == {HINT}
    assert again.terms.named == (("labels", "0"),)
    assert again.terms.allow_all_fields


def test_a_record_may_restore_what_was_not_there(tmp_path: Path) -> None:
    """The undo of a write that dropped a key sends it again, and its record says so."""
    store = MemoryStore(response(new_key={"a": 1}))
    plan = plan_of(store, {"name": "Clients"}, unknown_fields="drop")
    entry = write(store, tmp_path, plan)
    back = way_back(store, tmp_path, plan, unknown_fields="error").plan(entry)

    again = recorded(write(store, tmp_path, back))

    assert again.proposed == back.proposed
    assert again.proposed["new_key"] == {"a": 1}


@pytest.mark.parametrize("known", [None, "another"])
def test_an_undo_says_what_it_undoes_and_where(tmp_path: Path, known: str | None) -> None:
    """Its origin has the entry, and the organization of the model where none is known."""
    store = MemoryStore(response(organization_id=OTHER))
    plan = plan_of(store, {"name": "Clients"})
    entry = write(store, tmp_path, plan)
    way = way_back(store, tmp_path, plan, origin=Origin("https://api.test", known))

    back = way.plan(entry)

    assert back.origin == Origin("https://api.test", known or OTHER, undoes=entry.name)
    assert back.terms.written_keys == {"name"}
    assert back.terms.undone == entry.intent.sent


def test_a_text_that_was_sent_is_what_it_is_however_masked_it_looks(tmp_path: Path) -> None:
    """It was literal in the write, so that the undo neither stops at it nor warns of it."""
    store = MemoryStore(response(configuration={"query": "SELECT 1", "hint": MASK}))
    plan = plan_of(store, {"name": "Clients"}, masks=LITERAL)
    entry = write(store, tmp_path, plan)

    back = way_back(store, tmp_path, plan, masks=PLAIN).plan(entry)

    assert [(one.path, one.old, one.new) for one in back.changes] == [
        ("/name", "Clients", "Customers")
    ]
    assert (back.proposed, back.warnings) == (plan.document, ())
    assert back.terms.named == ()


@pytest.mark.parametrize(
    ("state", "observed"), [("applied", {"name": "Else"}), ("unverified", {})], ids=str
)
def test_a_hidden_value_that_may_be_another_one_now_is_not_replaced(
    tmp_path: Path, state: str, observed: dict[str, Any]
) -> None:
    """Where the write was not the last one, or not alone, what is hidden has to be given."""
    store = HidingStore(response(configuration={"token": "first"}))
    plan = plan_of(store, {"name": "Clients", "configuration": {"token": "second"}})
    journal = Journal(tmp_path / "journal")
    name = journal.open(intent_of(plan))
    store.write({**plan.proposed, **observed})
    seen = {**store.snapshot().raw, "name": "Clients"}
    journal.close(name, Ending(state, observed=seen))
    way = way_back(store, tmp_path, plan)
    way.rebases = True

    with pytest.raises(UnknownFieldError, match="/configuration/token"):
        way.plan(journal.entry(name))


def test_a_hidden_value_is_not_replaced_where_someone_else_wrote_since(tmp_path: Path) -> None:
    """The value before the write is known, but not whether theirs is another one by now."""
    store = HidingStore(response(configuration={"token": "first"}))
    plan = plan_of(store, {"name": "Clients", "configuration": {"token": "second"}})
    shown = {**plan.base.raw, "configuration": {"token": "first"}}
    journal = Journal(tmp_path / "journal")
    name = journal.open(intent_of(plan)._replace(before=shown))
    store.write(plan.proposed)
    journal.close(name, Ending("applied", observed=store.snapshot().raw))
    way = way_back(store, tmp_path, plan)
    way.rebases = True
    assert way.plan(journal.entry(name)).proposed["configuration"] == {"token": "first"}

    store.write({**plan.proposed, "identifier": "email"}, by="Bo")

    with pytest.raises(UnknownFieldError, match="/configuration/token"):
        way.plan(journal.entry(name))


def unsettled(store: MemoryStore, folder: Path, change: Any) -> tuple[UndoPlanner, Entry]:
    """A write of which only the intent is recorded, and the way back."""
    plan = plan_of(store, change)
    journal = Journal(folder / "journal")
    entry = journal.entry(journal.open(intent_of(plan)))
    return way_back(store, folder, plan), entry


def test_what_was_not_written_has_nothing_to_undo(tmp_path: Path) -> None:
    """The error says why it was not written, and where the writes are listed."""
    store = MemoryStore()
    way, entry = unsettled(store, tmp_path, {"name": "Clients"})
    way.journal.close(entry.name, Ending("not-written", "Refused."))

    with pytest.raises(InvalidInputError, match="nothing to undo: Refused") as caught:
        way.plan(way.journal.entry(entry.name))

    assert "patcher.history()" in str(caught.value.hint)


def test_a_write_that_is_not_visible_may_still_come(tmp_path: Path) -> None:
    """An intent without an outcome, over a model that is as before, is not undone."""
    way, entry = unsettled(MemoryStore(), tmp_path, {"name": "Clients"})

    with pytest.raises(InvalidInputError, match="not visible yet") as caught:
        way.plan(entry)

    assert "try again later" in str(caught.value.hint)


def test_a_write_that_is_visible_is_recorded_as_applied(tmp_path: Path) -> None:
    """What only it can have stored proves it: the outcome is recorded with what was seen."""
    store = MemoryStore()
    way, entry = unsettled(store, tmp_path, {"name": "Clients"})
    store.write(entry.intent.sent)

    back = way.plan(entry)

    assert [one.path for one in back.changes] == ["/name"]
    assert way.journal.entry(entry.name).ending == Ending("applied", None, store.raw)


def test_what_anyone_may_have_stored_proves_no_write(tmp_path: Path) -> None:
    """The error names the entry, the call that shows it, and the way to undo it by hand."""
    store = MemoryStore(response(policies=None))
    way, entry = unsettled(store, tmp_path, {"policies": []})
    store.raw["version"] += 1

    with pytest.raises(OutcomeUnknownError, match="may or may") as caught:
        way.plan(entry)

    assert caught.value.journal_entry == entry.name
    for call in (f'patcher.history("{entry.name}")', f'patcher.edit_model("{ID}")'):
        assert call in str(caught.value.hint)


def test_what_others_wrote_over_an_unsettled_write_is_a_conflict(tmp_path: Path) -> None:
    """The error has both versions, and the call that shows the change."""
    store = MemoryStore()
    way, entry = unsettled(store, tmp_path, {"name": "Clients"})
    store.write({**entry.intent.sent, "name": "Else"}, step=2)

    with pytest.raises(ConflictError, match="neither") as caught:
        way.plan(entry)

    assert (caught.value.expected, caught.value.found) == (7, 9)
    assert f'patcher.history("{entry.name}")' in str(caught.value.hint)


def test_a_part_without_a_place_is_left_away(tmp_path: Path) -> None:
    """What could not be sent before the write stays as it is now, wherever it would be."""
    before = {"configuration": {"a": {"token": MASK, "x": 1}, "query": "SELECT 1"}}
    store = MemoryStore(response(**before))
    plan = plan_of(store, {"configuration": {"a": None}, "name": "Clients"})
    entry = write(store, tmp_path, plan)

    back = way_back(store, tmp_path, plan).plan(entry)

    assert back.proposed["configuration"] == {"a": {"x": 1}, "query": "SELECT 1"}
