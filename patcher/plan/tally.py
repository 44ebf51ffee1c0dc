"""How many changes ended how, and what that comes to as one exit code. Pure."""

from __future__ import annotations

from collections import Counter

from patcher.plan.result import PatchResult, Status


class Tally:
    """A count of results; no result is kept."""

    def __init__(self) -> None:
        self.statuses: Counter[Status] = Counter()
        self.codes: Counter[int] = Counter()

    def add(self, result: PatchResult) -> None:
        """Counts a result."""
        self.statuses[result.status] += 1
        self.codes[result.exit_code] += 1

    @property
    def total(self) -> int:
        """How many there were."""
        return self.codes.total()

    @property
    def exit_code(self) -> int:
        """The exit code of them all together.

        6 where the outcome of any is unknown, 5 where any was not stored as intended, 7 where any
        failed; 1 where the answer was no, and 130 where it was stopped before anything was
        written.
        """
        for code in (6, 5):
            if self.codes[code]:
                return code
        others = {code for code, count in self.codes.items() if count and code}
        if not others:
            return 0
        if others == {1} or (others == {130} and not self.statuses["applied"]):
            return others.pop()
        return 7
