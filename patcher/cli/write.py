"""``plan`` and ``apply``: a change, shown and made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from patcher.cli import console
from patcher.cli.changes import ChangeCommand, Source, change_options, is_saved_plan, patch_of
from patcher.cli.confirmation import carry_out, output_of, refuse_others, show_report
from patcher.cli.help import FILE, value_option
from patcher.cli.options import BATCH, REPORTS, completed_argument, options_of, session, shared
from patcher.errors import InvalidInputError, NotFoundError
from patcher.plan import Plan
from patcher.render.plan import plan_lines


@click.command("plan", cls=ChangeCommand)
@completed_argument("models", "api", metavar="[MODEL]...", nargs=-1)
@shared(
    "all where exclude expect-version allow-all-fields strict literal accept-older "
    f"unknown-fields preview impact show-secrets file base {BATCH}",
    "text",
    "json",
    *REPORTS,
)
@change_options
@value_option("--out FILE", "Save the plan, for apply --plan", type=FILE)
@value_option("--show FILE", "Show a saved plan, stale or not", type=FILE)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are changes")
def plan_command(models: tuple[str, ...], show: Path | None, **parameters: Any) -> int:
    """Show what a change would do, and write nothing.

    \b
    Examples:
      patch-model plan Customers name=Clients
      patch-model plan Customers configuration.query=@customers.sql --preview
      patch-model plan Customers name=Clients --out rename.json
      patch-model plan --where 'name~=^Cust' identifier=email
      patch-model plan --show rename.json
      patch-model plan -f models --base main
    """
    from patcher.operations.impact import refusal
    from patcher.operations.saved import save_plan
    from patcher.operations.write import run_plan

    if show is not None:
        return _show_saved(show, models, parameters)
    parameters |= {"yes": True, "dry_run": True}
    code = _carry_out_many(models, parameters)
    if code is not None:
        return code
    (model,) = models
    output, _ = output_of(parameters)
    patch = patch_of(parameters, models, Source())
    with _named_files(models, "--show"):
        plan = run_plan(session(), model, patch, options_of(parameters))

    error, out = refusal(plan), parameters["out"]
    if error is not None:
        if output != "json":  # there the plan is part of the error's object
            _show_plan(plan, parameters)
        raise error
    # Before it is shown: a plan that cannot be saved is one object on standard output, too.
    planned = None if out is None else save_plan(plan, out).created
    code = _show_plan(plan, parameters, planned=planned)
    if out is not None:
        command = shlex.join(("patch-model", "apply", "--plan", str(out)))
        console.say("", f"Saved in {out}. Apply it: {command}")
    return code


@click.command("apply", cls=ChangeCommand)
@completed_argument("models", "api", metavar="[MODEL]...", nargs=-1)
@shared(
    "all where exclude yes dry-run preview impact expect-version on-conflict async refresh "
    f"allow-all-fields strict literal accept-older unknown-fields show-secrets file base {BATCH}",
    "text",
    "json",
)
@change_options
@value_option("--plan plan_file FILE", "Apply a saved plan, instead of MODEL and CHANGE", type=FILE)
def apply_command(models: tuple[str, ...], plan_file: Path | None, **parameters: Any) -> int:
    """Change models: show the plan, ask, and write it safely.

    \b
    Examples:
      patch-model apply Customers name=Clients
      patch-model apply Customers Orders tracking_columns+=id --yes
      patch-model apply -f models --base HEAD~1
    """
    from patcher.operations.write import run_patch

    if plan_file is not None:
        from patcher.operations.saved import load_plan, run_saved
        from patcher.operations.session import reported

        refuse_others("--plan", models, parameters)
        saved = load_plan(plan_file)
        with reported("", saved.plan):
            return carry_out(parameters, lambda options: run_saved(session(), saved, options))
    code = _carry_out_many(models, parameters)
    if code is not None:
        return code
    (model,) = models
    patch = patch_of(parameters, models, Source())
    with _named_files(models, "--plan"):
        return carry_out(parameters, lambda options: run_patch(session(), model, patch, options))


@contextmanager
def _named_files(models: Sequence[str], option: str) -> Iterator[None]:
    """Suggests ``option`` where a MODEL that is not found is the file of a saved plan."""
    try:
        yield
    except NotFoundError as error:
        for name in filter(is_saved_plan, models):
            error.command_hint = f"For a saved plan: {option} {shlex.quote(name)}"
        raise


def _carry_out_many(models: tuple[str, ...], parameters: dict[str, Any]) -> int | None:
    """Carries out a command for files or many models; returns None for one MODEL.

    Raises click.UsageError where neither a MODEL nor an option selects one.
    """
    if parameters["files"] or parameters["base"] is not None:
        from patcher.cli.files import carry_out_files

        return carry_out_files(models, parameters)
    selects = parameters["all"] or parameters["where"] or parameters["exclude"]
    if not models and not selects:
        if parameters["change_item"]:
            raise InvalidInputError(
                "No MODEL given: an argument with = is a change.",
                hint="Put MODEL before the change. For a name with = in it, write name:TEXT.",
            )
        raise click.MissingParameter(
            ctx=click.get_current_context(), param_hint="'MODEL'", param_type="argument"
        )
    if not selects and len(models) == 1 and models != ("-",):
        return None
    from patcher.cli.batch import apply_many

    return apply_many(models, parameters)


def _show_saved(path: Path, models: Sequence[str], parameters: dict[str, Any]) -> int:
    """Shows a saved plan, stale or not, without a request."""
    from patcher.operations.saved import load_plan
    from patcher.operations.session import reported

    refuse_others("--show", models, parameters)
    names = [name for name in ("preview", "impact", "accept_older") if parameters[name]]
    if names:
        asking = [f"--{name.replace('_', '-')}" for name in names]
        raise InvalidInputError(
            f"{', '.join(asking)} can't be combined with --show.",
            hint="--show sends no request. Run patch-model apply --plan FILE --dry-run "
            + " ".join(asking),
        )
    output, _ = output_of(parameters)
    saved = load_plan(path)
    if parameters["strict"]:
        from patcher.plan.making import refuse_findings

        with reported("", saved.plan):
            refuse_findings(saved.plan)
    code = _show_plan(saved.plan, parameters, planned=saved.created)
    if output == "text":
        base = saved.plan.base
        of = "" if base.raw["version"] is None else f" from version {base.shown_version}"
        console.say("", f"Saved {saved.created}{of}, {saved.plan.origin.url}. No request was sent.")
    return code


def _show_plan(plan: Plan, parameters: dict[str, Any], planned: str | None = None) -> int:
    """Prints a plan as text, as one JSON object, or as a report, planned now unless said.

    Returns the exit code of a plan that can be applied.
    """
    output, show_secrets = output_of(parameters)
    exit_code = int(parameters["exit_code"] and not plan.is_unchanged)
    if output == "json":
        console.out_json({**plan.to_dict(show_secrets=show_secrets), "exit_code": exit_code})
    elif output in REPORTS:
        show_report([plan], output, planned or console.now())
    else:
        console.result(plan_lines(plan, show_secrets=show_secrets))
        console.warn(plan.warnings)
    return exit_code
