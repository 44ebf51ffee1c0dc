"""Faults: what goes wrong, and with which request.

Each function below makes one fault. Keyword arguments common to all select the requests:

``method``
    "PUT" by default; "GET", "POST", "DELETE", or "*" for any.
``kind``
    the path: "model" (one model), "models" (the list), "preview", "job", "me",
    "syncs" (the list), "sync" (one), "status" (of one); any by default.
``path``
    a regular expression to be found in the path.
``nth``
    the nth matching request from now on; 1, the next one, by default.
``every``
    every matching request, until the sandbox is reset; wins over ``nth``.

Several faults may meet one request: the first that was scripted is the outermost.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from patcher.sandbox.jobs import Jobs, JobScript
from patcher.sandbox.messages import Call, Reply, WireError, person
from patcher.sandbox.models import Models

if TYPE_CHECKING:
    from typing_extensions import Unpack

When = Literal["before", "after"]
"""Before the API processes the request, or after it has, and before the answer leaves."""

BodyForm = Literal["api", "message", "html", "empty"]
"""The API's error form, a gateway's message in JSON, its page, or nothing."""

GarbageForm = Literal["html", "truncated", "cut short"]
"""A page with status 200; half a JSON text that claims to be whole; one that does not."""

_RESET = Reply(0, reset=True)
_NOT_FROM_THE_API = (408, 409, 429, 502, 503, 504)
_PAGE = Reply(
    200,
    b"<html><head><title>Gateway</title></head><body><h1>Gateway</h1></body></html>",
    (("Content-Type", "text/html; charset=utf-8"),),
)


@dataclass(slots=True)
class FaultContext:
    """One call on its way through the server, which a fault can see and change.

    Attributes:
        call: the request.
        models: the state of the server.
        jobs: where writes wait that are to land later.
        pause: sleeps; cut short when the server closes.
        job: how a job begun by this call goes.
        as_job: answer with a job although none was requested.
        outcome: what the API itself answered; None if it never saw the request. This is what an
            idempotency key remembers.
        postponed: the write is still to come, and the outcome with it.
    """

    call: Call
    models: Models
    jobs: Jobs
    pause: Callable[[float], object]
    job: JobScript = field(default_factory=JobScript)
    as_job: bool = False
    outcome: Reply | None = None
    postponed: bool = False

    @property
    def model_id(self) -> str:
        """The model the path names. Raises WireError 500: the script has a bug."""
        if self.call.model_id is None:
            message = f"{self.call.kind} names no model; the fault needs a model_id"
            raise WireError(500, "fault_without_model", message)
        return self.call.model_id


Proceed = Callable[[], Reply]
"""Does what comes next: further faults, and in the end what the API itself would do."""

Action = Callable[[FaultContext, Proceed], Reply]
"""What a fault does to a request or response; one that never proceeds leaves it unprocessed."""


class Gate:
    """Holds a request until a test releases it, so that an overlap is made instead of hoped for."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def wait_reached(self, timeout: float = 5) -> bool:
        """Wait until a request has reached the gate; whether one has."""
        return self._reached.wait(timeout)

    def release(self) -> None:
        """Let the request, and all that follow, pass."""
        self._open.set()

    def pass_through(self) -> None:
        """Announce a request, and wait for the release."""
        self._reached.set()
        self._open.wait()


class Where(TypedDict, total=False):
    """Which requests a fault is for; see the head of this module."""

    method: str
    kind: str | None
    path: str | None
    nth: int
    every: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """An action, and the requests it happens to; ``gate`` is where it holds them, if it does."""

    action: Action
    method: str = "PUT"
    kind: str | None = None
    path: str | None = None
    nth: int = 1
    every: bool = False
    gate: Gate | None = None

    def concerns(self, call: Call) -> bool:
        """Whether the call is one of those that are counted."""
        return (
            self.method in ("*", call.method)
            and self.kind in (None, call.kind)
            and (self.path is None or re.search(self.path, call.request.path) is not None)
        )


