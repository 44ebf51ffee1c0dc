"""What people type from the habit of gh, kubectl and httpie: it works, or leads to what does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.terminal import Terminal
from tests.sandbox import Sandbox, seed


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


@pytest.mark.parametrize("output", ["text", "json"])
def test_one_name_for_several_models_is_warned_of(
    sandbox: Sandbox, patch_model: Command, output: str
) -> None:
    """Not where one model gets it, nor where a later change gives another."""
    both = patch_model("plan", "Orders", "Accounts", "name=Same", "-o", output)
    one = patch_model("plan", "--where", "name=Orders", "name=Same", "-o", output)
    other = patch_model("plan", "Orders", "Accounts", "identifier=id", "-o", output)

    assert "2 models would have the same name" in both.out
    assert (both.code, one.code, other.code) == (0, 0, 0)
    assert "same name" not in one.out + other.out


def test_one_value_is_printed_raw(sandbox: Sandbox, patch_model: Command) -> None:
    """A text to the byte, for a file; other values as YAML or JSON; -o json quotes the text."""
    stored = sandbox.stored(seed.CONTACTS)
    query = stored["configuration"]["query"]

    assert patch_model("get", "Contacts", "configuration.query").out == query
    assert patch_model("get", "Contacts", "/configuration/query", "--raw").out == query
    assert patch_model("get", "Contacts", "configuration.timeout_seconds").out == "300\n"
    assert patch_model("get", "Contacts", "tracking_columns").out.startswith("- ")
    quoted = patch_model("get", "Contacts", "configuration.query", "-o", "json").out
    assert json.loads(quoted) == query
    assert patch_model("get", "Contacts", "version", "--raw").out == "1\n"


@pytest.mark.parametrize(
    ("path", "said", "hint"),
    [
        ("nmae", "nothing at /nmae", '"name"'),
        ("configuration.qury", "nothing at /configuration/qury", '"query"'),
        ("version", "nothing at /version", "--raw"),
        ("fields.99", "list of 7", None),
        ("identifier.x", "/identifier is text", None),
    ],
)
def test_a_value_that_is_not_there(
    sandbox: Sandbox, patch_model: Command, path: str, said: str, hint: str | None
) -> None:
    """Exit 2, with what is in the way and what was probably meant."""
    done = patch_model("get", "Contacts", path)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert (hint or "Error") in done.err


def test_get_masks_on_a_terminal(sandbox: Sandbox) -> None:
    """Credentials are masked there unless asked for; in a pipe the document is whole."""
    token = sandbox.stored(seed.CONTACTS)["configuration"]["session"]["api_token"]
    screens = {}
    for words in ((), ("--raw",), ("configuration.session.api_token",), ("--show-secrets",)):
        terminal = Terminal("get", "Contacts", *words)
        assert terminal.finish() == 0
        screens[words] = terminal.screen

    shown = screens.pop(("--show-secrets",))
    assert token in shown
    assert "Credentials are masked" not in shown
    for screen in screens.values():
        assert token not in screen
        assert "********" in screen
        assert "--show-secrets" in screen


def test_a_text_on_a_terminal_cannot_act_on_it(sandbox: Sandbox, patch_model: Command) -> None:
    """Escapes are shown as such, tabs stay, and the last line is ended."""
    patch_model("apply", "Contacts", 'configuration.query:="a\\tb\\n\\u001b[2Jc"', "--yes")
    terminal = Terminal("get", "Contacts", "configuration.query")

    assert terminal.finish() == 0
    assert terminal.screen.replace("\r", "") == "a\tb\n\\u001b[2Jc\n"


def test_a_list_of_some(sandbox: Sandbox, patch_model: Command) -> None:
    """--where selects as it does for plan; type and connection are there."""
    (found,) = json.loads(patch_model("list", "--where", "name~=^Acc", "-o", "json").out)["models"]
    stored = sandbox.stored(found["id"])
    none = patch_model("list", "--where", "name=nosuch")

    assert found["name"] == "Accounts"
    assert found["connection_id"] == stored["connection_id"]
    assert found["type"]
    assert (none.code, none.out) == (0, "")
    assert "No models match" in none.err


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("ls", "list"),
        ("show", "get"),
        ("diff", "plan"),
        ("set", "apply"),
        ("update", "apply"),
        ("rollback", "undo"),
        ("log", "history"),
        ("aply", "apply"),
        ("dry-run", "plan"),
        ("version", "--version"),
    ],
)
def test_another_tools_command(patch_model: Command, word: str, command: str) -> None:
    """Each leads to ours."""
    done = patch_model(word, "M")

    assert done.code == 2
    assert f'Did you mean "{command}"?' in done.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("list", "--json"), "-o json"),
        (("plan", "M", "--json"), "-o json"),
        (("apply", "M", "--force"), "--yes"),
        (("apply", "M", "--name", "X"), "name=VALUE"),
        (("apply", "M", "--tracking-columns", "X"), "tracking_columns=VALUE"),
        (("list", "--filter", "x"), "--where"),
        (("apply", "M", "--rebase"), "--on-conflict rebase"),
        (("get", "M", "--ouput", "json"), "--output"),
        (("get", "M", "--nosuchthing"), "Run 'patch-model get --help'"),
        (("get", "M", "a", "b"), "Run 'patch-model get --help'"),
        (("list", "M"), "patch-model get MODEL"),
        (("edit", "M", "--resume"), "Run 'patch-model edit --help'"),
        (("completion", "tcsh"), "SHELL: expected one of bash"),
    ],
)
def test_another_tools_option(patch_model: Command, words: tuple[str, ...], hint: str) -> None:
    """Each leads to ours, where the command has it."""
    done = patch_model(*words)

    assert done.code == 2
    assert hint in done.err


def test_help_takes_a_command(patch_model: Command) -> None:
    """``help apply`` is ``apply --help``."""
    assert patch_model("help", "apply").out == patch_model("apply", "--help").out
    assert "Did you mean" in patch_model("help", "aply").err


def test_undo_alone_names_the_last_write(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, with the command that undoes it, wherever it was written."""
    first = patch_model("undo")
    assert '"Nope"' in patch_model("history", "Nope").out
    patch_model("apply", "Contacts", "name=X", "--yes")
    named = patch_model("undo")
    monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", "https://elsewhere.example")
    elsewhere = patch_model("undo")
    monkeypatch.delenv("POLYTOMIC_API_KEY")
    unknown = patch_model("undo")

    assert (first.code, named.code, elsewhere.code, unknown.code) == (2, 2, 2, 2)
    assert "no writes are recorded" in first.err
    for done in (named, elsewhere, unknown):
        assert 'model "Contacts" on ' + sandbox.url.removeprefix("http://") in done.err
    hints = [done.err.split("To undo it: ")[1].split() for done in (named, elsewhere, unknown)]
    assert hints[0][:2] == ["patch-model", "undo"] == hints[2][:2]
    assert hints[1][-2:] == ["--url", sandbox.url]
    assert patch_model(*hints[1][1:], "--yes").code == 2  # without a key
    monkeypatch.setenv("POLYTOMIC_API_KEY", sandbox.api_key)
    assert patch_model(*hints[1][1:], "--yes").code == 0


