"""Masks of somebody else's: shown by the API or typed in, they are never written for the value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import patcher
from tests.cli.scripted import ScriptedEditor
from tests.hostile.conftest import Command
from tests.sandbox import Sandbox, faults, seed

STARS = "******"
HEADERS = [{"name": "Authorization", "value": STARS}, {"name": "Accept", "value": "text/csv"}]
PLACE = "configuration.headers.0.value"
POINTER = "/configuration/headers/0/value"
REAL = "hunter2-real"


def stored(value: Any = STARS, **members: Any) -> dict[str, Any]:
    """A configuration with one header that has a value."""
    headers = [{"name": "Authorization", "value": value}, HEADERS[1]]
    return {"query": "select 1", "headers": headers, **members}


@pytest.fixture
def redacting(sandbox: Sandbox, patch_model: Command) -> Sandbox:
    """An API that shows stars for the value of a header, whatever is stored."""
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": stored("hunter2-stored")})
    sandbox.fault(
        faults.growth({"configuration": stored()}, {}, method="*", kind="model", every=True)
    )
    return sandbox


@pytest.mark.parametrize("mask", [STARS, "*" * 25, "***", "\u2022\u2022", "[REDACTED]", "(hidden)"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_value_that_the_api_hides_stops_a_change_of_something_else(
    mask: str, output: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Exit 2, naming the place and the ways through; nothing is sent."""
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": stored(mask)})

    ended = patch_model("apply", seed.ACCOUNTS, "--set", "name=New", "--yes", "-o", output)

    assert (ended.code, sandbox.puts()) == (2, [])
    for said in (POINTER, f"--set {PLACE}=@FILE", f"--unset {PLACE}", f"--literal {PLACE}"):
        assert said in ended.err


def test_the_real_value_goes_through(redacting: Sandbox, patch_model: Command) -> None:
    """It is what is sent; that the API hides it again is a warning, and no difference."""
    ended = patch_model(
        *("apply", seed.ACCOUNTS, "--set", f"{PLACE}={REAL}", "--set", "name=New"),
        *("--yes", "-o", "json"),
    )

    result = json.loads(ended.out)
    (put,) = redacting.puts()
    assert (ended.code, result["status"]) == (0, "applied")
    assert put.json["configuration"]["headers"][0]["value"] == REAL
    assert "hidden-by-server" in {one["code"] for one in result["warnings"]}
    assert REAL not in ended.out + ended.err


@pytest.mark.parametrize(
    "change",
    [
        ("--unset", PLACE),
        ("--unset", "configuration.headers.0"),
        ("--set", "configuration.headers:=[]"),
        ("--merge", '{"configuration": {"headers": null}}'),
        ("--json-patch", '[{"op": "remove", "path": "/configuration/headers/0"}]'),
    ],
)
def test_what_is_hidden_can_be_removed(
    change: tuple[str, str], sandbox: Sandbox, patch_model: Command
) -> None:
    """By name, or with what holds it."""
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": stored()})

    ended = patch_model("apply", seed.ACCOUNTS, *change, "--yes")

    assert ended.code == 0
    assert STARS not in json.dumps(sandbox.stored(seed.ACCOUNTS))


