"""Requests, replies and refusals in the API's form, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from werkzeug.datastructures import Headers

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
