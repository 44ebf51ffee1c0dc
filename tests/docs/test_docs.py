"""No document is prose only: what it shows is run, and what there is, it names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import click
import pytest

from patcher import _version, errors
from patcher.cli.main import COMMANDS, LazyGroup, cli
from tests.architecture.test_layers import ARROWS
from tests.docs.console import PAGES, ROOT, Runner, Step, settled, steps, surroundings
from tests.docs.test_models_ci import SCRIPT, WORKFLOW
from tests.docs.test_recipes import RECIPES
from tests.sandbox import seed

README = (ROOT / "README.md").read_text(encoding="utf-8")


def text_of(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def all_commands() -> dict[str, click.Command]:
    """The commands of the command line, loaded."""
    group = LazyGroup()
    context = click.Context(cli)
    return {name: group.get_command(context, name) for name in COMMANDS}  # type: ignore[misc]


PROSE = "\n".join(
    text_of(page) for page in PAGES if page not in ("docs/commands.md", "CHANGELOG.md")
)
RUN = [page for page in PAGES if any(step.is_runnable for step in steps(text_of(page)))]


@pytest.mark.parametrize("page", RUN)
def test_a_page_shows_what_its_commands_print(page: str) -> None:
    """Every console and Python block of a page is run in order, on a sandbox of its own."""
    with surroundings() as (environ, folder):
        runner = Runner(environ, folder)
        for step in filter(lambda one: one.is_runnable, steps(text_of(page))):
            shown = settled(step.shown).rstrip("\n")
            assert step.cut(runner.run(step)) == shown, f"{step.text}\n(make docs rewrites it)"


def test_the_readme_names_the_two_commands() -> None:
    """The two commands that set everything up are in the README and the Makefile."""
    makefile = (ROOT / "Makefile").read_text()

    for target in ("demo", "test"):
        assert f"$ make {target}" in README
        assert f"\n{target}: " in makefile


def test_the_readme_stays_short() -> None:
    """It is read in a few minutes: what is longer belongs into docs/."""
    assert len(README.splitlines()) <= 200
    assert len(README.encode()) <= 12 * 1024


def test_the_commands_of_the_cheat_sheet_work() -> None:
    """Each one that looks or changes is run, as a plan, on the sandbox."""
    sheet = README.split("## Cheat sheet")[1].split("## ")[0]
    commands = re.findall(r"`(patch-model (?:list|get|plan|apply|pull|history)\b[^`]*)`", sheet)
    with surroundings() as (environ, folder):
        runner = Runner(environ, folder)
        for command in commands:
            text = command.replace("model apply", "model plan").replace("UUID", seed.LABEL_REVENUE)
            text = text.replace("-f models", "-f models --base live")  # there is no git
            assert "Error" not in runner.run(Step(0, "", text, "")), text

    assert len(commands) >= 8


def test_every_page_is_listed_in_the_readme() -> None:
    """A page that no one links to is not found."""
    pages = [page for page in PAGES if page.startswith("docs/")]

    assert [page for page in pages if f"({page})" not in README] == []


def test_every_command_is_on_its_page_and_has_an_example() -> None:
    """Each command is in the prose, its help in the reference, with an example of itself."""
    for name, command in all_commands().items():
        assert f"patch-model {name}" in PROSE, name
        assert f"$ patch-model {name} --help" in text_of("docs/commands.md"), name
        assert f"  patch-model {name}" in (command.help or ""), name


def test_every_option_is_explained() -> None:
    """Each option of each command is named elsewhere than in its own help."""
    options = {
        option
        for command in [cli, *all_commands().values()]
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    } - {"--help", "--version"}

    assert {option for option in options if not re.search(rf"[`(, |]{option}\b", PROSE)} == set()


def test_the_table_of_commands_is_what_the_commands_say() -> None:
    """The one-line help in the lazy table is the first line of the command's own help."""
    for name, command in all_commands().items():
        first = (command.help or "").split("\n")[0]
        assert COMMANDS[name][1].rstrip(".") == first.rstrip("."), name


def test_every_environment_variable_is_on_its_page() -> None:
    """Each variable that the source reads is named."""
    source = "\n".join(path.read_text() for path in (ROOT / "patcher").rglob("*.py"))
    names = set(re.findall(r"\b(?:POLYTOMIC|PATCH_MODEL)_[A-Z_]+\b", source))
    names |= {"NO_COLOR", "FORCE_COLOR", "TERM"}

    assert {name for name in names if f"`{name}`" not in text_of("docs/environment.md")} == set()


@pytest.mark.parametrize("page", ["README.md", "docs/exit-codes.md"])
def test_every_exit_code_is_on_its_page_and_in_help(page: str) -> None:
    """Each exit code has its row, and its word in --help."""
    for code in {error.exit_code for error in error_classes().values()} | {0}:
        assert re.search(rf"^\| {code} \|", text_of(page), re.MULTILINE), code
        assert re.search(rf"\b{code} ", cli.epilog or ""), code


def error_classes() -> dict[str, type[errors.PatchError]]:
    """The public classes of errors, by name."""
    return {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.PatchError)
    }


def test_every_error_and_warning_is_on_its_page() -> None:
    """Each public error class and each warning code is named."""
    source = "\n".join(path.read_text() for path in (ROOT / "patcher").rglob("*.py"))
    codes = set(re.findall(r'(?:Notice|_note|Finding|_unknown)\(\s*"([a-z-]+)"', source))
    pages = {"docs/warnings.md": codes, "docs/exit-codes.md": set(error_classes())}

    assert len(codes) >= 20
    for page, words in pages.items():
        assert {word for word in words if f"`{word}`" not in text_of(page)} == set(), page


