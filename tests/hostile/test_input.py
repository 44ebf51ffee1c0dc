"""What people, files and servers can put in: names, ids, documents, texts for the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.servers import answer, serving
from tests.cli.scripted import ScriptedEditor, kept, state
from tests.cli.terminal import Terminal
from tests.hostile.conftest import Command
from tests.hostile.test_servers import KEY, MODEL_ID
from tests.sandbox import Sandbox, faults, seed

IDS = [
    "..",
    "../connections",
    f"{seed.CONTACTS}/../{seed.ORDERS}",
    f"../models/{seed.CONTACTS}",
    "%2e%2e",
    f"%2e%2e/models/{seed.CONTACTS}",
    f"{seed.CONTACTS}%2f..",
    f"{seed.CONTACTS}\n",
    f"{seed.CONTACTS}\r\nX-Evil: 1",
    f"{seed.CONTACTS} HTTP/1.1",
    f"{seed.CONTACTS}?async=true",
    f"{seed.CONTACTS}#",
    f"{seed.CONTACTS}\\..",
    f"{{{seed.CONTACTS}}}",
    "\u202e\x1b[2J",
    "@../../../etc/passwd",
    "@0123456789ab/../x",
]


@pytest.mark.parametrize("text", IDS)
@pytest.mark.parametrize("command", ["get", "plan", "apply", "edit", "undo"])
def test_what_is_no_uuid_is_a_name_and_gets_into_no_path(
    command: str, text: str, sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is searched for that name, and nothing else is asked for: exit 3."""
    monkeypatch.setenv("EDITOR", "true")
    more = {"plan": ("--set", "name=x"), "apply": ("--set", "name=x", "--yes"), "undo": ("--yes",)}
    more["edit"] = ("--yes",)

    # Where changes are accepted, an argument with = is one.
    model = f"name:{text}" if "=" in text and command in ("plan", "apply") else text
    ended = patch_model(command, *more.get(command, ()), "--", model)

    assert ended.code == 3
    assert "There is no model called" in ended.err
    assert {request.path for request in sandbox.requests} == {"/api/models"}
    assert not set(ended.err) & set("\x1b\r\u202e")


