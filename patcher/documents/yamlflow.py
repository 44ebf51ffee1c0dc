"""YAML in flow context: scalars that are plain or in quotes, and all that is in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from patcher.documents import yamlscalars
from patcher.documents.jsontext import quoted
from patcher.documents.values import MAX_DEPTH, Document, JsonValue, Tokens
from patcher.documents.yamlscalars import UnreadableError

BLANKS: Final = re.compile(r"[ \t]*")
SPACES: Final = re.compile(r" *")
COMMENT: Final = r"(?:(?<![^ \t\n])#[^\n]*)?"
TO_NEXT_LINE: Final = re.compile(rf"(?:[ \t]*{COMMENT}\n)+")
MARKER: Final = re.compile(r"^(?:---|\.\.\.)(?=[ \t\n])", re.MULTILINE)
QUOTED: Final = {
    '"': re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL),
    "'": re.compile(r"'([^']*(?:''[^']*)*)'"),
}
_JSON_LIKE: Final = "\"'[{"
_LONGEST_IMPLICIT_KEY: Final = 1024  # YAML 1.2.2, section 7.4.2


def _plain(unsafe: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How a text without quotes begins, and how one of its lines goes on (7.3.3)."""
    safe = rf"[^ \t\n{unsafe}]"
    rest = (
        rf"(?:[^ \t\n:#{unsafe}]+|:(?={safe})|(?<=[^ \t\n])#"
        rf"|[ \t]+(?=[^ \t\n:#{unsafe}]|:(?={safe})))*"
    )
    first = rf"""(?:[^ \t\n\-?:,\[\]{{}}#&*!|>'"%@`]|[-?:](?={safe}))"""
    return re.compile(first + rest), re.compile(rest)


PLAIN_IN_BLOCK: Final = _plain("")
_PLAIN_IN_FLOW: Final = _plain(r",\[\]{}")


