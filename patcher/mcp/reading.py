"""The tools that read: models, one model, past writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from patcher.documents.jsontext import dump_pretty
from patcher.documents.pointers import lookup, parse_path
from patcher.documents.values import MISSING, Document, JsonValue
from patcher.documents.where import Condition
from patcher.documents.wording import counted
from patcher.errors import InvalidInputError
from patcher.mcp.replies import (
    LONGEST_LIST,
    ToolReply,
    clean,
    fitting,
    in_tools,
    meaning,
    reply,
    short,
)
from patcher.operations import Options, Session
from patcher.operations.read import projection, read_model, summaries
from patcher.operations.undo import ENTRY, History, HistoryEntry
from patcher.plan.plan import host_of
from patcher.render.history import entry_lines, history_lines, table_lines
from patcher.render.text import Line

_PIECE: Final = 8_000
"""Characters of a text that one answer holds."""

_DONE: Final[Document] = {"status": "done", "exit_code": 0}


_EXIT_CODES: Final = {"applied": 0, "not-written": 3, "unverified": 5}
"""The exit codes of writes by their state in the journal; 6 for the others."""


def list_models(session: Session, arguments: Document) -> ToolReply:
    """The models that fulfil all conditions, one page of them."""
    where = tuple(map(Condition.parse, arguments.get("where", ())))
    found = [one.to_dict() for one in summaries(session, where)]
    start = arguments.get("offset", 0)
    rows = found[start : start + arguments.get("limit", 25)]
    head = f"{counted(len(found), 'model')} at {host_of(session.client.settings.url)}."
    if len(rows) < len(found):
        head += f" Shown: {len(rows)}, from offset {start}."
    lines = table_lines(rows) if rows else ()
    return _table(head, lines, "models", rows, {**_DONE, "total": len(found)})


def get_model(session: Session, arguments: Document) -> ToolReply:
    """A model's writable document, or one value of it; credentials masked."""
    snapshot = read_model(session, arguments["model"])
    found = projection(session, snapshot, Options())
    masks = session.masks.on(found.document)
    notes = [one.note for one in found.blockers] + [one.message for one in found.notices]
    warnings = [
        clean(in_tools(one) or one.partition(". ")[0]) for one in map(masks.redacted, notes)
    ]
    place = parse_path(arguments["path"]) if "path" in arguments else ()
    value = lookup(found.document, place)
    if value is MISSING:
        raise InvalidInputError(
            f"{session.resource.noun} {snapshot.id} has no value at that path.",
            hint="get_model without a path shows the document.",
        )
    piece = _piece(masks.masked_value(value, place), arguments.get("offset", 0))
    data = {
        **_DONE,
        "model_id": snapshot.id,
        "name": snapshot.name and masks.masked_text(snapshot.name),
        "version": snapshot.version,
        "warnings": [{"message": one} for one in warnings],
        **(piece if place else {"document": piece["value"]}),
    }
    shown = piece["value"]
    rows = (shown if type(shown) is str else dump_pretty(shown)).split("\n")
    head = f"1 model at {host_of(session.client.settings.url)}."
    if "length" in piece:
        head += f" Characters {piece['offset']} to {piece['end']} of {piece['length']}."
    about = f"{session.resource.noun} {snapshot.id}, version {snapshot.shown_version}"
    return reply(head, [about, *rows, *(f"Warning: {one}" for one in warnings)], data)


def _piece(value: JsonValue, start: int) -> Document:
    """A value as one answer shows it: a piece of a text, or all of it with its texts cut."""
    if type(value) is not str:
        return {"value": short(value, LONGEST_LIST)}
    text = value[start : start + _PIECE]
    bounds = {"length": len(value), "offset": start, "end": start + len(text)}
    return {"value": clean(text), **bounds}


def history(session: Session, arguments: Document) -> ToolReply:
    """Past writes from this machine, or one of them."""
    past, target = _history(session), arguments.get("target")
    if target is not None and ENTRY.fullmatch(target):
        one = past.one(target)
        return _table("1 write.", _one_entry(one), "entries", [_entry(one)], {**_DONE, "older": 0})
    found, older, unreadable = past.all(target, arguments.get("limit", 20))
    shown = [one.to_dict() for one in found]
    head = f"{counted(len(found), 'write')} from this machine; {older} older not shown."
    lines: list[Line | str] = list(history_lines(shown, 0)) if shown else []
    lines += [error.message for error in unreadable]
    return _table(head, lines, "entries", list(map(_entry, found)), {**_DONE, "older": older})


def recorded(session: Session, plan_id: str) -> ToolReply | None:
    """What the journal knows of the write of a plan that another process showed, or None."""
    for one in _history(session).all(None, None)[0]:
        if one.record.intent.saved_plan == plan_id:
            code = _EXIT_CODES.get(one.state, 6)
            advice = meaning(code)[1] if code else "Tell the user."
            head = f"{plan_id} was used by an earlier process. Nothing more was written. {advice}"
            data: Document = {
                "status": one.state,
                "exit_code": code,
                "next": advice,
                "plan_id": plan_id,
            }
            changes, _ = fitting(change.to_dict() for change in one.changes)
            data |= {"journal_entry": one.entry, "changes": changes}
            return reply(head, _one_entry(one), data, is_error=code != 0)
    return None


def _one_entry(one: HistoryEntry) -> list[Line]:
    """The lines of an entry, without the last, which is a command for a shell."""
    return list(entry_lines(one.to_dict(), one.plan))[: None if one.state == "not-written" else -1]


def _history(session: Session) -> History:
    return History(session.journal, session.masks)


def _entry(one: HistoryEntry) -> Document:
    row = one.to_dict()
    row["changes"] = [change.path for change in one.changes]
    return row


def _table(
    head: str,
    lines: Iterable[Line | str],
    key: str,
    rows: Sequence[Document],
    data: Document,
) -> ToolReply:
    """Rows as lines, and as a bounded list in JSON under ``key``."""
    known = ({name: value for name, value in row.items() if value is not None} for row in rows)
    found, left_out = fitting(known)
    extra = {"left_out": left_out} if left_out else {}
    return reply(head, lines, {**data, key: found, **extra})
