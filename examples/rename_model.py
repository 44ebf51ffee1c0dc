"""Rename a model from Python and keep everything else in it.

    python examples/rename_model.py MODEL NEW_NAME

MODEL is a UUID or an exact name. Credentials come from the environment, as for the command.
"""

from __future__ import annotations

import sys

import patcher


def main(model: str, new_name: str) -> int:
    """Renames a model and prints the outcome; returns the exit code of the command."""
    try:
        result = patcher.patch_model(model, {"name": new_name})
    except patcher.ConflictError as error:
        print(f"Someone else got there first: {error.message}")
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
