"""``make bench``: every benchmark, one after the other.

Each is a process of its own: the most memory that a child held would else be what we hold.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Final

BENCHMARKS: Final = (
    *("start", "overhead", "window", "lost_updates", "diff"),
    *("fleet", "parts", "memory", "files"),
)

if __name__ == "__main__":
    for name in BENCHMARKS:
        module = f"tests.bench.bench_{name}"
        print(f"\n## {name}\n\n{importlib.import_module(module).__doc__}\n", flush=True)
        subprocess.run([sys.executable, "-m", module], check=True)
