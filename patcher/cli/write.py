"""``plan`` and ``apply``: a change, shown and made."""

from __future__ import annotations

from typing import Any

import click

from patcher.cli import console
from patcher.cli.changes import ChangeCommand, change_options, patch_of, take_changes
from patcher.cli.confirmation import Confirmation, output_of, show_result
from patcher.cli.options import (
    allow_all_fields_option,
    async_option,
    connection_options,
    on_conflict_option,
    options_of,
    output_option,
    refresh_option,
    session,
    show_secrets_option,
    unknown_fields_option,
)

_EXPECT_VERSION = click.option(
    "--expect-version", type=int, metavar="N", help="Stop unless the model has this version."
)


@click.command("plan", cls=ChangeCommand)
@click.argument("model")
@change_options
@_EXPECT_VERSION
@allow_all_fields_option
@unknown_fields_option
@click.option("--exit-code", is_flag=True, help="Exit 1 if the change would change anything.")
@show_secrets_option
@output_option("text", "json")
@connection_options
def plan_command(model: str, **parameters: Any) -> int:
    """Show what a change would do; never writes.

    The CHANGE options (--set to --document) are applied in the order given.

    \b
    Examples:
      patch-model plan Customers --set name=Clients
      patch-model plan Customers --set configuration.query=@customers.sql --exit-code
    """
    from patcher.operations.verbs import run_plan

    output, show_secrets = output_of(parameters)
    patch = patch_of(take_changes(parameters))
    plan = run_plan(session(), model, patch, options_of(parameters))
    differs = parameters["exit_code"] and not plan.is_unchanged
    if output == "json":
        from patcher.render.json import value_json

        shown = plan.to_dict(show_secrets=show_secrets)
        console.out(value_json({**shown, "exit_code": int(differs)}) + "\n")
    else:
        from patcher.render.view import plan_lines, warning_lines

        console.show(plan_lines(plan, show_secrets=show_secrets))
        console.show(warning_lines(plan.warnings), error=True)
    return int(differs)


@click.command("apply", cls=ChangeCommand)
@click.argument("model")
@change_options
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Stop after showing the plan.")
@_EXPECT_VERSION
@on_conflict_option
@async_option
@refresh_option
@allow_all_fields_option
@unknown_fields_option
@show_secrets_option
@output_option("text", "json")
@connection_options
def apply_command(model: str, **parameters: Any) -> int:
    """Make a change: the guarded write.

    Shows the plan, asks, reads the model again, and writes only if it is still as it was.

    \b
    Examples:
      patch-model apply Customers --set name=Clients
      patch-model apply Customers --add policies=9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111 --yes
    """
    from patcher.operations.verbs import run_patch

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
