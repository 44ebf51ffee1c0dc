"""The functions of the Python API, and the session in which they work."""

from patcher.operations.arguments import Options
from patcher.operations.session import Session

__all__ = ["Options", "Session"]
