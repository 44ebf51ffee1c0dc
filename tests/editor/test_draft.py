"""The file of an edit: kept with what it is based on, and distinct from every other file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from patcher.editor import draft as drafts
from patcher.editor.draft import Basis, Draft
from patcher.errors import InvalidInputError, JournalError
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response

BASIS = Basis("https://app.polytomic.com", "model", "yaml", Snapshot(response()))


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """A draft with a text in it."""
    return Draft.begin(tmp_path / "edits", "My Größe/.. Model", BASIS, "name: a\n")


def test_a_draft_belongs_to_its_owner_alone(draft: Draft) -> None:
    """0600 in 0700, under a harmless name."""
    files = list(draft.path.parent.iterdir())

    assert stat.S_IMODE(draft.path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert draft.path.name.startswith("my-gr-e-model-")


@pytest.mark.parametrize("text", [b"name: b\n", b"name: b", b"\xff\xfe", b""])
def test_a_kept_text_carries_its_basis(draft: Draft, text: bytes) -> None:
    """The basis is below the text, there is no second file, and the text is read as it was."""
    draft.path.write_bytes(text)

    draft.keep(BASIS)
    draft.keep(BASIS)

    assert draft.basis() == BASIS
    assert draft.read().rstrip(b"\n") == text.rstrip(b"\n")
    assert list(draft.path.parent.iterdir()) == [draft.path]


def test_a_text_that_was_cut_off_has_its_basis_in_a_second_file(draft: Draft) -> None:
    """Before anything was kept, as after a kill, the edit can be resumed."""
    assert draft.basis() == BASIS


def test_a_discarded_draft_leaves_nothing(draft: Draft) -> None:
    """Neither the text nor the basis."""
    draft.discard()

    assert list(draft.path.parent.iterdir()) == []


def test_a_basis_that_was_altered_is_refused(draft: Draft) -> None:
    """Another version, a record of another kind or no record: no edit to be resumed."""
    draft.keep(BASIS)
    whole = draft.path.read_text()
    for altered in (
        whole.replace('"version":7', '"version":8'),
        whole.replace('"patch-model edit"', '"patch-model plan"'),
        whole[:-20],
        "name: a\n",
    ):
        draft.path.write_text(altered)
        with pytest.raises(InvalidInputError, match="holds no edit"):
            draft.basis()


@pytest.mark.parametrize(
    ("member", "value"),
    [("url", None), ("noun", 5), ("buffer", "toml"), ("buffer", []), ("base", "x"), ("base", None)],
)
def test_a_basis_that_makes_no_sense_is_refused(draft: Draft, member: str, value: object) -> None:
    """Even where the checksum fits, a member that is gone or of another kind is no edit."""
    content = json.loads(BASIS.record())
    del content["checksum"]
    without = {key: one for key, one in content.items() if key != member}

    for forged in (without, {**content, member: value}):
        record = json.dumps({**forged, "checksum": drafts._checksum(forged)})
        with pytest.raises(InvalidInputError, match="holds no edit"):
            Basis.of(record.encode(), draft.path)


def test_a_basis_of_a_newer_format_is_refused(draft: Draft) -> None:
    """It says which program to use instead."""
    record = {"kind": "patch-model edit", "format": 2}

    with pytest.raises(InvalidInputError, match="newer version"):
        Basis.of(json.dumps(record).encode(), draft.path)


def test_what_cannot_be_read_is_said_to_be(draft: Draft, tmp_path: Path) -> None:
    """A file that is gone, or a folder in its place: exit 2."""
    draft.discard()

    for wrong in (draft, Draft(tmp_path)):
        with pytest.raises(InvalidInputError):
            wrong.read()
        with pytest.raises(InvalidInputError):
            wrong.basis()


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    """The text holds credentials."""
    (tmp_path / "edits").mkdir(mode=0o755)

    with pytest.raises(JournalError, match="open to other users"):
        Draft.begin(tmp_path / "edits", "", BASIS, "")


def test_where_there_is_no_room_nothing_is_lost(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk leaves the two files as they were, and no half one."""

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(draft.path.parent.iterdir())
    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(JournalError, match="No space left"):
        draft.write(b"name: b\n")
    draft.keep(BASIS)

    assert sorted(draft.path.parent.iterdir()) == before
    assert (draft.read(), draft.basis()) == (b"name: a\n", BASIS)
