"""Parses YAML 1.2 (core schema) strictly, as far as JSON can express it.

ruamel.yaml splits the text into events; plain scalars are interpreted here, so that dates and
``no`` stay text, and what JSON cannot express is refused. So is text that ruamel.yaml is known to
read differently from YAML 1.2, recognized by the source within and between its events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from patcher.documents import jsontext, yamlwriting
from patcher.documents.jsontext import line_and_column, quoted
from patcher.documents.pointers import tokens_of
from patcher.documents.values import MAX_DEPTH, MISSING, JsonValue, Tokens, is_writable
from patcher.documents.wording import paired
from patcher.errors import InvalidPatchError

_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OTHER_BASE: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

# What must be escaped: everything but c-printable (YAML 1.2.2, production 1), and what some readers
# treat as a line break and others do not.
_UNPRINTABLE: Final = re.compile(
    r"\r(?!\n)|[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    r"\U00010000-\U0010ffff]"
)
_NAMES: Final = {
    "\r": "a carriage return without a line feed",
    "\x85": "NEL",
    "\u2028": "LINE SEPARATOR",
    "\u2029": "PARAGRAPH SEPARATOR",
    "\ufeff": "a byte order mark within the text",
}
_QUOTATION: Final = re.compile(r"""'[^']*'|"[^"]*\"""")
_HARMLESS: Final = re.compile(r"""(['"])(?:<[a-z ]+>|\\?.)\1""")
_SIGN: Final = re.compile(r"#[^\n]*|\?")
_SIGN_ALONE: Final = re.compile(r":$|^-$")
# The empty lines that a block without an indentation indicator begins with, and its indentation.
_BLOCK_LEAD: Final = re.compile(r"[^\n0-9]*\n((?: *\n)*)( *)[^ \n]")
_DIRECTIVE: Final = re.compile(r"^%(?!YAML[ ]+1\.2[ ]*(?:[ ]#.*)?$).*", re.MULTILINE)
_MARKER: Final = re.compile(r"\n(?:---|\.\.\.)(?!\S)")
_LINE: Final = re.compile(r"\n( *)[^ \n]")

_Place: TypeAlias = "tuple[int, int] | None"
"""Line and column, where they are known."""


def parse(text: str | bytes, *, what: str) -> JsonValue:
    """Parses a YAML text, which ``what`` names in errors.

    Bytes are UTF-8. Raises InvalidPatchError, with line and column, for invalid YAML, and for what
    JSON cannot express: duplicate keys, keys that are not text, anchors, aliases, tags, merge keys,
    NaN and infinities, a number that a double cannot hold, several documents or none, and nesting
    beyond MAX_DEPTH.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    source = jsontext.decoded(text, what=what).replace("\r\n", "\n")
    reading = _Reading(what, source)
    strange = _UNPRINTABLE.search(source)
    if strange:
        one = strange.group()
        name = f" ({_NAMES[one]})" if one in _NAMES else ""
        reason = f"the character U+{ord(one):04X}{name} must be escaped"
        raise reading.refused(reason, line_and_column(source, strange.start()))
    try:
        for event in YAML(typ="safe", pure=True).parse(source):
            reading.take(event)
    except MarkedYAMLError as error:
        raise reading.refused(_reason(error), _place(error.problem_mark)) from None
    except (YAMLError, ValueError, ArithmeticError, LookupError, AssertionError):
        # For example an escape beyond Unicode, or version 1.11: ruamel.yaml has no error for these.
        raise reading.refused("it cannot be read") from None
    return reading.result()


def lines(text: str) -> dict[Tokens, int]:
    """The line, from 1, on which each place of a YAML text begins.

    JSON text is YAML as far as this is concerned. Empty for a text that ``parse`` does not take.
    """
    source = text.replace("\r\n", "\n")
    try:
        parse(source, what="the text")
    except InvalidPatchError:
        return {}
    return dict(_located(composed(source), ()))


def line_of(path: str | None, text: str) -> int | None:
    """The line of a YAML text that a JSON Pointer names, or that the nearest place above it has."""
    return None if path is None else _line_of(tokens_of(path), lines(text))


def _line_of(place: Tokens, known: Mapping[Tokens, int]) -> int | None:
    ends = (place[:end] for end in range(len(place), 0, -1))
    return next((known[one] for one in ends if one in known), None)


def composed(text: str) -> Any:
    """The nodes of a text that ``parse`` accepts, as ruamel.yaml has them, with their places."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def _located(node: Any, at: Tokens) -> Iterator[tuple[Tokens, int]]:
    """Each place below a node, with its line."""
    if node.id == "scalar":
        return
    for index, entry in enumerate(node.value):
        head, value = (entry, entry) if node.id == "sequence" else entry
        place = (*at, str(index) if node.id == "sequence" else paired(head.value))
        yield place, head.start_mark.line + 1
        yield from _located(value, place)


