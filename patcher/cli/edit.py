"""``edit``: the guarded manual edit."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from patcher.cli import console, exits
from patcher.cli.confirmation import Confirmation, refuse_without_terminal, show_result
from patcher.cli.help import FILE, Command, value_option
from patcher.cli.options import completed_argument, connection, options_of, session, shared
from patcher.errors import PatchError

if TYPE_CHECKING:
    from patcher.editor.editing import Edit


@click.command("edit", cls=Command)
@completed_argument("model", "api")
@value_option(
    "--format format_ yaml|json",
    "Format of the text (default: yaml)",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
)
@value_option("--resume FILE", "Continue the unfinished edit saved in FILE", type=FILE)
@shared(
    "yes on-conflict allow-all-fields strict literal accept-older unknown-fields show-secrets",
    "text",
    "json",
)
def edit_command(
    model: str, format_: Literal["yaml", "json"], resume: Path | None, **parameters: Any
) -> int:
    """Edit a model in your editor.

    Opens the writable document in VISUAL or EDITOR, shows what you changed as a diff, asks, and
    writes it safely. If someone else changes the model meanwhile, your edit is merged with theirs,
    and conflicts are marked in the text. An edit that was not written is saved for --resume.

    \b
    Examples:
      patch-model edit Customers
      EDITOR='code --wait' patch-model edit Customers --format json
    """
    from patcher.operations.edit import Person, open_edit, resume_edit

    confirmation = Confirmation(parameters)
    as_json = confirmation.output == "json"
    refuse_without_terminal(asks=confirmation.attended)
    person = Person(
        ask=lambda plan: confirmation.choose(
            plan, "[y]es, [e]dit again, [N]o:", "apply", "edit", "stop"
        ),
        notify=console.say,
        has_terminal=console.can_ask(),
    )
    here, options = session(), options_of(parameters, attended=confirmation.attended)
    if resume is not None:
        edit = resume_edit(here, model, options, person, resume)
    else:
        edit = open_edit(here, model, options, person, format_)
    try:
        return show_result(edit.run(), confirmation)
    except PatchError as error:
        return exits.report(error, as_json=as_json)
    except KeyboardInterrupt:
        return exits.report(exits.interrupted(), as_json=as_json)
    finally:
        _say_where(edit, model, parameters)


def _say_where(edit: Edit, model: str, parameters: dict[str, Any]) -> None:
    """Says where a kept text is, and how to resume the edit with the same options."""
    for copy in edit.copies:
        console.say(f"The editor left a file that may hold more of your edit: {copy}")
    if edit.earlier is not None:
        console.say(f"Your edit as of the editor's previous run is saved in {edit.earlier}")
    if edit.kept is None:
        return
    command = ["patch-model", "edit", edit.basis.base.id or model, "--resume", str(edit.kept)]
    command += connection().arguments()
    if parameters["unknown_fields"] != "error":
        command += ["--unknown-fields", parameters["unknown_fields"]]
    if parameters["allow_all_fields"]:
        command += ["--allow-all-fields"]
    command += [part for path in parameters["literal"] for part in ("--literal", path)]
    saved = "Your edit is saved (private) in"
    if edit.is_open:
        saved = "Anything you save in a window that is still open is saved (private) in"
    console.say(f"{saved} {edit.kept}", f"To resume it: {shlex.join(command)}")
