"""Shared by all writing commands: show the plan, confirm, report the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from patcher.cli import console
from patcher.cli.options import REPORTS, options_of
from patcher.cli.signals import SIGNALS
from patcher.errors import InvalidInputError, PatchError
from patcher.render.plan import outline, plan_lines, result_lines
from patcher.render.text import line, printable

if TYPE_CHECKING:
    from patcher.operations.arguments import Options
    from patcher.operations.session import Progress
    from patcher.plan import PatchResult, Plan


class Confirmation:
    """Shows a plan and asks whether to write it, unless ``attended`` is False."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.output, self.show_secrets = output_of(parameters)
        self.attended = not parameters["yes"]
        self.shown: Plan | None = None

    def __call__(self, plan: Plan) -> bool:
        """The answer. Raises InvalidInputError without a terminal to ask on."""
        return self.choose(plan, "[y/N]", "apply", "stop") == "apply"

    def choose(self, plan: Plan, ways: str, *meanings: console.Meaning) -> console.Meaning:
        """The answer of ``console.choose``, whose question ends with ``ways``."""
        SIGNALS.count_again()
        self.show(plan, asks=self.attended and console.can_ask())
        refuse_without_terminal(asks=self.attended)
        if not self.attended:
            return "apply"
        return console.choose(f"Write to {printable(plan.origin.short_place)}? {ways}", *meanings)

    def show(self, plan: Plan, *, asks: bool = False) -> None:
        """Shows the plan on standard output, and, if a prompt follows, on the terminal too."""
        is_first, self.shown = self.shown is None, plan
        for error in streams(self.output, asks=asks):
            if not is_first:
                console.show([line()], error=error)
            console.show(plan_lines(plan, show_secrets=self.show_secrets), error=error)
            console.warn(plan.warnings)


def streams(output: str, *, asks: bool) -> Iterator[bool]:
    """Where to show a plan, True for standard error: if a prompt follows, on the terminal too."""
    is_text = output == "text"
    if is_text:
        yield False
    if asks and not (is_text and console.is_terminal(sys.stdout)):
        yield True


def refuse_without_terminal(*, asks: bool) -> None:
    """Raises InvalidInputError where a prompt is due without a terminal."""
    if asks and not console.can_ask():
        raise InvalidInputError(
            "No terminal to ask on. Nothing was written.", hint="Pass --yes to skip the prompt."
        )


def show_result(result: PatchResult, confirmation: Confirmation) -> int:
    """Reports how a change ended, with its plan if that was not shown; returns the exit code."""
    SIGNALS.settle()
    if result.status != "planned":
        console.output.is_work = False
    if confirmation.output == "json":
        console.out_json(result.to_dict(show_secrets=confirmation.show_secrets))
        return result.exit_code
    if result.plan is not None and result.plan is not confirmation.shown:
        confirmation.show(result.plan)
    console.warn(result.notices)
    console.result(result_lines(result))
    return result.exit_code


def carry_out(parameters: dict[str, Any], write: Callable[[Options], PatchResult]) -> int:
    """Makes a change that shows its plan and asks first; reports it and returns the exit code."""
    confirmation = Confirmation(parameters)
    result = write(options_of(parameters, confirm=confirmation, attended=confirmation.attended))
    return show_result(result, confirmation)


def output_of(parameters: dict[str, Any]) -> tuple[str, bool]:
    """The output format, and whether credentials may be seen in it."""
    if parameters["show_secrets"] and not console.is_terminal(sys.stdout):
        raise InvalidInputError(
            "--show-secrets works on a terminal only.",
            hint="For the document itself, run patch-model get MODEL.",
        )
    if parameters["show_secrets"] and parameters["output"] in REPORTS:
        raise InvalidInputError(
            "A report never shows credentials.", hint="Leave out --show-secrets, or use -o text."
        )
    return parameters["output"], parameters["show_secrets"]


def show_progress(now: Progress) -> None:
    """Shows progress on one line of a terminal, and clears it in the end."""
    if not console.is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        return
    counts = [str(count) for count in (now.done, now.total) if count is not None]
    text = ": ".join(part for part in (now.what, " of ".join(counts)) if part)
    console.write(f"\r\x1b[K{text}", sys.stderr)


def show_report(
    plans: Sequence[Plan],
    output: str,
    planned: str,
    failures: Sequence[PatchError] = (),
    unchanged: int = 0,
) -> None:
    """Prints the report of plans made at the time ``planned``, with their warnings.

    ``failures`` are why there is no plan for others; ``unchanged`` more have nothing to do.
    """
    from patcher.render import html, markdown
    from patcher.render.review import attachments

    outlines = [outline(plan, attachments=attachments(plan), planned=planned) for plan in plans]
    if output == "markdown":
        console.out(markdown.report(outlines, failures, unchanged))
        return
    for error in failures:
        console.say(f"Error: {error.message}")
    console.out(html.report(outlines))


_SETTLED: Final = (
    "expect_version on_conflict allow_all_fields unknown_fields literal out all where exclude "
    "files base"
)
"""The parameters that a saved plan has settled, besides those of a change."""

_DEFAULTS: Final = {"on_conflict": "fail", "unknown_fields": "error"}
"""What a parameter is without its option, where that is a text."""


def refuse_others(
    option: str,
    models: Sequence[str],
    parameters: Mapping[str, Any],
    settled: str = _SETTLED,
    hint: str = "The saved plan holds them. For another plan: patch-model plan ... --out FILE",
) -> None:
    """Raises InvalidInputError for what can't be combined with an option, by default of a plan.

    ``settled`` names the parameters that have to be at their default, besides those of a change.
    """
    given = ["MODEL"] if models else []
    for name, value in parameters.items():
        is_default = value is None or value is False or value in ((), [], _DEFAULTS.get(name))
        if not is_default and (name.startswith("change_") or name in settled.split()):
            change = name.removeprefix("change_").replace("_", "-")
            given.append({"item": "CHANGE", "files": "-f"}.get(change, f"--{change}"))
    if given:
        raise InvalidInputError(f"{', '.join(given)} can't be combined with {option}.", hint=hint)
