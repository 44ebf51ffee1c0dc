"""Polytomic's API over HTTP: settings, transport, client."""

from patcher.api.client import Client, Reading
from patcher.api.settings import Settings

__all__ = ["Client", "Reading", "Settings"]
