"""Polytomic's API over HTTP: settings, transport, client."""

from patcher.api.client import Client, RawSnapshot
from patcher.api.settings import Settings

__all__ = ["Client", "RawSnapshot", "Settings"]
