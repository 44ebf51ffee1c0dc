"""``pull``, ``plan -f`` and ``apply -f`` in repositories of every kind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.files.project import Project
from tests.sandbox import Sandbox, seed

APPLY = ("apply", "-f", "models", "--yes")


@pytest.fixture
def pulled(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patch_model: Command
) -> Project:
    """A repository with all models, committed."""
    project = Project(tmp_path / "project", monkeypatch).init()
    assert patch_model("pull").code == 0
    project.commit("All models")
    return project


def test_what_a_sparse_checkout_leaves_out_is_not_deleted(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Nothing is planned for it, and no second file of its model is made."""
    (pulled.models / "a").mkdir()
    pulled.git("mv", "models/orders.yaml", "models/a/orders.yaml")
    pulled.commit()
    pulled.git("sparse-checkout", "set", "--no-cone", "/*", "!/models/a/")
    pulled.file("contacts").unlink()
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    everything = patch_model("pull")
    check = patch_model("pull", "--check")
    named = patch_model("pull", "Theirs")
    done = patch_model(*APPLY)

    assert (everything.code, check.code, named.code, done.code) == (0, 0, 2, 0)
    assert "Skipped: models/a/orders.yaml" in everything.out
    assert "Deleted: models/contacts.yaml" in everything.out
    assert "1 deleted, 1 skipped, 1 unchanged" in check.out
    assert "models/a/orders.yaml is not checked out" in named.err
    assert "git sparse-checkout add models/a" in named.err
    assert "1 unchanged" in done.out
    assert sorted(pulled.contents()) == ["models/accounts.yaml"]


def test_a_file_in_another_folder_is_not_deleted(pulled: Project, patch_model: Command) -> None:
    """Teams may have a folder each; pulling one of them brings nothing of the other."""
    (pulled.path / "sales").mkdir()
    pulled.git("mv", "models/orders.yaml", "sales/orders.yaml")
    pulled.commit()
    done = patch_model("pull", "--dir", "sales")

    assert done.code == 0
    assert "Skipped: models/accounts.yaml" in done.out
    assert [one.name for one in (pulled.path / "sales").iterdir()] == ["orders.yaml"]


def test_files_of_a_submodule_belong_to_it(
    sandbox: Sandbox, pulled: Project, tmp_path: Path, patch_model: Command
) -> None:
    """Its own history is their base; from the outside the way there is named."""
    outer = Project(tmp_path / "outer").init()
    allow = ("-c", "protocol.file.allow=always")
    outer.git(*allow, "submodule", "add", "-q", str(pulled.path), "team")
    outer.commit()
    inner = Project(outer.path / "team")
    inner.edit("orders", "name: Orders", "name: Ours")
    top = str(outer.path)
    outside = patch_model("plan", "-f", top)
    done = patch_model("apply", "-f", str(inner.models), "--yes")

    assert (outside.code, done.code) == (7, 0)
    assert "is in another git repository than" in outside.out
    assert "submodules" in outside.out
    assert sandbox.stored(seed.ORDERS)["name"] == "Ours"


def test_line_endings_that_git_converts_are_no_change(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """With core.autocrlf the files have CRLF and git has LF: only what changed is a change."""
    pulled.git("config", "core.autocrlf", "true")
    shutil.rmtree(pulled.models)
    pulled.git("checkout", "-q", "models")
    assert b"\r\n" in pulled.file("orders").read_bytes()
    nothing = patch_model(*APPLY)
    pulled.edit("accounts", "name: Accounts", "name: Ours")
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    done = patch_model("apply", "-f", "models/accounts.yaml", "--yes")
    pull = patch_model("pull")
    content = pulled.file("orders").read_bytes()

    assert (nothing.code, done.code, pull.code) == (0, 0, 0)
    assert "3 unchanged" in nothing.out
    assert content.count(b"\n") == content.count(b"\r\n")
    assert pulled.git("diff", "--stat", "models/orders.yaml").endswith(
        "1 file changed, 1 insertion(+), 1 deletion(-)\n"
    )


def test_a_linked_work_tree_is_a_repository_of_its_own(
    sandbox: Sandbox, pulled: Project, tmp_path: Path, patch_model: Command
) -> None:
    """Its branch counts, not that of the main work tree."""
    tree = Project(tmp_path / "tree")
    pulled.git("worktree", "add", "-q", "-b", "feature", str(tree.path))
    tree.edit("orders", "name: Orders", "name: Ours")
    tree.commit()
    guess = patch_model("plan", "-f", str(tree.models / "orders.yaml"))
    done = patch_model("apply", "-f", str(tree.models), "--base", "main", "--yes")

    assert (guess.code, done.code) == (2, 0)
    assert "--base main" in guess.out
    assert sandbox.stored(seed.ORDERS)["name"] == "Ours"


def test_names_that_a_shell_or_a_terminal_would_read_are_quoted(
    sandbox: Sandbox, pulled: Project, patch_model: Command
) -> None:
    """Files with such names are pulled, applied and named like any other."""
    path = pulled.models / 'it\'s "mine"\nä.yaml'
    pulled.file("orders").rename(path)
    pulled.commit()
    sandbox.write_as_other(seed.ORDERS, {"identifier": "key"})
    pull = patch_model("pull")
    pulled.git("commit", "-q", "-a", "-m", "Theirs")
    path.write_text(path.read_text().replace("name: Orders", "name: Ours"))
    sandbox.write_as_other(seed.ORDERS, {"name": "Theirs"})
    clash = patch_model("apply", "-f", "models", "--yes", "--base", "HEAD")
    live = patch_model("apply", "-f", str(path), "--yes", "--base", "live")
    sandbox.delete(seed.ORDERS)
    gone = patch_model("apply", "-f", str(path), "--yes", "--base", "HEAD")

    assert (pull.code, clash.code, live.code, gone.code) == (0, 7, 0, 3)
    assert "Updated: models/it's" in pull.out
    for done in (pull, clash, gone):
        assert not any('mine"\n' in one for one in (done.out, done.err))
    assert "git rm '" in gone.out


def test_a_repository_of_another_user_is_refused_with_the_advice_of_git(
    sandbox: Sandbox, pulled: Project, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container: nothing is pulled, planned or written as if there were no git."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    pulled.edit("orders", "name: Orders", "name: Ours")
    sandbox.reset_requests()
    for arguments in (("pull",), ("plan", "-f", "models"), (*APPLY, "--base", "main")):
        done = patch_model(*arguments)
        assert done.code == 2
        assert "dubious ownership" in done.err
        assert "git config --global --add safe.directory" in done.err

    assert sandbox.requests == []