def test_the_map_and_the_tour_are_true() -> None:
    """CONTRIBUTING has a row for each room, and the files and names that it leads to exist."""
    guide = text_of("CONTRIBUTING.md")
    rooms = {room for room in ARROWS if room and not room.startswith("_")}
    hops = re.findall(r"^\d\. `([a-z_/]+\.py)`, `(\w+)`", guide, re.MULTILINE)
    named = re.findall(r"`(\w+)` (?:in|of) `([a-z_/]+\.py)`", guide)
    files = re.findall(rf"`((?:{'|'.join(rooms)})/[a-z_]+\.py)`", guide)

    assert {room for room in rooms if not re.search(rf"`{room}(\.py|/)`", guide)} == set()
    assert 1 <= len(hops) <= 8
    for file, name in (*hops, *((file, name) for name, file in named)):
        source = (ROOT / "patcher" / file).read_text()
        assert re.search(rf"^(?:def |class )?{name}\b", source, re.MULTILINE), name
    assert [file for file in files if not (ROOT / "patcher" / file).exists()] == []


def test_the_changelog_is_about_this_version() -> None:
    """The newest entry of the changelog is this version's, or what comes after it."""
    headings = re.findall(r"^## (\S+)", text_of("CHANGELOG.md"), re.MULTILINE)

    assert next(one for one in headings if one != "Unreleased") == _version.__version__
    assert "Unreleased" not in headings[1:]


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub forms them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: str, link: str) -> bool:
    """Whether a link names a file that is there, and a heading in it; one elsewhere does."""
    name, _, anchor = link.partition("#")
    path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
    return "://" in link or (
        path.exists() and (not anchor or anchor in anchors(str(path.relative_to(ROOT))))
    )


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_project_lead_somewhere(page: str) -> None:
    """A relative link names a file that is there, and a heading in it."""
    links = re.findall(r"\]\(([^)]+)\)", text_of(page))

    assert [link for link in links if not leads_somewhere(page, link)] == []


@pytest.fixture
def changes(tmp_path: Path) -> Path:
    """A merge patch in a file."""
    file = tmp_path / "change.yaml"
    file.write_text("name: Customers\nidentifier: email\n")
    return file


EXAMPLES = {
    "rename_model.py": (
        ("python", "examples/rename_model.py", "Contacts", "Customers"),
        0,
        "applied: version 1 -> 2\n",
    ),
    "rename_model.py, no such model": (
        ("python", "examples/rename_model.py", "Contcats", "Customers"),
        3,
        "There is no model called 'Contcats'. Did you mean 'Contacts'?\n",
    ),
    "review_change.py": (
        ("python", "examples/review_change.py", "Contacts", "plan"),
        0,
        (
            "removed /fields/5\napplied, and preserved: /identifier, /additional_fields, "
            "/tracking_columns, /relations, /labels, /policies, /enricher, /organization_id\n"
        ),
    ),
    "review_change.py, nothing": (
        ("python", "examples/review_change.py", "Contacts", "nosuch"),
        0,
        "nothing to do\n",
    ),
}


@pytest.mark.parametrize(("command", "code", "output"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_python_examples_run(command: tuple[str, ...], code: int, output: str) -> None:
    """Each Python example does and prints what it says."""
    with surroundings() as (environ, folder):
        done = subprocess.run(
            command, capture_output=True, text=True, env=environ, cwd=folder, check=False
        )

    assert (done.returncode, done.stdout, done.stderr) == (code, output, "")


def test_the_pipeline_example_applies_once(changes: Path) -> None:
    """ci_apply.sh plans and applies the change, and has nothing to do the second time."""
    with surroundings() as (environ, folder):
        command = ["sh", "examples/ci_apply.sh", seed.ACCOUNTS, str(changes)]
        first, second = (
            subprocess.run(
                command, capture_output=True, text=True, env=environ, cwd=folder, check=False
            )
            for _ in range(2)
        )

    assert (first.returncode, second.returncode) == (0, 0)
    assert "version 1 -> 2" in first.stdout
    assert "Written" not in second.stdout


def test_the_pipeline_example_ends_on_an_error(tmp_path: Path) -> None:
    """ci_apply.sh passes an error's exit code on and applies nothing."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 3\n")
    with surroundings() as (environ, folder):
        done = subprocess.run(
            ["sh", "examples/ci_apply.sh", "Contacts", str(bad)],
            capture_output=True,
            text=True,
            env=environ,
            cwd=folder,
            check=False,
        )

    assert done.returncode == 2
    assert "/version is set by the server" in done.stderr


def test_every_example_is_tested_and_listed() -> None:
    """No example lies there unrun or unnamed."""
    files = {path.name for path in (ROOT / "examples").iterdir() if path.name != "README.md"}
    tested = {name.split(",")[0] for name in EXAMPLES} | {"ci_apply.sh"} | RECIPES
    tested |= {SCRIPT.name, WORKFLOW.name}
    tested |= {name for name in files if f"@examples/{name}" in PROSE}
    listed = (ROOT / "examples" / "README.md").read_text()

    assert {name for name in files if not name.startswith("__")} == tested
    assert all(f"({name})" in listed for name in tested)
    assert os.access(ROOT / "examples" / "ci_apply.sh", os.X_OK)
