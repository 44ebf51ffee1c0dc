"""The suite on the oldest dependencies that setup.cfg allows, on the oldest Python at hand.

    make floors PYTHON=python3.10

What the tests bring along (hypothesis, the SDK, the sandbox) stays as it is pinned.
"""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv-floors"


def floors() -> list[str]:
    """Each dependency of setup.cfg, at its floor."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"]
    wanted = config["options"]["install_requires"] + extras["sandbox"] + extras["mcp"]
    found = re.findall(r"^([a-z0-9.-]+)>=([0-9.]+)", wanted, re.MULTILINE)
    return [f"{name}=={version}" for name, version in found]


def main() -> int:
    """Makes the environment and runs the suite in it."""
    python = FOLDER / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    subprocess.run([*pip, "-r", "tests/requirements.txt"], cwd=ROOT, check=True)
    subprocess.run([*pip, "--editable", ".[sandbox,mcp]", *floors()], cwd=ROOT, check=True)
    # urllib3 2.0 leaves the socket of a broken connection to the garbage collector.
    lenient = ["-W", "default::pytest.PytestUnraisableExceptionWarning"]
    suite = [str(python), "-m", "pytest", "-n", "2", "-q", "-p", "no:cacheprovider", *lenient]
    return subprocess.run(suite, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
