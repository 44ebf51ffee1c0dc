"""The guard: read again, compare, write once, verify, settle."""

from patcher.guard.accepted import Accepted, read_fresh
from patcher.guard.guard import REFRESH, Guard, Held, Hold, not_held
from patcher.guard.outcome import Clock
from patcher.guard.store import (
    Ambiguous,
    Answer,
    Answered,
    Job,
    NotSent,
    Refused,
    Store,
    Throttled,
)

__all__ = [
    "REFRESH",
    "Accepted",
    "Ambiguous",
    "Answer",
    "Answered",
    "Clock",
    "Guard",
    "Held",
    "Hold",
    "Job",
    "NotSent",
    "Refused",
    "Store",
    "Throttled",
    "not_held",
    "read_fresh",
]
