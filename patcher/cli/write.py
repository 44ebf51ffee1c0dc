"""``plan`` and ``apply``: a change, shown and made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from patcher.cli import saved
from patcher.cli.changes import ChangeCommand, change_options, is_saved_plan, patch_of, take_changes
from patcher.cli.confirmation import carry_out, end_if_refused, output_of
from patcher.cli.help import Number
from patcher.cli.options import (
    BATCH,
    REPORTS,
    CompletedName,
    connection_options,
    options_of,
    output_option,
    session,
    shared,
)
from patcher.errors import InvalidInputError, NotFoundError

_FILE = click.Path(path_type=Path, dir_okay=False)

_EXPECT_VERSION = click.option(
    "--expect-version", type=Number(int), metavar="N", help="Stop unless the model is at version N"
)


@click.command("plan", cls=ChangeCommand)
@click.argument("models", metavar="[MODEL]...", nargs=-1, type=CompletedName("api"))
@shared(
    "all where exclude allow-all-fields strict literal accept-older "
    "unknown-fields preview impact show-secrets file base"
)
@shared(BATCH)
@change_options
@_EXPECT_VERSION
@click.option("--out", type=_FILE, metavar="FILE", help="Save the plan, for apply --plan")
@click.option("--show", type=_FILE, metavar="FILE", help="Show a saved plan, stale or not")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are changes")
@output_option("text", "json", *REPORTS)
@connection_options
def plan_command(
    models: tuple[str, ...],
    show: Path | None,
    **parameters: Any,
) -> int:
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
    from patcher.operations.write import run_plan

    if show is not None:
        saved.refuse_others("--show", models, parameters)
        return saved.show_saved(show, parameters)
    if parameters["files"] or parameters["base"] is not None:
        from patcher.cli.files import carry_out_files

        return carry_out_files(models, parameters, looks=True)
    if _are_many(models, parameters):
        from patcher.cli.batch import plan_many

        return plan_many(models, parameters)
    (model,) = models
    output, show_secrets = output_of(parameters)
    patch = patch_of(take_changes(parameters), models=models)
    with _named_files(models, "--show"):
        plan = run_plan(session(), model, patch, options_of(parameters))

    show_plan = partial(saved.show_plan, plan, output, show_secrets=show_secrets)
    end_if_refused(plan, partial(show_plan, exit_code=3), output)
    out = parameters["out"]
    # Before it is shown: a plan that cannot be saved is one object on standard output, too.
    planned = None if out is None else saved.save(plan, out)
    differs = parameters["exit_code"] and not plan.is_unchanged
    show_plan(exit_code=int(differs), planned=planned)
    if out is not None:
        saved.tell(out)
    return int(differs)


@click.command("apply", cls=ChangeCommand)
@click.argument("models", metavar="[MODEL]...", nargs=-1, type=CompletedName("api"))
@shared(
    "all where exclude yes dry-run preview impact on-conflict async refresh "
    "allow-all-fields strict literal accept-older unknown-fields show-secrets file base"
)
@shared(BATCH)
@change_options
@click.option(
    "--plan",
    "plan_file",
    type=_FILE,
    metavar="FILE",
    help="Apply a saved plan, instead of MODEL and CHANGE",
)
@_EXPECT_VERSION
@output_option("text", "json")
@connection_options
def apply_command(
    models: tuple[str, ...],
    plan_file: Path | None,
    **parameters: Any,
) -> int:
    """Change models: show the plan, ask, and write it safely.

    \b
    Examples:
      patch-model apply Customers name=Clients
      patch-model apply Customers Orders tracking_columns+=id --yes
      patch-model apply -f models --base HEAD~1
    """
    from patcher.operations.write import run_patch

    if plan_file is not None:
        saved.refuse_others("--plan", models, parameters)
        return saved.apply_saved(plan_file, parameters)
    if parameters["files"] or parameters["base"] is not None:
        from patcher.cli.files import carry_out_files

        return carry_out_files(models, parameters, looks=False)
    if _are_many(models, parameters):
        from patcher.cli.batch import apply_many

        return apply_many(models, parameters)
    (model,) = models
    patch = patch_of(take_changes(parameters), models=models)
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


def _are_many(models: tuple[str, ...], parameters: dict[str, Any]) -> bool:
    """Whether the command is for many models, or some yet to be selected; False for one MODEL.

    Raises click.UsageError where neither a MODEL nor an option selects one.
    """
    selects = parameters["all"] or parameters["where"] or parameters["exclude"]
    if not models and not selects:
        if parameters.get("change_item"):
            raise InvalidInputError(
                "No MODEL given: an argument with = is a change.",
                hint="Put MODEL before the change. For a name with = in it, write name:TEXT.",
            )
        raise click.MissingParameter(
            ctx=click.get_current_context(), param_hint="'MODEL'", param_type="argument"
        )
    return bool(selects) or len(models) > 1 or models == ("-",)
