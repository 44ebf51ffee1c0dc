"""tests/ mirrors patcher/: a reader finds the tests of a module at the first try."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.imports import PACKAGE

TESTS = PACKAGE.parent / "tests"

ELSEWHERE = {
    "api/answers": "api/test_client",
    "api/transport/route": "api/transport/test_trouble",
    "batch/batch": "operations/test_batch",
    "cli/confirmation": "cli/test_write",
    "cli/main": "cli/test_habits",
    "cli/mcp": "mcp/test_command",
    "cli/options": "cli/test_read",
    "files/baseline": "files/test_git",
    "files/merging": "promises/test_models_as_files",
    "guard/store": "operations/test_api_store",
    "mcp/agent": "mcp/test_tools",
    "mcp/reading": "mcp/test_tools",
    "mcp/service": "mcp/test_asking",
    "mcp/shown": "mcp/test_tools",
    "operations/apply": "operations/test_files",
    "operations/pull": "operations/test_files",
    "operations/saved": "promises/test_saved_plans",
    "operations/write": "cli/test_write",
    "plan/conflicts": "promises/test_both_changes_stand",
    "render/progress": "cli/test_batch_terminal",
}
"""The modules that have no file of their own, and the tests that are about them."""


def of_its_own(module: Path) -> Path:
    """The file of tests that a module would have by its name."""
    return TESTS / module.parent / f"test_{module.name}.py"


def test_each_module_has_its_tests_by_name_or_in_the_table() -> None:
    """A module of a room has tests/ROOM/test_NAME.py, or the table says which tests it has."""
    rooms = (path.relative_to(PACKAGE) for path in PACKAGE.glob("*/**/*.py"))
    modules = [path.with_suffix("") for path in rooms if not path.name.startswith("_")]
    without = {str(one) for one in modules if not of_its_own(one).exists()}

    assert without == ELSEWHERE.keys()
    assert all((TESTS / f"{one}.py").exists() for one in ELSEWHERE.values())
