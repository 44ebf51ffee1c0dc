"""The endpoints of the API, without faults."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from patcher.sandbox.description import PATHS, Description
from patcher.sandbox.messages import Call, Document, NoSuchError, Reply, WireError, dumps
from patcher.sandbox.models import Models
from patcher.sandbox.seed import DATA, found
from patcher.sandbox.syncs import Syncs

PAGE_LIMIT = 50
"""The default and the largest page of GET /api/models and /api/syncs, as documented."""

FULL_LIST_VERSION = "2024-02-08"
"""The version whose GET /api/syncs shows whole syncs; later ones show light items."""

_POLLS = 3
"""A job is created, then running, and done at the poll of this number."""

_RULES = [
    Rule(template.translate({ord("{"): "<", ord("}"): ">"}), endpoint=kind)
    for kind, template in PATHS.items()
]
_URLS = Map(_RULES, merge_slashes=False).bind("sandbox")


@dataclass(slots=True)
class AsyncJob:
    """Asynchronous work, which takes effect when the job ends."""

    id: str
    type: str
    work: Callable[[], str]
    polled: int = 0
    status: Literal["created", "running", "done", "failed"] = "created"
    error: str | None = None
    result: Any = None

    def advance(self) -> None:
        """One more poll. A job that has ended stays as it is."""
        self.polled += 1
        if self.polled < _POLLS:
            self.status = "running"
        elif self.polled == _POLLS:
            try:
                self.result, self.status = json.loads(self.work()), "done"
            except WireError as error:
                self.error, self.status = error.message, "failed"

    def to_dict(self) -> Document:
        """The ``JobResponse`` object."""
        shown = {key: getattr(self, key) for key in ("type", "status", "error", "result")}
        return {"job_id": self.id, **shown}


class Endpoints:
    """The endpoints by path kind and verb; each returns its reply or raises WireError.

    ``jobs`` are those begun so far, by type and id.
    """

    def __init__(self, models: Models, syncs: Syncs, description: Description) -> None:
        self._models = models
        self._syncs = syncs
        self._description = description
        self.jobs: dict[tuple[str, str], AsyncJob] = {}
        self._polling = threading.Lock()
        self._table: dict[tuple[str, str], Callable[[Call], Reply]] = {
            ("me", "GET"): lambda call: _data(call.caller.identity()),
            ("models", "GET"): self._list,
            ("models", "POST"): self._create,
            ("model", "GET"): lambda call: _enveloped(models.text(call.id)),
            ("model", "PUT"): self._replace,
            ("model", "DELETE"): self._delete,
            ("preview", "POST"): self._preview,
            ("sample", "GET"): self._sample,
            ("job", "GET"): self._poll,
            ("syncs", "GET"): self._list_syncs,
            ("sync", "GET"): lambda call: _data(syncs.shown(call.id)),
            ("status", "GET"): self._sync_status,
            ("connections", "GET"): lambda _: _data([*DATA["connections"].values()]),
            ("connection", "GET"): _known("connection", "connections"),
            ("policies", "GET"): lambda _: _data([*DATA["policies"].values()]),
            ("policy", "GET"): _known("policy", "policies"),
            ("enrichment", "GET"): _known("enrichment source", "enrichment_sources"),
            ("inputs", "POST"): self._input_fields,
        }

    def find(self, path: str, method: str) -> tuple[str, dict[str, str]]:
        """The kind of a path, and the parameters in it. Raises WireError 404 or 405."""
        try:
            kind, arguments = _URLS.match(path)
        except NotFound as error:
            raise WireError(404, "not_found", str(error.description)) from error
        if (kind, method) not in self._table:
            verbs = ", ".join(verb for each, verb in self._table if each == kind)
            message = f"{method} is not supported here"
            raise WireError(405, "method_not_allowed", message, headers=(("Allow", verbs),))
        return kind, dict(arguments)

    def answer(self, call: Call) -> Reply:
        """Do what the call asks for."""
        return self._table[call.kind, call.method](call)

    def _list(self, call: Call) -> Reply:
        texts, following = self._models.page(*_page(call))
        data = ",".join(texts)
        return Reply.of_text(f'{{"data":[{data}],"pagination":{dumps(_pagination(following))}}}')

    def _list_syncs(self, call: Call) -> Reply:
        full = call.request.headers.get("X-Polytomic-Version") == FULL_LIST_VERSION
        items, following = self._syncs.page(*_page(call), call.request.args, full=full)
        return Reply.of({"data": items, "pagination": _pagination(following)})

    def _sync_status(self, call: Call) -> Reply:
        self._syncs.shown(call.id)
        return _data({})

    def _create(self, call: Call) -> Reply:
        body, actor = self._description.checked_body(call), call.caller.actor
        return self._now_or_later(
            call, "createmodel", lambda: self._models.text(self._models.create(body, actor))
        )

    def _replace(self, call: Call) -> Reply:
        body, actor = self._description.checked_body(call), call.caller.actor
        self._models.text(call.id)  # 404 now, not when the job ends
        return self._now_or_later(
            call, "updatemodel", lambda: self._models.replace(call.id, body, actor)
        )

    def _delete(self, call: Call) -> Reply:
        self._models.delete(call.id)
        return Reply(200)

    def _preview(self, call: Call) -> Reply:
        body = self._description.checked_body(call)
        return self._now_or_later(call, "previewmodel", lambda: dumps(self._models.preview(body)))

    def _sample(self, call: Call) -> Reply:
        return self._now_or_later(call, "samplemodel", lambda: dumps(self._models.sample(call.id)))

    def _input_fields(self, call: Call) -> Reply:
        self._description.checked_body(call)
        connection_id = call.arguments["connection_id"].lower()
        return _data(found("enrichment source", "input_fields", connection_id))

    def _now_or_later(self, call: Call, type_: str, work: Callable[[], str]) -> Reply:
        """The result, or a job that ends with it."""
        if not call.wants_job:
            return _enveloped(work())
        job = AsyncJob(str(uuid.uuid4()), type_, work)
        self.jobs[type_, job.id] = job
        return Reply.of({"job": job.to_dict()})

    def _poll(self, call: Call) -> Reply:
        with self._polling:
            job = self.jobs.get((call.arguments["type"], call.id))
            if job is None:
                raise NoSuchError("job", call.id)
            job.advance()
            return _data(job.to_dict())


def _enveloped(text: str) -> Reply:
    """JSON text in its ``{"data": ...}`` envelope."""
    return Reply.of_text(f'{{"data":{text}}}')


def _data(value: Any) -> Reply:
    """A value in its envelope."""
    return _enveloped(dumps(value))


def _known(noun: str, kind: str) -> Callable[[Call], Reply]:
    """An endpoint that reads what seed.json has of a kind."""
    return lambda call: _data(found(noun, kind, call.id))


def _page(call: Call) -> tuple[int, str]:
    """The limit and the token of a page."""
    limit = int(call.request.args.get("limit", PAGE_LIMIT))
    limit = min(limit, PAGE_LIMIT) if limit > 0 else PAGE_LIMIT
    return limit, call.request.args.get("page_token", "")


def _pagination(following: str) -> dict[str, str]:
    """The token of the next page; nothing at the end."""
    return {"next_page_token": following} if following else {}
