"""YAML in block context, where indentation tells what belongs to what; and whole documents."""

from __future__ import annotations

import re
from typing import Final

from patcher.documents import yamlscalars
from patcher.documents.values import Document, JsonValue
from patcher.documents.yamlflow import (
    BLANKS,
    COMMENT,
    MARKER,
    PLAIN_IN_BLOCK,
    QUOTED,
    SPACES,
    TO_NEXT_LINE,
    FlowReader,
    not_a_text,
)
from patcher.documents.yamlscalars import UnreadableError

_VERSION: Final = re.compile(rf"%YAML[ \t]+1\.2[ \t]*{COMMENT}\n")
_EMPTY_LINES: Final = re.compile(r"(?: *\n)*")
_HEADER: Final = re.compile(rf"[|>](?:([1-9])([-+]?)|([-+]?)([1-9]?))[ \t]*{COMMENT}\n")


class DocumentReader(FlowReader):
    """Reads one document from its beginning to its end.

    After a value in block context it is at the content of the next line that has some, and
    ``_column`` is the indentation of that line, or -1 at the end.
    """

    _column = -1

    def document(self) -> JsonValue:
        """The value of the whole text."""
        if self._begin():
            value = self._value(-1)
        else:
            self._next_content()
            if self._column < 0:
                raise UnreadableError("there is nothing in it")
            value = self._content(-1, self._column)
        if self._column >= 0:
            raise self._unexpected()
        while self._source.startswith("...", self._at):
            self._at += 3
            self._end_line()
        if self._at < len(self._source):
            raise UnreadableError("there is more than one document in it", self._at)
        return value

    def _begin(self) -> bool:
        """Reads a directive and the line ``---``; whether there is that line."""
        self._skip(TO_NEXT_LINE)
        is_versioned = self._skip(_VERSION)
        self._skip(TO_NEXT_LINE)
        if self._peek() == "%":
            reason = "only the directive %YAML 1.2, once, has a counterpart in JSON"
            raise UnreadableError(reason, self._at)
        is_begun = bool(MARKER.match(self._source, self._at)) and self._peek() == "-"
        if is_versioned and not is_begun:
            raise UnreadableError("the line --- is missing below the directive", self._at)
        self._at += 3 if is_begun else 0
        return is_begun

    def _value(self, parent: int, *, in_object: bool = False, compact: bool = False) -> JsonValue:
        """The value behind an indicator; an object or list may begin on its line if ``compact``.

        In an object a list may be indented as its key is.
        """
        start = self._at
        if TO_NEXT_LINE.match(self._source, start):
            self._end_line()
            is_list = in_object and self._column == parent and self._is_indicator("-")
            return self._content(parent, self._column) if self._column > parent or is_list else None
        self._skip(BLANKS)
        is_aligned = compact and "\t" not in self._source[start : self._at]
        column = self._at - self._source.rfind("\n", 0, start) - 1
        return self._content(parent, column if is_aligned else None)

    def _content(self, parent: int, column: int | None) -> JsonValue:
        """The value that begins here; without a ``column`` it is no object or list in a block."""
        self._mark(self._at)
        if column is not None and self._is_indicator("-"):
            return self._list(column)
        if column is not None and self._begins_object():
            return self._object(column)
        if self._peek() in "|>":
            value: JsonValue = self._block(parent)
            self._next_content()
        else:
            start = self._at
            value = self._flow(parent, in_brackets=False)
            self._skip(BLANKS)
            if type(value) in (dict, list) and self._is_indicator(":"):
                raise not_a_text(start)
            self._end_line()
        return value

    def _list(self, column: int) -> JsonValue:
        self._refuse_depth()
        self._column = column
        items: list[JsonValue] = []
        while self._column == column and self._is_indicator("-"):
            dash = self._at
            self._at += 1
            self._path.append(str(len(items)))
            items.append(self._value(column, compact=True))
            self._mark(dash)
            self._path.pop()
        self._refuse_indentation(column)
        return items

    def _object(self, column: int) -> JsonValue:
        self._refuse_depth()
        self._column = column
        members: Document = {}
        while self._column == column:
            start = self._at
            is_marked = self._is_indicator("?")
            if is_marked:
                self._at += 1
                key = self._value(column, in_object=True, compact=True)
                start = BLANKS.match(self._source, start + 1).end()  # type: ignore[union-attr]
                has_value = self._column == column and self._is_indicator(":")
            elif has_value := self._begins_object():
                key = None if self._is_indicator(":") else self._flow(column, in_brackets=False)
                self._skip(BLANKS)
            else:
                raise self._unexpected()
            self._path.append(self._key(key, members, start))
            self._mark(start)
            self._at += has_value
            value = self._value(column, in_object=True, compact=is_marked) if has_value else None
            members[self._path.pop()] = value
        self._refuse_indentation(column)
        return members

    def _begins_object(self) -> bool:
        """Whether a key is here: one that is marked, or one that ends on its line with a colon."""
        if self._is_indicator("?") or self._is_indicator(":"):
            return True
        pattern = QUOTED.get(self._peek(), PLAIN_IN_BLOCK[0])
        match = pattern.match(self._source, self._at)
        if match is None or "\n" in match.group():
            return False
        end = BLANKS.match(self._source, match.end()).end()  # type: ignore[union-attr]
        if self._source[end] != ":" or self._source[end + 1] not in " \t\n":
            return False
        self._refuse_long_key(self._at, end)
        return True

    def _block(self, parent: int) -> str:
        """A text in a block, and at the beginning of the line below it (8.1)."""
        start = self._at
        header = _HEADER.match(self._source, start)
        if header is None:
            raise UnreadableError("the header of a text block is not valid", start)
        digit = header[1] or header[4]
        chomping = header[2] or header[3] or ""
        self._at = header.end()
        indent = max(parent, 0) + int(digit) if digit else self._detected_indent(parent)
        lines: list[str] = []
        while self._at < len(self._source) and not MARKER.match(self._source, self._at):
            end = self._source.index("\n", self._at)
            line = self._source[self._at : end]
            if line[:indent].strip(" "):
                if line.lstrip(" ").startswith("\t"):
                    raise UnreadableError("a tab cannot be indentation", self._at, "Use spaces.")
                break
            lines.append(line[indent:])
            self._at = end + 1
        last = lines[-1] if lines else ""
        is_open = chomping == "+" or (last and not (chomping and last.strip()))
        if is_open and self._is_cut and self._at == len(self._source):
            reason = "the text ends without a line break, and readers of YAML disagree on its end"
            raise UnreadableError(
                reason, start, "End it with a line break, or write |- where the value has none."
            )
        return yamlscalars.block(lines, chomping, is_folded=header[0][0] == ">")

    def _detected_indent(self, parent: int) -> int:
        """The indentation of a block, which is that of its first line that is not empty."""
        match = _EMPTY_LINES.match(self._source, self._at)
        empty, first = match[0].split("\n"), match.end()  # type: ignore[index, union-attr]
        indent = SPACES.match(self._source, first).end() - first  # type: ignore[union-attr]
        longest = max(map(len, empty))
        if first == len(self._source) or indent <= parent:
            return max(longest, parent + 1)
        if longest > indent:
            reason = "an empty line at the beginning of a block is indented more than its text"
            raise UnreadableError(reason, self._at)
        return indent

    def _end_line(self) -> None:
        """Moves to the next content, behind which must be nothing but a comment on this line."""
        if not TO_NEXT_LINE.match(self._source, self._at):
            self._skip(BLANKS)
            raise self._unexpected()
        self._next_content()

    def _next_content(self) -> None:
        """Moves from the end of a line, or the beginning of one, to the next content."""
        self._skip(TO_NEXT_LINE)
        start, self._column = self._at, -1
        if start < len(self._source) and not MARKER.match(self._source, start):
            self._skip(SPACES)
            self._column = self._at - start
            if self._peek() == "\t":
                raise UnreadableError("a tab cannot be indentation", self._at, "Use spaces.")

    def _refuse_indentation(self, column: int) -> None:
        if self._column > column:
            reason = "the line is indented more than those that it seems to belong to"
            raise UnreadableError(reason, self._at)
