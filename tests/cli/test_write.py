"""``plan`` and ``apply``: what is shown, what is asked, what is written, how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.leaks import Watch
from tests.sandbox import Sandbox, faults, seed

RENAME = ("--set", "name=Customers")


def test_a_plan_shows_and_does_not_write(sandbox: Sandbox, patch_model: Command) -> None:
    """The plan names the change, what is carried over, and leaves everything alone."""
    done = patch_model("plan", "Contacts", *RENAME)

    assert done.code == 0
    assert "/name" in done.out
    assert '- "Contacts"' in done.out
    assert '+ "Customers"' in done.out
    assert "Preserved" in done.out
    assert "/policies (2)" in done.out
    assert done.err == ""
    assert sandbox.puts() == []


def test_apply_writes_what_the_plan_showed(sandbox: Sandbox, patch_model: Command) -> None:
    """Apply shows the same, writes it, and names the versions and the journal entry."""
    plan = patch_model("plan", seed.CONTACTS, *RENAME).out

    done = patch_model("apply", seed.CONTACTS, *RENAME, "--yes")

    assert done.code == 0
    assert done.out.startswith(plan)
    assert "version 1 -> 2" in done.out
    assert "Journal entry @" in done.out
    assert sandbox.stored(seed.CONTACTS)["name"] == "Customers"


def test_the_apis_own_words_are_printed_under_its_message(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """The metadata of a refusal: as text under the message, as it is in JSON, made safe in both."""
    token = sandbox.stored(seed.CONTACTS)["configuration"]["session"]["api_token"]
    errors = [
        {"field": "fields[2]", "message": "no such\x1b[2J column"},
        {"field": "configuration.session.api_token", "value": "whatever-was-sent"},
        {"field": "configuration.query", "message": f"near {token}"},
    ]
    refusal = faults.status_before(422, metadata={"errors": errors}, every=True)
    sandbox.fault(refusal)

    done = patch_model("apply", "Contacts", *RENAME, "--yes")
    data = patch_model("apply", "Contacts", *RENAME, "--yes", "-o", "json")

    said = done.err.split("Error: ")[1]
    assert said.index("(422)") < said.index('"fields[2]"') < said.index("Hint: ")
    assert "no such\\u001b[2J column" in said
    assert json.loads(data.out)["error"]["details"]["errors"][0] == errors[0]
    for shown in (done.err, data.out):
        assert "\x1b" not in shown
        assert token not in shown
        assert "fields[2]" in shown


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_words_of_a_refused_reading_and_preview_are_printed(
    method: str, sandbox: Sandbox, patch_model: Command
) -> None:
    """Not only a refused write has more to say; what is endless is cut."""
    metadata = {"reason": "quota", "list": ["x" * 1000] * 1000}
    sandbox.fault(faults.status_before(422, metadata=metadata, method=method, every=True))

    done = patch_model("plan", seed.CONTACTS, *RENAME, "--preview")
    data = patch_model("plan", seed.CONTACTS, *RENAME, "--preview", "-o", "json")

    assert '"reason": "quota"' in done.err
    details = json.loads(data.out)["error"]["details"]
    assert details["reason"] == "quota"
    assert details["list"][-1] == "..."
    assert len(done.err) < 8000


def test_without_a_terminal_yes_must_be_said(sandbox: Sandbox, patch_model: Command) -> None:
    """Nobody to ask: exit 2 naming --yes, the plan shown, nothing written."""
    done = patch_model("apply", "Contacts", *RENAME)

    assert done.code == 2
    assert "--yes" in done.err
    assert "/name" in done.out
    assert sandbox.puts() == []


def test_yes_on_standard_input_is_no_terminal(sandbox: Sandbox, process: Command) -> None:
    """A piped yes is not an answer."""
    done = process("apply", "Contacts", *RENAME, stdin="y\n")

    assert done.code == 2
    assert sandbox.puts() == []


def test_a_dry_run_stops_after_the_plan(sandbox: Sandbox, patch_model: Command) -> None:
    """--dry-run shows the plan and needs no confirmation."""
    done = patch_model("apply", "Contacts", *RENAME, "--dry-run")

    assert done.code == 0
    assert "Dry run" in done.out
    assert sandbox.puts() == []


def test_nothing_to_do_is_said_and_is_a_success(sandbox: Sandbox, patch_model: Command) -> None:
    """A change that changes nothing is exit 0 without --yes, and sends nothing."""
    done = patch_model("apply", "Contacts", "--set", "name=Contacts")

    assert done.code == 0
    assert "No changes" in done.out
    assert sandbox.puts() == []


def test_json_is_one_object_and_nothing_else(sandbox: Sandbox, patch_model: Command) -> None:
    """-o json: the result of section 6 of the design, key by key."""
    done = patch_model("apply", "Contacts", *RENAME, "--unset", "identifier", "-y", "-o", "json")

    result = json.loads(done.out)
    assert list(result) == [
        "model_id",
        "name",
        "url",
        "status",
        "exit_code",
        "version_before",
        "version_after",
        "changes",
        "cleared",
        "carried",
        "warnings",
        "needs_preview",
        "preview",
        "impact",
        "journal_entry",
        "error",
    ]
    assert result["model_id"] == seed.CONTACTS
    assert (result["status"], result["exit_code"]) == ("applied", 0)
    assert (result["version_before"], result["version_after"]) == (1, 2)
    assert result["changes"] == [
        {"path": "/name", "kind": "changed", "old": "Contacts", "new": "Customers"},
        {"path": "/identifier", "kind": "removed", "old": "id"},
    ]
    assert result["cleared"] == ["/identifier"]
    assert result["carried"] == [
        "/fields",
        "/additional_fields",
        "/tracking_columns",
        "/relations",
        "/labels",
        "/policies",
        "/enricher",
        "/organization_id",
    ]
    assert result["error"] is None
    assert done.err == ""


def test_the_plan_as_json(sandbox: Sandbox, patch_model: Command) -> None:
    """Plan -o json has the same form, with the status planned."""
    done = patch_model("plan", "Contacts", *RENAME, "-o", "json", "--exit-code")

    result = json.loads(done.out)
    assert (result["status"], result["exit_code"], done.code) == ("planned", 1, 1)


@pytest.mark.parametrize(("change", "code"), [("name=Customers", 1), ("name=Contacts", 0)])
def test_exit_code_tells_differences(
    sandbox: Sandbox, patch_model: Command, change: str, code: int
) -> None:
    """--exit-code: 1 if the change would change anything, as diff does."""
    assert patch_model("plan", "Contacts", "--set", change, "--exit-code").code == code


@pytest.mark.parametrize(
    ("arguments", "code", "status", "kind"),
    [
        (("nobody", *RENAME), 3, "failed", "NotFoundError"),
        (("Contacts", "--set", "version=3"), 2, "failed", "ReadOnlyFieldError"),
        (("Contacts", "--set", "nmae=x"), 2, "failed", "InvalidPatchError"),
        (("Contacts", "--merge", "[1]"), 2, "failed", "InvalidInputError"),
        (("Contacts",), 2, "failed", "InvalidInputError"),
        (("Contacts", *RENAME, "--expect-version", "9"), 4, "conflict", "ConflictError"),
    ],
)
def test_an_error_is_json_too(
    sandbox: Sandbox,
    patch_model: Command,
    arguments: tuple[str, ...],
    code: int,
    status: str,
    kind: str,
) -> None:
    """Under -o json a failure is one object with the error in it; the message is on stderr."""
    done = patch_model("apply", *arguments, "-y", "-o", "json")

    result = json.loads(done.out)
    assert (done.code, result["exit_code"]) == (code, code)
    assert (result["status"], result["error"]["type"]) == (status, kind)
    assert result["error"]["message"] in done.err
    assert sandbox.puts() == []


@pytest.mark.parametrize(
    "change",
    [
        ("--set", "id=x"),
        ("--set", "nmae=x"),
        ("--merge", '{"updated_at": null}'),
        ("--json-patch", '[{"op": "replace", "path": "", "value": {}}]'),
        ("--json-patch", '[{"op": "test", "path": "/version", "value": 1}]'),
        ("--json-patch", '[{"op": "replace", "path": "/name"}]'),
        ("--merge", '{"name": "a", "name": "b"}'),
        ("--set", "name:=5"),
        ("--set", "connection_id=warehouse"),
        ("--set", "fields:=[1]"),
        ("--set", "configuration.api_token=********"),
        ("--merge", '{"configuration": {"a": NaN}}'),
        ("--set", "name"),
        ("--merge", "@missing.json"),
    ],
)
def test_what_the_change_alone_shows_is_refused_before_any_request(
    sandbox: Sandbox, patch_model: Command, change: tuple[str, str]
) -> None:
    """Server-owned, unknown, ill-typed, duplicate, root, a mask: exit 2, and no request at all."""
    done = patch_model("apply", seed.CONTACTS, *change, "--yes")

    assert done.code == 2, done
    assert done.err.startswith("Error: ")
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "change",
    [("--merge", '{"name": 5}'), ("--set", "zzz=x"), ("--unset", "nmae"), ("--unset", "zzz.a")],
)
def test_what_the_model_might_have_is_refused_once_it_is_read(
    sandbox: Sandbox, patch_model: Command, change: tuple[str, str]
) -> None:
    """A model may break the schema, and have keys that nobody knows here; this one does not."""
    done = patch_model("apply", seed.CONTACTS, *change, "--yes")

    assert done.code == 2, done
    assert sandbox.puts() == []


def test_changes_are_made_in_the_order_of_the_command_line(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Different options interleave: the last word on a member is the last one typed."""
    one = patch_model(
        "plan",
        "Contacts",
        "--set",
        "name=A",
        "--merge",
        '{"name": "B"}',
        "--set=name=C",
        "-o",
        "json",
    )
    two = patch_model("plan", "Contacts", "--set=name=C", '--merge={"name": "B"}', "-o", "json")
    three = patch_model(
        "plan",
        "Contacts",
        "--add",
        "fields=phone",
        "--json-patch",
        '[{"op": "test", "path": "/fields/7", "value": "phone"}]',
        "--remove",
        "fields=phone",
        "--set",
        "name=D",
        "-o",
        "json",
    )

    assert json.loads(one.out)["changes"][0]["new"] == "C"
    assert json.loads(two.out)["changes"][0]["new"] == "B"
    assert [change["path"] for change in json.loads(three.out)["changes"]] == ["/name"]


