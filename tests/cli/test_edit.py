"""The guarded manual edit, in a terminal, with editors that do as they are told."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from patcher.journal import Journal
from patcher.sandbox import Gate, Sandbox, faults, seed
from tests.cli.conftest import Command
from tests.cli.scripted import ScriptedEditor, kept, other, state
from tests.cli.terminal import Terminal

RENAME = "sed -i 's/^name: .*/name: Clients/' \"$1\""
QUESTION = "[y]es, [e]dit again, [N]o:"


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedEditor:
    """The editor that the environment names."""
    (tmp_path / "ed").mkdir()
    scripted = ScriptedEditor(tmp_path / "ed")
    monkeypatch.setenv("EDITOR", scripted.setting)
    return scripted


def edit(*arguments: str, answers: tuple[str, ...] = ()) -> tuple[int, str]:
    """Runs ``edit`` in a terminal and answers its questions; the exit code and the screen."""
    terminal = Terminal("edit", *arguments)
    for number, answer in enumerate(answers, 1):
        terminal.wait_for_times(QUESTION, number)
        terminal.type(answer)
    return terminal.finish(), terminal.screen


def resume_command(screen: str) -> list[str]:
    """The arguments of the command that the screen says resumes the edit."""
    said = re.search(r"To go on with it: (patch-model edit .*)", screen)
    assert said, screen
    return shlex.split(said[1])[1:]


def assert_kept(screen: str, *, holds: str) -> Path:
    """The text is on disk, for its owner alone, and the screen says where and how to go on."""
    files = kept(state())
    assert len(files) == 1, screen
    assert str(files[0]) in screen
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
    assert holds.encode() in files[0].read_bytes()
    assert resume_command(screen)[-1] == str(files[0])
    return files[0]


def test_an_edit_is_shown_asked_about_and_written(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """What was saved is shown as a diff, written on yes, and leaves nothing in the folder."""
    before = sandbox.stored(seed.CONTACTS)
    editor.does(RENAME)

    code, screen = edit("Contacts", answers=("y\n",))

    assert code == 0, screen
    assert sandbox.stored(seed.CONTACTS) == {**before, "name": "Clients"}
    assert screen.index('"Clients"') < screen.index(QUESTION) < screen.index("version 1 -> 2")
    assert kept(state()) == []


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
    body = sandbox.puts()[0].body_json
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


def test_a_program_that_never_mends_the_text_is_stopped(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A text that keeps coming back at once, and wrong each time, is not opened for ever."""
    editor.does(*["echo '}' >> \"$1\""] * 20)

    code, screen = edit("Contacts")

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
    assert f"left a file of its own, perhaps with more of it: {left}" in screen
    text = state() / "edits" / Path(resume_command(screen)[-1]).name
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
    assert "cannot be started" in screen


BROKEN = "sed -i 's/^fields:/fields: [/' \"$1\""


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
    assert current in Path(resume_command(screen)[-1]).read_text()
    if not current:
        assert "before the editor's last visit is in" in screen
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
    assert any(word in screen for word in (path.name, "/dev/zero is no regular", "got a folder"))


