"""Rename a model from Python, whatever else is in it.

    python examples/rename_model.py MODEL NEW_NAME

MODEL is a UUID or an exact name. Credentials come from the environment, as for the command.
"""

from __future__ import annotations

import sys

import patcher


def main(model: str, new_name: str) -> int:
    """Renames a model and says what came of it; the exit code is the command line's."""
    try:
        result = patcher.patch_model(model, {"name": new_name})
    except patcher.ConflictError as error:
        print(f"Somebody was faster: {error.message}")
        return error.exit_code
    except patcher.PatchError as error:
        print(f"{error.message} {error.hint or ''}".strip())
        return error.exit_code
    print(f"{result.status}: version {result.version_before} -> {result.version_after}")
    for warning in result.warnings:
        print(f"warning: {warning.message}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
