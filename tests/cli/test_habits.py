"""What people type from the habit of gh, kubectl and httpie: it works, or leads to what does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patcher.sandbox import Sandbox, seed
from tests.cli.conftest import Command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_item_is_a_change(sandbox: Sandbox, patch_model: Command) -> None:
    """PATH=TEXT beside MODEL is written."""
    done = patch_model("apply", "Contacts", "name=X", "--yes")

    assert done.code == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "X"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("name=A", "--set", "name=B"), "B"),
        (("--set", "name=B", "name=A"), "A"),
        (("--merge", '{"name": "M"}', 'name:="A"', "--set=name=B"), "B"),
        (("--", "name=A"), "A"),
    ],
)
def test_items_and_options_apply_in_the_order_typed(
    sandbox: Sandbox, patch_model: Command, words: tuple[str, ...], name: str
) -> None:
    """The last one has the last word, whatever form it has."""
    done = patch_model("plan", "-o", "json", seed.CONTACTS, *words)

    assert json.loads(done.out)["changes"][0]["new"] == name


def test_the_list_operators_and_files(sandbox: Sandbox, patch_model: Command, folder: Path) -> None:
    """+= adds an item, -= removes one, =@ and :=@ read files."""
    (folder / "q.sql").write_text("select 1\n")
    (folder / "labels.yaml").write_text("[]\n")

    done = patch_model(
        "apply", seed.CONTACTS, "fields-=email", "fields+=mail", "identifier=id", "--yes",
        "configuration.query=@q.sql", "labels:=@labels.yaml",
    )  # fmt: skip

    stored = sandbox.stored(seed.CONTACTS)
    fields = stored["fields"]
    assert done.code == 0, done.err
    assert "mail" in fields
    assert "email" not in fields
    assert stored["configuration"]["query"] == "select 1\n"
    assert not stored["labels"]


def test_a_name_with_an_equals_sign_is_a_model(sandbox: Sandbox, patch_model: Command) -> None:
    """name:TEXT is a MODEL, name:=JSON an item, and an item alone names no MODEL."""
    patch_model("apply", seed.CONTACTS, "name=A=B", "--yes")

    forced = patch_model("apply", "name:A=B", 'name:="C"', "--yes")
    alone = patch_model("apply", "A=B")

    assert forced.code == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "C"
    assert alone.code == 2
    assert "name:TEXT" in alone.err


@pytest.mark.parametrize("words", [("{}=90",), ("--set", "{}=90"), ("{}=@f",)])
def test_text_over_a_number_names_both_ways_out(
    sandbox: Sandbox, patch_model: Command, folder: Path, words: tuple[str, ...]
) -> None:
    """A number that would silently become text is refused, from a file too."""
    (folder / "f").write_text("90\n")
    path = "configuration.timeout_seconds"

    done = patch_model("apply", "Contacts", *(word.format(path) for word in words), "--yes")

    assert done.code == 2
    assert f"{path}:=90" in done.err
    assert f"{path}:='\"90\"'" in done.err
    assert sandbox.puts() == []
    assert patch_model("plan", "Contacts", f"{path}:=90").code == 0


def test_a_number_under_a_key_of_credentials_is_not_repeated(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ways out name the place only, for words of the environment too."""
    monkeypatch.setenv("PATCH_MODEL_MASK", "timeout")

    done = patch_model("plan", "Contacts", "configuration.timeout_seconds=7130")

    assert done.code == 2
    assert "7130" not in done.err
    assert "configuration.timeout_seconds:=..." in done.err


def test_a_document_given_back_as_a_merge_patch_is_warned_of(
    sandbox: Sandbox, patch_model: Command, folder: Path
) -> None:
    """Each null that goes has its warning, which names --document."""
    patch_model("apply", "Accounts", "configuration.nothing:=null", "--yes")
    (folder / "c.yaml").write_text(patch_model("get", "Accounts").out)

    merged = patch_model("plan", "Accounts", "--merge", "@c.yaml", "-o", "json")
    whole = patch_model("plan", "Accounts", "--document", "@c.yaml", "-o", "json")

    (warning,) = (
        one for one in json.loads(merged.out)["warnings"] if one["code"] == "null-removed"
    )
    assert warning["path"] == "/configuration/nothing"
    assert "--document" in warning["message"]
    assert json.loads(whole.out)["status"] == "unchanged"


def test_a_regular_expression_the_other_way_round(sandbox: Sandbox, patch_model: Command) -> None:
    """--where A=~B selects what A~=B does."""
    done = patch_model("plan", "--where", "name=~^Contacts$", "identifier=id", "-o", "json")

    assert json.loads(done.out)["name"] == "Contacts"


DEAD_ENDS = {
    ("plan", "Contacts", "--merge", "change.json"): "--merge @change.json",
    ("plan", "Contacts", "change.json"): "--merge @change.json",
    ("apply", "Contacts", "@change.json"): "--merge @change.json",
    ("plan", "Contacts", "--merge", "nosuch.json"): "--merge @FILE",
    ("plan", "Contacts", "configuration:=change.json"): "configuration:=@change.json",
    ("apply", "plan.json"): "--plan plan.json",
    ("apply", "plan.json", "name=X"): "--plan plan.json",
    ("plan", "plan.json"): "--show plan.json",
    ("plan", "plan.json", "name=X"): "--show plan.json",
    ("plan", "Contacts", "--set", "fields+=x"): "--add fields=VALUE",
    ("plan", "Contacts", "fields[0]=x"): "fields.0",
    ("plan", "Contacts", "--unset", "fields[0]"): "fields.0",
    ("plan", "Contacts", "configuration.hosts[1].a=x"): "configuration.hosts.1.a",
    ("plan", "Contacts", "--set", "name"): "name='New name'",
    ("plan", "Contacts"): "name='New name'",
    ("plan", "--set", "name=X"): "MODEL",
}


@pytest.mark.parametrize(("words", "hint"), DEAD_ENDS.items(), ids=map(" ".join, DEAD_ENDS))
def test_a_dead_end_leads_on(
    sandbox: Sandbox, patch_model: Command, folder: Path, words: tuple[str, ...], hint: str
) -> None:
    """The hint names what works."""
    (folder / "change.json").write_text('{"name": "X"}')
    patch_model("apply", "Contacts", 'configuration.hosts:=[{"a": 1}, {"a": 2}]', "--yes")
    patch_model("plan", "Contacts", "name=X", "--out", "plan.json")

    done = patch_model(*words)

    assert done.code in (2, 3)
    assert hint in done.err
