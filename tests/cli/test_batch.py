"""``plan``, ``apply`` and ``undo --run`` for many models: one overview, one question, one code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.sandbox import Sandbox, faults, in_environment, seed

KEY = ("--set", "identifier=key")
MODELS = 7
LABEL = "8c3a1b1e-1111-4222-8333-123456789abc"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with more than a few models, that the environment points to."""
    with in_environment(MODELS, monkeypatch) as running:
        yield running


def lines(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def test_the_overview_comes_once_and_groups(sandbox: Sandbox, patch_model: Command) -> None:
    """Models that change alike are shown together, each by name, and nothing is written."""
    change = ("--add", f"labels={seed.LABEL_PRODUCTION}")
    done = patch_model("plan", "Contacts", "Model 00004", "Model 00006", *change)

    assert done.code == 0
    assert "Plan: 2 of 3 models to change, 1 unchanged\n" in done.out
    assert '2 models: "Model 00004", "Model 00006"' in done.out
    assert done.out.count("+ added     /labels") == 1
    assert done.out.count("Preserved (") == 1
    assert "/fields" in done.out
    assert done.err == ""
    assert sandbox.puts() == []


def test_apply_tells_each_outcome_and_the_sum(sandbox: Sandbox, patch_model: Command) -> None:
    """A line for each write with its versions and its entry, and how to take the run back."""
    done = patch_model("apply", "--all", *KEY, "--yes")

    assert done.code == 0
    assert done.out.count("Written: ") == MODELS
    assert f"{MODELS} models: {MODELS} written" in done.out
    assert "Undo all of it: patch-model undo --run run-" in done.out
    assert len(sandbox.puts()) == MODELS


def test_running_it_again_has_nothing_to_do(sandbox: Sandbox, patch_model: Command) -> None:
    """The same command again: everything is unchanged, no question, exit 0."""
    patch_model("apply", "--all", *KEY, "--yes")
    again = patch_model("apply", "--all", *KEY)

    assert again.code == 0
    assert f"0 of {MODELS} models to change, {MODELS} unchanged\n" in again.out
    assert len(sandbox.puts()) == MODELS


def test_json_is_one_object_a_line(sandbox: Sandbox, patch_model: Command) -> None:
    """Each result is a line by itself, of the form of a single one, with the run's name."""
    done = patch_model("apply", "--all", *KEY, "-y", "-o", "json")
    single = patch_model("apply", seed.ORDERS, "--set", "name=X", "-y", "-o", "json")
    results = lines(done.out)

    assert len(results) == MODELS
    assert {tuple(one) for one in results} == {(*json.loads(single.out), "run")}
    assert {(one["status"], one["exit_code"]) for one in results} == {("applied", 0)}
    assert {one["model_id"] for one in results} == set(sandbox.ids())
    assert len({one["run"] for one in results}) == 1
    assert f"{MODELS} models: {MODELS} written" in done.err


def test_a_plan_as_json_is_a_line_each(sandbox: Sandbox, patch_model: Command) -> None:
    """Under --exit-code the objects and the command say 1 where something would change."""
    done = patch_model("plan", "--all", "--set", "name=Orders", "-o", "json", "--exit-code")
    found = {one["name"]: (one["status"], one["exit_code"]) for one in lines(done.out)}

    assert done.code == 1
    assert found.pop("Orders") == ("unchanged", 0)
    assert set(found.values()) == {("planned", 1)}
    assert patch_model("plan", "--all", "--set", "name=Orders").code == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.status_before(403, path=seed.ORDERS), 7),
        (faults.concurrent_write({"name": "T"}, method="GET", path=seed.ORDERS, nth=2), 7),
        (faults.concurrent_write({"name": "T"}, when="after", path=seed.ORDERS), 5),
        (faults.status_after(503, body="html", path=seed.ORDERS), 0),
        (faults.status_before(503, body="html", path=seed.ORDERS), 6),
    ],
)
def test_the_exit_code_is_the_worst(
    sandbox: Sandbox, patch_model: Command, fault: faults.Fault, code: int
) -> None:
    """One of many: refused or in conflict 7, not alone 5, unknown 6; the others are written."""
    sandbox.fault(fault)
    if code == 5:
        sandbox.fault(faults.concurrent_write({"name": "T"}, path=seed.ORDERS))
    done = patch_model("apply", "--all", *KEY, "-y", "-o", "json", "--settle-timeout", "0")
    others = [one for one in lines(done.out) if one["model_id"] != seed.ORDERS]

    assert done.code == code
    assert {one["status"] for one in others} == {"applied"}


