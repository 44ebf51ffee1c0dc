"""``plan``, ``apply`` and ``undo`` for many models: one overview, one question, many outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from patcher.cli import exits
from patcher.cli.board import Board
from patcher.cli.changes import Source, patch_of, take_changes
from patcher.cli.confirmation import output_of
from patcher.cli.options import options_of, session
from patcher.errors import InterruptedWriteError, InvalidInputError, PatchError

if TYPE_CHECKING:
    from patcher.operations.runs import Run
    from patcher.operations.selection import Selection
    from patcher.plan import PatchResult


def plan_many(models: tuple[str, ...], parameters: dict[str, Any]) -> int:
    """Shows what a change would do to many models."""
    if parameters["output"] not in ("text", "json"):
        raise InvalidInputError(
            f"-o {parameters['output']} reports the plan for one model, named as one MODEL.",
            hint="For many models there are -o text and -o json, an object a line.",
        )
    if parameters["out"] is not None:
        raise InvalidInputError(
            "--out saves the plan for one model, named as one MODEL.",
            hint="Save a plan for each, or say patch-model apply in the place of plan.",
        )
    return _with_change(models, {**parameters, "yes": True, "dry_run": True})


def apply_many(models: tuple[str, ...], parameters: dict[str, Any]) -> int:
    """Makes a change in many models."""
    return _with_change(models, parameters)


def undo_many(run: str, parameters: dict[str, Any]) -> int:
    """Takes back what a run wrote."""
    options = options_of(parameters)
    return _carry_out(parameters, lambda new: new.undoing(run, options))


def _with_change(models: tuple[str, ...], parameters: dict[str, Any]) -> int:
    source = Source()
    selection = _selection(models, parameters, source)
    patch = patch_of(take_changes(parameters), source)
    options = options_of(parameters)
    return _carry_out(parameters, lambda new: new.patches(selection, patch, options))


def _selection(models: tuple[str, ...], parameters: dict[str, Any], source: Source) -> Selection:
    """Which models are meant. Raises InvalidInputError where that contradicts itself."""
    from patcher.documents.where import Condition
    from patcher.operations.selection import Selection

    if parameters["all"] and models:
        raise InvalidInputError(
            "--all and MODEL contradict each other.", hint="Leave out one of the two."
        )
    targets: list[str] = []
    for model in models:
        targets += _lines(source) if model == "-" else [model]
    return Selection(
        tuple(targets) if models else None,
        tuple(map(Condition.parse, parameters["where"])),
        parameters["exclude"],
    )


def _lines(source: Source) -> list[str]:
    """The ids and names on standard input, one a line; a name is taken to the letter."""
    rows = [row.removesuffix("\r") for row in source.read("-").split("\n")]
    found = [row for row in rows if row.strip()]
    if not found:
        raise InvalidInputError(
            "Standard input names no model.",
            hint="In the place of MODEL, - reads ids or names from there, one a line.",
        )
    return found


def _carry_out(parameters: dict[str, Any], begin: Callable[[Run], Iterator[PatchResult]]) -> int:
    """Runs it, tells each outcome, and returns the exit code of all of them."""
    from patcher.api.pace import Pace
    from patcher.operations.runs import Flight, Manner, Run

    output, show_secrets = output_of(parameters)
    flight = Flight()
    board = Board(output, flight, parameters, show_secrets=show_secrets)
    manner = Manner(
        workers=parameters["concurrency"],
        fail_fast=not parameters["keep_going"],
        dry_run=parameters["dry_run"],
        show_secrets=show_secrets,
        watch=board.watch,
        show=board.show,
    )
    try:
        pace = Pace(parameters["max_rps"])
        run = Run.within(session(), flight, manner, pace, board.confirm)
        with closing(run.session.client), board:
            for result in begin(run):
                board.tell(result)
        return board.end()
    except KeyboardInterrupt:
        return _report(InterruptedWriteError("Interrupted. Nothing was written."), output)
    except PatchError as error:
        return _report(error, output)


def _report(error: PatchError, output: str) -> int:
    return exits.report(error, as_json=output == "json", in_run=True)
