"""Data in, text out: for terminals and for programs. Prints nothing."""
