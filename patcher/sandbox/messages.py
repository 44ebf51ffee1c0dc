"""What crosses the wire: a call in, a reply out, a record of each request, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from werkzeug.datastructures import Headers

from patcher.sandbox.errors import WireError, bad_request

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
        WireError: 400, when it is no JSON, or not finite.
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
    """One request as it arrived, before anything was done about it. Header names ignore case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    body_bytes: bytes

    @property
    def body_json(self) -> Any:
        """The parsed body; None when there was none. Raises ValueError when it is no JSON."""
        return json.loads(self.body_bytes) if self.body_bytes else None


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its endpoint: ``kind`` names the path, ``arguments`` fill it."""

    request: RecordedRequest
    kind: str
    template: str
    arguments: dict[str, str]

    @property
    def method(self) -> str:
        """The HTTP verb."""
        return self.request.method

    @property
    def model_id(self) -> str | None:
        """The model the path names, in lower case; None where it names none."""
        return self.arguments["id"].lower() if self.kind == "model" else None

    @property
    def wants_job(self) -> bool:
        """Whether the caller asked for ``?async=true``."""
        return self.request.query.get("async", "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. With ``reset`` nothing does: the connection is torn down instead."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    reset: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
        """A reply carrying ``value`` as JSON."""
        return cls.of_text(dumps(value), status, headers)

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
