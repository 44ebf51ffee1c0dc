"""The guard: read again, compare, write once, verify, settle."""

from patcher.guard.accepted import Accepted, read_fresh
from patcher.guard.guard import REFRESH, Defer, DeferredSignals, Guard, not_deferred
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
    "Defer",
    "DeferredSignals",
    "Guard",
    "Job",
    "NotSent",
    "Refused",
    "Store",
    "Throttled",
    "not_deferred",
    "read_fresh",
]
