"""Completion: in real shells, and by the protocol that they speak with the command."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import patcher
from patcher.cli.completion import quoted_for, split_line, ways_to_name
from tests.cli.conftest import Command
from tests.cli.shells import Shell
from tests.sandbox import Sandbox, faults, seed

Answer = Callable[..., list[tuple[str, str]]]

ODD = (
    "Paid orders",
    'It\'s "quoted" a:b=c,d back\\slash *?[a] {b,c} (d)',
    "$(touch pwned) `touch pwned`; touch pwned & touch pwned | cat > pwned",
    "~ # ^ % @ !e $HOME ünïcode 顧客",
)
UNSEEN = "esc\x1b]0;pwned\x07 \u202e\ttab\nline"


@pytest.fixture
def odd(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Models with odd names, by name; each begins with a number of its own."""
    names = {}
    with Sandbox(models=len(ODD) + 1) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYTOMIC_DEPLOYMENT_URL", running.url)
        for number, (text, model_id) in enumerate(zip((*ODD, UNSEEN), running.ids(), strict=True)):
            names[f"N{number}{text}"] = model_id
            patcher.patch_model(model_id, {"name": f"N{number}{text}"})
        yield names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_real_shell_completes_odd_names_to_the_letter(
    odd: dict[str, str], tmp_path: Path, shell: str
) -> None:
    """What the command is given after a tab is the name, and nothing of it was carried out."""
    folder = tmp_path / shell
    folder.mkdir()
    terminal = Shell(shell, folder)
    try:
        for name, model_id in odd.items():
            # A name that cannot be seen whole goes by its id.
            expected, begun = (name, name[:2]) if name.isprintable() else (model_id, model_id[:9])
            assert terminal.completed(f"patch-model get {begun}") == ["get", expected]
        name = next(iter(odd))
        assert terminal.completed('patch-model get "N0') == ["get", name]
        assert terminal.completed("patch-model get 'N0") == ["get", name]
        assert terminal.completed("patch-model get name:N0") == ["get", f"name:{name}"]
        assert terminal.completed("patch-model pla") == ["plan"]
        assert terminal.completed("patch-model plan --json-p") == ["plan", "--json-patch"]
        assert terminal.completed("patch-model plan -o ht") == ["plan", "-o", "html"]
        assert terminal.completed("patch-model plan --output=ht") == ["plan", "--output=html"]
        (folder / "a plan.json").touch()
        assert terminal.completed("patch-model plan --show a") == ["plan", "--show", "a plan.json"]
    finally:
        terminal.close()

    assert not list(folder.glob("pwned*"))
    assert "\x1b]0;pwned" not in terminal.screen


@pytest.fixture
def answer(process: Command) -> Answer:
    """What the command answers a shell; the words before the cursor, and the one at it."""

    def ask(*words: str, **environ: str) -> list[tuple[str, str]]:
        done = process("--", *words, env={"_PATCH_MODEL_COMPLETE": "zsh_complete", **environ})
        assert done.err == ""
        rows = [row.split("\t") for row in done.out.splitlines() if row]
        assert all(cell.isprintable() for row in rows for cell in row)
        return [(word, meaning) for _, word, meaning in rows]

    return ask


def test_commands_options_and_values_are_completed(answer: Answer) -> None:
    """Without any API: what the command line itself knows, with what it means."""
    commands = answer("")
    options = dict(answer("plan", "Contacts", "--s"))
    formats = answer("plan", "-o", "")

    assert dict(commands)["get"].startswith("Print a model's writable document")
    assert set(options) == {"--set", "--show", "--strict", "--show-secrets", "--settle-timeout"}
    assert [word for word, _ in formats] == ["text", "json", "markdown", "html"]