def test_a_value_may_begin_with_a_dash_or_hold_an_equals_sign(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """What follows an option is its value, whatever it looks like."""
    done = patch_model("plan", "Contacts", "--set", "name=--set=x", "-o", "json")
    negative = patch_model("plan", "Contacts", "--unset", "--merge", "-o", "json")

    assert json.loads(done.out)["changes"][0]["new"] == "--set=x"
    assert negative.code == 2


def test_every_source_of_a_change(sandbox: Sandbox, process: Command, tmp_path: Path) -> None:
    """Inline, from a file in JSON or YAML, from standard input, and a text file as a value."""
    (tmp_path / "merge.yaml").write_text("configuration:\n  warehouse: OTHER\n")
    (tmp_path / "ops.json").write_text('[{"op": "add", "path": "/fields/-", "value": "phone"}]')
    (tmp_path / "q.sql").write_bytes(b"\xef\xbb\xbfselect 1\n")
    done = process(
        "plan",
        "Contacts",
        "--merge",
        f"@{tmp_path}/merge.yaml",
        "--json-patch",
        f"@{tmp_path}/ops.json",
        "--set",
        f"configuration.query=@{tmp_path}/q.sql",
        "--set",
        "configuration.timeout_seconds:=60",
        "--merge",
        "-",
        "-o",
        "json",
        stdin='{"identifier": "email"}',
    )

    changes = {change["path"]: change.get("new") for change in json.loads(done.out)["changes"]}
    assert changes == {
        "/configuration/warehouse": "OTHER",
        "/configuration/query": "select 1\n",
        "/configuration/timeout_seconds": 60,
        "/identifier": "email",
        "/fields/7": "phone",
    }


def test_standard_input_can_be_used_once(sandbox: Sandbox, process: Command) -> None:
    """A second - would find nothing, and is refused."""
    done = process("plan", "Contacts", "--merge", "-", "--set", "name=@-", stdin="{}")

    assert done.code == 2
    assert "once" in done.err
    assert sandbox.requests == []


def test_a_whole_document_must_be_whole(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path, nothing_leaks: Watch
) -> None:
    """--document names every member, so that none goes by omission; null clears one."""
    whole = json.loads(patch_model("get", "Contacts", "-o", "json").out)
    partial = {key: whole[key] for key in ("name", "connection_id", "configuration")}
    (tmp_path / "partial.json").write_text(json.dumps(partial))
    nothing_leaks.mine(tmp_path / "partial.json")
    nothing_leaks.mine(tmp_path / "whole.json").write_text(json.dumps({**whole, "labels": None}))

    refused = patch_model("apply", "Contacts", "--document", f"@{tmp_path}/partial.json", "-y")
    done = patch_model(
        "apply", "Contacts", "--document", f"@{tmp_path}/whole.json", "-y", "-o", "json"
    )

    assert refused.code == 2
    assert "/policies" in refused.err
    assert "/enricher" in refused.err
    assert json.loads(done.out)["cleared"] == ["/labels"]
    assert json.loads(done.out)["carried"] == []


@pytest.mark.parametrize(
    ("arguments", "change"),
    [
        (("--add", f"policies={seed.fixed_id('p')}"), ("added", "/policies/2")),
        (("--remove", "fields=plan"), ("removed", "/fields/5")),
        (("--remove", "additional_fields=owner_email"), ("removed", "/additional_fields/1")),
        (("--remove", "relations=company_id"), ("removed", "/relations/0")),
        (("--unset", "/configuration/session/role"), ("removed", "/configuration/session/role")),
        (("--set", "/configuration/a~1b=x"), ("added", "/configuration/a~1b")),
        (("--set", "configuration.new.deep=x"), ("added", "/configuration/new")),
        (("--set", "relations.0.from=id"), None),
    ],
)
def test_members_and_paths(
    sandbox: Sandbox, patch_model: Command, arguments: tuple[str, str], change: Any
) -> None:
    """List members by value and by name, pointers and dotted paths."""
    done = patch_model("plan", "Contacts", *arguments, "-o", "json")

    changes = json.loads(done.out)["changes"]
    assert done.code == 0
    if change is not None:
        assert [(one["kind"], one["path"]) for one in changes] == [change]
    else:
        assert len(changes) == 2


def test_a_field_that_users_added_is_removed_elsewhere(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Removing an additional field from fields names the command that does it."""
    done = patch_model("apply", "Contacts", "--remove", "fields=lead_score", "--yes")

    assert done.code == 2
    assert "--remove additional_fields=lead_score" in done.err


def test_a_misspelt_member_is_a_warning_with_a_suggestion(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """Removing what is not there does nothing, and says what may have been meant."""
    done = patch_model("plan", "Contacts", "--remove", "fields=emial", "-o", "json")

    (warning,) = json.loads(done.out)["warnings"]
    assert (warning["path"], json.loads(done.out)["status"]) == ("/fields", "unchanged")
    assert "email" in warning["message"]


def test_a_conflict_says_who_and_what_next(sandbox: Sandbox, patch_model: Command) -> None:
    """Exit 4 with the name, the versions and the way on; nothing written."""
    sandbox.fault(
        faults.concurrent_write(
            {"identifier": "email"}, "before", method="GET", kind="model", nth=2
        )
    )
    done = patch_model("apply", seed.CONTACTS, *RENAME, "--yes")

    assert done.code == 4
    assert "Bo Other" in done.err
    assert "version 1 became 2, /identifier changed" in done.err
    assert "Hint: " in done.err
    assert sandbox.puts() == []


def test_a_text_diff_of_sql(sandbox: Sandbox, patch_model: Command, tmp_path: Path) -> None:
    """A query over several lines is shown as a unified diff, not as two long texts."""
    query = sandbox.stored(seed.CONTACTS)["configuration"]["query"]
    (tmp_path / "q.sql").write_text(query.replace("c.email", "lower(c.email) as email"))

    done = patch_model("plan", "Contacts", "--set", f"configuration.query=@{tmp_path}/q.sql")

    assert "@@" in done.out
    assert "-select c.id, c.email, c.first_name, c.last_name," in done.out
    assert "+select c.id, lower(c.email) as email, c.first_name, c.last_name," in done.out
    assert " from public.contacts c" in done.out


def test_refresh_and_async_go_with_the_write(sandbox: Sandbox, patch_model: Command) -> None:
    """The API's two options are part of the request and not of the document."""
    done = patch_model("apply", "Contacts", *RENAME, "-y", "--refresh", "--async")

    (put,) = sandbox.puts()
    assert done.code == 0
    assert put.json["refresh"] is True
    assert put.args.to_dict() == {"async": "true"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("apply", "Contacts", "--bogus", "-o", "json"), 2),
        (("apply", "Contacts", *RENAME, "-o", "json", "--show-secrets"), 2),
        (("get", "nobody", "--output=json"), 3),
        (("list", "-ojson", "--url", "http://127.0.0.1:1"), 3),
        (("plan", "Contacts", "--merge", "@", "-o", "json"), 2),
        (("list", "-o", "json", "--settle-timeout", "nan"), 2),
    ],
)
def test_every_failure_is_one_object_under_json(
    sandbox: Sandbox, patch_model: Command, arguments: tuple[str, ...], code: int
) -> None:
    """Whatever fails, and in whichever command: one object on stdout, the message on stderr."""
    done = patch_model(*arguments)

    assert (done.code, json.loads(done.out)["exit_code"]) == (code, code)
    assert json.loads(done.out)["error"]["message"] in done.err


