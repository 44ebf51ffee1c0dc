"""Asking about a plan: what is agreed to is what is written."""

from __future__ import annotations

from collections.abc import Callable

from patcher.documents import jsontext
from patcher.errors import InvalidInputError
from patcher.plan import Plan


def agreed(plan: Plan, confirm: Callable[[Plan], bool]) -> bool:
    """What ``confirm`` says to the plan.

    It gets the plan itself, whose documents it could alter. Raises InvalidInputError if it did.
    """
    before = _content(plan)
    answer = confirm(plan)
    if _content(plan) != before:
        raise InvalidInputError(
            f"The plan for {plan.label} was altered while it was being confirmed. Nothing was "
            "written.",
            hint="A plan is there to be looked at; to do something else, make another one.",
        )
    return answer


def _content(plan: Plan) -> str | None:
    """All that is sent, compared with, or put in the journal; None for what is no JSON any more."""
    try:
        return jsontext.dump([plan.proposed, plan.document, plan.base.raw])
    except (TypeError, ValueError, RecursionError):
        return None
