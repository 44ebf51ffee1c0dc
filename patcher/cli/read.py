"""``get`` and ``list``, ``history`` and ``undo``: what there is, what was written, the way back."""

from __future__ import annotations

import os
from typing import Any

import click

from patcher.cli import console
from patcher.cli.confirmation import Confirmation, output_of, show_result
from patcher.cli.help import Command, Number
from patcher.cli.options import (
    CompletedName,
    accept_older_option,
    allow_all_fields_option,
    async_option,
    batch_options,
    connection_options,
    dry_run_option,
    on_conflict_option,
    options_of,
    output_option,
    refresh_option,
    session,
    show_secrets_option,
    strict_option,
    unknown_fields_option,
    yes_option,
)
from patcher.errors import InvalidInputError


@click.command("get", cls=Command)
@click.argument("model", type=CompletedName("api"))
@click.option("--raw", is_flag=True, help="Print the API's response, as JSON")
@output_option("yaml", "json")
@unknown_fields_option
@connection_options
def get_command(model: str, raw: bool, output: str, unknown_fields: Any) -> None:
    """Print a model's writable document.

    This is the body of an update, rebuilt from the API's response: changes and edits address it.
    A value that an update can't carry has a comment (JSON: a warning) that says what to do.

    \b
    Example:
      patch-model get Customers
    """
    from patcher.documents import yamltext
    from patcher.operations.read import projection, raw_model
    from patcher.render.text import printable, value_json

    here = session()
    if raw:
        console.out(value_json(raw_model(here, model)) + "\n")
        return
    found = projection(here, model, unknown_fields)
    for notice in found.notices:
        console.problem("Warning", notice.message)
    if output == "yaml":
        notes = ((one.place, [f"# {printable(one.note)}"]) for one in found.blockers)
        console.out(yamltext.annotated(yamltext.dump(found.document), notes))
        return
    for one in found.blockers:
        console.problem("Warning", one.note)
    console.out(value_json(found.document) + "\n")


@click.command("list", cls=Command)
@output_option("text", "json")
@connection_options
def list_command(output: str) -> None:
    """List all models.

    \b
    Example:
      patch-model list -o json
    """
    from patcher.operations.read import summaries
    from patcher.render.history import table_lines
    from patcher.render.text import value_json

    found = [one.to_dict() for one in summaries(session())]
    if output == "json":
        console.out(value_json({"models": found}) + "\n")
    else:
        console.result(table_lines(found, console.width()))


_CENTURY = 36_500


@click.command("history", cls=Command)
@click.argument(
    "target",
    metavar="[MODEL|ENTRY|RUN]",
    required=False,
    type=CompletedName("journal"),
)
@click.option(
    "-n",
    "--limit",
    type=Number(int, 1),
    default=20,
    show_default=True,
    metavar="N",
    help="List at most N writes",
)
@click.option(
    "--prune",
    type=Number(float, 0, _CENTURY),
    metavar="DAYS",
    help="Delete entries older than DAYS, without a prompt",
)
@show_secrets_option
@output_option("text", "json")
def history_command(target: str | None, limit: int, **parameters: Any) -> None:
    """List past writes, newest first, or show one.

    Reads the journal on this machine. MODEL may be a name from before or after a write.

    \b
    Examples:
      patch-model history Customers
      patch-model history @4b1d6a0c9e2f
    """
    from patcher.operations.undo import is_entry

    output, show_secrets = output_of(parameters)
    if parameters["prune"] is not None:
        _prune(target, parameters["prune"], output)
    elif target is not None and is_entry(target):
        _show_one(target, output, show_secrets=show_secrets)
    else:
        _show_all(target, limit, output, show_secrets=show_secrets)


def _prune(target: str | None, days: float, output: str) -> None:
    if target is not None:
        raise InvalidInputError(
            "--prune is for the whole journal.", hint=f"patch-model history --prune {days:g}"
        )
    removed = _history().journal.prune(days)
    console.report_only()
    if output == "json":
        from patcher.render.text import value_json

        console.out(value_json({"removed": removed}) + "\n")
    else:
        console.out(f"{removed} {'entry' if removed == 1 else 'entries'} removed.\n")


def _show_one(name: str, output: str, *, show_secrets: bool) -> None:
    found = _history().one(name)
    row = found.to_dict(show_secrets=show_secrets)
    if output == "json":
        from patcher.render.text import value_json

        console.out(value_json(row) + "\n")
        return
    from patcher.render.history import entry_lines

    console.result(entry_lines(row, found.plan, show_secrets=show_secrets))


def _show_all(target: str | None, limit: int, output: str, *, show_secrets: bool) -> None:
    found, older, unreadable = _history().all(target, limit)
    for error in unreadable:
        console.problem("Warning", error.message)
        if error.command_hint:
            console.problem("Hint", error.command_hint)
    rows = [one.to_dict(show_secrets=show_secrets) for one in found]
    if output == "json":
        from patcher.render.text import value_json

        console.out(value_json({"entries": rows}) + "\n")
        return
    from patcher.render.history import history_lines

    console.result(history_lines(rows, older, console.width()))


def _history() -> Any:
    """The journal that the environment names; nothing else is needed to look at it."""
    from patcher.operations.undo import History

    return History.from_env(os.environ)


@click.command("undo", cls=Command)
@click.argument("target", metavar="[MODEL|ENTRY]", required=False, type=CompletedName("both"))
@click.option("--run", metavar="RUN", help="Undo all writes of a batch")
@yes_option
@dry_run_option
@batch_options
@on_conflict_option
@async_option
@refresh_option
@allow_all_fields_option
@strict_option
@accept_older_option
@unknown_fields_option
@show_secrets_option
@output_option("text", "json")
@connection_options
def undo_command(target: str | None, run: str | None, **parameters: Any) -> int:
    """Undo a write.

    Undoes the last write to MODEL, or that of ENTRY: shows the plan, asks, and writes it safely,
    unless the model has changed since. An undo is itself a write, and can be undone.

    \b
    Examples:
      patch-model undo Customers
      patch-model undo @4b1d6a0c9e2f --on-conflict rebase
      patch-model undo --run run-4b1d6a0c9e2f
    """
    if run is not None:
        if target is not None:
            raise InvalidInputError("--run takes no MODEL or ENTRY: it is about all of the run.")
        from patcher.cli.batch import undo_many

        return undo_many(run, parameters)
    if target is None:
        raise click.MissingParameter(
            ctx=click.get_current_context(),
            param_hint="'MODEL|ENTRY'",
            param_type="argument",
        )
    from patcher.operations.undo import run_undo

    output, show_secrets = output_of(parameters)
    confirmation = Confirmation(output, yes=parameters["yes"], show_secrets=show_secrets)
    result = run_undo(
        session(),
        target,
        options_of(parameters, confirm=confirmation, attended=confirmation.attended),
    )
    show_result(result, confirmation)
    return result.exit_code
