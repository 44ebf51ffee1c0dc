"""Small rooms: how long a module and a function may be, and that tests say what they state."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
SHORTEST_MODULE = 60

# module of fewer lines -> why it stands alone
SMALL = {
    "__main__.py": "the entry point, which answers --version before anything is imported",
    "_version.py": "read by the build without importing the package",
    "api/pace.py": "a lock and a clock of its own, shared by all threads of a batch",
    "backoff.py": "the one back-off, of every floor that waits",
    "batch/spool.py": "the one owner of pickle, and of the file without a name",
    "cli/mcp.py": "one command, which needs an extra",
    "guard/store.py": "the protocol through which the guard knows an API",
    "operations/arguments.py": "a declaration: the options that every function of the API shares",
    "render/progress.py": "the one owner of rich's progress",
}

# The same thing on several floors; every other name belongs to one file.
ON_SEVERAL_FLOORS = {"batch", "edit", "overview", "plan", "preview", "read", "saved", "store"} | {
    "undo",
    "write",
}
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef)]


@cache
def _lines_of_code(path: Path) -> frozenset[int]:
    """The numbers of the lines that hold code: no docstrings, comments or blanks."""
    source = path.read_text(encoding="utf-8")
    documented = {
        line
        for node in ast.walk(_tree(path))
        if isinstance(node, _Documented) and ast.get_docstring(node) is not None
        for line in _span(node.body[0])
    }
    rows = enumerate(map(str.strip, source.splitlines()), 1)
    return frozenset(line for line, row in rows if row and row[0] != "#") - documented


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
    checks = ("assert ", "pytest.raises", "assert_", "run_state_machine", "only_ours")
    idle = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in _functions(path):
            text = "\n".join(lines[function.body[0].lineno - 1 : function.end_lineno])
            if function.name.startswith("test_") and not any(check in text for check in checks):
                idle.append(f"{path.name}:{function.name}")

    assert idle == []


def test_small_modules_have_a_reason() -> None:
    """A module of a few lines says why it stands alone; no reason outlives its module."""
    package = ROOT / "patcher"
    small = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if path.name != "__init__.py" and len(_lines_of_code(path)) < SHORTEST_MODULE
    }

    assert small == set(SMALL)


def test_file_names_are_unique() -> None:
    """A file is found by its name; only the same thing on several floors shares one."""
    names = Counter(path.stem for path in (ROOT / "patcher").rglob("*.py"))
    doubled = {name for name, count in names.items() if count > 1 and name != "__init__"}

    assert doubled == ON_SEVERAL_FLOORS


def test_class_names_are_unique() -> None:
    """No two classes of the package have the same name, private ones aside."""
    names = Counter(
        node.name
        for path in (ROOT / "patcher").rglob("*.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert [name for name, count in names.items() if count > 1] == []
