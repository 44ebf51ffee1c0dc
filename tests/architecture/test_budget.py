"""Small rooms: how long a module and a function may be, and that tests say what they state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def _code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function from its first statement that is not the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_modules_are_short() -> None:
    """No module of the package is longer than a few screens."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "patcher").rglob("*.py")
    }

    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    """No function of the package has more code than fits on a screen."""
    long = [
        f"{path.relative_to(ROOT).as_posix()}:{function.name}"
        for path in (ROOT / "patcher").rglob("*.py")
        for function in _functions(path)
        if _code_lines(function) > LONGEST_FUNCTION
    ]

    assert long == []


def test_every_test_states_a_behaviour() -> None:
    """Each test has a docstring of one sentence, so that the suite reads as a description."""
    silent = [
        f"{path.relative_to(ROOT).as_posix()}:{function.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for function in _functions(path)
        if function.name.startswith("test_")
        and not (ast.get_docstring(function) or "").rstrip().endswith((".", "?"))
    ]

    assert silent == []


def test_every_test_asserts_something() -> None:
    """No test passes whatever happens: each asserts, expects an exception, or calls a checker."""
    idle = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for function in _functions(path):
            if not function.name.startswith("test_"):
                continue
            text = ast.unparse(function)
            checks = ("assert ", "pytest.raises", "assert_", "run_state_machine", "only_ours")
            if not any(check in text for check in checks):
                idle.append(f"{path.name}:{function.name}")

    assert idle == []
