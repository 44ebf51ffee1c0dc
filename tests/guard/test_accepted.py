"""What was last accepted of a resource: kept in a file of its own, and made again when lost."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any, NoReturn

import pytest

from patcher.errors import StaleReadError
from patcher.guard.accepted import Accepted, read_fresh
from patcher.guard.outcome import PATIENCE
from patcher.journal import Ending, Intent, Journal
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, FakeClock, response

URL = "https://app.polytomic.com"


@pytest.fixture
def accepted(tmp_path: Path) -> Accepted:
    """Nothing accepted so far, and an empty journal."""
    return Accepted(tmp_path / "accepted", Journal(tmp_path / "journal"), "thing")


def snapshot(version: Any, **members: Any) -> Snapshot:
    """A reading at a version."""
    return Snapshot(response(version=version, **members))


def version(accepted: Accepted, url: str = URL) -> int | None:
    """The version of what was last accepted, or None."""
    last = accepted.last(url, ID)
    return last.version if last else None


def record(accepted: Accepted, before: int, after: int | None, **intent: Any) -> None:
    """Puts a write into the journal."""
    raw = snapshot(before).raw
    made = Intent("thing", ID, "X", URL, raw, {"name": "X"}, ("key",))
    name = accepted.journal.open(made._replace(**intent))
    observed = None if after is None else snapshot(after).raw
    accepted.journal.close(name, Ending("applied", observed=observed))


def files(accepted: Accepted) -> list[Path]:
    """The files of single resources."""
    return sorted(accepted.folder.glob("*.json"))


def test_the_last_one_is_what_is_known(accepted: Accepted) -> None:
    """Nothing is known at first; then it is the newest reading, whatever the order they came in."""
    assert accepted.last(URL, ID) is None

    for seen in (7, 9, 8):
        accepted.accept(URL, snapshot(seen))

    assert version(accepted) == 9
    assert accepted.last(URL, ID.upper()) == accepted.last(URL, ID)


def test_an_older_one_counts_where_it_was_asked_for(accepted: Accepted) -> None:
    """What was restored becomes the last one, and what is older than that is stale from then on."""
    accepted.accept(URL, snapshot(9))
    accepted.accept(URL, snapshot(3), older=True)

    assert version(accepted) == 3


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("https://app.polytomic.com", True),
        ("https://app.polytomic.com:444", False),
        ("http://app.polytomic.com", False),
        ("https://app.polytomic.com/eu", False),
        ("https://eu.polytomic.com", False),
    ],
)
def test_each_api_has_its_own(accepted: Accepted, url: str, is_same: bool) -> None:
    """Two APIs can hold the same ids."""
    accepted.accept(URL, snapshot(9))

    assert (version(accepted, url) == 9) is is_same


def test_each_resource_has_a_file_of_its_own_that_only_its_owner_reads(accepted: Accepted) -> None:
    """0600 in a folder of 0700, and nothing of the document in it but name-free facts."""
    accepted.accept(URL, snapshot(9))
    accepted.accept(URL, snapshot(1, id="5aef5c3d-67a0-5094-8719-7ad8420ad6fa"))

    assert len(files(accepted)) == 2
    assert stat.S_IMODE(accepted.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in files(accepted)} == {0o600}
    (known,) = (json.loads(one.read_bytes()) for one in files(accepted) if ID in one.read_text())
    assert set(known) == {"url", "noun", "id", "version", "updated_at"}


def test_what_is_lost_is_made_again_from_the_journal(accepted: Accepted) -> None:
    """Without the folder, or with an empty one, the latest state in any entry counts."""
    record(accepted, 7, 8)
    record(accepted, 3, None)
    record(accepted, 20, 21, where="https://eu.polytomic.com")
    record(accepted, 30, 31, noun="other")

    assert version(accepted) == 8
    for one in accepted.folder.iterdir():
        one.unlink()
    assert version(accepted) == 8
    assert version(accepted, "https://eu.polytomic.com") == 21
    assert len(files(accepted)) == 2


class Unread(Journal):
    """A journal that nobody is to read."""

    def entries(self) -> NoReturn:
        """Fails."""
        raise AssertionError


def test_the_journal_is_read_once(accepted: Accepted) -> None:
    """What it does not have is not looked for there again."""
    record(accepted, 7, 8)
    assert version(accepted) == 8
    accepted.journal = Unread(accepted.journal.folder)

    assert accepted.last(URL, ID[::-1]) is None


def test_a_write_without_an_ending_counts_by_what_was_there_before(tmp_path: Path) -> None:
    """Also where the response named no ID, and the folder is made with those above it."""
    accepted = Accepted(tmp_path / "of" / "this" / "accepted", Journal(tmp_path / "j"), "thing")
    raw = {key: value for key, value in snapshot(7).raw.items() if key != "id"}
    accepted.journal.open(Intent("thing", ID, "X", URL, raw, {"name": "X"}, ("key",)))

    assert version(accepted) == 7
    assert len(files(accepted)) == 1
    accepted.accept(URL, snapshot(8, id="5aef5c3d-67a0-5094-8719-7ad8420ad6fa"))
    assert len(files(accepted)) == 2


def test_a_journal_that_others_can_write_to_is_not_believed(accepted: Accepted) -> None:
    """What is in it may be anyone's, so nothing is known."""
    record(accepted, 7, 8)
    accepted.journal.folder.chmod(0o777)

    assert accepted.last(URL, ID) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 20_000, b'{"version": 99}', b"open", b"link"],
)
def test_what_is_damaged_is_made_again_from_the_journal(accepted: Accepted, content: bytes) -> None:
    """A file that is not whole, not private or of another resource tells nothing."""
    record(accepted, 7, 8)
    accepted.accept(URL, snapshot(8))
    (path,) = files(accepted)
    if content == b"open":
        path.write_bytes(path.read_bytes().replace(b": 8", b": 99"))
        path.chmod(0o666)
    elif content == b"link":
        path.rename(path.with_name("elsewhere"))
        path.symlink_to(path.with_name("elsewhere"))
    else:
        path.write_bytes(content)

    assert version(accepted) == 8
    accepted.accept(URL, snapshot(10))
    assert version(accepted) == 10
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", [{"version": "9"}, {"version": True}, {"updated_at": 9}])
def test_a_file_with_another_type_is_damaged(accepted: Accepted, wrong: dict[str, Any]) -> None:
    """A version that is not an integer and a time that is not a text could not be compared."""
    record(accepted, 7, 8)
    accepted.accept(URL, snapshot(9))
    (path,) = files(accepted)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | wrong))

    assert version(accepted) == 8


