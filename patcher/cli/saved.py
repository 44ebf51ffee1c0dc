"""Plans in files, on the command line: ``plan --out``, ``plan --show``, ``apply --plan``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from patcher.cli import console
from patcher.cli.confirmation import carry_out, output_of, refuse_with_show, show_report
from patcher.cli.options import REPORTS, session
from patcher.errors import InvalidInputError
from patcher.render.plan import plan_lines

if TYPE_CHECKING:
    from patcher.plan import Plan

# What a saved plan has settled, and what each is where it was not said.
_SETTLED: Final[Mapping[str, object]] = {
    "expect_version": None,
    "on_conflict": "fail",
    "allow_all_fields": False,
    "unknown_fields": "error",
    "literal": (),
    "out": None,
    "all": False,
    "where": (),
    "exclude": (),
    "files": (),
    "base": None,
}


def save(plan: Plan, path: Path) -> str:
    """Saves a plan and says when. Raises InvalidInputError, with a result, where it cannot be."""
    from patcher.operations.saved import save_plan
    from patcher.operations.session import reported

    with reported(plan.base.id or "", plan):
        return save_plan(plan, path).created


def tell(path: Path) -> None:
    """Says where a plan is saved and how to apply it."""
    command = shlex.join(("patch-model", "apply", "--plan", str(path)))
    console.say("", f"Saved in {path}. Apply it: {command}")


def show_saved(path: Path, parameters: dict[str, Any]) -> int:
    """Shows a saved plan, stale or not, without a request."""
    from patcher.operations.saved import load_plan
    from patcher.operations.session import reported

    refuse_with_show(parameters)
    output, show_secrets = output_of(parameters)
    saved = load_plan(path)
    if parameters["strict"]:
        from patcher.plan.making import refuse_findings

        with reported(saved.plan.base.id or "", saved.plan):
            refuse_findings(saved.plan)
    differs = parameters["exit_code"] and not saved.plan.is_unchanged
    show_plan(
        saved.plan, output, show_secrets=show_secrets, exit_code=int(differs), planned=saved.created
    )
    if output == "text":
        base = saved.plan.base
        of = "" if base.raw["version"] is None else f" from version {base.shown_version}"
        console.say("", f"Saved {saved.created}{of}, {saved.plan.origin.url}. No request was sent.")
    return int(differs)


def show_plan(
    plan: Plan, output: str, *, show_secrets: bool, exit_code: int, planned: str | None = None
) -> None:
    """Prints a plan as text, as one JSON object, or as a report, planned now unless said."""
    if output == "json":
        console.out_json({**plan.to_dict(show_secrets=show_secrets), "exit_code": exit_code})
    elif output in REPORTS:
        show_report([plan], output, planned or console.now())
    else:
        console.result(plan_lines(plan, show_secrets=show_secrets))
        console.warn(plan.warnings)


def apply_saved(path: Path, parameters: dict[str, Any]) -> int:
    """Applies a saved plan, or refuses it."""
    from patcher.operations.saved import load_plan, run_saved
    from patcher.operations.session import reported

    saved = load_plan(path)
    with reported(saved.plan.base.id or "", saved.plan):
        return carry_out(parameters, lambda options: run_saved(session(), saved, options))


def refuse_others(
    option: str,
    models: Sequence[str],
    parameters: Mapping[str, Any],
    settled: Mapping[str, object] = _SETTLED,
    hint: str = "The saved plan holds them. For another plan: patch-model plan ... --out FILE",
) -> None:
    """Raises InvalidInputError for what can't be combined with an option, by default of a plan.

    ``settled`` are the parameters that have to be at their default, besides those of a change.
    """
    given = ["MODEL"] if models else []
    for name, value in parameters.items():
        if (name.startswith("change_") and value) or (name in settled and value != settled[name]):
            change = name.removeprefix("change_").replace("_", "-")
            given.append({"item": "CHANGE", "files": "-f"}.get(change, f"--{change}"))
    if given:
        raise InvalidInputError(f"{', '.join(given)} can't be combined with {option}.", hint=hint)
