"""The mutants of a source file: where each is, what it makes of the code, and how to put it in."""

from __future__ import annotations

import ast
import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from inspect import unwrap
from itertools import takewhile
from pathlib import Path
from types import CodeType
from typing import Any, Final, NamedTuple, TypeAlias

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_CALLS, deep_replace
from mutmut.mutation.mutators import mutation_operators

ROOT: Final = Path(__file__).parents[2]

Key: TypeAlias = tuple[str, str, str]
"""A mutant's file, scope and change: what it is known by, wherever the lines have moved to."""

_CONTEXT: Final = 30
"""How many characters around a fault in a long expression tell it from others."""

_PER_TEXT: Final = 3
"""How many mutants mutmut makes of a literal text."""


class Mutant(NamedTuple):
    """One fault.

    Attributes:
        file: where it is, from the root of the repository.
        line: the line there, from 1.
        scope: the function or method that it is in, or the constant that a module assigns.
        is_constant: which of the two.
        change: the fault, as people read it; with file and scope it names the mutant.
        module, old, new: the source, the node in it, and what takes its place.
    """

    file: str
    line: int
    scope: str
    is_constant: bool
    change: str
    module: Any
    old: Any
    new: Any

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.file, self.scope, self.change

    def put_in(self) -> None:
        """Makes a mutant of this process, for good."""
        source: Any = deep_replace(self.module, self.old, self.new)
        code = compile(source.code, self.file, "exec", dont_inherit=True)
        live = _module(self.file)
        if self.is_constant:
            _assign(live, self.scope, source.code, code)
        else:
            mutated = next(one for one in _codes(code) if one.co_qualname == self.scope)
            _function(live, self.scope).__code__ = mutated


class Mutants(cst.CSTVisitor):
    """Collects the mutants of one file. ``left_alone`` counts those of texts for people."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: Path) -> None:
        """Reads the file."""
        super().__init__()
        self.found: list[Mutant] = []
        self.left_alone = 0
        self._file = path.relative_to(ROOT).as_posix()
        self._names: list[str] = []  # of the classes and functions around
        self._functions = 0  # how many of them are functions
        self._constant: str | None = None
        self._line = 0
        self._alike: Counter[tuple[str, str]] = Counter()
        wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
        self._module = wrapper.module
        wrapper.visit(self)

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Whether to look into the node, after its own mutants have been taken."""
        if self._is_left_alone(node):
            return False
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._names.append(node.name.value)
            self._functions += isinstance(node, cst.FunctionDef)
        elif not self._names and isinstance(node, (cst.Assign, cst.AnnAssign)):
            self._constant = _target(node)
            return True  # a constant that is None at once breaks whatever uses it
        if self._functions or self._constant:
            for kind, operator in mutation_operators:
                for new in operator(node) if isinstance(node, kind) else ():
                    if self._is_fault(node, new):
                        self._take(node, new)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Forgets the names that end with the node."""
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self._names.pop()
            self._functions -= isinstance(original_node, cst.FunctionDef)
        elif not self._names and isinstance(original_node, (cst.Assign, cst.AnnAssign)):
            self._constant = None

    def _is_left_alone(self, node: cst.CSTNode) -> bool:
        """Types, decorators and defaults, which are for the reader or run once; and prose."""
        if isinstance(node, (cst.Annotation, cst.Decorator, cst.Param, cst.Import, cst.ImportFrom)):
            return True
        if isinstance(node, cst.AnnAssign) and "TypeAlias" in self._code(
            node.annotation.annotation
        ):
            return True
        if isinstance(node, cst.Arg) and _is_strict(node):
            return True
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
            return node.func.value in NEVER_MUTATE_FUNCTION_CALLS
        if isinstance(node, cst.SimpleString) and _is_prose(node.value):
            self.left_alone += _PER_TEXT
            return True
        return False

    def _is_fault(self, node: cst.CSTNode, new: cst.CSTNode) -> bool:
        """Whether more differs than ``strict`` of a zip, which states what is so anyway."""
        if not (isinstance(node, cst.Call) and isinstance(new, cst.Call)):
            return True
        sides = (
            [self._code(one.value) for one in call.args if not _is_strict(one)]
            for call in (node, new)
        )
        return self._code(node.func) != "zip" or next(sides) != next(sides)

    def _take(self, node: cst.CSTNode, new: cst.CSTNode) -> None:
        position: Any = self.get_metadata(PositionProvider, node, None)
        self._line = position.start.line if position else self._line
        outermost = len(self._names) - self._functions + 1
        scope = self._constant or ".".join(self._names[:outermost])
        change = _told(self._code(node), self._code(new))
        self._alike[scope, change] += 1
        if (number := self._alike[scope, change]) > 1:
            change += f" ({number})"
        is_constant = self._constant is not None
        self.found.append(
            Mutant(self._file, self._line, scope, is_constant, change, self._module, node, new)
        )

    def _code(self, node: cst.CSTNode) -> str:
        return " ".join(self._module.code_for_node(node).split())


def _is_strict(argument: cst.Arg) -> bool:
    return argument.keyword is not None and argument.keyword.value == "strict"


def _target(node: cst.Assign | cst.AnnAssign) -> str | None:
    """The name of a constant that is worth a fault."""
    target = node.targets[0].target if isinstance(node, cst.Assign) else node.target
    if isinstance(target, cst.Name) and target.value != "__all__" and node.value is not None:
        return str(target.value)
    return None


def _is_prose(literal: str) -> bool:
    """Whether a literal is a sentence, or part of one: a test of it would be one of wording."""
    text = literal.strip("rbfu'\"")
    return literal.endswith('"""') or (" " in text and any(map(str.isalpha, text)))