class FlowReader:
    """Reads values in flow context, moving on in a text that ends with a line break.

    ``_at`` is where it is in the text. A ``parent`` is the indentation of what a value belongs to:
    all the lines of the value are indented more.
    """

    def __init__(self, source: str, places: dict[Tokens, int] | None) -> None:
        self._is_cut = not source.endswith("\n")
        self._source = source + "\n" if self._is_cut else source
        self._places = places
        self._path: list[str] = []
        self._at = 0

    def _flow(self, parent: int, *, in_brackets: bool) -> JsonValue:
        start, kind = self._at, self._peek()
        if kind in ("[", "{"):
            return self._collection(parent)
        if kind not in QUOTED:
            return yamlscalars.plain(self._plain(parent, in_brackets=in_brackets), start)
        match = QUOTED[kind].match(self._source, start)
        if match is None:
            raise UnreadableError("a quotation mark is not closed", start)
        self._at = match.end()
        for line in self._lines(start, self._at):
            self._refuse_line(line, parent)
        if kind == "'":
            return yamlscalars.single_quoted(match[1])
        return yamlscalars.double_quoted(match[1], match.start(1))

    def _plain(self, parent: int, *, in_brackets: bool) -> str:
        first, rest = _PLAIN_IN_FLOW if in_brackets else PLAIN_IN_BLOCK
        start = self._at
        match = first.match(self._source, start)
        if match is None:
            raise self._unexpected()
        while match is not None and match[0]:
            self._at = match.end()
            breaks = yamlscalars.BREAKS.match(self._source, self._at)
            if breaks is None or breaks.end() == len(self._source):
                break
            if not all(self._is_within(one, parent) for one in self._lines(self._at, breaks.end())):
                break
            match = rest.match(self._source, breaks.end())
        return yamlscalars.folded_line_breaks(self._source[start : self._at])

    def _collection(self, parent: int) -> JsonValue:
        """A list or an object in brackets (7.4)."""
        self._refuse_depth()
        is_list = self._peek() == "["
        closer = "]" if is_list else "}"
        items: list[JsonValue] = []
        members: Document = {}
        self._at += 1
        self._space(parent)
        while self._peek() != closer:
            if is_list:
                self._path.append(str(len(items)))
                self._mark(self._at)
                items.append(self._item(parent))
                self._path.pop()
            else:
                if self._is_indicator("?"):
                    self._at += 1
                    self._space(parent)
                start = self._at
                self._pair(self._flow(parent, in_brackets=True), members, start, parent)
            self._space(parent)
            if self._peek() == ",":
                self._at += 1
                self._space(parent)
            elif self._peek() != closer:
                raise self._unexpected()
        self._at += 1
        return items if is_list else members

    def _item(self, parent: int) -> JsonValue:
        """One of a list in brackets; a key and a value without brackets are an object of one."""
        start = self._at
        item = self._flow(parent, in_brackets=True)
        self._skip(BLANKS)
        if not self._is_colon(start):
            return item
        if "\n" in self._source[start : self._at]:
            raise self._unexpected()
        self._refuse_long_key(start, self._at)
        self._refuse_depth()
        members: Document = {}
        self._pair(item, members, start, parent)
        return members

    def _pair(self, key: JsonValue, members: Document, start: int, parent: int) -> None:
        """Adds to ``members`` a key that was read, which began at ``start``, with its value."""
        self._path.append(self._key(key, members, start))
        self._mark(start)
        self._space(parent)
        value: JsonValue = None
        if self._is_colon(start):
            self._at += 1
            if self._source[start] not in _JSON_LIKE and self._peek() not in " \t\n,]}":
                raise self._unexpected()
            self._space(parent)
            if self._peek() not in ",]}":
                value = self._flow(parent, in_brackets=True)
        members[self._path.pop()] = value

    def _is_colon(self, start: int) -> bool:
        """Whether a value follows; behind quotes and brackets it needs no space before it."""
        return self._peek() == ":" and (
            self._source[start] in _JSON_LIKE or self._source[self._at + 1] in " \t\n,[]{}"
        )

    def _space(self, parent: int) -> None:
        """Moves to what comes next within brackets."""
        if self._skip(TO_NEXT_LINE):
            if self._at == len(self._source):
                raise UnreadableError("a bracket is not closed", self._at)
            self._refuse_line(self._at, parent)
        self._skip(BLANKS)

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _is_indicator(self, sign: str) -> bool:
        return self._peek() == sign and self._source[self._at + 1] in " \t\n"

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._source, self._at)
        self._at = match.end() if match else self._at
        return match is not None

    def _mark(self, position: int) -> None:
        if self._places is not None and self._path:
            self._places.setdefault(tuple(self._path), position)

    def _key(self, key: JsonValue, members: Document, start: int) -> str:
        if type(key) is not str:
            raise not_a_text(start)
        if key == "<<" and self._source[start] not in QUOTED:
            raise UnreadableError("merge keys (<<) have no counterpart in JSON", start)
        if key in members:
            raise UnreadableError(f"the key {quoted(key)} occurs twice in one object", start)
        return key

    def _refuse_long_key(self, start: int, end: int) -> None:
        if end - start > _LONGEST_IMPLICIT_KEY:
            reason = f"a key of more than {_LONGEST_IMPLICIT_KEY} characters must begin with '? '"
            raise UnreadableError(reason, start)

    def _refuse_depth(self) -> None:
        if len(self._path) >= MAX_DEPTH:
            reason = f"it is nested more than {MAX_DEPTH} levels deep"
            raise UnreadableError(reason, self._at)

    def _refuse_line(self, start: int, parent: int) -> None:
        if not self._is_within(start, parent):
            reason = "a text or list goes on in a line that is not indented more than its key"
            raise UnreadableError(reason, start, "Indent it with spaces.")

    def _is_within(self, start: int, parent: int) -> bool:
        """Whether a line can be one of several of a value: empty, or indented, and no marker."""
        end = SPACES.match(self._source, start).end()  # type: ignore[union-attr]
        is_indented = self._source[end] == "\n" or end - start > parent
        return is_indented and not MARKER.match(self._source, start)

    def _lines(self, start: int, end: int) -> Iterator[int]:
        """Where lines begin between two places."""
        line = self._source.find("\n", start, end) + 1
        while line:
            yield line
            line = self._source.find("\n", line, end) + 1

    def _unexpected(self) -> UnreadableError:
        sign = self._peek()
        if sign in ("&", "*"):
            reason = "anchors and aliases have no counterpart in JSON"
            return UnreadableError(reason, self._at)
        if sign == "!":
            return UnreadableError("tags have no counterpart in JSON", self._at)
        if sign == "#":
            return UnreadableError("a comment needs a space before it", self._at)
        if sign in (" ", "\t"):
            return UnreadableError("a tab cannot be indentation", self._at, "Use spaces.")
        return UnreadableError(
            f"{quoted(sign)} is not expected here",
            self._at,
            "A text with signs that mean something in YAML goes in quotes.",
        )


def not_a_text(start: int) -> UnreadableError:
    """The error for a key that is no text in JSON's sense."""
    return UnreadableError("a key is not a text", start, "Write it in quotes.")
