"""Documents and how they change: pure values, no I/O and no clock."""
