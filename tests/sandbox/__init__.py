"""The sandbox, tested from outside, over HTTP, and through the official SDK.

The names are those of ``patcher.sandbox``, with what only tests need of a server.
"""

from patcher.sandbox import DEFAULT_API_KEY, DEFAULT_PARTNER_KEY
from tests.sandbox import faults, seed
from tests.sandbox.faults import Fault, Gate
from tests.sandbox.scripted import Sandbox, in_environment

__all__ = [
    "DEFAULT_API_KEY",
    "DEFAULT_PARTNER_KEY",
    "Fault",
    "Gate",
    "Sandbox",
    "faults",
    "in_environment",
    "seed",
]
