"""Bodies of requests, credentials, and who they belong to."""

from __future__ import annotations

import base64

import pytest

from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import Api


def basic(user: str, password: str) -> str:
    """A Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_bearer_key_is_a_user(api: Api) -> None:
    """The API key belongs to a user of the organization."""
    me = api.get("/api/me").json()["data"]

    assert me["is_user"] is True
    assert (me["is_organization"], me["is_partner"], me["is_system"]) == (False, False, False)
    assert me["organization_id"] == api.sandbox.organization_id
    assert me["email"] == "sandy@example.com"
    assert me["organization_name"] == "Sandbox Organization"


def test_basic_partner_key_acts_in_its_organization(sandbox: Sandbox, api: Api) -> None:
    """The partner key with the organization in front reaches the models, as the organization."""
    api.headers["Authorization"] = basic(sandbox.organization_id, sandbox.partner_key)
    me = api.get("/api/me").json()["data"]

    assert me["is_organization"] is True
    assert "id" not in me
    assert api.model("PUT", json=seed.contacts()).json()["data"]["updated_by"]["type"] == (
        "organization"
    )


def test_bare_partner_key_is_kept_out_of_models(sandbox: Sandbox, api: Api) -> None:
    """A partner key without an organization knows who it is, and gets 403 elsewhere."""
    api.headers["Authorization"] = f"Bearer {sandbox.partner_key}"

    assert api.get("/api/me").json()["data"]["is_partner"] is True
    assert api.model("GET").status_code == 403


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "sandbox-key",
        "Bearer",
        "Bearer wrong",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        basic(seed.fixed_id("elsewhere"), "sandbox-partner-key"),
        basic(seed.ORGANIZATION_ID, "wrong"),
        "Digest sandbox-key",
    ],
)
def test_other_credentials_are_401(api: Api, authorization: str | None) -> None:
    """Anything but a known key is a 401 in the API's error form, and writes nothing."""
    api.headers["Authorization"] = authorization or ""
    answer = api.model("PUT", json={**seed.contacts(), "name": "Intruder"})

    assert answer.status_code == 401
    assert set(answer.json()) == {"key", "message", "metadata", "status"}
    assert api.sandbox.stored(seed.CONTACTS)["name"] == "Contacts"


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "null", '{"name": NaN}', "[1e400]"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: str) -> None:
    """What is not a JSON object, or not finite, is a 400."""
    assert api.model("PUT", data=body).status_code == 400
