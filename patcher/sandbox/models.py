"""The rules of the models API, on top of the store, without HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from patcher.sandbox.forms import Modes, Stamp, expose, known_columns, list_form, read_form, settle
from patcher.sandbox.messages import Actor, Document, WireError, dumps
from patcher.sandbox.seed import selected_columns
from patcher.sandbox.store import Database, Row

SYNTAX_ERROR_MARKER = "SYNTAXERROR"
"""A query that contains it fails in a preview."""


class Models:
    """Every model of one organization: create, read, replace, delete.

    Methods raise ``NoSuchError`` for a model that does not exist.
    """

    def __init__(self, store: Database, modes: Modes) -> None:
        self._store = store
        self._rows = store.models
        self._modes = modes

    def create(self, body: Mapping[str, Any], actor: Actor, model_id: str | None = None) -> str:
        """Store a new model at version 1; returns its id."""
        return self._write(model_id or str(uuid.uuid4()), body, actor, {}).id

    def replace(self, model_id: str, body: Mapping[str, Any], actor: Actor) -> str:
        """Full replacement: what ``body`` leaves out is cleared or reset. Returns the GET form."""
        with self._store.transaction():
            row = self._write(model_id, body, actor, json.loads(self._rows.get(model_id).content))
        return render(row, self._modes)

    def delete(self, model_id: str) -> None:
        """Forget a model."""
        self._rows.remove(model_id)

    def text(self, model_id: str) -> str:
        """The GET form, as JSON text."""
        return render(self._rows.get(model_id), self._modes)

    def stored(self, model_id: str) -> Document:
        """The document the last write left, in the PUT form."""
        document: Document = json.loads(self._rows.get(model_id).content)["document"]
        return document

    def page(self, limit: int, token: str) -> tuple[list[str], str]:
        """Up to ``limit`` models in the GET form, and the token of the next page."""
        rows, following = self._rows.page(limit, token)
        texts = [render(row, self._modes) for row in rows]
        if self._modes.light_lists:
            texts = [dumps(list_form(json.loads(text))) for text in texts]
        return texts, following

    def preview(self, body: Mapping[str, Any]) -> Document:
        """The model a body would make, without identity or history; nothing is stored.

        It shows the listed fields that the source has, or all that it has, in the order of the
        list as everywhere else.

        Raises:
            WireError: 400 with the source's message, when the query cannot be run.
        """
        _run(body["configuration"].get("query"))
        known = known_columns(body)
        document = settle(body, known, self._modes)
        there = selected_columns(body["configuration"]) or known
        listed = document["fields"] if body.get("fields") else there
        document["fields"] = [name for name in listed if name in there]
        fields = expose(document, (), Stamp("", {}))
        for field in fields:
            for key in ("id", "created_at", "created_by", "updated_at"):
                del field[key]
        return read_form(document, fields, self._modes)

    def sample(self, model_id: str) -> Document:
        """One made-up record: under the model's id its fields, under the enricher's id its own."""
        shown = json.loads(self.text(model_id))
        record = {model_id: {field["name"]: field.get("example") for field in shown["fields"]}}
        if "enricher" in shown:
            enricher = shown["enricher"]
            record[enricher["enricher_id"]] = {field["name"]: None for field in enricher["fields"]}
        return {"records": [record], "warnings": []}

    def _write(self, model_id: str, body: Mapping[str, Any], actor: Actor, before: Document) -> Row:
        """Save the row of a model, in place of one with the content ``before``."""
        stamp = Stamp(self._store.stamp(), actor)
        columns = known_columns(body, before.get("columns", ()))
        document = settle(body, columns, self._modes)
        content = {
            "document": document,
            "fields": expose(document, before.get("fields", ()), stamp),
            "columns": columns,
            "version": before.get("version", 0) + 1,
            "created_at": before.get("created_at", stamp.at),
            "created_by": before.get("created_by", stamp.by),
            "updated_by": stamp.by,
        }
        return self._rows.save(model_id, stamp.at, content)


def _run(query: object) -> None:
    """Run a query: it works, or has the marker of an error."""
    if isinstance(query, str) and SYNTAX_ERROR_MARKER in query:
        position = query.index(SYNTAX_ERROR_MARKER) + 1
        message = f'ERROR: syntax error at or near "{SYNTAX_ERROR_MARKER}" (SQLSTATE 42601)'
        raise WireError(400, "source_query_failed", message, {"position": position})


@lru_cache(maxsize=1024)
def render(row: Row, modes: Modes) -> str:
    """The GET form of a row, as JSON text."""
    content = json.loads(row.content)
    made = Stamp(content["created_at"], content["created_by"])
    return dumps(
        {
            "id": row.id,
            **read_form(content["document"], content["fields"], modes, made),
            "version": content["version"],
            "created_at": made.at,
            "created_by": made.by,
            "updated_at": row.updated_at,
            "updated_by": content["updated_by"],
        }
    )