def test_6_goes_before_5_and_5_before_7(sandbox: Sandbox, patch_model: Command) -> None:
    """With one of each the unknown outcome is the exit code, and each line has its own."""
    sandbox.fault(faults.status_before(403, path=seed.ORDERS))
    sandbox.fault(faults.concurrent_write({"name": "T"}, path=seed.ACCOUNTS))
    sandbox.fault(faults.status_before(503, body="html", path=seed.CONTACTS))
    done = patch_model("apply", "--all", *KEY, "-y", "-o", "json", "--settle-timeout", "0")
    codes = {one["model_id"]: one["exit_code"] for one in lines(done.out)}

    assert done.code == 6
    assert [codes[one] for one in (seed.CONTACTS, seed.ACCOUNTS, seed.ORDERS)] == [6, 5, 3]


def test_failures_are_told_with_what_to_do(sandbox: Sandbox, patch_model: Command) -> None:
    """A failure is on standard error as it happens, and counted in the sum."""
    sandbox.fault(faults.status_before(403, path=seed.ORDERS))
    done = patch_model("apply", "Orders", "Accounts", *KEY, "-y")

    assert done.code == 7
    assert 'Failed: model "Orders"' in done.err
    assert "Hint: " in done.err
    assert "2 models: 1 written, 1 failed" in done.out


def test_failing_fast_says_what_was_not_begun(sandbox: Sandbox, patch_model: Command) -> None:
    """After the first failure the rest is not begun, each by name, and the same command goes on."""
    sandbox.fault(faults.status_before(403))
    options = ("--fail-fast", "--concurrency", "1")
    done = patch_model("apply", "--all", *KEY, "-y", *options)

    assert done.code == 7
    assert done.err.count("Not started: model ") == MODELS - 1
    assert f"{MODELS} models: 1 failed, {MODELS - 1} not started" in done.out
    assert "the same command again" in done.out
    assert len(sandbox.puts()) == 1

    again = patch_model("apply", "--all", *KEY, "-y", *options)
    assert again.code == 0
    assert f"{MODELS} models: {MODELS} written" in again.out


def test_a_refused_plan_is_in_the_overview_and_the_others_go_on(
    sandbox: Sandbox, patch_model: Command
) -> None:
    """What cannot be done to one model is shown before the question, and is exit code 7."""
    sandbox.fault(faults.growth({"novel": 1}, method="GET", path=seed.ORDERS, every=True))
    done = patch_model("apply", "--all", *KEY, "-y")

    assert done.code == 7
    assert f"{MODELS - 1} of {MODELS} models to change, 1 refused\n" in done.out
    assert f'! model "Orders" ({seed.ORDERS}): This model can' in done.out
    assert "Hint: Use --unknown-fields carry" in done.out
    assert f"{MODELS} models: {MODELS - 1} written, 1 failed" in done.out


def test_without_a_terminal_yes_must_be_said(sandbox: Sandbox, patch_model: Command) -> None:
    """Nobody to ask: exit 2, the overview shown, nothing written."""
    done = patch_model("apply", "--all", *KEY)

    assert done.code == 2
    assert "--yes" in done.err
    assert f"{MODELS} of {MODELS} models" in done.out
    assert sandbox.puts() == []


def test_a_dry_run_stops_after_the_overview(sandbox: Sandbox, patch_model: Command) -> None:
    """--dry-run shows it and asks nobody."""
    done = patch_model("apply", "--all", *KEY, "--dry-run")

    assert done.code == 0
    assert done.out.endswith("Dry run: nothing was written.\n")
    assert sandbox.puts() == []


