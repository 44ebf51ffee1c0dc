"""What a change would do beyond its document: to the source's fields, and to those downstream."""

from patcher.impact.downstream import Aftermath, Impact
from patcher.impact.preview import Preview

__all__ = ["Aftermath", "Impact", "Preview"]
