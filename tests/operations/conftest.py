"""What the tests of the verbs share with those of the promises."""

from __future__ import annotations

from tests.promises.conftest import client, sandbox

__all__ = ["client", "sandbox"]