def annotated(text: str, notes: Iterable[tuple[Tokens, Sequence[str]]]) -> str:
    """``text`` with lines above the line of each place, or of what it is in.

    The lines must be comments in its format.
    """
    above: dict[int, list[str]] = {}
    known: dict[Tokens, int] | None = None
    for place, comments in notes:
        known = lines(text) if known is None else known
        above.setdefault(_line_of(place, known) or 1, []).extend(comments)
    rows = enumerate(text.split("\n"), 1)
    return "\n".join(row for number, line in rows for row in (*above.get(number, ()), line))


def parse_json_or_yaml(text: str | bytes, *, what: str, filename: str | None = None) -> JsonValue:
    """Parses JSON or YAML.

    A ``filename`` that ends in .json, .yaml or .yml decides; else text that begins with ``{`` or
    ``[`` is JSON, any other YAML. Raises InvalidPatchError as the chosen parser does.
    """
    suffix = (filename or "").lower().rpartition(".")[2]
    source = jsontext.decoded(text, what=what)
    looks_like_json = source.lstrip().startswith(("{", "["))
    if suffix == "json" or (looks_like_json and suffix not in ("yaml", "yml")):
        return jsontext.parse(source, what=what)
    return parse(source, what=what)


def dump(value: JsonValue) -> str:
    """A JSON value as YAML for people; ``parse`` returns exactly the same value.

    Objects keep their order, multi-line texts are literal blocks, and text that any YAML reader
    might misread is in quotes.
    """
    return yamlwriting.written(value)


