"""The sandbox's Python interface, and the package's borders."""

from __future__ import annotations

import ast
import uuid
from pathlib import Path

import pytest

import patcher.sandbox
from tests.sandbox import Sandbox, seed

PACKAGE = Path(patcher.sandbox.__file__).parent


def test_the_sandbox_imports_nothing_of_the_rest() -> None:
    """Built from the documentation alone: no module imports the package around it."""
    for module in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, module.name
                name = node.module or ""
                inside = name.split(".")[:2] == ["patcher", "sandbox"]
                assert inside or not name.startswith("patcher"), module.name
            elif isinstance(node, ast.Import):
                assert not any(each.name.startswith("patcher") for each in node.names), module.name


def test_public_names_are_what_they_say() -> None:
    """Every public name exists, and the list is sorted."""
    names = patcher.sandbox.__all__

    assert names == sorted(names)
    assert all(hasattr(patcher.sandbox, name) for name in names)


@pytest.mark.parametrize("call", ["model", "stored", "delete"])
def test_python_calls_know_no_other_models(sandbox: Sandbox, call: str) -> None:
    """The Python API raises KeyError for a model that does not exist."""
    with pytest.raises(KeyError):
        getattr(sandbox, call)(str(uuid.uuid4()))


def test_write_as_other_merges_and_counts(sandbox: Sandbox) -> None:
    """Somebody else's change is merged into the document, and moves the version and the name."""
    sandbox.write_as_other(
        seed.CONTACTS, {"configuration": {"sample_rate": 1}, "labels": None}, actor="Eve"
    )
    stored = sandbox.stored(seed.CONTACTS)

    assert stored["configuration"] == {**seed.contacts()["configuration"], "sample_rate": 1}
    assert "labels" not in stored
    assert sandbox.model(seed.CONTACTS)["version"] == 2
    assert sandbox.model(seed.CONTACTS)["updated_by"]["name"] == "Eve"
