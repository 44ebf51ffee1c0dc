"""The published description of the API, and whether a message conforms to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError, best_match

from patcher.sandbox.messages import Call, Document, Reply, bad_request, dumps, loads

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

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID, _TIME = (re.compile(f'"{one.pattern}"') for one in (_UUID, _DATE_TIME))
_API_ERROR = {"$ref": "#/components/schemas/ApiError"}
_FIRST_ERROR_STATUS = 400
_MOST_SEEN = 50_000

formats = FormatChecker(formats=())


def _check_format(name: str, form: re.Pattern[str]) -> None:
    """Has a format of strings checked."""
    formats.checks(name)(lambda value: not isinstance(value, str) or bool(form.fullmatch(value)))


_check_format("uuid", _UUID)
_check_format("date-time", _DATE_TIME)


class Description:
    """openapi.json, which ships with this package: judges every request and every response."""

    def __init__(self) -> None:
        text = files(__package__).joinpath("openapi.json").read_text(encoding="utf-8")
        self._document: dict[str, Any] = json.loads(text)
        kind: Any = validators.extend(  # type: ignore[no-untyped-call]
            Draft202012Validator, {"items": self._check_items}
        )
        self._validator = kind(self._document, format_checker=formats)
        self._conforming: set[str] = set()
        self._verdict = lru_cache(maxsize=256)(self._judge)

    def check_parameters(self, call: Call) -> None:
        """Judge path, query and header parameters. Raises WireError 400."""
        given: dict[str, Mapping[str, str]] = {
            "path": call.arguments,
            "query": call.request.args,
            "header": call.request.headers,  # type: ignore[dict-item]  # a mapping but by name
        }
        for parameter in self._operation(call).get("parameters", ()):
            where, name, schema = parameter["in"], parameter["name"], parameter["schema"]
            value = given[where].get(name)
            if value is None:
                continue
            error = self._error(schema, _typed(value, schema.get("type")))
            if error is not None:
                raise bad_request(f"{where} parameter {name}: {error.message}", parameter=name)

    def checked_body(self, call: Call) -> Document:
        """The body of a request. Raises WireError 400 that names the offending place."""
        body: Document = loads(call.body)
        schema = self._operation(call)["requestBody"]["content"]["application/json"]["schema"]
        error = self._error(schema, body)
        if error is not None:
            pointer = _pointer(error)
            raise bad_request(f"{pointer or 'the body'}: {error.message}", pointer=pointer)
        return body

    def violation(self, call: Call, reply: Reply) -> str | None:
        """How a reply violates the description; None when it conforms."""
        schema = self._response_schema(call, reply.status)
        return None if schema is None else self._verdict(dumps(schema), reply.body)

    def _judge(self, schema: str, body: bytes) -> str | None:
        error = self._error(json.loads(schema), json.loads(body))
        return f"{_pointer(error)}: {error.message}" if error else None

    def _error(self, schema: Mapping[str, Any], value: Any) -> ValidationError | None:
        errors = self._validator.evolve(schema=schema).iter_errors(value)
        found: ValidationError | None = best_match(errors)
        return found

    def _check_items(
        self, validator: Any, items: Any, instance: Any, _: Any
    ) -> Iterator[ValidationError]:
        """The JSON Schema keyword ``items``, which remembers the items that conformed.

        Models have hundreds of fields, which differ between answers only in ids and times; only
        their form matters, so one well-formed id or time represents all.
        """
        for index, item in enumerate(instance if isinstance(instance, list) else ()):
            # A bare word, which no JSON text has outside of its strings, for each id and time.
            look = _TIME.sub("TIME", _ID.sub("UUID", json.dumps([items, item])))
            if look in self._conforming:
                continue
            errors = list(validator.descend(item, items, path=index))
            yield from errors
            if not errors and len(self._conforming) < _MOST_SEEN:
                self._conforming.add(look)

    def _operation(self, call: Call) -> Mapping[str, Any]:
        path = self._document["paths"].get(PATHS[call.kind], {})
        operation: Mapping[str, Any] = path.get(call.method.lower(), {})
        return operation

    def _response_schema(self, call: Call, status: int) -> Mapping[str, Any] | None:
        """The schema of a status; a refusal the description does not list is an ApiError too."""
        declared = self._operation(call).get("responses", {}).get(str(status))
        if declared is None:
            return _API_ERROR if status >= _FIRST_ERROR_STATUS else None
        content = declared.get("content", {}).get("application/json")
        schema: Mapping[str, Any] | None = content and content["schema"]
        return schema


published = cache(Description)
"""The description, read once."""


def _typed(value: str, wanted: str | None) -> Any:
    """A parameter arrives as text; read it as the type its schema wants, where it can be."""
    if wanted == "integer" and re.fullmatch(r"[+-]?\d{1,18}", value):
        return int(value)
    if wanted == "boolean" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _pointer(error: ValidationError) -> str:
    """Where in the document, as a JSON Pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.path)
