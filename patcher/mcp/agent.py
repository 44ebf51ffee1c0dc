"""What each tool does, within a session. Each call runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from patcher.documents import jsontext
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.documents.values import Document
from patcher.errors import InvalidInputError, InvalidPatchError
from patcher.mcp import reading
from patcher.mcp.replies import (
    DATA,
    MARK,
    ToolReply,
    of_error,
    of_result,
    reply,
    result_data,
    shown_lines,
)
from patcher.mcp.shown import ShownPlan, ShownPlans
from patcher.mcp.tools import texts
from patcher.operations import Options, Session
from patcher.operations.impact import reviewed
from patcher.operations.saved import run_shown
from patcher.operations.undo import undo_plan
from patcher.operations.write import run_plan
from patcher.plan import Plan
from patcher.plan.plan import host_of
from patcher.render.text import printable

T = TypeVar("T")

_WHOLES: Final[Mapping[str, tuple[type, str, Callable[[Any], Patch]]]] = {
    "merge_patch": (dict, "an object", Patch.merge),
    "json_patch": (list, "a list of operations", Patch.json_patch),
    "document": (dict, "an object", Patch.document),
}


class Agent:
    """The tools of one server.

    Attributes:
        session: the session that all tools work in.
        read_item: parses ``PATH=TEXT`` and its like, with an ``@`` literal.
        read_only: whether nothing is written and no query runs.
        yes: whether a plan is written where the client cannot ask its user.
        plans: the plans that were shown.
    """

    def __init__(
        self,
        session: Session,
        read_item: Callable[[str, Masks], Patch],
        *,
        read_only: bool,
        yes: bool,
    ) -> None:
        self.session = session
        self.read_item = read_item
        self.read_only = read_only
        self.yes = yes
        self.plans = ShownPlans()
        session.defer = self.plans.defer
        session.note = None  # it names models, and standard error is a log

    @property
    def place(self) -> str:
        """The host, and whether it can be written to."""
        text = printable(host_of(self.session.client.settings.url))
        return f"{text} (read-only)" if self.read_only else text

    @property
    def instructions(self) -> str:
        """What a client tells its model about this server, in less than 2000 characters."""
        last = texts()["last_step_of_a_reader" if self.read_only else "last_step"]
        text = "\n".join((*texts()["instructions"], ""))
        return text.format(place=self.place, data=DATA, last="\n".join(last))

    def call(self, name: str, arguments: Document) -> ToolReply:
        """The answer of a tool other than apply_plan. Raises PatchError."""
        tools: dict[str, Callable[[Document], ToolReply]] = {
            "list_models": lambda given: reading.list_models(self.session, given),
            "get_model": lambda given: reading.get_model(self.session, given),
            "plan_change": self.plan_change,
            "preview_change": self.preview_change,
            "history": lambda given: reading.history(self.session, given),
            "plan_undo": self.plan_undo,
        }
        return tools[name](arguments)

    def plan_change(self, arguments: Document) -> ToolReply:
        """The plan of a change, and its ID unless there is nothing to do."""
        patch, options = self._patch(arguments), Options.among(arguments)
        return self._show(run_plan(self.session, arguments["model"], patch, options))

    def plan_undo(self, arguments: Document) -> ToolReply:
        """The plan that undoes a write, and its ID."""
        return self._show(undo_plan(self.session, arguments["target"], Options.among(arguments)))

    def preview_change(self, arguments: Document) -> ToolReply:
        """What the source says of a plan, and who depends on it."""
        shown = self.plans.get(arguments["plan_id"])
        if shown is None or shown.state == "spent":
            return self.spent(arguments["plan_id"])
        seen = reviewed(self.session, shown.plan, Options(preview=True, impact=True))
        head = f"Preview of {shown.id} at {self.place}: not written."
        return reply(head, shown_lines(seen), {**result_data(seen.to_dict()), **_identity(shown)})

    def find(self, arguments: Document) -> ShownPlan | None:
        """The plan that apply_plan names, or None. Raises InvalidInputError for another summary."""
        shown = self.plans.get(arguments["plan_id"])
        if shown is not None:
            shown.refuse_other(arguments["model"], arguments["summary"])
        return shown

    def spent(self, plan_id: str) -> ToolReply:
        """The answer for an ID that cannot be written now.

        It may be used up or being used, or come from another process that shares the journal.
        Raises InvalidInputError for one that no one knows.
        """
        shown = self.plans.get(plan_id)
        if shown is None:
            found = reading.recorded(self.session, plan_id)
            if found is None:
                raise InvalidInputError(
                    "This server has not shown a plan with that ID. An ID is valid in the process "
                    "that made it, so a client that starts a process for each call loses it.",
                    hint="Call plan_change, and then apply_plan in the same connection.",
                )
            return found
        if shown.outcome is not None:
            text = f"{plan_id} is used up. Nothing more was written. Its outcome:\n"
            return shown.outcome._replace(text=text + shown.outcome.text)
        head = texts()["states"][shown.state]
        data = {**_identity(shown), "status": shown.state, "exit_code": 0, "next": head}
        return reply(f"{plan_id} {head}", (), data)

    def checked(self, shown: ShownPlan) -> ToolReply | None:
        """The outcome of a plan that needs no write; None for one that can be written.

        Writes nothing. Raises PatchError for a plan that is stale.
        """
        found = run_shown(self.session, shown.plan, Options(dry_run=True))
        return None if found.status == "planned" else of_result(found)

    def write(self, shown: ShownPlan) -> ToolReply:
        """Writes a plan, once."""

        def write(plan: Plan) -> ToolReply:
            outcome = guarded(lambda: of_result(run_shown(self.session, plan, Options())))
            text = f"{outcome.text}\n{MARK}Plan: {shown.summary}"
            return outcome._replace(text=text, data={**outcome.data, **_identity(shown)})

        return self.plans.write(shown, write) or self.spent(shown.id)

    def _show(self, plan: Plan) -> ToolReply:
        data = result_data(plan.to_dict())
        if plan.is_unchanged:
            data["next"] = "There is nothing to do. Tell the user."
            return reply(f"No changes at {self.place}. Nothing to write.", shown_lines(plan), data)
        shown = self.plans.add(plan)
        data |= {**_identity(shown), "host": self.place}
        data["next"] = "Show this plan to the user." if self.read_only else texts()["apply"]
        given = {"model": shown.model, "summary": shown.summary}
        rows = [f"{name}: {jsontext.dump(value)}" for name, value in given.items()]
        head = f"plan_id: {shown.id} at {self.place}, not written yet.\n{data['next']}"
        return reply(head, [*rows, "", *shown_lines(plan)], data)

    def _patch(self, arguments: Document) -> Patch:
        wholes = [name for name in _WHOLES if name in arguments]
        items, paths = arguments.get("set", []), arguments.get("unset", [])
        if len(wholes) + bool(items or paths) != 1:
            raise InvalidInputError(
                "Expected set and unset, or exactly one of merge_patch, json_patch and document."
            )
        if not wholes:
            patch = Patch(())
            for item in items:
                patch += self.read_item(item, self.session.masks)
            for path in paths:
                patch += Patch.unset(path)
            return patch
        (name,) = wholes
        value = jsontext.parse(arguments[name], what=name)
        kind, expected, make = _WHOLES[name]
        if type(value) is not kind:
            raise InvalidPatchError(f"{name}: expected {expected}.")
        return make(value)


def _identity(shown: ShownPlan) -> Document:
    return {"plan_id": shown.id, "model": shown.model, "summary": shown.summary}


def guarded(work: Callable[[], T]) -> T | ToolReply:
    """The result of ``work``; an exception becomes a tool error without any value in it."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - a tool never breaks the connection
        return of_error(error)