def test_ended_while_nothing_was_saved_the_text_is_kept(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A signal may reach us and not the editor under a wrapper: what is saved later has a base."""
    editor.does("echo editing; cat > /dev/null")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.signal(signal.SIGTERM)

    assert terminal.finish() == 130
    path = assert_kept(terminal.screen, holds="name: Contacts")
    assert terminal.screen.rstrip().endswith(f"--resume {path}")


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

    named = re.findall(r"to resume: (patch-model edit \S+ --resume \S+)", screen)
    assert (code, len(named)) == (0, 3)
    assert "Note: 2 older ones are in" in screen
    assert len(kept(state())) == 5


def test_the_command_to_resume_says_again_what_was_said(
    sandbox: Sandbox, editor: ScriptedEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where and how, as far as it was on the command line: pasted, it works."""
    sandbox.fault(faults.growth({"new_key": 1}, every=True, method="GET"))
    monkeypatch.delenv("POLYTOMIC_DEPLOYMENT_URL")
    editor.does(RENAME)
    options = ("--url", sandbox.url, "--unknown-fields", "carry", "--allow-all-fields")
    _, screen = edit("Contacts", *options, answers=("n\n",))

    command = resume_command(screen)
    resumed = Terminal(*command)
    resumed.wait_for(QUESTION)
    resumed.type("n\n")

    assert resumed.finish() == 1, resumed.screen
    assert set(options) <= set(command)


@pytest.mark.parametrize("harm", ["s/$/\\r/", "$ a extra: 1", "$ a # a note of mine"])
def test_a_kept_text_survives_harmless_handling(
    sandbox: Sandbox, editor: ScriptedEditor, harm: str
) -> None:
    """Other line ends, and a line below the last: it is resumed, and that line is in the text."""
    editor.does(f"{RENAME}; exit 1")
    path = assert_kept(edit("Contacts")[1], holds="name: Clients")
    subprocess.run(["sed", "-i", harm, str(path)], check=True)
    editor.does(":")

    terminal = Terminal("edit", "Contacts", "--resume", str(path))
    if "extra" in harm:
        assert terminal.finish() == 2
        assert "/extra" in terminal.screen
    else:
        terminal.wait_for(QUESTION)
        terminal.type("y\n")
        assert terminal.finish() == 0, terminal.screen
        assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


@pytest.mark.parametrize(("name", "doubted"), [("my-editor", True), ("vim", False)])
def test_an_unknown_editor_that_returns_at_once_is_doubted(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    doubted: bool,
) -> None:
    """It may have a window that nobody waits for: nothing changed, and a word about that."""
    program = tmp_path / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(program))

    code, screen = edit("Contacts")

    assert (code, sandbox.puts()) == (0, [])
    assert ("have it wait" in screen) is doubted


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


def test_what_was_typed_while_the_editor_ran_is_no_answer(
    sandbox: Sandbox, editor: ScriptedEditor, tmp_path: Path
) -> None:
    """Keys that were meant for the editor do not write anything."""
    editor.does(f"{RENAME}; echo Editing; while [ ! -e '{tmp_path}/closed' ]; do sleep 0.05; done")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("Editing")
    terminal.type("y\n")
    terminal.wait_for("y\n")
    (tmp_path / "closed").touch()
    terminal.wait_for("[N]o:")
    terminal.type("n\n")

    assert terminal.finish() == 1
    assert sandbox.puts() == []


