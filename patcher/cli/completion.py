"""``completion``: scripts for bash, zsh and fish, and the completions they ask for.

click finds what can be completed. Its own scripts break names at a space, a comma or a colon; these
scripts use the same variable. An error completes nothing, so that a prompt is never disturbed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click
from click import shell_completion
from click.shell_completion import CompletionItem, ShellComplete

from patcher.cli import console
from patcher.cli.help import Command
from patcher.errors import ApiError, InvalidInputError

if TYPE_CHECKING:
    from patcher.journal import Entry

_ENTRIES: Final = 50
_PATIENCE: Final = 2.0
"""Seconds to wait for a response; after twice that, the names read so far are offered."""


class Zsh(ShellComplete):
    """The protocol of the scripts: words after ``--``, and a line for each completion.

    Zsh quotes what it inserts, and passes words without their quotes.
    """

    name = "zsh"

    def source(self) -> str:
        """The script, for click's own request of it."""
        return _script(self.name)

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words after the command, and the word at the cursor."""
        *words, current = sys.argv[2:] or [""]
        return words, current

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """The whole words that the word at the cursor may become, ``--option=`` included."""
        option, equals, _ = incomplete.partition("=")
        found = super().get_completions(args, incomplete)
        if equals and option.startswith("--"):
            for one in found:
                one.value = f"{option}={one.value}"
        return found

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Type, word and help, separated by tabs."""
        from patcher.render.text import printable

        return f"{item.type}\t{item.value}\t{printable(' '.join((item.help or '').split()))}"


class Bash(Zsh):
    """Bash passes the line up to the cursor, and expects quoted words."""

    name = "bash"

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words after the command, and the word at the cursor."""
        words, current, _ = split_line(sys.argv[2])
        while words and re.match(r"\w+=", words[0]):
            del words[0]
        return words[1:], current

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Type, and what readline puts in place of the word at the cursor."""
        line, word = sys.argv[2:]
        return f"{item.type}\t{quoted_for(line, word, str(item.value))}"


class Fish(Zsh):
    """Fish quotes what it inserts, and passes the word at the cursor as it was typed."""

    name = "fish"

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words after the command, and the word at the cursor without its quotes."""
        words, current = super().get_completion_args()
        return words, split_line(current)[1]


_SHELLS: Final = {shell.name: shell for shell in (Bash, Zsh, Fish)}


@click.command("completion", cls=Command)
@click.argument("shell", metavar="[SHELL]", type=click.Choice(list(_SHELLS)), required=False)
def completion_command(shell: str | None) -> None:
    """Print the completion script for your shell.

    It completes commands, options, files, and the names of models, which it reads from the API. Its
    first lines say how to install it.

    \b
    Examples:
      eval "$(patch-model completion bash)"
      patch-model completion fish > ~/.config/fish/completions/patch-model.fish
    """
    named = shell or Path(os.environ.get("SHELL", "")).name
    if named not in _SHELLS:
        raise InvalidInputError("Unknown shell.", hint=f"Name one: {', '.join(_SHELLS)}.")
    console.out(_script(named))


def _script(shell: str) -> str:
    return Path(__file__).with_name(f"complete.{shell}").read_text(encoding="ascii")


def complete(command: click.Command, variable: str) -> int:
    """Answers a shell, as the environment variable asks; the exit code."""
    for shell in _SHELLS.values():
        shell_completion.add_completion_class(shell)
    try:
        asked = os.environ[variable]
        return shell_completion.shell_complete(command, {}, "patch-model", variable, asked)
    except (Exception, KeyboardInterrupt):  # noqa: BLE001 - it would disturb the prompt
        return 1


def split_line(line: str) -> tuple[list[str], str, str]:
    """The finished words of a line, the word at its end, and the quote that is open there.

    Words are without their quotes, as a POSIX shell reads them.
    """
    for quote in ("", "'", '"'):
        with contextlib.suppress(ValueError):
            # The mark makes an empty word at the end one, too.
            *words, current = shlex.split(f"{line}.{quote}")
            return words, current.removesuffix("."), quote
    raise AssertionError("one of the three closes the line")  # pragma: no cover


def quoted_for(line: str, word: str, value: str) -> str:
    """``value`` quoted for bash at the end of ``line``, or nothing where that is impossible.

    ``word`` is what readline replaces: less than the word at the cursor if that contains a colon
    or another of readline's word breaks.
    """
    _, current, quote = split_line(line)
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        # Bash looks for "!" before it looks for quotes, and no backslash stops it.
        return "" if "!" in value else re.sub(r'(["\\$`])', r"\\\1", value)
    kept = len(current) - len(split_line(word)[1])
    return re.sub(r"([^\w%+,\-./:=@^])", r"\\\1", value[kept:])


def items(source: str, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """The words that name a model or an entry; none after an error.

    ``source`` is that of ``patcher.cli.options.completed_argument``.
    """
    try:
        with ctx.scope(cleanup=False):
            if source != "api" and incomplete.startswith("@"):
                return [
                    CompletionItem(one.name, help=f"{one.begun} {one.intent.name or ''}")
                    for one in islice(_entries(), _ENTRIES)
                    if one.name.startswith(incomplete)
                ]
            written = ((one.intent.id, one.intent.name or "") for one in _entries())
            words = ways_to_name(written if source == "journal" else _listed(), incomplete)
            return [CompletionItem(word, help=meaning) for word, meaning in words]
    except Exception:  # noqa: BLE001 - an error must not disturb a prompt
        return []


def ways_to_name(known: Iterable[tuple[str, str]], typed: str) -> Iterator[tuple[str, str]]:
    """The words that ``typed`` may become, each with the ID or the name that it stands for.

    ``known`` are IDs with their names.

    A resource is completed by its name if that is unique and visible, with ``name:`` before it if
    it would mean something else; else by its ID.
    """
    names = dict(known)  # one written meanwhile is listed twice
    times = Counter(names.values())
    for its_id, name in names.items():
        words = [] if times[name] > 1 else _words(name)
        word = next((word for word in words if word.startswith(typed)), None)
        if word is not None:
            yield word, its_id
        elif its_id.startswith(typed.lower()) and (not words or typed):
            yield its_id, name


def _words(name: str) -> list[str]:
    """The ways to type a name; none if it has invisible characters."""
    from patcher.documents.values import UUID
    from patcher.operations.read import FORCED
    from patcher.operations.undo import ENTRY

    if not name or not name.isprintable() or name != name.strip():
        return []
    means_another = UUID.fullmatch(name) or ENTRY.fullmatch(name) or name.startswith((FORCED, "-"))
    return [f"{FORCED}{name}"] if means_another else [name, f"{FORCED}{name}"]


def _listed() -> Iterator[tuple[str, str]]:
    """The models that the API lists within the time limit."""
    from patcher.api import Client
    from patcher.cli.options import settings
    from patcher.operations.read import named
    from patcher.resources.model import MODEL

    deadline = time.monotonic() + 2 * _PATIENCE
    with Client(settings=settings(timeout=_PATIENCE), sleep=_give_up) as client:
        for item in named(client, MODEL):
            if type(item.get("name")) is str:
                yield item["id"], item["name"]
            if time.monotonic() > deadline:
                return


def _give_up(seconds: float) -> NoReturn:
    raise ApiError(f"Completion does not wait {seconds:g} s.")


def _entries() -> Iterator[Entry]:
    """The journal's entries, the newest first; read when the first is asked for."""
    from patcher.operations.session import journal_of

    yield from journal_of(os.environ).entries()[0]
