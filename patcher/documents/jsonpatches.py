"""JSON Patch (RFC 6902): parsed strictly here, applied by the jsonpatch library.

The library's errors quote the document and have several base classes, so problems are checked for
first, and any error of the library is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from patcher.documents.jsontext import quoted
from patcher.documents.pointers import kind_of, lookup, obstacle, pointer_to, shown, tokens_of
from patcher.documents.shape import Shape
from patcher.documents.steps import Step, refuse_root, refuse_too_deep, replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, checked, copied
from patcher.documents.wording import Notice, did_you_mean
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
class Operation(Step):
    """One operation of a JSON Patch, in which it is the ``number``-th.

    ``source`` is its ``from``; ``ignored`` are undefined properties.
    """

    number: int
    op: str
    path: Tokens
    source: Tokens | None = None
    value: JsonValue = MISSING
    ignored: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses an operation that fits no document."""
        path, source = self.path, self.source
        if self.op != "test":
            refuse_root(path)
            if self.value is not MISSING:
                refuse_too_deep(path, self.value)
        if self.op == "move" and source is not None:
            refuse_root(source)
            if source == path[: len(source)] and source != path:
                raise _invalid(self.number, f"{shown(source)} cannot be moved into itself", path)

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The path unless it is a test; a move also empties its ``from``."""
        if self.op == "move" and self.source is not None:
            yield self.source, MISSING
        if self.op != "test":
            yield self.path, self.value

    def reads(self) -> Iterable[Tokens]:
        """The path of a test, and the ``from``."""
        if self.source is not None:
            yield self.source
        if self.op == "test":
            yield self.path

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document after the operation; warns ignored-member for each undefined property."""
        value = shape.respelled(self.value, document, self.path)
        if self.source is not None:
            self._refuse(obstacle(document, self.source))
            value = lookup(document, self.source)
            refuse_too_deep(self.path, value)
            if self.op == "move":  # a removal, and an addition to what that leaves
                document = replaced(document, self.source, MISSING)
        adds = self.op in ("add", "move", "copy")
        self._refuse(obstacle(document, self.path, adding=adds))
        changed = self._applied(document, "add" if adds else self.op, value)
        for name in self.ignored:  # RFC 6902, section 4, says to ignore them
            near = did_you_mean(name, _MEMBERS[self.op]) or ""
            text = f"Operation {self.number}: {self.op} has no property {quoted(name)}; "
            text = f"{text}it is ignored. {near}".rstrip()
            notices.append(Notice("ignored-member", pointer_to(self.path), text))
        return changed

    def _refuse(self, reason: str | None) -> None:
        """Raises InvalidPatchError with the reason, if any, why it does not fit the document."""
        if reason is not None:
            is_test = self.op == "test"
            failed = f"the test of {shown(self.path)} failed, because " if is_test else ""
            raise _invalid(self.number, f"{self.op}: {failed}{reason}", self.path)

    def _applied(self, document: Document, op: str, value: JsonValue) -> Document:
        import jsonpatch

        if op != "test":  # The library changes in place the container that loses or gets a value.
            holder = self.path[:-1]
            inner = lookup(document, holder).copy()
            document = replaced(document, holder, inner) if holder else inner
        raw: Document = {"op": op, "path": pointer_to(self.path)}
        if value is not MISSING:
            raw["value"] = copied(value)
        try:
            changed: Document = jsonpatch.apply_patch(document, [raw], in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            reason = f"the test of {shown(self.path)} failed: another value is there"
            hint = "The document differs from what the patch tests for. Nothing was changed."
            raise _invalid(self.number, reason, self.path, hint) from None
        except Exception:  # noqa: BLE001 - any error may quote the document
            reason = f"{self.op} at {shown(self.path)} is not possible"
            raise _invalid(self.number, reason, self.path) from None
        return changed


def operations_of(given: object) -> tuple[Operation, ...]:
    """Parses a list of operations in the form of RFC 6902.

    Raises InvalidPatchError, naming the operation by its number, for what the RFC does not allow,
    and for an operation that would replace or remove the whole document.
    """
    listed = checked(given, what="The JSON Patch")
    if type(listed) is not list:
        raise InvalidPatchError(
            f"A JSON Patch must be a list of operations, not {kind_of(listed)}.",
            hint='Write for example [{"op": "replace", "path": "/name", "value": "New"}].',
        )
    return tuple(_operation(raw, number) for number, raw in enumerate(listed, 1))


def _operation(raw: JsonValue, number: int) -> Operation:
    if type(raw) is not dict:
        raise _invalid(number, f"it must be an object, not {kind_of(raw)}")
    op = raw.get("op")
    if type(op) is not str or op not in _MEMBERS:
        hint = f"Known operations: {', '.join(_MEMBERS)}."
        raise _invalid(number, "its op is not one that RFC 6902 defines", hint=hint)
    members = _MEMBERS[op]
    for name in members:
        if name not in raw:
            raise _invalid(number, f"{quoted(name)} is missing")
    return Operation(
        number,
        op,
        path=_place(raw, "path", number),
        source=_place(raw, "from", number) if "from" in members else None,
        value=raw["value"] if "value" in members else MISSING,
        ignored=tuple(name for name in raw if name not in members),
    )


def _place(raw: Document, name: str, number: int) -> Tokens:
    pointer = raw[name]
    if type(pointer) is not str:
        raise _invalid(number, f"its {name} must be a JSON Pointer, not {kind_of(pointer)}")
    try:
        return tokens_of(pointer)
    except InvalidPatchError as error:
        reason = error.message[:1].lower() + error.message[1:-1]
        raise _invalid(number, f"its {name}: {reason}", hint=error.command_hint) from None


def _invalid(
    number: int, reason: str, path: Tokens | None = None, hint: str | None = None
) -> InvalidPatchError:
    return InvalidPatchError(
        f"Operation {number} of the JSON Patch cannot be applied: {reason}.",
        path=None if path is None else pointer_to(path),
        hint=hint,
    )
