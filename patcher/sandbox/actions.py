"""What a fault does to an exchange.

An action is called with the exchange and with ``proceed``, and gives the reply: what it does before
``proceed()`` happens before the API processes the request, what it does after it happens after,
and if it never calls it, the request was not processed.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from patcher.sandbox.callers import Actor
from patcher.sandbox.jobs import JobScript, LateWrites
from patcher.sandbox.messages import Call, Reply, WireError, error_body
from patcher.sandbox.models import Models

When = Literal["before", "after"]
"""Before the API processes the request, or after it has, and before the answer leaves."""

BodyForm = Literal["api", "message", "html", "empty"]
"""The API's error form, a gateway's message in JSON, its page, or nothing."""

GarbageForm = Literal["html", "truncated", "cut short"]
"""A page with status 200; half a JSON text that claims to be whole; one that does not."""

OK = 200
RESET = Reply(0, reset=True)

_NOT_FROM_THE_API = (408, 409, 429, 502, 503, 504)
_HTML = b"<html><head><title>Gateway</title></head><body><h1>Gateway</h1></body></html>"
_HTML_TYPE = ("Content-Type", "text/html; charset=utf-8")


Proceed = Callable[[], Reply]
"""Does what comes next: further faults, and in the end what the API itself would do."""


@dataclass(slots=True)
class FaultContext:
    """One call on its way through the server, as a fault gets to see and bend it.

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


class Action(Protocol):
    """Something that can happen to a request."""

    def __call__(self, context: FaultContext, proceed: Proceed, /) -> Reply:
        """Give the reply, with or without proceeding."""
        ...


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is reset; the request was processed, or not, and nobody is told."""

    when: When

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Tear the connection down."""
        if self.when == "after":
            proceed()
        return RESET


