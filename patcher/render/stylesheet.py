"""The looks of the HTML report, and its filters, which need no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path


def stylesheet(kinds: Sequence[str], members: int) -> str:
    """The style of a report with changes of these kinds, in so many top-level members."""
    names = [f"k-{kind}" for kind in kinds] + [f"m-{number}" for number in range(members)]
    hiding = "".join(f"body:has(#{name}:not(:checked)) .{name}{{display:none}}" for name in names)
    fixed = Path(__file__).with_name("report.css").read_text(encoding="ascii")
    # On paper everything is there, whatever was hidden on the screen.
    return f"{fixed}@media screen{{{hiding}}}"


def policy(style: str) -> str:
    """The Content-Security-Policy (CSP Level 3): this style, and nothing else at all."""
    digest = base64.b64encode(hashlib.sha256(style.encode("ascii")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def filters(kinds: Sequence[str], members: Sequence[str]) -> Iterator[str]:
    """The boxes that hide what is not to be seen; ``members`` are HTML already."""
    if len(kinds) < 2 and len(members) < 2:
        return
    yield '<div class="filters" role="group" aria-label="Which changes to show">'
    if len(kinds) > 1:
        yield from _boxes("Kind", [(f"k-{kind}", kind) for kind in kinds])
    if len(members) > 1:
        named = [(f"m-{number}", f"<code>{one}</code>") for number, one in enumerate(members)]
        yield from _boxes("Member", named)
    yield '<p class="hiding">Some changes are hidden; the plan holds them all the same.</p></div>'


def _boxes(legend: str, named: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"<fieldset><legend>{legend}</legend>"
    for name, label in named:
        yield (f'<label for="{name}"><input type="checkbox" id="{name}" checked> {label}</label>')
    yield "</fieldset>"
