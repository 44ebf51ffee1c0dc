"""git through its command: what was there before, in few processes, and every failure named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from patcher.errors import InvalidInputError
from patcher.files.baseline import Baseline
from patcher.files.git import Repository
from patcher.files.modelfile import ModelFile, read_files
from tests.files.project import Project

ID = "00000000-0000-4000-8000-{:012d}"


def text(number: int, name: str = "A name") -> str:
    """The text of a file."""
    return f"# patch-model: model {ID.format(number)} at https://x.test\nname: {name}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A repository with one model, committed."""
    made = Project(tmp_path / "project", monkeypatch).init()
    made.models.mkdir()
    made.file("one").write_text(text(1))
    made.commit()
    return made


@pytest.fixture
def repository(project: Project) -> Iterator[Repository]:
    """The repository around it."""
    found = Repository.around(project.models)
    assert found is not None
    yield found
    found.close()


def test_what_was_there_is_found_by_the_id_of_the_model(project: Project) -> None:
    """Renamed, moved, and with a name that git would quote."""
    (project.models / "sub").mkdir()
    project.git("mv", "models/one.yaml", "models/sub/ä b.yml")
    project.commit()
    project.git("mv", "models/sub/ä b.yml", "models/two.yaml")
    baseline = Baseline.choose(None, project.models)
    file = ModelFile.of(project.file("two"), project.file("two").read_bytes())

    assert baseline.document(file) == {"name": "A name"}
    assert [one.path for one in baseline.files[ID.format(1)]] == ["models/sub/ä b.yml"]
    baseline.close()


def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are started from now on."""
    commands: list[str] = []
    popen = subprocess.Popen.__init__

    def counted(self: Any, arguments: Any, **options: Any) -> None:
        commands.append(" ".join(arguments))
        popen(self, arguments, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", counted)
    return commands


def test_many_files_take_as_many_processes_as_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handful of processes, never one a file, for what was there and for every older version."""
    for number in range(200):
        (project.models / f"m{number}.yaml").write_text(text(number + 10))
    project.commit()
    for number in range(200):
        (project.models / f"m{number}.yaml").write_text(text(number + 10, "New"))
    project.commit()
    commands = started(monkeypatch)
    baseline = Baseline.choose("HEAD", project.models)
    files = baseline.checked(read_files([project.models]))
    documents = [baseline.document(one) for one in files if isinstance(one, ModelFile)]
    older = [list(baseline.older(one)) for one in files if isinstance(one, ModelFile)]
    baseline.close()

    assert len(documents) == 201
    assert [len(one) for one in older] == [2] * 200 + [1]
    assert len(commands) < 12, commands


def test_a_partial_clone_fetches_what_it_lacks_at_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not file by file; without a connection the reason of git is named."""
    for number in range(20):
        (project.models / f"m{number}.yaml").write_text(text(number + 10))
    base = project.commit()
    for number in range(20):
        (project.models / f"m{number}.yaml").write_text(text(number + 10, "New"))
    project.commit()
    project.git("config", "uploadpack.allowFilter", "true")
    project.git("config", "uploadpack.allowAnySHA1InWant", "true")
    for name in ("clone", "offline"):
        url = f"file://{project.path}"
        project.git("clone", "-q", "--filter=blob:none", url, str(tmp_path / name))
    log = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(log))
    baseline = Baseline.choose(base, tmp_path / "clone" / "models")
    baseline.close()
    monkeypatch.delenv("GIT_TRACE")
    shutil.move(project.path, tmp_path / "moved")

    assert len(baseline.files) == 21
    assert log.read_text().count("built-in: git fetch") == 1
    with pytest.raises(InvalidInputError, match="does not appear to be a git repository"):
        Baseline.choose(base, tmp_path / "offline" / "models")


def test_outside_of_a_repository_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where git is not installed, and for a folder that is not there."""
    assert Repository.around(tmp_path) is None
    assert Repository.around(tmp_path / "none" / "below") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Repository.around(tmp_path) is None


