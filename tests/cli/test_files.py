"""``pull``, ``plan -f`` and ``apply -f``: models as files in git."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.cli.conftest import Command, Outcome
from tests.cli.scripted import ScriptedEditor, edit
from tests.cli.terminal import Terminal
from tests.files.project import Project
from tests.leaks import SECRETS
from tests.sandbox import Gate, Sandbox, faults, seed

APPLY = ("apply", "-f", "models", "--yes")


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty repository, in which the commands run."""
    return Project(tmp_path / "project", monkeypatch).init()


@pytest.fixture
def pulled(project: Project, patch_model: Command) -> Project:
    """A repository with all models, committed."""
    assert patch_model("pull").code == 0
    project.commit("All models")
    return project


def results(done: Outcome) -> list[dict[str, Any]]:
    """The JSON objects of an output, one a line."""
    return [json.loads(line) for line in done.out.splitlines()]


def result_of(done: Outcome, model_id: str) -> dict[str, Any]:
    """The JSON object of one model."""
    (found,) = [one for one in results(done) if one["model_id"] == model_id]
    return found


def theirs(sandbox: Sandbox, model_id: str, changes: dict[str, Any]) -> None:
    """Someone else writes a model."""
    sandbox.write_as_other(model_id, changes)


def test_pull_writes_a_file_a_model_and_twice_changes_no_byte(
    project: Project, patch_model: Command
) -> None:
    """Files have the names of their models; the second pull leaves each byte and time alone."""
    first = patch_model("pull")
    before = project.contents()
    times = [path.stat().st_mtime_ns for path in sorted(project.models.iterdir())]
    second = patch_model("pull")

    assert (first.code, first.err) == (0, "")
    assert sorted(before) == [
        "models/accounts.yaml",
        "models/contacts.yaml",
        "models/orders.yaml",
    ]
    assert before["models/contacts.yaml"].startswith(
        f"# patch-model: model {seed.CONTACTS} at h".encode()
    )
    assert b"  query: |\n    select c.id" in before["models/contacts.yaml"]
    assert second.out == "3 unchanged.\n"
    assert project.contents() == before
    assert [path.stat().st_mtime_ns for path in sorted(project.models.iterdir())] == times