def test_models_are_completed_by_name_and_id(sandbox: Sandbox, answer: Answer) -> None:
    """A name or the beginning of an id; after --url as well as by the environment."""
    both = answer("get", "")
    assert ("Contacts", seed.CONTACTS) in both
    assert answer("get", "Con") == [("Contacts", seed.CONTACTS)]
    assert answer("apply", "name:Con") == [("name:Contacts", seed.CONTACTS)]
    assert answer("edit", seed.CONTACTS[:4]) == [(seed.CONTACTS, "Contacts")]
    url = os.environ["POLYTOMIC_DEPLOYMENT_URL"]
    elsewhere = answer("--url", url, "undo", "Con", POLYTOMIC_DEPLOYMENT_URL="http://127.0.0.1:9")
    assert elsewhere == [("Contacts", seed.CONTACTS)]


def test_names_that_a_light_list_lacks_are_read(sandbox: Sandbox, answer: Answer) -> None:
    """The models themselves have them."""
    expected = answer("get", "")
    sandbox.fault(faults.lightness(["name"], method="GET", kind="models", every=True))

    assert sorted(answer("get", "")) == sorted(expected)


def test_entries_are_completed_from_the_journal(
    sandbox: Sandbox, answer: Answer, patch_model: Command
) -> None:
    """An @ begins the name of an entry; history knows names without asking the API."""
    patch_model("apply", "Contacts", "--set", "name=Customers", "--yes")
    before = len(sandbox.requests)
    (entry,) = answer("undo", "@")

    assert entry[0].startswith("@")
    assert "Contacts" in entry[1]
    assert answer("history", entry[0][:3]) == [entry]
    assert answer("history", "C") == [("Contacts", seed.CONTACTS)]
    assert len(sandbox.requests) == before


def test_models_are_completed_without_the_journal(
    sandbox: Sandbox, answer: Answer, patch_model: Command
) -> None:
    """A journal that cannot be read matters only to what it would complete."""
    patch_model("apply", "Contacts", "name=Customers", "--yes")
    (Path(os.environ["PATCH_MODEL_STATE_DIR"]) / "journal").chmod(0o755)

    assert answer("get", "Cu") == [("Customers", seed.CONTACTS)]
    assert answer("history", "C") == []


@pytest.mark.parametrize(
    "environ",
    [
        {"POLYTOMIC_API_KEY": ""},
        {"POLYTOMIC_API_KEY": "wrong"},
        {"POLYTOMIC_DEPLOYMENT_URL": "http://127.0.0.1:9"},
        {"POLYTOMIC_DEPLOYMENT_URL": "no url at all"},
    ],
)
def test_a_failure_is_silent(sandbox: Sandbox, answer: Answer, environ: dict[str, str]) -> None:
    """No credentials, a wrong key, no server, no URL: nothing is offered and nothing printed."""
    assert answer("get", "Con", **environ) == []


ID = "248df4b7-aa70-47b8-a036-33ac447e668d"
OTHER = "7a8ab94d-4213-544f-bd11-212d1b19e038"


@pytest.mark.parametrize(
    ("name", "typed", "word"),
    [
        ("Plain", "", "Plain"),
        ("Plain", "Pl", "Plain"),
        ("Plain", "name:", "name:Plain"),
        ("Plain", "24", ID),
        ("Plain", "x", None),
        (OTHER, "", f"name:{OTHER}"),
        ("@4b1d6a0c9e2f", "name:@", "name:@4b1d6a0c9e2f"),
        ("name:x", "name:", "name:name:x"),
        ("-dash", "", "name:-dash"),
        (" blank", "", ID),
        ("bell\x07", "", ID),
        ("", "", ID),
    ],
)
def test_a_resource_goes_by_what_means_it(name: str, typed: str, word: str | None) -> None:
    """By its name where that means it and can be seen, forced where it must be, else by its id."""
    assert [one for one, _ in ways_to_name([(ID, name)], typed)] == ([word] if word else [])


