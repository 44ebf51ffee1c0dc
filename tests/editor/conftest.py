"""What the tests of an edit share with those of the command."""

from __future__ import annotations

from tests.cli.conftest import editor, sandbox

__all__ = ["editor", "sandbox"]
