"""Files that somebody else planted or altered: the journal, saved plans, the texts of edits."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from patcher.editor import draft
from patcher.plan import saved as saved_plans
from tests.cli.scripted import ScriptedEditor, kept, state
from tests.hostile.conftest import Command
from tests.sandbox import Sandbox, seed


class Written(NamedTuple):
    """A journal with one write in it."""

    entry: str
    folder: Path

    @property
    def intent(self) -> Path:
        """The file of what was meant."""
        return self.folder / f"{self.entry[1:]}.intent.json"

    @property
    def ending(self) -> Path:
        """The file of how it ended."""
        return self.folder / f"{self.entry[1:]}.ending.json"


@pytest.fixture
def written(sandbox: Sandbox, patch_model: Command) -> Written:
    """A journal with one write in it, of which the sandbox has forgotten the requests."""
    done = patch_model("apply", seed.CONTACTS, "--set", "name=New", "--yes", "-o", "json")
    sandbox.reset_requests()
    return Written(json.loads(done.out)["journal_entry"], state() / "journal")


def replaced_by_link(path: Path) -> None:
    """The file is elsewhere, and a link to it in its place."""
    elsewhere = path.rename(path.with_name("elsewhere"))
    path.symlink_to(elsewhere)


def replaced_by_pipe(path: Path) -> None:
    """In its place is a pipe that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def replaced_by_folder(path: Path) -> None:
    """In its place is a folder."""
    path.unlink()
    path.mkdir()


def altered(**members: Any) -> Callable[[Path], None]:
    """Makes members of the record in a file something else."""

    def alter(path: Path) -> None:
        record = {**json.loads(path.read_text()), **members}
        path.write_text(json.dumps(record))

    return alter


def holding(text: str) -> Callable[[Path], None]:
    """Puts another text into the file."""

    def put(path: Path) -> None:
        path.write_text(text)

    return put


class Planted(NamedTuple):
    """What is done to a file of the journal, and what is said about it."""

    plant: Callable[[Path], object]
    said: str
    hint: str = ""


FILES = {
    "readable for the group": Planted(
        lambda path: path.chmod(0o640), "is open to other users, and is not trusted", "chmod 600 "
    ),
    "readable for the world": Planted(
        lambda path: path.chmod(0o604), "is open to other users, and is not trusted", "chmod 600 "
    ),
    "writable for the world": Planted(
        lambda path: path.chmod(0o602), "is open to other users, and is not trusted", "chmod 600 "
    ),
    "a link": Planted(replaced_by_link, "is a link, and is not trusted", "Remove it."),
    "a pipe": Planted(replaced_by_pipe, "is not a regular file, and is not trusted", "Remove it."),
    "a folder": Planted(
        replaced_by_folder, "is not a regular file, and is not trusted", "Remove it."
    ),
    "a bomb": Planted(holding('{"a":' * 100_000), "nested more than 200 levels deep"),
    "a key twice": Planted(holding('{"format": 1, "format": 1}'), "occurs twice in one object"),
    "a number too large": Planted(holding('{"format": 1e400}'), "a number cannot be held exactly"),
    "cut short": Planted(holding('{"format": 1, "en'), "is not a journal entry"),
    "nothing": Planted(holding(""), "is not a journal entry"),
    "a list": Planted(holding("[1]"), "is not a journal entry"),
    "of a later format": Planted(altered(format=2), "has a newer format (2)"),
}

