"""Polytomic's API over HTTP: settings, transport, client."""

from patcher.api.client import Client
from patcher.api.settings import Settings

__all__ = ["Client", "Settings"]
