"""``plan``, ``apply`` and ``undo`` for many models: one overview, one question, many outcomes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from patcher.api.pace import Pace
from patcher.batch.batch import BatchOptions
from patcher.batch.overview import Tally
from patcher.batch.pool import BatchControl
from patcher.cli import console
from patcher.cli.changes import Source, patch_of, take_changes
from patcher.cli.confirmation import output_of, refuse_without_terminal, show_report
from patcher.cli.options import REPORTS, connection, options_of, session
from patcher.cli.signals import SIGNALS
from patcher.documents.wording import counted
from patcher.errors import InvalidInputError
from patcher.operations.batch import BatchRun
from patcher.operations.read import Selection
from patcher.render.overview import outcome_lines, overview_lines, summary_lines
from patcher.render.plan import warning_lines
from patcher.render.progress import Bar
from patcher.render.text import Span, line, printable, result_line
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot

if TYPE_CHECKING:
    from patcher.batch.overview import Overview
    from patcher.documents.wording import Notice
    from patcher.plan import PatchResult
    from patcher.render.text import Line

_TITLES = {"plan": "Planning", "write": "Writing"}


class ProgressLine:
    """The progress of many on a terminal, with other output above it; elsewhere only that."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._bar: Bar | None = None

    def watch(self, title: str, done: int, total: int) -> None:
        """Shows how many are done."""
        if done == 0 and total > 1 and self._may_draw():
            self.close()
            colour = console.has_colour(sys.stderr)
            self._bar = Bar(sys.stderr, title, total, has_colour=colour)
        if self._bar is not None:
            self._bar.done(done)

    def print(self, lines: Iterable[Line], *, error: bool) -> None:
        """Shows lines, above the progress where there is one."""
        if self._bar is not None and (error or console.is_terminal(sys.stdout)):
            self._bar.above(console.rendered(lines, sys.stderr))
        else:
            console.show(lines, error=error)

    def close(self) -> None:
        """Removes it."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _may_draw(self) -> bool:
        """A line that is redrawn needs a terminal with no other output."""
        is_shared = self._is_json and console.is_terminal(sys.stdout)
        return console.is_terminal(sys.stderr) and not is_shared and not connection().verbose


class BatchScreen:
    """Shows a batch: overview, question, progress, outcomes. A context manager.

    ``place`` is the API that will be written to.
    """

    def __init__(self, control: BatchControl, parameters: dict[str, Any]) -> None:
        output, self.show_secrets = output_of(parameters)
        self.is_json = output == "json"
        self._report = output if output in REPORTS else None
        self._reported: list[PatchResult] = []
        self._are_files = bool(parameters.get("files"))
        self._control = control
        self._asks = not parameters["yes"]
        self._is_plan = "exit_code" in parameters
        self._is_dry = parameters["dry_run"]
        self._exit_code = bool(parameters.get("exit_code"))
        self.place = ""
        self.tally = Tally()
        self._run: str | None = None
        self._total: int | None = None
        self._has_reported = False
        self.progress = ProgressLine(is_json=self.is_json)

    def __enter__(self) -> BatchScreen:
        if not self._is_dry:
            console.output.report_only()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.close()

    def watch(self, phase: str, done: int, total: int) -> None:
        """Shows the progress: how many are done."""
        self._total = total if phase == "plan" else self._total
        self.progress.watch(_TITLES[phase], done, total)

    def show(self, overview: Overview) -> None:
        """Shows what is about to be done, once all plans are made."""
        self.progress.close()
        if not overview.total or self._report is not None:
            return
        on_screen = not self.is_json and console.is_terminal(sys.stdout)
        asks = self._asks and overview.changing > 0 and console.can_ask()
        places = [False] * (not self.is_json) + [True] * (asks and not on_screen)
        head = line(Span(f"On {printable(self.place)}", "quiet"))
        counts = (MODEL.noun, overview.total, overview.unchanged)
        for error in places:
            width = console.width(sys.stderr if error else sys.stdout)
            lines = overview_lines(*counts, overview.groups(), overview.refused, width)
            console.show([head, *lines], error=error)

    def confirm(self, overview: Overview) -> bool:
        """Whether to write what was shown. From then on a signal stops the batch."""
        refuse_without_terminal(asks=self._asks)
        count = counted(overview.changing, "model")
        agreed = not self._asks or console.ask(f"Write {count} to {printable(self.place)}?")
        if agreed:
            SIGNALS.steer(self._control)
        return agreed

    def tell(self, result: PatchResult) -> None:
        """Reports how one ended, as soon as it has."""
        self.count(result)
        if self._report is not None:
            self._reported.append(result)
            return
        if self.is_json:
            self._tell_json(result)
            return
        # Those whose plan was refused are in the overview.
        if result.plan is not None or result.status == "not-begun":
            lines = list(outcome_lines(result, console.width(sys.stderr)))
            if lines and not self._has_reported:
                self._has_reported = True
                lines.insert(0, line())
            self.progress.print(lines, error=result.error is not None)
        if result.status == "unchanged":
            self.progress.print(warning_lines(_differences(result)), error=True)

    def count(self, result: PatchResult) -> None:
        """Counts how one ended."""
        self.tally.add(result)
        if self.tally.total == self._total:
            SIGNALS.settle()  # this is the last one
        if result.plan is not None:
            self._run = result.plan.origin.run

    @property
    def exit_code(self) -> int:
        """The exit code of all of them together; a file alone has its own."""
        if self._exit_code and self.tally.exit_code == 0:
            return int(self.tally.statuses["planned"] > 0)
        is_alone = self._are_files and self.tally.total == 1
        return max(self.tally.codes) if is_alone else self.tally.exit_code

    def end(self) -> int:
        """Reports the totals; returns the exit code."""
        SIGNALS.settle()
        self.progress.close()
        if self._report is not None:
            self._show_report(self._report)
        elif self.tally.total:
            lines = summary_lines(
                self.tally, MODEL.noun, self._run, is_plan=self._is_plan, is_dry=self._is_dry
            )
            console.show(lines, error=self.is_json)
        else:
            console.say("No models match.")
        return self.exit_code

    def _tell_json(self, result: PatchResult) -> None:
        code = int(self._exit_code) if result.status == "planned" else result.exit_code
        text = result_line(result, exit_code=code, show_secrets=self.show_secrets)
        console.write(text + "\n", sys.stdout)

    def _show_report(self, output: str) -> None:
        plans = [
            one.plan
            for one in self._reported
            if one.plan and (one.status == "planned" or _differences(one))
        ]
        failures = [one.error for one in self._reported if one.error is not None]
        unchanged = self.tally.statuses["unchanged"]
        show_report(plans, output, console.now(), failures, unchanged)


def _differences(result: PatchResult) -> list[Notice]:
    """The warnings that a live model differs from its file, which changes nothing."""
    codes = {"live-differs", "server-default", "server-added", "hidden-by-server"}
    is_unchanged = result.status == "unchanged"
    return [one for one in result.warnings if is_unchanged and one.code in codes]


def apply_many(models: tuple[str, ...], parameters: dict[str, Any]) -> int:
    """Makes a change in many models, or shows what it would do."""
    if parameters["output"] not in ("text", "json"):
        raise InvalidInputError(
            f"-o {parameters['output']} works with one MODEL only.",
            hint="For many models, use -o text or -o json (one object per line).",
        )
    if parameters.get("out") is not None:
        raise InvalidInputError(
            "--out works with one MODEL only.",
            hint="Save one plan per model, or run patch-model apply, which shows all plans first.",
        )
    source = Source()
    selection = selection_of(models, parameters, source)
    patch = patch_of(take_changes(parameters), source, models)
    options = options_of(parameters)
    return carry_out_batch(parameters, lambda new: new.patches(selection, patch, options))


def undo_many(run: str, parameters: dict[str, Any]) -> int:
    """Undoes the writes of a batch."""
    options = options_of(parameters)
    return carry_out_batch(parameters, lambda new: new.undoing(run, options))


def selection_of(models: tuple[str, ...], parameters: dict[str, Any], source: Source) -> Selection:
    """The selected models. Raises InvalidInputError for a contradiction."""
    if parameters["all"] and models:
        raise InvalidInputError(
            "--all can't be combined with MODEL.", hint="Leave out one of the two."
        )
    targets: list[str] = []
    for model in models:
        targets += _lines(source) if model == "-" else [model]
    return Selection.of(targets if models else None, parameters["where"], parameters["exclude"])


def _lines(source: Source) -> list[str]:
    """The IDs and names on standard input, one per line; names are literal."""
    rows = [row.removesuffix("\r") for row in source.read("-").split("\n")]
    found = [row for row in rows if row.strip()]
    if not found:
        raise InvalidInputError(
            "Standard input is empty.",
            hint="As MODEL, - reads IDs or names from standard input, one per line.",
        )
    return found


def carry_out_batch(
    parameters: dict[str, Any], begin: Callable[[BatchRun], Iterator[PatchResult]]
) -> int:
    """Runs a batch, reports each outcome, and returns the exit code of all of them."""
    control = BatchControl()
    screen = BatchScreen(control, parameters)
    console.output.in_run = True
    batch_options = BatchOptions(
        workers=parameters["concurrency"],
        fail_fast=parameters["fail_fast"] and not parameters["keep_going"],
        dry_run=parameters["dry_run"],
        show_secrets=screen.show_secrets,
        watch=screen.watch,
        show=screen.show,
    )
    pace, here = Pace(parameters["max_rps"]), session()
    screen.place = here.origin(Snapshot({})).short_place
    run = BatchRun(here, control, batch_options, pace, screen.confirm)
    with closing(run.session.client), screen:
        for result in begin(run):
            screen.tell(result)
    return screen.end()