def acting(act: Callable[[FaultContext], object], when: When = "before") -> Action:
    """Does something before or after the request is processed."""

    def action(context: FaultContext, proceed: Proceed) -> Reply:
        if when == "before":
            act(context)
        reply = proceed()
        if when == "after":
            act(context)
        return reply

    return action


def _altering(alter: Callable[[dict[str, Any]], None]) -> Action:
    """Calls ``alter`` on each model in the answer."""

    def action(_: FaultContext, proceed: Proceed) -> Reply:
        reply = proceed()
        if reply.status != 200 or not reply.body:
            return reply
        envelope = json.loads(reply.body)
        data = envelope.get("data")
        for model in data if isinstance(data, list) else [data]:
            if isinstance(model, dict):
                alter(model)
        return replace(reply, body=Reply.of(envelope).body)

    return action


def drop_before(**where: Unpack[Where]) -> Fault:
    """The connection is reset, and nothing was processed."""
    return Fault(_answering(_RESET, "empty", "before"), **where)


def drop_after(**where: Unpack[Where]) -> Fault:
    """The request is processed, and the connection reset instead of an answer."""
    return Fault(_answering(_RESET, "empty", "after"), **where)


def _status(
    status: int,
    body: BodyForm,
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Reply:
    pairs = tuple((headers or {}).items())
    if body == "api":
        message = f"scripted fault: {status}"
        return Reply.of_error(WireError(status, "scripted", message, dict(metadata or {}), pairs))
    if body == "message":
        return Reply.of({"message": f"gateway: {status}"}, status, pairs)
    if body == "html":
        return replace(_PAGE, status=status, headers=(*_PAGE.headers, *pairs))
    return Reply(status, b"", pairs)


def _answering(reply: Reply, body: BodyForm, when: When) -> Action:
    def action(context: FaultContext, proceed: Proceed) -> Reply:
        if when == "after":
            proceed()
        # An idempotency key remembers what the API said, not what a gateway in front of it did.
        if body == "api" and reply.status not in _NOT_FROM_THE_API:
            context.outcome = reply
        return reply

    return action


def status_before(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """This status, and nothing was processed; ``metadata`` is that of the API's error form."""
    return Fault(_answering(_status(status, body, headers, metadata), body, "before"), **where)


def status_after(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """This status, although the request was processed."""
    return Fault(_answering(_status(status, body, headers), body, "after"), **where)


def slow(seconds: float, when: When = "before", **where: Unpack[Where]) -> Fault:
    """The answer takes that many seconds longer."""
    return Fault(acting(lambda context: context.pause(seconds), when), **where)


def garbage(form: GarbageForm = "html", **where: Unpack[Where]) -> Fault:
    """Processed, and answered with 200 and "html", "truncated" JSON, or JSON "cut short"."""

    def action(_: FaultContext, proceed: Proceed) -> Reply:
        reply = proceed()
        if form == "html":
            return _PAGE
        half = replace(reply, body=reply.body[: len(reply.body) // 2])
        if form == "truncated":
            return half
        return replace(half, headers=(*reply.headers, ("Content-Length", str(len(reply.body)))))

    return Fault(action, **where)


def replay(*, written: bool = False, **where: Unpack[Where]) -> Fault:
    """A 2xx with the model as it was before; ``written`` says whether it was processed."""

    def action(context: FaultContext, proceed: Proceed) -> Reply:
        before = context.models.text(context.model_id)
        if written:
            proceed()
        return Reply.of_model(before)

    return Fault(action, **where)


def late_write(
    reads: int | None = None, status: int | None = None, **where: Unpack[Where]
) -> Fault:
    """Reset, or ``status``, now; the write lands after ``reads`` GETs, or ``Sandbox.release()``."""
    answer = _RESET if status is None else _status(status, "api")

    def action(context: FaultContext, proceed: Proceed) -> Reply:
        context.postponed = True
        context.jobs.postpone(context.call.model_id, reads, proceed)
        return answer

    return Fault(action, **where)


def lagging_reads(reads: int | None = None, **where: Unpack[Where]) -> Fault:
    """GETs of the model show it as before its last write, ``reads`` times or until a release.

    A replica that lags behind does so. It starts with the GET that the fault is for, or after the
    PUT that it is for.
    """

    def action(context: FaultContext, proceed: Proceed) -> Reply:
        model_id = context.model_id
        if context.call.method == "GET":
            context.models.lag(model_id, context.models.previous(model_id), reads)
            return proceed()
        before = context.models.text(model_id)
        reply = proceed()
        context.models.lag(model_id, before, reads)
        return reply

    return Fault(action, **where)


def concurrent_write(
    changes: Mapping[str, Any],
    when: When = "before",
    actor: str = "Bo Other",
    model_id: str | None = None,
    **where: Unpack[Where],
) -> Fault:
    """Someone else merges ``changes`` into the model, just before or after the request."""

    def write(context: FaultContext) -> None:
        context.models.merge(model_id or context.model_id, changes, person(actor))

    return Fault(acting(write, when), **where)


def delete(model_id: str | None = None, **where: Unpack[Where]) -> Fault:
    """Someone else deletes the model just before the request is processed."""
    return Fault(
        acting(lambda context: context.models.delete(model_id or context.model_id)), **where
    )


def growth(
    top: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """Answers show these keys on the model, and on each of its fields (replacing their likes)."""

    def grow(model: dict[str, Any]) -> None:
        for each in model.get("fields", ()):
            each.update(fields or {})
        model.update(top or {})

    return Fault(_altering(grow), **where)


def lightness(keys: Sequence[str], **where: Unpack[Where]) -> Fault:
    """Answers leave these keys of models out; for the list, pass ``kind="models"``."""

    def lighten(model: dict[str, Any]) -> None:
        for key in keys:
            model.pop(key, None)

    return Fault(_altering(lighten), **where)


def job(
    polls: int = 3,
    error: str | None = None,
    *,
    written: bool = False,
    endless: bool = False,
    forced: bool = False,
    alone: bool = False,
    **where: Unpack[Where],
) -> Fault:
    """How the job of an async request goes; ``forced`` makes a job of any request.

    With an ``error`` it fails, after the write if ``written``; ``endless`` jobs never end. A job
    that goes on ``alone`` also moves with each read of its model, and needs no polls.
    """

    def begin(context: FaultContext) -> None:
        context.job = JobScript(polls, error, written, endless, alone)
        context.as_job = context.as_job or forced

    return Fault(acting(begin), **where)


def raw_body(
    body: bytes | str, content_type: str = "application/json", **where: Unpack[Where]
) -> Fault:
    """Processed, and answered with 200 and exactly these bytes."""
    raw = body.encode() if isinstance(body, str) else body
    return Fault(
        _answering(Reply(200, raw, (("Content-Type", content_type),)), "empty", "after"), **where
    )


def hold(gate: Gate | None = None, when: When = "before", **where: Unpack[Where]) -> Fault:
    """The request waits at ``gate`` until it is released (``Sandbox.release()`` opens them all)."""
    held = gate or Gate()
    return Fault(acting(lambda _: held.pass_through(), when), gate=held, **where)


class Script:
    """The faults that are waiting for their request."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []
        self._gates: list[Gate] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Have a fault wait for its request."""
        with self._lock:
            self._waiting.append((fault, 0))
            if fault.gate:
                self._gates.append(fault.gate)

    def due(self, call: Call) -> list[Action]:
        """Count the call; the actions that happen to it, the outermost first."""
        due: list[Action] = []
        with self._lock:
            left: list[tuple[Fault, int]] = []
            for fault, met in self._waiting:
                now = met + fault.concerns(call)
                happens = now > met and (fault.every or now == fault.nth)
                if happens:
                    due.append(fault.action)
                if fault.every or not happens:
                    left.append((fault, now))
            self._waiting = left
        return due

    def open_gates(self) -> None:
        """Release every held request."""
        with self._lock:
            gates, self._gates = self._gates, []
        for gate in gates:
            gate.release()

    def clear(self) -> None:
        """Forget every fault, and release held requests."""
        with self._lock:
            self._waiting.clear()
        self.open_gates()
