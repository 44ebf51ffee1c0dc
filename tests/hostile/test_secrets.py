"""Credentials of models: shown nowhere but where the design says, and never replaced by a mask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import patcher
from patcher.documents.masks import MASK, MASK_AFTER, MASK_BEFORE
from tests.cli.scripted import ScriptedEditor, kept, state
from tests.hostile.conftest import Command
from tests.leaks import Watch
from tests.sandbox import Sandbox, faults, seed

MASKS = [MASK, MASK_BEFORE, MASK_AFTER]
SAID = "a mask must never be written as a value"

TYPED: dict[str, tuple[str, ...]] = {
    "a text": ("--set", "configuration.session.api_token={mask}"),
    "a text at a pointer": ("--set", "/configuration/session/api_token={mask}"),
    "JSON": ("--set", 'configuration.session:={{"api_token": "{mask}"}}'),
    "under another key": ("--set", "configuration.note={mask}"),
    "the name": ("--set", "name={mask}"),
    "a member of a list": ("--add", "tracking_columns={mask}"),
    "a member of an object": ("--add", 'additional_fields={{"name": "x", "label": "{mask}"}}'),
    "a merge patch": ("--merge", '{{"configuration": {{"session": {{"api_token": "{mask}"}}}}}}'),
    "a key": ("--merge", '{{"configuration": {{"{mask}": 1}}}}'),
    "a merge patch in YAML": ("--merge", "configuration: {{session: {{api_token: '{mask}'}}}}"),
    "a JSON Patch": (
        "--json-patch",
        '[{{"op": "add", "path": "/configuration/x", "value": ["{mask}"]}}]',
    ),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("change", TYPED.values(), ids=TYPED)
def test_a_mask_that_is_typed_is_refused(
    change: tuple[str, str], mask: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Wherever it is meant to go: exit 2, nothing is asked for and nothing sent."""
    option, text = change

    ended = patch_model("apply", seed.CONTACTS, option, text.format(mask=mask), "--yes")

    assert (ended.code, sandbox.requests) == (2, [])
    assert SAID in ended.err


