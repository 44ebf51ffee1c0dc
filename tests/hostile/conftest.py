"""The command and the sandbox, as in the tests of the command line."""

from __future__ import annotations

from tests.cli.conftest import Command, Outcome, patch_model, process, sandbox

__all__ = ["Command", "Outcome", "patch_model", "process", "sandbox"]
