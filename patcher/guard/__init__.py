"""The guard: read again, compare, write once, verify, find out the outcome."""

from patcher.backoff import Clock
from patcher.guard.accepted import Accepted, read_fresh
from patcher.guard.guard import REFRESH, Defer, Guard, not_deferred
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
    "Guard",
    "Job",
    "NotSent",
    "Refused",
    "Store",
    "Throttled",
    "not_deferred",
    "read_fresh",
]