def test_after_the_diff_one_can_edit_again(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """The third answer opens the text as it was saved."""
    editor.does(RENAME, "sed -i 's/^name: .*/name: Buyers/' \"$1\"")

    code, screen = edit("Contacts", answers=("e\n", "y\n"))

    assert code == 0, screen
    assert "name: Clients" in editor.saw(2)
    assert sandbox.stored(seed.CONTACTS)["name"] == "Buyers"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_question_keeps_the_text(
    sandbox: Sandbox, editor: ScriptedEditor, number: int
) -> None:
    """Interrupted while asked: exit 130, nothing written, the text kept."""
    editor.does(RENAME)
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for(QUESTION)
    terminal.signal(number)

    assert (terminal.finish(), sandbox.puts()) == (130, [])
    assert_kept(terminal.screen, holds="name: Clients")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_editor_is_open_keeps_the_text(
    sandbox: Sandbox, editor: ScriptedEditor, number: int
) -> None:
    """Ended from outside while the editor runs: the editor is ended, and its text kept."""
    editor.does(f"{RENAME}; echo editing; cat > /dev/null")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.signal(number)

    assert (terminal.finish(), sandbox.puts()) == (130, [])
    assert_kept(terminal.screen, holds="name: Clients")


def test_ctrl_c_belongs_to_the_editor_while_it_runs(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """An editor that takes an interrupt for itself goes on, and so does the edit."""
    editor.does(f"trap 'echo still here' INT; {RENAME}; echo editing; until read line; do :; done")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.type("\x03")
    terminal.wait_for("still here")
    terminal.type("\n")
    terminal.wait_for(QUESTION)
    terminal.type("y\n")

    assert terminal.finish() == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_killed_outright_the_text_can_still_be_resumed(
    sandbox: Sandbox, editor: ScriptedEditor, tmp_path: Path
) -> None:
    """After SIGKILL the text and what it is based on are on disk, and --resume takes them."""
    editor.does(f"{RENAME}; echo editing; cat > /dev/null")
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for("editing")
    terminal.signal(signal.SIGKILL)
    killed = terminal.finish()
    editor.does(":")
    _, told = edit("Contacts")
    (text,) = (path for path in kept(state()) if not path.name.startswith("."))

    code, screen = edit("Contacts", "--resume", str(text), answers=("y\n",))

    assert (killed, code) == (-signal.SIGKILL, 0), screen
    assert f"to resume: patch-model edit {seed.CONTACTS} --resume {text}" in told
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"
    assert kept(state()) == []


def test_a_text_that_is_none_can_be_mended_when_it_is_resumed(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """What was kept with bytes that are no UTF-8 opens in the editor, and goes on from there."""
    editor.does("printf '# \\377\\n' >> \"$1\"")
    _, screen = edit("Contacts")
    editor.does(f"LC_ALL=C sed -i '$d' \"$1\"; {RENAME}")

    resumed = Terminal(*resume_command(screen))
    resumed.wait_for(QUESTION)
    resumed.type("y\n")

    assert resumed.finish() == 0, resumed.screen
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_after_a_failed_precondition_an_interrupt_still_counts(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Asked again after a 412 over someone's write, Ctrl-C ends the edit: 130, the text kept."""
    editor.does(RENAME)
    sandbox.fault(faults.concurrent_write({"identifier": "email"}, method="PUT"))
    sandbox.fault(faults.status_before(412))
    terminal = Terminal("edit", "Contacts")
    terminal.wait_for(QUESTION)
    terminal.type("y\n")
    terminal.wait_for_times(QUESTION, 2)
    terminal.signal(signal.SIGINT)

    assert terminal.finish() == 130
    assert_kept(terminal.screen, holds="name: Clients")


def test_a_precondition_that_fails_over_nothing_ends_the_edit(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """The model is as it was read, so there is nothing new to ask about: 4, the text kept."""
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

    resumed = Terminal(*resume_command(screen))
    resumed.wait_for(QUESTION)
    resumed.type("y\n")

    assert (code, resumed.finish(), editor.visits) == (3, 0, visits)
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"
    assert kept(state()) == []


def test_an_unknown_outcome_keeps_the_text(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """Where it cannot be told whether it was written, the text is kept: exit 6."""
    editor.does(RENAME)
    sandbox.fault(faults.drop_before())

    code, screen = edit("Contacts", "--settle-timeout", "0", answers=("y\n",))

    assert code == 6
    assert_kept(screen, holds="name: Clients")


def test_a_second_signal_during_the_write_keeps_the_text(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Who gives up waiting for the outcome still has the text: exit 6."""
    editor.does(RENAME)
    gate = Gate()
    sandbox.fault(faults.hold(gate, "before"))
    terminal = Terminal("edit", "Contacts", "--yes")
    assert gate.wait_reached(20)
    terminal.signal(signal.SIGTERM)
    terminal.wait_for("waiting for its outcome")
    terminal.signal(signal.SIGTERM)
    code = terminal.finish()
    gate.release()

    assert code == 6
    assert_kept(terminal.screen, holds="name: Clients")


def test_disjoint_edits_are_offered_upon_theirs(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """Somebody else's change elsewhere is kept: the diff upon it is asked about anew."""
    editor.does(f"{RENAME}; {other(seed.CONTACTS, 'identifier', 'email')}")

    code, screen = edit("Contacts", answers=("y\n", "y\n"))

    assert code == 0, screen
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Clients", "email")
    assert "both are kept" in screen
    assert len(sandbox.puts(seed.CONTACTS)) == 2  # theirs and ours, each once


def test_the_diff_upon_theirs_can_be_edited_again(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """Edited again, the text holds what somebody else changed as well."""
    editor.does(
        f"{RENAME}; {other(seed.CONTACTS, 'identifier', 'email')}",
        "sed -i 's/^name: .*/name: Buyers/' \"$1\"",
    )

    code, screen = edit("Contacts", answers=("y\n", "e\n", "y\n"))

    assert code == 0, screen
    assert "identifier: email" in editor.saw(2)
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Buyers", "email")


def test_overlapping_edits_open_the_text_with_both_values(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """Where both changed the same, the text opens again and holds both values at the place."""
    editor.does(
        f"{RENAME}; {other(seed.CONTACTS, 'name', 'Buyers')}",
        "sed -i 's/^name: .*/name: Clients and buyers/' \"$1\"",
    )

    code, screen = edit("Contacts", answers=("y\n", "y\n"))

    assert code == 0, screen
    rows = editor.saw(2).split("\n")
    mine = rows.index("name: Clients")
    above = "\n".join(rows[mine - 8 : mine])
    assert "CONFLICT at /name" in above
    assert "Contacts" in above
    assert "Buyers" in above
    assert "Sandy Box" in above
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients and buyers"


def test_resuming_never_overwrites_what_came_in_between(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """A kept text is merged with what is there by now: theirs stays, both values on a collision."""
    editor.does(f"sed -i 's/timeout_seconds: .*/timeout_seconds: 7/' \"$1\"; {RENAME}")
    _, screen = edit("Contacts", answers=("n\n",))
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email", "name": "Buyers"})
    editor.does("sed -i 's/^name: .*/name: Both/' \"$1\"")

    resumed = Terminal(*resume_command(screen))
    resumed.wait_for(QUESTION)
    resumed.type("y\n")

    assert resumed.finish() == 0, resumed.screen
    assert "CONFLICT at /name" in editor.saw(1)
    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Both", "email")
    assert stored["configuration"]["timeout_seconds"] == 7


@pytest.mark.parametrize(("option", "code"), [("fail", 4), ("rebase", 0)])
def test_resuming_unattended_is_a_three_way_affair_too(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command, option: str, code: int
) -> None:
    """Without anybody to ask, what came in between stops it, or is merged where that was said."""
    editor.does(f"{RENAME}; exit 1")
    failed = process("edit", "Contacts", "--yes")
    path = assert_kept(failed.err, holds="name: Clients")
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})

    done = process("edit", "Contacts", "--yes", "--resume", str(path), "--on-conflict", option)

    stored = sandbox.stored(seed.CONTACTS)
    assert done.code == code, done.err
    assert stored["identifier"] == "email"
    assert stored["name"] == ("Contacts" if code else "Clients")
    assert path.exists() is bool(code)


def test_resuming_what_is_there_already_is_nothing_to_do(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """A text that says what the model is by now, as after a write that landed late: exit 0."""
    editor.does(f"{RENAME}; exit 1")
    failed = process("edit", "Contacts", "--yes")
    path = assert_kept(failed.err, holds="name: Clients")
    sandbox.write_as_other(seed.CONTACTS, {"name": "Clients"})

    done = process("edit", seed.CONTACTS, "--yes", "--resume", str(path))

    assert (done.code, sandbox.puts()) == (0, []), done.err
    assert "No changes" in done.out
    assert not path.exists()


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
    assert f"patch-model edit {seed.CONTACTS} --resume {path}" in said
    assert path.exists()


def test_an_editor_that_does_not_wait_is_recognised(
    sandbox: Sandbox, editor: ScriptedEditor
) -> None:
    """One that leaves a window behind and returns at once is explained, and its file stays."""
    editor.does("sleep 20 & exit 0")

    code, screen = edit("Contacts")

    assert (code, sandbox.puts()) == (2, [])
    assert "code --wait" in screen
    assert_kept(screen, holds="name: Contacts")


def test_without_editor_and_terminal_it_is_refused(
    sandbox: Sandbox, process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No editor set and no terminal: exit 2, and how to set one."""
    monkeypatch.delenv("EDITOR", raising=False)

    refused = process("edit", "Contacts", "--yes")

    assert (refused.code, sandbox.puts()) == (2, [])
    assert "EDITOR" in refused.err
    assert kept(state()) == []


def test_without_a_terminal_yes_must_be_said_before_anybody_edits(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """Nobody to ask and no --yes: refused before the editor opens, so that no work is lost."""
    refused = process("edit", "Contacts")

    assert (refused.code, editor.visits) == (2, 0)
    assert "--yes" in refused.err


def test_a_scripted_edit_goes_through_with_yes(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """Without a terminal, --yes writes what the editor saved, and JSON is one object."""
    editor.does(f"{RENAME}; echo noise")

    done = process("edit", "Contacts", "--yes", "-o", "json")

    assert done.code == 0, done.err
    assert json.loads(done.out)["status"] == "applied"
    assert "noise" in done.err
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


def test_a_scripted_edit_that_is_invalid_stops_at_once(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """Without anybody to mend the text it is not opened again: exit 2, kept."""
    editor.does("sed -i 's/^fields:/fields: [/' \"$1\"")

    done = process("edit", "Contacts", "--yes", "-o", "json")

    assert (done.code, editor.visits) == (2, 1)
    assert json.loads(done.out)["error"]["type"] == "InvalidPatchError"
    assert_kept(done.err, holds="fields: [")


@pytest.mark.parametrize(("option", "code"), [("fail", 4), ("rebase", 0)])
def test_a_scripted_edit_meets_a_change_as_it_was_told(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command, option: str, code: int
) -> None:
    """Unattended, --on-conflict decides: stop and keep the text, or put it upon theirs."""
    editor.does(f"{RENAME}; {other(seed.CONTACTS, 'identifier', 'email')}")

    done = process("edit", "Contacts", "--yes", "--on-conflict", option)

    stored = sandbox.stored(seed.CONTACTS)
    assert done.code == code, done.err
    assert stored["identifier"] == "email"
    assert stored["name"] == ("Contacts" if code else "Clients")
    if code:
        assert_kept(done.err, holds="name: Clients")


def test_a_scripted_edit_that_collides_is_kept(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """Unattended, a collision stops even under --on-conflict rebase: exit 4, kept."""
    editor.does(f"{RENAME}; {other(seed.CONTACTS, 'name', 'Buyers')}")

    done = process("edit", "Contacts", "--yes", "--on-conflict", "rebase")

    assert done.code == 4
    assert sandbox.stored(seed.CONTACTS)["name"] == "Buyers"
    assert_kept(done.err, holds="name: Clients")
    assert "Resumed on a terminal, your text is put upon theirs" in done.err
    assert "Run the same command again" not in done.err


def test_a_failure_says_in_json_what_it_was_about(
    sandbox: Sandbox, editor: ScriptedEditor, process: Command
) -> None:
    """The plan that could not be carried out is in the one object, and what collided."""
    editor.does(f"{RENAME}; {other(seed.CONTACTS, 'name', 'Buyers')}")

    done = process("edit", "Contacts", "--yes", "-o", "json")

    result = json.loads(done.out)
    assert (done.code, result["status"], result["name"]) == (4, "conflict", "Contacts")
    assert [change["path"] for change in result["changes"]] == ["/name"]
    assert result["error"]["conflict"]["both"][0]["theirs"] == "Buyers"


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


def test_the_editor_gets_the_terminal_back(sandbox: Sandbox, editor: ScriptedEditor) -> None:
    """An editor that crashes with the terminal in raw mode leaves it usable."""
    editor.does("stty raw -echo; kill -KILL $$")

    terminal = Terminal("edit", "Contacts")
    code = terminal.finish()

    assert code == 1
    assert os.environ["EDITOR"]
    assert "SIGKILL" in terminal.screen
