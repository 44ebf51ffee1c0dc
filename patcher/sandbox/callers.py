"""Callers: the two documented ways to authenticate, and the identity behind each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Authorization

from patcher.sandbox.messages import unauthorized

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
