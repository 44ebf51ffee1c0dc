"""Plan a change, check the plan as data, and apply exactly that plan.

    python examples/review_change.py MODEL FIELD

Drops one source field from a model, and refuses if anything else would change with it.
"""

from __future__ import annotations

import sys

import patcher


def main(model: str, field: str) -> int:
    """Drops a field, unless the plan shows more than that; the exit code is the command line's."""
    change = patcher.Patch.remove("fields", field)
    try:
        plan = patcher.plan_patch(model, change)
        for difference in plan.changes:
            print(f"{difference.kind} {difference.path}")
        if plan.is_unchanged:
            print("nothing to do")
            return 0
        if len(plan.changes) != 1 or plan.cleared:
            print("this changes more than intended")
            return 1
        result = patcher.apply_plan(plan)
    except patcher.PatchError as error:
        print(error.message)
        return error.exit_code
    print(f"{result.status}, and preserved: {', '.join(plan.carried)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
