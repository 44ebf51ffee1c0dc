"""Many resources in one run: all plans, one overview, then the guarded writes in parallel."""

from patcher.batch.batch import Batch, BatchOptions, Target
from patcher.batch.overview import Overview
from patcher.batch.pool import BatchControl
from patcher.batch.spool import Spool

__all__ = ["Batch", "BatchControl", "BatchOptions", "Overview", "Spool", "Target"]