def test_one_that_comes_twice_is_one() -> None:
    """A list that moved lists a model again, perhaps by another name."""
    known = [(ID, "Old"), (OTHER, "Twin"), (ID, "New"), (OTHER, "Twin")]
    assert [one for one, _ in ways_to_name(known, "")] == ["New", "Twin"]


def test_two_of_one_name_go_by_their_ids() -> None:
    """A name that fits several resources would be refused."""
    known = [(ID, "Twin"), (OTHER, "Twin")]

    assert list(ways_to_name(known, "")) == [(ID, "Twin"), (OTHER, "Twin")]


TEXT = st.text(st.sampled_from(string.printable[:95] + "ü顧"), min_size=1, max_size=12)


@given(TEXT, st.sampled_from(["", "'", '"']))
def test_what_is_inserted_reads_as_the_name(text: str, quote: str) -> None:
    """Quoting a word and splitting the line again leads back to it, within every quote."""
    shown = quoted_for(f"patch-model get {quote}", "", text)
    if quote == '"' and "!" in text:
        assert shown == ""
        return

    if quote == '"':
        # What is typed is read by shlex, which knows no escaped $ or ` between double quotes.
        shown = shown.replace("\\$", "$").replace("\\`", "`")
    assert split_line(f"patch-model get {quote}{shown}") == (["patch-model", "get"], text, quote)


@settings(max_examples=5)
@given(st.lists(TEXT, min_size=20, max_size=40))
def test_bash_reads_what_is_inserted_likewise(texts: list[str]) -> None:
    """A real bash takes the quotes away just so."""
    plain = [one for one in texts if "!" not in one]
    words = [quoted_for("", "", one) for one in texts]
    words += [f"'{quoted_for(chr(39), '', one)}'" for one in texts]
    words += [f'"{quoted_for(chr(34), "", one)}"' for one in plain]
    script = f"printf '%s\\0' {' '.join(words)}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split("\0")[:-1] == [*texts, *texts, *plain]


@pytest.mark.parametrize(
    ("line", "word", "value", "put"),
    [
        ("patch-model get name:Pa", "Pa", "name:Paid orders", "Paid\\ orders"),
        ("patch-model get Paid\\ or", "Paid\\ or", "Paid orders", "Paid\\ orders"),
        ('patch-model get "Pa', "Pa", 'Pa "x"', 'Pa \\"x\\"'),
        ("patch-model get ", "", "Paid orders", "Paid\\ orders"),
    ],
)
def test_only_what_readline_replaces_is_given(line: str, word: str, value: str, put: str) -> None:
    """Readline replaces less than a word where there is a colon in it."""
    assert quoted_for(line, word, value) == put


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_can_be_had(patch_model: Command, shell: str) -> None:
    """The command prints the script of a shell, which says how to install it."""
    done = patch_model("completion", shell)

    assert (done.code, done.err) == (0, "")
    assert f"patch-model completion {shell}" in done.out
    assert f"_PATCH_MODEL_COMPLETE={shell}_complete" in done.out


def test_click_s_own_request_prints_the_same_script(process: Command, patch_model: Command) -> None:
    """Those who know click ask by the environment variable."""
    done = process("", env={"_PATCH_MODEL_COMPLETE": "bash_source"})

    assert done.out.strip() == patch_model("completion", "bash").out.strip()


def test_the_shell_is_the_one_in_use(patch_model: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name it is that of SHELL; one that is not known is refused."""
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    found = patch_model("completion")
    monkeypatch.setenv("SHELL", "/bin/csh")
    refused = patch_model("completion")

    assert found.out.startswith("#compdef patch-model\n")
    assert refused.code == 2
    assert "bash, zsh, fish" in refused.err


def test_nothing_of_it_is_loaded_on_the_way_to_help() -> None:
    """Neither our answers nor click's machinery cost the other commands anything."""
    code = (
        "import sys\nfrom patcher.cli.main import run\nrun(['--help'])\n"
        "print(sorted(m for m in sys.modules if 'complet' in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
