"""What every kind of change has in common, and the tools they share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

from patcher.documents.notices import Notice
from patcher.documents.pointers import index_of, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.values import MAX_DEPTH, MISSING, Document, JsonValue, Tokens, extent
from patcher.errors import InvalidPatchError


class Step(Protocol):
    """One change of a document; immutable, so that it can be applied any number of times.

    ``restates`` says whether what it writes may repeat what is there, as a document that was
    printed and given back does.
    """

    restates: ClassVar[bool]

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The places that it writes, each with the value written.

        The value is MISSING where something is removed, and where only the document tells it.
        """

    def reads(self) -> Iterable[Tokens]:
        """The places whose values it depends on."""

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The changed document.

        Neither ``document`` nor the step is altered. The result may share with ``document`` what
        did not change, and shares nothing mutable with the step. What a person should know is
        added to ``notices``. Raises InvalidPatchError when the step does not fit the document.
        """


def refuse_root(tokens: Tokens) -> None:
    """Raises InvalidPatchError for the place of the document itself."""
    if not tokens:
        raise InvalidPatchError(
            "A change must name a place in the document, not the whole of it.",
            path="",
            hint="To replace the whole document, give it with --document (Patch.document).",
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

    Only what is on the way there is copied.
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
