"""Validates a document against its JSON Schema, with messages for people.

jsonschema is slow: it needs more time for 5 000 field names than the rest of a patch. Nearly
every document conforms, so there is a plain function for each of the few keywords that our schemas
use. Where all return True the document conforms; where one returns False jsonschema decides. A
test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.pointers import kind_of, pointer_to, shown
from patcher.documents.values import UUID, Document, JsonValue, Tokens
from patcher.documents.wording import did_you_mean
from patcher.errors import InvalidPatchError, ReadOnlyFieldError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


_REQUIRED: Final = "A required key can't be left out. Set a value."


class Violation(NamedTuple):
    """One place where a document breaks its schema.

    ``problem`` names kinds of values, never a value, which may be a credential in the wrong place.
    ``fingerprint`` is equal for the same violation in another document, whatever index it has
    there; it holds the value, so never show it.
    """

    place: Tokens
    problem: str
    fingerprint: tuple[object, ...]
    hint: str | None = None
    read_only: bool = False

    def describe(self) -> str:
        """The violation in a sentence."""
        return f"{shown(self.place)}: {self.problem}." if self.place else f"{self.problem}."

    def error(self) -> InvalidPatchError:
        """The error that refuses a change with this violation."""
        kind = ReadOnlyFieldError if self.read_only else InvalidPatchError
        return kind(self.describe(), path=pointer_to(self.place), hint=self.hint)


@dataclass(frozen=True)
class DocumentSchema:
    """A JSON Schema (draft 2020-12) in a file of this package.

    ``server_owned`` lists, by list, the keys of its objects that belong to the server: these are
    read-only, not misspelled.
    """

    file: str
    server_owned: Mapping[Tokens, frozenset[str]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file."""
        return Path(__file__).with_name(self.file)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The schema."""
        schema: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return schema

    @property
    def keys(self) -> tuple[str, ...]:
        """The top-level keys of a document, in order."""
        return tuple(key for key in self.content["properties"] if key != "$schema")

    @property
    def required(self) -> frozenset[str]:
        """The top-level keys that every document has."""
        return frozenset(self.content["required"])

    @property
    def uuids(self) -> frozenset[Tokens]:
        """The places that hold a UUID; "-" stands for each list item."""
        return frozenset(_uuids(self.content, ()))

    def violations(self, value: JsonValue, place: Tokens = ()) -> tuple[Violation, ...]:
        """The violations of a document, or of a value at a place of any document, in order."""
        rule = self._rule_at(place)
        if conforms(value, rule):
            return ()
        return tuple(self._explained(self._validator.evolve(schema=rule).iter_errors(value), place))

    def _rule_at(self, place: Tokens) -> Mapping[str, Any]:
        """The schema of a place; where there is none an empty one, to which any value conforms."""
        rule: Mapping[str, Any] = self.content
        for step in place:
            is_index = "items" in rule and (step == "-" or step.isdecimal())
            rule = rule["items"] if is_index else rule.get("properties", {}).get(step, {})
        return rule

    @cached_property
    def _validator(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator, FormatChecker

        return Draft202012Validator(self.content, format_checker=FormatChecker(["uuid"]))

    def _explained(self, errors: Iterable[Any], root: Tokens) -> Iterator[Violation]:
        """Jsonschema's errors as violations, in document order."""
        for error in sorted(errors, key=lambda error: [str(step) for step in error.path]):
            place = (*root, *map(str, error.path))
            if error.validator == "required":
                yield from self._missing(error, place)
            elif error.validator == "additionalProperties":
                yield from self._surplus(error, place)
            else:
                fingerprint = (_pattern(place), error.validator, jsontext.dump(error.instance))
                yield Violation(place, _problem(error), fingerprint)

    def _missing(self, error: Any, place: Tokens) -> Iterator[Violation]:
        # jsonschema reports each missing key by itself; its message begins with the key.
        for key in error.validator_value:
            if key not in error.instance and error.message.startswith(repr(key)):
                yield Violation(place, f'"{key}" is required', (_pattern(place), key), _REQUIRED)

    def _surplus(self, error: Any, place: Tokens) -> Iterator[Violation]:
        known = list(error.schema.get("properties", ()))
        owned = self.server_owned.get(_pattern(place), frozenset())
        for key in error.instance:
            if key in known:
                continue
            at = (*place, key)
            fingerprint = (_pattern(at), "no such key")
            if key in owned:
                hint = "Remove it: the server sets it, and it is never sent."
                yield Violation(at, "set by the server", fingerprint, hint, read_only=True)
                continue
            hint = did_you_mean(key, known) or f"Known keys: {', '.join(known)}."
            yield Violation(at, "unknown key", fingerprint, hint)


