"""The text that is edited: a header of comments, the document, and notes on errors. Pure.

In YAML a comment begins with ``#``. JSON has none, so lines that begin with ``//`` count as
comments there, and are blanked before it is parsed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from patcher.documents import jsontext, yamltext
from patcher.documents.pointers import tokens_of
from patcher.documents.threeway import Collision
from patcher.documents.values import MISSING, Document, JsonValue, Tokens
from patcher.documents.wording import escape, has_unseen
from patcher.errors import InvalidPatchError
from patcher.resources.blockers import Blocker
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

Format: TypeAlias = Literal["yaml", "json"]

MARKS: Final = {"yaml": "#", "json": "//"}
"""What a comment begins with, by format."""

_BELOW: Final = "-------- the document is below this line --------"
_SCHEMA: Final = "$schema"
_WIDTH: Final = 76


@dataclass(frozen=True, slots=True)
class Buffer:
    """Converts the document of one snapshot to text and back.

    ``base`` is the snapshot that the edit is based on.
    """

    resource: Resource
    base: Snapshot
    format: Format

    def text(
        self,
        document: Document,
        collisions: Iterable[Collision] = (),
        blockers: Iterable[Blocker] = (),
    ) -> str:
        """Returns the text of a document.

        A comment at each collision has the other values, one at each blocker says what is wrong.
        """
        notes = [self._both(one) for one in collisions]
        notes += [(one.place, [self._comment(_to_replace(one))]) for one in blockers]
        return self.headed(yamltext.annotated(self._body(document), notes))

    def headed(self, body: str, reasons: Iterable[str] = ()) -> str:
        """Returns ``body`` below the header, which says why it is not valid."""
        return "".join(f"{line}\n" for line in self.header(reasons)) + body

    def header(self, reasons: Iterable[str] = ()) -> list[str]:
        """Returns the lines that say what this is, what to do, and what is wrong with the text."""
        mark = MARKS[self.format]
        lines = [*self._about(), ""]
        found = [line for reason in reasons for line in _wrapped(f"* {_visible(reason)}", "  ")]
        if found:
            lines += ["The edit is not valid, and nothing was written:", *found, ""]
        header = [f"{mark} {line}".rstrip() for line in (*lines, _BELOW)]
        if self.format == "yaml":
            header.insert(0, f"# yaml-language-server: {_SCHEMA}={self._schema()}")
        return header

    def body_of(self, text: str) -> str:
        """Returns the text without its header; all of it where the header's last line is gone."""
        last = f"{MARKS[self.format]} {_BELOW}"
        lines = text.split("\n")
        for i, line in enumerate(lines):
            if line.strip() == last:
                return "\n".join(lines[i + 1 :])
        return text

    def is_empty(self, body: str) -> bool:
        """Whether it holds only space and comments."""
        mark = MARKS[self.format]
        return all(not line or line.startswith(mark) for line in map(str.strip, body.split("\n")))

    def document_of(self, body: str, lines_above: int = 0) -> Document:
        """Parses the document in a text whose header has ``lines_above`` lines.

        Raises InvalidPatchError, with line and column counted from the header's first line.
        """
        source = "\n" * lines_above + self._without_comments(body)
        what = f"The {self.resource.noun}"
        if self.format == "json":
            value = jsontext.parse(source, what=what)
            if type(value) is dict:
                value.pop(_SCHEMA, None)
        else:
            value = yamltext.parse(source, what=what)
        if type(value) is not dict:
            raise InvalidPatchError(f"{what} must be an object with the keys of the document.")
        return value

    def line_of(self, body: str, path: str | None) -> int | None:
        """Returns the line of ``body``, from 1, of a pointer's place or its nearest parent."""
        return yamltext.line_of(path, self._without_comments(body))

    def _about(self) -> list[str]:
        base = self.base
        name = "" if base.name is None else f" {jsontext.quoted(base.name)}"
        facts = f"{self.resource.noun}{name} {base.id}, version {base.shown_version}"
        facts += f", last written{base.last_write}" if base.last_write else ""
        owned = ", ".join(sorted(self.resource.shape.server_owned))
        return [
            *_wrapped(_visible(facts)),
            "",
            *_wrapped(
                "This is the whole writable document. Save it and close the editor to see what "
                "would change; nothing is written before you confirm. What you delete is cleared. "
                "To cancel, change nothing, or delete everything."
            ),
            *_wrapped(f"Read-only, so not shown: {owned}."),
        ]

    def _body(self, document: Document) -> str:
        if self.format == "yaml":
            return yamltext.dump(document)
        return jsontext.dump_pretty({_SCHEMA: self._schema(), **document}) + "\n"

    def _schema(self) -> str:
        return Path(self.resource.schema.path).as_uri()

    def _both(self, one: Collision) -> tuple[Tokens, list[str]]:
        """Returns the note on a collision, and its place: a value that yours removed has none."""
        place, is_removed = tokens_of(one.path), one.yours is MISSING
        who = f"{self.base.author or 'someone else'}, version {self.base.shown_version}"
        notes = [f"CONFLICT at {one.path}: changed on both sides. It was:", *_quoted(one.base)]
        notes += [f"Theirs ({who}):", *_quoted(one.theirs)]
        notes += ["Yours was:", *_quoted(one.yours)] if is_removed else []
        notes += ["Yours is in the text; edit it to what it should be."]
        return place[:-1] if is_removed else place, [self._comment(note) for note in notes]

    def _comment(self, note: str) -> str:
        return f"{MARKS[self.format]} {_visible(note)}"

    def _without_comments(self, body: str) -> str:
        if self.format == "yaml":
            return body
        lines = body.split("\n")
        return "\n".join("" if line.lstrip().startswith("//") else line for line in lines)


def _to_replace(blocker: Blocker) -> str:
    or_null = ", or write null to clear it" if blocker.is_unknown else ""
    return f"CANNOT BE WRITTEN as it is ({blocker.reason}): replace it here{or_null}."


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _quoted(value: JsonValue) -> list[str]:
    """Returns the indented lines of a value."""
    if value is MISSING:
        return ["    (not there)"]
    shown = value if type(value) is str and "\n" in value else yamltext.dump(value)
    return [f"    {line}" for line in shown.removesuffix("\n").split("\n")]


def _visible(text: str) -> str:
    """Returns ``text`` on one line, with invisible characters escaped."""
    return "".join(escape(one) if has_unseen(one) else one for one in text)
