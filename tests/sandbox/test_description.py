"""Requests and responses, checked against the published description."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from werkzeug.wrappers import Request

from patcher.sandbox.description import Description
from patcher.sandbox.messages import USER, Call, Caller, Reply
from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import Api


def get_call() -> Call:
    """A GET of one model."""
    request = Request({"REQUEST_METHOD": "GET"})
    caller = Caller(USER, seed.ORGANIZATION_ID)
    return Call(request, "model", {"id": str(uuid.uuid4())}, caller, b"")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"configuration": []}, "/configuration"),
        ({"connection_id": "warehouse"}, "/connection_id"),
        ({"labels": ["not-a-uuid"]}, "/labels/0"),
        ({"identifier": None}, "/identifier"),
        ({"enricher": None}, "/enricher"),
        ({"additional_fields": [{"name": "x"}]}, "/additional_fields/0"),
        ({"fields": [{"name": "id"}]}, "/fields/0"),
        ({"refresh": None}, "/refresh"),
    ],
)
def test_requests_are_checked_against_the_description(
    sandbox: Sandbox, api: Api, change: dict[str, Any], named: str
) -> None:
    """A body that violates the description is a 400 that names the place, and writes nothing."""
    answer = api.model("PUT", json={**seed.contacts(), **change})

    assert answer.status_code == 400
    assert answer.json()["metadata"] == {"pointer": named}
    assert sandbox.model(seed.CONTACTS)["version"] == 1


@pytest.mark.parametrize("missing", ["name", "connection_id", "configuration"])
def test_required_fields_are_required(api: Api, bare: dict[str, Any], missing: str) -> None:
    """Without one of the three required fields a model is neither created nor replaced."""
    del bare[missing]

    assert api.post("/api/models", json=bare).status_code == 400
    assert missing in api.model("PUT", json=bare).json()["message"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/models", {"limit": "many"}),
        (f"/api/models/{seed.CONTACTS}", {"async": "perhaps"}),
        ("/api/models/not-a-uuid", {}),
        ("/api/jobs/unknown/" + seed.CONTACTS, {}),
        ("/api/jobs/updatemodel/7", {}),
    ],
)
def test_parameters_are_checked(api: Api, path: str, query: dict[str, str]) -> None:
    """Path and query parameters that violate the description are a 400."""
    assert api.get(path, params=query).status_code == 400


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ({"id": "no-uuid"}, "/data/id"),
        ({"version": "1"}, "/data/version"),
        ({"updated_at": "yesterday"}, "/data/updated_at"),
        ({"identifier": None}, "/data/identifier"),
        ({"policies": ["UUID"]}, "/data/policies/0"),
        ({"fields": [{"id": seed.CONTACTS}, {"id": "UUID"}]}, "/data/fields/1/id"),
    ],
)
def test_responses_are_checked_against_the_description(model: Any, named: str) -> None:
    """An answer that violates the description is found, also next to ones that looked alike."""
    description = Description()
    good = Reply.of(
        {"data": {"policies": [str(uuid.uuid4())], "fields": [{"id": str(uuid.uuid4())}]}}
    )
    assert description.violation(get_call(), good) is None

    violation = description.violation(get_call(), Reply.of({"data": model}))
    assert violation is not None
    assert violation.startswith(f"{named}: ")