@pytest.mark.parametrize("value", ["{}", '{"query": "select 2"}'])
def test_leaving_it_out_removes_nothing(value: str, sandbox: Sandbox, patch_model: Command) -> None:
    """A new configuration without the place may just not know it: refused, naming the place."""
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": {"query": "x", "password": STARS}})

    ended = patch_model("apply", seed.ACCOUNTS, "--set", f"configuration:={value}", "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])
    assert "/configuration/password" in ended.err


TYPED: dict[str, tuple[str, ...]] = {
    "a text": ("--set", f"{PLACE}={STARS}"),
    "one sign": ("--set", f"{PLACE}=*"),
    "a word": ("--set", "configuration.session_token=[redacted]"),
    "beside its key": ("--set", f'configuration.headers:=[{{"name":"pwd","value":"{STARS[:2]}"}}]'),
    "under another key": ("--set", f"configuration.note={STARS}"),
    "a merge patch": ("--merge", json.dumps({"configuration": {"deep": {"secret": "\u2022"}}})),
    "an item": ("--json-patch", f'[{{"op":"add","path":"/configuration/l","value":["{STARS}"]}}]'),
}


@pytest.mark.parametrize("change", TYPED.values(), ids=TYPED)
def test_one_that_is_typed_is_refused(
    change: tuple[str, ...], sandbox: Sandbox, patch_model: Command
) -> None:
    """Wherever a credential belongs, and a row of signs anywhere in a configuration."""
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": stored("hunter2-stored")})

    ended = patch_model("apply", seed.ACCOUNTS, *change, "--yes")

    assert (ended.code, sandbox.puts()) == (2, [])
    assert "a mask must never be written as a value" in ended.err
    assert "--literal" in ended.err


def test_one_that_is_edited_in_is_refused(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an editor as anywhere, and taken where it is said to be the value."""
    editor = ScriptedEditor(tmp_path)
    editor.does("""sed -i "s/api_token: .*/api_token: '***'/" "$1" """)
    monkeypatch.setenv("EDITOR", editor.setting)

    refused = patch_model("edit", "Contacts", "--yes")
    editor.does("""sed -i "s/api_token: .*/api_token: '***'/" "$1" """)
    literal = ("--literal", "configuration.session.api_token")
    taken = patch_model("edit", seed.ORDERS, *literal, "--yes")

    assert (refused.code, sandbox.puts(seed.CONTACTS)) == (2, [])
    assert taken.code == 0


def test_a_value_that_is_what_it_looks_like_goes_all_the_way(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Set, kept beside another change, in many models, in a plan's file, and undone."""
    place, plan = "configuration.pattern", tmp_path / "plan.json"
    literal = ("--literal", place)
    apply = ("apply", seed.ACCOUNTS, "--yes")
    both = (seed.ACCOUNTS, seed.CONTACTS)
    commands: list[tuple[tuple[str, ...], int]] = [
        ((*apply, "--set", f"{place}={STARS}"), 2),
        ((*apply, "--set", f"{place}={STARS}", *literal), 0),
        ((*apply, "--set", "name=New"), 2),
        ((*apply, "--set", "name=New", *literal), 0),
        (("undo", seed.ACCOUNTS, "--yes"), 0),
        (("plan", seed.ACCOUNTS, "--set", "name=Newer", "--out", str(plan), *literal), 0),
        (("plan", "--show", str(plan)), 0),
        (("apply", "--plan", str(plan), "--yes"), 0),
        (("apply", "--plan", str(plan), "--yes", *literal), 2),
        (("history",), 0),
        (("apply", *both, "--set", f"{place}=*******", "--yes", *literal), 0),
        (("undo", seed.CONTACTS, "--yes"), 0),
    ]
    ended = [(command, patch_model(*command).code) for command, _ in commands]

    assert ended == commands
    assert sandbox.stored(seed.ACCOUNTS)["name"] == "Newer"
    assert sandbox.stored(seed.ACCOUNTS)["configuration"]["pattern"] == "*******"
    assert "pattern" not in sandbox.stored(seed.CONTACTS)["configuration"]


def test_python_takes_a_value_at_its_word(sandbox: Sandbox) -> None:
    """``literal`` names places; one text in the place of a list of them is refused."""
    change = {"configuration": {"session": {"api_token": "***"}}}
    literal = ["/configuration/session/api_token"]
    with patcher.Client(sandbox.url, sandbox.api_key) as client:
        with pytest.raises(patcher.InvalidPatchError, match="never be written"):
            patcher.patch_model(seed.CONTACTS, change, client=client)
        with pytest.raises(patcher.InvalidInputError, match="list of texts"):
            patcher.patch_model(seed.CONTACTS, change, client=client, literal=literal[0])
        patcher.plan_patch(seed.CONTACTS, change, client=client, literal=literal)
        patcher.patch_model(seed.CONTACTS, change, client=client, literal=literal)
        with patcher.edit_model(seed.CONTACTS, client=client, literal=literal) as document:
            document["name"] = "New"

    after = sandbox.stored(seed.CONTACTS)
    assert (after["name"], after["configuration"]["session"]["api_token"]) == ("New", "***")


def test_a_key_of_ones_own_word_hides_alike(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PATCH_MODEL_MASK calls a credential's key counts for masks as well."""
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": {"query": "x", "customer_pin": "**"}})
    change = ("apply", seed.ACCOUNTS, "--set", "name=New", "--yes", "--dry-run")

    assert patch_model(*change).code == 0
    monkeypatch.setenv("PATCH_MODEL_MASK", "customer_pin")
    assert patch_model(*change).code == 2
