"""Many resources at once: all plans, one overview, then the guarded writes, side by side."""

from patcher.batch.batch import Batch, BatchOptions, Target
from patcher.batch.overview import Overview
from patcher.batch.pool import BatchControl
from patcher.batch.spool import Spool

__all__ = ["Batch", "BatchControl", "BatchOptions", "Overview", "Spool", "Target"]
