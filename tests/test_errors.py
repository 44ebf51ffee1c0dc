"""Errors as Python callers and the command line word them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from patcher.errors import PatchError, in_python

PACKAGE = Path(__file__).parents[1] / "patcher"
# Rooms that only the command line reaches, or that are about other programs' options.
_ELSEWHERE = {"cli", "sandbox", "render", "editor", "files", "mcp"} | {
    "__main__.py",
    "errors.py",
    "apply.py",
}


def _texts(path: Path) -> Iterator[str]:
    """Every text of a module but its docstrings, with a word in the place of each value."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    parts = {
        id(part)
        for one in ast.walk(tree)
        if isinstance(one, ast.JoinedStr)
        for part in ast.walk(one)
        if part is not one
    }
    for node in ast.walk(tree):
        if id(node) in docs | parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(one.value) if isinstance(one, ast.Constant) else "@4b1d6a0c9e2f"
                for one in node.values
            )


def test_no_text_for_python_callers_names_an_option() -> None:
    """Whatever an error says, in Python it names no option and no command."""
    left = [
        (path.name, text)
        for path in PACKAGE.rglob("*.py")
        if not _ELSEWHERE & {*path.relative_to(PACKAGE).parts}
        for text in _texts(path)
        if " " in text and re.search(r"--[a-z]|patch-model [a-z]+ ", in_python(text))
        if "version of patch-model" not in text
    ]

    assert left == []


@pytest.mark.parametrize(
    ("command", "python"),
    [
        ("Pass --accept-older.", "Pass accept_older=True."),
        ("Add --on-conflict rebase to", 'Add on_conflict="rebase" to'),
        ("Set it: --set a.b:='[...]'", 'Set it: Patch.set("a.b", [...])'),
        ("Or --set identifier=FIELD", 'Or Patch.set("identifier", "FIELD")'),
        ("Or --set a=@FILE, or", 'Or Patch.set("a", ...), or'),
        ("Or --unset links.0.", 'Or Patch.unset("links.0").'),
        ("Use --url https://x.test, with", 'Use Client(url="https://x.test"), with'),
        ("patch-model history @4b1d6a0c9e2f", 'patcher.history("@4b1d6a0c9e2f")'),
        ("patch-model edit 4b1d6a0c-9e2f", 'patcher.edit_model("4b1d6a0c-9e2f")'),
        ("patch-model list shows", "patcher.list_models() shows"),
        ("Try again later.", "Try again later."),
    ],
)
def test_hints_fit_the_caller(command: str, python: str) -> None:
    """One hint names options for the command line, and keywords and functions for Python."""
    error = PatchError("It failed.", hint=command)

    assert error.command_hint == command
    assert error.hint == python
    assert str(error) == f"It failed.\nHint: {python}"


def test_an_error_without_a_hint_is_its_message() -> None:
    """Nothing is added where there is nothing to do."""
    assert str(PatchError("It failed.")) == "It failed."
    assert PatchError("It failed.").hint is None
