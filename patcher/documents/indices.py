"""List members addressed by where they stand, which means something else in each document."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from patcher.documents.jsonpatches import JsonPatch
from patcher.documents.patches import Patch
from patcher.documents.places import Assign, Unset
from patcher.documents.pointers import index_of, lookup, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.values import Document, Tokens
from patcher.errors import InvalidPatchError


def refuse_indices(patch: Patch, shape: Shape, document: Document | None = None) -> None:
    """Raises InvalidPatchError where a change addresses a list by index.

    The lists are those that ``shape`` knows, and any other one in ``document``. For many documents
    at once: at /fields/3 each of them has another field.
    """
    for place in _addressed(patch):
        for depth in range(1, len(place)):
            here = place[:depth]
            is_list = here in shape.lists or (
                document is not None and type(lookup(document, here, None)) is list
            )
            if is_list and index_of(place[depth]) is not None:
                raise InvalidPatchError(
                    f"{shown(place[: depth + 1])} is a member of a list by its index, which is "
                    "another one in each of several.",
                    path=pointer_to(place[: depth + 1]),
                    hint="Say which member you mean: --add and --remove take it by value or name.",
                )


def _addressed(patch: Patch) -> Iterator[Tokens]:
    """The places of the steps in which a number may be an index."""
    for step in patch.steps:
        if isinstance(step, (JsonPatch, Assign, Unset)):
            yield from chain((place for place, _ in step.writes()), step.reads())
