"""Every text that the package shows to its users, and where it arises, to be read in one go.

``python -m tests.docs.catalogue`` prints it: what errors, warnings and hints say, what the command
line prints, and the help of commands and options.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tests.docs.console import ROOT

_SHOWN = re.compile(
    r"\w*(Error|Notice|Finding|Fault|Span|line|message|counted|wrapped|section|confirm"
    r"|say|ask|problem|out|notify|tell|Progress|option|Ambiguous|Blocker|unknown|_conflict)\Z"
)
"""The names of calls whose texts are shown."""

_NAMED = {"hint", "help", "message", "epilog", "note", "why", "what"}
"""The keywords and variables whose texts are shown."""


def text_of(node: ast.expr) -> str | None:
    """The text of an expression, with ``{...}`` for what is inserted, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{...}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return f"{text_of(node.left) or '{...}'}{text_of(node.right) or '{...}'}"
    return None


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts within an expression, the parts of a longer one not again."""
    if isinstance(node, ast.expr) and (found := text_of(node)) is not None:
        yield node.lineno, found
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _shown(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
            if _SHOWN.match(name):
                yield from node.args
            yield from (one.value for one in node.keywords if one.arg in _NAMED)
        elif isinstance(node, ast.Assign):
            names = {getattr(one, "id", getattr(one, "attr", "")) for one in node.targets}
            if names & _NAMED or any(name.isupper() or name[:1] == "_" for name in names):
                yield node.value
        elif isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
            yield node.value
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("_command"):
            yield from node.body[:1]


@lru_cache(maxsize=1)
def catalogue(package: Path = ROOT / "patcher") -> list[tuple[str, str]]:
    """Place and text of each message, in the order of the files; a message is a few words."""
    found: dict[tuple[str, int], str] = {}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(package).as_posix()
        for node in _shown(tree):
            for number, text in _texts(node):
                if len(re.findall(r"[A-Za-z]{2,}", text)) > 1 and " " in text.strip():
                    found.setdefault((name, number), text)
    return [(f"{name}:{number}", text) for (name, number), text in sorted(found.items())]


if __name__ == "__main__":
    for place, shown in catalogue():
        sys.stdout.write(f"{place:<36} {' '.join(shown.split())}\n")
