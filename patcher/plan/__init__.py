"""What a change would do, before anything is done; and what became of it."""

from patcher.plan.making import check_change, make_plan, propose, propose_edited
from patcher.plan.plan import Origin, Plan, Terms
from patcher.plan.result import PatchResult, Status

__all__ = [
    "Origin",
    "PatchResult",
    "Plan",
    "Status",
    "Terms",
    "check_change",
    "make_plan",
    "propose",
    "propose_edited",
]
