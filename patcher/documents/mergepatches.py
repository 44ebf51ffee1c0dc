"""Merge patches (RFC 7396), and documents that are given whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from patcher.documents.notices import Notice
from patcher.documents.pointers import kind_of, lookup, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.steps import Step
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, checked, copied
from patcher.errors import InvalidPatchError


@dataclass(frozen=True, slots=True)
class MergePatch(Step):
    """An object whose values replace those of the document; null removes (RFC 7396).

    Raises InvalidPatchError for anything but an object: it would replace the document.
    """

    restates: ClassVar[bool] = True

    patch: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        object.__setattr__(self, "patch", _object(self.patch, "A merge patch"))

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The leaves of the patch; null is MISSING, and an empty object is a leaf."""
        return _leaves(self.patch, ())

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document with the patch merged in; warns null-removed for each null lost."""
        for place, value in self.writes():
            if value is MISSING and lookup(document, place) is None:
                text = (
                    f"{shown(place)} is null, and null in a merge patch removes the key (RFC 7396)."
                    " To keep a null, use --document."
                )
                notices.append(Notice("null-removed", pointer_to(place), text))
        merged: Document = _merged(document, self.patch)
        return merged


@dataclass(frozen=True, slots=True)
class WholeDocument(Step):
    """The complete document; null at the top removes a key.

    It must name every key that the document has, so that none is lost by omission.
    """

    restates: ClassVar[bool] = True

    document: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        object.__setattr__(self, "document", _object(self.document, "A whole document"))

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """Every key at the top; null is MISSING."""
        for key, value in self.document.items():
            yield (key,), MISSING if value is None else value

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """A copy of the given document, without nulls at the top."""
        left_out = [(key,) for key in document if key not in self.document]
        if left_out:
            raise InvalidPatchError(
                f"The given document leaves out {', '.join(map(shown, left_out))}.",
                path=pointer_to(left_out[0]),
                hint="Add what is missing, or set it to null to remove it. "
                "To change only some keys, use --merge.",
            )
        return {key: copied(value) for key, value in self.document.items() if value is not None}


def _object(value: object, what: str) -> Document:
    found: JsonValue = checked(value, what=what)
    if type(found) is not dict:
        raise InvalidPatchError(
            f"{what} must be an object, not {kind_of(found)}.",
            path="",
            hint='For example: {"name": "New name"}',
        )
    return found


def _leaves(patch: Mapping[str, JsonValue], at: Tokens) -> Iterator[tuple[Tokens, JsonValue]]:
    for key, value in patch.items():
        if type(value) is dict and value:
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), MISSING if value is None else value


def _merged(target: JsonValue, patch: JsonValue) -> JsonValue:
    """RFC 7396, section 2, on copies."""
    if type(patch) is not dict:
        return copied(patch)
    result = dict(target) if type(target) is dict else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
