"""The tools as data (tools.json): names, descriptions, hints and schemas; the check of arguments.

Schemas are flat: some clients refuse ``anyOf``, ``$ref`` and types that may be null. Arguments are
checked here rather than by a library, whose errors would repeat the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.values import Document
from patcher.documents.wording import did_you_mean
from patcher.errors import InvalidInputError

_DATA: Final = Path(__file__).with_name("tools.json")
_KINDS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "string": (lambda value: type(value) is str, "text"),
    "integer": (lambda value: type(value) is int, "a whole number"),
    "boolean": (lambda value: type(value) is bool, "true or false"),
    "array": (
        lambda value: type(value) is list and all(type(one) is str for one in value),
        "a list of texts",
    ),
}


@dataclass(frozen=True)
class ToolSpec:
    """A tool, for tools/list and for the check of its arguments.

    Attributes:
        name, title, description: as clients show them.
        properties: the JSON Schema of each argument.
        required: the names of those that must be given.
        output: the JSON Schema of each property of the structured result.
        writes: whether it changes a model.
        runs: whether a server that only reads leaves it out.
        repeats: whether calling it twice does no more than calling it once.
    """

    name: str
    title: str
    description: str
    properties: Mapping[str, Document]
    required: list[str]
    output: Mapping[str, Document]
    writes: bool
    runs: bool
    repeats: bool

    @property
    def input_schema(self) -> Document:
        """The JSON Schema of the arguments."""
        found = {"type": "object", "properties": self.properties, "required": self.required}
        return {**found, "additionalProperties": False}

    @property
    def output_schema(self) -> Document:
        """The JSON Schema of the structured result."""
        return {"type": "object", "properties": self.output, "required": ["status", "exit_code"]}

    @property
    def hints(self) -> dict[str, bool]:
        """Every hint: clients take a missing one for the worst."""
        return {
            "read_only_hint": not self.writes,
            "destructive_hint": self.writes,
            "idempotent_hint": self.repeats,
            "open_world_hint": True,
        }

    def check(self, arguments: Document) -> None:
        """Raises InvalidInputError for arguments that do not fit, without repeating a value."""
        for name in arguments:
            if name not in self.properties:
                raise InvalidInputError(
                    f"{self.name} has no argument {quoted(name)}.",
                    hint=did_you_mean(name, self.properties)
                    or f"Its arguments: {', '.join(self.properties)}.",
                )
        for name in self.required:
            if name not in arguments:
                raise InvalidInputError(f"{self.name}: the argument {name} is required.")
        for name, value in arguments.items():
            schema = self.properties[name]
            is_fit, expected = _KINDS[schema["type"]]
            if not is_fit(value):
                raise InvalidInputError(f"{self.name}: {name}: expected {expected}.")
            if type(value) is int and not schema["minimum"] <= value <= schema["maximum"]:
                bounds = f"{schema['minimum']} to {schema['maximum']}"
                raise InvalidInputError(f"{self.name}: {name}: expected {bounds}.")


def tools(*, read_only: bool) -> dict[str, ToolSpec]:
    """The tools of a server, by name."""
    data = jsontext.parse(_DATA.read_bytes(), what=_DATA.name)
    found = {}
    for one in data["tools"]:
        output = {name: data["output"][name] for name in one["output"]}
        if not (read_only and one["runs"]):
            found[one["name"]] = ToolSpec(**{**one, "output": output})
    return found
