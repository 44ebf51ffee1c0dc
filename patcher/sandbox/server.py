"""The sandbox: its parts put together, and the way of a request through them."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from patcher.sandbox.description import published
from patcher.sandbox.endpoints import Endpoints
from patcher.sandbox.faults import Action, Fault, Proceed, Script
from patcher.sandbox.forms import Modes, merged
from patcher.sandbox.listener import Listener
from patcher.sandbox.messages import (
    PARTNER,
    USER,
    Call,
    Caller,
    Document,
    Reply,
    WireError,
    bad_request,
    person,
)
from patcher.sandbox.models import Models
from patcher.sandbox.seed import ORGANIZATION_ID, fill
from patcher.sandbox.store import Database
from patcher.sandbox.syncs import Syncs

if TYPE_CHECKING:
    from typing_extensions import Self

DEFAULT_API_KEY = "sandbox-key"
DEFAULT_PARTNER_KEY = "sandbox-partner-key"

VERSION = "2025-09-18"
"""Served when the caller names no version."""

VERSIONS = (VERSION, "2024-02-08")
"""The versions whose model endpoints look like this; the older ones are not emulated."""

VERSION_HEADER = "X-Polytomic-Version"


class Ledger:
    """The idempotency keys used, each with the outcome of its first request, errors included.

    The documentation does not say whether a key is bound to an endpoint, a caller or a body; here
    it is bound to none, the strictest interpretation.
    """

    def __init__(self) -> None:
        self._outcomes: dict[str, Reply | None] = {}
        self._lock = threading.Lock()

    def outcome(self, key: str, process: Callable[[], Reply]) -> Reply:
        """The reply of ``process`` for a new key; 409 as long as the first one is processed."""
        with self._lock:
            if key in self._outcomes:
                message = "a request with this idempotency key is still being processed"
                in_flight = WireError(409, "idempotency_key_in_flight", message)
                return self._outcomes[key] or Reply.of_error(in_flight)
            self._outcomes[key] = None
        try:
            self._outcomes[key] = reply = process()
        except BaseException:  # a bug of this sandbox
            del self._outcomes[key]
            raise
        return reply


class Sandbox:
    """An emulated Polytomic API on a loopback port; a context manager.

    It listens from construction on, and stops with ``close()`` or at the end of the block.

    Args:
        models: how many models an empty database is seeded with; the first three are realistic,
            and with all of them come the four syncs that read them.
        port: 0 picks a free one.
        db: a database file, which keeps models and syncs over a restart; None: in memory.
        fixed_ids: seeded models and syncs have the ids that ``seed`` names; else new ones for each
            empty database.
        latency: seconds from a request to its answer, the work included.
        validate_responses: check each answer against the published description; a check costs
            time in proportion to the number of fields, so benchmarks switch it off.
        modes: how the server differs from the plain one, such as ``light_lists=True``; see
            ``Modes``.

    Attributes:
        url: the base URL, as in ``http://127.0.0.1:40321``.
        api_key: the user's key, for ``Authorization: Bearer``.
        partner_key: for ``Authorization: Basic``, with the organization.
        organization_id: the only organization.
        syncs: the syncs, to be read and to be changed by someone else.
        requests: every request so far, in order of arrival.

    Raises:
        OSError: the port is in use.
    """

    api_key = DEFAULT_API_KEY
    partner_key = DEFAULT_PARTNER_KEY
    organization_id = ORGANIZATION_ID

    def __init__(
        self,
        models: int = 0,
        *,
        port: int = 0,
        db: Path | str | None = None,
        fixed_ids: bool = True,
        latency: float = 0.0,
        validate_responses: bool = True,
        **modes: Any,
    ) -> None:
        self.requests: list[Request] = []
        self._latency = latency
        self._validate_responses = validate_responses
        self._closing = threading.Event()
        self._script = Script()
        self._ledger = Ledger()
        self._description = published()
        self._store = Database(db)
        self._models = Models(self._store, Modes(**modes))
        self.syncs = Syncs(self._models, self._store)
        self._endpoints = Endpoints(self._models, self.syncs, self._description)
        try:
            if models and not self.ids():
                with self._store.transaction():
                    fill(self._models, self.syncs, models, fixed_ids=fixed_ids)
            self._listener = Listener(self.answer, port)
            self.url = self._listener.url
        except (OSError, sqlite3.Error):
            self._store.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, close the database. May be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.stop()
        self._store.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until closed, or for ``timeout`` seconds; whether it was closed."""
        return self._closing.wait(timeout)

    # The models

    def create(self, document: Mapping[str, Any]) -> str:
        """Store a new model in the PUT form without validation; returns its id."""
        return self._models.create(document, person("Ada Seed"))

    def ids(self) -> list[str]:
        """The ids of all models, in the order of creation."""
        return self._store.models.ids()

    def model(self, model_id: str) -> Document:
        """The model in the GET form, as an answer would show it. Raises KeyError."""
        shown: Document = json.loads(self._models.text(model_id))
        return shown

    def stored(self, model_id: str) -> Document:
        """The model in the PUT form, exactly as the last write left it. Raises KeyError."""
        return self._models.stored(model_id)

    def write_as_other(
        self, model_id: str, changes: Mapping[str, Any], actor: str = "Bo Other"
    ) -> None:
        """Someone else merges ``changes`` (RFC 7396, PUT form) into the model: a write."""
        with self._store.transaction():
            self._models.replace(model_id, merged(self.stored(model_id), changes), person(actor))

    def delete(self, model_id: str) -> None:
        """Someone else deletes the model. Raises KeyError."""
        self._models.delete(model_id)

    # Requests

    def puts(self, model_id: str | None = None) -> list[Request]:
        """The PUTs so far, or those of one model."""
        path = None if model_id is None else f"/api/models/{model_id}"
        return [
            each for each in self.requests if each.method == "PUT" and path in (None, each.path)
        ]

    def fault(self, fault: Fault) -> Fault:
        """Script a fault; see ``patcher.sandbox.faults``. Returns it."""
        self._script.add(fault)
        return fault

    def answer(self, request: Request) -> Reply:
        """Answer a request, ``latency`` seconds after it came. Never raises.

        Half of that is the way here, and the other half, less what the work took, the way back.
        """
        answered = monotonic() + self._latency
        self.requests.append(request)
        self.wait(self._latency / 2)
        try:
            reply = self._answer(request)
        except WireError as error:
            reply = Reply.of_error(error)
        self.wait(max(0.0, answered - monotonic()))
        # A version that is refused is answered with ours.
        asked = request.headers.get(VERSION_HEADER)
        served = asked if asked in VERSIONS else VERSION
        return replace(reply, headers=(*reply.headers, (VERSION_HEADER, served)))

    def process(self, call: Call) -> Reply:
        """What the API itself answers, below all faults; a subclass may answer otherwise."""
        try:
            return self._endpoints.answer(call)
        except WireError as error:
            return Reply.of_error(error)

    def respond(self, call: Call) -> Reply:
        """What ``process`` answers, once it is as the description has it."""
        reply = self.process(call)
        violation = self._validate_responses and self._description.violation(call, reply)
        if not violation:
            return reply
        # A bug of this sandbox.
        return Reply.of_error(WireError(500, "sandbox_response_violates_description", violation))

    def _answer(self, request: Request) -> Reply:
        kind, arguments = self._endpoints.find(request.path, request.method)
        caller = self._identify(request)
        version = request.headers.get(VERSION_HEADER, VERSION)
        if version not in VERSIONS:
            raise bad_request(f"{version} is not a version this server has", supported=VERSIONS)
        if caller.organization_id is None and kind != "me":
            raise WireError(403, "forbidden", "a partner key needs an organization to act in")
        wants_job = request.args.get("async", "").lower() == "true"
        call = Call(request, kind, arguments, caller, request.get_data(), wants_job)
        self._description.check_parameters(call)
        proceed: Proceed = self._respond_once
        for action in reversed(self._script.due(call)):
            proceed = self._around(proceed, action)
        return proceed(call)

    def _around(self, proceed: Proceed, action: Action) -> Proceed:
        return lambda call: action(self, call, proceed)

    def _identify(self, request: Request) -> Caller:
        """The caller behind an Authorization header.

        ``Bearer <key>`` accepts the user's key or the bare partner key; ``Basic
        base64(organization:key)`` accepts either key, acting in that organization.

        Raises:
            WireError: 401, for any other header.
        """
        given = request.authorization
        key = organization_id = None
        if given and given.type == "bearer":
            key = given.token
        elif given and str(given.username).lower() == self.organization_id:
            key, organization_id = given.password, self.organization_id
        if key == self.api_key:
            return Caller(USER, self.organization_id)
        if key == self.partner_key:
            return Caller(PARTNER, organization_id)
        challenge = (("WWW-Authenticate", "Bearer"),)
        raise WireError(401, "unauthorized", "missing or invalid credentials", headers=challenge)

    def _respond_once(self, call: Call) -> Reply:
        key = None if call.method == "GET" else call.request.headers.get("Idempotency-Key")
        return self._ledger.outcome(key, partial(self.respond, call)) if key else self.respond(call)
