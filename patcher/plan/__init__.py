"""Plans: what a change would do, and how it ended."""

from patcher.plan.making import check_change, make_plan, propose, propose_edited
from patcher.plan.plan import Origin, PatchResult, Plan, Status, Terms

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
