"""What a person should know before or after a write, although nothing failed."""

from __future__ import annotations

from typing import NamedTuple


class Notice(NamedTuple):
    """One warning: a stable ``code``, the JSON Pointer it is about ("" for all), a sentence."""

    code: str
    path: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """The warning as the JSON faces print it."""
        return {"code": self.code, "path": self.path, "message": self.message}
