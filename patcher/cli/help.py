"""The help of a command: its capital words explained, its options in groups."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

import click

from patcher.cli import console

F = TypeVar("F", bound=Callable[..., Any])

_WORDS: Final = {
    "MODEL": "ID or exact name (name:TEXT forces a name)",
    "CHANGE": "PATH=TEXT, PATH:=JSON, PATH=@FILE, PATH+=VALUE, PATH-=VALUE, or an option; "
    "applied in order",
    "PATH": "Dotted path (configuration.query) or JSON Pointer",
    "SRC": "Inline JSON, @FILE (JSON or YAML), or - for stdin",
    "ENTRY": "Journal entry: @ and 12 hex digits",
    "RUN": "Batch of writes: run- and 12 hex digits",
    "SHELL": "bash, zsh or fish (default: the variable SHELL)",
}
"""What the capital words in a command's usage stand for."""

_GROUPS: Final = {
    "Options": "",
    "Change": "--set --unset --add --remove --merge --json-patch --document --plan --resume "
    "--format --refresh --async --file --base --dir --check",
    "Select models": "--all --where --exclude --run --concurrency --max-rps --fail-fast",
    "Safety": "--yes --dry-run --preview --impact --strict --expect-version --on-conflict "
    "--accept-older --allow-all-fields --literal --unknown-fields",
    "Output": "--output --raw --show --out --exit-code --show-secrets --verbose",
    "Connection": "--url --api-key-file --api-version --timeout --settle-timeout",
}
"""The groups of options. Those in no group come first."""


class FilePath(click.Path):
    """A path; pathlib, a tenth of the time of ``--help``, is loaded when there is one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails for one of another kind than is allowed."""
        from pathlib import Path

        return Path(os.fsdecode(super().convert(value, param, ctx)))


PATH: Final = FilePath()
FILE: Final = FilePath(dir_okay=False)


class Number(click.ParamType):  # type: ignore[type-arg]
    """A number within bounds. Its errors name the bounds, and never the value given."""

    name = "number"

    def __init__(
        self, kind: type[int | float], least: float = -math.inf, most: float = math.inf
    ) -> None:
        self.kind, self.least, self.most = kind, least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Fails for other text, NaN, and a number out of bounds."""
        with suppress(ValueError):
            number = self.kind(value)
            if self.least <= number <= self.most:
                return number
        expected = "a whole number" if self.kind is int else "a number"
        expected += f" from {self.least:g}" if self.least > -math.inf else ""
        expected += f" to {self.most:g}" if self.most < math.inf else ""
        raise click.BadParameter(f"expected {expected}.", ctx, param)


def value_option(form: str, what: str, **attributes: Any) -> Callable[[F], F]:
    """Adds an option whose ``form`` is click's names for it, and then what help calls its value.

    That is the last word, unless it is a name: ``-f --file files FILE``, ``-v --verbose``.
    """
    names = form.split()
    metavar = None if re.fullmatch("[a-z_]+|-.*", names[-1]) else names.pop()
    return click.option(*names, metavar=metavar, help=what, **attributes)


def printing(names: list[str], what: str, text_of: Callable[[click.Context], str]) -> click.Option:
    """An option that prints a text and ends the command."""

    def show(context: click.Context, _: click.Parameter, is_given: bool) -> None:
        if is_given and not context.resilient_parsing:
            console.out(text_of(context) + "\n")
            context.exit()

    return click.Option(
        names, is_flag=True, is_eager=True, expose_value=False, callback=show, help=what
    )


_HELP: Final = printing(["-h", "--help"], "Show this message and exit", click.Context.get_help)


class Command(click.Command):
    """A command whose help explains its arguments and groups its options."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        """--help, printed the way all other output is."""
        return _HELP

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses as click does; an error always knows its command, so that a hint can name it."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes arguments and groups. A subcommand only refers to the connection options."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        records = {one.opts[-1]: one.get_help_record(ctx) for one in options}
        rows = {name: record for name, record in records.items() if record and name != "--help"}
        used = set(re.findall("[A-Z]+", " ".join(self.collect_usage_pieces(ctx))))
        if "CHANGE" in used:
            used |= {"PATH", "SRC"}
        groups = {"Arguments": [row for row in _WORDS.items() if row[0] in used]}
        for group, names in _GROUPS.items():
            groups[group] = [rows.pop(name) for name in names.split() if name in rows]
        groups["Options"] = list(rows.values())
        is_long = ctx.parent is not None and groups.pop("Connection")
        lines: list[tuple[str, str]] = []
        for group, found in groups.items():
            lines += [(f"{group}:", "")] if found else []
            lines += [(f"  {term}", text) for term, text in found]
        if is_long:
            lines.append(("Connection:", "See patch-model --help (--url, --timeout, ...)"))
        if lines:
            formatter.write_paragraph()
            formatter.write_dl(lines)
