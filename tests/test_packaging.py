"""What is shipped: one home for each fact, and a wheel with everything in it."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from patcher import __version__
from tests import coverage_floors, floors
from tests.leaks import Watch

if sys.version_info >= (3, 11):
    import tomllib

ROOT = Path(__file__).parents[1]


def setup_cfg() -> configparser.ConfigParser:
    """setup.cfg, read."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is of Python 3.11")
def test_metadata_and_tools_have_one_home_each() -> None:
    """setup.cfg has the metadata and no tool's table, pyproject.toml the tools and no [project]."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    sections = setup_cfg().sections()

    assert set(pyproject) == {"build-system", "tool"}
    assert "setuptools" not in pyproject["tool"]
    assert {section.split(".")[0].split(":")[0] for section in sections} == {"metadata", "options"}


def test_every_dependency_has_a_floor_and_a_reason() -> None:
    """Each requirement stands below a line that says what it is for."""
    text = (ROOT / "setup.cfg").read_text()
    block = text.split("install_requires =")[1].split("[options.packages.find]")[0]
    rows = [row.strip() for row in block.strip().splitlines()]
    named = [row for row in rows if not row.startswith("#")]

    assert all(rows[rows.index(row) - 1].startswith("# ") for row in named)
    assert all(re.match(r"[a-z.0-9-]+>=[0-9.]+(,<[0-9]+)?$", row) for row in named)
    assert len(floors.floors()) == len(named) + 2  # those of the extras


def tracked(folder: str = ".") -> list[str]:
    """The files that git has below a folder; skips the test where there is no git."""
    done = subprocess.run(
        ["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("this is not a git checkout")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_wheel_has_everything_and_the_command(tmp_path: Path, nothing_leaks: Watch) -> None:
    """Every module and data file of the package is in the wheel, nothing else, and the command."""
    source = nothing_leaks.mine(tmp_path / "source")
    shutil.copytree(ROOT / "patcher", source / "patcher", ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), "."], cwd=source, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        info = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        entry_points = archive.read(info).decode()

    assert names == set(tracked("patcher"))
    assert "patch-model = patcher.__main__:main" in entry_points
    assert wheel.name.startswith(f"polytomic_patcher-{__version__}-")


def test_the_source_distribution_is_whole(tmp_path: Path, nothing_leaks: Watch) -> None:
    """Everything that git has is in it: tests, examples, documentation and the tools' settings."""
    files = tracked()
    source = nothing_leaks.mine(tmp_path / "source")
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    build = "import setuptools.build_meta as build; print(build.build_sdist('.'))"
    subprocess.run(
        [sys.executable, "-c", build], cwd=source, check=True, capture_output=True, text=True
    )
    (archive,) = source.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
        (info,) = (one for one in opened.getnames() if one.count("/") == 1 and "PKG-INFO" in one)
        metadata = opened.extractfile(info).read().decode()  # type: ignore[union-attr]

    assert [name for name in files if name not in names] == []
    for name in ("docs/", "CHANGELOG.md", "SECURITY.md"):
        assert name in metadata


def test_coverage_floors_find_what_is_short() -> None:
    """The floors are real: a core file below 100 % and another below 90 % are named."""

    def report(percent: float) -> dict[str, dict[str, float]]:
        return {"summary": {"percent_covered": percent}}

    found = coverage_floors.short(
        {
            "patcher/guard/guard.py": report(99.9),
            "patcher/journal.py": report(100),
            "patcher/cli/main.py": report(90),
            "patcher/cli/sandbox.py": report(89.9),
        }
    )

    assert [row.split(":")[0] for row in found] == [
        "patcher/cli/sandbox.py",
        "patcher/guard/guard.py",
    ]
