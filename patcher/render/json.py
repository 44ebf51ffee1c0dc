"""Results for programs: JSON, ASCII only, so that no terminal and no encoding can garble it."""

from __future__ import annotations

from patcher.documents import jsontext
from patcher.documents.values import JsonValue
from patcher.plan import PatchResult


def result_json(result: PatchResult, *, show_secrets: bool = False) -> str:
    """One result as one JSON object (README, "JSON")."""
    return value_json(result.to_dict(show_secrets=show_secrets))


def result_line(
    result: PatchResult, *, exit_code: int | None = None, show_secrets: bool = False
) -> str:
    """One result of many as one line, with the name of the run that it is part of.

    ``exit_code`` is said in the place of the result's own.
    """
    run = result.plan.origin.run if result.plan else None
    shown = {**result.to_dict(show_secrets=show_secrets), "run": run}
    return jsontext.dump(shown if exit_code is None else {**shown, "exit_code": exit_code})


def value_json(value: JsonValue) -> str:
    """Any JSON value, indented."""
    return jsontext.dump_pretty(value)
