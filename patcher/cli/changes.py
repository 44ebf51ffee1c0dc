"""The CHANGE options, kept in the order in which they were typed.

click groups the values of an option and so loses how different options were mixed, but
``--set a=1 --merge @f --set a=2`` means something else in another order. So each argument carries
its position from the command line to its value's conversion, all within click's public interface.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from patcher.cli.help import Command
from patcher.errors import InvalidInputError

F = TypeVar("F", bound=Callable[..., Any])

_HELP: Final = {
    "--set": ("PATH=TEXT", "Set a value (PATH:=JSON, PATH=@FILE, PATH:=@FILE)"),
    "--unset": ("PATH", "Remove a value"),
    "--add": ("PATH=VALUE", "Add an item to a list, unless it is there"),
    "--remove": ("PATH=VALUE", "Remove an item from a list, by value or by name"),
    "--merge": ("SRC", "Apply a merge patch (RFC 7396)"),
    "--json-patch": ("SRC", "Apply a JSON Patch (RFC 6902)"),
    "--document": ("SRC", "Replace the whole document; null clears a key"),
}


class PositionedText(str):
    """An argument that knows where on the command line it stood."""

    __slots__ = ("position",)
    position: int


@dataclass(frozen=True, slots=True)
class Given:
    """One CHANGE option as given."""

    option: str
    text: str
    position: int


class _Kept(click.ParamType):  # type: ignore[type-arg]
    """Keeps an argument's position beside its text."""

    name = "text"

    def __init__(self, option: str) -> None:
        self.option = option

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The Given for an argument."""
        return Given(self.option, str(value), getattr(value, "position", 0))


class ChangeCommand(Command):
    """A command with CHANGE options."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """MODEL first, as one says it."""
        return ["MODEL...", "CHANGE...", "[OPTIONS]"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Numbers the arguments, ``--set=X`` taken apart first, before click sorts them."""
        numbered: list[str] = []
        for i, argument in enumerate(args):
            option, equals, value = argument.partition("=")
            if "--" in numbered or not (equals and option in _HELP):
                parts = [argument]
            else:
                parts = [option, value]
            for part in parts:
                text = PositionedText(part)
                text.position = i
                numbered.append(text)
        return super().parse_args(ctx, numbered)


def change_options(command: F) -> F:
    """Adds the CHANGE options; the command gets them all as ``changes``, a list of Given."""
    for option, (metavar, text) in reversed(_HELP.items()):
        command = click.option(
            option,
            "change_" + option.strip("-").replace("-", "_"),
            multiple=True,
            type=_Kept(option),
            metavar=metavar,
            help=text,
        )(command)
    return command


def take_changes(parameters: dict[str, Any]) -> list[Given]:
    """Takes the CHANGE options out of a command's parameters, in the order typed."""
    names = [name for name in parameters if name.startswith("change_")]
    given = [one for name in names for one in parameters.pop(name)]
    return sorted(given, key=lambda one: one.position)


def patch_of(given: Sequence[Given], source: Source | None = None) -> Any:
    """The Patch that the options describe together; files and stdin are read here.

    ``source`` is given where something else of the command was read from it already.

    Raises InvalidInputError when nothing is given, a file cannot be read, or stdin is asked for
    twice, and InvalidPatchError for what is in them.
    """
    from patcher.cli import items
    from patcher.documents.patches import Patch

    if not given:
        raise InvalidInputError(
            "There is no change.",
            hint="Say what to change, for example: --set name='New name', or --merge @change.json",
        )
    source = source or Source()
    patch = Patch(())
    for one in given:
        if one.option == "--set":
            patch += Patch((items.parse_set(one.text, source.read),))
        elif one.option == "--unset":
            patch += Patch((items.parse_unset(one.text),))
        elif one.option == "--add":
            patch += Patch((items.parse_add(one.text),))
        elif one.option == "--remove":
            patch += Patch((items.parse_remove(one.text),))
        else:
            from patcher.documents import yamltext

            name, text = source.take(one.option, one.text)
            value = yamltext.parse_json_or_yaml(text, what=name, filename=source.filename)
            patch += _whole(one.option, value)
    return patch


def _whole(option: str, value: Any) -> Any:
    from patcher.documents.patches import Patch

    makers: dict[str, tuple[type, Callable[[Any], Any], str]] = {
        "--merge": (dict, Patch.merge, "an object (a merge patch)"),
        "--json-patch": (list, Patch.json_patch, "a list of operations"),
        "--document": (dict, Patch.document, "an object (the whole document)"),
    }
    kind, make, expected = makers[option]
    if isinstance(value, kind):
        return make(value)
    hints: dict[type, str] = {
        list: "A list of operations goes with --json-patch.",
        dict: "A merge patch goes with --merge.",
    }
    raise InvalidInputError(f"{option} takes {expected}.", hint=hints.get(type(value)))


class Source:
    """Where values come from: the argument itself, a file, or standard input (once)."""

    def __init__(self) -> None:
        self._stdin_taken = False
        self.filename: str | None = None

    def take(self, option: str, text: str) -> tuple[str, str]:
        """The name and the text of a SRC: inline, ``@FILE``, or ``-``."""
        self.filename = None
        if text == "-":
            return f"standard input ({option})", self.read("-")
        if text == "@":
            raise InvalidInputError(f"There is no file name after the @ of {option}.")
        if text.startswith("@"):
            self.filename = text[1:]
            return self.filename, self.read(text[1:])
        return f"the argument of {option}", text

    def read(self, name: str) -> str:
        """The text of a file, or of standard input for ``-``, as it is but for a BOM."""
        if name == "-":
            if self._stdin_taken:
                raise InvalidInputError("Standard input can be used once in a command.")
            self._stdin_taken = True
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            return data.decode("utf-8-sig")
        except OSError as error:
            raise InvalidInputError(f"{name} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"{name} is not UTF-8 text.") from error
        except AttributeError as error:
            raise InvalidInputError("Standard input is closed.") from error
