"""Results for programs: JSON, ASCII only, so that no terminal and no encoding can garble it."""

from __future__ import annotations

from patcher.documents import jsontext
from patcher.documents.values import JsonValue
from patcher.plan import PatchResult


def result_json(result: PatchResult, *, show_secrets: bool = False) -> str:
    """One result as one JSON object (README, "JSON")."""
    return value_json(result.to_dict(show_secrets=show_secrets))


def value_json(value: JsonValue) -> str:
    """Any JSON value, indented."""
    return jsontext.dump_pretty(value)
