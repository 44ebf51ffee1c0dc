"""Models as files: git's part for many files, and the commands, with the processor time of each.

What the files were at a revision is read by a handful of processes; next to it, the two git
commands alone that list and print them. The models come from the sandbox, in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from patcher.files.baseline import Baseline
from tests.bench.serving import ROOT
from tests.files.project import IDENTITY, Project


def best(action: Callable[[], object]) -> float:
    """The shortest of five times, in seconds."""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return min(times)


def git_alone(project: Project) -> None:
    """Lists the files of a commit and prints all of them."""
    rows = project.git("ls-tree", "-r", "HEAD").splitlines()
    listed = "".join(f"{row.split()[2]}\n" for row in rows)
    command = ["git", "cat-file", "--batch"]
    subprocess.run(
        command, input=listed.encode(), cwd=project.path, capture_output=True, check=True
    )


def command(project: Project, *arguments: str) -> str:
    """Runs patch-model; the time, and the processor time of it, as columns."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "patcher", *arguments],
        cwd=project.path,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    spent, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{spent:.1f} s | {processor:.1f} s |"


def measure(models: int, folder: Path) -> None:
    """Prints the rows for so many models."""
    served = [sys.executable, "-m", "patcher", "sandbox", "--port", "0", "--models", str(models)]
    with subprocess.Popen(served, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        for _ in range(2):
            name, _, value = sandbox.stdout.readline().strip().partition("=")
            os.environ[name.removeprefix("export ")] = value
        os.environ["PATCH_MODEL_STATE_DIR"] = str(folder / "state")
        project = Project(folder / "project").init()
        print(f"| `pull`, all new | {models} | {command(project, 'pull')}", flush=True)
        project.commit()
        project.edit("orders", "name: Orders", "name: Ours")
        print(f"| `pull`, nothing new | {models} | {command(project, 'pull')}", flush=True)
        print(f"| `plan -f` | {models} | {command(project, 'plan', '-f', 'models')}", flush=True)
        alone = best(lambda: git_alone(project))
        ours = best(lambda: Baseline.choose("HEAD", project.models).close())
        print(f"| git alone | {models} | {alone:.2f} s | |")
        print(f"| the files at a revision | {models} | {ours:.2f} s | |", flush=True)
        sandbox.terminate()


def main(arguments: list[str] | None = None) -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 models")
    quick = parser.parse_args(arguments if arguments is not None else []).quick
    os.environ.update(IDENTITY, PYTHONPATH=str(ROOT))
    print("| what | models | time | processor |\n|---|---|---|---|")
    for models in (100,) if quick else (100, 5000):
        with tempfile.TemporaryDirectory() as name:
            measure(models, Path(name))


if __name__ == "__main__":
    main(sys.argv[1:])
