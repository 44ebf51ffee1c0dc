"""Processes a request: recorded, authenticated, changed by faults, answered, checked.

The first outcome for an idempotency key is the outcome for a day.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from patcher.sandbox.description import published
from patcher.sandbox.endpoints import Endpoints, Task
from patcher.sandbox.faults import FaultContext, Proceed, Script
from patcher.sandbox.jobs import Jobs
from patcher.sandbox.messages import (
    Call,
    Caller,
    Callers,
    RecordedRequest,
    Reply,
    WireError,
    bad_request,
)
from patcher.sandbox.models import Models
from patcher.sandbox.store import Timestamps
from patcher.sandbox.syncs import Syncs

KEPT_FOR = timedelta(hours=24)


class Ledger:
    """The idempotency keys used, each with the outcome of its first request.

    The documentation does not say whether a key is bound to an endpoint, a caller or a body; here
    it is bound to none, the strictest interpretation.
    """

    def __init__(self, clock: Timestamps) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[datetime, Reply | None]] = {}
        self._lock = threading.Lock()

    def claim(self, key: str) -> Reply | None:
        """Use a key: None the first time, later the first outcome, errors included.

        Raises:
            WireError: 409, while the first request is still being processed.
        """
        now = self._clock.now()
        with self._lock:
            since, outcome = self._entries.get(key, (None, None))
            if since is None or now - since >= KEPT_FOR:
                self._entries[key] = (now, None)
                return None
            if outcome is None:
                message = "a request with this idempotency key is still being processed"
                raise WireError(409, "idempotency_key_in_flight", message, {"idempotency_key": key})
            return outcome

    def settle(self, key: str, outcome: Reply | None) -> None:
        """Keep the outcome; None means that the API never saw the request, so the key is free."""
        with self._lock:
            since, _ = self._entries.pop(key, (None, None))
            if since is not None and outcome is not None:
                self._entries[key] = (since, outcome)

    def clear(self) -> None:
        """Forget every key."""
        with self._lock:
            self._entries.clear()


VERSION = "2025-09-18"
"""Served when the caller names no version."""

VERSIONS = (VERSION, "2024-02-08")
"""The versions whose model endpoints look like this; the older ones are not emulated."""

VERSION_HEADER = "X-Polytomic-Version"


class Pipeline:
    """Turns a request into a reply; a request cannot make it raise.

    Attributes:
        requests: every request so far, in order of arrival.
    """

    def __init__(
        self,
        models: Models,
        syncs: Syncs,
        callers: Callers,
        clock: Timestamps,
        pause: Callable[[float], object],
        *,
        latency: float = 0.0,
        validate_responses: bool = True,
    ) -> None:
        self.requests: list[RecordedRequest] = []
        self.script = Script()
        self._models = models
        self._jobs = Jobs()
        self._description = published()
        self._endpoints = Endpoints(models, syncs, self._jobs, self._description)
        self._callers = callers
        self._ledger = Ledger(clock)
        self._pause = pause
        self._latency = latency
        self._monotonic = time.monotonic
        self._validate_responses = validate_responses

    def release(self) -> int:
        """Open every gate, land every late write, end the jobs that go on alone; how many."""
        self.script.open_gates()
        self._models.catch_up()
        return self._jobs.release()

    def reset(self) -> None:
        """Forget faults, jobs, keys, late writes and requests."""
        for one in (self.script, self._jobs, self._ledger, self.requests):
            one.clear()
        self._models.catch_up()

    def answer(self, request: RecordedRequest) -> Reply:
        """Answer a request, ``latency`` seconds after it came.

        Half of that is the way here, and the other half, less what the work took, the way back.
        """
        self.requests.append(request)
        answered = self._monotonic() + self._latency
        if self._latency:
            self._pause(self._latency / 2)
        try:
            reply = self._reply(request)
        except WireError as error:
            reply = Reply.of_error(error)
        left = answered - self._monotonic()
        if self._latency and left > 0:
            self._pause(left)
        # A version that is refused is answered with ours.
        asked = request.headers.get(VERSION_HEADER)
        served = asked if asked in VERSIONS else VERSION
        return replace(reply, headers=(*reply.headers, (VERSION_HEADER, served)))

    def _reply(self, request: RecordedRequest) -> Reply:
        call = self._endpoints.find(request)
        caller = self._admit(call)
        self._description.check_parameters(call)
        key = None if call.method == "GET" else request.headers.get("Idempotency-Key")
        reply = self._ledger.claim(key) if key else None
        return reply or self._exchange(call, caller, key)

    def _admit(self, call: Call) -> Caller:
        caller = self._callers.identify(call.request.headers.get("Authorization"))
        version = call.request.headers.get(VERSION_HEADER, VERSION)
        if version not in VERSIONS:
            raise bad_request(f"{version} is not a version this server has", supported=VERSIONS)
        if caller.organization_id is None and call.kind != "me":
            raise WireError(403, "forbidden", "a partner key needs an organization to act in")
        return caller

    def _exchange(self, call: Call, caller: Caller, key: str | None) -> Reply:
        context = FaultContext(call, self._models, self._jobs, self._pause, as_job=call.wants_job)
        proceed: Proceed = partial(self._process, context, caller, key)
        for action in reversed(self.script.due(call)):
            proceed = partial(action, context, proceed)
        try:
            return proceed()
        finally:
            if key and not context.postponed:
                self._ledger.settle(key, context.outcome)

    def _process(self, context: FaultContext, caller: Caller, key: str | None) -> Reply:
        """What the API itself does: the innermost step, below all faults."""
        task = Task(context.call, caller, context.job if context.as_job else None)
        try:
            reply = self._endpoints.answer(task)
        except WireError as error:
            reply = Reply.of_error(error)
        context.outcome = reply = self._checked(context.call, reply)
        if key and context.postponed:
            self._ledger.settle(key, reply)
        return reply

    def _checked(self, call: Call, reply: Reply) -> Reply:
        """The reply, or an error that reports a bug of this sandbox."""
        violation = self._validate_responses and self._description.violation(call, reply)
        if not violation:
            return reply
        return Reply.of_error(WireError(500, "sandbox_response_violates_description", violation))