def test_another_versions_file_is_not_taken_for_this_ones(accepted: Accepted) -> None:
    """A version that is no integer is not remembered as one, the time beside it is."""
    accepted.accept(URL, snapshot("9"))
    last = accepted.last(URL, ID)

    assert last is not None
    assert (last.version, last.updated_at) == (None, response()["updated_at"])


def test_where_nothing_can_be_remembered_nothing_fails(tmp_path: Path) -> None:
    """A state folder that cannot be made costs the check, and not the plan."""
    (tmp_path / "accepted").write_text("")
    accepted = Accepted(tmp_path / "accepted", Journal(tmp_path / "accepted"), "thing")

    accepted.accept(URL, snapshot(9))

    assert accepted.last(URL, ID) is None


def fresh(versions: list[Any], clock: FakeClock, told: list[str]) -> Snapshot:
    """Reads until it is not older than version 5; the last of ``versions`` comes again."""
    readings = iter(versions)
    last = snapshot(versions[-1])
    return read_fresh(
        lambda: snapshot(next(readings, last.version)),
        snapshot(5),
        clock,
        "thing",
        hint="Wait.",
        notify=told.append,
    )


def test_a_stale_reading_is_read_again_until_it_is_not() -> None:
    """A replica that catches up costs a short wait, which is said once."""
    clock, told = FakeClock(), list[str]()

    assert fresh([4, 4, 6], clock, told).version == 6
    assert clock.waits == [0.1, 0.2]
    assert told == ["The API shows an older state than before; reading again"]


def test_a_reading_that_stays_stale_is_refused() -> None:
    """After a few seconds; both states are named, and so is the way out."""
    clock, told = FakeClock(), list[str]()

    with pytest.raises(StaleReadError, match=r"version 4 .* after version 5") as caught:
        fresh([4], clock, told)

    assert clock.now == pytest.approx(PATIENCE)
    assert (caught.value.exit_code, caught.value.hint) == (4, "Wait.")
    assert (caught.value.expected, caught.value.found) == (5, 4)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"version": 5, "updated_at": None}, "version 5, after version 6. "),
        ({"version": None}, "the state of 2026-01-01T00:00:00Z, after version 6 of 2026-01-02"),
    ],
)
def test_a_stale_state_is_named_by_what_it_has(facts: dict[str, Any], said: str) -> None:
    """By version and time, as far as there are any, and by the ID where it has no name."""
    old = response(**{"version": 5, "updated_at": "2026-01-01T00:00:00Z", "name": None, **facts})
    new = response(version=6, updated_at=old["updated_at"] and "2026-01-02T00:00:00Z")

    with pytest.raises(StaleReadError) as caught:
        read_fresh(lambda: Snapshot(old), Snapshot(new), FakeClock(), "thing", hint="")

    assert f"thing {ID!r} than before: {said}" in caught.value.message
    assert caught.value.message.endswith("Nothing was written.")


def test_without_anything_known_nothing_is_stale() -> None:
    """The first reading of a resource is taken as it is."""
    now = read_fresh(lambda: snapshot(1), None, FakeClock(), "thing", hint="")

    assert now.version == 1


def test_a_reading_that_cannot_be_ordered_is_not_remembered(accepted: Accepted) -> None:
    """Without a version and a time no later reading could be older."""
    accepted.accept(URL, Snapshot({"id": ID}))

    assert accepted.last(URL, ID) is None


def test_a_damaged_entry_does_not_hide_the_others(accepted: Accepted) -> None:
    """What is made again from the journal passes over what cannot be read there."""
    record(accepted, 1, 2)
    damaged = accepted.journal.folder / "0123456789ab.intent.json"
    damaged.write_text("not an entry")
    damaged.chmod(0o600)

    assert version(accepted) == 2


def test_the_latest_of_the_journal_counts_whatever_the_order(tmp_path: Path) -> None:
    """The entries are read from the newest on, and an older state takes nothing back."""
    journal = Journal(tmp_path / "journal")
    accepted = Accepted(tmp_path / "accepted", journal, "thing")
    record(accepted, 3, 4)
    record(accepted, 8, 9)

    assert version(accepted) == 9