INTENTS = {
    **FILES,
    "a base that is no object": Planted(altered(before=5), "is incomplete"),
    "a body that is no object": Planted(altered(sent=None), "is incomplete"),
    "an id that is no text": Planted(altered(id=["x"]), "is incomplete"),
    "a time that is none": Planted(altered(begun=2026), "is incomplete"),
    "keys that are none": Planted(altered(keys="k"), "is incomplete"),
    "a place that is none": Planted(altered(where={}), "is incomplete"),
    "terms that are none": Planted(altered(unknown_fields="steal"), "is incomplete"),
}
# Half an ending is what a power failure leaves, and as good as none.
HALF = ("a bomb", "cut short", "nothing")
ENDINGS = {
    **{name: row for name, row in FILES.items() if name not in HALF},
    "a state that is none": Planted(altered(state=1), "is incomplete"),
    "a state of another program": Planted(altered(state="fine"), "is incomplete"),
    "a reading that is no object": Planted(altered(observed="x"), "is incomplete"),
}
ROWS = {f"intent: {name}": ("intent", row) for name, row in INTENTS.items()} | {
    f"ending: {name}": ("ending", row) for name, row in ENDINGS.items()
}


@pytest.mark.parametrize(("which", "row"), ROWS.values(), ids=ROWS)
def test_a_planted_entry_is_not_trusted(
    which: str, row: Planted, written: Written, sandbox: Sandbox, patch_model: Command
) -> None:
    """The list warns and leaves it out; shown or undone it is refused, and nothing is sent."""
    row.plant(getattr(written, which))

    listed = patch_model("history")
    shown = patch_model("history", written.entry)
    undone = patch_model("undo", written.entry, "--yes")
    taken_back = patch_model("undo", seed.CONTACTS, "--yes")

    assert (listed.code, shown.code, undone.code, taken_back.code) == (0, 3, 3, 2)
    for outcome in (listed, shown, undone):
        assert row.said in outcome.err
        assert row.hint in outcome.err
    assert written.entry not in listed.out
    assert "No writes recorded" in taken_back.err
    assert sandbox.puts() == []


@pytest.mark.parametrize("name", HALF)
def test_half_an_ending_is_none(
    name: str, written: Written, sandbox: Sandbox, patch_model: Command
) -> None:
    """The intent is whole, so that a reading tells how the write ended, and it can be undone."""
    FILES[name].plant(written.ending)

    listed = patch_model("history")
    undone = patch_model("undo", written.entry, "--yes")

    assert (listed.code, undone.code, len(sandbox.puts())) == (0, 0, 1)
    assert "not recorded" in listed.out


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o733, 0o1777])
def test_a_folder_that_others_can_enter_is_not_trusted(
    mode: int, written: Written, sandbox: Sandbox, patch_model: Command
) -> None:
    """Whatever is in there may be planted: reading and writing are refused, with what to do."""
    written.folder.chmod(mode)

    commands = [
        ("history",),
        ("history", written.entry),
        ("history", "--prune", "0"),
        ("undo", written.entry, "--yes"),
        ("undo", seed.CONTACTS, "--yes"),
        ("apply", seed.CONTACTS, "--set", "name=Other", "--yes"),
    ]
    ended = [patch_model(*command) for command in commands]

    assert {one.code for one in ended} == {3}
    for one in ended:
        assert f"The journal's folder {written.folder} is open to other users" in one.err
        assert f"chmod 700 {written.folder}" in one.err
    assert sandbox.puts() == []
    assert written.intent.exists()


