"""What a change does beyond its document: to the exposed fields, and to syncs and models."""

from patcher.impact.downstream import Aftermath, Impact
from patcher.impact.preview import Preview

__all__ = ["Aftermath", "Impact", "Preview"]
