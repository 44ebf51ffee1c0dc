"""The rules of the models API, on top of the store, without HTTP."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from patcher.sandbox.forms import (
    Modes,
    Stamp,
    expose,
    known_columns,
    list_form,
    merged,
    read_form,
    settle,
)
from patcher.sandbox.messages import Actor, Document, WireError, dumps
from patcher.sandbox.seed import selected_columns
from patcher.sandbox.store import Database, Row, Timestamps

SYNTAX_ERROR_MARKER = "SYNTAXERROR"
"""A query that contains it fails in a preview."""


class Models:
    """Every model of one organization: create, read, replace, delete.

    Methods raise ``NoSuchError`` for a model that does not exist.
    """

    def __init__(
        self, store: Database, clock: Timestamps, organization_id: str, modes: Modes | None = None
    ) -> None:
        self._store = store
        self._rows = store.models
        self._clock = clock
        self._organization_id = organization_id
        self.modes = modes or Modes()
        self._previous: dict[str, Row] = {}
        self._lagging: dict[str, tuple[str, int | None]] = {}

    def create(self, body: Mapping[str, Any], actor: Actor, model_id: str | None = None) -> str:
        """Store a new model at version 1; returns its id."""
        row = self._written(model_id or str(uuid.uuid4()), body, actor)
        self._rows.save(row)
        return row.id

    def replace(
        self, model_id: str, body: Mapping[str, Any], actor: Actor, if_match: str | None = None
    ) -> str:
        """Full replacement: what ``body`` leaves out is cleared or reset. Returns the GET form.

        Raises:
            WireError: 404; 412 when ``if_match`` names another entity tag than the model's.
        """
        with self._store.transaction():
            before = self._rows.get(model_id)
            if if_match and not self._matches(before, if_match):
                message = f"model {model_id} has changed since it was read"
                raise WireError(412, "precondition_failed", message, {"id": model_id})
            row = self._written(model_id, body, actor, json.loads(before.content))
            self._rows.save(row)
            self._previous[model_id] = before
        return render(row, self.modes)

    def merge(self, model_id: str, changes: Mapping[str, Any], actor: Actor) -> str:
        """Merge ``changes`` into the stored document and write the result."""
        with self._store.transaction():
            return self.replace(model_id, merged(self.stored(model_id), changes), actor)

    def delete(self, model_id: str) -> None:
        """Forget a model."""
        self._rows.remove(model_id)

    def text(self, model_id: str) -> str:
        """The GET form, as JSON text."""
        return render(self._rows.get(model_id), self.modes)

    def previous(self, model_id: str) -> str:
        """The GET form before the last write, as JSON text; as it is now where there was none."""
        return render(self._previous.get(model_id) or self._rows.get(model_id), self.modes)

    def seen(self, model_id: str) -> str:
        """What a read shows: ``text``, or the state that reads lag behind with."""
        with self._store.lock:
            text, left = self._lagging.pop(model_id, (self.text(model_id), 1))
            if left != 1:
                self._lagging[model_id] = (text, None if left is None else left - 1)
        return text

    def lag(self, model_id: str, text: str, reads: int | None) -> None:
        """Show ``text`` for so many reads of the model; None waits for ``catch_up``."""
        with self._store.lock:
            self._lagging[model_id] = (text, reads)

    def catch_up(self) -> None:
        """Reads are up to date again."""
        with self._store.lock:
            self._lagging.clear()

    def stored(self, model_id: str) -> Document:
        """The document the last write left, in the PUT form."""
        document: Document = json.loads(self._rows.get(model_id).content)["document"]
        return document

    def ids(self) -> list[str]:
        """All ids, in the order of creation."""
        return self._rows.ids()

    def page(
        self, limit: int, after: tuple[str, str] | None
    ) -> tuple[list[str], tuple[str, str] | None]:
        """Up to ``limit`` models in the GET form, and where the next page begins."""
        rows, more = self._rows.page(limit, after)
        texts = [render(row, self.modes) for row in rows]
        if self.modes.light_lists:
            texts = [dumps(list_form(json.loads(text))) for text in texts]
        return texts, more

    def preview(self, body: Mapping[str, Any]) -> Document:
        """The model a body would make, without identity or history; nothing is stored.

        Raises:
            WireError: 400 with the source's message, when the query cannot be run.
        """
        self._run(body["configuration"].get("query"))
        document = settle(body, known_columns(body), self._organization_id, self.modes)
        document["fields"] = self._found(body, document["fields"])
        fields = expose(document, (), Stamp("", {}))
        for field in fields:
            for key in ("id", "created_at", "created_by", "updated_at"):
                del field[key]
        return read_form(document, fields, self.modes)

    def sample(self, model_id: str) -> Document:
        """One made-up record: under the model's id its fields, under the enricher's id its own."""
        shown = json.loads(self.text(model_id))
        record = {model_id: {field["name"]: field.get("example") for field in shown["fields"]}}
        if "enricher" in shown:
            enricher = shown["enricher"]
            record[enricher["enricher_id"]] = {field["name"]: None for field in enricher["fields"]}
        return {"records": [record], "warnings": []}

    def _found(self, body: Mapping[str, Any], listed: list[str]) -> list[str]:
        """Which columns a preview finds: those of the source, but for what is not ``listed``."""
        selected = selected_columns(body["configuration"]) or known_columns(body)
        there = [name for name in selected if name not in self.modes.missing_columns]
        if self.modes.previews == "source":
            return there
        # In the order of the list, as everywhere else.
        return [name for name in listed if name in there] if body.get("fields") else there

    def _written(
        self, model_id: str, body: Mapping[str, Any], actor: Actor, before: Document | None = None
    ) -> Row:
        """The row that a write leaves, in place of one with the content ``before``."""
        old = before or {}
        stamp = Stamp(self._clock.stamp(), actor)
        columns = known_columns(body, old.get("columns", ()))
        document = settle(body, columns, self._organization_id, self.modes)
        modes, fields = self.modes, old.get("fields", ())
        content = {
            "document": document,
            "fields": expose(document, fields, stamp, new_ids=modes.new_field_ids),
            "columns": columns,
            "version": modes.next_version(old["version"], old["document"], document) if old else 1,
            "created_at": old.get("created_at", stamp.at),
            "created_by": old.get("created_by", stamp.by),
            "updated_by": stamp.by,
        }
        return Row(model_id, stamp.at, dumps(content))

    def _matches(self, row: Row, if_match: str) -> bool:
        tags = [tag.strip() for tag in if_match.split(",")]
        return "*" in tags or entity_tag(render(row, self.modes)) in tags

    def _run(self, query: object) -> None:
        marker = SYNTAX_ERROR_MARKER
        if isinstance(query, str) and marker in query:
            position = query.index(marker) + 1
            message = f'ERROR: syntax error at or near "{marker}" (SQLSTATE 42601)'
            message += self.modes.syntax_error_detail
            raise WireError(400, "source_query_failed", message, {"position": position})


@lru_cache(maxsize=1024)
def render(row: Row, modes: Modes) -> str:
    """The GET form of a row, as JSON text."""
    content = json.loads(row.content)
    made = Stamp(content["created_at"], content["created_by"])
    version = {} if modes.without_version else {"version": content["version"]}
    return dumps(
        {
            "id": row.id,
            **read_form(content["document"], content["fields"], modes, made),
            **version,
            "created_at": made.at,
            "created_by": made.by,
            "updated_at": row.updated_at,
            "updated_by": content["updated_by"],
        }
    )


def entity_tag(text: str) -> str:
    """A strong entity tag of a model's GET form."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
