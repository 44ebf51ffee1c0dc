"""The file of a model: how it is found, named, read and written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from patcher.documents.masks import Masks
from patcher.errors import InvalidInputError
from patcher.files.masked import file_document
from patcher.files.modelfile import Header, ModelFile, NewFile, Unusable, create, read_files

ID = "00000000-0000-4000-8000-00000000000{}"
HEADER = "# patch-model: model {} at https://x.test"


def new(number: int, name: str | None) -> NewFile:
    """A file to be made."""
    header = Header("model", ID.format(number), "https://x.test")
    return NewFile.of(header, name, {"name": name or ""}, {})


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["Contacts"], ["contacts.yaml"]),
        (["Ä/../b"], ["b.yaml"]),
        (["A b", "a-B"], ["a-b-00000000.yaml", f"a-b-{ID.format(1)}.yaml"]),
        (["con"], ["con-00000000.yaml"]),
        ([None], ["model-00000000.yaml"]),
        (["x" * 300], [f"{'x' * 60}.yaml"]),
        (["Taken"], ["taken-00000000.yaml"]),
        (["Elsewhere"], ["elsewhere-00000000.yaml"]),
    ],
)
def test_names_are_slugs_and_unique(
    tmp_path: Path, names: list[str | None], files: list[str]
) -> None:
    """Without regard to case, and to names in other folders, which may be joined."""
    (tmp_path / "TAKEN.yaml").write_text("")
    made = list(
        create(
            tmp_path, [new(i, name) for i, name in enumerate(names)], [Path("sub/elsewhere.yaml")]
        )
    )

    assert [path.name for _, path, _ in made] == files
    assert [error for _, _, error in made] == [None] * len(files)


@pytest.mark.parametrize(
    "text",
    [
        HEADER.format(ID.format(1)) + "\nname: A\n",
        "# ours\n\n" + HEADER.format(ID.format(1).upper()) + " organization o-1\r\nname: A\r\n",
        "\ufeff" + HEADER.format(ID.format(1)) + "\nname: A\n",
    ],
)
def test_the_header_is_among_the_first_comments(text: str) -> None:
    """Below comments of others, behind a byte order mark, with any line endings."""
    file = ModelFile.of(Path("a.yaml"), text.encode())

    assert (file.id, file.header.url) == (ID.format(1), "https://x.test")
    assert file.document() == {"name": "A"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a.yaml is empty"),
        (b"name: A\n", "name its model"),
        (b"name: A\n" + HEADER.format(ID.format(1)).encode(), "name its model"),
        (b"\xff", "not UTF-8"),
        (b"a: 1\r\n=======\r\n", "a.yaml:2: there is a conflict marker"),
    ],
)
def test_a_file_of_no_model_is_refused(content: bytes, says: str) -> None:
    """By name, and by line where there is one."""
    with pytest.raises(InvalidInputError, match=says):
        ModelFile.of(Path("a.yaml"), content)


def test_a_document_that_is_no_object_is_refused() -> None:
    """A list is YAML, and no model."""
    file = ModelFile.of(Path("a.yaml"), f"{HEADER.format(ID.format(1))}\n- a\n".encode())
    with pytest.raises(InvalidInputError, match=r"a\.yaml is not an object"):
        file.document()


def test_folders_are_searched_and_other_files_passed_over(tmp_path: Path) -> None:
    """Hidden ones, other YAML, and what is no file; a file named twice counts once."""
    text = HEADER.format(ID.format(1)) + "\nname: A\n"
    for name in ("a.yml", ".hidden/b.yaml", ".c.yaml", "deep/er/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "other.yaml").write_text("just: this\n")
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    found = read_files([tmp_path, tmp_path / "a.yml"])

    assert [one.path.name for one in found] == ["a.yml", "pipe.yaml"]
    assert isinstance(found[1], Unusable)


def test_a_file_that_is_named_has_to_be_one(tmp_path: Path) -> None:
    """Also where a folder would pass over it."""
    (tmp_path / "other.yaml").write_text("just: this\n")
    (one,) = read_files([tmp_path / "other.yaml"])

    assert isinstance(one, Unusable)
    assert "name its model" in one.error.message


def test_a_copy_of_a_credential_within_a_text_is_refused() -> None:
    """The place is named, and not the credential."""
    masks = Masks((("configuration",),))
    document = {
        "configuration": {"password": "hunter2hunter2", "sql": "x hunter2hunter2"},
        "name": "hunter2hunter2",
    }
    with pytest.raises(InvalidInputError, match="/configuration/sql") as caught:
        file_document(document, masks)
    del document["configuration"]["sql"]  # type: ignore[attr-defined]

    assert "hunter2" not in str(caught.value)
    assert file_document(document, masks) == {
        "configuration": {"password": "********"},
        "name": "********",
    }