def test_what_belongs_to_somebody_else_is_not_trusted(
    written: Written, sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of another user's is refused, and so is a file of theirs in one's own."""
    mine = os.geteuid()
    fstat, status = os.fstat, written.intent.stat()

    def theirs(descriptor: int) -> Any:
        found = fstat(descriptor)
        if (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino):
            return os.stat_result((*found[:4], mine + 1, *found[5:10]))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", theirs)
        file = patch_model("undo", written.entry, "--yes")
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: mine + 1)
        folder = patch_model("undo", written.entry, "--yes")

    assert (file.code, folder.code, sandbox.puts()) == (3, 3, [])
    assert f"{written.intent} belongs to another user, and is not trusted." in file.err
    assert f"The journal's folder {written.folder} belongs to another user" in folder.err


def test_a_chmod_takes_the_refusal_back(written: Written, patch_model: Command) -> None:
    """What the hint says helps."""
    written.folder.chmod(0o755)
    written.intent.chmod(0o644)
    written.folder.chmod(0o700)
    written.intent.chmod(0o600)

    assert patch_model("undo", written.entry, "--yes").code == 0


def test_an_undo_says_that_a_later_write_may_be_hidden(
    written: Written, sandbox: Sandbox, patch_model: Command
) -> None:
    """Beside an entry that can be read, one that cannot is a warning."""
    planted = written.folder / "0123456789ab.intent.json"
    planted.write_text("{")
    planted.chmod(0o600)

    undone = patch_model("undo", seed.CONTACTS, "--yes")

    assert (undone.code, len(sandbox.puts())) == (0, 1)
    assert "0123456789ab.intent.json is not a journal entry" in undone.err
    assert "A later write may be in there." in undone.err


def test_texts_are_not_put_where_others_are(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder for edits that others can enter is refused, and what they planted not offered."""
    folder = state() / "edits"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    os.mkfifo(folder / ".planted.yaml.base")
    (folder / "planted.yaml").touch()
    monkeypatch.setenv("EDITOR", "true")

    ended = patch_model("edit", "Contacts", "--yes")

    assert (ended.code, sandbox.puts()) == (3, [])
    assert f"chmod 700 {folder}" in ended.err
    assert "--resume" not in ended.err


# Saved plans


@pytest.fixture
def plan_file(sandbox: Sandbox, patch_model: Command, tmp_path: Path) -> Path:
    """A saved plan that renames."""
    path = tmp_path / "plan.json"
    assert patch_model("plan", "Contacts", "--set", "name=Clients", "--out", str(path)).code == 0
    sandbox.reset_requests()
    return path


def tampered(
    alter: Callable[[dict[str, Any]], object], *, resealed: bool
) -> Callable[[Path], None]:
    """Alters the content of a saved plan; ``resealed`` makes the checksum fit again."""

    def plant(path: Path) -> None:
        content = json.loads(path.read_text())
        alter(content)
        if resealed:
            content.pop("checksum", None)
            content["checksum"] = saved_plans._checksum(content)
        path.write_text(json.dumps(content))

    return plant


def renamed(content: dict[str, Any]) -> None:
    """The plan does something else than it shows."""
    content["proposed"]["name"] = "Mine"


def redirected(content: dict[str, Any]) -> None:
    """The plan is for another address."""
    content["url"] = "https://evil.example"


def unmasked(content: dict[str, Any]) -> None:
    """A digest is for what is not masked."""
    content["digests"]["proposed"]["/name"] = "0" * 64


def reading(content: dict[str, Any]) -> None:
    """The plan puts a credential that is known by its digest into the open."""
    digests = content["digests"]
    place = "/configuration/session/api_token"
    content["proposed"]["name"] = "********"
    digests["proposed"]["/name"] = digests["base"][place]
    content["changes"][0]["new"] = "********"


def masked(content: dict[str, Any]) -> None:
    """The plan puts a mask where a value was."""
    content["proposed"]["name"] = "********"
    content["changes"][0]["new"] = "********"


PLANS = {
    "a mask for a value": Planted(
        tampered(masked, resealed=True), "a mask must never be written as a value"
    ),
    "edited": Planted(tampered(renamed, resealed=False), "checksum"),
    "without a checksum": Planted(
        tampered(lambda content: content.pop("checksum"), resealed=False),
        "checksum",
    ),
    "edited, and sealed again": Planted(
        tampered(renamed, resealed=True), "not a plan that this version can read"
    ),
    "for another address": Planted(
        tampered(redirected, resealed=True), "The plan was made for https://evil.example"
    ),
    "a digest of a name": Planted(
        tampered(unmasked, resealed=True), "not a plan that this version can read"
    ),
    "a credential put into the open": Planted(
        tampered(reading, resealed=True), "would not do what it shows"
    ),
    "of a later format": Planted(
        tampered(lambda content: content.update(format=2), resealed=True), "by a newer version"
    ),
    "a bomb": Planted(holding('{"a":' * 100_000), "nested more than 200 levels deep"),
    "a key twice": Planted(holding('{"kind": 1, "kind": 1}'), "occurs twice in one object"),
    "a number too large": Planted(holding('{"a": 1e400}'), "a number cannot be held exactly"),
    "cut short": Planted(lambda path: os.truncate(path, 1000), "is not a valid saved plan"),
    "nothing": Planted(holding(""), "is not a valid saved plan"),
    "not a plan": Planted(holding("{}"), "is not a saved plan"),
    "a folder": Planted(replaced_by_folder, "got a folder"),
}


@pytest.mark.parametrize("row", PLANS.values(), ids=PLANS)
def test_a_tampered_plan_is_refused(
    row: Planted, plan_file: Path, sandbox: Sandbox, patch_model: Command
) -> None:
    """Whatever was done to it: exit 2 with the reason, and nothing is sent."""
    row.plant(plan_file)

    ended = patch_model("apply", "--plan", str(plan_file), "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])
    assert row.said in ended.err
    assert "tok_live" not in ended.out + ended.err


def test_a_plan_may_be_shared(
    plan_file: Path, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """A plan that others can read, behind a link, as in a repository: its content counts alone."""
    plan_file.chmod(0o664)
    link = tmp_path / "link.json"
    link.symlink_to(plan_file)

    assert patch_model("apply", "--plan", str(link), "--yes").code == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


UNREADABLE = {name: INTENTS[name] for name in ("writable for the world", "a link", "cut short")}


@pytest.mark.parametrize("row", UNREADABLE.values(), ids=UNREADABLE)
def test_a_plan_is_refused_where_an_entry_may_be_its_own(
    row: Planted, plan_file: Path, sandbox: Sandbox, patch_model: Command
) -> None:
    """What cannot be read may be the record of this very plan: exit 3, nothing sent."""
    patch_model("apply", "--plan", str(plan_file), "--yes")
    patch_model("undo", seed.CONTACTS, "--yes")
    sandbox.reset_requests()
    row.plant(next((state() / "journal").glob("*.intent.json")))

    ended = patch_model("apply", "--plan", str(plan_file), "--yes")

    assert (ended.code, sandbox.puts()) == (3, [])
    assert "This plan may already be applied" in ended.err
    assert row.said in ended.err


def test_an_unreadable_entry_from_before_a_plan_does_not_matter(
    plan_file: Path, written: Written, sandbox: Sandbox, patch_model: Command
) -> None:
    """An entry that is older than the plan cannot be its own."""
    sandbox.write_as_other(seed.CONTACTS, {"name": "Contacts"})
    patch_model("plan", "Contacts", "--set", "name=Clients", "--out", str(plan_file))
    written.intent.write_text("{")
    long_ago = time.time() - 3 * 86_400
    os.utime(written.intent, (long_ago, long_ago))

    assert patch_model("apply", "--plan", str(plan_file), "--yes").code == 0


def test_a_plan_that_does_not_say_when_it_was_made_is_older_than_any_entry(
    plan_file: Path, written: Written, sandbox: Sandbox, patch_model: Command
) -> None:
    """Then every entry that cannot be read may be its own."""
    sandbox.write_as_other(seed.CONTACTS, {"name": "Contacts"})
    patch_model("plan", "Contacts", "--set", "name=Clients", "--out", str(plan_file))
    tampered(lambda content: content.update(created="long ago"), resealed=True)(plan_file)
    written.intent.write_text("{")
    os.utime(written.intent, (1, 1))
    sandbox.reset_requests()

    ended = patch_model("apply", "--plan", str(plan_file), "--yes")

    assert (ended.code, sandbox.puts()) == (3, [])
    assert "This plan may already be applied" in ended.err


def test_a_saved_plan_is_on_disk_with_its_name(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content is synced, then renamed, then the folder synced."""
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

    path = tmp_path / "plan.json"
    assert patch_model("plan", "Contacts", "--set", "name=x", "--out", str(path)).code == 0

    assert steps[-3:] == ["sync file", "rename", "sync folder"]


# Kept texts


@pytest.fixture
def text(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The kept text of an edit that was refused."""
    editor = ScriptedEditor(tmp_path)
    editor.does("""sed -i 's/^name: .*/name: 5/' "$1" """)
    monkeypatch.setenv("EDITOR", editor.setting)
    assert patch_model("edit", "Contacts", "--yes").code == 2
    (path,) = kept(state())
    path.write_text(path.read_text().replace("name: 5", "name: Mine"))
    sandbox.reset_requests()
    return path


def based_on(
    alter: Callable[[dict[str, Any]], object], *, resealed: bool
) -> Callable[[Path], None]:
    """Alters what a kept text is based on; ``resealed`` makes the checksum fit again."""

    def plant(path: Path) -> None:
        above, mark, record = path.read_text().rpartition("\n# {")
        content = json.loads("{" + record)
        alter(content)
        if resealed:
            content.pop("checksum", None)
            content["checksum"] = draft._checksum(content)
        path.write_text(above + mark[:-1] + json.dumps(content) + "\n")

    return plant


NOT_RESUMED = "holds no edit that can be resumed"

TEXTS = {
    "another base": Planted(
        based_on(lambda content: content["base"].update(name="x"), resealed=False), NOT_RESUMED
    ),
    "a base that is no object": Planted(
        based_on(lambda content: content.update(base=5), resealed=True), NOT_RESUMED
    ),
    "no base": Planted(based_on(lambda content: content.pop("base"), resealed=True), NOT_RESUMED),
    "no address": Planted(based_on(lambda content: content.pop("url"), resealed=True), NOT_RESUMED),
    "another address": Planted(
        based_on(lambda content: content.update(url="https://evil.example"), resealed=True),
        "belongs to https://evil.example",
    ),
    "another model": Planted(
        based_on(lambda content: content["base"].update(id=seed.ORDERS), resealed=True),
        "belongs to another model",
    ),
    "of a later format": Planted(
        based_on(lambda content: content.update(format=2), resealed=True), "by a newer version"
    ),
    "nothing": Planted(holding(""), NOT_RESUMED),
    "aliases": Planted(
        lambda path: path.write_text(path.read_text().replace("name: Mine", "name: &a Mine")),
        "anchors and aliases have no counterpart in JSON",
    ),
    "tags": Planted(
        lambda path: path.write_text(
            path.read_text().replace("name: Mine", "name: !!python/object/apply:os.getcwd []")
        ),
        "tags have no counterpart in JSON",
    ),
}


@pytest.mark.parametrize("row", TEXTS.values(), ids=TEXTS)
def test_a_tampered_text_is_refused(
    row: Planted, text: Path, sandbox: Sandbox, patch_model: Command
) -> None:
    """Exit 2 with the reason, nothing is sent, and the text is still there."""
    row.plant(text)
    before = text.read_text()

    ended = patch_model("edit", "Contacts", "--resume", str(text), "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])
    assert row.said in ended.err
    assert (
        text.read_text().split("patch-model needs what follows")[0]
        == (before.split("patch-model needs what follows")[0])
    )


def test_a_text_may_come_from_elsewhere(
    text: Path, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """A kept text that others can read, behind a link: it is taken, and is private from then on."""
    (tmp_path / "edits").mkdir()
    elsewhere = text.rename(tmp_path / "edits" / "shared.yaml")
    elsewhere.chmod(0o644)
    target = elsewhere.with_name("target.yaml")
    elsewhere.rename(target)
    elsewhere.symlink_to(target)
    before = target.read_text()
    sandbox.write_as_other(seed.CONTACTS, {"name": "Theirs"})

    ended = patch_model("edit", seed.CONTACTS, "--resume", str(elsewhere), "--yes")

    assert (ended.code, sandbox.puts()) == (4, [])
    assert not elsewhere.is_symlink()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    assert target.read_text() == before
