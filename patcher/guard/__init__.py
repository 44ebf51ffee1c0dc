"""The guard: read again, compare, write once, verify, find out the outcome."""
