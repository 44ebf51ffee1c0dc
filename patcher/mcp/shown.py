"""The plans that this server has shown, and what became of each."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from patcher.documents.wording import first_few
from patcher.errors import InterruptedWriteError, InvalidInputError
from patcher.mcp.replies import ToolReply, clean
from patcher.plan import Plan
from patcher.render.plan import outline, summary
from patcher.render.text import paths_apart

_MOST: Final = 200
"""Maximum number of plans that are remembered; the oldest are forgotten first."""

_LONGEST_NAME: Final = 200

State: TypeAlias = Literal["open", "asking", "writing", "spent"]

UNUSED: Final[tuple[State, ...]] = ("open", "asking")
"""The states of a plan that can still be written, or declined."""


class ShownPlan:
    """A plan under an ID.

    Attributes:
        id: its ID, random and of this process.
        plan: the plan, which names this ID as that of a saved one.
        model: the model's name, or its ID where it has no usable name.
        model_id: the model's ID.
        summary: the plan in one line, ``1 change, 7 preserved: /name``.
        state: "open", "asking" the user, "writing", or "spent".
        outcome: the answer that a spent ID gives.
        questions: the numbers of questions that were sent as results, and not answered yet.
    """

    def __init__(self, plan: Plan) -> None:
        self.id = f"plan-{os.urandom(6).hex()}"
        # The journal knows a write by the ID of its plan, as for a saved one.
        origin = plan.origin._replace(saved_plan=self.id)
        self.plan = replace(plan, terms=plan.terms._replace(origin=origin))
        name = clean(plan.name or "").replace("\n", " ").replace("\t", " ")
        self.model_id = plan.base.id or ""
        self.model = name if 0 < len(name) <= _LONGEST_NAME else self.model_id
        paths = paths_apart([change.path for change in plan.shown(plan.changes)])
        self.summary = f"{summary(outline(plan))}: {first_few((one[:80] for one in paths), 3)}"
        self.state: State = "open"
        self.outcome: ToolReply | None = None
        self.questions: set[str] = set()

    def refuse_other(self, model: str, given: str) -> None:
        """Raises InvalidInputError for a model or a summary that is not the plan's."""
        is_its = model == self.model or model.lower() == self.model_id.lower()
        wrong = ["model"] * (not is_its) + ["summary"] * (given.strip() != self.summary)
        if wrong:
            raise InvalidInputError(
                f"{' and '.join(wrong).capitalize()}: not what {self.id} says.",
                hint=f"The plan is about model {self.model!r}: {self.summary}",
            )


class ShownPlans:
    """All plans that were shown; safe for several threads.

    ``is_closed`` says that the client is gone, so that no further write begins.
    """

    def __init__(self) -> None:
        self._plans: dict[str, ShownPlan] = {}
        self._changed = threading.Condition()
        self.is_closed = False

    def add(self, plan: Plan) -> ShownPlan:
        """Remembers a plan under a new ID."""
        shown = ShownPlan(plan)
        with self._changed:
            for old in [one for one in self._plans.values() if one.state in ("open", "spent")]:
                if len(self._plans) < _MOST:
                    break
                del self._plans[old.id]
            self._plans[shown.id] = shown
        return shown

    def get(self, plan_id: str) -> ShownPlan | None:
        """The plan of an ID, or None."""
        return self._plans.get(plan_id)

    def move(
        self,
        shown: ShownPlan,
        before: tuple[State, ...],
        after: State,
        outcome: ToolReply | None = None,
    ) -> bool:
        """Changes the state of a plan, unless another call did so first."""
        with self._changed:
            if shown.state not in before:
                return False
            shown.state, shown.outcome = after, outcome
            self._changed.notify_all()
            return True

    def write(self, shown: ShownPlan, write: Callable[[Plan], ToolReply]) -> ToolReply | None:
        """Writes a plan once. None where another call writes it, or wrote it, or it is closed."""
        if self.is_closed or not self.move(shown, UNUSED, "writing"):
            return None
        outcome = None
        try:
            outcome = write(shown.plan)
        finally:
            self.move(shown, ("writing",), "spent", outcome)
        return outcome

    @contextmanager
    def defer(self, entry: str) -> Iterator[Callable[[], None]]:
        """Refuses a write that has not begun when the client is gone (``Session.defer``)."""
        self.refuse_if_closed()
        yield self.refuse_if_closed

    def refuse_if_closed(self) -> None:
        """Raises InterruptedWriteError once the client is gone."""
        if self.is_closed:
            raise InterruptedWriteError("The client is gone. Nothing was written.")

    def close(self) -> None:
        """From now on no write begins."""
        self.is_closed = True

    @property
    def is_writing(self) -> bool:
        """Whether a write is in progress."""
        return any(one.state == "writing" for one in list(self._plans.values()))

    def wait(self) -> None:
        """Waits for the outcome of all writes in progress."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_writing)
