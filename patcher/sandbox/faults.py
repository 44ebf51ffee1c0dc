"""Faults: what goes wrong, and with which request.

A fault is an action around a request: it can act before and after what would happen without it,
change the request or the reply, or answer by itself. Each function below makes a common one.
Keyword arguments common to all select the requests:

``method``
    "PUT" by default; "GET", "POST", "DELETE", or "*" for any.
``kind``
    the path: "model" (one model), "models" (the list), "preview", "job", "me",
    "syncs" (the list), "sync" (one), "status" (of one); any by default.
``path``
    a text that the path contains, such as an id.
``nth``
    the nth matching request from now on; 1, the next one, by default.
``every``
    every matching request from now on; wins over ``nth``.

Several faults may meet one request: the first that was scripted is the outermost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from patcher.sandbox.messages import Call, Reply, WireError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from patcher.sandbox.server import Sandbox

When = Literal["before", "after"]
"""Before the API processes the request, or after it has, and before the answer leaves."""

BodyForm = Literal["api", "message", "html", "empty"]
"""The API's error form, a gateway's message in JSON, its page, or nothing."""

GarbageForm = Literal["html", "truncated", "cut short"]
"""A page with status 200; half a JSON text that claims to be whole; one that does not."""

Proceed = Callable[[Call], Reply]
"""Does what comes next: further faults, and in the end what the API itself would do."""

Action = Callable[["Sandbox", Call, Proceed], Reply]
"""What a fault does to a request or response; one that never proceeds leaves it unprocessed."""

RESET = Reply(0, reset=True)

_PAGE = Reply(
    200,
    b"<html><head><title>Gateway</title></head><body><h1>Gateway</h1></body></html>",
    (("Content-Type", "text/html; charset=utf-8"),),
)


class Where(TypedDict, total=False):
    """Which requests a fault is for; see the head of this module."""

    method: str
    kind: str | None
    path: str
    nth: int
    every: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """An action, and the requests it happens to."""

    action: Action
    method: str = "PUT"
    kind: str | None = None
    path: str = ""
    nth: int = 1
    every: bool = False

    def concerns(self, call: Call) -> bool:
        """Whether the call is one of those that are counted."""
        return (
            self.method in ("*", call.method)
            and self.kind in (None, call.kind)
            and self.path in call.request.path
        )


def model_of(call: Call) -> str:
    """The id of the model that a call is about. Raises WireError 500: the script has a bug."""
    if call.kind != "model":
        message = f"{call.kind} names no model; the fault needs a model_id"
        raise WireError(500, "fault_without_model", message)
    return call.id


def acting(act: Callable[[Sandbox, Call], object], when: When = "before") -> Action:
    """Does something before or after the request is processed."""

    def action(sandbox: Sandbox, call: Call, proceed: Proceed) -> Reply:
        if when == "before":
            act(sandbox, call)
        reply = proceed(call)
        if when == "after":
            act(sandbox, call)
        return reply

    return action


def answering(reply: Reply, when: When) -> Action:
    """Answers with ``reply``, and the request is not processed, or was before."""

    def action(_: Sandbox, call: Call, proceed: Proceed) -> Reply:
        if when == "after":
            proceed(call)
        return reply

    return action


def drop_before(**where: Unpack[Where]) -> Fault:
    """The connection is reset, and nothing was processed."""
    return Fault(answering(RESET, "before"), **where)


def drop_after(**where: Unpack[Where]) -> Fault:
    """The request is processed, and the connection reset instead of an answer."""
    return Fault(answering(RESET, "after"), **where)


def status_reply(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Reply:
    """A reply with a status and a body that says no more; ``metadata`` is for the API's form."""
    pairs = tuple((headers or {}).items())
    if body == "api":
        message = f"scripted fault: {status}"
        return Reply.of_error(WireError(status, "scripted", message, dict(metadata or {}), pairs))
    if body == "message":
        return Reply.of({"message": f"gateway: {status}"}, status, pairs)
    if body == "html":
        return replace(_PAGE, status=status, headers=(*_PAGE.headers, *pairs))
    return Reply(status, b"", pairs)


def status_before(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """This status, and nothing was processed; ``metadata`` is that of the API's error form."""
    return Fault(answering(status_reply(status, body, headers, metadata), "before"), **where)


def status_after(
    status: int,
    body: BodyForm = "api",
    headers: Mapping[str, str] | None = None,
    **where: Unpack[Where],
) -> Fault:
    """This status, although the request was processed."""
    return Fault(answering(status_reply(status, body, headers), "after"), **where)


def slow(seconds: float, when: When = "before", **where: Unpack[Where]) -> Fault:
    """The answer takes that many seconds longer."""
    return Fault(acting(lambda sandbox, _: sandbox.wait(seconds), when), **where)


def garbage(form: GarbageForm = "html", **where: Unpack[Where]) -> Fault:
    """Processed, and answered with 200 and "html", "truncated" JSON, or JSON "cut short"."""

    def action(_: Sandbox, call: Call, proceed: Proceed) -> Reply:
        reply = proceed(call)
        if form == "html":
            return _PAGE
        half = replace(reply, body=reply.body[: len(reply.body) // 2])
        if form == "truncated":
            return half
        return replace(half, headers=(*reply.headers, ("Content-Length", str(len(reply.body)))))

    return Fault(action, **where)


def concurrent_write(
    changes: Mapping[str, Any],
    when: When = "before",
    actor: str = "Bo Other",
    model_id: str | None = None,
    **where: Unpack[Where],
) -> Fault:
    """Someone else merges ``changes`` into the model, just before or after the request."""

    def write(sandbox: Sandbox, call: Call) -> None:
        sandbox.write_as_other(model_id or model_of(call), changes, actor)

    return Fault(acting(write, when), **where)


class Script:
    """The faults that are waiting for their request."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Have a fault wait for its request."""
        with self._lock:
            self._waiting.append((fault, 0))

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
