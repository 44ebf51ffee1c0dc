"""The JSON Schema of a writable document: what is wrong with one, in words for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.masks import Masks
from patcher.documents.pointers import pointer_to
from patcher.documents.suggestions import closest
from patcher.documents.values import Document, JsonValue, Tokens
from patcher.errors import InvalidPatchError, ReadOnlyFieldError
from patcher.resources.conformity import compile_schema

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_SHOWN_CHARACTERS: Final = 60


class Violation(NamedTuple):
    """One place where a document breaks its schema.

    ``value`` is what stands there, ``expected`` what should. ``sameness`` is equal for the same
    fault in another document, wherever in a list it has moved to.
    """

    place: Tokens
    value: JsonValue
    expected: str
    sameness: tuple[object, ...]
    hint: str | None = None
    read_only: bool = False

    def describe(self, masks: Masks, credentials: frozenset[str] = frozenset()) -> str:
        """The fault in a sentence, a credential masked, a long value cut.

        ``credentials`` are those that must not be seen wherever they have been moved to.
        """
        path = pointer_to(self.place) or "the document"
        shown = jsontext.dump(masks.shown_value(self.value, self.place, credentials))
        if len(shown) > _SHOWN_CHARACTERS:
            shown = shown[:_SHOWN_CHARACTERS] + "..."
        return f"{path} is {shown}, expected {self.expected}."

    def error(self, masks: Masks, credentials: frozenset[str] = frozenset()) -> InvalidPatchError:
        """The error that refuses a change for this fault."""
        kind = ReadOnlyFieldError if self.read_only else InvalidPatchError
        return kind(self.describe(masks, credentials), path=pointer_to(self.place), hint=self.hint)


@dataclass(frozen=True)
class DocumentSchema:
    """A JSON Schema (draft 2020-12) in a file beside the resource's description.

    ``server_owned`` names keys inside the objects of a list that belong to the server, so that
    naming one is told apart from a misspelling.
    """

    file: str
    server_owned: Mapping[Tokens, frozenset[str]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The schema's file."""
        return Path(__file__).with_name(self.file)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The schema itself."""
        text = self.path.read_text(encoding="utf-8")
        schema: dict[str, Any] = json.loads(text)
        return schema

    def violations(self, document: Document) -> tuple[Violation, ...]:
        """Every place where ``document`` breaks the schema, in document order."""
        if self._conforms(document):
            return ()
        return tuple(self._explained(self._validator.iter_errors(document)))

    def value_violations(self, place: Tokens, value: JsonValue) -> tuple[Violation, ...]:
        """Every fault of ``value`` if it were written at ``place``, whatever else is there."""
        rule = self._rule_at(place)
        if rule is None or compile_schema(rule)(value):
            return ()
        errors = self._validator.evolve(schema=rule).iter_errors(value)
        return tuple(self._explained(errors, place))

    def _rule_at(self, place: Tokens) -> Mapping[str, Any] | None:
        rule: Mapping[str, Any] | None = self.content
        for step in place:
            if rule is None:
                return None
            is_index = "items" in rule and (step == "-" or step.isdecimal())
            rule = rule["items"] if is_index else rule.get("properties", {}).get(step)
        return rule

    @cached_property
    def _conforms(self) -> Any:
        return compile_schema(self.content)

    @cached_property
    def _validator(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator, FormatChecker

        return Draft202012Validator(self.content, format_checker=FormatChecker(["uuid"]))

    def _explained(self, errors: Iterable[Any], root: Tokens = ()) -> Iterator[Violation]:
        """The violations that jsonschema's errors are, in document order."""
        for error in sorted(errors, key=lambda error: [str(step) for step in error.path]):
            place = (*root, *map(str, error.path))
            if error.validator == "required":
                yield from self._missing(error, place)
            elif error.validator == "additionalProperties":
                yield from self._surplus(error, place)
            else:
                sameness = (_pattern(place), error.validator, jsontext.dump(error.instance))
                yield Violation(place, error.instance, _expected(error), sameness)

    def _missing(self, error: Any, place: Tokens) -> Iterator[Violation]:
        # jsonschema reports each missing key by itself; its message begins with the key.
        for key in error.validator_value:
            if key not in error.instance and error.message.startswith(repr(key)):
                yield Violation(
                    place, error.instance, f"the required key {key!r}", (_pattern(place), key)
                )

    def _surplus(self, error: Any, place: Tokens) -> Iterator[Violation]:
        known = list(error.schema.get("properties", ()))
        owned = self.server_owned.get(_pattern(place), frozenset())
        for key in error.instance:
            if key in known:
                continue
            at = (*place, key)
            value = error.instance[key]
            sameness = (_pattern(at), jsontext.dump(value))
            if key in owned:
                hint = "It belongs to the server and is never sent; leave it out."
                yield Violation(
                    at, value, "nothing of the server's own", sameness, hint, read_only=True
                )
                continue
            near = closest(key, known)
            hint = f"Did you mean {near!r}?" if near else f"Known keys: {', '.join(known)}."
            yield Violation(at, value, "no such key", sameness, hint)


def _pattern(place: Tokens) -> Tokens:
    """A place without its list indices, which shift when a list changes."""
    return tuple(token for token in place if not token.isdecimal())


_TYPE_NAMES: Final = {
    "string": "a string",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
    "null": "null",
    "integer": "an integer",
    "number": "a number",
}


def _expected(error: Any) -> str:
    rule = error.validator_value
    if error.validator == "type":
        names = [rule] if isinstance(rule, str) else list(rule)
        return " or ".join(_TYPE_NAMES[name] for name in names)
    return "a UUID" if rule == "uuid" else f"{error.validator} {json.dumps(rule)}"
