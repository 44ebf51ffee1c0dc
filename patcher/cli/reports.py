"""Reports on standard output: ``plan -o markdown`` and ``plan -o html``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patcher.cli import console

if TYPE_CHECKING:
    from patcher.plan import Plan


def show_report(plans: Sequence[Plan], output: str) -> None:
    """Prints the report of one plan, or of several; warnings are in it."""
    from patcher.render.plan import outline
    from patcher.render.review import attachments

    outlines = [outline(plan, attachments=attachments(plan)) for plan in plans]
    if output == "html":
        from patcher.render import html

        console.out(html.report(outlines))
    else:
        from patcher.render import markdown

        console.out(markdown.report(outlines))
