"""CHANGE: items and options, kept in the order in which they were typed.

click groups the values of an option and so loses how options and arguments were mixed, but
``a=1 --merge @f a=2`` means something else in another order. So each argument carries its
position from the command line to its value's conversion, all within click's public interface.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

from patcher.cli import console, items
from patcher.cli.help import Command, F, value_option
from patcher.documents.patches import Patch
from patcher.errors import InvalidInputError

_FIRST_BYTES: Final = 4096

_HELP: Final = {
    "--set": ("PATH=TEXT", "Long form of an item, as are --add and --remove"),
    "--unset": ("PATH", "Remove a value"),
    "--add": ("PATH=VALUE", "Add an item to a list, unless it is there"),
    "--remove": ("PATH=VALUE", "Remove an item from a list, by value or by name"),
    "--merge": ("SRC", "Apply a merge patch (RFC 7396)"),
    "--json-patch": ("SRC", "Apply a JSON Patch (RFC 6902)"),
    "--document": ("SRC", "Replace the whole document; null clears a key"),
}


class PositionedText(str):
    """An argument with its position on the command line."""

    __slots__ = ("position",)
    position: int


class ChangeCommand(Command):
    """A command with CHANGE options, and items among its MODELs."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """MODEL first, the usual order."""
        return ["MODEL...", "CHANGE...", "[OPTIONS]"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Numbers the arguments before click sorts them, and separates items from MODELs.

        ``--set=X`` is split first.
        """
        numbered: list[str] = []
        for i, argument in enumerate(args):
            option, equals, value = argument.partition("=")
            is_pair = bool(equals) and option in _HELP and "--" not in numbered
            for part in (option, value) if is_pair else (argument,):
                text = PositionedText(part)
                text.position = i
                numbered.append(text)
        rest = super().parse_args(ctx, numbered)
        words = ctx.params.get("models") or ()
        ctx.params["models"] = tuple(one for one in words if not items.is_item(one))
        ctx.params["change_item"] = tuple(one for one in words if items.is_item(one))
        return rest


def change_options(command: F) -> F:
    """Adds the CHANGE options; the command gets ``change_set`` and its like, for ``patch_of``."""
    for option, (metavar, text) in reversed(_HELP.items()):
        names = f"{option} change_{option.strip('-').replace('-', '_')} {metavar}"
        kind, hidden = click.UNPROCESSED, option in ("--add", "--remove")
        add = value_option(names, text, multiple=True, type=kind, hidden=hidden)
        command = add(command)
    return command


def patch_of(parameters: Mapping[str, Any], models: Sequence[str], source: Source) -> Patch:
    """Returns the Patch that every CHANGE of a command describes together, in the order typed.

    Files and stdin are read here, by ``source``.

    Raises InvalidInputError when nothing is given, a file cannot be read, or stdin is used
    twice, and InvalidPatchError for what is in them.
    """
    from patcher.operations.session import masks_from

    given = [
        (one.position, name.removeprefix("change_").replace("_", "-"), str(one))
        for name, texts in parameters.items()
        if name.startswith("change_")
        for one in texts
    ]
    if not given:
        raise _no_change(models)
    masks = masks_from(os.environ)
    parsers: dict[str, Callable[[str], Any]] = {
        "item": lambda text: items.parse_item(text, source.read, masks),
        "set": lambda text: items.parse_set(text, source.read, masks),
        "unset": items.parse_unset,
        "add": items.parse_add,
        "remove": items.parse_remove,
    }
    patch = Patch(())
    for _, kind, text in sorted(given):
        if kind in parsers:
            patch += Patch((parsers[kind](text),))
        else:
            patch += _whole(f"--{kind}", source.value(f"--{kind}", text))
    return patch


def _no_change(models: Sequence[str]) -> InvalidInputError:
    """The error for a command without a CHANGE, which may be a file that was meant as one."""
    command = click.get_current_context().info_name
    example = shlex.quote(models[0]) if len(models) == 1 else "MODEL"
    hint = (
        f"Run 'patch-model {command} --help' for usage. "
        f"For example: patch-model {command} {example} name='New name'"
    )
    files = [path for path in (name.removeprefix("@") for name in models) if items.is_file(path)]
    if models and all(map(_may_hold_models, models)):
        hint = f"Did you mean {shlex.join(word for name in models for word in ('-f', name))}?"
    elif files and is_saved_plan(files[0]):
        option = "--show" if command == "plan" else "--plan"
        hint = f"Did you mean {option} {shlex.quote(files[0])}?"
    elif files:
        hint = f"Did you mean --merge {shlex.quote('@' + files[0])}?"
    return InvalidInputError("No change given.", hint=hint)


def _may_hold_models(name: str) -> bool:
    path = Path(name)
    return path.is_dir() or (path.is_file() and path.suffix in (".yaml", ".yml"))


def is_saved_plan(name: str) -> bool:
    """Whether a file looks like a plan saved with --out."""
    from patcher.plan.saved import KIND

    with suppress(OSError), Path(name).open("rb") as file:
        return KIND.encode() in file.read(_FIRST_BYTES)
    return False


def _whole(option: str, value: Any) -> Patch:
    makers: dict[str, tuple[type, Callable[[Any], Patch], str]] = {
        "--merge": (dict, Patch.merge, "an object (a merge patch)"),
        "--json-patch": (list, Patch.json_patch, "a list of operations"),
        "--document": (dict, Patch.document, "an object (the whole document)"),
    }
    kind, make, expected = makers[option]
    if isinstance(value, kind):
        return make(value)
    hints: dict[type, str] = {
        list: "For a list of operations, use --json-patch.",
        dict: "For a merge patch, use --merge.",
        str: f"To read a file, write {option} @FILE.",
    }
    raise InvalidInputError(f"{option} expects {expected}.", hint=hints.get(type(value)))


class Source:
    """Reads values from the argument itself, a file, or standard input (once)."""

    def __init__(self) -> None:
        self._stdin_taken = False

    def value(self, option: str, text: str) -> Any:
        """The JSON value of a SRC: inline, ``@FILE``, or ``-``. Raises InvalidInputError."""
        name, content, filename = f"the argument of {option}", text, None
        if text == "-":
            name, content = f"standard input ({option})", self.read("-")
        elif text == "@":
            raise InvalidInputError(f"There is no file name after {option} @.")
        elif text.startswith("@"):
            name = filename = text[1:]
            content = self.read(name)
        elif items.is_file(text):
            raise InvalidInputError(
                f"{option} expects JSON, @FILE or -.",
                hint=f"Did you mean {option} {shlex.quote('@' + text)}?",
            )
        from patcher.documents.yamltext import parse_json_or_yaml

        return parse_json_or_yaml(content, what=name, filename=filename)

    def read(self, name: str) -> str:
        """The text of a file, or of standard input for ``-``, without a byte order mark."""
        if name == "-":
            if self._stdin_taken:
                raise InvalidInputError("Standard input can be used once in a command.")
            self._stdin_taken = True
            if console.is_terminal(sys.stdin):
                console.say("Reading from standard input. Press Ctrl-D to end.")
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            return data.decode("utf-8-sig")
        except OSError as error:
            raise InvalidInputError(f"{name} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"{name} is not UTF-8 text.") from error
        except AttributeError as error:
            raise InvalidInputError("Standard input is closed.") from error
