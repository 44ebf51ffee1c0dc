"""What starting the command costs, process against process, in turns.

patch-model runs in an environment that holds what it needs and no more, as a user's does: some
libraries cost more to import where others are installed. The official SDK has its own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
import venv
from pathlib import Path

from patcher.sandbox import Sandbox
from tests.sandbox import seed

ROOT = Path(__file__).parents[2]
RUNS = 15

# What a patch of one value needs of others: deepdiff explains more than one.
LIBRARIES = "import click, requests, jsonpatch"

SDK = """
import sys
from polytomic import Polytomic
client = Polytomic(token=sys.argv[1], base_url=sys.argv[2])
model = client.models.get(id=sys.argv[3]).data
model = client.models.get(id=sys.argv[3]).data
client.models.update(
    id=sys.argv[3], name=sys.argv[4], connection_id=model.connection_id,
    configuration=model.configuration, identifier=model.identifier,
    fields=[field.name for field in model.fields if not field.user_added],
    policies=model.policies, organization_id=model.organization_id,
)
"""


def environment(folder: Path, *requirements: str) -> Path:
    """A fresh environment with these requirements; its binaries."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    # The launcher that an old pip writes for a command imports re, which costs half a start.
    for wanted in (["--upgrade", "pip"], requirements):
        subprocess.run([*pip, "--disable-pip-version-check", *wanted], check=True)
    return folder / "bin"


def seconds(command: list[object]) -> float:
    """How long a command takes as a whole process."""
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measures and prints a table."""
    with tempfile.TemporaryDirectory() as name, Sandbox(models=1) as sandbox:
        ours = environment(Path(name) / "ours", str(ROOT))
        theirs = environment(Path(name) / "theirs", "polytomic==25.9.10")
        os.environ["POLYTOMIC_DEPLOYMENT_URL"] = sandbox.url
        os.environ["POLYTOMIC_API_KEY"] = sandbox.api_key
        os.environ["PATCH_MODEL_STATE_DIR"] = f"{name}/state"
        python, command = ours / "python", ours / "patch-model"
        number = 0

        def patch() -> list[object]:
            nonlocal number
            number += 1
            change = f"name=Contacts {number}"
            return [command, "apply", seed.CONTACTS, "--set", change, "--yes", "-o", "json"]

        def nothing() -> list[object]:
            change = f"name=Contacts {number}"
            return [command, "apply", seed.CONTACTS, "--set", change, "--yes", "-o", "json"]

        def several() -> list[object]:
            return [*patch(), "--set", f"configuration.warehouse=W{number}"]

        def sdk() -> list[object]:
            nonlocal number
            number += 1
            arguments = (sandbox.api_key, sandbox.url, seed.CONTACTS, f"Contacts {number}")
            return [theirs / "python", "-c", SDK, *arguments]

        cases = {
            "a bare interpreter": lambda: [python, "-c", "pass"],
            "import click": lambda: [python, "-c", "import click"],
            "patch-model --version": lambda: [command, "--version"],
            "patch-model --help": lambda: [command, "--help"],
            "its libraries, imported": lambda: [python, "-c", LIBRARIES],
            "patch-model apply": patch,
            "patch-model apply, no change": nothing,
            "patch-model apply, two changes": several,
            "the SDK: GET, GET, PUT": sdk,
        }
        times: dict[str, list[float]] = {case: [] for case in cases}
        for _ in range(RUNS + 1):
            for case, make in cases.items():
                times[case].append(seconds(make()))
    table({case: statistics.median(found[1:]) for case, found in times.items()})


def table(medians: dict[str, float]) -> None:
    """Prints the medians and the ratios that matter."""
    for case, median in medians.items():
        print(f"{case:<31} {median * 1000:7.1f} ms")
    print("\n| what | against | ratio |\n|---|---|---|")
    for case, against in (
        ("patch-model --version", "a bare interpreter"),
        ("patch-model --help", "import click"),
        ("patch-model apply", "the SDK: GET, GET, PUT"),
        ("patch-model apply", "its libraries, imported"),
        ("patch-model apply, no change", "the SDK: GET, GET, PUT"),
        ("patch-model apply, two changes", "the SDK: GET, GET, PUT"),
    ):
        print(f"| `{case}` | {against} | {medians[case] / medians[against]:.2f} |")


if __name__ == "__main__":
    main()
