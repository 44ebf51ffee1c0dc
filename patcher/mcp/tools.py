"""The tools as data (tools.json) and in the protocol's form; the check of arguments.

Schemas are flat: some clients refuse ``anyOf``, ``$ref`` and types that may be null. Arguments are
checked here rather than by a library, whose errors would repeat the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

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


class ToolSpec(NamedTuple):
    """A tool, for tools/list and for the check of its arguments.

    Attributes:
        tool: the description in the protocol's own form.
        writes: whether it changes a model.
    """

    tool: Document
    writes: bool

    def check(self, arguments: Document) -> None:
        """Raises InvalidInputError for arguments that do not fit, without repeating a value."""
        tool, properties = self.tool["name"], self.tool["inputSchema"]["properties"]
        for name in arguments:
            if name not in properties:
                raise InvalidInputError(
                    f"{tool} has no argument {quoted(name)}.",
                    hint=did_you_mean(name, properties)
                    or f"Its arguments: {', '.join(properties)}.",
                )
        for name in self.tool["inputSchema"]["required"]:
            if name not in arguments:
                raise InvalidInputError(f"{tool}: the argument {name} is required.")
        for name, value in arguments.items():
            schema = properties[name]
            is_fit, expected = _KINDS[schema["type"]]
            is_right = is_fit(value)
            if is_right and type(value) is int:
                expected = f"{schema['minimum']} to {schema['maximum']}"
                is_right = schema["minimum"] <= value <= schema["maximum"]
            if not is_right:
                raise InvalidInputError(f"{tool}: {name}: expected {expected}.")


@cache
def texts() -> Document:
    """What is said to clients: tools, instructions, and what exit codes mean."""
    found: Document = jsontext.parse(_DATA.read_bytes(), what=_DATA.name)
    return found


def tools(*, read_only: bool) -> dict[str, ToolSpec]:
    """The tools of a server, by name; a server that only reads leaves out those that run."""
    found = {}
    for one in texts()["tools"]:
        if read_only and one["runs"]:
            continue
        tool = {key: one[key] for key in ("name", "title", "description", "inputSchema")}
        output = {name: texts()["output"][name] for name in one["output"]}
        tool["outputSchema"] = {
            "type": "object",
            "properties": output,
            "required": ["status", "exit_code"],
        }
        tool["annotations"] = {
            "title": one["title"],
            "readOnlyHint": not one["writes"],
            "destructiveHint": one["writes"],
            "idempotentHint": one["repeats"],
            "openWorldHint": True,
        }
        found[one["name"]] = ToolSpec(tool, one["writes"])
    return found
