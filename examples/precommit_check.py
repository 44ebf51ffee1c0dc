r"""A check before a commit: can each change be made, and does it do no more than it says?

    python examples/precommit_check.py changes/Contacts.json ...

Each file is a merge patch in JSON, called after its model. Other files and deleted ones are passed
over, and two files for one model are refused. Nothing is written. For pre-commit, in the
environment that patch-model is installed in:

    - repo: local
      hooks:
        - id: polytomic-models
          name: plan the changes to Polytomic models
          entry: python examples/precommit_check.py
          language: system
          require_serial: true
          files: ^changes/.*\.json$
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import patcher


def check(path: Path, models: dict[str, Path]) -> list[str]:
    """What is wrong with a change; ``models`` has the file of each model so far."""
    try:
        change = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(change, dict):
            return ["expected a merge patch, which is a JSON object"]
        plan = patcher.plan_patch(path.stem, change, strict=True)
    except (OSError, ValueError) as error:
        return [f"cannot be read: {error}"]
    except patcher.PatchError as error:
        return [f"{error.message} {error.hint or ''}".strip()]
    other = models.setdefault(str(plan.to_dict()["model_id"]), path)
    if other != path:
        return [f"changes the same model as {other}; put both changes into one file"]
    # A null in the file says that clearing is intended.
    intended = {f"/{key}" for key, value in change.items() if value is None}
    surprises = [f"clears {path}" for path in plan.cleared if path not in intended]
    if not surprises:
        print(f"{path}: {', '.join(one.path for one in plan.changes) or 'nothing to do'}")
    return surprises


def main(names: list[str]) -> int:
    """Checks every change; 1 if there is something wrong with one."""
    models: dict[str, Path] = {}
    code = 0
    for path in map(Path, names):
        if path.suffix != ".json" or not path.exists():
            continue
        for problem in check(path, models):
            print(f"{path}: {problem}", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