def masked_document(patch_model: Command) -> dict[str, Any]:
    """The document as somebody would have it who copied its credentials out of a diff."""
    text = patch_model("get", "Contacts", "-o", "json").out
    document: dict[str, Any] = json.loads(text.replace("tok_live_51c0ffee", MASK_BEFORE))
    return {**document, "name": "New"}


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("option", ["--document", "--merge"])
@pytest.mark.parametrize("form", ["-", "file", "yaml"])
def test_a_mask_that_is_piped_or_in_a_file_is_refused(
    option: str,
    form: str,
    patch_model: Command,
    process: Command,
    tmp_path: Path,
    nothing_leaks: Watch,
) -> None:
    """A whole document with a mask in it, from standard input or a file, JSON or YAML."""
    from patcher.documents import yamltext

    document = masked_document(patch_model)
    text = yamltext.dump(document) if form == "yaml" else json.dumps(document)
    file = nothing_leaks.mine(tmp_path / "mine.txt")
    file.write_text(text)

    if form == "-":
        ended = process("apply", seed.CONTACTS, option, "-", "--yes", stdin=text)
    else:
        ended = patch_model("apply", seed.CONTACTS, option, f"@{file}", "--yes")

    assert ended.code == 2
    assert SAID in ended.err
    assert "/configuration/session/api_token" in ended.err
    assert patch_model("history").out.startswith("No writes recorded.")


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_that_is_edited_in_is_refused_and_the_text_kept(
    mask: str,
    sandbox: Sandbox,
    patch_model: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In an editor: exit 2, nothing sent; resumed, it is refused again."""
    editor = ScriptedEditor(tmp_path)
    editor.does(f"""sed -i "s/api_token: .*/api_token: '{mask}'/" "$1" """)
    monkeypatch.setenv("EDITOR", editor.setting)

    ended = patch_model("edit", "Contacts", "--yes")
    (text,) = kept(state())
    resumed = patch_model("edit", "Contacts", "--resume", str(text), "--yes")

    assert (ended.code, resumed.code, sandbox.puts()) == (2, 2, [])
    assert SAID in ended.err
    assert SAID in resumed.err
    assert mask in text.read_text()


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_in_a_block_of_python_is_refused(
    mask: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """edit_model, patch_model with either kind of change, and a Patch."""
    with patcher.Client(sandbox.url, sandbox.api_key) as client:

        def edited() -> None:
            with patcher.edit_model(seed.CONTACTS, client=client) as document:
                document["configuration"]["session"]["api_token"] = mask

        place = "/configuration/session/api_token"
        for change in (
            {"configuration": {"session": {"api_token": mask}}},
            [{"op": "replace", "path": place, "value": mask}],
            patcher.Patch.set(place, mask),
        ):
            with pytest.raises(patcher.InvalidPatchError, match="never be written"):
                patcher.patch_model(seed.CONTACTS, change, client=client)
        with pytest.raises(patcher.InvalidPatchError, match="never be written"):
            edited()

    assert sandbox.puts() == []
    assert sandbox.stored(seed.CONTACTS)["configuration"]["session"]["api_token"] != mask


def test_what_a_json_patch_copies_is_looked_at_too(sandbox: Sandbox, patch_model: Command) -> None:
    """What comes out of a change is judged, however it came about."""
    sandbox.write_as_other(seed.CONTACTS, {"tracking_columns": [MASK, "x"]})
    copy = [{"op": "copy", "from": "/tracking_columns/0", "path": "/configuration/password"}]

    ended = patch_model("apply", seed.CONTACTS, "--json-patch", json.dumps(copy), "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])


def test_a_model_that_the_api_masks_is_not_written_back(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """A server that shows a mask in place of a credential would store it: stopped, exit 2."""
    sandbox.write_as_other(
        seed.CONTACTS, {"configuration": {"query": "select 1", "password": MASK}}
    )

    ended = patch_model("apply", seed.CONTACTS, "--set", "name=New", "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])
    assert "/configuration/password" in ended.err


# Shown

HEADERS = [
    {"name": "Authorization", "value": "Bearer hunter2-header"},
    {"name": "Accept", "value": "text/csv"},
]
CONFIGURATION = {
    "query": "select 1",
    "headers": HEADERS,
    "url": "postgres://loader:hunter2-nested@db",
    "auth": {"client_secret": "hunter2-nested", "pins": [87654321]},
    "customer_pin": "hunter2-pin",
}


@pytest.fixture
def secretive(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model with credentials of all sorts, and a word for one of them."""
    monkeypatch.setenv("PATCH_MODEL_MASK", "customer_pin, pins")
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": CONFIGURATION})
    return seed.ACCOUNTS


def run_all(patch_model: Command, model: str, folder: Path) -> list[tuple[str, str]]:
    """Everything that shows something of a model, and what it printed."""
    plan = folder / "plan.json"
    header = "configuration.headers.0.value=Bearer hunter2-another"
    moved = json.dumps(
        [
            {"op": "move", "from": "/configuration/headers/0", "path": "/configuration/moved"},
            {"op": "copy", "from": "/configuration/customer_pin", "path": "/identifier"},
        ]
    )
    commands: list[tuple[str, ...]] = [
        ("plan", model, "--set", header),
        ("plan", model, "--set", header, "-o", "json"),
        ("plan", model, "--json-patch", moved),
        ("plan", model, "--json-patch", moved, "-o", "json"),
        ("plan", model, "--set", "configuration:={}"),
        ("plan", model, "--unset", "configuration.headers"),
        ("plan", model, "--set", "configuration.auth.pins.0:=12345678"),
        ("plan", model, "--set", "name=x", "--out", str(plan)),
        ("plan", "--show", str(plan), "-o", "json"),
        ("apply", model, "--set", header, "--yes", "-vv"),
        ("apply", model, "--unset", "configuration.headers.0", "--yes", "-o", "json"),
        ("history",),
        ("history", "-o", "json"),
        ("undo", model, "--yes"),
        ("undo", model, "--yes", "-o", "json"),
        ("apply", "--plan", str(plan), "--yes"),
    ]
    outcomes = [(" ".join(command[:3]), patch_model(*command)) for command in commands]
    assert {one.code for _, one in outcomes} <= {0, 4}
    texts = [(name, one.out + one.err) for name, one in outcomes]
    return [*texts, ("the plan's file", plan.read_text())]


def test_no_command_shows_a_credential(
    secretive: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Under its key, beside its name, by a word of one's own, moved, copied, removed, undone."""
    seen = run_all(patch_model, secretive, tmp_path)

    for word in ("hunter2", "87654321", "12345678"):
        assert [name for name, text in seen if word in text] == []
    assert any("text/csv" in text for _, text in seen)


def test_a_conflict_shows_no_credential(
    secretive: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Neither yours nor theirs, nor what it was."""
    theirs = {**CONFIGURATION, "headers": [{**HEADERS[0], "value": "hunter2-theirs"}, HEADERS[1]]}
    sandbox.fault(
        faults.concurrent_write({"configuration": theirs}, method="GET", kind="model", nth=2)
    )

    ended = patch_model(
        "apply", secretive, "--set", "configuration.headers.0.value=hunter2-mine", "--yes"
    )
    as_json = patch_model(
        "apply", secretive, "--expect-version", "1", "--set", "name=x", "-o", "json"
    )

    assert (ended.code, as_json.code) == (4, 4)
    assert "hunter2" not in ended.out + ended.err + as_json.out + as_json.err
    assert "You both changed /configuration/headers" in ended.err


@pytest.mark.parametrize(
    "place", ["/connection_id", "/policies/0", "/additional_fields", "/fields"]
)
def test_a_refusal_shows_no_credential(
    place: str, secretive: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Moved to where the schema takes no such value, it is not shown with the reason."""
    move = [{"op": "copy", "from": "/configuration/auth/client_secret", "path": place}]

    ended = patch_model("apply", secretive, "--json-patch", json.dumps(move), "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])
    assert f"{place}: expected " in ended.err
    assert "hunter2" not in ended.err


def test_a_changed_header_is_still_seen_to_be_one(
    secretive: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """That it changes is shown, and is asked about; what it is, is not."""
    change = "configuration.headers.0.value=Bearer hunter2-another"

    ended = patch_model("apply", secretive, "--set", change, "--yes")

    assert ended.code == 0
    assert "/configuration/headers/0/value" in ended.out
    assert MASK_BEFORE in ended.out
    assert MASK_AFTER in ended.out
    stored = sandbox.stored(secretive)["configuration"]["headers"]
    assert stored[0]["value"] == "Bearer hunter2-another"


def test_a_plan_of_such_a_model_is_saved_and_applied_whole(
    secretive: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Every credential is put back in its place from what is there, also within longer texts."""
    before, plan = sandbox.stored(secretive), tmp_path / "plan.json"
    patch_model("plan", secretive, "--set", "identifier=domain", "--out", str(plan))
    patch_model("apply", "--plan", str(plan), "--yes")

    assert sandbox.stored(secretive) == {**before, "identifier": "domain"}


@pytest.mark.parametrize(
    "change",
    [
        "configuration.headers.0.value=x",
        "configuration.url=postgres://loader:hunter2-nested@other",
        "configuration.auth.pins.0:=1",
        "configuration.customer_pin=x",
    ],
)
def test_a_plan_that_changes_one_is_not_saved(
    change: str, secretive: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Beside its name, within a longer text, by a word of one's own: exit 2, and no file."""
    plan = tmp_path / "plan.json"

    ended = patch_model("plan", secretive, "--set", change, "--out", str(plan))

    assert (ended.code, plan.exists()) == (2, False)
    assert "can't be saved" in ended.err


def test_a_number_that_is_refused_is_not_shown(sandbox: Sandbox, patch_model: Command) -> None:
    """Not even under the key of a credential, in JSON, in YAML and from the API."""
    number = "8675309.8675309867530986753"
    sandbox.fault(
        faults.raw_body(f'{{"data": {{"password": {number}}}}}', method="GET", kind="model")
    )

    ended = [
        patch_model("apply", "Contacts", "--set", f"configuration.password:={number}", "--yes"),
        patch_model("apply", "Contacts", "--merge", f'{{"password": {number}}}', "--yes"),
        patch_model("apply", "Contacts", "--merge", f"password: {number}", "--yes"),
        patch_model("get", seed.CONTACTS),
    ]

    assert [one.code for one in ended] == [2, 2, 2, 3]
    assert not any("8675309" in one.out + one.err for one in ended)


def test_a_credential_that_is_the_name_is_shown_nowhere(
    secretive: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Nor in a title, an overview, a list, what was written, the history, or a failure."""
    sandbox.write_as_other(secretive, {"name": "hunter2-nested"})
    plan = tmp_path / "plan.json"
    commands = (
        ("list",),
        ("list", "-o", "json"),
        ("plan", secretive, "--set", "identifier=id"),
        ("plan", secretive, "--set", "identifier=id", "-o", "json", "--out", str(plan)),
        ("plan", secretive, "--set", "identifier=id", "-o", "markdown"),
        ("plan", secretive, "--set", "identifier=id", "-o", "html"),
        ("plan", secretive, seed.CONTACTS, "--set", "identifier=id"),
        ("apply", secretive, "--set", "identifier=id", "--expect-version", "99"),
        ("apply", secretive, seed.CONTACTS, "--set", "identifier=id", "--yes"),
        ("apply", secretive, "--set", "identifier=email", "--yes"),
        ("history",),
        ("history", "-o", "json"),
        ("undo", secretive, "--yes", "-o", "json"),
        ("apply", "--plan", str(plan), "--yes"),
    )
    ended = [(" ".join(command[:3]), patch_model(*command)) for command in commands]

    assert {one.code for _, one in ended} <= {0, 4}
    assert [name for name, one in ended if "hunter2" in one.out + one.err] == []
    assert "hunter2" not in plan.read_text()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("configuration.headers.0.value", "Bearer hunter2-header"),
        ("configuration.url", "postgres"),
        ("configuration.auth.pins", "87654321"),
    ],
)
def test_no_credential_is_read_out_by_a_condition(
    place: str, value: str, secretive: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Right or wrong, what was asked gets the same answer: exit 2, and no write."""
    ended = [
        patch_model("apply", "--where", f"{place}{asked}", "--set", "identifier=x", "--yes")
        for asked in (f"~=^{value[0]}", "~=^#", f"={value}")
    ]

    assert [one.code for one in ended] == [2, 2, 2]
    assert len({one.err for one in ended}) == 1
    assert "looks like a credential" in ended[0].err
    assert sandbox.puts() == []
