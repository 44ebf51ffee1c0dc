"""The arrows between the rooms, drawn from the imports."""

from __future__ import annotations

import pytest

from tests.architecture.imports import PACKAGE, imports, modules

# room -> the rooms it may import from, and nothing else of the package
ARROWS = {
    "errors": set(),
    "_version": set(),
    "disk": set(),
    "documents": {"errors"},
    "backoff": {"documents", "errors"},
    "resources": {"documents", "errors"},
    "impact": {"resources", "documents", "errors"},
    "plan": {"impact", "resources", "documents", "errors"},
    "journal": {"disk", "plan", "resources", "documents", "errors"},
    "claims": {"disk", "journal", "resources", "documents", "errors"},
    "guard": {"backoff", "claims", "disk", "journal", "plan", "resources", "documents", "errors"},
    "editor": {"disk", "guard", "journal", "plan", "resources", "documents", "errors"},
    "batch": {"disk", "guard", "journal", "plan", "resources", "documents", "errors"},
    "files": {"disk", "guard", "journal", "plan", "resources", "documents", "errors"},
    "api": {"backoff", "documents", "errors", "_version"},
    "operations": {
        "_version",
        "backoff",
        "claims",
        "disk",
        "batch",
        "editor",
        "files",
        "guard",
        "journal",
        "plan",
        "impact",
        "resources",
        "documents",
        "errors",
        "api",
    },
    "render": {"batch", "plan", "impact", "resources", "documents", "errors"},
    "sandbox": set(),
    "mcp": {"operations", "render", "plan", "resources", "documents", "errors", "_version"},
    "cli": {"operations", "render", "mcp", "sandbox", "errors", "_version"},
    "__main__": {"cli", "_version"},
    "": {"_version"},
}

# Late imports against the arrows, each with its reason.
DOORS = {("patcher.plan.plan", "render"): "print(plan) shows what the command line shows"}

# What the command line may also name: types that the verbs take, give and are built from.
CLI_VOCABULARY = {"documents", "plan", "api", "guard", "batch", "resources", "backoff"}

# third-party library -> the only modules that import it
_TRANSPORT = {
    f"patcher.api.transport.{name}" for name in ("http", "connections", "route", "trouble")
}
_PROTOCOL = {"patcher.mcp.service", "patcher.mcp.wire"}
OWNERS = {
    "requests": _TRANSPORT,
    "urllib3": _TRANSPORT,
    "deepdiff": {"patcher.documents.diff"},
    "jsonpatch": {"patcher.documents.jsonpatches"},
    "jsonpointer": {"patcher.documents.jsonpatches"},
    "ruamel": {"patcher.documents.yamltext"},
    "jsonschema": {"patcher.resources.schema"},
    "platformdirs": {"patcher.operations.session"},
    "rich": {"patcher.render.text", "patcher.render.progress"},
    "mcp": _PROTOCOL,
    "mcp_types": _PROTOCOL,
    "anyio": _PROTOCOL,
}

# What must not be paid for before it is needed; these are imported inside functions.
LAZY = set(OWNERS) | {"werkzeug"}


def room(module: str) -> str:
    """The room that a module of the package lives in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def test_every_module_has_a_room() -> None:
    """A module that the table does not know fails here, so that the map stays whole."""
    strangers = {module for module in modules() if room(module) not in ARROWS}

    assert strangers == set()


def test_the_arrows_go_one_way() -> None:
    """No module imports from a room that its own may not know."""
    wrong = []
    for one in imports():
        if not one.target.startswith("patcher"):
            continue
        here, there = room(one.module), room(one.target)
        allowed = ARROWS[here] | {here} | (CLI_VOCABULARY if here == "cli" else set())
        if there not in allowed and (one.eager or (one.module, there) not in DOORS):
            wrong.append(f"{one.module} -> {one.target}")

    assert wrong == []


def test_the_arrows_have_no_circle() -> None:
    """The table itself is a layering: no room can reach itself."""

    def reaches(start: str, goal: str) -> bool:
        return any(there == goal or reaches(there, goal) for there in ARROWS[start])

    circles = [name for name in ARROWS if reaches(name, name)]

    assert circles == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Whatever is imported first, every module finds those that it imports complete."""
    eager: dict[str, set[str]] = {}
    for one in imports():
        if one.eager:
            targets = {one.target, one.package} & set(modules()) - {one.module}
            eager.setdefault(one.module, set()).update(targets)
    eager = {name: names for name, names in eager.items() if names}
    while leaves := {name for names in eager.values() for name in names} - set(eager):
        eager = {name: names - leaves for name, names in eager.items()}
        eager = {name: names for name, names in eager.items() if names}

    assert eager == {}


def test_third_party_libraries_have_one_owner() -> None:
    """Each library is imported by the module that owns it and by no other."""
    strangers = [
        f"{one.module} -> {one.target}"
        for one in imports()
        if (owner := OWNERS.get(one.target.split(".")[0])) is not None
        and one.module not in owner
        and room(one.module) != "sandbox"
    ]

    assert strangers == []


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    """No module imports a heavy library at its top, but for two that are imported at a request.

    The rooms sandbox and mcp are imported by their commands only.
    """
    eager = {
        (one.module, one.target.split(".")[0])
        for one in imports()
        if one.eager
        and one.target.split(".")[0] in LAZY
        and room(one.module) not in ("sandbox", "mcp")
    }

    assert eager == {
        (f"patcher.api.transport.{module}", library)
        for module in ("connections", "trouble")
        for library in ("requests", "urllib3")
    }


def test_only_its_command_imports_the_server_for_agents() -> None:
    """Nothing pays for the protocol but ``patch-model mcp``, and that only when it is called."""
    users = {
        (one.module, one.eager)
        for one in imports()
        if room(one.target) == "mcp"
        and one.target.startswith("patcher")
        and room(one.module) != "mcp"
    }

    assert users == {("patcher.cli.mcp", False)}


def test_only_the_command_line_knows_click() -> None:
    """Click is the command line's and nobody else's."""
    users = {room(one.module) for one in imports() if one.target.split(".")[0] == "click"}

    assert users == {"cli"}


@pytest.mark.parametrize("name", ["documents", "plan", "guard"])
def test_the_core_does_not_know_the_word_model(name: str) -> None:
    """What is said about models is in one file of resources/; the core serves any resource."""
    folder = PACKAGE / name
    wordy = [
        path.name
        for path in sorted(folder.rglob("*.py"))
        if "model" in path.read_text().lower().replace("patch-model", "")
    ]

    assert wordy == []


def test_only_the_command_line_prints_and_exits() -> None:
    """print, input and exit belong to cli/; the library returns data and raises."""
    import ast

    talkers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in {"print", "input", "exit", "quit", "sys.exit", "os._exit"}:
                    talkers.add((path.relative_to(PACKAGE).as_posix(), called))

    assert talkers == {("__main__.py", "sys.exit")}