def _told(before: str, after: str) -> str:
    """One line that shows what becomes of the code."""
    if len(before) + len(after) <= 4 * _CONTEXT:
        return f"{before} -> {after}"
    start = _common(before, after)
    rest, other = before[start:], after[start:]
    end = _common(rest[::-1], other[::-1])
    lost, come = rest[: len(rest) - end], other[: len(other) - end]
    kept = rest[len(rest) - end :][:_CONTEXT]
    return f"...{before[:start][-_CONTEXT:]}[-{lost}-]{{+{come}+}}{kept}..."


def _common(one: str, other: str) -> int:
    """How many characters the beginnings of two texts have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _codes(code: CodeType) -> Iterator[Any]:
    """The functions in some code; their qualified names are of Python 3.11."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _function(module: Any, scope: str) -> Any:
    """The function of that qualified name, out of whatever it is wrapped in."""
    found = module
    for name in scope.split("."):
        found = vars(found)[name]
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, cached_property):
        found = found.func
    return unwrap(found)  # a cached function, a context manager or a class method


def remake_constant(file: str, name: str) -> None:
    """Works out a constant again, and those made of it."""
    source = (ROOT / file).read_text(encoding="utf-8")
    code = compile(source, file, "exec", dont_inherit=True)
    _assign(_module(file), name, source, code)


def _module(file: str) -> Any:
    return importlib.import_module(file.removesuffix(".py").replace("/", "."))


def _assign(module: Any, name: str, source: str, code: CodeType) -> None:
    """Gives a constant its mutated value, and those made of it, wherever they have been taken."""
    fresh = dict(vars(module))
    exec(code, fresh)  # noqa: S102 - it is our own source
    ours = [one for one in sys.modules.values() if one.__name__.startswith(("patcher", "tests"))]
    for constant in _made_of(name, source):
        old, new = vars(module)[constant], fresh[constant]
        parts = _parts(old, new)
        for one in map(vars, ours):
            if one.get(constant) is old:
                one[constant] = new
            # A test may hold a part of it, such as the shape of the model.
            one.update({key: parts[id(held)] for key, held in one.items() if id(held) in parts})


def _parts(old: object, new: object) -> dict[int, object]:
    """What takes the place of each field of a record that is of a class of our own, by its id."""
    if not (isinstance(old, tuple) and isinstance(new, tuple)):
        return {}
    pairs = zip(old, new, strict=False)
    return {id(was): now for was, now in pairs if type(was).__module__.startswith("patcher.")}


def _made_of(name: str, source: str) -> list[str]:
    """The constant of that name, and those further down whose values name one of these."""
    found = [name]
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name) or target.id in found:
            continue
        if any(isinstance(one, ast.Name) and one.id in found for one in ast.walk(node)):
            found.append(target.id)
    return found
