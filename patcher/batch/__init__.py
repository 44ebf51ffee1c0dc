"""Many resources at once: all plans, one overview, then the guarded writes, side by side."""

from patcher.batch.batch import Fleet, Job, Manner
from patcher.batch.overview import Overview
from patcher.batch.pool import Flight
from patcher.batch.spool import Spool

__all__ = ["Fleet", "Flight", "Job", "Manner", "Overview", "Spool"]
