"""``get`` and ``list``: looking, without touching."""

from __future__ import annotations

from typing import Any

import click

from patcher.cli import console
from patcher.cli.options import (
    Named,
    connection_options,
    output_option,
    session,
    unknown_fields_option,
)


@click.command("get")
@click.argument("model", type=Named("api"))
@click.option("--raw", is_flag=True, help="Print the model as the API gives it, as JSON.")
@output_option("yaml", "json")
@unknown_fields_option
@connection_options
def get_command(model: str, raw: bool, output: str, unknown_fields: Any) -> None:
    """Print a model's writable document.

    It is what patches and edits address: the body of an update, rebuilt from the API's response.
    A value that an update cannot carry is shown as it is, with a comment (JSON: a warning) that
    says what to do about it.

    \b
    Example:
      patch-model get Customers
    """
    from patcher.documents import yamltext
    from patcher.operations.read import projection, raw_model
    from patcher.render.json import value_json
    from patcher.render.text import printable

    here = session()
    if raw:
        console.out(value_json(raw_model(here, model)) + "\n")
        return
    found = projection(here, model, unknown_fields)
    for notice in found.notices:
        console.say(f"Warning: {notice.message}")
    if output == "yaml":
        notes = ((one.place, [f"# {printable(one.note)}"]) for one in found.blockers)
        console.out(yamltext.annotated(yamltext.dump(found.document), notes))
        return
    for one in found.blockers:
        console.say(f"Warning: {one.note}")
    console.out(value_json(found.document) + "\n")


@click.command("list")
@output_option("text", "json")
@connection_options
def list_command(output: str) -> None:
    """List every model.

    \b
    Example:
      patch-model list -o json
    """
    from patcher.operations.read import summaries
    from patcher.render.json import value_json
    from patcher.render.plan import table_lines

    found = summaries(session())
    if output == "json":
        console.out(value_json({"models": found}) + "\n")
    else:
        console.result(table_lines(found))
