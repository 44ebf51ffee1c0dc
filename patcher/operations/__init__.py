"""The verbs of the Python API, and the session in which they work."""

from patcher.operations.arguments import Options
from patcher.operations.session import Session
from patcher.operations.write import apply_plan, patch_model, plan_patch, rebase

__all__ = ["Options", "Session", "apply_plan", "patch_model", "plan_patch", "rebase"]
