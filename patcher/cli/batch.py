"""``plan``, ``apply`` and ``undo`` for many models: one overview, one question, many outcomes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from patcher.api.pace import Pace
from patcher.batch.batch import BatchOptions
from patcher.batch.overview import Overview, Tally
from patcher.batch.pool import BatchControl
from patcher.cli import console
from patcher.cli.changes import Source, patch_of
from patcher.cli.confirmation import output_of, refuse_without_terminal, show_report, streams
from patcher.cli.options import REPORTS, connection, options_of, session
from patcher.cli.signals import SIGNALS
from patcher.documents.wording import Notice, counted
from patcher.errors import InvalidInputError
from patcher.operations.batch import BatchRun
from patcher.operations.read import Selection
from patcher.plan import PatchResult
from patcher.render.overview import outcome_lines, overview_lines, summary_lines
from patcher.render.plan import warning_lines
from patcher.render.progress import Bar
from patcher.render.text import Line, Span, line, printable, result_line
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot

_TITLES = {"plan": "Planning", "write": "Writing"}


class ProgressLine:
    """The progress of many on a terminal, with other output above it; elsewhere only that."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._bar: Bar | None = None

    def watch(self, title: str, done: int, total: int) -> None:
        """Shows how many are done."""
        if done == 0 and total > 1:
            # A line that is redrawn needs a terminal with no other output.
            is_shared = self._is_json and console.is_terminal(sys.stdout)
            if console.is_terminal(sys.stderr) and not is_shared and not connection().verbose:
                self.close()
                self._bar = Bar(sys.stderr, title, total, has_colour=console.has_colour(sys.stderr))
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


class BatchScreen:
    """Carries out a batch and shows it: overview, question, progress, outcomes."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._output, self._show_secrets = output_of(parameters)
        console.output.in_run = True
        self._parameters = parameters
        self._control = BatchControl()
        options = BatchOptions(
            workers=parameters["concurrency"],
            fail_fast=parameters["fail_fast"] and not parameters["keep_going"],
            dry_run=parameters["dry_run"],
            show_secrets=self._show_secrets,
            watch=self._watch,
            show=self._show,
        )
        pace, here = Pace(parameters["max_rps"]), session()
        self._place = printable(here.origin(Snapshot({})).short_place)
        self._run = BatchRun(here, self._control, options, pace, self._confirm)
        self._reported: list[PatchResult] = []
        self._tally = Tally()
        self._total: int | None = None
        self._has_told = False
        self._progress = ProgressLine(is_json=self._output == "json")

    def run(self, begin: Callable[[BatchRun], Iterator[PatchResult]]) -> int:
        """Reports each outcome and the totals; returns the exit code of all of them."""
        is_dry = self._parameters["dry_run"]
        if not is_dry:
            console.output.is_work = False
        with closing(self._run.session.client), closing(self._progress):
            for result in begin(self._run):
                self._tell(result)
        SIGNALS.settle()
        if self._output in REPORTS:
            self._show_report()
        elif self._tally.total:
            is_plan, run = "exit_code" in self._parameters, self._run.session.run
            lines = summary_lines(self._tally, MODEL.noun, run, is_plan=is_plan, is_dry=is_dry)
            console.show(lines, error=self._output == "json")
        else:
            console.say("No models match.")
        return self._exit_code()

    def _watch(self, phase: str, done: int, total: int) -> None:
        """Shows the progress: how many are done."""
        self._total = total if phase == "plan" else self._total
        self._progress.watch(_TITLES[phase], done, total)

    def _show(self, overview: Overview) -> None:
        """Shows what is about to be done, once all plans are made."""
        self._progress.close()
        if not overview.total or self._output in REPORTS:
            return
        asks = not self._parameters["yes"] and overview.changing > 0 and console.can_ask()
        head = line(Span(f"On {self._place}", "quiet"))
        for error in streams(self._output, asks=asks):
            width = console.width(sys.stderr if error else sys.stdout)
            console.show([head, *overview_lines(overview, MODEL.noun, width)], error=error)

    def _confirm(self, overview: Overview) -> bool:
        """Whether to write what was shown. From then on a signal stops the batch."""
        asks = not self._parameters["yes"]
        refuse_without_terminal(asks=asks)
        count = counted(overview.changing, "model")
        agreed = not asks or console.ask(f"Write {count} to {self._place}?")
        if agreed:
            SIGNALS.steer(self._control)
        return agreed

    def _tell(self, result: PatchResult) -> None:
        """Reports how one ended, as soon as it has."""
        self._tally.add(result)
        if self._tally.total == self._total:
            SIGNALS.settle()  # this is the last one
        if self._output in REPORTS:
            self._reported.append(result)
        elif self._output == "json":
            is_planned, code = result.status == "planned", self._parameters.get("exit_code")
            exit_code = int(bool(code)) if is_planned else result.exit_code
            text = result_line(result, exit_code=exit_code, show_secrets=self._show_secrets)
            console.write(text + "\n", sys.stdout)
        else:
            self._tell_text(result)

    def _tell_text(self, result: PatchResult) -> None:
        # Those whose plan was refused are in the overview.
        if result.plan is not None or result.status == "not-begun":
            lines = list(outcome_lines(result, console.width(sys.stderr)))
            if lines and not self._has_told:
                self._has_told = True
                lines.insert(0, line())
            self._progress.print(lines, error=result.error is not None)
        if result.status == "unchanged":
            self._progress.print(warning_lines(_differences(result)), error=True)

    def _exit_code(self) -> int:
        """The exit code of all of them together; a file alone has its own."""
        tally = self._tally
        if self._parameters.get("exit_code") and tally.exit_code == 0:
            return int(tally.statuses["planned"] > 0)
        is_alone = self._parameters.get("files") and tally.total == 1
        return max(tally.codes) if is_alone else tally.exit_code

    def _show_report(self) -> None:
        plans = [
            one.plan
            for one in self._reported
            if one.plan and (one.status == "planned" or _differences(one))
        ]
        failures = [one.error for one in self._reported if one.error is not None]
        unchanged = self._tally.statuses["unchanged"]
        show_report(plans, self._output, console.now(), failures, unchanged)


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
    patch = patch_of(parameters, models, source)
    options = options_of(parameters)
    return BatchScreen(parameters).run(lambda new: new.patches(selection, patch, options))


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
