"""Many outcomes, one exit code."""

from __future__ import annotations

import pytest

from patcher import errors
from patcher.batch.overview import Tally
from patcher.plan import PatchResult
from patcher.resources.model import MODEL

FAILURES = {
    1: errors.DeclinedError("no"),
    2: errors.InvalidPatchError("bad"),
    3: errors.ApiError("refused"),
    4: errors.ConflictError("conflict"),
    5: errors.VerificationError("other"),
    6: errors.OutcomeUnknownError("unknown"),
    70: errors.PatchError("internal"),
    130: errors.InterruptedWriteError("stopped"),
}


def tallied(*codes: int) -> Tally:
    """A tally of results with these exit codes; 0 is one that was written."""
    tally = Tally()
    for code in codes:
        error = FAILURES.get(code)
        tally.add(PatchResult.of_error(error, MODEL) if error else PatchResult(MODEL, "applied"))
    return tally


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), 0),
        ((0, 0), 0),
        ((0, 4), 7),
        ((4,), 7),
        ((2, 3), 7),
        ((0, 70), 7),
        ((0, 5, 4), 5),
        ((5, 6, 3), 6),
        ((1, 1), 1),
        ((1, 2), 7),
        ((130, 130), 130),
        ((130, 0), 7),
        ((130, 4), 7),
    ],
)
def test_the_exit_code_of_many(codes: tuple[int, ...], expected: int) -> None:
    """6 goes before 5 and 5 before 7; declined is 1, and stopped before any write is 130."""
    tally = tallied(*codes)

    assert tally.exit_code == expected
    assert tally.total == len(codes)
