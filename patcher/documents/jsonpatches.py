"""JSON Patch (RFC 6902): parsed strictly here, applied by the jsonpatch library.

The library's errors quote the document and have several base classes, so problems are checked for
first, and any error of the library is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from patcher.documents.jsontext import quoted
from patcher.documents.pointers import kind_of, obstacle, pointer_to, shown, tokens_of
from patcher.documents.shape import Shape
from patcher.documents.steps import Step, refuse_root, refuse_too_deep, replaced
from patcher.documents.values import (
    MAX_DEPTH,
    MISSING,
    Document,
    JsonValue,
    Tokens,
    checked,
    copied,
    extent,
)
from patcher.documents.wording import Notice, closest, did_you_mean
from patcher.errors import InvalidPatchError

_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "add": ("op", "path", "value"),
    "remove": ("op", "path"),
    "replace": ("op", "path", "value"),
    "move": ("op", "from", "path"),
    "copy": ("op", "from", "path"),
    "test": ("op", "path", "value"),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``source`` is its ``from``; ``ignored`` are undefined properties."""

    op: str
    path: Tokens
    source: Tokens | None = None
    value: JsonValue = MISSING
    ignored: tuple[str, ...] = field(default=(), compare=False)

    def to_dict(self) -> Document:
        """The operation as RFC 6902 writes it."""
        raw: Document = {"op": self.op, "path": pointer_to(self.path)}
        if self.source is not None:
            raw["from"] = pointer_to(self.source)
        if self.value is not MISSING:
            raw["value"] = copied(self.value)
        return raw


@dataclass(frozen=True, slots=True)
class JsonPatch(Step):
    """Operations, applied in order; when one fails, none is applied."""

    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, operations: object) -> JsonPatch:
        """Parses a list of operations in the form of RFC 6902.

        Raises InvalidPatchError, naming the operation by its number, for what the RFC does not
        allow, and for an operation that would replace or remove the whole document.
        """
        taken = checked(operations, what="The JSON Patch")
        if type(taken) is not list:
            raise InvalidPatchError(
                f"A JSON Patch must be a list of operations, not {kind_of(taken)}.",
                hint='Write for example [{"op": "replace", "path": "/name", "value": "New"}].',
            )
        return cls(tuple(_operation(raw, number) for number, raw in enumerate(taken, 1)))

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The paths of all but tests; a move also empties its ``from``."""
        for one in self.operations:
            if one.op == "move" and one.source is not None:
                yield one.source, MISSING
            if one.op != "test":
                yield one.path, one.value

    def reads(self) -> Iterable[Tokens]:
        """The paths of tests, and every ``from``."""
        for one in self.operations:
            if one.source is not None:
                yield one.source
            if one.op == "test":
                yield one.path

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document after all operations."""
        named = {place[0] for place in self.places() if place}
        # The library works in place; values that no operation names need no copy.
        work: JsonValue = {
            key: copied(value) if key in named else value for key, value in document.items()
        }
        for number, operation in enumerate(self.operations, 1):
            _refuse_misfit(work, operation, number)
            value = shape.respelled(operation.value, document, operation.path)
            work = _applied(work, replace(operation, value=value), number)
            notices.extend(_ignored_members(operation, number))
        if any(one.source is not None for one in self.operations) and extent(work)[1] > MAX_DEPTH:
            raise InvalidPatchError(
                f"The document would be nested more than {MAX_DEPTH} levels deep."
            )
        changed: Document = work
        return changed


def _operation(raw: JsonValue, number: int) -> Operation:
    if type(raw) is not dict:
        raise _invalid(number, f"it must be an object, not {kind_of(raw)}")
    if "op" not in raw:
        raise _missing(number, "op", raw, ("op",))
    op = raw["op"]
    if type(op) is not str or op not in _MEMBERS:
        hint = did_you_mean(op, _MEMBERS) if type(op) is str else None
        given = "not one that RFC 6902 defines" if type(op) is str else kind_of(op)
        raise _invalid(
            number, f"its op is {given}", hint=hint or f"Known operations: {', '.join(_MEMBERS)}."
        )
    members = _MEMBERS[op]
    for name in members:
        if name not in raw:
            raise _missing(number, name, raw, members)
    operation = Operation(
        op,
        path=_place(raw, "path", number),
        source=_place(raw, "from", number) if "from" in members else None,
        value=raw["value"] if "value" in members else MISSING,
        ignored=tuple(name for name in raw if name not in members),
    )
    _refuse_impossible(operation, number)
    return operation


