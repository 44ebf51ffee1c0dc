"""Rewrites the output that the pages show: all of them, or those that are named.

python -m tests.docs [PAGE...]
"""

from __future__ import annotations

import sys

from tests.docs.console import PAGES, ROOT, steps, updated

for page in sys.argv[1:] or PAGES:
    path = ROOT / page
    before = path.read_text(encoding="utf-8")
    after = updated(before) if any(step.is_runnable for step in steps(before)) else before
    if after != before:
        path.write_text(after, encoding="utf-8")
        print(f"rewrote {page}")