def test_a_full_disk_behind_stdout_does_not_change_what_was_done(
    sandbox: Sandbox, process: Command
) -> None:
    """The result could not be printed; it was written all the same, and the exit code says so."""
    command = f"'{sys.executable}' -m patcher apply Contacts --set name=X -y -o json > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "could not be written" in done.stderr
    assert sandbox.stored(seed.CONTACTS)["name"] == "X"


def test_what_is_stored_otherwise_is_shown(sandbox: Sandbox, patch_model: Command) -> None:
    """Exit 5 shows sent against stored, on stderr and in the JSON."""
    sandbox.fault(faults.growth({"policies": []}, {}, method="PUT", every=True))
    text = patch_model("apply", seed.CONTACTS, *RENAME, "-y")
    data = patch_model("apply", seed.CONTACTS, "--set", "name=Y", "-y", "-o", "json")

    assert (text.code, data.code) == (5, 5)
    assert "Sent (-) and stored (+):\n  - removed   /policies" in text.err
    assert json.loads(data.out)["error"]["differences"][0]["path"] == "/policies"


def test_warnings_are_on_stderr(sandbox: Sandbox, patch_model: Command) -> None:
    """Standard output has the diff alone."""
    done = patch_model("plan", "Contacts", "--remove", "fields=emial", *RENAME)

    assert "Warning: " in done.err
    assert "Warning" not in done.out


