"""Completion: in real shells, and by the protocol that they speak with the command."""

from __future__ import annotations

import os
import stat
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import patcher
from patcher.api import Settings
from patcher.cli import shellwords
from patcher.operations.names import FAILED_FOR, KEPT_FOR, Known, NameCache, ways_to_name
from patcher.sandbox import Sandbox, faults, seed
from tests.cli.conftest import Command
from tests.cli.scripted import state
from tests.cli.shells import Shell

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

    assert ("get", "Print a model's writable document.") in commands
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


def test_names_are_kept_for_a_short_time(sandbox: Sandbox, answer: Answer) -> None:
    """The second tab asks nobody; the file is the user's alone and holds no credential."""
    answer("get", "C")
    before = len(sandbox.requests)
    answer("get", "A")
    (file,) = (state() / "names").iterdir()

    assert len(sandbox.requests) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.environ["POLYTOMIC_API_KEY"] not in file.read_text() + file.name


def test_names_are_asked_for_again_after_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """A minute later, or after the clock was set back, or with another key, they are asked for."""
    times = [0.0]
    cache = NameCache(tmp_path / "names", now=lambda: times[0])
    mine = Settings.from_env(os.environ)
    names = cache.names(mine)
    asked = [len(sandbox.requests)]
    for now in (KEPT_FOR - 1, KEPT_FOR + 1, -KEPT_FOR):
        times[0] = now
        assert cache.names(mine) == names
        asked.append(len(sandbox.requests))
    other = Settings.from_env({**os.environ, "POLYTOMIC_API_KEY": "somebody-else"})

    assert [later - earlier for earlier, later in pairwise(asked)] == [0, 1, 1]
    assert cache.names(other) == ()
    assert len(names) == 3


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"until": "x", "names": 3}', "\x00"])
def test_a_broken_file_is_as_good_as_none(sandbox: Sandbox, tmp_path: Path, content: str) -> None:
    """Whatever is in the place of kept names, they are asked for."""
    cache = NameCache(tmp_path)
    mine = Settings.from_env(os.environ)
    cache.names(mine)
    (file,) = tmp_path.iterdir()
    file.write_text(content)

    assert len(cache.names(mine)) == 3


@pytest.mark.parametrize(
    "environ",
    [
        {"POLYTOMIC_API_KEY": ""},
        {"POLYTOMIC_API_KEY": "wrong"},
        {"POLYTOMIC_DEPLOYMENT_URL": "http://127.0.0.1:9"},
        {"POLYTOMIC_DEPLOYMENT_URL": "no url at all"},
        {"PATCH_MODEL_STATE_DIR": "/proc/nowhere"},
    ],
)
def test_a_failure_is_silent(sandbox: Sandbox, answer: Answer, environ: dict[str, str]) -> None:
    """No credentials, no server, no place to keep names: nothing is said, and nobody waits long."""
    found = answer("get", "Con", **environ)

    assert found in ([], [("Contacts", seed.CONTACTS)])


def test_a_failure_is_not_tried_again_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """While the API fails, every tab asks it at most once in ten seconds."""
    times = [0.0]
    cache = NameCache(tmp_path, now=lambda: times[0])
    mine = Settings.from_env(os.environ)
    sandbox.fault(faults.status_before(500, method="GET", every=True))
    found = [cache.names(mine), cache.names(mine)]
    before = len(sandbox.requests)
    times[0] = FAILED_FOR + 1
    cache.names(mine)

    assert found == [(), ()]
    assert before == 1
    assert len(sandbox.requests) == 2


def test_many_pages_are_not_waited_for(tmp_path: Path) -> None:
    """After some seconds, those that are there are offered."""
    ticks = iter(range(0, 1_000, 3))
    cache = NameCache(tmp_path, monotonic=lambda: float(next(ticks)))
    with Sandbox(models=200) as sandbox:
        found = cache.names(
            Settings.from_env(
                {"POLYTOMIC_API_KEY": sandbox.api_key, "POLYTOMIC_DEPLOYMENT_URL": sandbox.url}
            )
        )
        asked = len(sandbox.requests)

    assert asked == 1
    assert 0 < len(found) < 50


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
    assert [one for one, _ in ways_to_name([Known(ID, name)], typed)] == ([word] if word else [])


def test_two_of_one_name_go_by_their_ids() -> None:
    """A name that fits several resources would be refused."""
    known = [Known(ID, "Twin"), Known(OTHER, "Twin")]

    assert list(ways_to_name(known, "")) == [(ID, "Twin"), (OTHER, "Twin")]


SINGLE: shellwords.Quote = "'"
DOUBLE: shellwords.Quote = '"'
TEXT = st.text(st.sampled_from(string.printable[:95] + "ü顧"), min_size=1, max_size=12)


@given(TEXT, st.sampled_from(["", "'", '"']))
def test_what_is_put_there_is_read_as_what_was_meant(text: str, quote: shellwords.Quote) -> None:
    """Quoting a word and taking it apart again leads back to it, within every quote."""
    shown = shellwords.quoted(text, quote)
    if shown is None:
        assert (quote, "!" in text) == ('"', True)
        return
    line = shellwords.typed(f"patch-model get {quote}{shown}")

    assert (line.words, line.current) == (("patch-model", "get"), text)


@settings(max_examples=5)
@given(st.lists(TEXT, min_size=20, max_size=40))
def test_bash_reads_words_as_we_do(texts: list[str]) -> None:
    """A real bash takes the quotes away just so."""
    words = [shellwords.quoted(one) or "" for one in texts]
    words += [f"'{shellwords.quoted(one, SINGLE)}'" for one in texts]
    words += [f'"{shellwords.quoted(one, DOUBLE)}"' for one in texts if "!" not in one]
    script = f"printf '%s\\0' {' '.join(words)}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    plain = [one for one in texts if "!" not in one]

    assert done.stdout.split("\0")[:-1] == [*texts, *texts, *plain]
    assert list(shellwords.typed(f"{script} ").words[2:]) == [*texts, *texts, *plain]


@pytest.mark.parametrize(
    ("line", "word", "value", "put"),
    [
        ("patch-model get name:Pa", "Pa", "name:Paid orders", "Paid\\ orders"),
        ("patch-model get Paid\\ or", "Paid\\ or", "Paid orders", "Paid\\ orders"),
        ("patch-model get na\\me:Pa", "Pa", "name:Paid", None),
        ('patch-model get x"Pa', "Pa", "xPaid", None),
        ('patch-model get "Pa', "Pa", 'Pa "x"', 'Pa \\"x\\""'),
    ],
)
def test_only_what_readline_replaces_is_given(
    line: str, word: str, value: str, put: str | None
) -> None:
    """Readline replaces less than a word where there is a colon in it."""
    assert shellwords.replacement(value, shellwords.typed(line), word) == put


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_can_be_had(patch_model: Command, shell: str) -> None:
    """The command prints the script of a shell, which says how to install it."""
    done = patch_model("completion", shell)

    assert (done.code, done.err) == (0, "")
    assert f"patch-model completion {shell}" in done.out
    assert f"_PATCH_MODEL_COMPLETE={shell}_complete" in done.out


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
        "print(sorted(m for m in sys.modules if 'complet' in m or m.endswith('names')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
