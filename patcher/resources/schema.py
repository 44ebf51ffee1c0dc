"""Validates a document against its JSON Schema, with messages for people.

Our schemas use few keywords, which are checked here: a validator for any schema is slow, and its
errors would have to be put into our words. Tests compare the two, and refuse any other keyword.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.pointers import kind_of, pointer_to, shown
from patcher.documents.values import UUID, JsonValue, Tokens, entries
from patcher.documents.wording import did_you_mean
from patcher.errors import InvalidPatchError, ReadOnlyFieldError

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
        text = self.path.read_text(encoding="utf-8")
        schema: dict[str, Any] = json.loads(text)
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
        return () if rule is None else tuple(self._broken(value, rule, place))

    def _rule_at(self, place: Tokens) -> Mapping[str, Any] | None:
        rule: Mapping[str, Any] | None = self.content
        for step in place:
            if rule is None:
                return None
            is_index = "items" in rule and (step == "-" or step.isdecimal())
            rule = rule["items"] if is_index else rule.get("properties", {}).get(step)
        return rule

    def _broken(
        self, value: JsonValue, rule: Mapping[str, Any], place: Tokens
    ) -> Iterator[Violation]:
        """What breaks a rule: a value itself, then its keys, then what is below it by place."""
        problem = _problem(value, rule)
        if problem is not None:
            yield Violation(place, problem, (_pattern(place), problem, jsontext.dump(value)))
        known, others = rule.get("properties", {}), rule.get("additionalProperties")
        if type(value) is dict:
            for key in rule.get("required", ()):
                if key not in value:
                    text = f'"{key}" is required'
                    yield Violation(place, text, (_pattern(place), key), _REQUIRED)
            if others is False:
                yield from (self._surplus(place, key, known) for key in value if key not in known)
        elif type(value) is not list or _are_plain(value, rule.get("items", {})):
            return
        for key, item in sorted(entries(value)):
            below = rule.get("items") if type(value) is list else known.get(key, others)
            if type(below) is dict:
                yield from self._broken(item, below, (*place, key))

    def _surplus(self, place: Tokens, key: str, known: Iterable[str]) -> Violation:
        at = (*place, key)
        fingerprint = (_pattern(at), "no such key")
        if key in self.server_owned.get(_pattern(place), ()):
            hint = "Remove it: the server sets it, and it is never sent."
            return Violation(at, "set by the server", fingerprint, hint, read_only=True)
        hint = did_you_mean(key, known) or f"Known keys: {', '.join(known)}."
        return Violation(at, "unknown key", fingerprint, hint)


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


_TYPES: Final = {str: "string", list: "array", dict: "object", bool: "boolean", type(None): "null"}

_TYPE_NAMES: Final = {
    "string": "text",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
    "null": "null",
}


def _problem(value: JsonValue, rule: Mapping[str, Any]) -> str | None:
    """What is wrong with a value itself, naming kinds of values only."""
    names = _types_in(rule)
    if names and _TYPES.get(type(value)) not in names:
        expected = " or ".join(_TYPE_NAMES[name] for name in names)
        return f"expected {expected}, got {kind_of(value)}"
    if rule.get("format") == "uuid" and type(value) is str and not UUID.fullmatch(value):
        return "expected a UUID, got other text"
    return None


def _types_in(rule: Mapping[str, Any]) -> list[str]:
    names: str | list[str] = rule.get("type", [])
    return [names] if isinstance(names, str) else names


def _are_plain(items: list[JsonValue], rule: Mapping[str, Any]) -> bool:
    """Whether items are of the right type, and nothing else counts: there may be thousands."""
    return rule.keys() == {"type"} and {*map(_TYPES.get, map(type, items))} <= {*_types_in(rule)}
