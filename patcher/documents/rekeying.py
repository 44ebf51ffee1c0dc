"""Which members of keyed lists a change says to be others from now on. Pure.

Two documents alone do not tell a renamed member from one that went and another that came. A change
does where it writes to the place of a single member: ``/fields/3`` gets another text, or the
``name`` of ``/additional_fields/0`` another value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patcher.documents.identity import ListKeys
from patcher.documents.pointers import lookup
from patcher.documents.shape import Shape
from patcher.documents.steps import Step
from patcher.documents.values import Document, Tokens


class Rekeyed(NamedTuple):
    """A member of the keyed list at ``place`` that stays where it is and is called ``new``."""

    place: Tokens
    old: str
    new: str


def rekeyed(steps: Iterable[Step], document: Document, shape: Shape) -> tuple[Rekeyed, ...]:
    """The members that ``steps``, which fit ``document``, give another text for their identity."""
    steps = tuple(steps)
    if not any(_lists_above(place, shape.lists) for step in steps for place, _ in step.writes()):
        return ()
    found: list[Rekeyed] = []
    for part in (part for step in steps for part in _parts(step)):
        changed = part.apply(document, shape, [])
        for place, _ in part.writes():
            for at in _lists_above(place, shape.lists):
                found.extend(_exchanged(at, document, changed, shape.lists))
        document = changed
    return tuple(dict.fromkeys(found))


def _parts(step: Step) -> Iterable[Step]:
    """The operations of a JSON Patch one by one; any other step as it is."""
    from patcher.documents.jsonpatches import JsonPatch

    if isinstance(step, JsonPatch):
        return [JsonPatch((operation,)) for operation in step.operations]
    return (step,)


def _lists_above(place: Tokens, lists: ListKeys) -> list[Tokens]:
    return [at for at in lists if len(place) > len(at) and place[: len(at)] == at]


def _exchanged(at: Tokens, before: Document, after: Document, lists: ListKeys) -> Iterator[Rekeyed]:
    """The one member whose identity differs, where all others are in their places."""
    old, new = lookup(before, at, None), lookup(after, at, None)
    if type(old) is not list or type(new) is not list or len(old) != len(new):
        return
    keys = (
        (lists[at].key_of(one), lists[at].key_of(other))
        for one, other in zip(old, new, strict=True)
    )
    differing = [pair for pair in keys if pair[0] != pair[1]]
    if len(differing) == 1:
        was, now = differing[0]
        if type(was) is str and type(now) is str:
            yield Rekeyed(at, was, now)
