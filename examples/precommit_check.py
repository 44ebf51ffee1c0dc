r"""A check before a commit: can each change be made, and does it do no more than was meant?

    python examples/precommit_check.py changes/Contacts.json ...

Each file is a merge patch in JSON, called after its model. Nothing is written. In pre-commit:

    - repo: local
      hooks:
        - id: polytomic-models
          name: plan the changes to Polytomic models
          entry: python examples/precommit_check.py
          language: python
          additional_dependencies: [polytomic-patcher]
          files: ^changes/.*\.json$
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import patcher


def check(path: Path) -> list[str]:
    """What is wrong with a change; nothing, where it can be made."""
    try:
        change = json.loads(path.read_text(encoding="utf-8"))
        plan = patcher.plan_patch(path.stem, change, strict=True)
    except (OSError, ValueError) as error:
        return [f"cannot be read: {error}"]
    except patcher.PatchError as error:
        return [f"{error.message} {error.hint or ''}".strip()]
    # A null in the file says that it is meant; anything else that goes is a surprise.
    meant = {f"/{key}" for key, value in change.items() if value is None}
    surprises = [f"clears {member}" for member in plan.cleared if member not in meant]
    if not surprises:
        print(f"{path}: {', '.join(one.path for one in plan.changes) or 'nothing to do'}")
    return surprises


def main(paths: list[str]) -> int:
    """Checks every file; 1 when there is something wrong with one."""
    found = [(path, fault) for path in paths for fault in check(Path(path))]
    for path, fault in found:
        print(f"{path}: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
