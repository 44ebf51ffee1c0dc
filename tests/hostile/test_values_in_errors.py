"""What an error or a warning says: the place and the kinds of a value, and never the value.

Every text of these documents and changes is a marked secret, but for the names of models and of
fields, which messages use as they use keys; and every shape is wrong somewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scripted import ScriptedEditor, kept, state
from tests.hostile.conftest import Command, Outcome
from tests.leaks import Watch
from tests.sandbox import Sandbox, faults, seed

SECRET = "marked-s3cr3t"
NUMBER = 86753090123
SHAPES: dict[str, Any] = {
    "text": SECRET,
    "number": NUMBER,
    "list": [SECRET, [NUMBER], {SECRET[:6]: SECRET}],
    "object": {"inner": SECRET, "list": [SECRET], "number": NUMBER},
    "list of objects": [{"name": {"x": SECRET}, "from": SECRET, "to": SECRET, "id": SECRET}],
    "object in their place": {"fields": SECRET, "mappings": [SECRET], "connection_id": SECRET},
}
MEMBERS = (
    "connection_id",
    "configuration",
    "identifier",
    "fields",
    "additional_fields",
    "relations",
    "policies",
    "enricher",
    "no_such_key",
)


FIELD = "a_field"
REFUSED = "The API refused"
NAMES_A_FIELD = {"identifier", "fields", "tracking_columns", "relations"}


def shaped(shape: str, member: str) -> Any:
    """The value of that shape for a member, with the name of a field where one belongs."""
    value = SHAPES[shape]
    if member not in NAMES_A_FIELD:
        return value
    if type(value) is str:
        return FIELD
    if type(value) is list:
        named = [{**one, "from": FIELD} if type(one) is dict else one for one in value]
        return [FIELD if type(one) is str else one for one in named]
    return value


def said(ended: Outcome) -> str:
    """What a command says of its own beside what it shows of a plan: errors, hints, warnings.

    The words in which the API refused are the API's.
    """
    try:
        made = json.loads(ended.out)
    except json.JSONDecodeError:
        made = {}
    error = made.get("error") or {}
    own = [*made.get("warnings", ()), {} if REFUSED in str(error) else error]
    lines = (line for line in ended.err.splitlines() if REFUSED not in line)
    return "\n".join([*lines, *map(json.dumps, own)])


def loud(ended: Outcome, *command: str) -> list[str]:
    """The lines of a command's messages that hold a value, each with its command."""
    if ended.code not in range(7):
        return [f"{command}: exit {ended.code}: {ended.err}"]
    lines = said(ended).splitlines()
    return [f"{command}: {one}" for one in lines if SECRET in one or str(NUMBER) in one]


def changes(member: str, value: Any) -> Iterator[tuple[str, ...]]:
    """The ways to give a value to a member."""
    text = json.dumps(value)
    yield ("--set", f"{member}:={text}")
    yield ("--set", f"{member}={text}")
    yield ("--set", f"{member}:={text}{SECRET}")
    yield ("--add", f"{member}={text}")
    yield ("--remove", f"{member}={text}")
    yield ("--merge", json.dumps({member: value}))
    yield ("--merge", f"{member}: {text} {SECRET}: [")
    yield ("--document", json.dumps({member: value}))
    yield ("--json-patch", json.dumps([{"op": "test", "path": f"/{member}", "value": value}]))


def mistakes(member: str) -> Iterator[tuple[str, ...]]:
    """Ways to get a change wrong, whatever the value is."""
    yield ("--set", f"{member}.inner={SECRET}")
    yield ("--json-patch", json.dumps([{"op": SECRET, "path": f"/{member}", "value": SECRET}]))
    yield ("--json-patch", json.dumps([{"op": "add", "path": SECRET, "value": f"/{member}"}]))
    yield ("--where", f"{member}={SECRET}", "--set", f"{member}={SECRET}")
    yield (f"{member}={SECRET}",)
    yield ("--set", f"{member}=@{SECRET}")
    yield ("--set", f"{member}:=@{SECRET}")
    yield ("--set", member, f"={SECRET}")
    yield (f"--st={member}={SECRET}",)
    yield ("--set", f"{member}={SECRET}", "--on-conflict", SECRET)
    yield ("--set", f"{member}={SECRET}", "--expect-version", SECRET)