def _uuids(rule: Mapping[str, Any], at: Tokens) -> Iterator[Tokens]:
    if rule.get("format") == "uuid":
        yield at
    for key, below in rule.get("properties", {}).items():
        yield from _uuids(below, (*at, key))
    if "items" in rule:
        yield from _uuids(rule["items"], (*at, "-"))


def _pattern(place: Tokens) -> Tokens:
    """A place without its list indices, which shift when a list changes."""
    return tuple(token for token in place if not token.isdecimal())


_TYPE_NAMES: Final = {
    "string": "text",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
    "null": "null",
    "integer": "an integer",
    "number": "a number",
}


def _problem(error: Any) -> str:
    rule = error.validator_value
    if error.validator == "type":
        names = [rule] if isinstance(rule, str) else list(rule)
        expected = " or ".join(_TYPE_NAMES[name] for name in names)
        return f"expected {expected}, got {kind_of(error.instance)}"
    if rule == "uuid":
        return "expected a UUID, got other text"
    return f"expected {error.validator} {json.dumps(rule)}"


def conforms(value: JsonValue, schema: Mapping[str, Any]) -> bool:
    """Whether a value certainly conforms; False also where a keyword is not known here."""
    for keyword, rule in schema.items():
        rules = _KEYWORDS.get(keyword)
        if rules is None or not rules(value, rule, schema):
            return False
    return True


def _unlike(items: list[JsonValue], rule: Mapping[str, Any]) -> Iterable[JsonValue]:
    """The items to check: one of each type where only that counts, since there may be thousands."""
    return {type(one): one for one in items}.values() if rule.keys() == {"type"} else items


def _all_others(value: Document, rule: Any, schema: Mapping[str, Any]) -> bool:
    """Whether the values under keys that ``schema`` does not list conform to ``rule``."""
    known = schema.get("properties", ())
    others = (one for key, one in value.items() if key not in known)
    return rule is True or all(rule is not False and conforms(one, rule) for one in others)


_TYPES: Final = {str: "string", list: "array", dict: "object", bool: "boolean", type(None): "null"}

_KEYWORDS: Final[Mapping[str, Callable[[JsonValue, Any, Mapping[str, Any]], bool]]] = {
    "type": lambda value, names, _: (
        _TYPES.get(type(value)) in ([names] if isinstance(names, str) else names)
    ),
    "format": lambda value, name, _: (
        name == "uuid" and (type(value) is not str or UUID.fullmatch(value) is not None)
    ),
    "required": lambda value, names, _: (
        type(value) is not dict or all(name in value for name in names)
    ),
    "items": lambda value, rule, _: (
        type(value) is not list or all(conforms(one, rule) for one in _unlike(value, rule))
    ),
    "properties": lambda value, rules, _: (
        type(value) is not dict
        or all(conforms(one, rules[key]) for key, one in value.items() if key in rules)
    ),
    "additionalProperties": lambda value, rule, schema: (
        type(value) is not dict or _all_others(value, rule, schema)
    ),
    **dict.fromkeys(
        ("$schema", "$id", "title", "description", "examples", "default"), lambda *_: True
    ),
}
"""Whether a value conforms to a keyword's rule in a schema."""
