"""A quick yes: whether a document certainly conforms to its JSON Schema.

jsonschema is thorough and slow: 5 000 field names cost it more than all the rest of a patch, and
importing it a tenth of a process start. Nearly every document conforms, so this module compiles
the few keywords that the schemas here use into plain functions whose True is proof. Their False
proves nothing: then jsonschema is asked, and its word counts. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from patcher.documents.values import JsonValue
from patcher.resources.projection import UUID

Conforms: TypeAlias = Callable[[JsonValue], bool]

_ANNOTATIONS: Final = frozenset({"$schema", "$id", "title", "description", "examples", "default"})
_TYPES: Final[Mapping[str, type]] = {
    "string": str,
    "array": list,
    "object": dict,
    "boolean": bool,
    "null": type(None),
}


def compile_schema(schema: Mapping[str, Any]) -> Conforms:
    """A function that says whether a value certainly conforms to ``schema``.

    A keyword that is not understood makes it always say False.
    """
    checks: list[Conforms] = []
    for keyword, rule in schema.items():
        if keyword in _ANNOTATIONS or keyword in ("properties", "additionalProperties"):
            continue
        compiler = _COMPILERS.get(keyword)
        checks.append(compiler(rule) if compiler else _never)
    if "properties" in schema or "additionalProperties" in schema:
        checks.append(_members(schema))
    return _all_of(tuple(checks))


def _never(value: JsonValue) -> bool:  # noqa: ARG001 - it is a check like the others
    return False


def _all_of(checks: tuple[Conforms, ...]) -> Conforms:
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _type(names: str | list[str]) -> Conforms:
    wanted = [names] if isinstance(names, str) else names
    if not set(wanted) <= set(_TYPES):
        return _never
    kinds = frozenset(_TYPES[name] for name in wanted)
    return lambda value: type(value) in kinds


def _format(name: str) -> Conforms:
    if name != "uuid":
        return _never
    return lambda value: type(value) is not str or UUID.fullmatch(value) is not None


def _required(names: list[str]) -> Conforms:
    return lambda value: type(value) is not dict or all(name in value for name in names)


def _items(schema: Mapping[str, Any]) -> Conforms:
    check = compile_schema(schema)
    return lambda value: type(value) is not list or all(map(check, value))


def _members(schema: Mapping[str, Any]) -> Conforms:
    known = {key: compile_schema(rule) for key, rule in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties", True)
    other = (_always if others else _never) if isinstance(others, bool) else compile_schema(others)

    def check(value: JsonValue) -> bool:
        if type(value) is not dict:
            return True
        return all(known.get(key, other)(member) for key, member in value.items())

    return check


def _always(value: JsonValue) -> bool:  # noqa: ARG001 - it is a check like the others
    return True


_COMPILERS: Final[Mapping[str, Callable[[Any], Conforms]]] = {
    "type": _type,
    "format": _format,
    "required": _required,
    "items": _items,
}
