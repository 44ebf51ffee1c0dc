"""``plan`` and ``apply``: a change, shown and made."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from patcher.cli import console
from patcher.cli.changes import ChangeCommand, change_options, patch_of, take_changes
from patcher.cli.options import (
    connection_options,
    output_option,
    session,
    show_secrets_option,
    unknown_fields_option,
)
from patcher.errors import InvalidInputError

if TYPE_CHECKING:
    from patcher.plan import PatchResult, Plan

_EXPECT_VERSION = click.option(
    "--expect-version", type=int, metavar="N", help="Stop unless the model has this version."
)
_ALLOW_ALL_FIELDS = click.option(
    "--allow-all-fields",
    is_flag=True,
    help="Let the change leave fields empty, which opens every source field.",
)


@click.command("plan", cls=ChangeCommand)
@click.argument("model")
@change_options
@_EXPECT_VERSION
@_ALLOW_ALL_FIELDS
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

    output, show_secrets = _output(parameters)
    patch = patch_of(take_changes(parameters))
    plan = run_plan(session(), model, patch, _options(parameters))
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
@click.option(
    "--async", "run_async", is_flag=True, help="Let the API write in the background, and wait."
)
@click.option("--refresh", is_flag=True, help="Ask the API to refresh the model's source fields.")
@_ALLOW_ALL_FIELDS
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

    output, show_secrets = _output(parameters)
    patch = patch_of(take_changes(parameters))
    confirmation = _Confirmation(output, yes=parameters["yes"], show_secrets=show_secrets)
    result = run_patch(
        session(),
        model,
        patch,
        _options(parameters),
        confirm=confirmation,
        dry_run=parameters["dry_run"],
    )
    _show_result(result, confirmation)
    return result.exit_code


class _Confirmation:
    """Shows a plan and asks whether to write it."""

    def __init__(self, output: str, *, yes: bool, show_secrets: bool) -> None:
        self.output = output
        self.yes = yes
        self.show_secrets = show_secrets
        self.has_shown = False

    def __call__(self, plan: Plan) -> bool:
        """The answer. Raises InvalidInputError when there is nobody to give one."""
        asks = not self.yes and console.can_ask()
        self.show(plan, asks=asks)
        if self.yes:
            return True
        if not asks:
            raise InvalidInputError(
                "There is no terminal to ask on, so nothing was written.",
                hint="Say --yes to write without being asked.",
            )
        return console.ask("Write this?")

    def show(self, plan: Plan, *, asks: bool = False) -> None:
        """Shows the plan where it belongs, and where it is asked about on the terminal too."""
        self.has_shown = True
        on_screen = self.output == "text" and console.is_terminal(sys.stdout)
        if self.output == "text":
            self._show_on(plan, error=False)
        if asks and not on_screen:
            self._show_on(plan, error=True)

    def _show_on(self, plan: Plan, *, error: bool) -> None:
        from patcher.render.view import plan_lines, warning_lines

        console.show(plan_lines(plan, show_secrets=self.show_secrets), error=error)
        console.show(warning_lines(plan.warnings), error=True)


def _show_result(result: PatchResult, confirmation: _Confirmation) -> None:
    if confirmation.output == "json":
        from patcher.render.json import result_json

        console.out(result_json(result, show_secrets=confirmation.show_secrets) + "\n")
        return
    from patcher.render.view import result_lines, warning_lines

    if result.plan and not confirmation.has_shown:
        confirmation.show(result.plan)
    console.show(warning_lines(result.notices), error=True)
    console.show(result_lines(result))


def _options(parameters: dict[str, Any]) -> Any:
    from patcher.operations import Options

    names = ("expect_version", "run_async", "refresh", "unknown_fields", "allow_all_fields")
    return Options(**{name: parameters[name] for name in names if name in parameters})


def _output(parameters: dict[str, Any]) -> tuple[str, bool]:
    """The output format, and whether credentials may be seen in it."""
    if parameters["show_secrets"] and not console.is_terminal(sys.stdout):
        raise InvalidInputError(
            "--show-secrets is for a terminal only.",
            hint="patch-model get prints the document itself, to a file too.",
        )
    return parameters["output"], parameters["show_secrets"]
