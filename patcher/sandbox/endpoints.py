"""The endpoints of the API, without faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from patcher.sandbox.description import Description
from patcher.sandbox.jobs import Jobs, JobScript
from patcher.sandbox.messages import (
    Call,
    Caller,
    RecordedRequest,
    Reply,
    WireError,
    bad_request,
    dumps,
    loads,
)
from patcher.sandbox.models import Models, entity_tag
from patcher.sandbox.seed import DATA, found
from patcher.sandbox.store import Position
from patcher.sandbox.syncs import Syncs, wanted_by

PAGE_LIMIT = 50
"""The default and the largest page of GET /api/models and /api/syncs, as documented."""

FULL_LIST_VERSION = "2024-02-08"
"""The version whose GET /api/syncs shows whole syncs; later ones show light items."""


PATHS = {
    "me": "/api/me",
    "models": "/api/models",
    "model": "/api/models/{id}",
    "preview": "/api/model-preview",
    "syncs": "/api/syncs",
    "sync": "/api/syncs/{id}",
    "status": "/api/syncs/{id}/status",
    "sample": "/api/models/{id}/sample",
    "connections": "/api/connections",
    "connection": "/api/connections/{id}",
    "enrichment": "/api/connections/{id}/modelsync/enrichment-source",
    "inputs": "/api/enrichment/{connection_id}/inputfields",
    "policies": "/api/permissions/policies",
    "policy": "/api/permissions/policies/{id}",
    "job": "/api/jobs/{type}/{id}",
}
"""The kind of each path, and its template in the published description."""

_RULES = [
    Rule(template.translate({ord("{"): "<", ord("}"): ">"}), endpoint=kind)
    for kind, template in PATHS.items()
]
_URLS = Map(_RULES, merge_slashes=False).bind("sandbox")


@dataclass(frozen=True, slots=True)
class Task:
    """A call and its caller. With a job script it is answered by a job."""

    call: Call
    caller: Caller
    job: JobScript | None = None

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.call.id


class Endpoints:
    """The endpoints by path kind and verb; each returns its reply or raises WireError."""

    def __init__(self, models: Models, syncs: Syncs, jobs: Jobs, description: Description) -> None:
        self._models = models
        self._syncs = syncs
        self._jobs = jobs
        self._description = description
        self._table: dict[tuple[str, str], Callable[[Task], Reply]] = {
            ("me", "GET"): lambda task: Reply.of_data(task.caller.identity()),
            ("models", "GET"): self._list,
            ("models", "POST"): self._create,
            ("model", "GET"): self._get,
            ("model", "PUT"): self._replace,
            ("model", "DELETE"): self._delete,
            ("preview", "POST"): self._preview,
            ("syncs", "GET"): self._list_syncs,
            ("sync", "GET"): lambda task: Reply.of_data(syncs.shown(task.id)),
            ("status", "GET"): lambda task: Reply.of_data(syncs.status(task.id)),
            ("job", "GET"): lambda task: Reply.of_data(
                jobs.poll(task.call.arguments["type"], task.id)
            ),
            ("sample", "GET"): self._sample,
            ("connections", "GET"): lambda _: Reply.of_data([*DATA["connections"].values()]),
            ("connection", "GET"): _known("connection", "connections"),
            ("policies", "GET"): lambda _: Reply.of_data([*DATA["policies"].values()]),
            ("policy", "GET"): _known("policy", "policies"),
            ("enrichment", "GET"): _known("enrichment source", "enrichment_sources"),
            ("inputs", "POST"): self._input_fields,
        }

    def find(self, request: RecordedRequest) -> Call:
        """The endpoint that a request is for. Raises WireError 404 or 405."""
        try:
            kind, arguments = _URLS.match(request.path)
        except NotFound as error:
            raise WireError(404, "not_found", str(error.description)) from error
        if (kind, request.method) not in self._table:
            verbs = ", ".join(verb for each, verb in self._table if each == kind)
            message = f"{request.method} is not supported here"
            raise WireError(405, "method_not_allowed", message, headers=(("Allow", verbs),))
        return Call(request, kind, PATHS[kind], dict(arguments))

    def answer(self, task: Task) -> Reply:
        """Do what the call asks for."""
        return self._table[task.call.kind, task.call.method](task)

    def _list(self, task: Task) -> Reply:
        texts, more = self._models.page(*_page(task.call))
        data = ",".join(texts)
        return Reply.of_text(f'{{"data":[{data}],"pagination":{dumps(_pagination(more))}}}')

    def _list_syncs(self, task: Task) -> Reply:
        request = task.call.request
        full = request.headers.get("X-Polytomic-Version") == FULL_LIST_VERSION
        items, more = self._syncs.page(*_page(task.call), wanted_by(request.query), full=full)
        return Reply.of({"data": items, "pagination": _pagination(more)})

    def _get(self, task: Task) -> Reply:
        text = self._models.seen(task.id)
        self._jobs.count_read(task.id)
        tag = (("ETag", entity_tag(text)),) if self._models.modes.etags else ()
        return Reply.of_model(text, tag)

    def _create(self, task: Task) -> Reply:
        body, actor = self._body(task.call), task.caller.actor
        return self._model_or_job(
            task, "createmodel", lambda: self._models.text(self._models.create(body, actor))
        )

    def _replace(self, task: Task) -> Reply:
        body, actor, model_id = self._body(task.call), task.caller.actor, task.id
        self._models.text(model_id)  # 404 now, not when the job ends
        if_match = task.call.request.headers.get("If-Match") if self._models.modes.etags else None
        return self._model_or_job(
            task, "updatemodel", lambda: self._models.replace(model_id, body, actor, if_match)
        )

    def _delete(self, task: Task) -> Reply:
        self._models.delete(task.id)
        return Reply(200)

    def _preview(self, task: Task) -> Reply:
        body = self._body(task.call)
        return self._model_or_job(task, "previewmodel", lambda: dumps(self._models.preview(body)))

    def _sample(self, task: Task) -> Reply:
        return self._model_or_job(task, "samplemodel", lambda: dumps(self._models.sample(task.id)))

    def _input_fields(self, task: Task) -> Reply:
        self._body(task.call)
        connection_id = task.call.arguments["connection_id"].lower()
        return Reply.of_data(found("enrichment source", "input_fields", connection_id))

    def _model_or_job(self, task: Task, type_: str, work: Callable[[], str]) -> Reply:
        if task.job is None:
            return Reply.of_model(work())
        job = self._jobs.begin(type_, lambda: json.loads(work()), task.job, task.call.model_id)
        return Reply.of({"job": job})

    def _body(self, call: Call) -> dict[str, Any]:
        body: dict[str, Any] = loads(call.request.body_bytes)
        self._description.check_body(call, body)
        return body


def _known(noun: str, kind: str) -> Callable[[Task], Reply]:
    """An endpoint that reads what seed.json has of a kind."""
    return lambda task: Reply.of_data(found(noun, kind, task.id))


def _page(call: Call) -> tuple[int, Position | None]:
    """The limit and the start position of a page."""
    limit = int(call.request.query.get("limit", PAGE_LIMIT))
    limit = min(limit, PAGE_LIMIT) if limit > 0 else PAGE_LIMIT
    token = call.request.query.get("page_token")
    if not token:
        return limit, None
    stamp, mark, row_id = token.partition("_")
    if not mark:
        raise bad_request("query parameter page_token: not a token of this server")
    return limit, (stamp, row_id)


def _pagination(position: Position | None) -> dict[str, str]:
    """The next page's position as a token; nothing at the end."""
    return {} if position is None else {"next_page_token": "_".join(position)}
