"""Answers without a network: what patch-model itself costs, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from patcher.api import Client, Settings
from patcher.api.transport import Response, Transport
from patcher.sandbox import Sandbox
from tests.bench.serving import document

URL = "http://127.0.0.1:9"


class Canned(Transport):
    """Gives a model back as often as it is asked, and takes a write as a server would."""

    def __init__(self, settings: Settings, shown: dict[str, Any], renamed: dict[str, Any]) -> None:
        super().__init__(settings)
        self._answers = {
            "GET": Response(200, {}, json.dumps({"data": shown}, separators=(",", ":")).encode()),
            "PUT": Response(200, {}, json.dumps({"data": renamed}, separators=(",", ":")).encode()),
        }

    def send(self, method: str, path: str, **rest: Any) -> Response:
        """The answer."""
        return self._answers[method]


def canned_client(fields: int, change: dict[str, Any]) -> tuple[Client, str]:
    """A client whose every answer is there already, and the id of the model that it shows.

    ``change`` is a merge of what the write puts into the model, in the PUT form.
    """
    with Sandbox(validate_responses=False) as sandbox:
        model_id = sandbox.create(document(0, fields))
        shown = sandbox.model(model_id)
        sandbox.write_as_other(model_id, change)
        renamed = sandbox.model(model_id)
    settings = Settings(URL, "Bearer none")
    return Client(settings=settings, transport=Canned(settings, shown, renamed)), model_id
