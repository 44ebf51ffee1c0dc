"""Mutation testing (`make mutants`): small faults put into the code, to see a test fail for each.

The faults are those of mutmut's operators. They are put into the running functions of a process
that has already loaded everything, one forked child for each, so that thousands take minutes.
"""