@dataclass(frozen=True, slots=True)
class Status:
    """Another status than the true one, before or after processing."""

    status: int
    when: When
    body: BodyForm = "api"
    headers: tuple[tuple[str, str], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Answer with the status."""
        if self.when == "after":
            proceed()
        reply = self.reply()
        # An idempotency key remembers what the API said, not what a gateway in front of it did.
        if self.body == "api" and self.status not in _NOT_FROM_THE_API:
            context.outcome = reply
        return reply

    def reply(self) -> Reply:
        """The answer, whatever happened to the request."""
        if self.body == "api":
            message = f"scripted fault: {self.status}"
            body = error_body(self.status, "scripted", message, dict(self.metadata))
            return Reply.of(body, self.status, self.headers)
        if self.body == "message":
            return Reply.of({"message": f"gateway: {self.status}"}, self.status, self.headers)
        if self.body == "html":
            return Reply(self.status, _HTML, (_HTML_TYPE, *self.headers))
        return Reply(self.status, b"", self.headers)


@dataclass(frozen=True, slots=True)
class Slow:
    """Takes its time, before or after processing."""

    seconds: float
    when: When

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Take the time."""
        if self.when == "before":
            context.pause(self.seconds)
            return proceed()
        reply = proceed()
        context.pause(self.seconds)
        return reply


@dataclass(frozen=True, slots=True)
class Garbage:
    """Status 200 and a body that is no model; the request was processed."""

    form: GarbageForm

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Spoil the body."""
        reply = proceed()
        if self.form == "html":
            return Reply(200, _HTML, (_HTML_TYPE,))
        half = reply.body[: len(reply.body) // 2]
        if self.form == "truncated":
            return replace(reply, body=half)
        promised = ("Content-Length", str(len(reply.body)))
        return replace(reply, body=half, headers=(*reply.headers, promised))


@dataclass(frozen=True, slots=True)
class Replay:
    """A 2xx that shows the model as it was before, whether the write was done or not."""

    written: bool

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Answer from the past."""
        before = context.models.text(_model_id(context))
        if self.written:
            proceed()
        return Reply.of_model(before)


@dataclass(frozen=True, slots=True)
class AnotherModel:
    """A 2xx whose model has another id."""

    model_id: str | None = None

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Answer with another id."""
        reply = proceed()
        envelope = json.loads(reply.body)
        if reply.status != OK or "data" not in envelope:
            return reply
        envelope["data"]["id"] = self.model_id or str(uuid.uuid4())
        return Reply.of(envelope, reply.status)


@dataclass(frozen=True, slots=True)
class LateWrite:
    """No answer, or an error, now; the write lands after ``reads`` reads, None: when released."""

    reads: int | None
    answer: Status | None = None

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Postpone whatever comes next."""
        context.postponed = True
        context.late.postpone(context.call.model_id, self.reads, proceed)
        return self.answer.reply() if self.answer else RESET


@dataclass(frozen=True, slots=True)
class Lag:
    """Reads of the model show it as it was before its last write, as a replica behind does."""

    reads: int | None

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Begin with this read, or after this write."""
        model_id = _model_id(context)
        if context.call.method == "GET":
            context.late.lag(model_id, context.models.previous(model_id), self.reads)
            return proceed()
        before = context.models.text(model_id)
        reply = proceed()
        context.late.lag(model_id, before, self.reads)
        return reply


@dataclass(frozen=True, slots=True)
class ConcurrentWrite:
    """Somebody else changes the model (the one in the path, if not told otherwise)."""

    changes: Mapping[str, Any]
    when: When
    actor: str = "Bo Other"
    model_id: str | None = None

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Let somebody else write."""
        if self.when == "before":
            self._write(context)
            return proceed()
        reply = proceed()
        self._write(context)
        return reply

    def _write(self, context: FaultContext) -> None:
        model_id = self.model_id or _model_id(context)
        context.models.merge(model_id, self.changes, Actor.named(self.actor))


@dataclass(frozen=True, slots=True)
class Delete:
    """Somebody else deletes the model just before the request is processed."""

    model_id: str | None = None

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Let somebody else delete."""
        context.models.delete(self.model_id or _model_id(context))
        return proceed()


@dataclass(frozen=True, slots=True)
class Growth:
    """Responses show more keys (or other values) than the server stores, on models and fields."""

    top: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Add to the answer."""
        return _with_models(proceed(), self._grow)

    def _grow(self, model: dict[str, Any]) -> None:
        for each in model.get("fields", ()):
            each.update(self.fields)
        model.update(self.top)


@dataclass(frozen=True, slots=True)
class Lightness:
    """Responses leave keys of models out, as the items of a light list do."""

    keys: tuple[str, ...]

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Take from the answer."""
        return _with_models(proceed(), self._lighten)

    def _lighten(self, model: dict[str, Any]) -> None:
        for key in self.keys:
            model.pop(key, None)


def _with_models(reply: Reply, alter: Callable[[dict[str, Any]], None]) -> Reply:
    """The answer after ``alter`` was called on each model in it."""
    if reply.status != OK or not reply.body:
        return reply
    envelope = json.loads(reply.body)
    data = envelope.get("data")
    for model in data if isinstance(data, list) else [data]:
        if isinstance(model, dict):
            alter(model)
    return replace(reply, body=Reply.of(envelope).body)


@dataclass(frozen=True, slots=True)
class AsJob:
    """How a job begun by this request goes; ``forced`` answers a job nobody asked for."""

    script: JobScript
    forced: bool = False

    def __call__(self, context: FaultContext, proceed: Proceed) -> Reply:
        """Set the course of the job."""
        context.job = self.script
        context.as_job = context.as_job or self.forced
        return proceed()


@dataclass(frozen=True, slots=True)
class RawBody:
    """The request is processed; these very bytes are what comes back, with status 200."""

    body: bytes
    content_type: str = "application/json"

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Answer with the bytes."""
        proceed()
        return Reply(200, self.body, (("Content-Type", self.content_type),))


class Gate:
    """Holds a request until a test lets it go, so that an overlap is made and not hoped for."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def wait_reached(self, timeout: float = 5) -> bool:
        """Wait until a request stands at the gate; whether one does."""
        return self._reached.wait(timeout)

    def release(self) -> None:
        """Let the request, and all that follow, pass."""
        self._open.set()

    def pass_through(self) -> None:
        """Announce a request, and wait for the release."""
        self._reached.set()
        self._open.wait()


@dataclass(frozen=True, slots=True)
class Hold:
    """The request waits at a gate, before or after it is processed."""

    gate: Gate
    when: When

    def __call__(self, _exchange: FaultContext, proceed: Proceed) -> Reply:
        """Wait at the gate."""
        if self.when == "before":
            self.gate.pass_through()
            return proceed()
        reply = proceed()
        self.gate.pass_through()
        return reply


def _model_id(context: FaultContext) -> str:
    model_id = context.call.model_id
    if model_id is None:
        message = f"{context.call.kind} names no model; the fault needs a model_id"
        raise WireError(500, "fault_without_model", message)
    return model_id
