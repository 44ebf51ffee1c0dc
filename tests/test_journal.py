"""The journal: what is on disk before a write, and what can be read of it afterwards."""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from patcher.errors import JournalError
from patcher.journal import Ending, Intent, Journal

INTENT = Intent(
    noun="model",
    id="248df4b7-aa70-47b8-a036-33ac447e668d",
    name="Contacts",
    where="https://app.polytomic.com",
    before={"name": "Contacts", "configuration": {"big": 2**70, "f": 1.0}},
    sent={"name": "Customers"},
    keys=("key-00001",),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal whose clock stands still."""
    return Journal(
        tmp_path / "state" / "journal", now=lambda: datetime(2026, 11, 23, 17, tzinfo=timezone.utc)
    )


def test_an_intent_comes_back_as_it_was(journal: Journal) -> None:
    """What was recorded is read again, number types included, with the time it was begun."""
    name = journal.open(INTENT)

    entry = journal.entry(name)

    assert (entry.name, entry.begun) == (name, "2026-11-23T17:00:00.000Z")
    assert entry.intent == INTENT
    assert type(entry.intent.before["configuration"]["f"]) is float
    assert entry.ending is None
    assert journal.names() == (name,)


def test_an_ending_is_added(journal: Journal) -> None:
    """How the write ended stands beside what was meant."""
    name = journal.open(INTENT)
    ending = Ending("applied", observed={"name": "Customers"})

    journal.close(name, ending)

    assert journal.entry(name).ending == ending


def test_a_known_text_is_recorded_as_it_came(journal: Journal) -> None:
    """The text of a response is recorded to the byte, and read as what it says."""
    before = '{ "name": "Café",\n  "rate": 1.50, "id": 9007199254740993 }'.encode()
    observed = b'{"name": "\\u0043ustomers"}'
    value = {"name": "Café", "rate": 1.5, "id": 9007199254740993}
    intent = INTENT._replace(before=value)

    name = journal.open(intent, before=before)
    journal.close(name, Ending("applied", "as sent", {"name": "Customers"}), observed=observed)
    journal.add_key(name, "another")

    entry = journal.entry(name)
    assert entry.intent == intent._replace(keys=(*intent.keys, "another"))
    assert entry.ending == Ending("applied", "as sent", {"name": "Customers"})
    assert observed in journal.folder.joinpath(f"{name[1:]}.ending.json").read_bytes()


def test_a_further_key_is_recorded(journal: Journal) -> None:
    """Each Idempotency-Key that was used is there, in order."""
    name = journal.open(INTENT)

    journal.add_key(name, "key-00002")

    assert journal.entry(name).intent.keys == ("key-00001", "key-00002")


def test_entries_are_named_by_twelve_hex_digits(journal: Journal) -> None:
    """An entry's name is what the command line takes: an at sign and 12 hex digits."""
    names = {journal.open(INTENT) for _ in range(20)}

    assert len(names) == 20
    assert all(name[0] == "@" and int(name[1:], 16) >= 0 and len(name) == 13 for name in names)
    assert set(journal.names()) == names


def test_files_belong_to_their_owner_alone(journal: Journal) -> None:
    """A whole model with its credentials is in there: 0600 in a folder of 0700."""
    os.umask(0o000)
    try:
        journal.close(journal.open(INTENT), Ending("applied"))
    finally:
        os.umask(0o022)

    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700
    modes = [stat.S_IMODE(path.stat().st_mode) for path in journal.folder.iterdir()]
    assert modes == [0o600] * 3, "an intent, an ending, and the sequence"


def test_every_file_is_on_disk_before_its_name_is(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content is synced, then renamed, then the folder synced: no crash leaves half an entry."""
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append(f"sync {kind}")
        fsync(descriptor)

    def watched_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)

    journal.open(INTENT)

    assert steps == ["sync file", "rename", "sync folder"]


def test_a_folder_that_others_can_enter_is_refused(journal: Journal) -> None:
    """Others could read or plant entries there."""
    journal.folder.mkdir(parents=True)
    journal.folder.chmod(0o755)

    with pytest.raises(JournalError, match="open to other users") as caught:
        journal.open(INTENT)

    assert "chmod 700" in (caught.value.hint or "")


def test_a_full_disk_is_said_to_be_and_leaves_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An intent that cannot be written whole is not there at all."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(JournalError, match="No space left on device"):
        journal.open(INTENT)

    assert [path.name for path in journal.folder.iterdir()] == ["sequence"]


def test_a_file_in_the_way_is_said_to_be(tmp_path: Path) -> None:
    """A folder that cannot be made is named, with the variable that names another."""
    (tmp_path / "journal").write_text("")

    with pytest.raises(JournalError) as caught:
        Journal(tmp_path / "journal").open(INTENT)

    assert "PATCH_MODEL_STATE_DIR" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": 2}',
        '{"format": "1"}',
        '{"format": 1}',
        '{"format": 1, "keys": 5, "begun": ""}',
    ],
)
def test_what_is_no_entry_is_refused(journal: Journal, content: str) -> None:
    """A truncated, foreign or newer file is an error of the journal, not a crash."""
    name = journal.open(INTENT)
    (file,) = journal.folder.glob("*.intent.json")
    file.write_text(content)

    with pytest.raises(JournalError):
        journal.entry(name)


def put_into(journal: Journal, name: str, file: str, members: dict[str, object]) -> None:
    """Puts members into a record of an entry, as someone else may."""
    path = journal.folder / f"{name[1:]}.{file}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


@pytest.mark.parametrize(
    ("file", "member", "value"),
    [
        ("intent", "begun", 5),
        ("intent", "noun", None),
        ("intent", "id", ["x"]),
        ("intent", "name", {}),
        ("intent", "where", None),
        ("intent", "before", []),
        ("intent", "sent", "x"),
        ("intent", "keys", "k1"),
        ("intent", "keys", [5]),
        ("intent", "unknown_fields", "perhaps"),
        ("intent", "unknown_fields", None),
        ("intent", "saved_plan", 5),
        ("intent", "undoes", True),
        ("ending", "state", "done"),
        ("ending", "state", None),
        ("ending", "message", ["x"]),
        ("ending", "observed", "x"),
    ],
)
def test_a_member_of_another_kind_is_refused(
    journal: Journal, file: str, member: str, value: object
) -> None:
    """An entry that someone else has written is listed as unreadable, and nothing breaks."""
    name = journal.open(INTENT)
    journal.close(name, Ending("applied"))
    put_into(journal, name, file, {member: value})

    with pytest.raises(JournalError, match="incomplete"):
        journal.entry(name)
    entries, unreadable = journal.entries()

    assert (entries, len(unreadable)) == ([], 1)
    assert journal.prune(0) == 0


@pytest.mark.parametrize(
    ("file", "member"),
    [("intent", "state"), ("intent", "later"), ("ending", "keys"), ("ending", "unknown_fields")],
)
@pytest.mark.parametrize("value", [["x"], {}, 5, None])
def test_a_member_that_is_not_a_records_does_no_harm(
    journal: Journal, file: str, member: str, value: object
) -> None:
    """What a later version may add to a record is passed over, whatever its kind."""
    name = journal.open(INTENT)
    journal.close(name, Ending("applied"))
    whole = journal.entry(name)

    put_into(journal, name, file, {member: value})

    assert journal.entry(name) == whole


@pytest.mark.parametrize("name", ["\ud800", "@\0", "../journal", "", "@" + "a" * 5_000])
def test_a_name_that_is_none_has_no_entry(journal: Journal, name: str) -> None:
    """A forged record may say that it undoes anything: that is an unknown entry, not a crash."""
    journal.open(INTENT)

    assert isinstance(journal.tried(name), JournalError)
    assert not journal.has(name)


def test_what_an_earlier_version_did_not_record_has_its_default(journal: Journal) -> None:
    """An entry without the members that came later is read all the same."""
    name = journal.open(INTENT._replace(unknown_fields="carry", saved_plan="p", undoes="@1"))
    path = journal.folder / f"{name[1:]}.intent.json"
    record = json.loads(path.read_text())
    for member in ("unknown_fields", "saved_plan", "undoes"):
        del record[member]
    path.write_text(json.dumps(record))

    assert journal.entry(name).intent == INTENT


def test_an_entry_that_is_not_there_is_an_error(journal: Journal) -> None:
    """A name without an entry is said to have none."""
    assert journal.names() == ()
    with pytest.raises(JournalError, match="no journal entry"):
        journal.entry("@0123456789ab")


def test_when_an_entry_was_written(journal: Journal) -> None:
    """Its file tells; for one that is not there any more it might have been just now."""
    name = journal.open(INTENT)
    os.utime(journal.folder / f"{name[1:]}.intent.json", (5, 5))

    assert journal.written_at(name) == 5.0
    assert journal.written_at("@0123456789ab") == journal.now().timestamp()


def test_an_entry_is_plain_json(journal: Journal) -> None:
    """Anybody can read an entry with any tool, whatever becomes of this one."""
    name = journal.open(INTENT)

    record = json.loads((journal.folder / f"{name[1:]}.intent.json").read_text())

    assert record["entry"] == name
    assert record["sent"] == {"name": "Customers"}


def test_an_entry_that_cannot_be_read_is_an_error(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is named, with the system's reason."""
    name = journal.open(INTENT)

    def broken(path: object, flags: int, mode: int) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", broken)

    with pytest.raises(JournalError, match=r"cannot be read: Input/output error\."):
        journal.entry(name)


@pytest.mark.parametrize("begun", ["yesterday", "2020-01-01", "2020-01-01T00:00:00"])
def test_pruning_an_empty_or_odd_journal_is_no_error(journal: Journal, begun: str) -> None:
    """Without a folder there is nothing to remove; an entry without a time is left alone."""
    assert journal.prune(0) == 0
    name = journal.open(INTENT)
    path = journal.folder / f"{name[1:]}.intent.json"
    path.write_text(path.read_text().replace("2026-11-23T17:00:00.000Z", begun))
    (journal.folder / "0123456789ab.ending.json").write_text("{}")

    assert journal.prune(0) == 0
    assert journal.names() == (name,)


def test_a_journal_in_a_loop_of_links_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """A folder that cannot be looked at is an error, also where only names are wanted."""
    (tmp_path / "journal").symlink_to(tmp_path / "journal")

    with pytest.raises(JournalError, match="cannot be read"):
        Journal(tmp_path / "journal").names()


def test_a_journal_where_no_folder_can_be_says_so(tmp_path: Path) -> None:
    """A file in the place of a folder above it: said with the system's reason."""
    (tmp_path / "file").touch()

    with pytest.raises(JournalError, match=r"cannot be read: Not a directory\."):
        Journal(tmp_path / "file" / "journal").entry("@0123456789ab")


def test_a_write_on_its_way_is_not_pruned(journal: Journal) -> None:
    """One without an ending stays for a day, and so does a file that is not finished."""
    name = journal.open(INTENT)
    draft = journal.folder / f".{name[1:]}.ending.json.0123abcd"
    draft.write_text("{")
    moment = journal.now()
    os.utime(draft, (moment.timestamp(), moment.timestamp()))
    soon = Journal(journal.folder, lambda: moment + timedelta(hours=23))
    later = Journal(journal.folder, lambda: moment + timedelta(hours=25))

    assert (soon.prune(0), soon.names(), draft.exists()) == (0, (name,), True)
    assert (later.prune(0), later.names(), draft.exists()) == (1, (), False)


def test_a_journal_that_cannot_be_pruned_says_why(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be removed is an error, not a wrong number."""
    Journal(journal.folder, now=lambda: datetime(2020, 1, 1, tzinfo=timezone.utc)).open(INTENT)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)

    with pytest.raises(JournalError, match="cannot be pruned"):
        journal.prune(1)


def at(journal: Journal, hour: int) -> Journal:
    """The same journal, whose clock shows another hour."""
    return Journal(journal.folder, lambda: datetime(2026, 11, 23, hour, tzinfo=timezone.utc))


def order(journal: Journal) -> list[str]:
    """The names of the entries, the newest first."""
    return [entry.name for entry in journal.entries()[0]]


def test_the_order_is_not_the_clocks(journal: Journal) -> None:
    """A clock that is set back between two writes does not make the second the older one."""
    names = [at(journal, hour).open(INTENT) for hour in (17, 9, 12, 9, 20, 3)]

    assert order(journal) == names[::-1]
    assert journal.entry(names[1]).begun.startswith("2026-11-23T09")


@pytest.mark.parametrize("damage", ["", "x", "-5", "9" * 40, None])
def test_a_lost_sequence_is_made_again(journal: Journal, damage: str | None) -> None:
    """What is not whole or not there goes on after the last entry that there is."""
    names = [journal.open(INTENT)]
    path = journal.folder / "sequence"
    if damage is None:
        path.unlink()
    else:
        path.write_text(damage)
    names += [at(journal, 9).open(INTENT), at(journal, 9).open(INTENT)]

    assert order(journal) == names[::-1]


def run_entry(journal: Journal, name: str, run: str | None) -> str:
    """The entry of a write of a model of that name, in a run."""
    return journal.open(INTENT._replace(name=name, before={"name": name}, run=run))


def test_the_entries_of_a_run_are_those_that_say_so(journal: Journal) -> None:
    """A model that has the run's name in its text is in no run."""
    ours = {run_entry(journal, "A", "run-1"), run_entry(journal, "B", "run-1")}
    run_entry(journal, "run-1", None)
    run_entry(journal, "C", "run-2")

    assert {one.name for one in journal.of_run("run-1")} == ours
    assert list(journal.of_run("run-3")) == []


@pytest.mark.parametrize(("text", "is_ours"), [('{"run": "run-1"', True), ("{", False)])
def test_an_unreadable_entry_matters_to_the_run_that_it_names(
    journal: Journal, text: str, is_ours: bool
) -> None:
    """It is an error for that run, and passed over for any other."""
    kept = run_entry(journal, "A", "run-1")
    broken = run_entry(journal, "B", None)
    (journal.folder / f"{broken.removeprefix('@')}.intent.json").write_text(text)

    if is_ours:
        with pytest.raises(JournalError):
            list(journal.of_run("run-1"))
    else:
        assert [one.name for one in journal.of_run("run-1")] == [kept]


def test_entries_of_an_earlier_version_are_ordered_by_their_time(journal: Journal) -> None:
    """They have no place of their own, and fit in among those that have one."""
    names = [at(journal, hour).open(INTENT) for hour in (12, 10, 14)]
    for name in names:
        path = journal.folder / f"{name[1:]}.intent.json"
        record = json.loads(path.read_text())
        del record["sequence"]
        path.write_text(json.dumps(record))
    (journal.folder / "sequence").unlink()
    later = [at(journal, hour).open(INTENT) for hour in (16, 8)]

    assert order(journal) == [*later[::-1], names[2], names[0], names[1]]


@pytest.mark.parametrize("sequence", ["5", 5.0, None, True])
def test_a_place_that_is_no_number_is_no_entry(journal: Journal, sequence: object) -> None:
    """As for every other member of a record."""
    name = journal.open(INTENT)
    path = journal.folder / f"{name[1:]}.intent.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "sequence": sequence}))

    with pytest.raises(JournalError, match="incomplete"):
        journal.entry(name)


def test_a_sequence_that_others_can_write_is_not_trusted(journal: Journal) -> None:
    """Nothing is written, and what helps is said."""
    journal.open(INTENT)
    (journal.folder / "sequence").chmod(0o666)

    with pytest.raises(JournalError, match="sequence") as caught:
        journal.open(INTENT)

    assert "chmod 600" in (caught.value.hint or "")


def test_a_sequence_that_others_can_write_is_refused(journal: Journal) -> None:
    """What orders the entries must be this user's alone: nothing is recorded."""
    journal.open(INTENT)
    (journal.folder / "sequence").chmod(0o666)

    with pytest.raises(JournalError, match="sequence") as caught:
        journal.open(INTENT)

    assert "chmod" in (caught.value.hint or "")


def test_a_claim_stays_as_long_as_its_entry(journal: Journal) -> None:
    """Pruning takes the claims of entries that are gone, and no other."""
    name = journal.open(INTENT)
    claims = {}
    for one, entry in (("kept", name), ("gone", "@0123456789ab")):
        claims[one] = journal.folder / f"{one}.claim.json"
        claims[one].write_text(json.dumps({"entry": entry}))
        claims[one].chmod(0o600)

    assert list(journal._leftovers()) == [claims["gone"]]


def test_a_sequence_that_cannot_be_written_is_refused(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full where the order is kept: nothing is recorded."""

    def full(*arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(JournalError, match="No space left"):
        journal.open(INTENT)
    assert journal.names() == ()
