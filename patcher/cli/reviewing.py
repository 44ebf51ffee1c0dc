"""``--preview`` and ``--impact``: what of a plan only the API can tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from patcher.cli import console
from patcher.errors import InvalidInputError

if TYPE_CHECKING:
    from patcher.operations.session import Progress
    from patcher.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])

_PREVIEW = click.option(
    "--preview",
    is_flag=True,
    help="Ask the source, by the API's own dry run, which fields the change would expose.",
)
_IMPACT = click.option(
    "--impact",
    is_flag=True,
    help="Look for the syncs and models downstream, and for what the change breaks in them.",
)


def review_options(command: F) -> F:
    """Adds --preview and --impact."""
    return _PREVIEW(_IMPACT(command))


def end_if_refused(plan: Plan, show: Callable[[], None], output: str) -> None:
    """Raises ApiError for a plan whose preview did not succeed, once people have seen the plan.

    For programs the plan is in the error's own object.
    """
    from patcher.operations.impact import refusal

    error = refusal(plan)
    if error is not None:
        if output != "json":
            show()
        raise error


def refuse_with_show(parameters: Mapping[str, Any]) -> None:
    """Raises InvalidInputError for --show with what would ask the API."""
    for name in ("preview", "impact", "accept-older"):
        if parameters[name.replace("-", "_")]:
            raise InvalidInputError(
                f"--show takes no --{name}: it shows what is in the file, and asks nobody.",
                hint=f"patch-model apply --plan FILE --dry-run --{name} looks at it as of now.",
            )


def show_progress(now: Progress) -> None:
    """How far a scan has got, on one line of a terminal that goes away when it is over."""
    if not console.is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        return
    counts = [str(count) for count in (now.done, now.total) if count is not None]
    told = [part for part in (now.what, " of ".join(counts)) if part]
    console.write("\r\x1b[K" + ": ".join(told), sys.stderr)