def test_it_is_said_where_it_writes(sandbox: Sandbox, patch_model: Command) -> None:
    """The host and the organization are in the plan, the question, the history and in JSON."""
    host = sandbox.url.removeprefix("http://")
    organization = sandbox.stored(seed.CONTACTS)["organization_id"]
    terminal = Terminal("apply", "Contacts", "name=X")
    terminal.wait_for(f"Write to {host} (organization {organization[:8]}...)? [y/N]")
    terminal.type("y\n")
    assert terminal.finish() == 0
    many = Terminal("apply", "Orders", "Accounts", "identifier=domain")
    many.wait_for(f"Write 2 models to {host}? [y/N]")
    many.type("n\n")
    many.finish()

    plan = patch_model("plan", "Orders", "name=Y")
    result = json.loads(patch_model("plan", "Orders", "name=Y", "-o", "json").out)
    entries = json.loads(patch_model("history", "-o", "json").out)["entries"]

    assert f"{host} (organization {organization})" in plan.out
    assert patch_model("apply", "Orders", "name=Y", "--yes").code == 0
    assert f"{host} (organization {organization})" in patch_model("undo", "Y", "--dry-run").out
    assert result["url"] == sandbox.url
    assert entries[0]["url"] == sandbox.url
    assert host in patch_model("history").out
    assert host in patch_model("history", entries[0]["entry"]).out


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
    ("plan", "Contacts"): "plan Contacts name='New name'",
    ("plan", "Contacts", "Orders"): "plan MODEL name='New name'",
    ("plan", "Contacts", "=", "X"): "without spaces",
    ("plan", "Contacts", "--unset", "name"): "Set a value",
    ("plan", "Contacts", "fields=email"): "fields:=...",
    ("plan", "Contacts", "configuration=@change.json"): "configuration:=...",
    ("plan", "Contacts", "name = X"): "without spaces",
    ("plan", "Contacts", "nam=X"): '"name"',
    ("plan", "Contacts", "--set-string", "name=X"): "--set",
    ("plan", "--set", "name=X"): "MODEL",
    ("plan", "name=X"): "Put MODEL before the change",
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
