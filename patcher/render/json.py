"""Results for programs: JSON, ASCII only, so that no terminal and no encoding can garble it."""

from __future__ import annotations

from patcher.documents import jsontext
from patcher.documents.values import JsonValue
from patcher.plan import PatchResult


def result_json(result: PatchResult, *, show_secrets: bool = False) -> str:
    """One result as one JSON object (README, "JSON")."""
    return value_json(result.to_dict(show_secrets=show_secrets))


def result_line(
    result: PatchResult,
    *,
    exit_code: int | None = None,
    show_secrets: bool = False,
    in_run: bool = True,
) -> str:
    """One result as one line; one of a run of many has the name of the run.

    ``exit_code`` is said in the place of the result's own.
    """
    shown = result.to_dict(show_secrets=show_secrets)
    if in_run:
        shown["run"] = result.plan.origin.run if result.plan else None
    return jsontext.dump(shown if exit_code is None else {**shown, "exit_code": exit_code})


def value_json(value: JsonValue) -> str:
    """Any JSON value, indented."""
    return jsontext.dump_pretty(value)
