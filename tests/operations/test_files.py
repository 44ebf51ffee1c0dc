"""Models as files from Python: results as they come, as patch_models gives them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import patcher
from patcher import Client, errors
from tests.files.project import Project
from tests.sandbox import Sandbox, faults, seed


@pytest.fixture
def project(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A repository with all models, committed."""
    made = Project(tmp_path / "project", monkeypatch).init()
    assert [one.status for one in patcher.pull_models("models", client=client)] == ["created"] * 3
    made.commit()
    return made


def test_files_are_pulled_planned_and_applied(
    sandbox: Sandbox, client: Client, project: Project
) -> None:
    """Planning writes nothing; a second apply has nothing to do."""
    project.edit("orders", "name: Orders", "name: Ours")
    planned = list(patcher.plan_files(["models"], client=client))
    assert sorted(one.status for one in planned) == ["planned", "unchanged", "unchanged"]
    assert sandbox.puts() == []
    asked: list[int] = []

    def confirm(overview: Any) -> bool:
        asked.append(overview.changing)
        return True

    applied = list(patcher.apply_files([project.models], client=client, confirm=confirm))
    again = list(patcher.apply_files([project.models], client=client))

    assert sorted(one.status for one in applied) == ["applied", "unchanged", "unchanged"]
    assert {one.status for one in again} == {"unchanged"}
    assert asked == [1]
    assert sandbox.stored(seed.ORDERS)["name"] == "Ours"


def test_a_conflict_is_in_the_result(sandbox: Sandbox, client: Client, project: Project) -> None:
    """With its report; nothing is raised, and the file is as it was."""
    project.edit("orders", "name: Orders", "name: Ours")
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    (applied,) = patcher.apply_files(["models/orders.yaml"], client=client)
    (pulled,) = patcher.pull_models("models", [seed.ORDERS], client=client)

    assert isinstance(applied.error, errors.ConflictError)
    assert [one.path for one in applied.error.report.both] == ["/name"]
    assert (pulled.status, pulled.exit_code) == ("conflict", 4)
    assert pulled.to_dict()["error"]["conflict"]["both"][0]["theirs"] == "Theirs"


def test_results_say_what_a_check_found(sandbox: Sandbox, client: Client, project: Project) -> None:
    """Ahead, behind, diverged; what has no file is behind, and nothing is written."""
    project.edit("orders", "name: Orders", "name: Ours")
    project.edit("accounts", "name: Accounts", "name: Ours")
    sandbox.write_as_other(seed.ACCOUNTS, {"identifier": "name"})
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    new = sandbox.create({**sandbox.stored(seed.ORDERS), "name": "New"})
    before = project.contents()
    found = {one.model_id: one for one in patcher.pull_models("models", client=client, check=True)}

    assert {key: one.status for key, one in found.items()} == {
        seed.ORDERS: "ahead",
        seed.ACCOUNTS: "diverged",
        seed.CONTACTS: "behind",
        new: "behind",
    }
    assert {one.exit_code for one in found.values()} == {1}
    assert found[new].path is None
    assert project.contents() == before


