"""Comparing what was sent with what is stored. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from patcher.documents.diff import Change, compare
from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, strictly_equal
from patcher.errors import UnknownFieldError
from patcher.plan import Plan
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

_NAMED = 5


class Verdict(NamedTuple):
    """What a reading after the write shows.

    ``differences`` are between the document sent and the one stored (empty: stored as sent);
    ``stored`` is that document, or None where the reading cannot be understood.
    """

    differences: tuple[Change, ...]
    notices: tuple[Notice, ...]
    stored: Document | None

    @property
    def is_as_sent(self) -> bool:
        """Whether the server stores what was sent."""
        return self.stored is not None and not self.differences


def verify(plan: Plan, before: Snapshot, after: Snapshot) -> Verdict:
    """Compares the reading ``after`` a write of ``plan.proposed`` with what was sent.

    ``before`` is the last reading before it. In this comparison alone null, absent, an empty
    list and an empty identifier are the same, since the API may spell "none" in any of these
    ways; what is inside the source's own configuration is still compared to the letter.
    """
    resource = plan.resource
    try:
        stored, _ = resource.document(after, plan.unknown_fields)
    except UnknownFieldError:
        return Verdict((), (), None)
    sent_form, stored_form = _tidied(resource, plan.proposed), _tidied(resource, stored)
    notices = list(_defaults(resource, sent_form, stored_form))
    changes = compare(sent_form, stored_form, resource.shape.lists)
    for change in changes:
        if change.kind == "reordered":
            text = f"The server keeps {change.path} in an order of its own."
            notices.append(Notice("order-not-kept", change.path, text))
    notices.extend(_new_ids(plan, before, after))
    differences = tuple(change for change in changes if change.kind != "reordered")
    return Verdict(differences, tuple(notices), stored)


def is_as_before(plan: Plan, before: Snapshot, now: Snapshot) -> bool:
    """Whether ``now`` shows content, version and time exactly as ``before``."""
    if now.has_moved_from(before):
        return False
    try:
        document, _ = plan.resource.document(now, plan.unknown_fields)
    except UnknownFieldError:
        return False
    return strictly_equal(document, plan.document)


def _tidied(resource: Resource, document: Document) -> Document:
    stamps = dict(resource.stamped)
    kept = {
        key: value
        for key, value in document.items()
        if not (key in resource.blank_texts and value == "")
    }
    return _without_blanks(kept, (), resource.shape.opaque, stamps)  # type: ignore[no-any-return]


def _without_blanks(
    value: JsonValue,
    place: Tokens,
    opaque: tuple[Tokens, ...],
    stamps: dict[Tokens, frozenset[str]],
) -> Any:
    if place in opaque:
        return value
    if type(value) is dict:
        return {
            key: _without_blanks(member, (*place, key), opaque, stamps)
            for key, member in value.items()
            if member is not None and member != []
        }
    if type(value) is list:
        stamped = stamps.get(place)
        if stamped:
            value = [_without_keys(member, stamped) for member in value]
        return [_without_blanks(member, (*place, "-"), opaque, stamps) for member in value]
    return value


def _without_keys(member: JsonValue, keys: frozenset[str]) -> JsonValue:
    if type(member) is not dict:
        return member
    return {key: value for key, value in member.items() if key not in keys}


def _defaults(resource: Resource, sent: Document, stored: Document) -> Iterator[Notice]:
    """Takes out of ``stored`` what the server put where the write left something out."""
    for place in resource.defaults:
        if lookup(sent, place, MISSING) is not MISSING:
            continue
        holder = lookup(stored, place[:-1], MISSING)
        if type(holder) is not dict or place[-1] not in holder:
            continue
        if len(place) > 1 and lookup(sent, place[:-1], MISSING) is MISSING:
            continue
        del holder[place[-1]]
        path = pointer_to(place)
        text = f"{path} was left out, and the server put a default there."
        yield Notice("server-default", path, text)


def _new_ids(plan: Plan, before: Snapshot, after: Snapshot) -> Iterator[Notice]:
    watched = plan.resource.watched_ids
    if watched is None:
        return
    source, lists = watched
    old, new = _ids(before, source), _ids(after, source)
    touched = _touched(plan, lists)
    renewed = [
        name for name, known in old.items() if name not in touched and new.get(name, known) != known
    ]
    if renewed:
        named = ", ".join(renewed[:_NAMED]) + (", ..." if len(renewed) > _NAMED else "")
        yield Notice(
            "field-id-changed",
            pointer_to((source,)),
            f"The server gave new ids to {len(renewed)} members of {pointer_to((source,))} that "
            f"the change does not touch ({named}); whatever refers to them by id may break.",
        )


def _ids(snapshot: Snapshot, source: str) -> dict[str, str]:
    members = snapshot.raw.get(source)
    return {
        member["name"]: member["id"]
        for member in (members if type(members) is list else [])
        if type(member) is dict
        and type(member.get("name")) is str
        and type(member.get("id")) is str
    }


def _touched(plan: Plan, lists: tuple[str, ...]) -> frozenset[str]:
    """The names of the members of ``lists`` that the change adds, removes or alters."""
    touched: set[str] = set()
    for key in lists:
        if plan.document.get(key) is plan.proposed.get(key):
            continue
        before, after = _named(plan.document.get(key)), _named(plan.proposed.get(key))
        touched |= {
            name
            for name in before.keys() | after.keys()
            if not strictly_equal(before.get(name), after.get(name))
        }
    return frozenset(touched)


def _named(members: JsonValue) -> dict[str, JsonValue]:
    names = {}
    for member in members if type(members) is list else ():
        name = member.get("name") if type(member) is dict else member
        if type(name) is str:
            names[name] = member
    return names
