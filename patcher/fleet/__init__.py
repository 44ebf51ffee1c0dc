"""Many resources at once: all plans, one overview, then the guarded writes, side by side."""

from patcher.fleet.fleet import Fleet, Job, Manner
from patcher.fleet.flight import Flight
from patcher.fleet.overview import Overview
from patcher.fleet.spool import Spool

__all__ = ["Fleet", "Flight", "Job", "Manner", "Overview", "Spool"]
