"""Files of ours that somebody else may have had in hand: plans, the journal, kept edits."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import jsontext
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.editor import draft
from patcher.editor.buffer import Buffer, Format
from patcher.editor.draft import Basis, Draft
from patcher.errors import PatchError
from patcher.journal import Ending, Intent, Journal
from patcher.operations.undo import History
from patcher.plan import saved
from patcher.plan.saved import dump, is_saved_plan, load
from patcher.render.history import entry_lines, history_lines
from patcher.render.plan import plan_lines
from patcher.render.text import Line
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.fuzz.damage import altered, damaged, odd_texts, odd_values, only_ours, shaped
from tests.guard.memory import MemoryStore, response
from tests.plan.planning import make_plan

MASKS = Masks(MODEL.shape.opaque)
CHANGE = {"name": "Clients", "configuration": {"query": "SELECT 2"}, "policies": None}
MADE = make_plan(MODEL, Snapshot(response()), Patch.of(CHANGE), masks=MASKS)
PLAN: dict[str, Any] = json.loads(
    dump(MADE, plan_id="p1", created="2026-11-24T17:00:00Z", salt=bytes(16), tool="0.1.0")
)
BASIS = Basis("https://app.polytomic.com", "model", "yaml", Snapshot(response()))
RECORD: dict[str, Any] = json.loads(BASIS.record())
INTENT: dict[str, Any] = {
    "format": 1,
    "entry": "@0123456789ab",
    "begun": "2026-11-24T17:00:00.000Z",
    **Intent(
        noun="model",
        id="248df4b7-aa70-47b8-a036-33ac447e668d",
        name="Customers",
        where="https://app.polytomic.com",
        before=response(),
        sent={**MADE.proposed, "refresh": True},
        keys=("k1",),
    )._asdict(),
}
ENDING: dict[str, Any] = {
    "format": 1,
    "entry": "@0123456789ab",
    "ended": "2026-11-24T17:00:01.000Z",
    **Ending("applied", "said", response(version=8))._asdict(),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder for all examples, since each overwrites the files of the one before."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def sealed(content: Any, checksum: Any) -> bytes:
    """The text of a content, with a checksum that fits where there can be one."""
    if type(content) is dict:
        content.pop("checksum", None)
        content["checksum"] = checksum(content)
    return jsontext.dump(content).encode()


def assert_plain(lines: Iterator[Line]) -> None:
    """Asserts that nothing in the lines can move a cursor."""
    for line in lines:
        assert all(span.text.isprintable() for span in line)


def assert_taken_or_refused(text: bytes) -> None:
    """Does with a saved plan all that does not need the API."""
    is_saved_plan(text)
    with only_ours():
        found = load(text, MODEL, MASKS, what="plan.json")
        assert jsontext.dump(found.plan.to_dict())
        assert_plain(iter(plan_lines(found.plan)))
        found.on(MADE.document)
        assert jsontext.parse(jsontext.dump(found.plan.proposed), what="it")


@given(damaged(json.dumps(PLAN).encode()) | st.binary())
def test_a_saved_plan_that_was_damaged(text: bytes) -> None:
    """It is refused, or it is still the plan."""
    assert_taken_or_refused(text)


@given(altered(PLAN))
def test_a_saved_plan_that_was_forged(content: Any) -> None:
    """Even where the checksum fits, it is a plan that can be looked at, or it is refused."""
    assert_taken_or_refused(sealed(content, saved._checksum))


@given(
    shaped(
        {
            "name": st.sampled_from(("a", "\x1b[2J")),
            "version": st.integers(),
            "updated_by": odd_values,
            "warnings": st.lists(
                shaped({"code": odd_texts, "path": odd_texts, "message": odd_texts}), max_size=2
            ),
            "mentioned": st.lists(odd_texts, max_size=2),
            "touched": st.lists(odd_texts, max_size=2),
            "cleared": st.lists(odd_texts, max_size=2),
            "salt": st.sampled_from(("", "00", "zz", "é")),
            "digests": shaped({"base": odd_values, "proposed": odd_values}),
            "format": st.integers(-1, 2),
        }
    )
)
def test_a_saved_plan_that_was_made_up(members: dict[str, Any]) -> None:
    """Likewise for members of the right kind with a content that makes no sense."""
    assert_taken_or_refused(sealed({**PLAN, **members}, saved._checksum))


def assert_remembered(folder: Path, intent: bytes, ending: bytes | None) -> None:
    """Does with a journal entry all that can be done with one: list, show, prune, undo."""
    first, second = (folder / f"0123456789ab.{kind}.json" for kind in ("intent", "ending"))
    second.unlink(missing_ok=True)
    for path, content in ((first, intent), (second, ending)):
        if content is not None:
            path.write_bytes(content)
            path.chmod(0o600)
    journal = Journal(folder)
    history = History(journal, MASKS)
    entries, unreadable = journal.entries()
    assert len(entries) + len(unreadable) == 1
    with only_ours():
        one = history.one("@0123456789ab")
        assert jsontext.dump(one.to_dict())
        assert_plain(entry_lines(one.to_dict(), one.plan))
    rows, older, _ = history.all("Customers", 5)
    assert_plain(history_lines([row.to_dict() for row in rows], older))
    for entry in entries:
        with only_ours():
            take_back(journal, entry)
    journal.prune(10_000)


def take_back(journal: Journal, entry: Any) -> None:
    """Plans to undo an entry, on a model as it was after the write."""
    from patcher.guard.undo import UndoPlanner
    from patcher.plan import Terms

    store = MemoryStore()
    store.write(MADE.proposed)
    way = UndoPlanner(store.read, journal, MODEL, Terms(masks=MASKS))
    way.plan(entry)


entries = st.one_of(
    st.tuples(altered(INTENT), st.just(ENDING)),
    st.tuples(st.just(INTENT), altered(ENDING)),
    st.tuples(altered(INTENT), st.none()),
)


@given(entry=entries)
def test_a_journal_entry_that_was_forged(folder: Path, entry: tuple[Any, Any]) -> None:
    """It is an entry that can be listed, shown and undone, or it is said to be none."""
    intent, ending = entry
    assert_remembered(
        folder,
        jsontext.dump(intent).encode(),
        None if ending is None else jsontext.dump(ending).encode(),
    )


@given(text=damaged(json.dumps(INTENT).encode()) | st.binary(), which=st.booleans())
def test_a_journal_entry_that_was_damaged(folder: Path, text: bytes, which: bool) -> None:
    """A file cut off by a full disk, or written by something else, is said to be no entry."""
    whole = json.dumps(INTENT).encode()
    assert_remembered(folder, text if which else whole, None if which else text)


def assert_resumed(path: Path, text: bytes) -> None:
    """Does with a kept text what ``edit --resume`` does before it asks the API."""
    path.write_bytes(text)
    kept = Draft(path)
    assert isinstance(kept.is_edit("x"), bool)
    with only_ours():
        kept.read()
        basis = kept.basis()
        here = Buffer(MODEL, basis.base, _format(basis))
        document, _ = MODEL.document(basis.base)
        assert here.text(document)
        here.document_of(here.body_of(jsontext.decoded(kept.read(), what="it")))


def _format(basis: Basis) -> Format:
    assert basis.format in ("yaml", "json")
    return "json" if basis.format == "json" else "yaml"


@given(record=altered(RECORD), text=st.sampled_from((b"", b"name: a\n", b"\xff\n")))
def test_a_kept_edit_that_was_forged(folder: Path, record: Any, text: bytes) -> None:
    """Even where the checksum fits, it can be resumed, or it is said that it cannot."""
    foot = b"# " + draft._FOOT + b"\n# " + sealed(record, draft._checksum) + b"\n"
    assert_resumed(folder / "kept.yaml", text + foot)


@given(data=st.data())
def test_a_kept_edit_that_was_damaged(folder: Path, data: st.DataObject) -> None:
    """Whatever happened to the file, it can be resumed, or it is said that it cannot."""
    foot = b"# " + draft._FOOT + b"\n# " + BASIS.record() + b"\n"
    whole = b"# above\nname: a\nfields:\n- b\n" + foot
    assert_resumed(folder / "kept.yaml", data.draw(damaged(whole) | st.binary()))


@given(st.sampled_from(("yaml", "json")), st.data())
def test_a_text_from_the_editor(format_: Format, data: st.DataObject) -> None:
    """It is a document, or it is refused; every place has a line or none."""
    here = Buffer(MODEL, Snapshot(response()), format_)
    document, _ = MODEL.document(here.base)
    whole = here.headed(here.body_of(here.text(document)), ["no"]).encode()
    text = data.draw(damaged(whole)).decode("utf-8", "replace")
    body = here.body_of(text)
    assert isinstance(here.is_empty(body), bool)
    with only_ours():
        here.line_of(body, data.draw(st.sampled_from(("/name", "/fields/0", "", None))))
    with only_ours():
        found = here.document_of(body, 3)
        assert here.document_of(here.body_of(here.text(found))) == found


def test_what_is_whole_is_taken(folder: Path) -> None:
    """What is damaged and forged above is taken as it is: the refusals are no accident."""
    text = json.dumps(PLAN)
    assert load(text, MODEL, MASKS, what="it").plan.changes == MADE.changes
    assert_remembered(folder, json.dumps(INTENT).encode(), json.dumps(ENDING).encode())
    assert [one.intent.name for one in Journal(folder).entries()[0]] == ["Customers"]
    assert Basis.of(sealed(dict(RECORD), draft._checksum), folder) == BASIS
    with pytest.raises(PatchError):
        load(text.replace("Clients", "Others"), MODEL, MASKS, what="it")
