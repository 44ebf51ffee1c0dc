"""Warnings: what a user should know before or after a write that did not fail."""

from __future__ import annotations

from typing import Final, NamedTuple

REMARKS: Final = frozenset({"known-faults"})
"""The codes that are only notes on existing problems."""


class Notice(NamedTuple):
    """One warning: a stable ``code``, a JSON Pointer ("" for the document), a sentence."""

    code: str
    path: str
    message: str

    @property
    def is_remark(self) -> bool:
        """Whether it is about an existing problem, and no reason to stop."""
        return self.code in REMARKS

    def to_dict(self) -> dict[str, str]:
        """The warning as JSON output prints it."""
        return {"code": self.code, "path": self.path, "message": self.message}


def ignore(*_: object) -> None:
    """A callback that does nothing."""
