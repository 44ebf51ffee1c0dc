"""The base class of all kinds of step, and helpers that several of them use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from patcher.documents.notices import Notice
from patcher.documents.pointers import index_of, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.values import MAX_DEPTH, MISSING, Document, JsonValue, Tokens, extent
from patcher.errors import InvalidPatchError


class Step(ABC):
    """One change of a document; immutable, so that it can be applied any number of times.

    ``restates`` says whether it may repeat what the document has, as a merge patch made from a
    printed document does.
    """

    __slots__ = ()
    restates: ClassVar[bool] = False

    @abstractmethod
    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The places it writes, each with its value.

        The value is MISSING where something is removed, or where it depends on the document.
        """

    def reads(self) -> Iterable[Tokens]:
        """The places whose values it depends on."""
        return ()

    def places(self) -> Iterator[Tokens]:
        """Every place that it names."""
        yield from (place for place, _ in self.writes())
        yield from self.reads()

    @abstractmethod
    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The changed document; ``document`` and the step stay as they are.

        The result may share unchanged values with ``document``, and shares nothing mutable with
        the step. Warnings are added to ``notices``. Raises InvalidPatchError when the step does
        not fit the document.
        """


def refuse_root(tokens: Tokens) -> None:
    """Raises InvalidPatchError for the place of the document itself."""
    if not tokens:
        raise InvalidPatchError(
            "A change must name a place in the document, not the whole document.",
            path="",
            hint="To replace the whole document, use --document.",
        )


def refuse_too_deep(tokens: Tokens, value: JsonValue) -> None:
    """Raises InvalidPatchError when ``value`` at this place would be nested beyond MAX_DEPTH."""
    if len(tokens) + extent(value)[1] > MAX_DEPTH:
        raise InvalidPatchError(
            f"The value for {shown(tokens)} would be nested more than {MAX_DEPTH} levels deep.",
            path=pointer_to(tokens),
        )


def replaced(container: JsonValue, tokens: Tokens, value: JsonValue) -> JsonValue:
    """A copy of ``container`` with ``value`` at a place that exists, or without it for MISSING.

    Only the containers on the way there are copied.
    """
    key: Any = tokens[0] if type(container) is dict else index_of(tokens[0])
    changed = container.copy()
    if len(tokens) > 1:
        changed[key] = replaced(container[key], tokens[1:], value)
    elif value is MISSING:
        del changed[key]
    else:
        changed[key] = value
    return changed
