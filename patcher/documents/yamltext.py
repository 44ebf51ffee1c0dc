"""YAML text that says exactly what JSON can say: YAML 1.2, core schema, strictly.

The reader is our own, of the part of YAML 1.2.2 that JSON has a counterpart for. General readers
of YAML take some valid texts for something else than they are (``{ ?foo: bar }``) and accept
invalid ones; here each is read as the specification says, or refused with its place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from patcher.documents import jsontext, yamlwriting
from patcher.documents.jsontext import line_and_column
from patcher.documents.values import JsonValue, Tokens
from patcher.documents.yamlblocks import DocumentReader
from patcher.documents.yamlscalars import UnreadableError
from patcher.errors import InvalidPatchError

# What must be escaped: all but YAML 1.2.2, production 1 (c-printable); and what YAML 1.1 and some
# readers of 1.2 take for a line break, and others for a character of the text or for nothing.
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


def parse(text: str | bytes, *, what: str) -> JsonValue:
    """The JSON value of a YAML text, which ``what`` names in errors.

    Bytes are UTF-8. Raises InvalidPatchError, with line and column, for what is not YAML, for
    characters that readers of YAML disagree on, and for what JSON cannot say: a key twice or not a
    text, anchors, aliases, tags, merge keys, NaN and infinities, a number that a double cannot
    hold, several documents or none, and nesting beyond MAX_DEPTH.
    """
    return _read(text, what)[0]


def lines(text: str) -> dict[Tokens, int]:
    """The line, from 1, on which each place of a YAML text begins.

    JSON text is YAML as far as this is concerned. Empty for a text that ``parse`` refuses.
    """
    places: dict[Tokens, int] = {}
    try:
        _, source = _read(text, "the text", places)
    except InvalidPatchError:
        return {}
    ends = list(accumulate(len(line) + 1 for line in source.split("\n")))
    return {place: bisect_right(ends, position) + 1 for place, position in places.items()}


def annotated(text: str, notes: Iterable[tuple[Tokens, Sequence[str]]]) -> str:
    """``text`` with lines above the line of each place, or of what it is in.

    The lines must be comments in its format.
    """
    above: dict[int, list[str]] = {}
    known: dict[Tokens, int] | None = None
    for place, comments in notes:
        known = lines(text) if known is None else known
        ends = (end for end in range(len(place), 0, -1) if place[:end] in known)
        end = next(ends, None)
        above.setdefault(1 if end is None else known[place[:end]], []).extend(comments)
    rows = enumerate(text.split("\n"), 1)
    return "\n".join(row for number, line in rows for row in (*above.get(number, ()), line))


def parse_json_or_yaml(text: str | bytes, *, what: str, filename: str | None = None) -> JsonValue:
    """The value of a text that is JSON or YAML.

    A ``filename`` that ends in .json, .yaml or .yml decides; else it is JSON if it begins with
    ``{`` or ``[``, and YAML if not. Raises InvalidPatchError as the parser chosen does.
    """
    suffix = (filename or "").lower().rpartition(".")[2]
    source = jsontext.decoded(text, what=what)
    looks_like_json = source.lstrip().startswith(("{", "["))
    if suffix == "json" or (looks_like_json and suffix not in ("yaml", "yml")):
        return jsontext.parse(source, what=what)
    return parse(source, what=what)


def dump(value: JsonValue) -> str:
    """A JSON value as YAML, made to be read and edited; ``parse`` gives exactly it again.

    Objects keep their order, texts of several lines are literal blocks, and a text that any YAML
    reader might take for something else is in quotes.
    """
    return yamlwriting.written(value)


def _read(
    text: str | bytes, what: str, places: dict[Tokens, int] | None = None
) -> tuple[JsonValue, str]:
    """The value of a text, and the text that the positions in ``places`` count in."""
    source = jsontext.decoded(text, what=what).replace("\r\n", "\n")
    try:
        strange = _UNPRINTABLE.search(source)
        if strange:
            one = strange.group()
            name = f" ({_NAMES[one]})" if one in _NAMES else ""
            reason = f"the character U+{ord(one):04X}{name} must be escaped"
            raise UnreadableError(reason, strange.start())
        return DocumentReader(source, places).document(), source
    except (
        RecursionError
    ):  # only where the caller is deep already: the reader's own depth is bounded
        raise InvalidPatchError(f"{what} is nested too deeply to be read here.") from None
    except UnreadableError as error:
        where = ""
        if error.position is not None:
            where = " (line {}, column {})".format(*line_and_column(source, error.position))
        message = f"{what} is not valid YAML: {error.reason}{where}."
        raise InvalidPatchError(message, hint=error.hint) from None