def _place(raw: Document, name: str, number: int) -> Tokens:
    pointer = raw[name]
    if type(pointer) is not str:
        raise _invalid(number, f"its {name} must be a JSON Pointer, not {kind_of(pointer)}")
    try:
        return tokens_of(pointer)
    except InvalidPatchError as error:
        reason = error.message[:1].lower() + error.message[1:-1]
        raise _invalid(number, f"its {name}: {reason}", hint=error.command_hint) from None


def _refuse_impossible(operation: Operation, number: int) -> None:
    """Refuses an operation that fits no document."""
    if operation.op != "test":
        refuse_root(operation.path)
        if operation.value is not MISSING:
            refuse_too_deep(operation.path, operation.value)
    source, path = operation.source, operation.path
    if operation.op == "move" and source is not None:
        refuse_root(source)
        if source == path[: len(source)] and source != path:
            raise _invalid(number, f"{shown(source)} cannot be moved into itself", path)


def _refuse_misfit(document: JsonValue, operation: Operation, number: int) -> None:
    """Raises InvalidPatchError when the operation does not fit the document as it is now."""
    path, source = operation.path, operation.source
    reason = obstacle(document, source) if source is not None else None
    if operation.op in ("test", "remove", "replace"):
        reason = obstacle(document, path)
    elif reason is None:
        if operation.op == "move" and source is not None:
            document = replaced(document, source, MISSING)  # removed before it is added
        reason = obstacle(document, path, adding=True)
    if reason is not None:
        failed = f"the test of {shown(path)} failed, because " if operation.op == "test" else ""
        raise _invalid(number, f"{operation.op}: {failed}{reason}", path)


def _applied(document: JsonValue, operation: Operation, number: int) -> JsonValue:
    import jsonpatch

    patch: Any = jsonpatch.JsonPatch([operation.to_dict()])
    path = operation.path
    try:
        return patch.apply(document, in_place=True)
    except jsonpatch.JsonPatchTestFailed:
        reason = f"the test of {shown(path)} failed: another value is there"
        hint = "The document differs from what the patch tests for. Nothing was changed."
        raise _invalid(number, reason, path, hint) from None
    except Exception:  # noqa: BLE001 - any error may quote the document
        reason = f"{operation.op} at {shown(path)} is not possible"
        raise _invalid(number, reason, path) from None


def _ignored_members(operation: Operation, number: int) -> Iterable[Notice]:
    """Warns of undefined properties, which RFC 6902, section 4, says to ignore."""
    for name in operation.ignored:
        near = did_you_mean(name, _MEMBERS[operation.op])
        text = f"Operation {number}: {operation.op} has no property {quoted(name)}; it is ignored."
        text = f"{text} {near}" if near else text
        yield Notice("ignored-member", pointer_to(operation.path), text)


def _missing(number: int, name: str, raw: Document, known: Iterable[str]) -> InvalidPatchError:
    unknown = [one for one in raw if one not in known]
    typo = next((one for one in unknown if closest(one, [name])), None)
    hint = f"Did you mean {quoted(name)} instead of {quoted(typo)}?" if typo else None
    return _invalid(number, f'"{name}" is missing', hint=hint)


def _invalid(
    number: int, reason: str, path: Tokens | None = None, hint: str | None = None
) -> InvalidPatchError:
    return InvalidPatchError(
        f"Operation {number} of the JSON Patch cannot be applied: {reason}.",
        path=None if path is None else pointer_to(path),
        hint=hint,
    )
