"""The sandbox with what only tests need: forms that no option of the command has, scripted jobs.

It overrides ``process``, what the API itself answers, and wraps the writes of its models; the
faults are actions around that.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from werkzeug.wrappers import Request

import patcher.sandbox
from patcher.sandbox.faults import Fault, Script
from patcher.sandbox.messages import Actor, Call, Document, Reply, WireError, dumps
from patcher.sandbox.server import Ledger
from tests.sandbox.faults import Gate, Held, altered
from tests.sandbox.jobs import Jobs, JobScript

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True, slots=True)
class Odd:
    """Further forms that real servers may have.

    Attributes:
        default_policies: attached to a model written without policies; empty means none.
        version_step: how far ``version`` moves with one write; 0 means it does not.
        version_of: only a write that changes one of these keys moves ``version``; by default
            every write does.
        without_version: responses have no ``version`` at all.
        order: "kept" answers lists as they were written, "sorted" in an order of the server's own.
        new_field_ids: every write gives every field a new id.
        etags: GET carries a strong ETag, and PUT honours If-Match.
        syntax_error_detail: what the source adds to a syntax error in a preview; sources may
            repeat their input, credentials included.
        missing_columns: columns that the source does not have, in a preview.
        previews: whether a preview shows the columns "listed" in the body's fields that the
            source has, or all that the "source" has. Which of these is so is not documented.
    """

    default_policies: Sequence[str] = ()
    version_step: int = 1
    version_of: Sequence[str] = ()
    without_version: bool = False
    order: Literal["kept", "sorted"] = "kept"
    new_field_ids: bool = False
    etags: bool = False
    syntax_error_detail: str = ""
    missing_columns: Sequence[str] = ()
    previews: Literal["listed", "source"] = "listed"


_SQLSTATE = b"(SQLSTATE 42601)"
_LISTS = ("fields", "tracking_columns", "relations", "labels", "policies")


class Sandbox(patcher.sandbox.Sandbox):
    """The sandbox, with the forms of ``Odd`` among its options.

    Attributes:
        jobs: the scripted ones, and the writes that land later than they are answered.
        job_scripts: how the job goes that a request is to begin.
    """

    def __init__(self, models: int = 0, **options: Any) -> None:
        names = {one.name for one in fields(Odd)} & options.keys()
        self.odd = Odd(**{name: options.pop(name) for name in names})
        self.jobs = Jobs()
        self.job_scripts: dict[Request, JobScript] = {}
        self._gates: list[Gate] = []
        self._executions: dict[str, Document] = {}
        self._previous: dict[str, Document] = {}
        self._lagging: dict[str, tuple[Document, int | None]] = {}
        self._uncounted = Counter[str]()
        super().__init__(models, **options)
        own = self._models
        self._replace, self._create, self._preview = own.replace, own.create, own.preview
        self._text = own.text
        own.replace = self._noting  # type: ignore[method-assign]
        own.create = self._creating  # type: ignore[method-assign]
        own.preview = self._previewing  # type: ignore[method-assign]
        own.text = self._renewed_text  # type: ignore[method-assign]

    # Scripted

    def fault(self, fault: Fault) -> Fault:
        """Script a fault; see ``tests.sandbox.faults``. Returns it."""
        if isinstance(fault, Held):
            self._gates.append(fault.gate)
        return super().fault(fault)

    def close(self) -> None:
        """Release held requests, and close."""
        self._open_gates()
        super().close()

    def release(self) -> int:
        """Open every gate, land every late write, end the jobs that go on alone.

        Returns how many writes and jobs there were.
        """
        self._open_gates()
        self._lagging.clear()
        return self.jobs.release()

    def reset(self) -> None:
        """Forget faults, jobs, keys, late writes and requests; models and syncs stay."""
        self._script = Script()
        self._open_gates()
        self._ledger = Ledger()
        self._lagging.clear()
        self.jobs.clear()
        self.reset_requests()

    def reset_requests(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()

    def run_sync(self, sync_id: str, *, running: bool = True) -> None:
        """Begin an execution of a sync, or end the current one."""
        stamp = self.syncs.shown(sync_id)["updated_at"]
        status = self._executions.setdefault(sync_id, {})
        if running:
            begun = {"id": str(uuid.uuid4()), "status": "running", "type": "manual"}
            status["current_execution"] = {**begun, "created_at": stamp, "started_at": stamp}
        elif "current_execution" in status:
            ended = status.pop("current_execution")
            status["last_execution"] = {**ended, "status": "completed", "completed_at": stamp}

    def model(self, model_id: str) -> Document:
        """The model in the GET form, as an answer would show it. Raises KeyError."""
        shown = super().model(model_id)
        self._alter(shown)
        return shown

    def previous(self, model_id: str) -> Document:
        """The model as it was shown before the last write; as now where there was none."""
        return self._previous.get(model_id) or self.model(model_id)

    def lag(self, model_id: str, shown: Document, reads: int | None) -> None:
        """Show ``shown`` for so many reads of the model; None waits for a release."""
        self._lagging[model_id] = (shown, reads)

    # What the API answers

    def process(self, call: Call) -> Reply:
        """What the plain one answers, in the forms and with the jobs that are scripted."""
        if call.kind == "job" and call.id in self.jobs:
            return self._polled(call)
        if call.kind == "status" and call.id in self._executions:
            return Reply.of({"data": self._executions[call.id]})
        if call.kind == "preview" and self.odd.previews == "source":
            body = {**json.loads(call.body), "fields": []}
            call = replace(call, body=dumps(body).encode())
        if call.kind == "model" and call.method == "GET":
            return self._read(call)
        reply = self._begun_or_done(call)
        if call.kind in ("model", "models", "preview"):
            return self._altered(reply)
        return reply

    def _polled(self, call: Call) -> Reply:
        try:
            return Reply.of({"data": self.jobs.poll(call.arguments["type"], call.id)})
        except WireError as error:
            return Reply.of_error(error)

    def _read(self, call: Call) -> Reply:
        """What a read shows, or the state that reads lag behind with."""
        reply = self._altered(super().process(call))
        with self._store.lock:
            shown, left = self._lagging.pop(call.id, ({}, 1))
            if left != 1:
                self._lagging[call.id] = (shown, None if left is None else left - 1)
        self.jobs.count_read(call.id)
        if reply.status == 200 and shown:
            reply = Reply.of({"data": shown})
        if reply.status == 200 and self.odd.etags:
            tag = entity_tag(json.loads(reply.body)["data"])
            reply = replace(reply, headers=(*reply.headers, ("ETag", tag)))
        return reply

    def _has_changed(self, call: Call) -> bool:
        """Whether a write is conditional on a state that is not the current one."""
        if_match = call.request.headers.get("If-Match")
        if not (self.odd.etags and if_match and call.id in self.ids()):
            return False
        tags = [tag.strip() for tag in if_match.split(",")]
        return "*" not in tags and entity_tag(self.model(call.id)) not in tags

    def _begun_or_done(self, call: Call) -> Reply:
        script = self.job_scripts.pop(call.request, JobScript())
        if not call.wants_job:
            return self._done(call)
        reply = super().process(call)
        begun = json.loads(reply.body).get("job") if reply.status == 200 and reply.body else None
        if begun is None:
            return reply

        def work() -> str:
            done = self._altered(self._done(replace(call, wants_job=False)))
            answer = json.loads(done.body)
            if done.status != 200:
                raise WireError(done.status, answer["key"], answer["message"])
            return dumps(answer["data"])

        # In place of the job of the plain one.
        del self._endpoints.jobs[begun["type"], begun["job_id"]]
        return Reply.of({"job": self.jobs.begin(begun["type"], work, script, call.id)})

    def _done(self, call: Call) -> Reply:
        """The answer of the plain one, unless the write is conditional on another state."""
        with self._store.transaction():
            if self._has_changed(call):
                changed = f"model {call.id} has changed since it was read"
                return Reply.of_error(WireError(412, "precondition_failed", changed))
            return super().process(call)

    def _altered(self, reply: Reply) -> Reply:
        if self.odd.syntax_error_detail:
            detail = json.dumps(self.odd.syntax_error_detail)[1:-1].encode()
            reply = replace(reply, body=reply.body.replace(_SQLSTATE, _SQLSTATE + detail))
        return reply if self.odd == Odd() else altered(reply, self._alter)

    def _alter(self, shown: Document) -> None:
        """Gives a model that is shown the form of this server."""
        odd, version = self.odd, shown.pop("version", None)
        if odd.new_field_ids and version:
            _renew_ids(shown, version)
        if version and not odd.without_version:
            counted = version - 1 - self._uncounted[shown["id"]]
            shown["version"] = 1 + counted * odd.version_step
        if odd.missing_columns and "id" not in shown:
            found = [one for one in shown["fields"] if one["name"] not in odd.missing_columns]
            shown["fields"] = found
        if odd.order == "sorted":
            for key in _LISTS:
                if key in shown:
                    shown[key].sort(key=_sort_key)
            if "fields" in shown.get("enricher", {}):
                shown["enricher"]["fields"].sort(key=_sort_key)

    def _with_policies(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.odd.default_policies and body.get("policies") is None:
            return {**body, "policies": list(self.odd.default_policies)}
        return body

    def _creating(self, body: Mapping[str, Any], actor: Actor, model_id: str | None = None) -> str:
        return self._create(self._with_policies(body), actor, model_id)

    def _previewing(self, body: Mapping[str, Any]) -> Document:
        return self._preview(self._with_policies(body))

    def _renewed_text(self, model_id: str) -> str:
        """The GET form with the IDs of fields that syncs see as well."""
        if not self.odd.new_field_ids:
            return self._text(model_id)
        shown = json.loads(self._text(model_id))
        _renew_ids(shown, shown["version"])
        return dumps(shown)

    def _noting(self, model_id: str, body: Mapping[str, Any], actor: Actor) -> str:
        """Every replacement, by whomever."""
        body = self._with_policies(body)
        with self._store.transaction():
            shown, before = self.model(model_id), self.stored(model_id)
            text = self._replace(model_id, body, actor)
            after = self.stored(model_id)
            keys = self.odd.version_of
            if keys and all(before.get(key) == after.get(key) for key in keys):
                self._uncounted[model_id] += 1
        self._previous[model_id] = shown
        return text

    def _open_gates(self) -> None:
        gates, self._gates = self._gates, []
        for gate in gates:
            gate.release()


def entity_tag(shown: Document) -> str:
    """A strong entity tag of a model's GET form."""
    return f'"{hashlib.sha256(dumps(shown).encode()).hexdigest()[:32]}"'


def _renew_ids(shown: Document, version: int) -> None:
    """Gives every field an id of this version, whatever id it has."""
    if version > 1 and "fields" in shown:
        space = uuid.UUID(shown["id"])
        for one in shown["fields"]:
            one["id"] = str(uuid.uuid5(space, f"{version} {one['name']} {one['user_added']}"))


def _sort_key(item: Any) -> str:
    if isinstance(item, dict):
        return str(item.get("name") or item.get("from") or item.get("id"))
    return str(item)


@contextmanager
def in_environment(models: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with so many models, that the environment points to."""
    with Sandbox(models=models) as running:
        monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", running.url)
        monkeypatch.setenv("POLYTOMIC_API_KEY", running.api_key)
        yield running
