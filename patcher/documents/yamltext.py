"""Parses YAML 1.2 (core schema) strictly, as far as JSON can express it.

ruamel.yaml splits the text into events; plain scalars are interpreted here, so that dates and
``no`` stay text, and what JSON cannot express is refused. So is text that ruamel.yaml is known to
read differently from YAML 1.2, recognized by the source within and between its events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from patcher.documents import jsontext, yamlwriting
from patcher.documents.jsontext import not_valid, quoted
from patcher.documents.pointers import tokens_of
from patcher.documents.values import MAX_DEPTH, MISSING, Document, JsonValue, Tokens, is_writable
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


def parse(text: str | bytes, *, what: str) -> JsonValue:
    """Parses a YAML text, which ``what`` names in errors.

    Bytes are UTF-8. Raises InvalidPatchError, with line and column, for invalid YAML, and for what
    JSON cannot express: duplicate keys, keys that are not text, anchors, aliases, tags, merge keys,
    NaN and infinities, a number that a double cannot hold, several documents or none, and nesting
    beyond MAX_DEPTH.
    """
    return _Reader(what, jsontext.decoded(text, what=what)).read()


def lines(text: str) -> dict[Tokens, int]:
    """The line, from 1, on which each place of a YAML text begins.

    JSON text is YAML as far as this is concerned. Empty for a text that ``parse`` does not take.
    """
    reader = _Reader("the text", jsontext.decoded(text, what="the text"))
    try:
        reader.read()
    except InvalidPatchError:
        return {}
    return reader.lines


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


class _Reader:
    """Reads one text, event by event, and notes the line on which each place begins."""

    def __init__(self, what: str, text: str) -> None:
        self.lines: dict[Tokens, int] = {}
        self._what = what
        self._source = text.replace("\r\n", "\n")
        self._last_line = self._source.rfind("\n") + 1
        self._end = 0  # of the last event with text of its own
        # Of the object or list that is being read: the column of the innermost that is a block,
        # -1 without one, and whether it is in brackets.
        self._indent, self._in_brackets = -1, False

    def read(self) -> JsonValue:
        """The value of the text."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        strange = _UNPRINTABLE.search(self._source)
        if strange:
            one = strange[0]
            name = f" ({_NAMES[one]})" if one in _NAMES else ""
            reason = f"the character U+{ord(one):04X}{name} must be escaped"
            raise self._refused(reason, strange.start())
        try:
            self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(self._source)
            return self._document()
        except MarkedYAMLError as error:
            mark = error.problem_mark
            raise self._refused(_reason(error), mark and mark.index) from None
        except (YAMLError, ValueError, ArithmeticError, LookupError, AssertionError):
            # For example an escape beyond Unicode, or version 1.11, which have no error there.
            raise self._refused("it cannot be read") from None

    def _document(self) -> JsonValue:
        value = MISSING
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if value is not MISSING:
                    reason = "there is more than one document in it"
                    raise self._refused(reason, event.start_mark.index)
                if directive := _DIRECTIVE.search(self._source, 0, event.start_mark.index):
                    raise self._refused("a directive other than %YAML 1.2", directive.start())
            elif kind == "StreamEndEvent":
                self._check_gap(event)
            elif kind not in ("StreamStartEvent", "DocumentEndEvent"):
                value = self._value(event, ())
        if value is MISSING:
            raise self._refused("there is nothing in it")
        return value

    def _value(self, event: Any, at: Tokens, *, is_key: bool = False) -> JsonValue:
        """The value that begins with ``event``; a key is no object and no list."""
        kind, start = type(event).__name__, event.start_mark.index
        if kind == "AliasEvent" or event.anchor is not None:
            raise self._refused("anchors and aliases have no counterpart in JSON", start)
        if event.tag is not None:
            raise self._refused("tags have no counterpart in JSON", start)
        if kind != "ScalarEvent" and len(at) >= MAX_DEPTH:
            raise self._refused(f"it is nested more than {MAX_DEPTH} levels deep", start)
        self._check_gap(event)
        if kind == "ScalarEvent":
            self._check_scalar(event)
            return self._scalar(event)
        if is_key:
            raise self._no_key(start)
        outer = self._indent, self._in_brackets
        if not event.flow_style:
            self._indent = event.start_mark.column
        self._in_brackets = bool(event.flow_style)
        value = self._object(at) if kind == "MappingStartEvent" else self._list(at)
        self._indent, self._in_brackets = outer
        return value

    def _object(self, at: Tokens) -> Document:
        members: Document = {}
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            key = self._key(event, members)
            self.lines[(*at, key)] = event.start_mark.line + 1
            members[key] = self._value(next(self._events), (*at, key))
        self._check_gap(event)
        return members

    def _list(self, at: Tokens) -> list[JsonValue]:
        items: list[JsonValue] = []
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            place = (*at, str(len(items)))
            self.lines[place] = event.start_mark.line + 1
            items.append(self._value(event, place))
        self._check_gap(event)
        return items

    def _key(self, event: Any, members: Document) -> str:
        key, start = self._value(event, (), is_key=True), event.start_mark.index
        if type(key) is not str:
            raise self._no_key(start)
        if event.style is None and key == "<<":
            raise self._refused("merge keys (<<) have no counterpart in JSON", start)
        if key in members:
            raise self._refused(f"the key {quoted(key)} occurs twice in one object", start)
        return key

    def _no_key(self, start: int) -> InvalidPatchError:
        return self._refused("a key is not a text", start, "Write it in quotes.")

    def _refused(
        self, reason: str, index: int | None = None, hint: str | None = None
    ) -> InvalidPatchError:
        """The error that refuses the text."""
        return not_valid(f"{self._what} is not valid YAML", self._source, reason, index, hint)

    def _check_gap(self, event: Any) -> None:
        """Refuses errors between two events that ruamel.yaml overlooks."""
        start, end = self._end, max(self._end, event.start_mark.index)
        for sign in _SIGN.finditer(self._source, start, end):
            before, after = self._source[sign.start() - 1], self._source[sign.end() :][:1]
            if sign[0] == "?" and after.strip():
                raise self._refused('a "?" without a space after it', sign.start())
            if sign[0] != "?" and sign.start() and not before.isspace():
                raise self._refused("a comment without a space before it", sign.start())
        if self._in_brackets:
            self._check_indentation(start, end)
        # An object without brackets begins where its first key does.
        is_object = type(event).__name__ == "MappingStartEvent"
        self._end = end if is_object else max(end, event.end_mark.index)

    def _check_scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if marker := _MARKER.search(self._source, start, end):
            raise self._refused("a document marker within a text", marker.start() + 1)
        if event.style in ("|", ">"):
            self._check_block(event)
            return
        self._check_indentation(start, end)
        if event.style is None and self._in_brackets and _SIGN_ALONE.search(event.value):
            raise self._refused(f'"{event.value[-1]}" in brackets', end - 1)

    def _check_block(self, event: Any) -> None:
        """Refuses a block whose beginning or end readers disagree about."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.start_mark.column <= self._indent:
            raise self._refused("a block that is not indented", start)
        lead = _BLOCK_LEAD.match(self._source, start)
        if lead and max(map(len, lead[1].split("\n"))) > len(lead[2]):
            raise self._refused("a block that begins with a longer line of blanks", start)
        is_last = start < self._last_line < len(self._source) and not self._source[end:].strip()
        is_strip = "-" in self._source[start : start + 3].partition("\n")[0]
        if is_last and not (is_strip and self._source[self._last_line :].strip()):
            raise self._refused("a block without a line break at its end", start)

    def _check_indentation(self, start: int, end: int) -> None:
        """Refuses a line within quotes or brackets that is not indented more than its container."""
        for line in _LINE.finditer(self._source, start, end + 1):
            if len(line[1]) <= self._indent:
                raise self._refused("a line that is not indented enough", line.end() - 1)

    def _scalar(self, event: Any) -> JsonValue:
        text, start = event.value, event.start_mark.index
        if event.style is not None:
            return paired(text)
        if _OTHER_BASE.fullmatch(text) or _DECIMAL.fullmatch(text):
            value = _number(text)
            if value is None:
                reason = "a number cannot be held exactly and would be altered"
                raise self._refused(reason, start, "Write it in quotes, or with fewer digits.")
            return value
        if _NOT_FINITE.fullmatch(text):
            raise self._refused(f"{text} is not a JSON number", start, "Use null, or quotes.")
        return _WORDS.get(text, text)


def _number(text: str) -> int | float | None:
    """The value of a number in any base, or None where Python cannot hold or write it."""
    if not _OTHER_BASE.fullmatch(text):
        return jsontext.number(text)
    number = int(text, 0)
    return number if is_writable(number) else None


def _reason(error: Any) -> str:
    """The reason of a ruamel.yaml error, without its quotations of the text.

    These may be credentials; names of tokens, such as <scalar>, and single characters stay.
    """
    problem = (error.problem or error.context or "it cannot be read").splitlines()[0]
    problem = _QUOTATION.sub(lambda one: one[0] if _HARMLESS.fullmatch(one[0]) else "...", problem)
    return "".join(one for one in problem if one.isprintable())[:120]
