"""Faults: what goes wrong, and with which request.

Each function below makes one fault. Keyword arguments common to all say which requests it is for:

``method``
    "PUT" if not given; "GET", "POST", "DELETE", or "*" for any.
``kind``
    the path: "model" (one model), "models" (the list), "preview", "job", "me",
    "syncs" (the list), "sync" (one), "status" (of one); any if not given.
``path``
    a regular expression to be found in the path.
``nth``
    the nth matching request from now on; 1, the next one, if not given.
``every``
    every matching request, until the sandbox is reset; wins over ``nth``.

Several faults may meet one request: the first that was scripted is the outermost.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from patcher.sandbox.actions import (
    Action,
    AnotherModel,
    AsJob,
    BodyForm,
    ConcurrentWrite,
    Delete,
    Drop,
    Garbage,
    GarbageForm,
    Gate,
    Growth,
    Hold,
    Lag,
    LateWrite,
    Lightness,
    RawBody,
    Replay,
    Slow,
    Status,
    When,
)
from patcher.sandbox.jobs import JobScript
from patcher.sandbox.messages import Call

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Where(TypedDict, total=False):
    """Which requests a fault is for; see the head of this module."""

    method: str
    kind: str | None
    path: str | None
    nth: int
    every: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """An action, and the requests it happens to."""

    action: Action
    method: str = "PUT"
    kind: str | None = None
    path: str | None = None
    nth: int = 1
    every: bool = False

    def concerns(self, call: Call) -> bool:
        """Whether the call is one of those that are counted."""
        return (
            self.method in ("*", call.method)
            and self.kind in (None, call.kind)
            and (self.path is None or re.search(self.path, call.request.path) is not None)
        )


def drop_before(**where: Unpack[Where]) -> Fault:
    """The connection is reset, and nothing was processed."""
    return Fault(Drop("before"), **where)


def drop_after(**where: Unpack[Where]) -> Fault:
    """The request is processed, and the connection reset instead of an answer."""
    return Fault(Drop("after"), **where)


def status_before(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """This status, and nothing was processed; ``metadata`` is that of the API's error form."""
    return Fault(Status(status, "before", body, _pairs(headers), metadata or {}), **where)


def status_after(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """This status, although the request was processed."""
    return Fault(Status(status, "after", body, _pairs(headers)), **where)


def slow(seconds: float, when: When = "before", **where: Unpack[Where]) -> Fault:
    """The answer takes that many seconds longer."""
    return Fault(Slow(seconds, when), **where)


def redirect(status: int, location: str, **where: Unpack[Where]) -> Fault:
    """A redirect to ``location``; nothing was processed."""
    return status_before(status, "empty", {"Location": location}, **where)


def garbage(form: GarbageForm = "html", **where: Unpack[Where]) -> Fault:
    """Processed, and answered with 200 and "html", "truncated" JSON, or JSON "cut short"."""
    return Fault(Garbage(form), **where)


def replay(*, written: bool = False, **where: Unpack[Where]) -> Fault:
    """A 2xx with the model as it was before; ``written`` says whether it was processed."""
    return Fault(Replay(written), **where)


def another_model(model_id: str | None = None, **where: Unpack[Where]) -> Fault:
    """Processed, and answered with another model's id (a random one if not given)."""
    return Fault(AnotherModel(model_id), **where)


def late_write(
    reads: int | None = None,
    status: int | None = None,
    body: BodyForm = "api",
    **where: Unpack[Where],
) -> Fault:
    """Reset, or ``status``, now; the write lands after ``reads`` GETs, or ``Sandbox.release()``."""
    answer = None if status is None else Status(status, "before", body)
    return Fault(LateWrite(reads, answer), **where)


def lagging_reads(reads: int | None = None, **where: Unpack[Where]) -> Fault:
    """GETs of the model show it as before its last write, ``reads`` times or until a release.

    They do so after the PUT that it is for, or from the GET that it is for on.
    """
    return Fault(Lag(reads), **where)


def concurrent_write(
    changes: Mapping[str, Any],
    when: When = "before",
    actor: str = "Bo Other",
    model_id: str | None = None,
    **where: Unpack[Where],
) -> Fault:
    """Somebody else merges ``changes`` into the model, just before or after the request."""
    return Fault(ConcurrentWrite(changes, when, actor, model_id), **where)


def delete(model_id: str | None = None, **where: Unpack[Where]) -> Fault:
    """Somebody else deletes the model just before the request is processed."""
    return Fault(Delete(model_id), **where)


def growth(
    top: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """Answers show these keys on the model, and on each of its fields (replacing their likes)."""
    return Fault(Growth(top or {}, fields or {}), **where)


def lightness(keys: Sequence[str], **where: Unpack[Where]) -> Fault:
    """Answers leave these keys of models out; for the list, say ``kind="models"``."""
    return Fault(Lightness(tuple(keys)), **where)


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
    that goes on ``alone`` moves with each reading of its model too, and needs nobody to poll it.
    """
    return Fault(AsJob(JobScript(polls, error, written, endless, alone), forced), **where)


def raw_body(
    body: bytes | str, content_type: str = "application/json", **where: Unpack[Where]
) -> Fault:
    """Processed, and answered with 200 and exactly these bytes."""
    raw = body.encode() if isinstance(body, str) else body
    return Fault(RawBody(raw, content_type), **where)


def hold(gate: Gate | None = None, when: When = "before", **where: Unpack[Where]) -> Fault:
    """The request waits at ``gate`` until it is released (``Sandbox.release()`` opens them all)."""
    return Fault(Hold(gate or Gate(), when), **where)


def _pairs(headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple((headers or {}).items())


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
            if isinstance(fault.action, Hold):
                self._gates.append(fault.action.gate)

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
        """Let every held request go."""
        with self._lock:
            gates, self._gates = self._gates, []
        for gate in gates:
            gate.release()

    def clear(self) -> None:
        """Forget every fault, and let held requests go."""
        with self._lock:
            self._waiting.clear()
        self.open_gates()
