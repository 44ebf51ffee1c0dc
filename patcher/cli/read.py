"""``get`` and ``list``, ``history`` and ``undo``: read models, list past writes, undo one."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from patcher.cli import console
from patcher.cli.confirmation import carry_out, output_of
from patcher.cli.help import Command, Number, value_option
from patcher.cli.options import BATCH, completed_argument, options_of, session, settings, shared
from patcher.documents import yamltext
from patcher.documents.jsontext import quoted
from patcher.documents.pointers import end_of_path, lookup, obstacle, overlap, parse_path, shown
from patcher.documents.values import MISSING, Document, JsonValue, Tokens
from patcher.documents.where import Condition
from patcher.documents.wording import counted, did_you_mean
from patcher.errors import InvalidInputError, SettingsError
from patcher.plan.plan import host_of
from patcher.render.history import entry_lines, history_lines, table_lines
from patcher.render.text import printable
from patcher.resources.model import MODEL

if TYPE_CHECKING:
    from patcher.documents.masks import Masks
    from patcher.operations.undo import History


@click.command("get", cls=Command)
@completed_argument("model", "api")
@click.argument("path", required=False, metavar="[PATH]")
@click.option("--raw", is_flag=True, help="Print the API's response, as JSON")
@shared("show-secrets unknown-fields", "yaml", "json")
def get_command(model: str, path: str | None, raw: bool, output: str, **parameters: Any) -> None:
    """Print a model's writable document, or one value of it.

    This is the body of an update, rebuilt from the API's response: changes and edits address it.
    A value that an update can't carry has a comment (JSON: a warning) that says what to do. Text
    at PATH is printed as it is. On a terminal, credentials are masked; in a pipe they are not.

    \b
    Examples:
      patch-model get Customers
      patch-model get Customers configuration.query > customers.sql
    """
    from patcher.operations.read import projection, read_model

    if path is not None and end_of_path(path) < len(path):
        raise InvalidInputError(
            "get expects a PATH without a value.",
            hint="To set a value: patch-model apply MODEL PATH=VALUE. To read a key with = in it, "
            r"write \=.",
        )
    place = () if path is None else parse_path(path)
    here, options = session(), options_of(parameters)
    snapshot = read_model(here, model)
    document, blockers = snapshot.raw, []
    if not raw:
        found = projection(here, snapshot, options)
        document = found.document
        blockers = [one for one in found.blockers if overlap(one.place, place)]
        for notice in found.notices:
            console.problem("Warning", notice.message)
    masks = here.masks.on(document)
    value = lookup(document, place)
    if value is MISSING:
        raise _no_value(document, place, masks)
    if console.is_terminal(sys.stdout) and not parameters["show_secrets"]:
        value = _masked(value, place, masks)
    if type(value) is str and path is not None and output == "yaml":
        console.out(_readable(value) if console.is_terminal(sys.stdout) else value)
    elif output == "yaml" and not raw:
        notes = ((one.place[len(place) :], [f"# {printable(one.note)}"]) for one in blockers)
        console.out(yamltext.annotated(yamltext.dump(value), notes))
        return
    else:
        console.out_json(value)
    for one in blockers:
        console.problem("Warning", one.note)


def _masked(value: JsonValue, place: Tokens, masks: Masks) -> JsonValue:
    """A value as a terminal may show it; says so where that hides something."""
    masked = masks.masked_value(value, place)
    if masked != value:
        console.say("Credentials are masked. Use --show-secrets to see them.")
    return masked


def _readable(text: str) -> str:
    """Text for a terminal: whole lines, without what a terminal would act on."""
    rows = ["\t".join(map(printable, row.split("\t"))) for row in text.split("\n")]
    return "\n".join(rows) + ("" if text.endswith("\n") else "\n")


def _no_value(document: Document, place: Tokens, masks: Masks) -> InvalidInputError:
    parent, near = lookup(document, place[:-1], None), None
    if type(parent) is dict and not masks.is_masked_place(place):
        near = did_you_mean(place[-1], parent)
    if place[0] in MODEL.shape.server_owned:
        near = "It belongs to the server. Use --raw to see it."
    reason = obstacle(document, place) or ""
    message = reason if reason.startswith("there is ") else f"no {shown(place)}: {reason}"
    return InvalidInputError(f"{message[0].upper()}{message[1:]}.", hint=near)


@click.command("list", cls=Command)
@shared("where", "text", "json")
def list_command(where: tuple[str, ...], output: str) -> None:
    """List all models, or those selected by --where.

    \b
    Examples:
      patch-model list -o json
      patch-model list --where 'name~=^Paid'
    """
    from patcher.operations.read import summaries

    conditions = tuple(map(Condition.parse, where))
    found = [one.to_dict() for one in summaries(session(), conditions)]
    if output == "json":
        console.out_json({"models": found})
    elif conditions and not found:
        console.say("No models match.")
    else:
        console.result(table_lines(found, *_terminal()))


_CENTURY = 36_500


@click.command("history", cls=Command)
@completed_argument("target", "journal", metavar="[MODEL|ENTRY|RUN]", required=False)
@value_option(
    "-n --limit N", "List at most N writes", type=Number(int, 1), default=20, show_default=True
)
@value_option(
    "--prune DAYS",
    "Delete entries older than DAYS, without a prompt",
    type=Number(float, 0, _CENTURY),
)
@shared("show-secrets", "text", "json", connects=False)
def history_command(target: str | None, limit: int, **parameters: Any) -> None:
    """List past writes, newest first, or show one.

    Reads the journal on this machine. MODEL may be a name from before or after a write.

    \b
    Examples:
      patch-model history Customers
      patch-model history @4b1d6a0c9e2f
    """
    from patcher.operations.undo import ENTRY

    output, show_secrets = output_of(parameters)
    if parameters["prune"] is not None:
        _prune(target, parameters["prune"], output)
        return
    if target is None or not ENTRY.fullmatch(target):
        _show_all(target, limit, output, show_secrets=show_secrets)
        return
    found = _history().one(target)
    row = found.to_dict(show_secrets=show_secrets)
    if output == "json":
        console.out_json(row)
    else:
        console.result(entry_lines(row, found.plan, show_secrets=show_secrets))


def _history() -> History:
    from patcher.operations import undo

    return undo.History.from_env(os.environ)


def _prune(target: str | None, days: float, output: str) -> None:
    if target is not None:
        raise InvalidInputError(
            "--prune is for the whole journal.", hint=f"patch-model history --prune {days:g}"
        )
    removed = _history().journal.prune(days)
    console.output.is_work = False
    if output == "json":
        console.out_json({"removed": removed})
    else:
        console.out(f"{counted(removed, 'entry', 'entries')} removed.\n")


def _show_all(target: str | None, limit: int, output: str, *, show_secrets: bool) -> None:
    found, older, unreadable = _history().all(target, limit)
    for error in unreadable:
        console.problem("Warning", error.message)
        if error.command_hint:
            console.problem("Hint", error.command_hint)
    rows = [one.to_dict(show_secrets=show_secrets) for one in found]
    if output == "json":
        console.out_json({"entries": rows})
    elif target is not None and not rows:
        console.out(f"No writes recorded for {quoted(target)}.\n")
    else:
        console.result(history_lines(rows, older, *_terminal()))


def _terminal() -> tuple[int, datetime] | tuple[()]:
    """The width of the terminal for a table, and the time for the ages in it."""
    width = console.width(sys.stdout)
    return () if width is None else (width, datetime.now(timezone.utc))


@click.command("undo", cls=Command)
@completed_argument("target", "both", metavar="[MODEL|ENTRY]", required=False)
@value_option("--run RUN", "Undo all writes of a batch (run- and 12 hex digits)")
@shared(
    "yes dry-run on-conflict async refresh allow-all-fields strict accept-older "
    f"unknown-fields show-secrets {BATCH}",
    "text",
    "json",
)
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
    from patcher.operations.undo import run_undo

    if run is not None:
        if target is not None:
            raise InvalidInputError("MODEL and ENTRY can't be combined with --run.")
        from patcher.cli.batch import BatchScreen

        options = options_of(parameters)
        return BatchScreen(parameters).run(lambda new: new.undoing(run, options))
    if target is None:
        raise _which_write()

    return carry_out(parameters, lambda options: run_undo(session(), target, options))


def _which_write() -> InvalidInputError:
    """The error for ``undo`` without a target; its hint undoes the last write."""
    last = _history().last()
    if last is None:
        return InvalidInputError(
            "No MODEL or ENTRY given, and no writes are recorded.",
            hint="Run 'patch-model history' to list past writes.",
        )
    intent, command = last.record.intent, ["patch-model", "undo", last.entry]
    with suppress(SettingsError):
        if settings().url != intent.where:
            command += ["--url", intent.where]
    return InvalidInputError(
        f"No MODEL or ENTRY given. The last write was to {intent.noun} "
        f"{quoted(last.name or intent.id)} on {host_of(intent.where)} at {last.begun}.",
        hint=f"To undo it: {shlex.join(command)}",
    )
