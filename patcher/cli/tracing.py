"""-v and -vv: the requests, on standard error. Never a credential, never a body."""

from __future__ import annotations

from collections.abc import Callable

from patcher.api.transport import Exchange
from patcher.cli import console


def tracer(verbosity: int) -> Callable[[Exchange], None] | None:
    """What to call for each exchange, or None when nobody asked."""
    if verbosity <= 0:
        return None

    def trace(exchange: Exchange) -> None:
        outcome = (exchange.failure or str(exchange.status)).rstrip(".")
        console.say(
            f"{exchange.method} {exchange.path} -> {outcome} ({exchange.seconds * 1000:.0f} ms)"
        )
        if verbosity > 1:
            for name, value in sorted(exchange.notable.items()):
                console.say(f"    {name}: {value}")

    return trace
