"""Requests and their callers, replies and refusals in the API's form, and their JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from werkzeug.datastructures import Authorization, Headers

Document = dict[str, Any]

JSON_TYPE = ("Content-Type", "application/json")


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
        value = json.loads(body, parse_constant=_refuse)
        dumps(value)  # 1e400 parses as infinity, which could not be answered
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the request body is not valid JSON: {error}") from error
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it arrived. Header names ignore case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    body_bytes: bytes

    @property
    def body_json(self) -> Any:
        """The parsed body; None for an empty one. Raises ValueError when it is not JSON."""
        return json.loads(self.body_bytes) if self.body_bytes else None


@dataclass(frozen=True, slots=True)
class Call:
    """A request and its endpoint: ``kind`` names the path, ``arguments`` are its parameters."""

    request: RecordedRequest
    kind: str
    template: str
    arguments: dict[str, str]

    @property
    def method(self) -> str:
        """The HTTP verb."""
        return self.request.method

    @property
    def id(self) -> str:
        """The id in the path, in lower case."""
        return self.arguments["id"].lower()

    @property
    def model_id(self) -> str | None:
        """The model the path names; None where it names none."""
        return self.id if self.kind == "model" else None

    @property
    def wants_job(self) -> bool:
        """Whether the caller asked for ``?async=true``."""
        return self.request.query.get("async", "").lower() == "true"


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
        return cls.of_text(dumps(value), status, headers)

    @classmethod
    def of_data(cls, value: Any) -> Reply:
        """``value`` in its ``{"data": ...}`` envelope."""
        return cls.of({"data": value})

    @classmethod
    def of_text(
        cls, text: str, status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> Reply:
        """A reply carrying JSON that is already text."""
        return cls(status, text.encode("ascii"), (JSON_TYPE, *headers))

    @classmethod
    def of_model(cls, text: str, headers: Iterable[tuple[str, str]] = ()) -> Reply:
        """A model in its ``{"data": ...}`` envelope."""
        return cls.of_text(f'{{"data":{text}}}', 200, headers)

    @classmethod
    def of_error(cls, error: WireError) -> Reply:
        """A refusal in the API's error form."""
        return cls.of(error.body(), error.status, error.headers)


class WireError(Exception):
    """A request the API refuses; becomes an error response."""

    def __init__(
        self,
        status: int,
        key: str,
        message: str,
        metadata: dict[str, Any] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.key = key
        self.message = message
        self.metadata = metadata or {}
        self.headers = headers

    def body(self) -> dict[str, Any]:
        """The ``ApiError`` object of the published description, with every property."""
        return {
            "key": self.key,
            "message": self.message,
            "metadata": self.metadata,
            "status": self.status,
        }


def bad_request(message: str, **metadata: Any) -> WireError:
    """400: the request violates the published description."""
    return WireError(400, "bad_request", message, metadata)


def unauthorized() -> WireError:
    """401: no credentials, or unknown ones, without distinction."""
    challenge = (("WWW-Authenticate", "Bearer"),)
    return WireError(401, "unauthorized", "missing or invalid credentials", headers=challenge)


class NoSuchError(WireError, KeyError):
    """404: no model, sync, job or other noun has this id; within this process it is a KeyError."""

    def __init__(self, noun: str, given_id: str) -> None:
        super().__init__(404, "not_found", f"{noun} {given_id} not found", {"id": given_id})


ORGANIZATION_NAME = "Sandbox Organization"
_NAMES = uuid.UUID("6f1c2a52-2f0a-5a0e-9a6e-5b1d6c0b7e11")


Actor = dict[str, str]
"""The author of a change, as shown in ``created_by`` and ``updated_by`` (``OutputActor``)."""


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

    def identity(self) -> dict[str, Any]:
        """The ``data`` of GET /api/me; ``id`` and ``email`` are only there for users."""
        is_user, shown = self.actor["type"] == "user", {}
        if is_user:
            shown = {"id": self.actor["id"], "email": "sandy@example.com"}
        if self.organization_id:
            shown |= {
                "organization_id": self.organization_id,
                "organization_name": ORGANIZATION_NAME,
            }
        return {
            **shown,
            "is_user": is_user,
            "is_organization": not is_user and self.organization_id is not None,
            "is_partner": self.organization_id is None,
            "is_system": False,
        }


@dataclass(frozen=True, slots=True)
class Callers:
    """The keys this sandbox accepts."""

    api_key: str
    partner_key: str
    organization_id: str

    def identify(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header.

        ``Bearer <key>`` accepts the user's key or the bare partner key; ``Basic
        base64(organization:key)`` accepts either key, acting in that organization.

        Raises:
            WireError: 401, for any other header.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_key(key, None)
        given = Authorization.from_header(authorization)
        if given and str(given.username).lower() == self.organization_id:
            return self._by_key(given.password, self.organization_id)
        raise unauthorized()

    def _by_key(self, key: str | None, organization_id: str | None) -> Caller:
        if key == self.api_key:
            return Caller(USER, self.organization_id)
        if key == self.partner_key:
            return Caller(PARTNER, organization_id)
        raise unauthorized()
