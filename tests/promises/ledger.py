"""What every write to a sandbox put in and took out, and what its writer had seen before.

The account is taken on the server, from the writes as they take effect, and owes nothing to what
the writers say about themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from patcher.sandbox import Sandbox
from patcher.sandbox.messages import Actor, Call, Reply
from tests.sandbox.faults import Anyone, Fault, Proceed

Place: TypeAlias = tuple[str, ...]
Places: TypeAlias = dict[Place, Any]

_KEYED = {"fields", "tracking_columns", "labels", "policies"}
ABSENT = "(absent)"


def places(document: Mapping[str, Any]) -> Places:
    """A document as the places in it that can be changed on their own, each with its value.

    Lists without an order are taken apart by member, which is there or not.
    """
    found: Places = {}
    for key, value in document.items():
        if key == "configuration":
            found |= {(key, name): one for name, one in value.items()}
        elif key in _KEYED:
            found |= {(key, member): "there" for member in value}
        else:
            found[key,] = value
    return found


def changed(before: Places, after: Places) -> Places:
    """The places that differ, with what they hold in ``after``."""
    return {
        place: after.get(place, ABSENT)
        for place in before.keys() | after.keys()
        if before.get(place, ABSENT) != after.get(place, ABSENT)
    }


class Write(NamedTuple):
    """One write as it took effect.

    ``seen`` is what its writer was last shown, ``before`` what was there just before it, and
    ``after`` what it left; ``key`` is the Idempotency-Key that it came with, if any.
    """

    by: str
    key: str | None
    seen: Places
    before: Places
    after: Places

    @property
    def made(self) -> Places:
        """What the writer changed of what it had seen."""
        return changed(self.seen, self.after)

    @property
    def lost(self) -> Places:
        """Updates that the writer had not seen and took away, with the values they had."""
        theirs = changed(self.seen, self.before)
        return {
            place: value
            for place, value in theirs.items()
            if self.after.get(place, ABSENT) != value
        }


@dataclass(frozen=True, slots=True)
class _Shown:
    """An action that notes what a reading shows, and to whom."""

    ledger: Ledger

    def __call__(self, sandbox: Anyone, call: Call, proceed: Proceed) -> Reply:
        reply = proceed(call)
        who = call.request.headers["Authorization"]
        self.ledger.seen[who, call.id] = places(sandbox.stored(call.id))
        return reply


@dataclass(frozen=True, slots=True)
class _Keyed:
    """An action that notes the key of the write being made in this thread."""

    keys: threading.local

    def __call__(self, _: Anyone, call: Call, proceed: Proceed) -> Reply:
        self.keys.now = call.request.headers.get("Idempotency-Key")
        try:
            return proceed(call)
        finally:
            self.keys.now = None


class Ledger:
    """Every write to the models of a sandbox, in the order in which they took effect."""

    def __init__(self, sandbox: Sandbox, callers: Mapping[str, str]) -> None:
        """``callers`` gives the Authorization header of each actor that reads over HTTP."""
        self.writes: list[Write] = []
        self.seen: dict[tuple[str, str], Places] = {}
        self._callers = callers
        self._keys = threading.local()
        models = sandbox._models
        replace = models.replace

        def recorded(model_id: str, body: Mapping[str, Any], actor: Actor) -> str:
            with sandbox._store.transaction():
                before = places(models.stored(model_id))
                text = replace(model_id, body, actor)
                after = places(models.stored(model_id))
                who = self._callers.get(actor["name"], "")
                seen = self.seen.get((who, model_id), before)
                key = getattr(self._keys, "now", None)
                self.writes.append(Write(actor["name"], key, seen, before, after))
            return text

        models.replace = recorded  # type: ignore[method-assign]

    def watch(self, sandbox: Sandbox) -> None:
        """Notes readings and keys from now on; after every other fault has been scripted."""
        sandbox.fault(Fault(_Keyed(self._keys), method="PUT", every=True))
        sandbox.fault(Fault(_Shown(self), method="GET", kind="model", every=True))


@dataclass(frozen=True, slots=True)
class CallerFault(Fault):
    """A fault for the requests of one caller, known by the Authorization header."""

    authorization: str = ""

    def concerns(self, call: Call) -> bool:
        return (
            Fault.concerns(self, call)
            and call.request.headers.get("Authorization") == self.authorization
        )
