"""What a change would do, before anything is done; and what became of it."""

from patcher.plan.making import check_change, make_plan
from patcher.plan.plan import Plan
from patcher.plan.result import PatchResult, Status

__all__ = ["PatchResult", "Plan", "Status", "check_change", "make_plan"]
