"""Many resources in one run: all plans, one overview, then the guarded writes in parallel."""
