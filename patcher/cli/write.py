"""``plan`` and ``apply``: a change, shown and made."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from patcher.cli import saved
from patcher.cli.changes import ChangeCommand, change_options, patch_of, take_changes
from patcher.cli.confirmation import (
    Confirmation,
    end_if_refused,
    output_of,
    review_options,
    show_result,
)
from patcher.cli.options import (
    REPORTS,
    CompletedName,
    accept_older_option,
    allow_all_fields_option,
    async_option,
    connection_options,
    literal_option,
    manner_options,
    on_conflict_option,
    options_of,
    output_option,
    refresh_option,
    selection_options,
    session,
    show_secrets_option,
    strict_option,
    unknown_fields_option,
)

_FILE = click.Path(path_type=Path, dir_okay=False)

_EXPECT_VERSION = click.option(
    "--expect-version", type=int, metavar="N", help="Stop unless the model has this version."
)


@click.command("plan", cls=ChangeCommand)
@click.argument("models", metavar="[MODEL]...", nargs=-1, type=CompletedName("api"))
@selection_options
@change_options
@_EXPECT_VERSION
@manner_options
@allow_all_fields_option
@strict_option
@literal_option
@accept_older_option
@unknown_fields_option
@click.option(
    "--out", type=_FILE, metavar="FILE", help="Save the plan in FILE, to be applied later."
)
@click.option(
    "--show", type=_FILE, metavar="FILE", help="Show the plan saved in FILE, stale or not."
)
@review_options
@click.option("--exit-code", is_flag=True, help="Exit 1 if the change would change anything.")
@show_secrets_option
@output_option("text", "json", *REPORTS)
@connection_options
def plan_command(models: tuple[str, ...], show: Path | None, **parameters: Any) -> int:
    """Show what a change would do; never writes.

    The CHANGE options (--set to --document) are applied in the order given. A plan that was saved
    with --out is applied with patch-model apply --plan.

    \b
    Examples:
      patch-model plan Customers --set name=Clients
      patch-model plan Customers --set configuration.query=@customers.sql --preview --exit-code
      patch-model plan Customers --set name=Clients --out rename.json
      patch-model plan --where 'name~=^Cust' --set identifier=email
      patch-model plan --show rename.json
    """
    from patcher.operations.write import run_plan

    if show is not None:
        saved.refuse_beside("--show", models, parameters)
        return saved.show_saved(show, parameters)
    if _are_many(models, parameters):
        from patcher.cli.batch import plan_many

        return plan_many(models, parameters)
    (model,) = models
    output, show_secrets = output_of(parameters)
    patch = patch_of(take_changes(parameters))
    plan = run_plan(session(), model, patch, options_of(parameters))

    show_plan = partial(saved.show_plan, plan, output, show_secrets=show_secrets)
    end_if_refused(plan, partial(show_plan, exit_code=3), output)
    out = parameters["out"]
    if out is not None:
        # Before it is shown: a plan that cannot be saved is one object on standard output, too.
        saved.save(plan, out)
    differs = parameters["exit_code"] and not plan.is_unchanged
    show_plan(exit_code=int(differs))
    if out is not None:
        saved.tell(out)
    return int(differs)


@click.command("apply", cls=ChangeCommand)
@click.argument("models", metavar="[MODEL]...", nargs=-1, type=CompletedName("api"))
@selection_options
@change_options
@click.option(
    "--plan",
    "plan_file",
    type=_FILE,
    metavar="FILE",
    help="Apply the plan in FILE, exactly; in place of MODEL and CHANGE.",
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Stop after showing the plan.")
@_EXPECT_VERSION
@review_options
@manner_options
@on_conflict_option
@async_option
@refresh_option
@allow_all_fields_option
@strict_option
@literal_option
@accept_older_option
@unknown_fields_option
@show_secrets_option
@output_option("text", "json")
@connection_options
def apply_command(models: tuple[str, ...], plan_file: Path | None, **parameters: Any) -> int:
    """Make a change: the guarded write.

    Shows the plan, asks, reads the model again, and writes only if it is still as it was. With
    many models (several, - for those on standard input, --all, --where) all plans are made first,
    and shown and asked about together.

    \b
    Examples:
      patch-model apply Customers --set name=Clients
      patch-model apply Customers --add policies=9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111 --yes
      patch-model apply --plan rename.json
      patch-model apply Customers Orders --add labels=9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111
    """
    from patcher.operations.write import run_patch

    if plan_file is not None:
        saved.refuse_beside("--plan", models, parameters)
        return saved.apply_saved(plan_file, parameters)
    if _are_many(models, parameters):
        from patcher.cli.batch import apply_many

        return apply_many(models, parameters)
    (model,) = models
    output, show_secrets = output_of(parameters)
    patch = patch_of(take_changes(parameters))
    confirmation = Confirmation(output, yes=parameters["yes"], show_secrets=show_secrets)
    result = run_patch(
        session(),
        model,
        patch,
        options_of(parameters),
        confirm=confirmation,
        attended=confirmation.attended,
        dry_run=parameters["dry_run"],
    )
    show_result(result, confirmation)
    return result.exit_code


def _are_many(models: tuple[str, ...], parameters: dict[str, Any]) -> bool:
    """Whether it is about many models, or some yet to be chosen, and not about one by name.

    MODEL may be left out only where a plan's file names it, or something else chooses.
    """
    chooses = parameters["all"] or parameters["where"] or parameters["exclude"]
    if not models and not chooses:
        raise click.MissingParameter(
            ctx=click.get_current_context(), param_hint="'MODEL'", param_type="argument"
        )
    return bool(chooses) or len(models) > 1 or models == ("-",)
