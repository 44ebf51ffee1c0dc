"""YAML text changed in place: what differs is rewritten, every other line keeps its bytes.

A round trip through a YAML library keeps comments but folds, quotes and indents by rules of its
own. Here the library only says where each value is; what changes is put there by the YAML writer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from patcher.documents import yamltext
from patcher.documents.jsontext import canonical
from patcher.documents.values import Document, JsonValue, strictly_equal
from patcher.documents.wording import paired
from patcher.errors import InvalidPatchError

_BLOCKS: Final = ("|", ">")


def edited(text: str, old: Document, new: Document) -> str:
    """``text``, which says ``old``, changed to say ``new``. Lines end with a line feed.

    Comments, order, quotes and blank lines stay wherever the value does. Where the text is laid
    out in a way that does not allow it, the document is written whole below its first comments.
    """
    edits = _Edits(text)
    try:
        if edits.value(yamltext.composed(text), old, new):
            changed = edits.applied()
            if strictly_equal(yamltext.parse(changed, what="The text"), new):
                return changed
    except InvalidPatchError:  # the edits do not go together
        pass
    return "".join(leading_comments(text)) + yamltext.dump(new)


def leading_comments(text: str) -> Iterable[str]:
    """The lines of comments and blanks that a text begins with."""
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            return
        yield line


class _Entry(NamedTuple):
    """A key or a dash with its value: from ``start`` to ``end``, without a comment behind it."""

    start: int
    end: int
    node: Any


class _CannotEditError(Exception):
    """The layout around a value is not one that is edited in place."""


class _Edits:
    """Replacements of ranges of a text, gathered from the outside to the inside."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: list[tuple[int, int, str]] = []

    def applied(self) -> str:
        """The text with all replacements; of those at one place the first gathered comes first."""
        pieces, position = [], 0
        for start, end, text in sorted(self._found, key=lambda one: one[0]):
            pieces += [self._source[position:start], text]
            position = end
        return "".join((*pieces, self._source[position:]))

    def value(self, node: Any, old: JsonValue, new: JsonValue) -> bool:
        """Changes one value in place; False where that cannot be, and nothing is changed."""
        if strictly_equal(old, new):
            return True
        mark = len(self._found)
        kind = type(node).__name__
        try:
            if kind == "ScalarNode" or node.flow_style:
                self._one_line(node, new)
            elif kind == "MappingNode" and type(new) is dict and new:
                self._object(node, old, new)
            elif kind == "SequenceNode" and type(new) is list and new:
                self._list(node, old, new)
            else:
                raise _CannotEditError
        except _CannotEditError:
            del self._found[mark:]
            return False
        return True

    def _one_line(self, node: Any, new: JsonValue) -> None:
        """Replaces a value on one line by another one; what is in brackets stays in brackets."""
        start, end = node.start_mark.index, node.end_mark.index
        is_leaf = type(new) not in (dict, list)
        before = self._source[start:end]
        is_bracketed = bool(getattr(node, "flow_style", False))
        is_block = type(new) is str and "\n" in new
        if not before or "\n" in before or is_leaf == is_bracketed or is_block:
            raise _CannotEditError
        text = yamltext.dump(new).rstrip("\n") if is_leaf else json.dumps(new, allow_nan=False)
        self._found.append((start, end, text))

    def _object(self, node: Any, old: Document, new: Document) -> None:
        entries = {
            paired(key.value): _Entry(key.start_mark.index, self._end(value, key), value)
            for key, value in node.value
        }
        column = node.start_mark.column
        kept = [key for key in entries if key in new]
        for i, (key, entry) in enumerate(entries.items()):
            self._check_lead(entry.start, column, may_be_led=i == 0 and key in new)
            if key not in new:
                self._remove(entry)
            elif not self.value(entry.node, old[key], new[key]):
                self._replace(entry, {key: new[key]}, column)
        if not kept:
            raise _CannotEditError
        last = kept[0]
        for key, value in new.items():
            if key in entries:
                last = key
            else:
                self._insert_after(entries[last], {key: value}, column)

    def _list(self, node: Any, old: list[JsonValue], new: list[JsonValue]) -> None:
        column = node.start_mark.column
        entries = [_Entry(self._dash(item, column), self._end(item), item) for item in node.value]
        before, after = ([canonical(item) for item in side] for side in (old, new))
        pairing = SequenceMatcher(None, before, after, autojunk=False)
        for _, i, i_end, j, j_end in pairing.get_opcodes():
            both = min(i_end - i, j_end - j)
            for at in range(both):
                entry, item = entries[i + at], new[j + at]
                if not self.value(entry.node, old[i + at], item):
                    self._replace(entry, [item], column)
            for entry in entries[i + both : i_end]:
                self._check_lead(entry.start, column)
                self._remove(entry)
            if added := new[j + both : j_end]:
                if i + both == 0:
                    text = _indented(added, column) + "\n" + " " * column
                    self._found.append((entries[0].start, entries[0].start, text))
                else:
                    self._insert_after(entries[i + both - 1], added, column)

    def _check_lead(self, start: int, column: int, *, may_be_led: bool = False) -> None:
        """Refuses an entry that something else than blanks stands before; a dash where it may."""
        lead = self._source[self._line(start) : start]
        if lead != " " * column and (not may_be_led or lead.strip(" -")):
            raise _CannotEditError

    def _dash(self, item: Any, column: int) -> int:
        dash = self._line(item.start_mark.index) + column
        if self._source[dash : dash + 1] != "-":
            raise _CannotEditError
        return dash

    def _line(self, index: int) -> int:
        """Where the line begins that ``index`` is on."""
        return self._source.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        end = self._source.find("\n", index)
        return len(self._source) if end < 0 else end

    def _end(self, node: Any, key: Any = None) -> int:
        """Where the text of a value ends, without the line break behind it."""
        start: int = node.start_mark.index
        end: int = node.end_mark.index
        kind = type(node).__name__
        if kind == "ScalarNode":
            text = self._source[start:end]
            if not text and key is None:
                raise _CannotEditError
            if not text:  # no value at all: up to the colon
                return self._source.index(":", key.end_mark.index) + 1
            if node.style in _BLOCKS:
                is_kept = "+" in text.partition("\n")[0]
                return end - text.endswith("\n") if is_kept else start + len(text.rstrip("\n"))
            return end
        if node.flow_style:
            return end
        last = node.value[-1]
        return self._end(last[1], last[0]) if kind == "MappingNode" else self._end(last)

    def _replace(self, entry: _Entry, members: JsonValue, column: int) -> None:
        """Writes an entry again; a comment behind it stays on its first line."""
        end = self._line_end(entry.end)
        comment = self._source[entry.end : end]
        head, *rest = _indented(members, column).split("\n")
        self._found.append((entry.start, end, "\n".join((head + comment, *rest))))

    def _remove(self, entry: _Entry) -> None:
        start, end = self._line(entry.start), self._line_end(entry.end) + 1
        self._found.append((start, min(end, len(self._source)), ""))

    def _insert_after(self, entry: _Entry, members: JsonValue, column: int) -> None:
        end = self._line_end(entry.end)
        text = "\n" + " " * column + _indented(members, column)
        self._found.append((end, end, text))


def _indented(members: JsonValue, column: int) -> str:
    """Entries as text, of which all lines but the first are indented."""
    first, *rest = yamltext.dump(members).removesuffix("\n").split("\n")
    pad = " " * column
    return "\n".join((first, *(pad + line if line else "" for line in rest)))
