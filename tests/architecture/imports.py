"""The import statements of the package, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "patcher"


@dataclass(frozen=True)
class Import:
    """``module`` imports ``target``; ``eager`` when it does so as it is imported itself.

    ``package`` is what the target is imported from, where it is a module of it.
    """

    module: str
    target: str
    eager: bool
    package: str = ""


@cache
def modules() -> tuple[str, ...]:
    """The dotted names of all modules of the package."""
    return tuple(sorted(map(_name, PACKAGE.rglob("*.py"))))


@cache
def imports() -> tuple[Import, ...]:
    """Every import in the package, at whatever depth, but for those only type checkers see."""
    found: list[Import] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += _imports(_name(path), tree, eager=True)
    return tuple(found)


def _imports(module: str, node: ast.AST, *, eager: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(module, alias.name, eager)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{module}: relative import"
            for alias in child.names:
                full = f"{child.module}.{alias.name}"
                known = full in modules() if str(child.module).startswith("patcher") else False
                if known:
                    yield Import(module, full, eager, str(child.module))
                else:
                    yield Import(module, str(child.module), eager)
        else:
            inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from _imports(module, child, eager=eager and not inside)


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