class _Reading:
    """A value as it grows, event by event."""

    def __init__(self, what: str, source: str) -> None:
        self._what = what
        self._source = source
        self._last_line = source.rfind("\n") + 1
        self._end = 0  # of the last event with text of its own
        self._root: JsonValue = MISSING
        self._open: list[_Container] = []

    def take(self, event: Any) -> None:
        """Takes one event of ruamel.yaml's parser."""
        kind = type(event).__name__
        place = _place(event.start_mark)
        if kind == "AliasEvent" or getattr(event, "anchor", None) is not None:
            raise self.refused("anchors and aliases have no counterpart in JSON", place)
        if getattr(event, "tag", None) is not None:
            raise self.refused("tags have no counterpart in JSON", place)
        if kind == "ScalarEvent":
            self._check_gap(event)
            self._check_scalar(event)
            self._put(self._scalar(event, place), place, is_plain=event.style is None)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin({} if kind == "MappingStartEvent" else [], event, place)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._check_gap(event)
            self._open.pop()
        elif kind == "StreamEndEvent":
            self._check_gap(event)
        elif kind == "DocumentStartEvent":
            self._begin_document(event, place)

    def result(self) -> JsonValue:
        """The whole value."""
        if self._root is MISSING:
            raise self.refused("there is nothing in it")
        return self._root

    def refused(
        self, reason: str, place: _Place = None, hint: str | None = None
    ) -> InvalidPatchError:
        """The error that refuses the text."""
        where = f" (line {place[0]}, column {place[1]})" if place else ""
        return InvalidPatchError(f"{self._what} is not valid YAML: {reason}{where}.", hint=hint)

    def _begin_document(self, event: Any, place: _Place) -> None:
        if self._root is not MISSING:
            raise self.refused("there is more than one document in it", place)
        if directive := _DIRECTIVE.search(self._source, 0, event.start_mark.index):
            raise self._misread("a directive other than %YAML 1.2", directive.start())

    def _begin(self, container: JsonValue, event: Any, place: _Place) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self.refused(f"it is nested more than {MAX_DEPTH} levels deep", place)
        self._check_gap(event)
        self._put(container, place)
        indent = self._indent if event.flow_style else event.start_mark.column
        self._open.append(_Container(container, indent, in_brackets=bool(event.flow_style)))

    @property
    def _indent(self) -> int:
        """The column of the innermost block list or object; -1 without one."""
        return self._open[-1].indent if self._open else -1

    def _check_gap(self, event: Any) -> None:
        """Refuses errors between two events that ruamel.yaml overlooks."""
        start, end = self._end, max(self._end, event.start_mark.index)
        for sign in _SIGN.finditer(self._source, start, end):
            before, after = self._source[sign.start() - 1], self._source[sign.end() :][:1]
            if sign[0] == "?" and after.strip():
                raise self._misread('a "?" without a space after it', sign.start())
            if sign[0] != "?" and sign.start() and not before.isspace():
                raise self._misread("a comment without a space before it", sign.start())
        if self._open and self._open[-1].in_brackets:
            self._check_indentation(start, end)
        is_empty = (
            type(event).__name__ == "MappingStartEvent" and self._source[end : end + 1] != "{"
        )
        self._end = end if is_empty else max(end, event.end_mark.index)

    def _check_scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if marker := _MARKER.search(self._source, start, end):
            raise self._misread("a document marker within a text", marker.start() + 1)
        if event.style in ("|", ">"):
            self._check_block(event)
            return
        self._check_indentation(start, end)
        in_brackets = self._open and self._open[-1].in_brackets
        if event.style is None and in_brackets and _SIGN_ALONE.search(event.value):
            raise self._misread(f'"{event.value[-1]}" in brackets', end - 1)

    def _check_block(self, event: Any) -> None:
        """Refuses a block whose beginning or end readers disagree about."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.start_mark.column <= self._indent:
            raise self._misread("a block that is not indented", start)
        lead = _BLOCK_LEAD.match(self._source, start)
        if lead and max(map(len, lead[1].split("\n"))) > len(lead[2]):
            raise self._misread("a block that begins with a longer line of blanks", start)
        is_last = start < self._last_line < len(self._source) and not self._source[end:].strip()
        is_strip = "-" in self._source[start : start + 3].partition("\n")[0]
        if is_last and not (is_strip and self._source[self._last_line :].strip()):
            raise self._misread("a block without a line break at its end", start)

    def _check_indentation(self, start: int, end: int) -> None:
        """Refuses a line within quotes or brackets that is not indented more than its container."""
        for line in _LINE.finditer(self._source, start, end + 1):
            if len(line[1]) <= self._indent:
                raise self._misread("a line that is not indented enough", line.end() - 1)

    def _misread(self, reason: str, index: int) -> InvalidPatchError:
        return self.refused(reason, line_and_column(self._source, index))

    def _put(self, value: JsonValue, place: _Place, *, is_plain: bool = False) -> None:
        if not self._open:
            self._root = value
            return
        top = self._open[-1]
        if type(top.value) is list:
            top.value.append(value)
        elif top.key is None:
            top.key = self._key(value, top.value, place, is_plain=is_plain)
        else:
            top.value[top.key] = value
            top.key = None

    def _key(self, key: JsonValue, members: JsonValue, place: _Place, *, is_plain: bool) -> str:
        if type(key) is not str:
            raise self.refused("a key is not a text", place, "Write it in quotes.")
        if is_plain and key == "<<":
            raise self.refused("merge keys (<<) have no counterpart in JSON", place)
        if key in members:
            raise self.refused(f"the key {quoted(key)} occurs twice in one object", place)
        return key

    def _scalar(self, event: Any, place: _Place) -> JsonValue:
        text: str = event.value
        if event.style is not None:
            return paired(text)
        if _OTHER_BASE.fullmatch(text) or _DECIMAL.fullmatch(text):
            value = _number(text)
            if value is None:
                reason = "a number cannot be held exactly and would be altered"
                raise self.refused(reason, place, "Write it in quotes, or with fewer digits.")
            return value
        if _NOT_FINITE.fullmatch(text):
            raise self.refused(f"{text} is not a JSON number", place, "Use null, or quotes.")
        return _WORDS.get(text, text)


@dataclass(slots=True)
class _Container:
    """An object or list that is being filled, and the key whose value comes next."""

    value: JsonValue
    indent: int
    in_brackets: bool
    key: str | None = None


def _number(text: str) -> int | float | None:
    """The value of a number in any base, or None where Python cannot hold or write it."""
    if not _OTHER_BASE.fullmatch(text):
        return jsontext.number(text)
    number = int(text, 0)
    return number if is_writable(number) else None


def _place(mark: Any) -> _Place:
    return None if mark is None else (mark.line + 1, mark.column + 1)


def _reason(error: Any) -> str:
    """The reason of a ruamel.yaml error, without its quotations of the text.

    These may be credentials; names of tokens, such as <scalar>, and single characters stay.
    """
    problem = (error.problem or error.context or "it cannot be read").splitlines()[0]
    problem = _QUOTATION.sub(lambda one: one[0] if _HARMLESS.fullmatch(one[0]) else "...", problem)
    return "".join(one for one in problem if one.isprintable())[:120]
