"""Small rooms: how long a module and a function may be, and that tests say what they state."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
_LAYOUT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    | {tokenize.ENDMARKER}
)
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


@lru_cache
def _lines_of_code(path: Path) -> frozenset[int]:
    """The numbers of the lines that hold code: no docstrings, comments or blanks."""
    source = path.read_text(encoding="utf-8")
    documented = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, _Documented) and ast.get_docstring(node) is not None
        for line in _span(node.body[0])
    }
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _LAYOUT
        for line in range(token.start[0], token.end[0] + 1)
    }
    return frozenset(code - documented)


def _span(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _body(function: ast.FunctionDef) -> frozenset[int]:
    first = function.body[0].lineno
    return frozenset(range(first, (function.end_lineno or first) + 1))


def test_modules_are_short() -> None:
    """No module of the package has more than a few screens of code."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(_lines_of_code(path))
        for path in (ROOT / "patcher").rglob("*.py")
    }

    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    """No function of the package has more code than fits on a screen."""
    long = []
    for path in (ROOT / "patcher").rglob("*.py"):
        code = _lines_of_code(path)
        long += [
            f"{path.relative_to(ROOT).as_posix()}:{function.name}"
            for function in _functions(path)
            if len(_body(function) & code) > LONGEST_FUNCTION
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