def test_models_come_from_standard_input(sandbox: Sandbox, process: Command) -> None:
    """Ids and names, one a line, also beside others, blank lines and CRLF or not."""
    stdin = f"Orders\r\n\n{seed.ACCOUNTS}\nname:Contacts\n"
    done = process("plan", "-", "Model 00004", *KEY, stdin=stdin)

    assert done.code == 0
    assert '4 models: "Orders", "Accounts", "Contacts", "Model 00004"' in done.out


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("-", "--merge", "-"), "Orders\n"),
        (("-", "-", *KEY), "Orders\n"),
        (("-", *KEY), ""),
        (("-", *KEY), " \n\n"),
    ],
)
def test_standard_input_is_used_once_and_must_name_something(
    sandbox: Sandbox, process: Command, arguments: tuple[str, ...], stdin: str
) -> None:
    """Twice in a command, or empty since what was to fill it failed: exit 2, no request."""
    assert process("apply", *arguments, "-y", stdin=stdin).code == 2
    assert sandbox.requests == []


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_nothing_chosen_is_nothing_to_do(sandbox: Sandbox, patch_model: Command, verb: str) -> None:
    """A condition that nothing fulfils (any more) is a success, and is said."""
    done = patch_model(verb, "--where", "name=nobody", *KEY)

    assert (done.code, done.out) == (0, "")
    assert "No model" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("apply", "--all", "Orders", *KEY), "combined with MODEL"),
        (("apply", "--all", "-", *KEY), "combined with MODEL"),
        (("apply", *KEY), "MODEL"),
        (("plan", "--all", *KEY, "--out", "x.json"), "--out"),
        (("plan", "Orders", "Contacts", *KEY, "--out", "x.json"), "--out"),
        (("apply", "--all", *KEY, "--expect-version", "1"), "several"),
        (("apply", "--all", *KEY, "--preview"), "Preview is for one"),
        (("plan", "Orders", "Contacts", *KEY, "--impact"), "Impact is for one"),
        (("apply", "--plan", "x.json", "--all"), "--all"),
        (("apply", "--plan", "x.json", "--where", "name=x"), "--where"),
        (("plan", "--show", "x.json", "--exclude", "x"), "--exclude"),
        (("apply", "--all", "--where", "nmae=x", *KEY), "nmae"),
        (("apply", "--all", "--where", "name~=(", *KEY), "regular expression"),
        (("apply", "--where", "configuration.password=hunter2", *KEY), "credential"),
        (("apply", "--all", *KEY, "--concurrency", "0"), "concurrency"),
        (("apply", "--all", *KEY, "--max-rps", "0"), "max-rps"),
        (("apply", "--all", *KEY, "--max-rps", "nan"), "number"),
        (
            ("apply", "Orders", "Contacts", "--json-patch", '[{"op":"remove","path":"/fields/0"}]'),
            "by its index",
        ),
        (("apply", "Orders", "Contacts", "--set", "version=3"), "is set by the server"),
        (("apply", "Orders", "Contacts"), "No change"),
        (("undo", "--run", "run-0"), "is not a run"),
        (("undo", "--run", "run-0123456789ab"), "No writes recorded for run"),
        (("undo", "--run", "run-0123456789ab", "Orders"), "combined with --run"),
        (("undo",), "No MODEL or ENTRY"),
    ],
)
def test_what_makes_no_sense_is_exit_2(
    sandbox: Sandbox, patch_model: Command, arguments: tuple[str, ...], said: str
) -> None:
    """Refused with a reason, also as one JSON object on one line, and nothing is written."""
    done = patch_model(*arguments, "-o", "json")
    error = json.loads(done.out)["error"]

    assert done.code == 2
    assert said in error["message"] + done.err
    assert "hunter2" not in done.out + done.err
    assert sandbox.puts() == []


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_a_report_is_of_one_model(sandbox: Sandbox, patch_model: Command, output: str) -> None:
    """For many models there is text, and JSON by line: exit 2 before any request."""
    done = patch_model("plan", "--all", *KEY, "-o", output)

    assert done.code == 2
    assert "one MODEL" in done.err
    assert sandbox.requests == []


def test_a_name_that_is_nobodys_stops_all(sandbox: Sandbox, patch_model: Command) -> None:
    """All models are found before anything is done to one: exit 3."""
    done = patch_model("apply", "Orders", "Odrers", *KEY, "-y")

    assert done.code == 3
    assert "Did you mean 'Orders'?" in done.err
    assert sandbox.puts() == []


def test_one_model_is_as_ever(sandbox: Sandbox, patch_model: Command) -> None:
    """One model, with the options for many: the output of one, three requests."""
    options = ("--concurrency", "4", "--keep-going", "--max-rps", "3")
    done = patch_model("apply", seed.ORDERS, *KEY, "-y", *options)

    assert done.out.startswith(f'model "Orders"  {seed.ORDERS}\n')
    assert len(sandbox.requests) == 3


def test_one_that_was_chosen_is_many(sandbox: Sandbox, patch_model: Command) -> None:
    """What is chosen is told as many are, however many it comes to."""
    done = patch_model("apply", "--where", "name=Orders", *KEY, "-y", "-o", "json")

    assert [one["model_id"] for one in lines(done.out)] == [seed.ORDERS]


def test_hostile_names_are_made_safe(sandbox: Sandbox, patch_model: Command) -> None:
    """A name with an escape sequence reaches no terminal, in overview, outcome or error."""
    evil = "E\x1b]0;owned\x07\n[bold]\u202e"
    first = sandbox.create({**seed.orders(), "name": evil})
    second = sandbox.create({**seed.orders(), "name": evil})
    sandbox.create({**seed.orders(), "name": evil + "3", "relations": None})
    sandbox.fault(faults.status_before(403, path=first))
    sandbox.fault(faults.growth({evil: 1}, method="GET", path=second, every=True))
    done = patch_model("apply", "--all", *KEY, "-y")

    assert done.code == 7
    assert "\\u001b]0;owned\\u0007\\n[bold]\\u202e" in done.out
    assert "\\u001b]0;owned" in done.err
    assert not set(done.out + done.err) & set("\x1b\x07\u202e")


