"""What a plan is made of when it is shown: the same for the terminal, Markdown and HTML."""

from __future__ import annotations

from typing import NamedTuple

from patcher.documents.diff import Change
from patcher.documents.notices import Notice
from patcher.documents.spellings import cut
from patcher.plan import Plan
from patcher.render.lines import Line
from patcher.render.printable import printable_value


class Carried(NamedTuple):
    """A member that goes along as it is; ``members`` is how many there are in a list."""

    path: str
    members: int | None


class Attachment(NamedTuple):
    """What is known of a plan besides, such as who uses the resource: a heading and its lines.

    ``is_alarming`` says that nobody should pass over it.
    """

    title: str
    lines: tuple[Line, ...]
    is_alarming: bool = False


class Outline(NamedTuple):
    """A plan as it may be shown: nothing in it is a credential, unless it was asked for.

    Attributes:
        title: what is changed: the noun, and the name as JSON or the id. Safe to print.
        id: the id of it, or nothing.
        written: its version, and who wrote it when, in a sentence.
        changes, cleared, carried: as the plan has them.
        warnings: what to look at before it is written.
        remarks: what was so before.
        attachments: what else is known.
    """

    title: str
    id: str
    written: str
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[Carried, ...]
    warnings: tuple[Notice, ...]
    remarks: tuple[Notice, ...]
    attachments: tuple[Attachment, ...] = ()


def outline(
    plan: Plan, *, show_secrets: bool = False, attachments: tuple[Attachment, ...] = ()
) -> Outline:
    """The outline of a plan; credentials are masked wherever they stand, unless asked for."""
    masks = plan.masks

    def shown(text: str) -> str:
        return text if show_secrets else masks.redacted(text)

    notices = [one._replace(message=shown(one.message)) for one in plan.warnings]
    return Outline(
        title=title(plan),
        id=plan.base.id or "",
        written=shown(_written(plan)),
        changes=plan.changes if show_secrets else plan.shown(plan.changes),
        cleared=plan.cleared,
        carried=tuple(_carried(plan, path) for path in plan.carried),
        warnings=tuple(one for one in notices if not one.is_remark),
        remarks=tuple(one for one in notices if one.is_remark),
        attachments=attachments,
    )


def title(plan: Plan) -> str:
    """The noun, and the name as JSON or the id."""
    shown = printable_value(cut(plan.name)) if plan.name is not None else plan.base.id
    return f"{plan.resource.noun} {shown}"


def _written(plan: Plan) -> str:
    base = plan.base
    parts = [f"version {base.shown_version}"] if base.raw.get("version") is not None else []
    if base.author or base.updated_at:
        by = f" by {base.author}" if base.author else ""
        at = f" at {base.updated_at}" if base.updated_at else ""
        parts.append(f"last written{by}{at}")
    return ", ".join(parts)


def _carried(plan: Plan, path: str) -> Carried:
    value = plan.document.get(path.removeprefix("/"))
    return Carried(path, len(value) if type(value) is list else None)
