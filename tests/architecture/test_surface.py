"""The public names, and what importing them costs."""

from __future__ import annotations

import ast
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import patcher
from patcher import errors
from tests.architecture.imports import modules

HEAVY = (
    *("requests", "deepdiff", "jsonpatch", "rich", "ruamel", "jsonschema", "werkzeug", "click"),
    *("mcp", "mcp_types", "anyio"),
    "pathlib",  # of the standard library, but a tenth of --help
)


def _loaded_by(code: str) -> set[str]:
    """The heavy libraries that ``code`` loads in a fresh interpreter."""
    forget = f"import sys\nfor m in {HEAVY!r}: sys.modules.pop(m, None)  # the site's own"
    probe = f"{forget}\n{code}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_all_is_sorted_and_every_name_exists() -> None:
    """__all__ lists each public name once, in order, and each can be had."""
    names = list(patcher.__all__)

    assert names == sorted(set(names))
    assert all(getattr(patcher, name) is not None for name in names)


def test_type_checkers_see_the_same_names() -> None:
    """The block for type checkers imports each public name from the module it is loaded from."""
    tree = ast.parse(Path(patcher.__file__).read_text(encoding="utf-8"))
    (block,) = [one for one in tree.body if isinstance(one, ast.If)]
    seen = {
        alias.asname: one.module
        for one in block.body
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }

    assert seen == patcher._HOMES


def test_help_begins_with_the_functions() -> None:
    """The first screen of help(patcher) names every public function."""
    first = pydoc.plain(pydoc.render_doc(patcher)).split("PACKAGE CONTENTS")[0]
    functions = [name for name in patcher.__all__ if inspect.isfunction(getattr(patcher, name))]

    assert all(f" {name}(" in first for name in [*functions, "edit_model"])
    assert len(first.splitlines()) <= 45


def test_dir_shows_the_public_names() -> None:
    """dir() shows what there is, although nothing is loaded yet."""
    assert dir(patcher) == sorted(patcher.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """A misspelt name fails as it does for every module."""
    with pytest.raises(AttributeError, match="patch_modle"):
        getattr(patcher, "patch_modle")  # noqa: B009 - mypy knows that it is not there


def test_every_public_name_is_documented() -> None:
    """Each public class and function says what it is."""
    silent = [
        name
        for name in patcher.__all__
        if name != "__version__" and not inspect.getdoc(getattr(patcher, name))
    ]

    assert silent == []


def test_every_error_is_public_and_has_its_exit_code() -> None:
    """Each error class of the package can be caught by name, and carries an exit code."""
    classes = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.PatchError)
    }

    assert classes <= set(patcher.__all__)
    assert {getattr(errors, name).exit_code for name in classes} == {1, 2, 3, 4, 5, 6, 70, 74, 130}


def test_the_drawing_of_the_errors_is_true() -> None:
    """The tree at the top of errors.py shows each class once, with its exit code."""
    drawing = errors.__doc__ or ""
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.PatchError)
    ]

    for one in classes:
        rows = [
            row for row in drawing.splitlines() if f" {one.__name__} " in f" {row.strip('│├└─ ')} "
        ]
        assert len(rows) == 1, one.__name__
        digits = [word for word in rows[0].split() if word.isdecimal()]
        assert digits in ([], [str(one.exit_code)]), one.__name__


def test_importing_the_package_loads_nothing_heavy() -> None:
    """``import patcher`` costs next to nothing."""
    assert _loaded_by("import patcher") == set()


def test_help_loads_click_and_nothing_heavier() -> None:
    """``--help`` pays for click, and neither for another library nor for paths."""
    code = "from patcher.cli.main import run\nassert run(['--help']) == 0"

    assert _loaded_by(
        f"import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n"
        f"    {code.splitlines()[0]}\n    {code.splitlines()[1]}"
    ) == {"click"}


def test_version_loads_nothing_at_all() -> None:
    """``--version`` is answered before even click is loaded."""
    code = (
        "import sys, io, contextlib\nsys.argv = ['patch-model', '--version']\n"
        "from patcher.__main__ import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n    main()"
    )

    assert _loaded_by(code) == set()


def test_every_module_imports_alone() -> None:
    """Each module can be imported, and none warns; as there are no circles, in any order."""
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    names = [name for name in modules() if name != "patcher.__main__"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *names],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_is_typed() -> None:
    """py.typed lies beside the package, so that type checkers believe its annotations."""
    assert (Path(patcher.__file__).parent / "py.typed").is_file()


def test_each_part_that_a_benchmark_times_is_there() -> None:
    """``make bench`` replaces functions by name, which no type checker sees."""
    from tests.bench.bench_parts import PARTS

    assert [name for owner, name, _ in PARTS if not hasattr(owner, name)] == []