@pytest.mark.parametrize("model_id", [*IDS, "", "models/x", "x" * 5000 + "/"])
def test_an_id_of_the_servers_is_as_little_trusted(
    model_id: str, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that gives another path for an id is refused before anything goes there."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    listed = json.dumps({"data": [{"id": model_id, "name": "Contacts"}]}).encode()

    with serving(answer(listed)) as (url, seen):
        ended = patch_model("apply", "Contacts", "--set", "name=x", "--yes", "--url", url)

    assert ended.code == 2
    assert "is not an ID" in ended.err
    assert [request.split()[1].split(b"?")[0] for request in seen] == [b"/api/models"]
    assert not set(ended.err) & set("\x1b\r\u202e")


@pytest.mark.parametrize("text", ["..", f"{seed.CONTACTS}/..", "%2e%2e", "x\nX-Evil: 1"])
def test_an_id_in_a_saved_plan_is_as_little_trusted(
    text: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """A plan that was written to address something else is refused: exit 2, nothing asked for."""
    from patcher.plan.saved import _checksum

    path = tmp_path / "plan.json"
    patch_model("plan", "Contacts", "--set", "name=x", "--out", str(path))
    content = {**json.loads(path.read_text()), "model_id": text}
    content.pop("checksum")
    path.write_text(json.dumps({**content, "checksum": _checksum(content)}))
    sandbox.reset_requests()

    ended = patch_model("apply", "--plan", str(path), "--yes")

    assert (ended.code, sandbox.requests) == (2, [])
    assert "is not an ID" in ended.err


DEEP_JSON = '{"configuration":' + "[" * 100_000 + "]" * 100_000 + "}"
DEEP_YAML = "configuration: " + "[" * 100_000 + "]" * 100_000
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nconfiguration: [*b, *b]\n"

# What is in a file, and what is said about it.
FILES: dict[str, tuple[str, bytes, str]] = {
    "JSON 100 000 levels deep": ("json", DEEP_JSON.encode(), "nested more than 200 levels deep"),
    "JSON that only begins": ("json", b'{"a":' * 100_000, "nested more than 200 levels deep"),
    "YAML 100 000 levels deep": ("yaml", DEEP_YAML.encode(), "nested more than 200 levels deep"),
    "a key twice": ("json", b'{"name": "a", "name": "b"}', 'the key "name" occurs twice'),
    "a key twice in YAML": ("yaml", b"name: a\nname: b\n", 'the key "name" occurs twice'),
    "a key twice by an escape": ("json", b'{"name": "a", "n\\u0061me": "b"}', "occurs twice"),
    "1e400": ("json", b'{"configuration": {"n": 1e400}}', "a number cannot be held exactly"),
    "1e400 in YAML": ("yaml", b"configuration: {n: 1e400}", "a number cannot be held exactly"),
    "a number of 100 000 digits": (
        "json",
        b'{"configuration": {"n": ' + b"9" * 100_000 + b"}}",
        "a number cannot be held exactly",
    ),
    "NaN": ("json", b'{"configuration": {"n": NaN}}', "NaN is not a JSON number"),
    "infinity in YAML": ("yaml", b"configuration: {n: .inf}", ".inf is not a JSON number"),
    "aliases": ("yaml", LAUGHS.encode(), "anchors and aliases have no counterpart in JSON"),
    "a tag": ("yaml", b"name: !!python/name:os.system x", "tags have no counterpart in JSON"),
    "a tag of one's own": ("yaml", b"name: !mine x", "tags have no counterpart in JSON"),
    "a merge key": ("yaml", b"<<: {name: x}", "merge keys (<<) have no counterpart in JSON"),
    "two documents": ("yaml", b"name: a\n---\nname: b\n", "more than one document"),
    "a binary file": ("json", b"\xff\xfe{\x00", "is not UTF-8 text"),
    "a control character": ("yaml", b"name: a\x1bb\n", "the character U+001B must be escaped"),
    "an open quote": ("yaml", b'name: "a\n', "is not valid YAML"),
    "nothing": ("json", b"", "is not valid JSON"),
    "the server's own": ("json", b'{"version": 1}', "/version is set by the server"),
    "a mask": ("json", b'{"name": "********"}', "a mask must never be written as a value"),
}


@pytest.mark.parametrize("row", FILES.values(), ids=FILES)
def test_a_hostile_file_is_refused_before_any_request(
    row: tuple[str, bytes, str], sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Exit 2 with the reason, and not even a reading is asked for."""
    suffix, content, said = row
    file = tmp_path / f"change.{suffix}"
    file.write_bytes(content)

    ended = patch_model("apply", seed.CONTACTS, "--merge", f"@{file}", "--yes")

    assert (ended.code, sandbox.requests) == (2, [])
    assert said in ended.err
    assert len(ended.err) < 1000


@pytest.mark.parametrize("option", ["--merge", "--document", "--json-patch"])
def test_a_hostile_file_is_refused_whatever_it_is_for(
    option: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Every SRC is read by the same strict readers."""
    for name in ("JSON 100 000 levels deep", "a key twice", "1e400", "aliases"):
        suffix, content, said = FILES[name]
        file = tmp_path / f"change.{suffix}"
        file.write_bytes(content)

        ended = patch_model("apply", seed.CONTACTS, option, f"@{file}", "--yes")

        assert (ended.code, sandbox.requests) == (2, [])
        assert said in ended.err


ANSWERS: dict[str, tuple[bytes, str]] = {
    "100 000 levels deep": (b'{"data":' + b"[" * 100_000, "nested more than 200 levels deep"),
    "a key twice": (b'{"data": {"id": "a", "id": "b"}}', 'the key "id" occurs twice'),
    "1e400": (b'{"data": {"version": 1e400}}', "a number cannot be held exactly"),
    "NaN": (b'{"data": {"version": NaN}}', "NaN is not a JSON number"),
    "HTML": (b"<html><title>\x1b[2J</html>", '("\\u001b[2J") instead of JSON'),
    "another model": (b'{"data": {"id": "%s"}}' % seed.ORDERS.encode(), "another resource"),
    "not UTF-8": (b"\xff", "is not UTF-8 text"),
}


@pytest.mark.parametrize(("body", "said"), ANSWERS.values(), ids=ANSWERS)
def test_a_hostile_answer_is_refused_and_nothing_is_sent(
    body: bytes, said: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """What a reading brings must be understood exactly: else exit 3, without a write."""
    sandbox.fault(faults.raw_body(body, method="GET"))

    ended = patch_model("apply", seed.CONTACTS, "--set", "name=New", "--yes")

    assert (ended.code, sandbox.puts()) == (3, [])
    assert said in ended.err
    assert "\x1b" not in ended.err
    assert len(ended.err) < 1000


@pytest.mark.parametrize("text", ["\ud800", "\udfff\ud800", "a\x00b", "\u2028", "\U0010ffff"])
def test_a_strange_text_is_carried_to_the_letter(
    text: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Lone surrogates, NUL and the like are JSON: written, stored and read again as they are."""
    change = json.dumps({"configuration": {"note": text}})

    done = patch_model("apply", seed.CONTACTS, "--merge", change, "--yes")
    kept_as = json.loads(patch_model("get", seed.CONTACTS, "-o", "json").out)

    assert done.code == 0
    assert sandbox.stored(seed.CONTACTS)["configuration"]["note"] == text
    assert kept_as["configuration"]["note"] == text


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u200b\nWritten: all is well\rX\ud800"
UNSEEN = set(EVIL) - set("[2J]0;owned31mWritten: all is wellX\n")


def is_safe(text: str) -> bool:
    """Whether nothing of it can move a cursor, hide a word, or pass for a line of ours."""
    return not set(text) & UNSEEN and "\nWritten: all" not in text


@pytest.fixture
def evil(sandbox: Sandbox) -> str:
    """A model that has such a text wherever there can be one."""
    document = {
        "name": EVIL,
        "identifier": EVIL,
        "configuration": {EVIL: EVIL, "query": f"select 1\n{EVIL}\nfrom t\n"},
        "tracking_columns": [EVIL, "x"],
        "additional_fields": [{"name": EVIL, "label": EVIL, "type": "string", "example": EVIL}],
    }
    sandbox.write_as_other(seed.CONTACTS, document)
    return seed.CONTACTS


def test_no_command_shows_a_name_raw(
    evil: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path, monkeypatch: Any
) -> None:
    """Plans, diffs, conflicts, lists, histories, messages, JSON, YAML: all of it is escaped."""
    editor = ScriptedEditor(tmp_path)
    editor.does("echo 'name: 5' >> $1", "echo >> $1")
    monkeypatch.setenv("EDITOR", editor.setting)
    plan = tmp_path / "plan.json"
    lines = f"select 2\n{EVIL}\nfrom u\n"
    change = json.dumps({"configuration": {"query": lines, "new": EVIL}, "name": f"{EVIL}2"})
    commands: list[tuple[str, ...]] = [
        ("list",),
        ("list", "-o", "json"),
        ("get", evil),
        ("get", evil, "-o", "json"),
        ("get", evil, "--raw"),
        ("get", f"name:{EVIL[:-1]}"),
        ("plan", evil, "--merge", change, "--out", str(plan)),
        ("plan", "--show", str(plan)),
        ("plan", evil, "--unset", f"configuration.{EVIL[:-1]}", "-o", "json"),
        ("plan", evil, "--remove", f"tracking_columns={EVIL[:-1]}"),
        ("plan", evil, "--set", f"{EVIL[:-1]}=1"),
        ("plan", evil, "--merge", f"@{EVIL[:-1]}"),
        ("plan", evil, "--expect-version", "99", "--set", "name=x"),
        ("apply", evil, "--merge", change, "--yes", "-vv"),
        ("history",),
        ("history", "-o", "json"),
        ("edit", evil, "--yes"),
        ("undo", evil, "--yes"),
        ("apply", "--plan", str(plan), "--yes"),
    ]

    ended = [(command[0], patch_model(*command)) for command in commands]

    assert [name for name, one in ended if not is_safe(one.out) or not is_safe(one.err)] == []
    assert {one.code for _, one in ended} <= {0, 2, 3, 4}


def test_no_conflict_shows_a_name_raw(
    evil: str, sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was faster, and what both changed, is escaped as well."""
    original = sandbox.model(evil)
    body = {**original, "updated_by": {"id": "x", "name": EVIL}, "version": 9, "name": f"{EVIL}9"}
    sandbox.fault(faults.raw_body(json.dumps({"data": body}), method="GET", kind="model", nth=2))

    ended = patch_model("apply", evil, "--set", "name=Mine", "--yes")

    assert (ended.code, sandbox.puts()) == (4, [])
    assert r"by \u001b[2J" in ended.err
    assert is_safe(ended.out)
    assert is_safe(ended.err)


SAID = json.dumps({"status": 422, "message": EVIL, "key": EVIL}).encode()
ERRORS = {
    "the API's message": answer(SAID, status="422 No"),
    "a redirect": answer(b"", status="302 Found", headers="Location: https://x/\x1b[2J\x9b\r\n"),
    "a folded redirect": answer(
        b"", status="302 Found", headers="Location: https://x/\r\n Written: all is well\r\n"
    ),
    "the status line": answer(b"", status="500 \x1b[2J"),
    "another version": answer(b"{}", headers="X-Polytomic-Version: \x1b[2J\r\n"),
    "odd headers": answer(b"{}", headers="ETag: \x1b[2J\r\nX-Request-Id: \x1b[2J\r\nno colon\r\n"),
}


@pytest.mark.parametrize("script", ERRORS.values(), ids=ERRORS)
def test_no_answer_is_shown_raw(
    script: Any, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server says of itself is escaped, and makes no line of its own, even under -vv."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    with serving(script) as (url, _):
        ended = patch_model("get", MODEL_ID, "--url", url, "-vv")

    assert ended.code == 3
    assert is_safe(ended.err)
    assert "Traceback" not in ended.err


def test_a_terminal_gets_no_name_raw(evil: str, sandbox: Sandbox) -> None:
    """With colours of our own, too, nothing of it gets through; and the question is ours."""
    terminal = Terminal("apply", evil, "--set", "identifier=id", "--set", "tracking_columns:=[]")
    terminal.wait_for("[y/N]")
    terminal.type("n\n")
    terminal.finish()

    for piece in ("\x1b[2J", "\x1b]0;", "\x9b", "\u202e", "\u200b", "\nWritten: all"):
        assert piece not in terminal.screen
    assert sandbox.puts() == []


def test_a_text_that_is_edited_keeps_to_its_comments(
    evil: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path, monkeypatch: Any
) -> None:
    """The header of an edit cannot be left by a name, and the kept text is the same document."""
    editor = ScriptedEditor(tmp_path)
    editor.does("true")
    monkeypatch.setenv("EDITOR", editor.setting)
    monkeypatch.setattr("patcher.editor.program.AT_ONCE", 0.0)

    ended = patch_model("edit", evil, "--yes")

    assert (ended.code, sandbox.puts(), kept(state())) == (0, [], [])
    assert not set(editor.saw(1)) & (UNSEEN - {"\ud800"})
