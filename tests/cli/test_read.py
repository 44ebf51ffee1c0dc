"""``get``, ``list``, names, connection options and the shape of errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from patcher.documents import yamltext
from tests.cli.conftest import Command
from tests.leaks import Watch
from tests.sandbox import Sandbox, faults, seed

SQL_HEAD = "query: |\n    select c.id, c.email"


def written_form(sandbox: Sandbox) -> dict[str, Any]:
    """What is stored, with the enricher as the API shows it, which is as it is sent."""
    return sandbox.stored(seed.CONTACTS) | {"enricher": sandbox.model(seed.CONTACTS)["enricher"]}


def test_get_prints_the_document_to_be_read(sandbox: Sandbox, patch_model: Command) -> None:
    """YAML by default, with the SQL as lines; it is the document that is stored."""
    done = patch_model("get", "Contacts")

    assert done.code == 0
    assert SQL_HEAD in done.out
    assert yamltext.parse(done.out, what="it") == written_form(sandbox)


def test_get_as_json_and_raw(sandbox: Sandbox, patch_model: Command) -> None:
    """-o json is the document, --raw what the API gives, audit fields and all."""
    document = json.loads(patch_model("get", "Contacts", "-o", "json").out)
    raw = json.loads(patch_model("get", "Contacts", "--raw").out)

    assert document == written_form(sandbox)
    assert raw == sandbox.model(seed.CONTACTS)


def test_get_shows_a_model_that_cannot_be_written(sandbox: Sandbox, patch_model: Command) -> None:
    """The raw value stands at its place, with a comment on what it is and the ways through."""
    raw = {"retention": 30, "labels": [{"key": "value"}], "filters": None}
    sandbox.fault(faults.growth(raw, {}, method="GET", every=True))

    text = patch_model("get", "Contacts")
    as_json = patch_model("get", "Contacts", "-o", "json")

    assert (text.code, as_json.code) == (0, 0)
    document = yamltext.parse(text.out, what="it")
    assert document == json.loads(as_json.out)
    assert document == written_form(sandbox) | {
        "retention": 30,
        "labels": [{"key": "value"}],
    }
    lines = text.out.splitlines()
    label, key = lines.index("  - key: value"), lines.index("retention: 30")
    assert lines[label - 1].startswith("# /labels/0 (no id that is a UUID)")
    assert "--unset labels" in lines[label - 1]
    assert "--unknown-fields carry" in lines[key - 1]
    assert text.err == ""
    assert as_json.err.count("Warning: ") == 2
    assert "/labels/0" in as_json.err


def test_get_with_the_option_says_what_it_did(sandbox: Sandbox, patch_model: Command) -> None:
    """What was decided of an unknown key is no blocker."""
    sandbox.fault(faults.growth({"retention": 30}, {}, method="GET", every=True))

    dropped = patch_model("get", "Contacts", "--unknown-fields", "drop")

    assert dropped.code == 0
    assert "Warning: /retention is left out" in dropped.err
    assert "retention" not in dropped.out
    assert '"retention": 30' in patch_model("get", "Contacts", "--raw").out


@pytest.mark.parametrize(
    ("raw", "way", "stored"),
    [
        ({"labels": [{}]}, ("--unset", "labels"), ("labels", None)),
        ({"labels": [{}]}, ("--set", f'labels:=["{seed.CONTACTS}"]'), ("labels", [seed.CONTACTS])),
        ({"retention": 30}, ("--unset", "retention"), ("retention", None)),
        ({"retention": 30}, ("--unknown-fields", "drop"), ("name", "New")),
    ],
)
def test_each_way_through_gets_through(
    sandbox: Sandbox, patch_model: Command, raw: dict[str, Any], way: tuple[str, ...], stored: Any
) -> None:
    """Without one of them the write is refused, and names them; with one it is done."""
    sandbox.fault(faults.growth(raw, {}, method="GET", every=True))

    refused = patch_model("apply", "Contacts", "-y", "--set", "name=New")
    done = patch_model("apply", "Contacts", "-y", "--set", "name=New", *way)

    assert refused.code == 2
    assert f"/{next(iter(raw))}" in refused.err
    assert " ".join(way).split("=")[0] in refused.err.replace("'", "")
    assert done.code == 0, done.err
    key, value = stored
    assert sandbox.stored(seed.CONTACTS).get(key) == value


def test_list_goes_through_all_pages(patch_model: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model is listed once, however many pages they fill."""
    with Sandbox(models=120) as many:
        monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", many.url)
        monkeypatch.setenv("POLYTOMIC_API_KEY", many.api_key)
        listed = json.loads(patch_model("list", "-o", "json").out)["models"]
        text = patch_model("list").out

        assert {one["id"] for one in listed} == set(many.ids())
        assert len(listed) == 120
        assert text.count("\n") == 121
        assert "Contacts" in text


