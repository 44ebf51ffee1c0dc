"""Requests and their callers, replies and refusals in the API's form, and their JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request

Document = dict[str, Any]

Actor = dict[str, str]
"""The author of a change, as shown in ``created_by`` and ``updated_by`` (``OutputActor``)."""

ORGANIZATION_NAME = "Sandbox Organization"

_JSON_TYPE = ("Content-Type", "application/json")
_NAMES = uuid.UUID("6f1c2a52-2f0a-5a0e-9a6e-5b1d6c0b7e11")


def dumps(value: Any) -> str:
    """JSON text in ASCII, keys in the order given, so that lone surrogates and key order survive.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
    """
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def loads(body: bytes) -> Any:
    """The value of a request body.

    Integers of any size are kept exactly; other numbers are 64-bit floats, as in most servers.

    Raises:
        WireError: 400, when it is not JSON, or not finite.
    """
    try:
        value = json.loads(body)
        dumps(value)  # NaN is parsed, and 1e400 as infinity, which could not be answered
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the request body is not valid JSON: {error}") from error
    return value


def person(name: str) -> Actor:
    """The person of that name; the same name always has the same id."""
    return {"id": str(uuid.uuid5(_NAMES, name)), "name": name, "type": "user"}


USER = person("Sandy Box")
PARTNER = {**person("Sandbox Partner"), "type": "organization"}


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; ``organization_id`` is None for a partner key used on its own."""

    actor: Actor
    organization_id: str | None

    def identity(self) -> Document:
        """The ``data`` of GET /api/me; ``id`` and ``email`` are only there for users."""
        is_user = self.actor["type"] == "user"
        shown: Document = {
            "is_user": is_user,
            "is_organization": not is_user and self.organization_id is not None,
            "is_partner": self.organization_id is None,
            "is_system": False,
        }
        if is_user:
            shown |= {"id": self.actor["id"], "email": "sandy@example.com"}
        if self.organization_id:
            shown["organization_id"] = self.organization_id
            shown["organization_name"] = ORGANIZATION_NAME
        return shown


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint.

    Attributes:
        request: as it arrived.
        kind: names the path.
        arguments: the parameters in the path.
        caller: who is behind the credentials.
        body: what was sent.
        wants_job: whether to answer with a job.
    """

    request: Request
    kind: str
    arguments: dict[str, str]
    caller: Caller
    body: bytes
    wants_job: bool = False

    @property
    def method(self) -> str:
        """The HTTP verb."""
        return self.request.method

    @property
    def id(self) -> str:
        """The id in the path, in lower case; empty where it names none."""
        return self.arguments.get("id", "").lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. With ``reset`` none is sent: the connection is reset instead."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    reset: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
        """A reply carrying ``value`` as JSON."""
        return cls(status, dumps(value).encode("ascii"), (_JSON_TYPE, *headers))

    @classmethod
    def of_text(cls, text: str) -> Reply:
        """A success carrying JSON that is already text."""
        return cls(200, text.encode("ascii"), (_JSON_TYPE,))

    @classmethod
    def of_error(cls, error: WireError) -> Reply:
        """A refusal as the ``ApiError`` object of the description, with every property."""
        names = ("key", "message", "metadata", "status")
        return cls.of({name: getattr(error, name) for name in names}, error.status, error.headers)


class WireError(Exception):
    """A request the API refuses; becomes an error response."""

    def __init__(
        self,
        status: int,
        key: str,
        message: str,
        metadata: Document | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.key = key
        self.message = message
        self.metadata = metadata or {}
        self.headers = headers


def bad_request(message: str, **metadata: Any) -> WireError:
    """400: the request violates the published description."""
    return WireError(400, "bad_request", message, metadata)


class NoSuchError(WireError, KeyError):
    """404: no model, sync, job or other noun has this id; within this process it is a KeyError."""

    def __init__(self, noun: str, given_id: str) -> None:
        super().__init__(404, "not_found", f"{noun} {given_id} not found", {"id": given_id})
