"""Models as files on the command line: ``pull``, ``plan -f`` and ``apply -f``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from patcher.api.pace import Pace
from patcher.batch.pool import BatchControl
from patcher.cli import console
from patcher.cli.batch import BatchScreen, ProgressLine, selection_of
from patcher.cli.changes import Source
from patcher.cli.confirmation import refuse_others
from patcher.cli.help import PATH, Command, value_option
from patcher.cli.options import completed_argument, options_of, session, shared
from patcher.documents.jsontext import dump
from patcher.errors import InterruptedWriteError, InvalidInputError
from patcher.render.overview import pull_lines
from patcher.render.text import line

if TYPE_CHECKING:
    from patcher.operations.pull import PullResult

_ELSEWHERE: Final = "expect_version preview impact out all where exclude"
"""The parameters that can't be combined with -f, besides those of a change."""


def carry_out_files(models: Sequence[str], parameters: dict[str, Any]) -> int:
    """Applies what files change, or shows what that would be."""
    from patcher.operations.apply import run_files

    files, base = parameters["files"], parameters["base"]
    if not files:
        raise InvalidInputError(
            "--base goes with -f FILE.", hint="Name the files: -f models, for example."
        )
    refuse_others(
        "-f", models, parameters, _ELSEWHERE, "The files hold the models and their changes."
    )
    options, looks = options_of(parameters), "exit_code" in parameters
    return BatchScreen(parameters).run(
        lambda new: run_files(new, files, base, options, looks=looks, say=console.say)
    )


@click.command("pull", cls=Command)
@completed_argument("models", "api", metavar="[MODEL]...", nargs=-1)
@value_option(
    "--dir folder DIR", "Folder for the files", type=PATH, default="models", show_default=True
)
@click.option("--check", is_flag=True, help="Report who is ahead or behind, and write nothing")
@shared("all where exclude base concurrency max-rps accept-older unknown-fields", "text", "json")
def pull_command(models: tuple[str, ...], **parameters: Any) -> int:
    """Write models to YAML files, and merge what others changed into them.

    Without MODEL, all models. A file keeps its comments, order and place; where you and others
    changed the same, it is left alone.

    \b
    Examples:
      patch-model pull --dir models
      patch-model pull Customers
      patch-model pull --check --base HEAD
    """
    from patcher.operations.pull import Puller

    selection = selection_of(models, parameters, Source())
    is_json = parameters["output"] == "json"
    progress = ProgressLine(is_json=is_json)
    ended: list[tuple[str, int]] = []
    console.output.in_run = True
    try:
        here = session().for_batch(Pace(parameters["max_rps"]), BatchControl())
        puller = Puller(
            here,
            parameters["folder"],
            parameters["base"],
            options_of(parameters),
            check=parameters["check"],
            workers=parameters["concurrency"],
            watch=partial(progress.watch, "Pulling"),
            say=console.say,
        )
        with closing(here.client), closing(progress):
            for result in puller.run(selection):
                ended.append((result.status, result.exit_code))
                _tell(result, progress, is_json=is_json)
    except KeyboardInterrupt:
        raise InterruptedWriteError(
            "Interrupted. No model was changed; some files may have been updated.",
            hint="Run the same command again for the rest.",
        ) from None
    counts = Counter(status for status, _ in ended)
    counted = [f"{count} {status}" for status, count in sorted(counts.items())]
    console.show([line(f"{', '.join(counted) or 'No models match'}.")], error=is_json)
    code = max((code for _, code in ended), default=0)
    return 7 if len(ended) > 1 and code > 1 else code


def _tell(result: PullResult, progress: ProgressLine, *, is_json: bool) -> None:
    """Shows how one ended."""
    if is_json:
        console.write(dump(result.to_dict()) + "\n", sys.stdout)
        return
    subject = str(result.path or result.name or result.model_id)
    facts = (result.status, subject, result.changes, result.error)
    lines = list(pull_lines(*facts, console.width(sys.stderr)))
    progress.print(lines, error=result.error is not None)
