"""Completion in bash, zsh and fish: the scripts, and the answers to them.

click knows what can be completed where. Its own scripts take a name with a space in it apart, or
one with a comma or a colon, so that the scripts here are others; they speak to the same variable.
Whatever goes wrong, a shell is told nothing rather than something confusing.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from patcher.cli import shellwords

if TYPE_CHECKING:
    from patcher.journal import Entry
    from patcher.operations.names import Known

_ENTRIES: Final = 50


class _Completion(ShellComplete):
    """What the three shells have in common."""

    @property
    def source_template(self) -> str:  # type: ignore[override]
        """The script, from its file."""
        return Path(__file__).with_name(f"complete.{self.name}").read_text(encoding="ascii")

    def source(self) -> str:
        """The script as it is: there is nothing to fill in."""
        return self.source_template

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words after the command, and the one at the cursor, which the script hands over."""
        words = sys.argv[2:]  # after the --
        return words[:-1], words[-1] if words else ""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """The whole words that the one at the cursor may become."""
        option, equals, _ = incomplete.partition("=")
        found = super().get_completions(args, incomplete)
        if not (equals and option.startswith("--")):
            return found
        return [
            CompletionItem(f"{option}={one.value}", type=one.type, help=one.help) for one in found
        ]

    def format_completion(self, item: CompletionItem[str]) -> str:
        """A line: what kind it is, the word, and what it means."""
        return f"{item.type}\t{item.value}\t{_on_one_line(item.help)}"


class Bash(_Completion):
    """Bash, which has to be handed words as they are to be typed."""

    name: ClassVar[str] = "bash"

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words of the line that bash hands over whole."""
        line = self._line()
        words = list(line.words)
        while words and re.match(r"\w+=", words[0]):
            del words[0]
        return words[1:], line.current

    def format_completion(self, item: CompletionItem[str]) -> str:
        """A line: what kind it is, and what is to be put there."""
        word = os.environ.get("COMP_WORD", "")
        text = shellwords.replacement(str(item.value), self._line(), word)
        return f"{item.type}\t{text}" if text is not None else ""

    def _line(self) -> shellwords.Typed:
        return shellwords.typed(os.environ.get("COMP_LINE", ""))


class Zsh(_Completion):
    """Zsh, which quotes what it inserts."""

    name: ClassVar[str] = "zsh"


class Fish(_Completion):
    """Fish, which quotes what it inserts, but hands over the word at the cursor as it was typed."""

    name: ClassVar[str] = "fish"

    def get_completion_args(self) -> tuple[list[str], str]:
        """The whole words, and the one at the cursor without its quotes."""
        args, incomplete = super().get_completion_args()
        return args, shellwords.typed(incomplete).current


def register() -> None:
    """Puts our answers in the place of click's."""
    for one in (Bash, Zsh, Fish):
        add_completion_class(one)


def script(shell: str) -> str:
    """The script for a shell."""
    classes: dict[str, type[_Completion]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}
    return classes[shell](click.Command("patch-model"), {}, "patch-model", "").source()


def items(source: str, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """What a model or an entry may be called; nothing where that cannot be told.

    ``source`` is that of ``patcher.cli.options.Named``.
    """
    try:
        with ctx.scope(cleanup=False):
            if source != "api" and incomplete.startswith("@"):
                return list(_named_entries(incomplete))
            return list(_named(_written() if source == "journal" else _listed(), incomplete))
    except Exception:  # noqa: BLE001 - somebody is typing, and must not be disturbed
        return []


def _listed() -> Iterable[Known]:
    """The models that the API lists."""
    from patcher.cli.options import settings
    from patcher.operations.names import PATIENCE, NameCache
    from patcher.operations.session import state_folder

    return NameCache(state_folder(os.environ) / "names").names(settings(timeout=PATIENCE))


def _written() -> Iterable[Known]:
    """The models that the journal knows of."""
    from patcher.operations.names import Known

    known = {one.intent.id: one.intent.name or "" for one in _entries()}
    return [Known(*one) for one in known.items()]


def _named_entries(incomplete: str) -> Iterable[CompletionItem[str]]:
    for entry in _entries()[:_ENTRIES]:
        if entry.name.startswith(incomplete):
            yield CompletionItem(entry.name, help=f"{entry.begun} {entry.intent.name or ''}")


def _entries() -> list[Entry]:
    """The journal, the newest first."""
    from patcher.operations.session import journal_of

    return journal_of(os.environ).entries()[0]


def _named(known: Iterable[Known], incomplete: str) -> Iterable[CompletionItem[str]]:
    from patcher.operations.names import ways_to_name

    for word, meaning in ways_to_name(known, incomplete):
        yield CompletionItem(word, help=meaning)


def _on_one_line(text: str | None) -> str:
    from patcher.render.printable import printable

    return printable(" ".join((text or "").split()))
