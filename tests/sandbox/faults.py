"""The faults of the sandbox, and more that only tests need; all of them from one module."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import patcher.sandbox
from patcher.sandbox.faults import (
    RESET,
    Action,
    Fault,
    Proceed,
    When,
    Where,
    acting,
    answering,
    concurrent_write,
    drop_after,
    drop_before,
    garbage,
    model_of,
    slow,
    status_after,
    status_before,
    status_reply,
)
from patcher.sandbox.messages import Call, Reply, dumps
from tests.sandbox.jobs import JobScript

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from tests.sandbox.scripted import Sandbox

__all__ = [
    "Fault",
    "Gate",
    "Proceed",
    "When",
    "acting",
    "concurrent_write",
    "delete",
    "drop_after",
    "drop_before",
    "garbage",
    "growth",
    "hold",
    "job",
    "lagging_reads",
    "late_write",
    "lightness",
    "raw_body",
    "replay",
    "slow",
    "status_after",
    "status_before",
]

Anyone = patcher.sandbox.Sandbox


def scripted(sandbox: Anyone) -> Sandbox:
    """The sandbox as the one of these tests, which it must be."""
    return cast("Sandbox", sandbox)


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


@dataclass(frozen=True, slots=True)
class Held(Fault):
    """A fault that holds requests at ``gate``."""

    gate: Gate = field(default_factory=Gate)


def _altering(alter: Callable[[dict[str, Any]], None]) -> Action:
    """Calls ``alter`` on each model in the answer."""

    def action(_: Anyone, call: Call, proceed: Proceed) -> Reply:
        return altered(proceed(call), alter)

    return action


def altered(reply: Reply, alter: Callable[[dict[str, Any]], None]) -> Reply:
    """The reply with ``alter`` called on each model in it."""
    if reply.status != 200 or not reply.body:
        return reply
    envelope = json.loads(reply.body)
    data = envelope.get("data")
    for model in data if isinstance(data, list) else [data]:
        if isinstance(model, dict):
            alter(model)
    return replace(reply, body=dumps(envelope).encode("ascii"))


def replay(*, written: bool = False, **where: Unpack[Where]) -> Fault:
    """A 2xx with the model as it was before; ``written`` says whether it was processed."""

    def action(sandbox: Anyone, call: Call, proceed: Proceed) -> Reply:
        before = sandbox.model(model_of(call))
        if written:
            proceed(call)
        return Reply.of({"data": before})

    return Fault(action, **where)


def late_write(
    reads: int | None = None, status: int | None = None, **where: Unpack[Where]
) -> Fault:
    """Reset, or ``status``, now; the write lands after ``reads`` GETs, or ``Sandbox.release()``."""
    answer = RESET if status is None else status_reply(status)

    def action(sandbox: Anyone, call: Call, proceed: Proceed) -> Reply:
        def land() -> str:
            proceed(call)
            return "null"

        scripted(sandbox).jobs.postpone(call.id, reads, land)
        return answer

    return Fault(action, **where)


def lagging_reads(reads: int | None = None, **where: Unpack[Where]) -> Fault:
    """GETs of the model show it as before its last write, ``reads`` times or until a release.

    A replica that lags behind does so. It starts with the GET that the fault is for, or after the
    PUT that it is for.
    """

    def action(anyone: Anyone, call: Call, proceed: Proceed) -> Reply:
        sandbox, model_id = scripted(anyone), model_of(call)
        if call.method == "GET":
            sandbox.lag(model_id, sandbox.previous(model_id), reads)
            return proceed(call)
        before = sandbox.model(model_id)
        reply = proceed(call)
        sandbox.lag(model_id, before, reads)
        return reply

    return Fault(action, **where)


def delete(model_id: str | None = None, **where: Unpack[Where]) -> Fault:
    """Someone else deletes the model just before the request is processed."""
    return Fault(acting(lambda sandbox, call: sandbox.delete(model_id or model_of(call))), **where)


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

    def action(sandbox: Anyone, call: Call, proceed: Proceed) -> Reply:
        script = JobScript(polls, error, written, endless, alone)
        scripted(sandbox).job_scripts[call.request] = script
        return proceed(replace(call, wants_job=call.wants_job or forced))

    return Fault(action, **where)


def raw_body(
    body: bytes | str, content_type: str = "application/json", **where: Unpack[Where]
) -> Fault:
    """Processed, and answered with 200 and exactly these bytes."""
    raw = body.encode() if isinstance(body, str) else body
    reply = Reply(200, raw, (("Content-Type", content_type),))
    return Fault(answering(reply, "after"), **where)


def hold(gate: Gate | None = None, when: When = "before", **where: Unpack[Where]) -> Held:
    """The request waits at ``gate`` until it is released (``Sandbox.release()`` opens them all)."""
    held = gate or Gate()
    return Held(acting(lambda *_: held.pass_through(), when), gate=held, **where)
