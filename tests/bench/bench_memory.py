"""Peak memory of `patch-model apply --all -o json`, by the number of models.

Plans are on disk between overview and write, and results go out as they come, so that what is
remembered of a model is its name, its id and its place in that file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.bench_start import environment
from tests.bench.serving import ROOT, served

SETS = ("--set", "identifier=key")


def peak(command: list[str], environ: dict[str, str]) -> float:
    """The most memory that a command held at a time, in MB."""
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


def main(arguments: list[str] | None = None) -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 000 models at most")
    quick = parser.parse_args(arguments if arguments is not None else []).quick
    print("| command | models | fields | peak |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        ours = environment(Path(name) / "ours", str(ROOT))
        command = str(ours / "patch-model")
        for models in (1, 100, 1000) if quick else (1, 100, 1000, 10_000):
            with served(models, 50, 0.0) as at:
                environ = {
                    **os.environ,
                    "POLYTOMIC_DEPLOYMENT_URL": at.url,
                    "POLYTOMIC_API_KEY": at.api_key,
                    "PATCH_MODEL_STATE_DIR": f"{name}/state-{models}",
                }
                if models == 1:
                    one = [command, "apply", at.ids[0], "--set", "name=Other", "--yes"]
                    print(f"| `apply MODEL` | 1 | 50 | {peak(one, environ):.0f} MB |", flush=True)
                many = [command, "apply", "--all", *SETS, "--yes", "-o", "json"]
                print(
                    f"| `apply --all` | {models} | 50 | {peak(many, environ):.0f} MB |", flush=True
                )


if __name__ == "__main__":
    main(sys.argv[1:])
