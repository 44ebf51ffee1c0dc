"""Claims: a saved plan is one write's, until it is known not to have been made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from patcher.claims import claim
from patcher.errors import ConflictError, JournalError
from patcher.journal import Ending, Journal
from tests.test_journal import INTENT

PLAN = "0123456789abcdef01234567"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal on the machine's own clock."""
    return Journal(tmp_path / "journal")


def opened(journal: Journal, state: str | None = None) -> str:
    """An entry that has claimed the plan, and ended so."""
    entry = journal.open(INTENT._replace(saved_plan=PLAN))
    claim(journal, PLAN, entry)
    if state is not None:
        journal.close(entry, Ending(state))
    return entry


def claims(journal: Journal) -> list[Path]:
    """The files of claims."""
    return sorted(journal.folder.glob("*.claim.json"))


def another_process(journal: Journal, alters: object) -> None:
    """Has the claim say that it is another process's."""
    (path,) = claims(journal)
    path.write_text(json.dumps({**json.loads(path.read_text()), **dict(alters)}))  # type: ignore[call-overload]


def ended() -> int:
    """The number of a process that is no more."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "is being applied by process {}"),
        ("applied", "was already applied"),
        ("unverified", "was already applied"),
        ("unknown", "was sent before, with an unknown outcome"),
    ],
)
def test_a_claim_stands_in_the_way(journal: Journal, state: str | None, words: str) -> None:
    """The error names the entry, and who has it or what became of it: exit 4."""
    entry = opened(journal, state)

    with pytest.raises(ConflictError, match=words.format(os.getpid())) as caught:
        opened(journal)

    assert entry in caught.value.message
    assert entry in (caught.value.hint or "")


def test_a_claim_whose_process_died_has_an_unknown_outcome(journal: Journal) -> None:
    """Its write may have been sent, as that of any entry without an outcome."""
    opened(journal)
    another_process(journal, {"process": ended()})

    with pytest.raises(ConflictError, match="unknown outcome"):
        opened(journal)


def test_a_process_on_another_machine_may_be_alive(journal: Journal) -> None:
    """Its number means nothing here."""
    opened(journal)
    another_process(journal, {"process": ended(), "host": "elsewhere"})

    with pytest.raises(ConflictError, match="on elsewhere"):
        opened(journal)


def test_a_write_that_was_not_made_gives_the_plan_back(journal: Journal) -> None:
    """As often as it takes; no claim is taken from another on the way."""
    for _ in range(3):
        opened(journal, "not-written")
    opened(journal)

    assert len(claims(journal)) == 4
    with pytest.raises(ConflictError, match="is being applied"):
        opened(journal)


def test_plans_do_not_stand_in_each_others_way(journal: Journal) -> None:
    """Whatever their ids are spelled like; a plan's file may hold anything."""
    entry = journal.open(INTENT)
    for plan_id in (PLAN, PLAN.upper(), "../../etc/passwd", "", "\udc80"):
        claim(journal, plan_id, entry)

    assert len(claims(journal)) == 5


@pytest.mark.parametrize("content", ["", "{", "[]", '{"entry": 5}'])
def test_a_claim_that_cannot_be_read_stands_in_the_way(journal: Journal, content: str) -> None:
    """Someone has it, and is perhaps about to say who."""
    opened(journal)
    claims(journal)[0].write_text(content)

    with pytest.raises(ConflictError, match="claimed by another process"):
        opened(journal)


def test_a_claim_of_an_entry_that_cannot_be_read_stands_in_the_way(journal: Journal) -> None:
    """What became of its write is not known."""
    entry = opened(journal, "not-written")
    (journal.folder / f"{entry[1:]}.intent.json").write_text("{")

    with pytest.raises(ConflictError, match="cannot be read"):
        opened(journal)


def test_a_claim_goes_with_its_entry(journal: Journal) -> None:
    """Pruning removes it, once it is a day old, and then the plan is nobody's."""
    opened(journal, "applied")
    later = datetime.now(timezone.utc) + timedelta(days=3)
    for path in claims(journal):
        os.utime(path, (0, 0))

    assert Journal(journal.folder, lambda: later).prune(1) == 1

    assert claims(journal) == []
    opened(journal)


def test_a_claim_that_cannot_be_put_on_disk_stops(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent without one."""
    entry = journal.open(INTENT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(JournalError, match="No space left on device"):
        claim(journal, PLAN, entry)
