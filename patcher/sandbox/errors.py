"""Refusals in the API's error form: ``key``, ``message``, ``metadata`` and ``status``."""

from __future__ import annotations

from typing import Any


class WireError(Exception):
    """A request the API refuses; becomes a response with the same facts."""

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
        """The ``ApiError`` object of the published description."""
        return error_body(self.status, self.key, self.message, self.metadata)


def error_body(
    status: int, key: str, message: str, metadata: dict[str, Any] | None = None
) -> dict[str, Any]:
    """An ``ApiError`` object; the documentation makes every property optional, here all are set."""
    return {"key": key, "message": message, "metadata": metadata or {}, "status": status}


def bad_request(message: str, **metadata: Any) -> WireError:
    """400: the request violates the published description."""
    return WireError(400, "bad_request", message, metadata)


def unauthorized() -> WireError:
    """401: no credentials, or unknown ones; the two are not told apart."""
    challenge = (("WWW-Authenticate", "Bearer"),)
    return WireError(401, "unauthorized", "missing or invalid credentials", headers=challenge)


def forbidden(message: str) -> WireError:
    """403: known credentials that do not reach this endpoint."""
    return WireError(403, "forbidden", message)


def no_such(noun: str, given_id: str) -> WireError:
    """404: no model, sync, job or whatever the noun is has this id."""
    return WireError(404, "not_found", f"{noun} {given_id} not found", {"id": given_id})


def no_such_model(model_id: str) -> WireError:
    """404: no model has this id."""
    return no_such("model", model_id)


def no_such_sync(sync_id: str) -> WireError:
    """404: no sync has this id."""
    return no_such("sync", sync_id)


def no_such_job(job_id: str) -> WireError:
    """404: no job has this id, or it is of another type than the path says."""
    return no_such("job", job_id)


def key_in_flight(key: str) -> WireError:
    """409: the first request with this Idempotency-Key has not been answered yet."""
    message = "a request with this idempotency key is still being processed"
    return WireError(409, "idempotency_key_in_flight", message, {"idempotency_key": key})


def precondition_failed(model_id: str) -> WireError:
    """412: the entity tag in If-Match is not the model's (only with ``etags=True``)."""
    message = f"model {model_id} has changed since it was read"
    return WireError(412, "precondition_failed", message, {"id": model_id})
