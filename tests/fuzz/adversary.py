"""An adversary between the guard and its server: one model, and all that can go wrong with it.

It takes the place of the transport, below everything of ours but the sockets, and keeps the truth:
each state that was ever stored, which of them is a PUT's doing, and which of them was shown.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar

from patcher.api.transport import AnswerLostError, Response, UnsentError
from patcher.resources.model import MODEL
from tests.guard.memory import ID, FakeClock, MemoryStore, response

T = TypeVar("T")

ME: Final = "me"
"""The id of the actor that our writes are shown to be by."""

CHANGES: Final[Sequence[dict[str, Any]]] = (
    {"name": "Clients"},
    {"name": "Clients", "identifier": "phone"},
    {"fields": ["phone", "email"]},
    {"policies": None},
    {"configuration": {"query": "SELECT 2"}, "name": "Clients"},
)

ONCE, TWICE, LATE = "once", "twice", "late"
_DELIVERIES: Final = (ONCE, ONCE, "acted", "not acted", "lost", TWICE, TWICE, LATE, "unsent")

UNPROCESSED: Final = frozenset({"unsent", "429", "412", "422", "job failed"})
"""Answers that say: this delivery was not acted on."""

DECLINED: Final = frozenset({"500", "409", "302"})
"""Answers that say so, and are believed once the model has stayed as it was."""

_ACTED_ANSWERS: Final = ("500", "409", "408", "502", "503", "html", "302", "replay", "lost")
_UNACTED_ANSWERS: Final = ("429", "412", "500", "409", "302", "408", "422", "502", "503", "html")
_SECOND_ANSWERS: Final = ("429", "412", "as it is", "500", "409", "502", "lost")
_LATE_ANSWERS: Final = ("lost", "408", "502", "503", "500", "409")


@dataclass
class Put:
    """One PUT: what was sent, how it was answered, and what it did.

    ``based_on`` is the state that the guard had read before it, ``answer`` the kind of answer,
    ``acted`` the states that it made, ``due`` when it will still act. ``is_looked_into`` says
    whether a read was tried since, ``is_read`` whether one showed that state or a later one.
    ``shown`` is the tick at which a reading showed that it had acted, as far as that can be seen
    at all, and ``moved`` the one at which it showed any later state than the PUT was based on.
    """

    key: str
    body: dict[str, Any]
    based_on: int
    tick: int
    answer: str = ""
    answered: float = 0.0
    acted: list[int] = field(default_factory=list)
    is_looked_into: bool = False
    is_read: bool = False
    due: float | None = None
    shown: int | None = None
    moved: int | None = None


@dataclass
class _Job:
    put: Put
    outcome: str
    polls: int


class World:
    """The server, its other writers, its replicas, and the network; ``pick`` decides it all.

    What is picked first is harmless, so that a failing sequence shrinks to what it needs.
    """

    def __init__(self, pick: Callable[[Sequence[Any]], Any]) -> None:
        self.pick = pick
        self.clock = FakeClock()
        self.tick = 0
        self.change: dict[str, Any] = pick(CHANGES)
        self.versions: str = pick(("by one", "by one", "by two", "still", "none", "random"))
        self.etags: str = pick(("none", "none", "strong", "mangled"))
        self.honours_keys: bool = pick((False, True))
        self.is_lagging: bool = pick((False, True))
        self.knows_me: bool = pick((True, False))
        self.is_calm = False
        self.store = MemoryStore(response())
        # What was there before holds what is to be written, so that a stale reading looks like it.
        self.history: list[dict[str, Any]] = []
        self.by_put: list[Put | None] = []
        document = _said(self.store.raw)
        self._first({**document, **self._wanted()}, 6)
        self._first(document, 7)
        self.puts: list[Put] = []
        self.jobs: list[_Job] = []
        self.last_read = len(self.history) - 1

    @property
    def counts(self) -> bool:
        """Whether the version moves with each write by what the guard takes for one write."""
        return self.versions in ("by one", "by two")

    @property
    def step(self) -> int:
        """How far one write moves the version; what PATCH_MODEL_VERSION_STEP is set to."""
        return 2 if self.versions == "by two" else 1

    @property
    def latest(self) -> int:
        """The state that is stored now."""
        return len(self.history) - 1

    # ---- what is stored

    def _first(self, document: dict[str, Any], version: int) -> None:
        self.store.write(document, by="Bo")
        self.store.raw["version"] = version
        if self.versions == "none":
            del self.store.raw["version"]
        self._remember(None)

    def _wanted(self, *keys: str) -> dict[str, Any]:
        """What the change is to leave, or the part of it under ``keys``."""
        wanted = {key: self.change[key] for key in keys or self.change}
        if "configuration" in wanted:
            wanted["configuration"] = self.store.raw["configuration"] | wanted["configuration"]
        return {key: [] if value is None else value for key, value in wanted.items()}

    def _write(self, document: dict[str, Any], by: str, put: Put | None = None) -> None:
        step = {"still": 0, "none": 0}.get(self.versions, self.step)
        self.store.write(document, by=by, step=step)
        if self.versions == "random":
            self.store.raw["version"] = self.pick(range(5, 13))
        if put is not None:
            put.acted.append(len(self.history))
        self._remember(put)

    def _remember(self, put: Put | None) -> None:
        self.history.append(copy.deepcopy(self.store.raw))
        self.by_put.append(put)

    def _others(self) -> None:
        """Somebody else writes, or nobody does."""
        if self.is_calm:
            return
        quiet = 9 if self.puts else 40
        kind = self.pick(("",) * quiet + ("elsewhere", "over it", "the same", "a part", "careless"))
        now = _said(self.store.raw)
        number = len(self.history)
        if kind == "elsewhere":
            self._write({**now, "tracking_columns": [f"column-{number}"]}, "Bo")
        elif kind == "over it":
            policy = f"9a3bdc27-2a3c-4f0e-8f57-{number:012d}"
            theirs = {"name": f"Theirs {number}", "policies": [policy]}
            self._write({**now, **theirs, "fields": ["email", "phone", "theirs"]}, "Bo")
        elif kind == "the same":
            self._write({**now, **self._wanted()}, "Bo")
        elif kind == "a part":
            self._write({**now, **self._wanted(next(iter(self.change)))}, "Bo")
        elif kind == "careless":
            self._write({**_said(self.history[1]), "identifier": f"id-{number}"}, "Bo")

    def _land(self) -> None:
        """What was under way, and whose time has come, is stored."""
        for put in sorted((one for one in self.puts if one.due is not None), key=_due):
            if put.due is not None and put.due <= self.clock.now:
                put.due = None
                self._write(put.body, "Me", put)

    def settle_down(self) -> None:
        """All that was under way lands, and from now on nothing goes wrong."""
        self.clock.now += 1e6
        self._land()
        for job in self.jobs:
            if job.outcome == "late" and not job.put.acted:
                self._write(job.put.body, "Me", job.put)
        self.is_calm, self.is_lagging, self.etags = True, False, "none"

    # ---- what is seen

    def _has_trace(self, state: int, put: Put) -> bool:
        """Whether a state holds anything of what a PUT changed; without a version, all to go by."""
        here, base = self.history[state], self.history[put.based_on]
        return any(
            _value(here, key) == _value(put.body, key) != _value(base, key) for key in self.change
        )

    def _show(self, state: int) -> None:
        for put in self.puts:
            if (
                put.shown is None
                and put.acted
                and state >= put.acted[0]
                and self._tells(state, put)
            ):
                put.shown = self.tick

    def _tells(self, state: int, put: Put) -> bool:
        """Whether a state after a PUT acted can be known for one."""
        if self.counts:
            return True
        # A version that goes back is what a replica that lags behind shows.
        old, new = (self.history[one].get("version", 0) for one in (put.based_on, state))
        since = range(put.acted[0], state + 1)
        return bool(new >= old) and all(self._has_trace(one, put) for one in since)

    def is_lost(self, put: Put) -> bool:
        """Whether what stood there, by somebody else, was gone with what this PUT made."""
        for state in put.acted:
            base, over, made = (
                content(self.history[one]) for one in (put.based_on, state - 1, state)
            )
            if self.by_put[state - 1] is not put and over not in (base, made):
                return True
        return False

    # ---- the wire

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> Response:
        """One request and its answer, as the transport would have them."""
        self.tick += 1
        self._land()
        self._others()
        if method == "PUT":
            answer = self._put(json.loads(body or b""), headers or {}, bool(params))
        elif path == "/api/me":
            answer = self._me()
        elif path.startswith("/api/jobs/"):
            answer = self._poll(path.rsplit("/", 1)[1])
        else:
            answer = self._get()
        self._others()
        return answer

    def close(self) -> None:
        """Nothing is open."""

    def _get(self) -> Response:
        for put in self.puts:
            put.is_looked_into = True
        if self.puts and not self.is_calm:
            trouble = self.pick(("",) * 8 + ("503", "429", "lost"))
            if trouble == "lost":
                raise AnswerLostError("the connection broke")
            if trouble:
                told = {"retry-after": str(self.pick((1, 30, 60)))} if trouble == "429" else {}
                return _error(int(trouble), told)
        state = max(self.latest - (self._lag() if self.is_lagging else 0), 0)
        self.last_read = state
        self._show(state)
        for put in self.puts:
            put.is_read = put.is_read or state >= put.based_on
            if put.moved is None and state > put.based_on:
                put.moved = self.tick
        tag = {"strong": f'"v{state}"', "mangled": f'"v{state}-gzip"'}.get(self.etags)
        return _success(self.history[state], {"etag": tag} if tag else {})

    def _lag(self) -> int:
        """By how many states a replica is behind; often just so far that it hides the last PUT."""
        if not self.puts:
            return int(self.pick((0,) * 9 + (1,)))
        hiding = self.latest - self.puts[-1].based_on
        return int(self.pick((0, 0, 0, 0, hiding, hiding, 1, 9)))

    def _me(self) -> Response:
        if not self.knows_me:
            return _error(self.pick((403, 404)))
        return _success({"id": ME, "is_user": True})

    def _put(self, body: dict[str, Any], headers: Mapping[str, str], is_async: bool) -> Response:
        put = Put(headers["Idempotency-Key"], body, self.last_read, self.tick)
        self.puts.append(put)
        how = ONCE if self.is_calm else self.pick(_DELIVERIES)
        try:
            answer = self._delivered(put, how, headers.get("If-Match"), is_async)
        except UnsentError:
            put.answer = "unsent"
            raise
        except AnswerLostError:
            put.answer = "lost"
            raise
        finally:
            put.answered = self.clock.now
        if put.answer == "200":
            self._show(put.acted[0])
        return answer

    def _delivered(self, put: Put, how: str, if_match: str | None, is_async: bool) -> Response:
        if how == "unsent":
            raise UnsentError("no route")
        if how == "lost":
            _lose()
        if how == "not acted":
            return self._answer(put, self.pick(_UNACTED_ANSWERS))
        if how == LATE:
            said = self.pick(_LATE_ANSWERS)
            # One that says that nothing was written may write for a while, but not for ever.
            delays = (0.05, 1.0, 4.0) if said in DECLINED else (0.05, 1.0, 4.0, 90.0)
            put.due = self.clock.now + self.pick(delays)
            return self._answer(put, said)
        if is_async and how != TWICE:
            return self._begin(put)
        first = self._act(put, if_match)
        if how == ONCE:
            return first
        if how == "acted":
            return self._answer(put, self.pick(_ACTED_ANSWERS))
        self._others()
        said = self.pick(_SECOND_ANSWERS)
        if said != "as it is":
            return self._answer(put, said)
        return first if self.honours_keys else self._act(put, if_match)

    def _act(self, put: Put, if_match: str | None) -> Response:
        if if_match is not None and if_match != f'"v{self.latest}"':
            return self._answer(put, "412")
        self._write(put.body, "Me", put)
        put.answer = "200"
        return _success(self.history[self.latest])

    def _answer(self, put: Put, said: str) -> Response:
        put.answer = said
        if said == "lost":
            _lose()
        if said == "html":
            return Response(200, {}, b"<html>")
        if said == "replay":
            return _success(self.history[put.based_on])
        if said == "302":
            return Response(302, {"location": "https://elsewhere"}, b"")
        if said == "502":
            return Response(502, {}, b"<html>")
        told = {"retry-after": str(self.pick((1, 5, 90)))} if said == "429" else {}
        return _error(int(said), told)

    # ---- jobs

    def _begin(self, put: Put) -> Response:
        outcomes = ("done", "failed", "failed, written", "failed halfway", "overtaken", "late")
        job = _Job(put, self.pick(outcomes), self.pick((0, 1, 3)))
        self.jobs.append(job)
        put.answer = "job"
        return _job(len(self.jobs) - 1, "created")

    def _poll(self, name: str) -> Response:
        job = self.jobs[int(name)]
        if self.pick(("",) * 6 + ("lost",)):
            _lose()
        job.polls -= 1
        if job.polls >= 0 or job.outcome == "late":
            return _job(int(name), "running")
        if job.put.answer == "job":
            self._end(job)
        return _job(int(name), "done" if job.outcome == "done" else "failed")

    def _end(self, job: _Job) -> None:
        put = job.put
        put.answer, put.answered = "job failed", self.clock.now
        if job.outcome in ("done", "failed, written"):
            self._write(put.body, "Me", put)
            put.answer = "200" if job.outcome == "done" else "job failed"
        elif job.outcome == "failed halfway":
            self._write({**put.body, "name": "Half of it"}, "Me", put)
        elif job.outcome == "overtaken":
            self._write({**_said(self.store.raw), "tracking_columns": ["overtaking"]}, "Bo")


def _due(put: Put) -> float:
    return put.due or 0.0


def _value(document: dict[str, Any], key: str) -> Any:
    """One member, of a body as of a response; where there is nothing, None."""
    value = document.get(key) or None
    if key == "fields" and value:
        return [one["name"] if isinstance(one, dict) else one for one in value]
    return value


def content(raw: dict[str, Any]) -> dict[str, Any]:
    """All that is writable of a state."""
    return {key: _value(raw, key) for key in MODEL.shape.members}


def _said(raw: dict[str, Any]) -> dict[str, Any]:
    """The writable document of a state."""
    return {key: value for key, value in content(raw).items() if value is not None}


def _lose() -> NoReturn:
    raise AnswerLostError("the connection broke")


def _success(data: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(200, headers or {}, json.dumps({"data": data}).encode())


def _job(number: int, status: str) -> Response:
    job = {"job_id": str(number), "type": "updatemodel", "status": status, "error": "no reason"}
    answer = {"data": job} if status != "created" else {"job": job}
    return Response(200, {}, json.dumps(answer).encode())


def _error(status: int, headers: dict[str, str] | None = None) -> Response:
    said = {"status": status, "message": f"said {status}", "key": "said"}
    return Response(status, headers or {}, json.dumps(said).encode())


__all__ = ["DECLINED", "ID", "ME", "UNPROCESSED", "Put", "World"]
