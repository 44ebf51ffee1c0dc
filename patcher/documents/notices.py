"""What a person should know before or after a write, although nothing failed."""

from __future__ import annotations

from typing import Final, NamedTuple

REMARKS: Final = frozenset({"known-faults"})
"""The codes that only remark upon what was there before."""


class Notice(NamedTuple):
    """One warning: a stable ``code``, the JSON Pointer it is about ("" for all), a sentence."""

    code: str
    path: str
    message: str

    @property
    def is_remark(self) -> bool:
        """Whether it is about what was there before, and nothing to stop for."""
        return self.code in REMARKS

    def to_dict(self) -> dict[str, str]:
        """The warning as the JSON faces print it."""
        return {"code": self.code, "path": self.path, "message": self.message}


def ignore(*_: object) -> None:
    """The callback of a caller who does not want to be told."""
