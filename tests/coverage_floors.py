"""How much of the package the suite must run: all of the core, nearly all of the rest.

python tests/coverage_floors.py REPORT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

CORE = ("documents", "resources", "plan", "guard", "journal.py")
# What runs in processes of their own, which are not traced: the entry point, completion by real
# shells, and the progress of a terminal.
UNTRACED = ("__main__.py", "cli/completion.py", "render/progress.py")
CORE_FLOOR = 100.0
OTHER_FLOOR = 90.0


def short(files: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """The files below their floor, in words; lines and branches count alike."""
    found = []
    for name, report in sorted(files.items()):
        if name.endswith(UNTRACED):
            continue
        is_core = Path(name).parts[1] in CORE
        floor = CORE_FLOOR if is_core else OTHER_FLOOR
        percent = report["summary"]["percent_covered"]
        if percent < floor:
            found.append(f"{name}: {percent:.1f} %, of {floor:.0f} %")
    return found


def main(report: str) -> int:
    """Prints what is short; the exit code says whether anything is."""
    files = json.loads(Path(report).read_text(encoding="utf-8"))["files"]
    found = short(files)
    sys.stdout.write("\n".join(found or ["coverage: every floor is reached"]) + "\n")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