def test_a_name_is_found_on_any_page(patch_model: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name resolves to its id across pages; name:TEXT forces it."""
    with Sandbox(models=120) as many:
        monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", many.url)
        monkeypatch.setenv("POLYTOMIC_API_KEY", many.api_key)
        many.create({**seed.accounts(), "name": seed.CONTACTS})

        last = patch_model("get", "Model 00120")
        forced = patch_model("get", f"name:{seed.CONTACTS}")
        by_id = patch_model("get", seed.CONTACTS)

    assert (last.code, forced.code, by_id.code) == (0, 0, 0)
    assert "table_00120" in last.out
    assert "public.companies" in forced.out
    assert "public.contacts" in by_id.out


def test_two_of_a_name_are_both_named(sandbox: Sandbox, patch_model: Command) -> None:
    """An ambiguous name is exit 2 with both ids, and writes nothing."""
    other = sandbox.create({**seed.contacts(), "name": "Contacts"})

    done = patch_model("apply", "Contacts", "--set", "name=X", "--yes")

    assert done.code == 2
    assert other in done.err
    assert seed.CONTACTS in done.err
    assert sandbox.puts() == []


def test_an_unknown_name_gets_a_suggestion(sandbox: Sandbox, patch_model: Command) -> None:
    """A misspelt name is exit 3 with the nearest one."""
    done = patch_model("get", "Contcats")

    assert done.code == 3
    assert "Did you mean 'Contacts'?" in done.err


def test_connection_options_go_before_and_after_the_command(
    sandbox: Sandbox,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    nothing_leaks: Watch,
) -> None:
    """They are taken at both places, and go before the environment."""
    monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("POLYTOMIC_API_KEY", "wrong")
    nothing_leaks.mine(tmp_path / "key").write_text("sandbox-key\n")
    options = ("--url", sandbox.url, "--api-key-file", str(tmp_path / "key"))

    assert patch_model(*options, "list").code == 0
    assert patch_model("list", *options).code == 0
    assert patch_model("--url", "http://127.0.0.1:1", "list", *options).code == 0
    assert patch_model("list").code == 3


def test_an_organization_key_works(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Organization id and partner key make Basic credentials."""
    monkeypatch.delenv("POLYTOMIC_API_KEY")
    monkeypatch.setenv("POLYTOMIC_ORGANIZATION_ID", sandbox.organization_id)
    monkeypatch.setenv("POLYTOMIC_PARTNER_KEY", sandbox.partner_key)

    assert patch_model("get", "Contacts").code == 0
    assert sandbox.requests[-1].headers["Authorization"].startswith("Basic ")


def test_verbose_shows_requests_but_no_credential(sandbox: Sandbox, patch_model: Command) -> None:
    """-v shows each request on stderr, -vv headers too; the key is in neither."""
    once = patch_model("-v", "get", seed.CONTACTS)
    twice = patch_model("apply", seed.CONTACTS, "--set", "name=X", "-y", "-vv")

    assert f"GET /api/models/{seed.CONTACTS} -> 200" in once.err
    assert "idempotency-key: " in twice.err
    assert sandbox.api_key not in once.err + twice.err


def test_another_version_of_the_api_is_refused(sandbox: Sandbox, patch_model: Command) -> None:
    """A server that answers as of another version may speak of other documents."""
    done = patch_model("get", "Contacts", "--api-version", "2024-02-08")
    unknown = patch_model("get", "Contacts", "--api-version", "2099-01-01")
    patching = patch_model("get", "Contacts", "--api-version", "2023-04-25")

    assert done.code == 0
    assert unknown.code == 3
    assert patching.code == 2


def test_missing_credentials_name_the_variable(patch_model: Command) -> None:
    """Without credentials: exit 2, and what to set."""
    done = patch_model("list")

    assert done.code == 2
    assert "POLYTOMIC_API_KEY" in done.err


@pytest.mark.parametrize(
    "arguments", [("frob",), ("get",), ("get", "a", "b", "c"), ("list", "-o", "xml"), ("--frob",)]
)
def test_usage_errors_are_two_lines(patch_model: Command, arguments: tuple[str, ...]) -> None:
    """What is wrong with the command line, and how to learn more: exit 2."""
    done = patch_model(*arguments)

    assert done.code == 2
    assert done.err.startswith("Error: ")
    assert "--help" in done.err
    assert done.out == ""


def test_names_from_the_server_cannot_move_the_cursor(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Escape sequences, line breaks and lone surrogates in a name are shown escaped."""
    sandbox.write_as_other(seed.CONTACTS, {"name": "\x1b[2J\x9b\u202e\nX\ud800"})

    shown = [
        patch_model("list").out,
        patch_model("plan", seed.CONTACTS, "--set", "name=Y").out,
        patch_model("get", seed.CONTACTS).out,
        patch_model("get", "nobody").err,
        patch_model("get", seed.CONTACTS, "--raw").out,
    ]

    for text in shown:
        assert not set(text) & set("\x1b\x9b\u202e\ud800")
    assert "\\u001b[2J" in shown[1]


def test_a_closed_pipe_is_no_failure(sandbox: Sandbox, process: Command) -> None:
    """``| head -1`` ends in silence, and the exit code stays that of the work."""
    command = [sys.executable, "-m", "patcher", "get", "Contacts"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        error = running.stderr.read()
        code = running.wait(20)

    assert (code, error) == (0, b"")


def test_closed_standard_streams_are_survived(sandbox: Sandbox) -> None:
    """Without stdin nobody can be asked, and without stdout nothing can be shown: no traceback."""
    shell = f"'{sys.executable}' -m patcher apply Contacts --set name=X <&- >&-"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "--yes" in done.stderr


NARROW: dict[str, dict[str, str]] = {
    "an encoding for the streams": {"PYTHONIOENCODING": "ascii"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
    "a locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("env", NARROW.values(), ids=NARROW)
def test_documents_are_utf_8_in_any_locale(
    sandbox: Sandbox, process: Command, env: dict[str, str]
) -> None:
    """What is printed to be read by a program is never altered by the encoding of the streams."""
    name = "Umsatz in € \U0001fae9"
    id_ = sandbox.create({**seed.accounts(), "name": name})

    document = process("get", id_, env=env).out
    whole = process("get", id_, "-o", "json", env=env).out
    value = process("get", id_, "--raw", env=env).out
    plan = process("plan", id_, "--set", "name=€uro", "-o", "json", env=env).out

    assert name in document
    assert yamltext.parse(document, what="it") == json.loads(whole) == sandbox.stored(id_)
    assert json.loads(value)["name"] == name
    assert json.loads(plan)["changes"][0]["new"] == "€uro"


@pytest.mark.parametrize("env", NARROW.values(), ids=NARROW)
def test_an_argument_is_utf_8_in_any_locale(
    sandbox: Sandbox, process: Command, env: dict[str, str]
) -> None:
    """A text that is typed arrives as it was typed, and one in another encoding is refused."""
    written = process(
        "apply", seed.CONTACTS, "--set", "name=Zoë €", "-y", env=env, errors="replace"
    )
    refused = process(
        *("apply", seed.CONTACTS, "-y", "-o", "json", "--set"), b"name=Zo\xeb", env=env
    )

    assert written.code == 0
    assert sandbox.stored(seed.CONTACTS)["name"] == "Zoë €"
    assert refused.code == 2
    assert "Argument 7, after --set, is not UTF-8" in refused.err
    assert json.loads(refused.out)["exit_code"] == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((b"get", b"\xff"), "Argument 2 is"),
        ((b"\xed\xa0\x80",), "Argument 1 is"),
        ((b"plan", b"x", b'--merge={"a": "\xc3"}'), "Argument 3 is"),
    ],
)
def test_bytes_that_are_no_text_are_refused_wherever_they_are_typed(
    process: Command, arguments: tuple[bytes, ...], word: str
) -> None:
    """Half a character, a surrogate and another encoding, as a name, a command and a value."""
    refused = process(*arguments)

    assert refused.code == 2
    assert word in refused.err


def test_an_internal_error_is_no_traceback(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the program itself is exit 70 and asks to be reported."""

    def failing(*_: object) -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr("patcher.operations.read.summaries", failing)

    done = patch_model("list")
    traced = patch_model("list", "-vv")

    assert (done.code, traced.code) == (70, 70)
    assert "Traceback" not in done.err
    assert "report" in done.err
    assert "KeyError" in traced.err.split("Traceback")[1]
    assert "in list_command" in traced.err
    assert "KeyError: " not in traced.err


def test_the_sandbox_and_the_demo_name_their_extra(
    patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Werkzeug the message is what to install."""
    for name in [name for name in sys.modules if name.startswith(("patcher.sandbox", "werkzeug"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "werkzeug", None)

    done = patch_model("demo")

    assert done.code == 2
    assert "polytomic-patcher[sandbox]" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("configuration.password=hunter2",),
        ("hunter2!",),
        ("get", "Contacts", "configuration.password=hunter2"),
        ("plan", "configuration.password=hunter2", "--set", "name=x"),
        ("plan", "--exclude", "configuration.password=hunter2", "--set", "name=x"),
        ("plan", "Contacts", "--sett", "configuration.password=hunter2"),
        ("plan", "Contacts", "--sett=configuration.password=hunter2"),
        ("plan", "Contacts", "--set", "configuration.password", "hunter2"),
        ("plan", "Contacts", "--set", "configuration.password", "--hunter2"),
        ("plan", "Contacts", "--set", "configuration.password=@hunter2"),
        ("plan", "Contacts", "--set", "name=x", "--on-conflict", "hunter2"),
        ("plan", "Contacts", "--set", "name=x", "--expect-version", "hunter2"),
        ("plan", "Contacts", "--set", "name=x", "--concurrency", "hunter2"),
        ("--timeout", "hunter2", "list"),
        ("list", "--show-secrets=hunter2"),
        ("list", "-o", "hunter2"),
        ("completion", "hunter2"),
        ("history", "--limit", "hunter2"),
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_what_was_typed_in_the_wrong_place_is_not_repeated(
    patch_model: Command, arguments: tuple[str, ...]
) -> None:
    """A password that stands where something else belongs is not in the error."""
    done = patch_model(*arguments)

    assert done.code in (2, 3)
    assert "Error: " in done.err
    assert "hunter2" not in done.out + done.err


def test_what_is_decided_of_unknown_keys_holds_for_no_other(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment decides for good, the option for once; a bad spelling is a usage error."""
    grown = {"row_filter": "x", "tags": ["y"]}
    sandbox.fault(faults.growth(grown, {}, method="GET", every=True))
    change = ("plan", "Contacts", "--set", "name=New")
    monkeypatch.setenv("PATCH_MODEL_UNKNOWN_FIELDS", "row_filter=carry")

    refused = patch_model(*change)
    done = patch_model(*change, "--unknown-fields", "tags=drop", "-o", "json")
    monkeypatch.setenv("PATCH_MODEL_UNKNOWN_FIELDS", "carry")

    assert refused.code == 2
    assert "/tags" in refused.err
    assert "/row_filter" not in refused.err
    assert done.code == 0
    assert [(one["code"], one["path"]) for one in json.loads(done.out)["warnings"]] == [
        ("carried-unknown", "/row_filter"),
        ("dropped", "/tags"),
    ]
    assert patch_model(*change).code == 2
    assert patch_model(*change, "--unknown-fields", "tags").code == 2


def test_verbose_names_what_is_passed_over(sandbox: Sandbox, patch_model: Command) -> None:
    """The keys of a label and of a source field, by their list; without -v nobody is bothered."""
    label = {"id": seed.CONTACTS, "name": "x", "color": "#fff"}
    grown = {"labels": [label], "fields": [{"name": "id", "is_primary_key": True}]}
    sandbox.fault(faults.growth(grown, {}, method="GET", every=True))

    loud = patch_model("get", "Contacts", "-v")
    quiet = patch_model("get", "Contacts")

    assert "ignored /fields/*/is_primary_key, /labels/*/name, /labels/*/color" in loud.err
    assert quiet.err == ""
    assert loud.out == quiet.out
