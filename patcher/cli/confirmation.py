"""A plan shown and asked about, and a result told: what all writing commands have in common."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from patcher.cli import console
from patcher.cli.options import REPORTS
from patcher.cli.signals import SIGNALS
from patcher.errors import InvalidInputError

if TYPE_CHECKING:
    from patcher.plan import PatchResult, Plan


class Confirmation:
    """Shows a plan and asks whether to write it.

    ``attended`` says whether it asks at all.
    """

    def __init__(self, output: str, *, yes: bool, show_secrets: bool) -> None:
        self.output = output
        self.attended = not yes
        self.show_secrets = show_secrets
        self.shown: Plan | None = None

    def __call__(self, plan: Plan) -> bool:
        """The answer. Raises InvalidInputError when there is nobody to give one."""
        SIGNALS.count_again()
        self.show(plan, asks=self.attended and console.can_ask())
        self.refuse_if_nobody_is_there()
        return not self.attended or console.ask("Write this?")

    def refuse_if_nobody_is_there(self) -> None:
        """Raises InvalidInputError when it would have to ask, and there is nobody."""
        refuse_if_nobody_is_there(asks=self.attended)

    def show(self, plan: Plan, *, asks: bool = False) -> None:
        """Shows the plan where it belongs, and where it is asked about on the terminal too."""
        is_first, self.shown = self.shown is None, plan
        on_screen = self.output == "text" and console.is_terminal(sys.stdout)
        if self.output == "text":
            self._show_on(plan, error=False, is_first=is_first)
        if asks and not on_screen:
            self._show_on(plan, error=True, is_first=is_first)

    def _show_on(self, plan: Plan, *, error: bool, is_first: bool) -> None:
        from patcher.render.plan import plan_lines, warning_lines
        from patcher.render.text import line

        if not is_first:
            console.show([line()], error=error)
        console.show(plan_lines(plan, show_secrets=self.show_secrets), error=error)
        console.show(warning_lines(plan.warnings), error=True)


def refuse_if_nobody_is_there(*, asks: bool) -> None:
    """Raises InvalidInputError where somebody is to be asked, and there is nobody."""
    if asks and not console.can_ask():
        raise InvalidInputError(
            "There is no terminal to ask on, so nothing was written.",
            hint="Say --yes to write without being asked.",
        )


def show_result(result: PatchResult, confirmation: Confirmation) -> None:
    """Tells how a change ended, and shows its plan where nobody has seen it yet."""
    SIGNALS.settle()
    if result.status != "planned":
        console.report_only()
    if confirmation.output == "json":
        from patcher.render.json import result_json

        console.out(result_json(result, show_secrets=confirmation.show_secrets) + "\n")
        return
    from patcher.render.plan import result_lines, warning_lines

    if result.plan is not None and result.plan is not confirmation.shown:
        confirmation.show(result.plan)
    console.show(warning_lines(result.notices), error=True)
    console.result(result_lines(result))


def output_of(parameters: dict[str, Any]) -> tuple[str, bool]:
    """The output format, and whether credentials may be seen in it."""
    if parameters["show_secrets"] and not console.is_terminal(sys.stdout):
        raise InvalidInputError(
            "--show-secrets is for a terminal only.",
            hint="patch-model get prints the document itself, to a file too.",
        )
    if parameters["show_secrets"] and parameters["output"] in REPORTS:
        raise InvalidInputError(
            "A report never shows credentials.",
            hint="Leave out --show-secrets, or look at the plan with -o text.",
        )
    return parameters["output"], parameters["show_secrets"]
