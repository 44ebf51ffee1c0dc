"""One call on its way through the server, as a fault gets to see and bend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from patcher.sandbox.jobs import JobScript
from patcher.sandbox.late import LateWrites
from patcher.sandbox.messages import Call, Reply
from patcher.sandbox.models import Models

Proceed = Callable[[], Reply]
"""Does what comes next: further faults, and in the end what the API itself would do."""


@dataclass(slots=True)
class Exchange:
    """What a fault has at hand.

    Attributes:
        call: the request.
        models: the state of the server.
        late: where writes wait that are to land later.
        pause: sleeps; cut short when the server closes.
        job: how a job begun by this call goes.
        as_job: answer with a job although nobody asked for one.
        outcome: what the API answered, to the best of its own knowledge. None if it never saw
            the request. This is what an idempotency key remembers.
        postponed: the write is still to come, and the outcome with it.
    """

    call: Call
    models: Models
    late: LateWrites
    pause: Callable[[float], object]
    job: JobScript = field(default_factory=JobScript)
    as_job: bool = False
    outcome: Reply | None = None
    postponed: bool = False