def test_some_models_are_pulled(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    """By name, by condition, and all but some."""
    folder = tmp_path / "some"
    options: dict[str, Any] = {"client": client}

    assert [one.name for one in patcher.pull_models(folder, ["Orders"], **options)] == ["Orders"]
    assert [one.name for one in patcher.pull_models(folder, where=["name~=^Acc"], **options)] == [
        "Accounts"
    ]
    left = list(patcher.pull_models(folder, exclude=["Orders", "Accounts"], **options))
    assert [(one.name, one.status) for one in left] == [("Contacts", "created")]


def test_what_cannot_be_is_raised_at_once(client: Client) -> None:
    """One path is not a list of its letters."""
    with pytest.raises(errors.InvalidInputError, match="a list"):
        patcher.apply_files("models", client=client)
    with pytest.raises(errors.InvalidInputError, match="No file given"):
        patcher.plan_files([], client=client)
    with pytest.raises(errors.SettingsError):
        patcher.pull_models("models", client=client, concurrency=0)


def test_a_file_that_changes_meanwhile_is_left_alone(
    sandbox: Sandbox, client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What someone saves while a pull is on its way is not lost."""
    from patcher.files.modelfile import ModelFile

    write = ModelFile.write

    def saved_meanwhile(self: ModelFile, content: bytes) -> None:
        self.path.write_text(self.text + "# saved\n")
        write(self, content)

    monkeypatch.setattr(ModelFile, "write", saved_meanwhile)
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    (result,) = patcher.pull_models("models", [seed.ORDERS], client=client)

    assert result.exit_code == 4
    assert project.file("orders").read_text().endswith("# saved\n")


def test_a_pull_keeps_the_mode_of_a_file_and_makes_new_ones_as_the_umask_says(
    sandbox: Sandbox, client: Client, project: Project
) -> None:
    """Files in a repository are no secrets."""
    path = project.file("orders")
    path.chmod(0o640)
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    assert [one.status for one in patcher.pull_models("models", [seed.ORDERS], client=client)] == [
        "updated"
    ]
    mask = os.umask(0o022)
    os.umask(mask)

    assert path.stat().st_mode & 0o777 == 0o640
    assert project.file("contacts").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_mask_stays_one_whatever_the_words_are_now(
    sandbox: Sandbox, client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was pulled with more words is applied and pulled without them."""
    monkeypatch.setenv("PATCH_MODEL_MASK", "warehouse")
    project.file("contacts").unlink()
    (made,) = patcher.pull_models("models", [seed.CONTACTS], client=client)
    assert made.path is not None
    assert 'warehouse: "********"' in made.path.read_text()
    project.commit()
    monkeypatch.delenv("PATCH_MODEL_MASK")
    project.edit("contacts", "identifier: id", "identifier: email")
    (applied,) = patcher.apply_files([made.path], client=client)
    (pulled,) = patcher.pull_models("models", [seed.CONTACTS], client=client)

    assert (applied.status, pulled.status) == ("applied", "unchanged")
    assert sandbox.stored(seed.CONTACTS)["configuration"]["warehouse"] == "REPORTING_WH"
    assert 'warehouse: "********"' in made.path.read_text()


def test_a_byte_order_mark_and_null_stay(
    sandbox: Sandbox, client: Client, project: Project
) -> None:
    """A null at the top is removal, and a pull of something else keeps it."""
    path = project.file("orders")
    text = path.read_text().replace("identifier: id\n", "identifier: null\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    (pulled,) = patcher.pull_models("models", [seed.ORDERS], client=client)
    (applied,) = patcher.apply_files([path], client=client, on_conflict="rebase")

    assert pulled.status == "updated"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# patch-model: ")
    assert b"identifier: null\n" in path.read_bytes()
    assert applied.status == "applied"
    assert "identifier" not in sandbox.stored(seed.ORDERS)


def test_the_servers_order_changes_no_file(
    sandbox: Sandbox, client: Client, project: Project
) -> None:
    """A list without an order keeps the file's; what is new comes last."""
    fields = sandbox.stored(seed.ORDERS)["fields"]
    sandbox.write_as_other(seed.ORDERS, {"fields": [*reversed(fields)]})
    (same,) = patcher.pull_models("models", [seed.ORDERS], client=client)
    sandbox.write_as_other(seed.ORDERS, {"fields": ["new", *reversed(fields)]})
    (more,) = patcher.pull_models("models", [seed.ORDERS], client=client)
    text = project.file("orders").read_text()

    assert (same.status, more.status) == ("unchanged", "updated")
    listed = "".join(f"  - {one}\n" for one in [*fields, "new"])
    assert f"fields:\n{listed}" in text


def test_a_url_with_a_password_is_a_mask(
    sandbox: Sandbox, client: Client, project: Project
) -> None:
    """As a whole value; what goes along beside it stays as it is."""
    configuration = {"url": "postgres://me:hunter2-orders@host/db", "schema": "a"}
    sandbox.write_as_other(seed.ORDERS, {"configuration": configuration})
    (pulled,) = patcher.pull_models("models", [seed.ORDERS], client=client)
    assert 'url: "********"' in project.file("orders").read_text()
    project.commit()
    project.edit("orders", "schema: a", "schema: b")
    (applied,) = patcher.apply_files(["models/orders.yaml"], client=client)

    assert (pulled.status, applied.status) == ("updated", "applied")
    stored = sandbox.stored(seed.ORDERS)["configuration"]
    assert (stored["url"], stored["schema"]) == (configuration["url"], "b")
    assert [one.code for one in applied.warnings if one.code == "credential-kept"]


def test_hints_are_in_pythons_words(sandbox: Sandbox, client: Client, project: Project) -> None:
    """They name functions and arguments, not commands and options."""
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    project.edit("orders", "name: Orders", "name: Ours")
    (clash,) = patcher.apply_files(["models/orders.yaml"], client=client)
    project.git("rm", "-q", "--cached", "models/orders.yaml")
    project.git("commit", "-q", "-m", "Without it")
    (unknown,) = patcher.apply_files(["models/orders.yaml"], client=client)
    assert clash.error is not None
    assert unknown.error is not None
    hints = f"{clash.error.hint} {unknown.error.hint}"

    assert 'patcher.plan_files(["models/orders.yaml"]) base="live"' in hints
    assert f'patcher.pull_models(folder, ["{seed.ORDERS}"])' in hints
    assert "patch-model" not in hints
    assert "--" not in hints.replace("-- ", "")


def test_what_a_put_cannot_carry_is_refused_there_and_nowhere_else(
    sandbox: Sandbox, client: Client, project: Project
) -> None:
    """An unknown key is in the file with a note; a change beside it names it, with its line."""
    sandbox.fault(faults.growth({"novel": {"a": 1}}, method="GET", path=seed.ORDERS, every=True))
    project.file("orders").unlink()
    (made,) = patcher.pull_models("models", [seed.ORDERS], client=client)
    (same,) = patcher.apply_files(["models/orders.yaml"], client=client)
    project.commit()
    project.edit("orders", "name: Orders", "name: Ours")
    (refused,) = patcher.apply_files(["models/orders.yaml"], client=client)
    (dropped,) = patcher.apply_files(
        ["models/orders.yaml"], client=client, unknown_fields="drop", on_conflict="rebase"
    )
    text = project.file("orders").read_text()

    assert (made.status, same.status) == ("created", "unchanged")
    assert "novel:\n  a: 1\n" in text
    line = text[: text.index("\nnovel:")].count("\n") + 2
    assert refused.error is not None
    assert refused.error.message.startswith(f"models/orders.yaml:{line}: ")
    assert refused.exit_code == 2
    assert dropped.exit_code == 0, dropped.error
    assert sandbox.stored(seed.ORDERS)["name"] == "Ours"


def test_git_is_asked_as_often_for_many_files_as_for_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To pull, to pull again, to plan and to apply: never once a file."""
    run, commands = subprocess.Popen.__init__, []

    def counted(self: Any, arguments: Any, **options: Any) -> None:
        commands.append(arguments[1])
        run(self, arguments, **options)

    counts = []
    for models in (3, 20):
        project = Project(tmp_path / str(models), monkeypatch).init()
        with Sandbox(models=models) as sandbox, Client(sandbox.url, sandbox.api_key) as client:
            commands.clear()
            with monkeypatch.context() as patched:
                patched.setattr(subprocess.Popen, "__init__", counted)
                created = list(patcher.pull_models("models", client=client))
            project.commit()
            for path in project.models.iterdir():
                path.write_text(path.read_text().replace("\nname: ", "\nname: New "))
            with monkeypatch.context() as patched:
                patched.setattr(subprocess.Popen, "__init__", counted)
                pulled = list(patcher.pull_models("models", client=client))
                planned = list(patcher.plan_files(["models"], client=client))
                applied = list(patcher.apply_files(["models"], client=client))
        assert {one.status for one in created} == {"created"}
        assert {one.status for one in pulled} == {"unchanged"}
        assert [len(created), len(pulled), len(planned)] == [models] * 3
        assert [one.status for one in applied] == ["applied"] * models
        counts.append(sorted(commands))

    assert counts[0] == counts[1]
    assert len(counts[0]) < 40