def test_a_412_in_any_form_is_a_conflict(
    sandbox: Sandbox, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway's 412 says as well that nothing was written."""
    monkeypatch.setattr("patcher.guard.outcome.PATIENCE", 0.1)
    sandbox.fault(faults.status_before(412, "empty"))

    assert patch_model("apply", seed.CONTACTS, *RENAME, "-y").code == 4


def test_without_arguments_there_is_help(patch_model: Command) -> None:
    """The command alone says what it is."""
    done = patch_model()

    assert (done.code, done.err) == (0, "")
    assert "Usage: patch-model" in done.out


def test_an_empty_file_or_input_is_no_text(
    sandbox: Sandbox, process: Command, tmp_path: Path
) -> None:
    """Nothing before the pipe, an empty file, one of a byte order mark alone: refused, not sent."""
    (tmp_path / "bom.sql").write_bytes(b"\xef\xbb\xbf")
    (tmp_path / "none.yaml").touch()
    for item in (
        "configuration.query=@-",
        f"configuration.query=@{tmp_path}/bom.sql",
        "configuration.query=@/dev/null",
        f"configuration:=@{tmp_path}/none.yaml",
        "configuration:=@-",
    ):
        done = process("apply", "Contacts", "--set", item, "-y", stdin="")
        assert done.code == 2, item
    emptied = process("apply", "Contacts", "--set", "configuration.query=", "-y")

    assert emptied.code == 0
    assert len(sandbox.puts()) == 1
    assert sandbox.stored(seed.CONTACTS)["configuration"]["query"] == ""


def test_a_path_that_a_plan_shows_can_be_pasted(sandbox: Sandbox, patch_model: Command) -> None:
    """A key with = and with what cannot be seen: set, shown, pasted, and gone again."""
    key = "a=b\u200b: \\"
    value = json.dumps({**sandbox.stored(seed.CONTACTS)["configuration"], key: "x"})
    shown = patch_model("apply", "Contacts", "--set", f"configuration:={value}", "-y")
    path = re.search(r"added +(/configuration/.+?)  ", shown.out)
    assert path is not None
    changed = patch_model("apply", "Contacts", "--set", f"{path[1]}=y", "-y")

    assert sandbox.stored(seed.CONTACTS)["configuration"][key] == "y"
    assert path[1] in changed.out
    assert patch_model("apply", "Contacts", "--unset", path[1], "-y").code == 0
    assert key not in sandbox.stored(seed.CONTACTS)["configuration"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", seed.CONTACTS, "--set", "identifier=email"),
        ("plan", "--all", "--set", "identifier=email"),
        ("apply", seed.CONTACTS, "--set", "identifier=email", "-y"),
        ("apply", seed.CONTACTS, seed.ORDERS, "--set", "identifier=email", "-y"),
        ("apply", "--plan", "PLAN", "-y"),
        ("edit", seed.CONTACTS, "-y"),
        ("undo", seed.CONTACTS, "-y"),
        ("undo", "--run", "RUN", "-y"),
    ],
    ids=lambda arguments: " ".join(arguments[:2])[:12],
)
def test_an_older_state_is_accepted_where_it_is_asked_for(
    sandbox: Sandbox,
    patch_model: Command,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit 4 names --accept-older, which every command takes that plans or writes."""
    monkeypatch.setattr("patcher.guard.accepted.PATIENCE", 0.0)
    monkeypatch.setenv("EDITOR", "sed -i s/identifier:.*/identifier:\\ email/")
    plan = str(tmp_path / "plan.json")
    patch_model("plan", seed.CONTACTS, "--set", "identifier=email", "--out", plan)
    first = patch_model("apply", seed.CONTACTS, seed.ORDERS, "--set", "name=X", "-y", "-o", "json")
    run = json.loads(first.out.splitlines()[0])["run"]
    given = tuple({"PLAN": plan, "RUN": run}.get(one, one) for one in arguments)
    sandbox.fault(faults.lagging_reads(None, method="GET", path=seed.CONTACTS))

    refused = patch_model(*given)
    accepted = patch_model(*given, "--accept-older")

    assert refused.code in (4, 7)
    assert "--accept-older" in refused.err + refused.out
    assert "older state" not in accepted.err + accepted.out


def test_a_saved_plan_that_is_shown_accepts_nothing(
    sandbox: Sandbox, patch_model: Command, tmp_path: Path
) -> None:
    """Nothing is read, so there is nothing to accept: exit 2."""
    plan = str(tmp_path / "plan.json")
    patch_model("plan", seed.CONTACTS, "--set", "name=X", "--out", plan)

    shown = patch_model("plan", "--show", plan, "--accept-older")

    assert (shown.code, "--accept-older" in shown.err) == (2, True)