VERBS = [("plan", "-o", "text"), ("apply", "-o", "json", "--yes", "--dry-run")]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_refused_change_says_no_value(shape: str, sandbox: Sandbox, patch_model: Command) -> None:
    """However it is given, to which member, and whether it is planned or applied.

    Each member meets each shape and each way, and each way each shape: not all three at once.
    """
    found, first = [], list(SHAPES).index(shape)
    for number, (member, verb) in enumerate(zip(MEMBERS, cycle(VERBS), strict=False), first):
        for change in islice(changes(member, shaped(shape, member)), number % 3, None, 3):
            command = (*verb, seed.CONTACTS, *change)
            found += loud(patch_model(*command), *command)

    assert found == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_that_is_given_wrongly_says_no_value(
    verb: tuple[str, ...], sandbox: Sandbox, patch_model: Command
) -> None:
    """Wherever the value got to by mistake."""
    found = []
    for member in MEMBERS:
        for change in mistakes(member):
            command = (*verb, seed.CONTACTS, *change)
            found += loud(patch_model(*command), *command)

    assert found == []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_of_a_wrong_shape_is_spoken_of_without_its_values(
    shape: str, sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Planned, written, undone, and in a plan's file; refused or with warnings.

    Each member meets each shape and each command, and each command each shape: not all three at
    once.
    """
    plan, model, found = tmp_path / "plan.json", seed.CONTACTS, list[str]()
    raw = json.loads(patch_model("get", model, "--raw", "-o", "json").out)
    for number, member in enumerate(MEMBERS, list(SHAPES).index(shape)):
        shown = json.dumps({"data": {**raw, member: shaped(shape, member)}})
        sandbox.reset()
        sandbox.fault(faults.raw_body(shown, method="GET", kind="model", every=True))
        change = ("--set", f"name=Name {number}")
        ways = (
            (("apply", model, "--unset", member, "--allow-all-fields"), ("undo", model)),
            (
                ("plan", model, *change),
                ("plan", model, *change, "--strict", "--unknown-fields", "carry"),
            ),
            (("plan", model, "--set", f"{member}.x.y=z"), ("apply", model, *change)),
            (("plan", model, *change, "--out", str(plan)), ("apply", "--plan", str(plan))),
        )
        for command in ways[number % len(ways)]:
            if "--plan" in command and not plan.exists():
                continue
            # What the API shows does not move, however often it is written. JSON goes to standard
            # output, and the same in text to standard error.
            yes = () if command[0] == "plan" else ("--yes",)
            found += loud(patch_model(*command, *yes, "--accept-older", "-o", "json"), *command)
        plan.unlink(missing_ok=True)

    assert found == []


@pytest.mark.parametrize("shape", SHAPES)
def test_an_edit_that_is_refused_says_no_value(
    shape: str,
    sandbox: Sandbox,
    patch_model: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nothing_leaks: Watch,
) -> None:
    """Each member in turn is given the shape in an editor; the text is kept, not repeated."""
    editor = ScriptedEditor(tmp_path)
    monkeypatch.setenv("EDITOR", editor.setting)
    text = nothing_leaks.mine(tmp_path / "text.json")
    document, found = json.loads(patch_model("get", seed.CONTACTS, "-o", "json").out), []
    for member in MEMBERS:
        text.write_text(json.dumps({**document, member: shaped(shape, member)}))
        editor.does(f"""cp '{text}' "$1" """)

        ended = patch_model("edit", seed.CONTACTS, "--format", "json", "--yes")
        found += loud(ended, member)
        for kept_text in kept(state()):
            kept_text.unlink()

    editor.does(f"""echo "name: [!{SECRET}!x {SECRET}" >> "$1" """)
    found += loud(patch_model("edit", seed.CONTACTS, "--yes"))

    assert found == []
