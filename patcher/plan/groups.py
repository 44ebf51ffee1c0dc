"""Plans that change alike, told once: what the overview of many plans is made of. Pure."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from patcher.documents.diff import Change
from patcher.documents.jsontext import canonical
from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.shape import ListKeys, keys_of
from patcher.documents.values import Document, Tokens
from patcher.plan.plan import Plan


class Named(NamedTuple):
    """One resource of many: its name, where it has one, and its id."""

    name: str | None
    id: str


class Refusal(NamedTuple):
    """One resource of many whose plan was refused, and why."""

    named: Named
    message: str
    hint: str | None


class Group(NamedTuple):
    """Resources that are changed alike.

    Attributes:
        members: which ones.
        changes: what changes in each of them, as it may be shown. Paths have the identity of a
            keyed list's member in the place of its index, which differs from one to the next; a
            member that comes or goes as a whole has the list's own path.
        cleared: top-level members whose value the change removes or empties.
        carried: top-level members that are carried over, where there are any.
        warnings: what else a person should know.
    """

    members: tuple[Named, ...]
    changes: tuple[Change, ...]
    cleared: tuple[str, ...]
    carried: tuple[str, ...]
    warnings: tuple[Notice, ...]


def likeness(plan: Plan, *, show_secrets: bool = False) -> bytes:
    """A digest that is the same for two plans which change, clear and warn of the same."""
    facts = [
        [change.to_dict() for change in general_changes(plan, show_secrets=show_secrets)],
        sorted(plan.cleared),
        [list(notice) for notice in plan.warnings],
    ]
    return hashlib.blake2b(canonical(facts).encode(), digest_size=16).digest()


def general_changes(plan: Plan, *, show_secrets: bool = False) -> tuple[Change, ...]:
    """The changes of a plan with the paths of a Group; credentials masked unless asked for."""
    found = []
    for one in plan.changes if show_secrets else plan.shown(plan.changes):
        document = plan.proposed if one.kind == "added" else plan.document
        place = _general(document, tokens_of(one.path), plan.resource.shape.lists)
        found.append(Change(pointer_to(place), one.kind, one.old, one.new))
    return tuple(found)


def _general(document: Document, place: Tokens, lists: ListKeys) -> Tokens:
    """``place`` without the index of a keyed list's member."""
    for depth in range(1, len(place)):
        keyed = lists.get(place[:depth])
        members = lookup(document, place[:depth], None)
        keys = keys_of(members, keyed) if keyed and type(members) is list else None
        if keys is not None:
            key, below = keys[int(place[depth])], place[depth + 1 :]
            name = key if isinstance(key, str) else repr(key)
            return (*place[:depth], name, *below) if below else place[:depth]
    return place