def test_without_git_a_repository_is_named(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not taken for a folder without git."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInputError, match="git is not installed"):
        Repository.around(project.models)


@pytest.mark.parametrize("broken", ["HEAD", "gitdir"])
def test_a_broken_repository_is_an_error_with_gits_reason(project: Project, broken: str) -> None:
    """An empty HEAD and a work tree that is cut off say "not a git repository" as well."""
    if broken == "HEAD":
        (project.path / ".git" / "HEAD").write_text("")
    else:
        shutil.rmtree(project.path / ".git")
        (project.path / ".git").write_text("gitdir: /nowhere/at/all\n")
    with pytest.raises(InvalidInputError, match=r"git rev-parse failed in .*: .*repository"):
        Repository.around(project.models)


def test_a_failure_on_the_way_has_gits_reason(project: Project, repository: Repository) -> None:
    """So has an object that is not there."""
    with pytest.raises(InvalidInputError, match=r"git ls-tree failed in .*: Not a valid object"):
        repository.files("nonsense")
    with pytest.raises(InvalidInputError, match="git merge-base failed"):
        repository.merge_base("nonsense", "HEAD")
    with pytest.raises(InvalidInputError, match="git has no object"):
        repository.content("0" * 40)


def test_a_hooks_variables_do_not_lead_elsewhere(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of another repository sets GIT_DIR."""
    other = Project(tmp_path / "other").init()
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    found = Repository.around(project.models)

    assert found is not None
    assert found.top == project.path.resolve()
    assert list(found.files("HEAD")) == ["models/one.yaml"]


@pytest.mark.parametrize(
    ("unfinished", "command"),
    [
        ("merge", ("merge", "side")),
        ("rebase", ("rebase", "side")),
        ("cherry-pick", ("cherry-pick", "side")),
        ("revert", ("revert", "--no-edit", "HEAD~1")),
        ("am", ("am", "-q", "side.patch")),
    ],
)
def test_what_is_unfinished_is_named_and_the_base_is_not_guessed(
    project: Project, tmp_path: Path, unfinished: str, command: tuple[str, ...]
) -> None:
    """In a linked work tree too, without any effect on the others; a named base is used."""
    tree = Project(tmp_path / "tree")
    project.git("worktree", "add", "-q", "-b", "side", str(tree.path))
    for where, names in ((project, ("Second", "Third")), (tree, ("Side",))):
        for name in names:
            where.file("one").write_text(text(1, name))
            where.commit(name)
    (tree.path / "side.patch").write_text(project.git("format-patch", "--stdout", "-1", "side"))
    tree.git("checkout", "-q", "--detach", "main")
    with pytest.raises(AssertionError):
        tree.git(*command)
    with pytest.raises(InvalidInputError, match=f"A {unfinished} is in progress in") as caught:
        Baseline.choose(None, tree.models)
    named = Baseline.choose("side", tree.models)
    named.close()
    Baseline.choose(None, project.models).close()

    assert f"git {unfinished} --continue" in str(caught.value.command_hint)
    assert list(named.files) == [ID.format(1)]


def test_a_detached_head_is_compared_with_the_default_branch(project: Project) -> None:
    """As a branch is: what its own commits changed is not hidden."""
    project.git("checkout", "-q", "--detach")
    project.file("one").write_text(text(1, "Second"))
    project.commit()
    baseline = Baseline.choose(None, project.models)
    baseline.close()

    assert (baseline.label, baseline.branch) == ("HEAD", "main")
    assert baseline.own == {"models/one.yaml"}


def test_a_bare_repository_has_no_files_to_compare(project: Project, tmp_path: Path) -> None:
    """Said so, with the way on; it is not taken for a folder without git."""
    project.git("clone", "-q", "--bare", str(project.path), str(tmp_path / "bare.git"))
    (tmp_path / "bare.git" / "models").mkdir()
    with pytest.raises(InvalidInputError, match="without a work tree") as caught:
        Repository.around(tmp_path / "bare.git" / "models")

    assert "git worktree add" in str(caught.value.command_hint)


def test_paths_are_read_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces, quotes, letters beyond ASCII and line breaks, in names of files and above them."""
    project = Project(tmp_path / "a 'b' \n\"ä\"", monkeypatch).init()
    names = ['models/ "q" ä.yaml', "models/a\nb.YML", "models/\x01c.yaml", "models/\\t.yaml"]
    project.models.mkdir()
    for number, name in enumerate(names):
        (project.path / name).write_text(text(number))
    project.commit()
    for number, name in enumerate(names):
        (project.path / name).write_text(text(number, "New"))
    project.commit()
    baseline = Baseline.choose(None, project.models)
    files = [one for one in read_files([project.models]) if isinstance(one, ModelFile)]
    older = {baseline.path_of(one.path): list(baseline.older(one)) for one in files}
    baseline.close()

    assert {one.path for found in baseline.files.values() for one in found} == set(names)
    assert [baseline.document(one) for one in files] == [{"name": "New"}] * len(names)
    assert {path: len(found) for path, found in older.items()} == dict.fromkeys(names, 2)


def test_the_default_branch_is_the_remotes_or_the_only_one(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    """With a remote whose HEAD is not known there is none."""
    assert repository.default_branch() == "main"
    project.git("branch", "-m", "trunk")
    assert repository.default_branch() == "trunk"
    project.git("branch", "other")
    assert repository.default_branch() is None
    project.git("clone", "-q", str(project.path), str(tmp_path / "clone"))
    clone = Repository.around(tmp_path / "clone")
    assert clone is not None
    assert clone.default_branch() == "origin/trunk"
    Project(tmp_path / "clone").git("remote", "set-head", "origin", "--delete")
    assert clone.default_branch() is None


def test_older_versions_come_newest_first_and_unreadable_ones_are_passed_over(
    project: Project,
) -> None:
    """Those of another model as well, and a file that was deleted and came back."""
    path = project.file("one")
    for content in (text(1, "Second"), text(2), text(1) + "name: twice\n", text(1, "Third")):
        path.write_text(content)
        project.commit()
    path.unlink()
    project.commit()
    path.write_text(text(1, "Fourth"))
    last = project.commit()
    file = ModelFile.of(path, path.read_bytes())
    baseline = Baseline.choose(None, project.models)
    names = [document["name"] for _, document in baseline.older(file)]
    elsewhere = ModelFile.of(Path("/elsewhere.yaml"), path.read_bytes())

    assert names == ["Fourth", "Third", "Second", "A name"]
    assert next(baseline.older(file))[0] == last[:12]
    assert list(baseline.older(elsewhere)) == []
    baseline.close()


def test_two_files_of_one_model_at_the_base(project: Project) -> None:
    """That at the same path counts; without one another base has to be named."""
    project.file("twin").write_text(text(1, "Twin"))
    project.commit()
    baseline = Baseline.choose("HEAD", project.models)
    content = project.file("twin").read_bytes()

    assert baseline.document(ModelFile.of(project.file("twin"), content)) == {"name": "Twin"}
    with pytest.raises(InvalidInputError, match="has several files of the model"):
        baseline.document(ModelFile.of(project.file("third"), content))
    baseline.close()


def test_a_base_that_cannot_be_read_is_named(project: Project) -> None:
    """With its path, the revision and another base as the way on."""
    project.file("one").write_text(text(1) + "name: twice\n")
    project.commit()
    baseline = Baseline.choose("HEAD", project.models)
    with pytest.raises(InvalidInputError, match=r"models/one\.yaml at HEAD") as caught:
        baseline.document(ModelFile.of(project.file("one"), text(1).encode()))

    assert "--base" in str(caught.value.command_hint)
    baseline.close()


def test_histories_that_share_nothing(project: Project) -> None:
    """There is no merge base, and that is the reason."""
    project.git("checkout", "-q", "--orphan", "new")
    project.commit("Another beginning")
    with pytest.raises(InvalidInputError, match="no commit in common"):
        Baseline.choose("main", project.models)


def test_a_shallow_clone_that_does_not_reach_the_merge_base(
    project: Project, tmp_path: Path
) -> None:
    """It is not taken for a missing revision."""
    project.git("checkout", "-q", "-b", "feature")
    project.file("two").write_text(text(2))
    project.commit()
    project.git("checkout", "-q", "main")
    project.file("three").write_text(text(3))
    project.commit()
    folder = tmp_path / "shallow"
    url = f"file://{project.path}"
    project.git("clone", "-q", "--depth", "1", "--no-single-branch", url, str(folder))
    with pytest.raises(InvalidInputError, match="does not reach the commit") as caught:
        Baseline.choose("origin/feature", folder / "models")

    assert "--unshallow" in str(caught.value.command_hint)


def test_a_folder_as_base_has_to_be_sound(project: Project, tmp_path: Path) -> None:
    """An unreadable copy is an error, and not a copy without that model."""
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "one.yaml").write_bytes(b"# patch-model: model x\nconnection_id: 1\n")
    with pytest.raises(InvalidInputError, match="name its model"):
        Baseline.choose(str(copy), project.models)


def test_dubious_ownership_is_named_with_the_advice_of_git(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, where the folder belongs to another user."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(InvalidInputError, match="dubious ownership") as caught:
        Repository.around(project.models)

    assert "git config --global --add safe.directory" in str(caught.value.command_hint)
    assert os.environ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] == "1"