def test_credentials_are_masked(sandbox: Sandbox, patch_model: Command) -> None:
    """Old and new credentials are in neither overview nor lines nor errors."""
    sandbox.fault(faults.status_before(403, path=seed.ORDERS))
    change = ("--set", "configuration.password=n3w-secret")
    shown = patch_model("plan", "--all", *change)
    done = patch_model("apply", "--all", *change, "-y", "-o", "json")
    moved = patch_model("plan", "--where", "name=Orders", "--set", "name=hunter2-orders")

    for text in (shown.out, shown.err, done.out, done.err, moved.out):
        assert "n3w-secret" not in text
        assert "hunter2" not in text
    assert shown.out.count("********") > 0
    assert done.out.count("********") > 0
    assert moved.out.count("********") > 0
    assert len(sandbox.puts()) == MODELS


def test_two_models_of_one_name_are_told_apart(sandbox: Sandbox, patch_model: Command) -> None:
    """In the overview ids stand behind names that two models have."""
    twin = sandbox.create({**seed.orders()})
    done = patch_model("plan", "--where", "name=Orders", *KEY)

    assert f'"Orders" ({twin})' in done.out
    assert f'"Orders" ({seed.ORDERS})' in done.out
    assert patch_model("plan", "Orders", "Contacts", *KEY).code == 2


def test_a_run_is_taken_back(sandbox: Sandbox, patch_model: Command) -> None:
    """Undo --run brings every model back that the run wrote, and can itself be taken back."""
    before = {one: sandbox.stored(one) for one in sandbox.ids()}
    sandbox.fault(faults.status_before(403, path=seed.ORDERS))
    done = patch_model("apply", "--all", *KEY, "-y", "-o", "json")
    run = lines(done.out)[0]["run"]
    undone = patch_model("undo", "--run", run, "-y", "-o", "json")

    assert undone.code == 0
    assert len(lines(undone.out)) == MODELS - 1
    assert {one["status"] for one in lines(undone.out)} == {"applied"}
    assert {one: sandbox.stored(one) for one in sandbox.ids()} == before

    again = patch_model("undo", "--run", run, "-y")
    assert f"{MODELS - 1} unchanged" in again.out
    back = patch_model("undo", "--run", lines(undone.out)[0]["run"], "-y")
    assert f"{MODELS - 1} written" in back.out
    assert sandbox.stored(seed.ACCOUNTS)["identifier"] == "key"


def test_a_run_is_taken_back_under_the_guard(sandbox: Sandbox, patch_model: Command) -> None:
    """A model that somebody else wrote since is left alone, or kept along by a rebase."""
    run = lines(patch_model("apply", "--all", *KEY, "-y", "-o", "json").out)[0]["run"]
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    # An entry that names the run, but is none of it.
    stranger = sandbox.create({**seed.accounts(), "identifier": run})
    patch_model("apply", stranger, *KEY, "-y")
    done = patch_model("undo", "--run", run, "-y")

    assert done.code == 7
    assert f"{MODELS} models: {MODELS - 1} written, 1 in conflict" in done.out
    assert 'model "Orders"' in done.out
    assert sandbox.stored(seed.ORDERS)["identifier"] == "key"

    rebased = patch_model("undo", "--run", run, "-y", "--on-conflict", "rebase")
    assert rebased.code == 0
    assert sandbox.stored(seed.ORDERS)["identifier"] == "id"
    assert sandbox.stored(seed.ORDERS)["name"] == "Theirs"


def test_a_run_elsewhere_is_not_undone_here(sandbox: Sandbox, patch_model: Command) -> None:
    """A run belongs to the address that it was written to."""
    run = lines(patch_model("apply", "--all", *KEY, "-y", "-o", "json").out)[0]["run"]
    done = patch_model("undo", "--run", run, "-y", "--url", "http://127.0.0.1:9")

    assert done.code == 2
    assert sandbox.url in done.err


def test_history_shows_the_run(sandbox: Sandbox, patch_model: Command) -> None:
    """Each entry says which run it is of, and a run can be listed by itself."""
    patch_model("apply", "Orders", "--set", "name=X", "-y")
    run = lines(patch_model("apply", "--all", *KEY, "-y", "-o", "json").out)[0]["run"]
    shown = patch_model("history", run)
    entries = json.loads(patch_model("history", "-o", "json").out)["entries"]
    entry = patch_model("history", entries[0]["entry"])

    assert shown.out.count(f"  in {run}  ") == MODELS
    assert [one["run"] for one in entries].count(run) == MODELS
    assert [one["run"] for one in entries].count(None) == 1
    assert run in entry.out


def test_each_request_can_be_seen(sandbox: Sandbox, patch_model: Command) -> None:
    """-v tells of every request, whichever thread made it."""
    done = patch_model("apply", seed.ORDERS, seed.CONTACTS, *KEY, "-y", "-v")

    assert done.err.count("PUT /api/models/") == 2
    assert done.err.count("GET /api/models/") == 4
