"""The guarded manual edit, with scripted editors, in this process."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from patcher.journal import Journal
from tests.cli.scripted import (
    BROKEN,
    RENAME,
    ScriptedEditor,
    assert_kept,
    edit,
    kept,
    others_set,
    resume,
    resume_command,
    state,
)
from tests.sandbox import Sandbox, faults, seed


def test_the_text_says_what_it_is(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """The header names model, version, who wrote it and when, and the schema; SQL is a block."""
    edit("Contacts")
    text = editor.saw(1)

    header = text.split("document is below")[0]
    assert text.startswith("# yaml-language-server: $schema=file://")
    assert all(
        said in header
        for said in ('"Contacts"', seed.CONTACTS, "version 1", "Ada Seed", "created_at")
    )
    assert "  query: |\n    select c.id" in text


@pytest.mark.parametrize(
    "step", ['touch "$1"', ":", 'sed -i \'s/^name: Contacts/name: "Contacts"/\' "$1"']
)
def test_unchanged_is_by_content(sandbox: Sandbox, editor: ScriptedEditor, step: str) -> None:
    """A text that says the same, touched or spelt otherwise, is no change: exit 0, no write."""
    editor.does(step)

    code, screen = edit("Contacts")

    assert (code, sandbox.puts()) == (0, [])
    assert "No changes" in screen
    assert kept(state()) == []


@pytest.mark.parametrize("step", [': > "$1"', 'echo "# nothing" > "$1"'])
def test_emptied_is_cancelled(sandbox: Sandbox, editor: ScriptedEditor, step: str) -> None:
    """An emptied text cancels: exit 1, nothing written, nothing kept."""
    editor.does(step)

    code, screen = edit("Contacts")

    assert (code, sandbox.puts()) == (1, [])
    assert "Nothing was written" in screen
    assert kept(state()) == []


def test_invalid_text_is_opened_again_with_the_reason(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """The reason stands above the user's own text, with the line that the fault is on there."""
    editor.does(
        "sed -i 's/^fields:/fields: [/' \"$1\"; echo '# my own note' >> \"$1\"",
        "sed -i 's/^fields: \\[/fields:/; s/^name: .*/name: Clients/' \"$1\"",
    )

    code, screen = edit("Contacts", answers=("y\n",))

    assert code == 0, screen
    again = editor.saw(2)
    place = re.search(r"\(line (\d+),\s+(?:# +)?column (\d+)\)", again)
    assert place
    line = again.split("\n")[int(place[1]) - 1]
    assert line[int(place[2]) - 1 :].startswith("- id")
    assert "fields: [" in again
    assert "# my own note" in again
    assert "Error: The model is not valid YAML" in screen
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_a_fault_in_the_document_names_its_line(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """What breaks the schema is named with the line that it stands on in the text opened again."""
    lists = "/^tracking_columns:/,/^relations:/{/^  - /d}"
    editor.does(f"sed -i '{lists}; s/^tracking_columns:.*/tracking_columns: 5/' \"$1\"")

    code, screen = edit("Contacts")

    assert (code, sandbox.puts()) == (2, [])
    again = editor.saw(2)
    line = re.search(r"\(line\s+(?:# +)?(\d+)\)", again)
    assert line, again
    assert again.split("\n")[int(line[1]) - 1] == "tracking_columns: 5"
    assert "/tracking_columns" in screen


def test_what_cannot_be_written_is_marked_and_refused_until_it_is_replaced(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A comment stands at the place; another change is not written until it has been replaced."""
    grown = {"labels": [{"key": "value"}]}
    sandbox.fault(faults.growth(grown, {}, method="GET", every=True))
    editor.does(RENAME, "sed -i '/^  - key: value/d; s/^labels:/labels: []/' \"$1\"")

    code, screen = edit("Contacts", answers=("y\n",))

    assert code == 0, screen
    rows = editor.saw(1).split("\n")
    assert "CANNOT BE WRITTEN" in rows[rows.index("  - key: value") - 1]
    line = re.search(r"\(line\s+(?:# +)?(\d+)\)", editor.saw(2))
    assert line, editor.saw(2)
    assert editor.saw(2).split("\n")[int(line[1]) - 1] == "  - key: value"
    body = sandbox.puts()[0].json
    assert (body["name"], body["labels"]) == ("Clients", [])


def test_an_edit_that_changes_nothing_may_leave_what_cannot_be_written(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Nothing is written, and so nothing is refused."""
    sandbox.fault(faults.growth({"labels": [{}]}, {}, method="GET", every=True))

    code, screen = edit("Contacts")

    assert (code, sandbox.puts(), editor.visits) == (0, [], 1), screen


def test_json_can_be_edited_and_says_why_not(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """In JSON the header and the reasons are comments, and so no error vanishes."""
    editor.does(
        'sed -i \'s/"identifier"/identifier/\' "$1"',
        'sed -i \'s/identifier:/"identifier":/; s/"name": "Contacts"/"name": "Clients"/\' "$1"',
    )

    code, screen = edit("Contacts", "--format", "json", answers=("y\n",))

    assert code == 0, screen
    assert '"$schema": "file://' in editor.saw(1)
    again = editor.saw(2)
    place = re.search(r"\(line (\d+),\s+(?:// +)?column (\d+)\)", again)
    assert place, again
    assert "identifier:" in again.split("\n")[int(place[1]) - 1]
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_saved_again_unchanged_stops_and_keeps(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """A text that comes back as it was refused ends the edit: exit 2, kept."""
    editor.does("sed -i 's/^fields:/fields: [/' \"$1\"", ":")

    code, screen = edit("Contacts")

    assert (code, sandbox.puts(), editor.visits) == (2, [], 2)
    assert_kept(screen, holds="fields: [")


def test_a_program_that_never_fixes_the_text_is_stopped(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A text that keeps coming back at once, and wrong each time, is not opened for ever."""
    editor.does(*["echo '}' >> \"$1\""] * 20)

    code, screen = edit("Contacts", at_once=60)

    assert code == 2
    assert editor.visits < 10
    assert_kept(screen, holds="}")


@pytest.mark.parametrize(
    ("step", "holds", "code", "said"),
    [
        (f"{RENAME}; exit 3", "name: Clients", 1, "ended with exit code 3"),
        (f"{RENAME}; kill -SEGV $$", "name: Clients", 1, "ended with SIGSEGV"),
        (f"{RENAME}; kill -INT $$", "name: Clients", 130, "Interrupted"),
        (f"{RENAME}; printf '\\377\\376' >> \"$1\"", "name: Clients", 2, "UTF-8"),
    ],
)
def test_whatever_becomes_of_the_editor_the_text_is_kept(
    sandbox: Sandbox, editor: ScriptedEditor, step: str, holds: str, code: int, said: str
) -> None:
    """An editor that fails, crashes, is interrupted or leaves no text: kept, nothing written."""
    editor.does(step)

    found, screen = edit("Contacts")

    assert (found, sandbox.puts()) == (code, [])
    assert said in screen
    assert_kept(screen, holds=holds)


@pytest.mark.parametrize(
    "step",
    [
        'echo typed > "$folder/.$name.swp"; kill -TERM $$',
        'echo typed > "$folder/$name.save"; exit 1',
        'echo typed > "$folder/#$name#"; kill -KILL $$',
        'echo typed > "$folder/sedXy12Zq"; kill -KILL $$',
        'rm "$1"; echo typed > "$folder/$name.tmp"; exit 1',
        'echo typed > "$folder/$name~"; kill -KILL $$',
    ],
)
def test_what_an_editor_leaves_when_it_ends_is_kept_and_named(
    sandbox: Sandbox, editor: ScriptedEditor, step: str
) -> None:
    """Nothing was saved, but something was typed: it stays, whatever the editor calls it."""
    editor.does(f'folder=$(dirname "$1"); name=$(basename "$1"); {step}')

    code, screen = edit("Contacts")

    (left,) = (path for path in kept(state()) if path.suffix != ".yaml")
    assert (code, sandbox.puts()) == (1 if "rm" not in step else code, [])
    assert left.read_text() == "typed\n"
    assert f"left a file that may hold more of your edit: {left}" in screen
    text = state() / "edits" / Path(resume_command(screen)[3]).name
    assert "name: Contacts" in text.read_text()


@pytest.mark.parametrize(
    "step",
    [
        "exit 1",
        "exit 143",
        "kill -KILL $$",
        "kill -TERM $$",
        "kill -INT $$",
        'cp "$1" "$1~"; exit 1',
        'mv "$1" "$1~"; kill -KILL $$',
        ': > "$1"; kill -KILL $$',
        'rm "$1"; mkfifo "$1"',
        'rm "$1"; exit 2',
    ],
)
def test_what_we_wrote_ourselves_is_not_kept(
    sandbox: Sandbox, editor: ScriptedEditor, step: str
) -> None:
    """However the editor ends: a copy that nobody touched holds credentials, and nothing new."""
    editor.does(step)

    code, screen = edit("Contacts")

    assert code != 0
    assert kept(state()) == []
    assert "--resume" not in screen


@pytest.mark.parametrize("setting", ["/no/such", "{folder}", "{script}", "{script} --wait"])
def test_an_editor_that_cannot_be_started_leaves_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """Not there, a folder, not executable: the text that nobody saw is removed."""
    script = tmp_path / "editor.sh"
    script.write_text("exit 0\n")
    monkeypatch.setenv("EDITOR", setting.format(folder=tmp_path, script=script))

    code, screen = edit("Contacts")

    assert (code, sandbox.puts(), kept(state())) == (2, [], [])
    assert "cannot be started" in " ".join(screen.split())


@pytest.mark.parametrize(
    ("step", "current"),
    [
        (': > "$1"; kill -KILL $$', "fields: ["),
        ('printf "# only\\n" > "$1"; kill -KILL $$', "fields: ["),
        ('head -c 900 "$1" > part; cat part > "$1"; kill -KILL $$', ""),
        ('rm "$1"; kill -KILL $$', "fields: ["),
        ('mv "$1" "$1~"; kill -KILL $$', "fields: ["),
        ('mv "$1" "$1~"; exit 0', "fields: ["),
        ('rm "$1"; mkfifo "$1"; exit 0', "fields: ["),
        ('mv "$1" "$1.real"; ln -s "$1.real" "$1"', "fields: ["),
        ('rm "$1"; mkdir "$1"', "fields: ["),
        ('rm "$1"; ln -s /dev/zero "$1"', "fields: ["),
        (': > "$1"', "fields: ["),
    ],
)
def test_the_text_of_an_earlier_visit_is_never_lost(
    sandbox: Sandbox, editor: ScriptedEditor, step: str, current: str
) -> None:
    """At its second visit the editor leaves nothing, a part, or something that is no file."""
    editor.does(BROKEN, step)

    code, screen = edit("Contacts")

    texts = [path for path in kept(state()) if path.suffix == ".yaml"]
    assert (code != 0, sandbox.puts()) == (True, [])
    assert any("fields: [" in path.read_text() for path in texts), kept(state())
    assert current in Path(resume_command(screen)[3]).read_text()
    if not current:
        assert "previous run is saved in" in screen
    for path in texts:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        editor.does(RENAME + "; sed -i 's/fields: \\[/fields:/' \"$1\"")
        if "fields: [" in path.read_text():
            resumed, last = edit("Contacts", "--resume", str(path), answers=("y\n",))
            assert resumed == 0, last
            assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_a_text_that_was_saved_more_than_once_is_in_the_backup(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """The editor renames the file to save it again, and dies: the backup is the only copy."""
    editor.does(f'{RENAME}; mv "$1" "$1~"; kill -KILL $$')

    code, screen = edit("Contacts")

    assert code == 1
    assert_kept(screen, holds="name: Clients")


@pytest.mark.parametrize("place", ["fifo", "directory", "link", "device"])
def test_what_is_no_file_does_not_hang_the_next_edit(
    sandbox: Sandbox, editor: ScriptedEditor, place: str
) -> None:
    """Something left in the folder by a tool that was killed is neither read nor waited for."""
    folder = state() / "edits"
    folder.mkdir(mode=0o700, parents=True)
    path = folder / "contacts-abcdef.yaml"
    if place == "fifo":
        os.mkfifo(path)
    elif place == "directory":
        path.mkdir()
    else:
        path.symlink_to(path if place == "link" else "/dev/zero")
    editor.does(RENAME)

    resumed, screen = edit("Contacts", "--resume", str(path))
    code, _ = edit("Contacts", answers=("y\n",))

    assert (resumed, code) == (2, 0)
    assert any(word in screen for word in (path.name, "/dev/zero is not a regular", "got a folder"))


def test_any_line_ends_will_do(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """A text in which carriage returns alone end the lines is not taken for an emptied one."""
    editor.does(f"{RENAME}; tr '\\n' '\\r' < \"$1\" > seen-changed; cat seen-changed > \"$1\"")

    code, screen = edit("Contacts", answers=("y\n",))

    assert code == 0, screen
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_a_backup_that_the_editor_made_goes_with_the_text(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """It holds the credentials, too."""
    editor.does('cp "$1" "$1~"; ' + RENAME)

    code, screen = edit("Contacts", answers=("y\n",))

    assert (code, kept(state())) == (0, []), screen


def test_the_next_edit_names_the_texts_that_were_kept(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """The newest three with their commands, for a terminal that was closed said nothing."""
    editor.does(*[f"{RENAME}; exit 1"] * 5)
    for _ in range(5):
        assert edit("Contacts")[0] == 1
    editor.does(":")

    code, screen = edit("Contacts")

    named = re.findall(r"To resume it: (patch-model edit \S+ --resume \S+)", screen)
    assert (code, len(named)) == (0, 3)
    assert "2 older ones in" in screen
    assert len(kept(state())) == 5


@pytest.mark.parametrize("harm", ["s/$/\\r/", "$ a extra: 1", "$ a # a note of mine"])
def test_a_kept_text_survives_harmless_handling(
    sandbox: Sandbox, editor: ScriptedEditor, harm: str
) -> None:
    """Other line ends, and a line below the last: it is resumed, and that line is in the text."""
    editor.does(f"{RENAME}; exit 1")
    path = assert_kept(edit("Contacts")[1], holds="name: Clients")
    subprocess.run(["sed", "-i", harm, str(path)], check=True)
    editor.does(":")

    is_extra = "extra" in harm
    code, screen = edit("Contacts", "--resume", str(path), answers=() if is_extra else ("y\n",))

    assert code == (2 if is_extra else 0), screen
    assert ('"extra"' in screen) == is_extra
    assert sandbox.stored(seed.CONTACTS)["name"] == ("Contacts" if is_extra else "Clients")


def test_a_text_that_the_editor_deleted_is_said_to_be_gone(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """At the first visit there is nothing to keep; later, the last text that was read is kept."""
    editor.does('rm "$1"')
    first, _ = edit("Contacts")
    nothing = kept(state())
    editor.does("sed -i 's/^fields:/fields: [/' \"$1\"", 'rm "$1"')
    later, screen = edit("Contacts")

    assert (first, later, sandbox.puts()) == (2, 2, [])
    assert nothing == []
    assert_kept(screen, holds="fields: [")


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_no_stops_and_keeps(sandbox: Sandbox, editor: ScriptedEditor, answer: str) -> None:
    """Declined after the diff: exit 1, nothing written, the text kept."""
    editor.does(RENAME)

    code, screen = edit("Contacts", answers=(answer,))

    assert (code, sandbox.puts()) == (1, [])
    assert_kept(screen, holds="name: Clients")


@pytest.mark.parametrize("answer", ["?\n", "what\n", "yy\n"])
def test_an_answer_that_is_none_is_asked_again(
    sandbox: Sandbox, editor: ScriptedEditor, answer: str
) -> None:
    """A question mark after the diff is no answer, and the edit is still there."""
    editor.does(RENAME)

    code, _ = edit("Contacts", answers=(answer, "y\n"))

    assert code == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_after_the_diff_one_can_edit_again(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """The third answer opens the text as it was saved."""
    editor.does(RENAME, "sed -i 's/^name: .*/name: Buyers/' \"$1\"")

    code, screen = edit("Contacts", answers=("e\n", "y\n"))

    assert code == 0, screen
    assert "name: Clients" in editor.saw(2)
    assert sandbox.stored(seed.CONTACTS)["name"] == "Buyers"


def test_a_text_that_is_none_can_be_fixed_when_it_is_resumed(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """What was kept with bytes that are no UTF-8 opens in the editor, and goes on from there."""
    editor.does("printf '# \\377\\n' >> \"$1\"")
    _, screen = edit("Contacts")
    editor.does(f"LC_ALL=C sed -i '$d' \"$1\"; {RENAME}")

    code, last = resume(screen, answers=("y\n",))

    assert code == 0, last
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_a_precondition_that_fails_over_nothing_ends_the_edit(
    sandbox: Sandbox, editor: ScriptedEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is as it was read, so there is nothing new to ask about: 4, the text kept."""
    monkeypatch.setattr("patcher.guard.outcome.PATIENCE", 0.1)
    editor.does(RENAME)
    sandbox.fault(faults.status_before(412))

    code, screen = edit("Contacts", answers=("y\n",))

    assert code == 4
    assert_kept(screen, holds="name: Clients")
    assert len(sandbox.puts()) == 1


def test_an_error_of_the_api_keeps_the_text_and_resuming_writes_it(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A refused write keeps the text; the command on the screen goes on where it ended."""
    editor.does(RENAME)
    fault = faults.status_before(422)
    sandbox.fault(fault)
    code, screen = edit("Contacts", answers=("y\n",))
    assert_kept(screen, holds="name: Clients")
    visits = editor.visits

    resumed, _ = resume(screen, answers=("y\n",))

    assert (code, resumed, editor.visits) == (3, 0, visits)
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"
    assert kept(state()) == []


def test_an_unknown_outcome_keeps_the_text(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """Where the outcome is unknown, the text is kept: exit 6."""
    editor.does(RENAME)
    sandbox.fault(faults.drop_before())

    code, screen = edit("Contacts", "--settle-timeout", "0", answers=("y\n",))

    assert code == 6
    assert_kept(screen, holds="name: Clients")


def test_disjoint_edits_are_offered_on_theirs(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """Someone else's change elsewhere is kept: the rebased diff is asked about again."""
    editor.does(RENAME)

    theirs = others_set(sandbox, "identifier", "email")
    code, screen = edit("Contacts", answers=("y\n", "y\n"), meanwhile=theirs)

    assert code == 0, screen
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Clients", "email")
    assert "both are kept" in screen
    assert len(sandbox.puts(seed.CONTACTS)) == 1


def test_the_diff_on_theirs_can_be_edited_again(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """Edited again, the text holds what someone else changed as well."""
    editor.does(RENAME, "sed -i 's/^name: .*/name: Buyers/' \"$1\"")

    theirs = others_set(sandbox, "identifier", "email")
    code, screen = edit("Contacts", answers=("y\n", "e\n", "y\n"), meanwhile=theirs)

    assert code == 0, screen
    assert "identifier: email" in editor.saw(2)
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Buyers", "email")


def test_overlapping_edits_open_the_text_with_both_values(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Where both changed the same, the text opens again and holds both values at the place."""
    editor.does(RENAME, "sed -i 's/^name: .*/name: Clients and buyers/' \"$1\"")

    theirs = others_set(sandbox, "name", "Buyers")
    code, screen = edit("Contacts", answers=("y\n", "y\n"), meanwhile=theirs)

    assert code == 0, screen
    rows = editor.saw(2).split("\n")
    mine = rows.index("name: Clients")
    above = "\n".join(rows[mine - 8 : mine])
    assert "CONFLICT at /name" in above
    assert "Contacts" in above
    assert "Buyers" in above
    assert "Bo Other" in above
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients and buyers"


def test_resuming_never_overwrites_what_came_in_between(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A kept text is merged with what is there by now: theirs stays, both values on a collision."""
    editor.does(f"sed -i 's/timeout_seconds: .*/timeout_seconds: 7/' \"$1\"; {RENAME}")
    _, screen = edit("Contacts", answers=("n\n",))
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email", "name": "Buyers"})
    editor.does("sed -i 's/^name: .*/name: Both/' \"$1\"")

    code, last = resume(screen, answers=("y\n",))

    assert code == 0, last
    assert "CONFLICT at /name" in editor.saw(1)
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Both", "email")
    assert stored["configuration"]["timeout_seconds"] == 7


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("name: x\n"),
        lambda path: path.write_text("name: x\n# {}\n"),
        lambda path: None,
    ],
)
def test_a_file_without_an_edit_is_not_resumed(
    sandbox: Sandbox, editor: ScriptedEditor, tmp_path: Path, make: object
) -> None:
    """What is no kept edit, or is not there, is refused, and the file left alone."""
    path = tmp_path / "mine.yaml"
    make(path)  # type: ignore[operator]
    before = path.read_bytes() if path.exists() else None

    code, screen = edit("Contacts", "--resume", str(path))

    assert (code, editor.visits, sandbox.puts()) == (2, 0, [])
    assert "Error" in screen
    assert (path.read_bytes() if path.exists() else None) == before


def test_an_edit_of_another_model_is_not_resumed(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """The text belongs to one model of one API; for another it is refused, and stays."""
    editor.does(RENAME)
    _, screen = edit("Contacts", answers=("n\n",))
    path = assert_kept(screen, holds="Clients")

    wrong, said = edit("Orders", "--resume", str(path))

    assert (wrong, sandbox.puts()) == (2, [])
    assert f"patch-model edit {seed.CONTACTS} --resume {path}" in " ".join(said.split())
    assert path.exists()


@pytest.mark.parametrize("format_", ["yaml", "json"])
def test_an_editor_that_may_not_have_waited_is_doubted(
    sandbox: Sandbox, editor: ScriptedEditor, format_: str
) -> None:
    """Unchanged within two seconds: a note, exit 0, and what its window saves can be resumed."""
    code, screen = edit("Contacts", "--format", format_, at_once=60)
    path = assert_kept(screen, holds="Contacts")

    assert (code, sandbox.puts()) == (0, [])
    assert "code --wait" in screen
    assert "No changes" in screen
    # The window still has the text as it was given, and saves over what was kept.
    path.write_text(editor.saw(1).replace("Contacts", "Clients", 2))
    named = edit("Contacts")[1]
    assert f"--resume {path}" in named
    assert resume(screen, answers=("y\n",))[0] == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"
    assert kept(state()) == []


def test_a_kept_text_without_any_change_is_removed_by_the_next_edit(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """It holds just what the edit began with: gone, and not named as unfinished."""
    editor.does(":", f"{RENAME}; exit 1")
    edit("Contacts", at_once=60)
    (untouched,) = (one for one in kept(state()) if not one.name.startswith("."))

    _, screen = edit("Contacts")

    assert not untouched.exists()
    assert "unfinished" not in screen
    assert_kept(screen, holds="Clients")


def test_an_edit_that_is_open_elsewhere_is_not_removed(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Its text is as untouched as one that was kept, and its editor is still at work."""
    folder = state() / "edits"
    named: list[str] = []

    def open_another() -> None:
        named.append(edit("Contacts", at_once=60)[1])

    code, _ = edit("Contacts", meanwhile=open_another)

    assert code == 0
    assert "unfinished edit" in named[0]
    assert len([one for one in folder.iterdir() if not one.name.startswith(".")]) == 1


def test_a_removed_member_is_cleared_and_shown_to_be(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """What is deleted in the text is cleared, which the diff says in so many words."""
    editor.does("sed -i '/^identifier:/d' \"$1\"")

    code, screen = edit("Contacts", answers=("y\n",))

    assert code == 0, screen
    assert "Cleared by this change" in screen
    assert "identifier" not in sandbox.stored(seed.CONTACTS)


def test_a_mask_never_becomes_a_value(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """A mask pasted into the text is refused like any fault, and the text kept."""
    editor.does('sed -i \'s/api_token: .*/api_token: "********"/\' "$1"', ":")

    code, screen = edit("Contacts")

    assert (code, sandbox.puts()) == (2, [])
    assert "a mask must never be written" in screen
    assert_kept(screen, holds="********")


def test_the_write_of_an_edit_is_in_the_journal(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """An edit is a guarded write like any other."""
    editor.does(RENAME)

    edit("Contacts", answers=("y\n",))

    journal = Journal(state() / "journal")
    (name,) = journal.names()
    entry = journal.entry(name)
    assert entry.ending is not None
    assert (entry.intent.name, entry.ending.state) == ("Contacts", "applied")


def test_a_state_folder_that_cannot_be_used_is_said_to_be(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Where the text cannot be put on disk nobody is let into an editor."""
    state().mkdir(parents=True)
    (state() / "edits").write_text("in the way")

    code, screen = edit("Contacts")

    assert (code, editor.visits) == (3, 0)
    assert "PATCH_MODEL_STATE_DIR" in screen