def test_no_line_depends_on_a_version_or_an_author(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """A write that changes nothing that is in the file leaves the file alone."""
    before = pulled.contents()
    theirs(sandbox, seed.ORDERS, {"name": "X"})
    theirs(sandbox, seed.ORDERS, {"name": "Orders"})

    assert patch_model("pull").out == "3 unchanged.\n"
    assert pulled.contents() == before


def test_pull_takes_what_others_changed_and_keeps_what_people_wrote(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Comments, order, line endings and uncommitted changes stay; git shows what changed."""
    path = pulled.file("orders")
    text = path.read_text().replace("name: Orders\n", "# ours\nname: 'Our orders' # why\n")
    path.write_bytes(text.replace("\n", "\r\n").encode())
    theirs(sandbox, seed.ORDERS, {"identifier": "order_key"})
    done = patch_model("pull", "Orders")

    assert done.code == 0
    assert "Updated: models/orders.yaml (/identifier)" in done.out
    content = path.read_bytes()
    assert b"# ours\r\nname: 'Our orders' # why\r\n" in content
    assert b"identifier: order_key\r\n" in content
    assert content.count(b"\n") == content.count(b"\r\n")
    assert patch_model("pull", "Orders").out == "1 unchanged.\n"
    assert path.read_bytes() == content


def test_plan_and_apply_bring_a_change_and_again_there_is_nothing_to_do(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """The plan is the change, the write is guarded, and running it again sends nothing."""
    before = sandbox.stored(seed.ORDERS)
    pulled.edit("orders", "name: Orders", "name: Our orders")
    plan = patch_model("plan", "-f", "models", "--exit-code")
    done = patch_model(*APPLY)
    again = patch_model(*APPLY)

    assert plan.code == 1
    assert "1 of 3 models" in plan.out
    assert '+ "Our orders"' in plan.out
    assert (done.code, again.code) == (0, 0)
    assert sandbox.stored(seed.ORDERS) == {**before, "name": "Our orders"}
    assert len(sandbox.puts()) == 1


def test_a_committed_change_needs_its_base(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """HEAD hides what was committed: merged, never applied is a conflict that names the base."""
    base = pulled.git("rev-parse", "HEAD").strip()
    pulled.edit("orders", "name: Orders", "name: Our orders")
    pulled.commit()
    hidden = patch_model(*APPLY)
    one = patch_model(*APPLY[:2], "models/orders.yaml", "--yes")
    pull = patch_model("pull")
    check = patch_model("pull", "--check")
    done = patch_model(*APPLY, "--base", base)

    assert hidden.code == 7
    assert one.code == 4
    assert f"--base {base[:12]}" in hidden.out
    assert pull.code == 7
    assert "name: Our orders" in pulled.file("orders").read_text()
    assert check.code == 1
    assert "Ahead: models/orders.yaml" in check.out
    assert done.code == 0
    assert sandbox.stored(seed.ORDERS)["name"] == "Our orders"


def test_a_revert_is_a_change_like_any_other(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """What was merged and applied goes back through git as well."""
    pulled.edit("orders", "name: Orders", "name: Our orders")
    first = pulled.commit()
    assert patch_model(*APPLY, "--base", f"{first}~1").code == 0
    pulled.git("revert", "--no-edit", first)

    assert patch_model(*APPLY, "--base", first).code == 0
    assert sandbox.stored(seed.ORDERS)["name"] == "Orders"


def test_changes_apart_need_a_rebase(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Shown by plan with a warning, refused by apply, and merged with --on-conflict rebase."""
    pulled.edit("orders", "name: Orders", "name: Our orders")
    theirs(sandbox, seed.ORDERS, {"identifier": "order_key"})
    plan = patch_model("plan", "-f", "models")
    refused = patch_model("apply", "-f", "models/orders.yaml", "--yes")
    done = patch_model(*APPLY, "--on-conflict", "rebase")
    stored = sandbox.stored(seed.ORDERS)

    assert plan.code == 0
    assert "apply needs --on-conflict rebase" in plan.out
    assert refused.code == 4
    assert "Changed by them:" in refused.out
    assert "/identifier" in refused.out
    assert done.code == 0
    assert (stored["name"], stored["identifier"]) == ("Our orders", "order_key")


def test_the_same_place_is_a_conflict_with_all_three_values(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Neither apply nor pull overwrites anything; who and when is said; the others go on."""
    pulled.edit("orders", "name: Orders", "name: Ours")
    pulled.edit("accounts", "name: Accounts", "name: Our accounts")
    theirs(sandbox, seed.ORDERS, {"name": "Theirs"})
    before = pulled.file("orders").read_bytes()
    done = patch_model(*APPLY, "--on-conflict", "rebase")
    pull = patch_model("pull", "-o", "json")
    conflict = result_of(pull, seed.ORDERS)

    assert done.code == 7
    for value in ('"Orders"', '"Ours"', '"Theirs"', "last changed by"):
        assert done.out.count(value) == 1
    assert sandbox.stored(seed.ORDERS)["name"] == "Theirs"
    assert sandbox.stored(seed.ACCOUNTS)["name"] == "Our accounts"
    assert pull.code == 7
    assert (conflict["status"], conflict["exit_code"]) == ("conflict", 4)
    assert conflict["error"]["conflict"]["both"] == [
        {"path": "/name", "base": "Orders", "yours": "Ours", "theirs": "Theirs", "touched": False}
    ]
    assert pulled.file("orders").read_bytes() == before

    pulled.edit("orders", "name: Ours", "name: Theirs")
    assert patch_model(*APPLY).code == 0


def test_the_same_change_on_both_sides_is_no_conflict(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Nothing is written, and nothing is asked."""
    pulled.edit("orders", "name: Orders", "name: Same")
    theirs(sandbox, seed.ORDERS, {"name": "Same"})
    sandbox.reset_requests()

    assert patch_model("apply", "-f", "models").code == 0
    assert sandbox.puts() == []


def test_nothing_of_yours_names_both_ways_on(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Where only the live model differs nothing is written; pull and --base live are named."""
    theirs(sandbox, seed.ORDERS, {"name": "Theirs"})
    done = patch_model(*APPLY)
    check = patch_model("pull", "--check")
    live = patch_model("plan", "-f", "models", "--base", "live")

    assert done.code == 0
    assert f"patch-model pull {seed.ORDERS}" in done.err
    assert "--base live" in done.err
    assert check.code == 1
    assert "Behind: models/orders.yaml (/name)" in check.out
    assert '+ "Orders"' in live.out


def test_on_a_branch_the_guess_is_refused(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Without --base a file that the branch's commits changed is left alone, naming the branch."""
    pulled.git("checkout", "-q", "-b", "feature")
    pulled.edit("orders", "name: Orders", "name: Ours")
    pulled.commit()
    guess = patch_model("apply", "-f", "models/orders.yaml", "--yes")
    pull = patch_model("pull", "Orders")
    done = patch_model(*APPLY, "--base", "main")

    assert guess.code == pull.code == 2
    assert "--base main" in guess.out + guess.err
    assert sandbox.stored(seed.ORDERS)["name"] == "Ours"
    assert done.code == 0


def test_a_base_that_is_ahead_is_taken_at_the_merge_base(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """A change on the target branch is not seen as one of ours, backwards; and that is said."""
    pulled.git("checkout", "-q", "-b", "feature")
    pulled.git("checkout", "-q", "main")
    pulled.edit("orders", "name: Orders", "name: On main")
    pulled.commit()
    assert patch_model(*APPLY, "--base", "HEAD~1").code == 0
    pulled.git("checkout", "-q", "feature")
    pulled.edit("accounts", "name: Accounts", "name: Ours")
    done = patch_model("plan", "-f", "models", "--base", "main")

    assert done.code == 0
    assert "merge base" in done.err
    assert "1 of 3 models" in done.out
    assert '"On main"' not in done.out


def test_without_git_a_difference_needs_a_base(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    patch_model: Command,
) -> None:
    """Equal is fine; else --base live or an older copy says who changed what."""
    project = Project(tmp_path / "plain", monkeypatch)
    assert patch_model("pull").code == 0
    assert patch_model("pull").out == "3 unchanged.\n"
    assert patch_model(*APPLY).code == 0
    shutil.copytree(project.models, project.path / "older")
    project.edit("orders", "name: Orders", "name: Ours")
    refused = patch_model("apply", "-f", "models/orders.yaml", "--yes")
    pull = patch_model("pull", "Orders")
    copied = patch_model("plan", "-f", "models", "--base", "older")
    done = patch_model(*APPLY, "--base", "live")

    assert refused.code == pull.code == 2
    assert "--base live" in pull.err
    assert "1 of 3 models" in copied.out
    assert done.code == 0
    assert sandbox.stored(seed.ORDERS)["name"] == "Ours"


def test_an_uncommitted_file_that_differs_needs_a_base(
    project: Project, patch_model: Command
) -> None:
    """In a repository without a commit, too."""
    assert patch_model("pull").code == 0
    project.edit("orders", "name: Orders", "name: Ours")
    done = patch_model("apply", "-f", "models/orders.yaml", "--yes")

    assert done.code == 2
    assert "is not committed" in done.out


def test_credentials_never_get_into_a_file_and_stay_as_they_are(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """The mask stands for the live value; the plan says that it goes along."""
    text = pulled.file("contacts").read_text()
    before = sandbox.stored(seed.CONTACTS)
    pulled.edit("contacts", "role: READER", "role: WRITER")
    done = patch_model(*APPLY)
    after = sandbox.stored(seed.CONTACTS)

    assert 'api_token: "********"' in text
    content = b"".join(pulled.contents().values()).decode()
    assert not [one for one in SECRETS if one in content]
    assert done.code == 0
    assert "The credential at /configuration/session/api_token stays as it is" in done.out
    assert after["configuration"]["session"]["role"] == "WRITER"
    token = after["configuration"]["session"]["api_token"]
    assert token == before["configuration"]["session"]["api_token"]


def test_a_value_in_place_of_the_mask_sets_it(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """The value is written, shown nowhere, and the next pull puts nothing else there."""
    pulled.edit("contacts", 'api_token: "********"', "api_token: brand-new-token")
    done = patch_model(*APPLY)

    assert done.code == 0
    assert "brand-new-token" not in done.out + done.err
    stored = sandbox.stored(seed.CONTACTS)["configuration"]["session"]
    assert stored["api_token"] == "brand-new-token"
    assert patch_model("pull").out == "3 unchanged.\n"


HEADERS = [
    {"name": "Authorization", "value": "s3cr3t-token"},
    {"name": "X-Token", "value": "tok_live_51c0ffee"},
]


def test_reordered_headers_never_swap_their_values(
    sandbox: Sandbox, project: Project, patch_model: Command
) -> None:
    """In a list a mask stands for a value only where the item is as the model has it."""
    theirs(sandbox, seed.ORDERS, {"configuration": {"url": "https://x.test", "headers": HEADERS}})
    assert patch_model("pull").code == 0
    project.commit()
    path = project.file("orders")
    text = path.read_text()
    one = '    - name: Authorization\n      value: "********"\n'
    other = '    - name: X-Token\n      value: "********"\n'
    assert one + other in text

    path.write_text(text.replace(one + other, other + one))
    swapped = patch_model("apply", "-f", str(path), "--yes")
    path.write_text(text.replace("x.test", "y.test"))
    beside = patch_model("apply", "-f", str(path), "--yes")

    assert swapped.code == 2
    assert "/configuration/headers/0/value" in swapped.out
    assert beside.code == 0
    assert sandbox.stored(seed.ORDERS)["configuration"]["headers"] == HEADERS


def test_a_credential_within_a_text_is_not_written(
    sandbox: Sandbox, project: Project, patch_model: Command
) -> None:
    """The place is named, and the other files go on."""
    configuration = {"password": "s3cr3t-token", "query": "select 's3cr3t-token'"}
    theirs(sandbox, seed.ORDERS, {"configuration": configuration})
    done = patch_model("pull")

    assert done.code == 7
    assert "/configuration/query" in done.err
    assert sorted(project.contents()) == ["models/accounts.yaml", "models/contacts.yaml"]


@pytest.mark.parametrize("option", ["--document", "--merge"])
@pytest.mark.parametrize("source", ["@FILE", "-"])
def test_a_mask_from_a_file_gets_nowhere_as_a_change(
    sandbox: Sandbox, pulled: Project, process: Command, option: str, source: str
) -> None:
    """--document and --merge refuse a mask as ever, naming the place."""
    path = pulled.file("contacts")
    source = source.replace("FILE", str(path))
    done = process("apply", "Contacts", option, source, "--yes", stdin=path.read_text())

    assert done.code == 2
    assert "mask" in done.err
    assert "/configuration/session/api_token" in done.err
    assert sandbox.puts() == []


def test_a_mask_from_a_file_gets_nowhere_as_an_edit(
    sandbox: Sandbox, pulled: Project, editor: ScriptedEditor
) -> None:
    """An edit whose text is that of a file is refused, and shown again with the place."""
    editor.does(f"cat '{pulled.file('contacts')}' > \"$1\"", "exit 1")
    code, screen = edit("Contacts")

    assert code == 1, screen
    assert editor.visits == 2
    assert "/configuration/session/api_token" in editor.saw(2)
    assert sandbox.puts() == []


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\x04", 1)])
def test_there_is_one_question_for_all_files(
    sandbox: Sandbox, pulled: Project, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    """Below the plan, with the host and the count; all but yes writes nothing."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    for name in ("orders", "accounts"):
        pulled.edit(name, "identifier: id", "identifier: key")
    terminal = Terminal("apply", "-f", "models", folder=pulled.path)
    screen = terminal.wait_for("[y/N]")
    terminal.type(typed)

    assert terminal.finish() == code
    assert "2 of 3 models to change, 1 unchanged" in screen
    host = sandbox.url.removeprefix("http://")
    assert screen.index('+ "key"') < screen.index(f"Write 2 models to {host}")
    assert terminal.screen.count("[y/N]") == 1
    assert len(sandbox.puts()) == (0 if code else 2)
    assert ("2 declined" in terminal.screen) is bool(code)


def test_an_interrupted_pull_does_not_say_that_nothing_was_written(
    sandbox: Sandbox, pulled: Project, monkeypatch: pytest.MonkeyPatch, patch_model: Command
) -> None:
    """Files may be; each is whole, and the same command does the rest."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    for one in (seed.ORDERS, seed.ACCOUNTS):
        theirs(sandbox, one, {"identifier": "key"})
    gate = Gate()
    sandbox.fault(faults.hold(gate, path=seed.ORDERS, method="GET"))
    terminal = Terminal("pull", folder=pulled.path)
    assert gate.wait_reached(60)
    terminal.signal(signal.SIGINT)
    terminal.wait_for("Interrupted")
    gate.release()

    assert terminal.finish() == 130
    assert "some files may have been updated" in terminal.screen
    assert "Nothing was written" not in terminal.screen
    assert patch_model("pull").code == 0
    for name in ("orders", "accounts"):
        assert "identifier: key" in pulled.file(name).read_text()


def test_a_conflict_is_shown_once_with_what_is_asked_about(
    sandbox: Sandbox, pulled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the overview, with its three values, above the question about the others."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("COLUMNS", "80")
    pulled.edit("accounts", "name: Accounts", "name: Ours")
    pulled.edit("orders", "name: Orders", "name: Our orders")
    theirs(sandbox, seed.ORDERS, {"name": "Their orders"})
    terminal = Terminal("apply", "-f", "models", folder=pulled.path)
    screen = terminal.wait_for("[y/N]")
    terminal.type("y\n")

    assert terminal.finish() == 7
    for text in ("both you and others changed /name", '"Our orders"', "Changed by both"):
        assert terminal.screen.count(text) == 1
        assert text in screen
    assert max(len(row) for row in screen.split("\n") if "Hint" in row) <= 80
    assert sandbox.stored(seed.ACCOUNTS)["name"] == "Ours"


def test_bad_files_are_named_with_their_line_and_the_others_go_on(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Markers, doubled keys, an empty file, two of one model: each by name; nothing is lost."""
    pulled.edit("accounts", "name: Accounts", "name: Ours")
    pulled.edit("orders", "name: Orders", "<<<<<<< HEAD\nname: Orders")
    pulled.edit("contacts", "identifier: id", "identifier: id\nidentifier: id")
    (pulled.models / "empty.yaml").write_bytes(b"")
    (pulled.models / "notes.yaml").write_text("just: notes\n")
    shutil.copy(pulled.file("accounts"), pulled.models / "twin.yaml")
    done = patch_model(*APPLY)

    assert done.code == 7
    for text in (
        "models/orders.yaml:2: ",
        "models/contacts.yaml",
        "occurs twice",
        "models/empty.yaml is empty",
        "models/twin.yaml is of the same model as models/accounts.yaml",
    ):
        assert text in done.out
    assert "notes.yaml" not in done.out + done.err
    assert sandbox.puts() == []

    (pulled.models / "twin.yaml").unlink()
    assert patch_model(*APPLY).code == 7
    assert sandbox.stored(seed.ACCOUNTS)["name"] == "Ours"


def test_an_unreadable_file_counts_neither_as_deleted_nor_as_new(
    pulled: Project, patch_model: Command
) -> None:
    """A pull leaves it alone and makes no second file of its model."""
    pulled.edit("orders", "name: Orders", "<<<<<<< HEAD\nname: Orders")
    before = pulled.contents()
    done = patch_model("pull")

    assert done.code == 7
    assert "models/orders.yaml:2" in done.err
    assert pulled.contents() == before


def test_a_schema_violation_names_file_and_line(pulled: Project, patch_model: Command) -> None:
    """What the change breaks is refused before anything is written."""
    pulled.edit("orders", "name: Orders", "name: 5")
    done = patch_model("plan", "-f", "models/orders.yaml")

    assert done.code == 2
    assert "models/orders.yaml:2: " in done.out


def test_a_model_that_is_gone_names_git_rm(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Exit 3; nothing is created, and the file stays."""
    sandbox.delete(seed.ORDERS)
    apply = patch_model("apply", "-f", "models/orders.yaml", "--yes")
    pull = patch_model("pull")

    assert apply.code == 3
    assert "git rm models/orders.yaml" in apply.out
    assert pull.code == 7
    assert "git rm models/orders.yaml" in pull.err
    assert pulled.file("orders").exists()


def test_a_deleted_file_is_not_brought_back_unless_its_model_is_named(
    pulled: Project, patch_model: Command
) -> None:
    """Nothing is ever deleted by apply either."""
    pulled.file("orders").unlink()
    everything = patch_model("pull", "--all")
    assert not pulled.file("orders").exists()
    named = patch_model("pull", "Orders")

    assert everything.code == named.code == 0
    assert "Deleted" in everything.out
    assert pulled.file("orders").exists()


def test_a_file_may_be_renamed_moved_and_its_model_renamed(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """A file is found by the id in it, here and at the base."""
    (pulled.models / "sales").mkdir()
    pulled.git("mv", "models/orders.yaml", "models/sales/all-orders.yml")
    theirs(sandbox, seed.ORDERS, {"name": "Other"})
    done = patch_model("pull")

    assert done.code == 0
    assert "Updated: models/sales/all-orders.yml (/name)" in done.out
    assert not pulled.file("orders").exists()
    assert not pulled.file("other").exists()


def test_names_that_collide_get_a_part_of_their_id(
    sandbox: Sandbox, project: Project, patch_model: Command
) -> None:
    """Without regard to case; names without letters and those of devices as well."""
    theirs(sandbox, seed.ORDERS, {"name": "accounts"})
    theirs(sandbox, seed.CONTACTS, {"name": "日本"})
    assert patch_model("pull").code == 0

    assert sorted(project.contents()) == sorted(
        [
            f"models/accounts-{seed.ACCOUNTS[:8]}.yaml",
            f"models/accounts-{seed.ORDERS[:8]}.yaml",
            f"models/model-{seed.CONTACTS[:8]}.yaml",
        ]
    )


def test_a_file_of_another_api_or_organization_is_refused(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Two APIs can hold the same ids."""
    pulled.edit("orders", sandbox.url, "https://other.example")
    pulled.edit("accounts", seed.ORGANIZATION_ID, seed.WAREHOUSE)
    done = patch_model(*APPLY)

    assert done.code == 7
    assert "models/orders.yaml is of https://other.example" in done.out
    assert "models/accounts.yaml is of organization" in done.out


def test_a_file_names_the_owner_of_its_model(
    sandbox: Sandbox,
    project: Project,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However the environment spells the organization: else no later command would take it."""
    monkeypatch.setenv("POLYTOMIC_ORGANIZATION_ID", seed.ORGANIZATION_ID.upper())

    assert patch_model("pull", "--dir", "models").code == 0
    assert patch_model("plan", "-f", "models", "--base", "live").code == 0
    assert patch_model("pull", "--dir", "models").code == 0


def test_a_link_out_of_the_folder_is_refused(pulled: Project, patch_model: Command) -> None:
    """What is in the folder is what is reviewed."""
    outside = pulled.path / "outside.yaml"
    shutil.move(pulled.file("orders"), outside)
    pulled.file("orders").symlink_to(outside)
    (pulled.models / "elsewhere").symlink_to(pulled.path)
    (pulled.models / "again.yaml").symlink_to(pulled.file("accounts"))
    done = patch_model(*APPLY)

    assert done.code == 7
    assert "models/orders.yaml is a link to something outside" in done.out
    assert "models/elsewhere is a link to something outside" in done.out
    assert "again.yaml" not in done.out


def test_a_file_under_a_filter_is_refused(pulled: Project, patch_model: Command) -> None:
    """Git does not hold its text, so there is nothing to compare with."""
    (pulled.path / ".gitattributes").write_text("models/orders.yaml filter=lfs\n")
    done = patch_model("plan", "-f", "models")

    assert done.code == 7
    assert "models/orders.yaml is under the git filter 'lfs'" in done.out


def test_during_a_merge_the_base_has_to_be_named(pulled: Project, patch_model: Command) -> None:
    """And a file that git has not merged is refused by name, whatever the base."""
    pulled.git("checkout", "-q", "-b", "feature")
    pulled.edit("orders", "name: Orders", "name: Ours")
    pulled.commit()
    pulled.git("checkout", "-q", "main")
    pulled.edit("orders", "name: Orders", "name: Theirs")
    pulled.commit()
    with pytest.raises(AssertionError):
        pulled.git("merge", "feature")
    done = patch_model("plan", "-f", "models")
    named = patch_model("plan", "-f", "models", "--base", "HEAD~1")
    pulled.edit("orders", "<<<<<<< HEAD\n", "")

    assert done.code == 2
    assert "A merge is in progress" in done.err
    assert named.code == 7
    assert "models/orders.yaml:2" in named.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "-f", "nowhere"), "nowhere cannot be read: No such file"),
        (("apply", "-f", "models", "--base", ""), "--base is empty"),
        (("plan", "-f", "models", "Orders"), "MODEL can't be combined with -f"),
        (("plan", "-f", "models", "--set", "name=X"), "--set can't be combined with -f"),
        (("plan", "-f", "models", "--expect-version", "0"), "--expect-version can't"),
        (("apply", "-f", "models", "--all"), "--all can't be combined with -f"),
        (("plan", "--base", "HEAD"), "--base goes with -f"),
        (("apply", "--plan", "p", "-f", "models"), "-f can't be combined with --plan"),
        (("plan", "--show", "p", "--base", "HEAD"), "--base can't be combined with --show"),
        (("plan", "-f", "models", "--base", "nope"), "neither a folder nor a revision"),
        (("plan", "-f", "models", "--base", "models/none"), "neither a folder nor a revision"),
        (("plan", "-f", ".git"), "no model files"),
        (("pull", "--all", "Orders"), "--all can't be combined with MODEL"),
        (("pull", "--dir", "models/orders.yaml"), "models/orders.yaml is a file"),
        (("plan", "models"), "Did you mean -f models?"),
        (("apply", "models/orders.yaml", "models"), "-f models/orders.yaml -f models?"),
        (("push",), 'Did you mean "apply"?'),
        (("export",), 'Did you mean "pull"?'),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    sandbox: Sandbox, pulled: Project, patch_model: Command, arguments: tuple[str, ...], words: str
) -> None:
    """With exit 2, before any request."""
    sandbox.reset_requests()
    done = patch_model(*arguments)

    assert done.code == 2
    assert words in done.err
    assert sandbox.requests == []


def test_a_base_that_is_a_folder_and_a_revision_is_refused(
    pulled: Project, patch_model: Command
) -> None:
    """Both ways to say which are named."""
    pulled.git("tag", "models")
    done = patch_model("plan", "-f", "models", "--base", "models")

    assert done.code == 2
    assert "--base models is both a folder and a revision" in done.err
    copy = patch_model("plan", "-f", "models", "--base", "./models")
    assert copy.code == 7
    assert "./models has models/orders.yaml itself" in copy.out


def test_a_shallow_clone_is_named_as_the_reason(
    pulled: Project, tmp_path: Path, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a default branch --base is required; a missing revision says how to get it."""
    pulled.edit("orders", "name: Orders", "name: Ours")
    base = pulled.git("rev-parse", "HEAD").strip()
    pulled.commit()
    pulled.git("clone", "-q", "--depth", "1", f"file://{pulled.path}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    clone = Project(tmp_path / "shallow")
    clone.git("remote", "set-head", "origin", "--delete")
    guess = patch_model("plan", "-f", "models")
    named = patch_model("plan", "-f", "models", "--base", base)

    assert guess.code == named.code == 2
    assert "shallow" in guess.err
    assert "git fetch --unshallow" in named.err


def test_a_report_of_all_of_them(sandbox: Sandbox, pulled: Project, patch_model: Command) -> None:
    """-o markdown has every plan, and first of all what has none, with the conflict's values."""
    pulled.edit("orders", "name: Orders", "name: Ours")
    pulled.edit("accounts", "name: Accounts", "name: Our accounts")
    theirs(sandbox, seed.ORDERS, {"name": "Theirs"})
    done = patch_model("plan", "-f", "models", "-o", "markdown")
    pulled.git("checkout", "-q", ".")
    nothing = patch_model("plan", "-f", "models/contacts.yaml", "-o", "markdown")
    html = patch_model("plan", "-f", "models", "-o", "html")
    bare = patch_model("plan", "-f", "models/contacts.yaml", "-o", "html")

    assert done.code == 7
    assert done.out.startswith("### 1 model without a plan")
    assert '`"Theirs"`' in done.out
    assert "### Plan for" in done.out
    assert nothing.out.strip() == "No changes: 1 model up to date."
    assert html.code == bare.code == 0
    assert "0 plans" in bare.out


def test_json_is_one_object_a_line(pulled: Project, patch_model: Command) -> None:
    """As for any run of many, with the name of the run."""
    pulled.edit("orders", "name: Orders", "name: Ours")
    done = patch_model(*APPLY, "-o", "json")
    pull = patch_model("pull", "-o", "json")

    assert {one["status"] for one in results(done)} == {"applied", "unchanged"}
    run = result_of(done, seed.ORDERS)["run"]
    assert patch_model("undo", "--run", run, "--yes").code == 0
    assert result_of(pull, seed.ORDERS)["path"] == "models/orders.yaml"


def test_a_run_that_was_cut_off_is_gone_on_with(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """What failed is written by the same command, and nothing twice."""
    for name, title in (("orders", "Orders"), ("accounts", "Accounts"), ("contacts", "Contacts")):
        pulled.edit(name, f"name: {title}", f"name: Our {name}")
    sandbox.fault(faults.status_before(403, path=seed.ORDERS))
    first = patch_model(*APPLY)
    again = patch_model(*APPLY)

    assert (first.code, again.code) == (7, 0)
    assert [len(sandbox.puts(one)) for one in (seed.ACCOUNTS, seed.CONTACTS)] == [1, 1]
    assert sandbox.stored(seed.ORDERS)["name"] == "Our orders"


@pytest.fixture
def powerless(project: Project) -> Command:
    """Runs patch-model as a user whom permissions stop, which they don't for root."""
    stopped: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root without setpriv")
        stopped = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")

    def command(*arguments: str) -> Outcome:
        done = subprocess.run(
            [*warm.words(under=stopped), *arguments],
            cwd=project.path,
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return command


def test_a_folder_without_write_permission(
    sandbox: Sandbox, pulled: Project, powerless: Command
) -> None:
    """Each file that cannot be put there is named, the others go on, and nothing is lost."""
    (pulled.models / "open").mkdir()
    pulled.file("orders").rename(pulled.models / "open" / "orders.yaml")
    for one in (seed.ORDERS, seed.ACCOUNTS):
        theirs(sandbox, one, {"identifier": "key"})
    sandbox.create({**sandbox.stored(seed.ORDERS), "name": "New"})
    before = pulled.file("accounts").read_bytes()
    pulled.models.chmod(0o555)
    done = powerless("pull")
    alone = powerless("pull", "Accounts")
    pulled.models.chmod(0o755)

    assert (done.code, alone.code) == (7, 2)
    for name in ("accounts", "new"):
        assert f"models/{name}.yaml cannot be written: Permission denied." in done.err
    assert "Updated: models/open/orders.yaml" in done.out
    assert pulled.file("accounts").read_bytes() == before
    assert sorted(one.name for one in pulled.models.iterdir()) == [
        "accounts.yaml",
        "contacts.yaml",
        "open",
    ]


def test_a_folder_that_cannot_be_made(project: Project, patch_model: Command) -> None:
    """What stands in its way is not replaced."""
    (project.path / "file").write_text("x")
    done = patch_model("pull", "--dir", "file/below")

    assert done.code == 7
    assert "file/below/orders.yaml cannot be written: Not a directory" in done.err
    assert (project.path / "file").read_text() == "x"


@pytest.mark.parametrize("name", ["models/orders.yaml", "models/sub"])
def test_a_file_or_folder_without_read_permission(
    sandbox: Sandbox, pulled: Project, powerless: Command, name: str
) -> None:
    """It is named, neither deleted nor new, and the others are written."""
    pulled.edit("accounts", "name: Accounts", "name: Ours")
    if name.endswith("sub"):
        (pulled.models / "sub").mkdir()
        pulled.git("mv", "models/orders.yaml", "models/sub/orders.yaml")
        pulled.git("commit", "-q", "-m", "Moved", "models/orders.yaml", "models/sub")
    (pulled.path / name).chmod(0)
    pull = powerless("pull", "Orders")
    everything = powerless("pull", "-o", "json")
    done = powerless(*APPLY, "--base", "HEAD")
    (pulled.path / name).chmod(0o755)

    assert (pull.code, everything.code, done.code) == (2, 7, 7)
    assert f"{name} cannot be read: Permission denied" in done.out
    assert name in pull.err
    assert {one["status"] for one in results(everything)} == {"failed", "unchanged"}
    assert sandbox.stored(seed.ACCOUNTS)["name"] == "Ours"
    assert [one.name for one in pulled.models.rglob("orders*")] == ["orders.yaml"]


def test_a_file_that_cannot_be_reached_is_named(pulled: Project, powerless: Command) -> None:
    """At once, with exit 2."""
    pulled.models.chmod(0)
    named = powerless("plan", "-f", "models/orders.yaml")
    base = powerless("pull", "--dir", "other", "--base", "models/none")
    pulled.models.chmod(0o755)

    assert (named.code, base.code) == (2, 2)
    assert "models/orders.yaml cannot be read: Permission denied" in named.err
    assert "neither a folder nor a revision" in base.err
